// A reply on the page, in step with its sound: sentences appear as the audio clock reaches them, the word being
// spoken is marked, and what an interruption cut off stays, greyed as not heard.

import { announce } from "./announcer.js";
import { playedMs } from "./audio-player.js";
import { addLine, adoptTyped, hideThinking, keepFollowing } from "./chatui.js";
import { freshMarks, readMarks, styledNodes } from "./markdown.js";
import { engineTitle } from "./options.js";
import { markedWords } from "./spoken-words.js";
import { drawTimeline } from "./timeline.js";

const replies = new Map(); // by turn; see replyOf
const heardBy = new Map(); // by turn: the engine that understood the person

let frameAsked = false;

function replyOf(turn) {
  if (!replies.has(turn)) {
    replies.set(turn, {
      turn,
      deltas: [], // {speaker, text}, as the language model wrote them
      sentences: [], // {index, speaker, text, atMs, spoken, words, element, spans, marks}
      shown: 0, // how many sentences are on the page
      lines: [], // one per change of speaker: {speaker, line, body, words, marks}
      spokenBy: "", // the engine that speaks it
      sounds: false, // its sound has begun
      over: false, // nothing more is taken for it
      timeline: null,
      ms: null,
      details: {}, // of the metrics
    });
  }
  return replies.get(turn);
}

export function addDelta({ turn, speaker, delta }) {
  const reply = replyOf(turn);
  if (reply.over) return;
  adoptTyped(turn);
  const last = reply.deltas.at(-1);
  if (last?.speaker === speaker) last.text += delta;
  else reply.deltas.push({ speaker, text: delta });
}

export function addSentence({ turn, index, speaker, text, at_ms: atMs, spoken }) {
  const reply = replyOf(turn);
  if (reply.over) return;
  adoptTyped(turn);
  reply.sentences.push({ index, speaker, text, atMs, spoken, words: [], element: null, spans: [], marks: null });
  reveal(reply);
  askFrame();
}

export function addWords({ turn, index, words }) {
  const sentence = replies.get(turn)?.sentences.find((one) => one.index === index);
  if (!sentence || replies.get(turn).over) return;
  sentence.words.push(...words);
  if (sentence.element) markUp(sentence);
}

export function soundBegan({ turn, engine = "" }) {
  const reply = replyOf(turn);
  reply.sounds = true;
  reply.spokenBy = engine;
  adoptTyped(turn);
  askFrame();
}

// `heard` is what memory keeps: all of it when the reply finished.
export function soundStopped({ turn, reason, heard }) {
  const reply = replyOf(turn);
  if (reply.over) return;
  reply.over = true;
  hideThinking();
  if (reason === "finished") finish(reply);
  else if (reason === "interrupted") cutAt(reply, heard);
  else showRest(reply);
  drawMetrics(reply);
  tell(reply, reason);
  keepFollowing();
}

// The person went on speaking before anything sounded: what was written to the shorter question is void.
export function withdraw(turn) {
  const reply = replies.get(turn);
  if (!reply || reply.sounds || reply.over) return;
  for (const { line } of reply.lines) line.remove();
  replies.delete(turn);
}

// Text that no sound will come for is shown at once: to be called when the server waits for the person again.
export function showSilentReplies() {
  for (const reply of replies.values()) {
    if (reply.over || reply.sounds) continue;
    reply.over = true;
    hideThinking();
    showRest(reply);
    drawMetrics(reply);
    tell(reply, "finished");
  }
  keepFollowing();
}

// The socket is gone: what has sounded up to here is what was heard, as far as the page can know.
export function stopWhereHeard(turn, ms) {
  const reply = replies.get(turn);
  if (!reply || reply.over) return;
  const heard = reply.sentences.map((sentence) => {
    if (sentence.atMs >= ms) return "";
    const next = sentence.words.find((word) => word.at_ms > ms && word.start_char !== null);
    return next ? [...sentence.text].slice(0, next.start_char).join("") : sentence.text;
  });
  soundStopped({ turn, reason: "interrupted", heard: heard.join("") });
}

