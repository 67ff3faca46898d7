// Figures as people say them: sizes, time left, how fast an engine is.

const FASTER_THAN = { stt: "you speak", tts: "it is heard" };
const BEGINS = { tts: "first sound", llm: "first word" };

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
  const { real_time_factor: factor, tokens_per_s: tokens, first_ms: first } = ability;
  const words = [];
  if (factor > 0) words.push(paceInWords(kind, factor));
  if (tokens > 0) words.push(`about ${tokens < 10 ? tokens.toFixed(1) : Math.round(tokens)} tokens a second`);
  if (BEGINS[kind] && Number.isFinite(first)) words.push(`${BEGINS[kind]} after ${milliseconds(first)}`);
  return words.join(", ");
}

function paceInWords(kind, factor) {
  const times = 1 / factor;
  if (times >= 1.25 && FASTER_THAN[kind]) {
    return `about ${times < 3 ? times.toFixed(1) : Math.round(times)} times faster than ${FASTER_THAN[kind]}`;
  }
  if (times >= 0.95) return "about as fast as speech";
  return `takes ${factor.toFixed(1)} s for each second of speech`;
}

function milliseconds(ms) {
  return ms < 950 ? `${Math.max(10, Math.round(ms / 10) * 10)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function host(address) {
  try {
    return new URL(address).host;
  } catch {
    return address;
  }
}

// "1:05", or "1:02:05" from an hour on.
export function clockTime(ms) {
  const whole = Math.max(0, Math.floor(ms / 1000));
  const seconds = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

// In words: "1 min 5 s". What is shorter than a second is one, unless it is nothing.
export function spokenTime(ms) {
  const whole = Math.max(ms > 0 ? 1 : 0, Math.floor(ms / 1000));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

// "0:04.2": where a whole second would be too rough.
export function fineTime(ms) {
  const tenths = Math.max(0, Math.floor(ms / 100));
  return `${clockTime(100 * tenths)}.${tenths % 10}`;
}
