// What was spoken and understood before, kept in this browser only (IndexedDB); the oldest goes first.

const DATABASE = "syrinx-history";
const STORE = "entries";
const MOST_ENTRIES = 30;
const MOST_BYTES = 100e6;

let opened = null;

// Rejects where the browser keeps nothing, as in some private windows.
function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => {
      const store = asked.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
      store.createIndex("view", "view");
    };
    asked.onsuccess = () => {
      // Somebody empties the browser's store, or a newer page changes it: it is let go, and opened anew when asked for.
      asked.result.onversionchange = () => {
        asked.result.close();
        opened = null;
      };
      resolve(asked.result);
    };
    asked.onerror = asked.onblocked = () => reject(asked.error ?? new Error("the browser's store is held by another window"));
  });
  return opened;
}

async function inStore(mode, work) {
  const store = (await database()).transaction(STORE, mode).objectStore(STORE);
  return answered(work(store));
}

function answered(asked) {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

// Newest first.
export async function entriesOf(view) {
  const all = await inStore("readonly", (store) => store.index("view").getAll(view));
  return all.reverse();
}

// An entry is {view, at, title, bytes, ...}; resolves to its id, or to null for one that is too large to be kept at all.
export async function addEntry(entry) {
  if (entry.bytes > MOST_BYTES) return null;
  const id = await inStore("readwrite", (store) => store.add(entry));
  const kept = await entriesOf(entry.view);
  let bytes = 0;
  for (const [place, one] of kept.entries()) {
    bytes += one.bytes;
    if (place >= MOST_ENTRIES || bytes > MOST_BYTES) await removeEntry(one.id);
  }
  return id;
}

export function removeEntry(id) {
  return inStore("readwrite", (store) => store.delete(id));
}

export async function removeEntriesOf(view) {
  for (const { id } of await entriesOf(view)) await removeEntry(id);
}
