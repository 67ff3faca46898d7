// A transcript on the page: while it grows, in lines with rough times; at the end by segments whose words can be pressed.

import { clockTime, fineTime } from "./figures.js";

const LINE_WORDS = 14;
const FINE_BELOW_MS = 60_000;
const FOLLOW_AGAIN_MS = 4000;

let live = null;
let list = null;
let seekHandler = () => {};
let arrivals = []; // {char, ms}: from this character of the text on, words came after so much of the sound
let known = 0; // characters seen so far
let timed = []; // {atMs, endMs, element}: all words, in order
let current = null;
let movedByHandAt = -Infinity;

// `seek(ms)` is called when a word or a segment's time is pressed.
export function startTranscript(section, seek) {
  live = section.querySelector("#listen-live");
  list = section.querySelector("#listen-segments");
  seekHandler = seek;
  list.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-at-ms]");
    if (pressed && getSelection().isCollapsed) seekHandler(Number(pressed.dataset.atMs));
  });
  for (const sign of ["wheel", "touchmove"]) {
    section.addEventListener(sign, () => {
      movedByHandAt = performance.now();
    }, { passive: true });
  }
}

export function clearLive() {
  arrivals = [{ char: 0, ms: 0 }];
  known = 0;
  live.replaceChildren();
}

// `stable_chars` counts code points.
export function showLive({ text, stable_chars: stable, heard_ms: heardMs }, heardBeforeMs) {
  const characters = [...text];
  if (characters.length > known) {
    if (known > 0) arrivals.push({ char: known, ms: heardBeforeMs });
    known = characters.length;
  }
  const atEnd = live.scrollTop + live.clientHeight >= live.scrollHeight - 24;
  live.replaceChildren(...linesOf(characters).map(({ from, to }) => drawLiveLine(characters, from, to, stable, heardMs)));
  if (atEnd) live.scrollTop = live.scrollHeight;
}

// The same lines as segments; their times by proportion between what was understood when.
export function liveSegments({ text, heard_ms: heardMs }) {
  const characters = [...text];
  const points = [...arrivals, { char: characters.length, ms: heardMs }];
  const msAt = (char) => {
    const place = Math.max(0, points.findLastIndex((one, at) => at < points.length - 1 && one.char <= char));
    const [from, to] = [points[place], points[place + 1]];
    return from.ms + ((to.ms - from.ms) * (char - from.char)) / Math.max(1, to.char - from.char);
  };
  return linesOf(characters).map(({ from, to }) => ({
    text: characters.slice(from, to).join(""), start_ms: msAt(from), end_ms: msAt(to),
  }));
}

function linesOf(characters) {
  const lines = [];
  let from = 0;
  let words = 0;
  characters.forEach((character, place) => {
    if (!/\s/u.test(character) || place === 0) return;
    words += 1;
    if (words < LINE_WORDS && !/[.!?。！？؟]/u.test(characters[place - 1])) return;
    lines.push({ from, to: place });
    from = place + 1;
    words = 0;
  });
  if (from < characters.length) lines.push({ from, to: characters.length });
  return lines;
}

function drawLiveLine(characters, from, to, stable, heardMs) {
  const item = document.createElement("li");
  const time = document.createElement("span");
  const words = document.createElement("p");
  const firm = document.createElement("span");
  const arrival = arrivals.findLast((one) => one.char <= from) ?? { ms: heardMs };
  const border = Math.max(from, Math.min(stable, to));
  time.className = "at figures";
  time.textContent = clockTime(arrival.ms);
  words.dir = "auto";
  firm.className = "stable";
  firm.textContent = characters.slice(from, border).join("");
  words.append(firm, characters.slice(border, to).join(""));
  item.append(time, words);
  return item;
}

export function showTranscript(done) {
  const segments = done.segments.length > 0 ? done.segments : [{ text: done.text, start_ms: 0, end_ms: done.duration_ms }];
  timed = [];
  current = null;
  list.replaceChildren(...segments.map((segment) => drawSegment(segment, done)));
}

function drawSegment(segment, { words, duration_ms: durationMs }) {
  const item = document.createElement("li");
  const time = document.createElement("button");
  const text = document.createElement("p");
  time.type = "button";
  time.className = "at figures";
  time.dataset.atMs = String(segment.start_ms);
  time.textContent = (durationMs < FINE_BELOW_MS ? fineTime : clockTime)(segment.start_ms);
  time.setAttribute("aria-label", `Play from ${time.textContent}`);
  text.dir = "auto";
  text.append(...wordNodes(segment, words));
  item.append(time, text);
  return item;
}

// Words are looked for in the order in which they were said; what is not found stays plain text.
function wordNodes(segment, words) {
  const nodes = [];
  let at = 0;
  for (const word of words.filter((one) => one.start_ms >= segment.start_ms - 1 && one.start_ms < segment.end_ms)) {
    const place = placeOf(word.text, segment.text, at);
    if (place < 0) continue;
    const element = document.createElement("span");
    element.className = "word";
    element.dataset.atMs = String(word.start_ms);
    element.textContent = segment.text.slice(place, place + word.text.length);
    nodes.push(segment.text.slice(at, place), element);
    timed.push({ atMs: word.start_ms, endMs: word.end_ms, element });
    at = place + word.text.length;
  }
  nodes.push(segment.text.slice(at));
  return nodes.filter((node) => node !== "");
}

// Words may come without the capitals of the text. Within another word none is looked for ("in" in "being"), save where
// words follow each other without spaces.
function placeOf(word, text, from) {
  if (word === "") return -1;
  const [small, wanted] = text.toLowerCase().length === text.length ? [text.toLowerCase(), word.toLowerCase()] : [text, word];
  let place = small.indexOf(wanted, from);
  while (place > from && /[\p{L}\p{N}]/u.test(text[place - 1])) place = small.indexOf(wanted, place + 1);
  return place;
}

// Null: nothing sounds. The segment is marked as long as none of its words is over.
export function markTranscript(ms) {
  const word = ms === null ? null : timed.findLast((one) => one.atMs <= ms)?.element ?? null;
  if (word === current) return;
  for (const [element, now] of [[current, false], [word, true]]) {
    element?.classList.toggle("now", now);
    element?.closest("li").classList.toggle("now", now);
  }
  current = word;
  // Somebody who reads elsewhere is left there.
  if (performance.now() - movedByHandAt > FOLLOW_AGAIN_MS) word?.scrollIntoView({ block: "nearest" });
}
