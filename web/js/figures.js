// Figures as people say them: sizes, time left, how fast an engine is.

const KINDS_OF_SPEED = {
  stt: (times) => `about ${times} faster than you speak`,
  tts: (times) => `about ${times} faster than it is heard`,
  llm: (times) => `about ${times} faster than it is read aloud`,
};

// Bytes in thousands, as shops and the hub count them.
export function size(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  if (bytes < 1e7) return `${(bytes / 1e6).toFixed(1)} MB`;
  if (bytes < 1e9) return `${Math.round(bytes / 1e6)} MB`;
  return `${(bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0)} GB`;
}

// "62 of 148 MB", with the unit said once where both have the same.
export function sizeOf(done, total) {
  const [one, other] = [size(done), size(total)];
  return one.split(" ")[1] === other.split(" ")[1] ? `${one.split(" ")[0]} of ${other}` : `${one} of ${other}`;
}

export function timeLeft(seconds) {
  if (seconds < 3) return "a moment left";
  if (seconds < 90) return `about ${Math.round(seconds)} s left`;
  if (seconds < 90 * 60) return `about ${Math.round(seconds / 60)} min left`;
  return `about ${Math.round(seconds / 3600)} h left`;
}

// What was measured on this machine, in words; empty where nothing was.
export function speedInWords(kind, ability) {
  if (!ability) return "";
  const factor = ability.real_time_factor;
  const first = Number.isFinite(ability.first_ms) && kind !== "stt" ? startInWords(kind, ability.first_ms) : "";
  const pace = Number.isFinite(factor) && factor > 0 ? paceInWords(kind, factor) : "";
  return [pace, first].filter(Boolean).join(", ");
}

function paceInWords(kind, factor) {
  const times = 1 / factor;
  if (times >= 1.25) return KINDS_OF_SPEED[kind](`${times < 3 ? times.toFixed(1) : Math.round(times)} times`);
  if (times >= 0.95) return "about as fast as speech";
  return `takes ${(1 / times).toFixed(1)} s for each second of speech`;
}

function startInWords(kind, ms) {
  const begins = kind === "tts" ? "first sound" : "first words";
  return `${begins} after ${ms < 950 ? `${Math.round(ms / 10) * 10} ms` : `${(ms / 1000).toFixed(1)} s`}`;
}

export function host(address) {
  try {
    return new URL(address).host;
  } catch {
    return address;
  }
}