export function addMetrics({ turn, ms, details }) {
  const reply = replyOf(turn);
  reply.ms = ms;
  reply.details = details ?? {};
  if (reply.over) drawMetrics(reply);
}

// A reply from the history of a resumed conversation: {speaker, text, heard} for each run of one speaker, in order.
export function addPastReply(turn, parts) {
  if (replies.get(turn)?.lines.length) return;
  const reply = replyOf(turn);
  reply.over = true;
  reply.sentences = parts.map(({ speaker, text }, index) => ({
    index, speaker, text, atMs: 0, spoken: true, words: [], element: null, spans: [], marks: null,
  }));
  cutAt(reply, parts.map((part) => part.heard).join(""));
}

export function forgetReplies() {
  replies.clear();
  heardBy.clear();
}

export function noteHearing(turn, engine) {
  if (engine) heardBy.set(turn, engine);
}

// All of a reply's text that has come, as the language model wrote it.
export function replyText(turn) {
  const reply = replies.get(turn);
  const joined = (list) => list.map((part) => part.text).join("");
  return reply ? `${joined(reply.deltas)} ${joined(reply.sentences)}` : "";
}

function askFrame() {
  if (frameAsked) return;
  frameAsked = true;
  requestAnimationFrame(step);
}

function step() {
  frameAsked = false;
  let going = false;
  for (const reply of replies.values()) {
    if (reply.over || !reply.sounds) continue;
    going = true;
    reveal(reply);
    markSpoken(reply);
  }
  if (going) askFrame();
}

// Shows the sentences whose time has come. Without a sound that runs there is nothing to wait for.
function reveal(reply) {
  const ms = playedMs(reply.turn);
  while (reply.shown < reply.sentences.length) {
    const sentence = reply.sentences[reply.shown];
    const due = ms === null ? !sentence.spoken : sentence.atMs <= ms && (ms > 0 || !sentence.spoken);
    if (!due) return;
    show(reply, sentence);
  }
}

function show(reply, sentence) {
  hideThinking();
  const line = lineOf(reply, sentence.speaker);
  sentence.element = document.createElement("span");
  sentence.element.className = "sentence";
  line.words.append(sentence.element);
  sentence.marks = readMarks(sentence.text, line.marks);
  line.marks = sentence.marks.after;
  reply.shown += 1;
  markUp(sentence);
  keepFollowing();
}

function markUp(sentence) {
  const { nodes, spans } = markedWords(sentence.marks, sentence.words);
  sentence.spans = spans;
  sentence.element.replaceChildren(...nodes);
}

function lineOf(reply, speaker) {
  const last = reply.lines.at(-1);
  if (last?.speaker === speaker) return last;
  const line = { speaker, marks: freshMarks(), ...addLine(reply.turn, "reply", speaker) };
  reply.lines.push(line);
  return line;
}

function markSpoken(reply) {
  const ms = playedMs(reply.turn);
  if (ms === null) return;
  for (let at = 0; at < reply.shown; at += 1) {
    const sentence = reply.sentences[at];
    const next = reply.sentences[at + 1];
    const past = next !== undefined && next.atMs <= ms;
    sentence.element.classList.toggle("sounding", !past && sentence.spans.length > 0);
    const current = past ? -1 : sentence.spans.findLastIndex((span) => span.atMs <= ms);
    sentence.spans.forEach((span, number) => {
      span.element.classList.toggle("now", number === current);
      span.element.classList.toggle("ahead", !past && number > current);
    });
  }
}

function finish(reply) {
  while (reply.shown < reply.sentences.length) show(reply, reply.sentences[reply.shown]);
  showRest(reply);
}

