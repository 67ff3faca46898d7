// What the page remembers: in this browser (localStorage) or only in this tab (sessionStorage).

const PREFIX = "syrinx.";

// Storage may be forbidden or full; the page then works, it only forgets.
function read(storageName, key, fallback) {
  try {
    const text = globalThis[storageName].getItem(PREFIX + key);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

function write(storageName, key, value) {
  try {
    if (value === null || value === undefined) globalThis[storageName].removeItem(PREFIX + key);
    else globalThis[storageName].setItem(PREFIX + key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function kept(key, fallback = null) {
  return read("localStorage", key, fallback);
}

// Null forgets. Returns whether it could be kept.
export function keep(key, value) {
  return write("localStorage", key, value);
}

export function keptInTab(key, fallback = null) {
  return read("sessionStorage", key, fallback);
}

export function keepInTab(key, value) {
  return write("sessionStorage", key, value);
}
