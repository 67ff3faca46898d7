// A transcript as files: subtitles (SubRip, WebVTT), text and JSON.

// As most subtitle guides have it: two lines of 42 characters, on screen for a second at least and seven at most.
const LINE_CHARS = 42;
const CUE_CHARS = 2 * LINE_CHARS;
const LONGEST_MS = 7000;
const SHORTEST_MS = 1000;

const MAKERS = {
  srt: { type: "application/x-subrip", make: toSrt },
  vtt: { type: "text/vtt", make: toVtt },
  txt: { type: "text/plain", make: toText },
  json: { type: "application/json", make: (done) => `${JSON.stringify(done, null, 2)}\n` },
};

// `done` is what the server told at the end of a transcript.
export function exported(done, kind) {
  const { type, make } = MAKERS[kind];
  return new Blob([make(done)], { type: `${type};charset=utf-8` });
}

export function toText(done) {
  const lines = done.segments.map((segment) => segment.text.trim()).filter(Boolean);
  return `${(lines.length > 0 ? lines : [done.text]).join("\n")}\n`;
}

function toSrt(done) {
  return cuesOf(done).map(({ startMs, endMs, lines }, place) =>
    `${place + 1}\n${stamp(startMs, ",")} --> ${stamp(endMs, ",")}\n${lines.join("\n")}\n`).join("\n");
}

function toVtt(done) {
  const cues = cuesOf(done).map(({ startMs, endMs, lines }) =>
    `${stamp(startMs, ".")} --> ${stamp(endMs, ".")}\n${lines.map(escaped).join("\n")}\n`);
  return `WEBVTT\n\n${cues.join("\n")}`;
}

function escaped(line) {
  return line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function stamp(ms, point) {
  const whole = Math.max(0, Math.round(ms));
  const two = (number) => String(number).padStart(2, "0");
  const seconds = Math.floor(whole / 1000);
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${point}${String(whole % 1000).padStart(3, "0")}`;
}

// {startMs, endMs, lines}, in order and without overlap; each lies within one segment.
export function cuesOf(done) {
  const cues = done.segments.flatMap((segment) => {
    const pieces = piecesOf(segment, done.words);
    return gathered(pieces);
  });
  cues.forEach((cue, place) => {
    const next = cues[place + 1]?.startMs ?? Infinity;
    cue.endMs = Math.min(Math.max(cue.endMs, cue.startMs + SHORTEST_MS), Math.max(next, cue.startMs + 1));
  });
  return cues;
}

// The words of a segment as it writes them, with their times; by proportion where the times of words do not fit it.
function piecesOf(segment, words) {
  const written = segment.text.trim().split(/\s+/u).filter(Boolean);
  const own = words.filter((word) => word.start_ms >= segment.start_ms - 1 && word.start_ms < segment.end_ms);
  if (own.length === written.length) {
    return written.map((text, place) => ({ text, startMs: own[place].start_ms, endMs: own[place].end_ms }));
  }
  const total = written.reduce((sum, text) => sum + text.length + 1, 0);
  const msPer = (segment.end_ms - segment.start_ms) / Math.max(1, total);
  let at = segment.start_ms;
  return written.map((text) => {
    const startMs = at;
    at += msPer * (text.length + 1);
    return { text, startMs, endMs: at };
  });
}

function gathered(pieces) {
  const cues = [];
  let held = [];
  const close = () => {
    if (held.length > 0) {
      cues.push({ startMs: held[0].startMs, endMs: held.at(-1).endMs, lines: inLines(held.map((piece) => piece.text)) });
    }
    held = [];
  };
  for (const piece of pieces) {
    const text = [...held, piece].map((one) => one.text).join(" ");
    if (held.length > 0 && (text.length > CUE_CHARS || piece.endMs - held[0].startMs > LONGEST_MS)) close();
    held.push(piece);
  }
  close();
  return cues;
}

// Two lines of about the same length where one does not hold it.
function inLines(words) {
  const whole = words.join(" ");
  if (whole.length <= LINE_CHARS) return [whole];
  let best = [whole];
  let shortest = Infinity;
  for (let place = 1; place < words.length; place += 1) {
    const lines = [words.slice(0, place).join(" "), words.slice(place).join(" ")];
    const longer = Math.max(lines[0].length, lines[1].length);
    if (longer < shortest) {
      shortest = longer;
      best = lines;
    }
  }
  return best;
}