// Everything as text, with what the sentences did not bring taken from the deltas.
function showRest(reply) {
  while (reply.shown < reply.sentences.length) show(reply, reply.sentences[reply.shown]);
  const rest = unsaidDeltas(reply);
  settle(reply);
  for (const { speaker, text } of rest) lineOf(reply, speaker).words.append(...continued(lineOf(reply, speaker), text));
}

// The nodes of text that goes on where a line's sentences ended.
function continued(line, text) {
  const marks = readMarks(text, line.marks);
  line.marks = marks.after;
  return styledNodes(marks, 0, marks.characters.length);
}

// Greys everything after `heard`, which is compared without its spaces: memory trims them.
function cutAt(reply, heard) {
  while (reply.shown < reply.sentences.length) show(reply, reply.sentences[reply.shown]);
  const rest = unsaidDeltas(reply);
  const wanted = [...heard.replace(/\s+/gu, "")];
  let matched = 0;
  let last = null;
  for (const sentence of reply.sentences) {
    const { characters } = sentence.marks;
    let cut = 0;
    while (cut < characters.length) {
      const isSpace = /\s/u.test(characters[cut]);
      if (!isSpace && (matched >= wanted.length || characters[cut] !== wanted[matched])) break;
      if (!isSpace) matched += 1;
      cut += 1;
    }
    if (cut < characters.length) matched = wanted.length;
    sentence.element.className = "sentence";
    sentence.element.replaceChildren(...styledNodes(sentence.marks, 0, cut));
    const unheard = styledNodes(sentence.marks, cut, characters.length);
    if (unheard.some((node) => node.textContent.trim())) last = appendUnheard(sentence.element, unheard);
  }
  for (const { speaker, text } of rest) {
    if (!text.trim()) continue;
    const line = lineOf(reply, speaker);
    last = appendUnheard(line.words, continued(line, text));
  }
  if (!last) return;
  const note = document.createElement("span");
  note.className = "unheard-note";
  note.textContent = "not heard";
  last.after(" ", note);
}

function appendUnheard(place, nodes) {
  const unheard = document.createElement("span");
  unheard.className = "unheard";
  unheard.append(...nodes);
  place.append(unheard);
  return unheard;
}

// The part of the deltas that no sentence has brought: what was written but never synthesised.
function unsaidDeltas(reply) {
  let said = [...reply.sentences.map((sentence) => sentence.text).join("").replace(/\s+/gu, "")].length;
  const rest = [];
  for (const { speaker, text } of reply.deltas) {
    const characters = [...text];
    let from = 0;
    while (from < characters.length && said > 0) {
      if (!/\s/u.test(characters[from])) said -= 1;
      from += 1;
    }
    if (from < characters.length) rest.push({ speaker, text: characters.slice(from).join("") });
  }
  return rest;
}

function settle(reply) {
  for (const sentence of reply.sentences) {
    sentence.element.className = "sentence";
    sentence.element.replaceChildren(...styledNodes(sentence.marks, 0, sentence.marks.characters.length));
  }
}

function drawMetrics(reply) {
  const last = reply.lines.at(-1);
  if (!last || !reply.ms) return;
  const { heard_by: heard, answered_by: answered, spoken_by: spoken } = reply.details;
  const drawn = drawTimeline(reply.ms, {
    heardBy: engineTitle("stt", heard ?? heardBy.get(reply.turn) ?? ""),
    answeredBy: engineTitle("llm", answered ?? ""),
    spokenBy: engineTitle("tts", spoken ?? reply.spokenBy),
  });
  if (!drawn) return;
  if (reply.timeline) reply.timeline.replaceWith(drawn);
  else last.body.append(drawn);
  reply.timeline = drawn;
  keepFollowing();
}

function tell(reply, reason) {
  for (const { speaker, words } of reply.lines) announce(`${speaker}: ${words.textContent}`);
  if (reason === "interrupted" && reply.lines.length === 0) announce("The reply was stopped.");
}
