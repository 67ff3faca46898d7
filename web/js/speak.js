// The Speak view: a text written, spoken and heard while it is made, taken away and kept.

import { announce } from "./announcer.js";
import { clipBlob, clipMs, clipOfBlob } from "./clip.js";
import { clipGrew, clipState, pauseClip, playClip, unlockClipSound } from "./clip-player.js";
import { spokenTime } from "./figures.js";
import { startHistory } from "./history.js";
import { keepInTab, keptInTab } from "./kept.js";
import { engineTitle, languageName, loadOptions, setToken, talkOptions, voiceOf } from "./options.js";
import { createProblemCard } from "./problem-card.js";
import { quietTalk } from "./quiet-talk.js";
import { refusalInWords } from "./refusal-words.js";
import { speakChoices, startSpeakChoices, textDestination, useChoices } from "./speak-choices.js";
import { clearDeck, drawDeck, putOnDeck, seek, startDeck, togglePlay } from "./speak-deck.js";
import { SPEAK_PAGE } from "./speak-page.js";
import { startPronunciations } from "./speak-pronunciations.js";
import { addReadSentence, addReadWords, markReading, showReading, startReading } from "./speak-reading.js";
import { countSentences, expectedMs, startRun } from "./speak-run.js";
import { offerToTake, startTaking } from "./speak-take.js";
import { currentView, onViewShown } from "./views.js";
import { stopPreview } from "./voice-preview.js";

const MARKUP_NOTES = {
  plain: "Blank lines become longer pauses.",
  ssml: "Marks such as <break time=\"1s\"/>, <emphasis> and <prosody rate=\"slow\"> say how it is read.",
};

// About two hours; the sound of more would fill the browser's memory.
const MOST_HEARD_CHARS = 100_000;

let text = null; // the field
let reading = null;
let status = null;
let told = null;
let goButton = null;
let editButton = null;
let count = null;
let fault = null;
let problem = null;
let history = null;
let markup = "plain";
let run = null; // what is on the deck, made or being made: see startRun
let sentenceCount = 0;
let keptOrder = ""; // of the last one that went into the history

function speak() {
  if (run?.state === "making") return;
  const order = orderNow();
  const wrong = faultOf(order.text);
  showFault(wrong);
  if (wrong) {
    editText();
    return;
  }
  unlockClipSound();
  quietTalk();
  stopPreview();
  problem.clear();
  clearDeck();
  offerToTake(null);
  showReading(order.text, order.ssml);
  showReadingPane();
  sentenceCount = countSentences(order.text, order.language);
  told.textContent = "";
  run = startRun(order, { begun, sentence: addSentence, words: addReadWords, sound, ended });
  drawState();
}

function orderNow() {
  return { text: text.value.trim(), ssml: markup === "ssml", ...speakChoices() };
}

function begun(which) {
  if (which !== run) return;
  putOnDeck(run.clip, () => expectedMs(run));
  if (currentView() === "speak") playClip();
  drawTold();
  drawState();
}

function addSentence(sentence) {
  addReadSentence(sentence);
  drawState();
}

function sound(which) {
  if (which !== run) return;
  clipGrew();
  drawDeck();
  drawState();
}

function ended(which) {
  if (which !== run) return;
  if (run.clip) clipGrew();
  drawDeck();
  drawState();
  if (run.state === "failed") failed();
  if (run.state !== "done") return;
  announce(`Made in full: ${spokenTime(run.durationMs)}.`);
  drawTold();
  offerToTake(run.order);
  keepRun();
}

function failed() {
  if (!run.clip) editText({ focus: false });
  showRefusal(run.refused, speak);
}

function showRefusal(refused, again) {
  problem.show(refusalInWords(refused, "speak"), (given, remember) => {
    if (given) {
      setToken(given, remember);
      loadOptions();
    }
    again();
  });
}

function go() {
  if (run?.state === "making") {
    run.stop();
    pauseClip();
  } else {
    speak();
  }
}

// --- what is said about it ---

function drawState() {
  const making = run?.state === "making";
  goButton.textContent = making ? "Stop" : "Speak";
  goButton.classList.toggle("strong", !making);
  goButton.classList.toggle("plain", making);
  const words = stateWords();
  if (status.textContent !== words) status.textContent = words;
}

function stateWords() {
  if (!run) return "Nothing spoken yet";
  const ready = run.clip ? spokenTime(clipMs(run.clip)) : "";
  if (run.state === "stopped") return ready ? `Stopped: ${ready} were made` : "Stopped before it began";
  if (run.state === "failed") return ready ? `Broken off after ${ready}` : "Not spoken";
  if (clipState() === "blocked") return "The browser keeps the sound back: press play";
  if (run.state === "done") return `${ready}, made in full`;
  if (!run.clip) return "Waiting for the voice";
  const at = run.sentences.length;
  const many = at > 0 && sentenceCount >= at ? `, ${at} of ${sentenceCount} sentence${sentenceCount === 1 ? "" : "s"}` : "";
  return `${ready} ready${many}${clipState() === "waiting" ? ", waiting for more" : ""}`;
}

function drawTold() {
  const { engine, voice, language, not_applied: left = [], cached, first_sound_ms: firstMs } = run.begun;
  const who = [engineTitle("tts", engine), voiceOf(voice)?.name ?? voice, language ? languageName(language) : ""].filter(Boolean);
  told.textContent = [
    `Spoken by ${who.join(", ")}. A synthetic voice: say so where you let others hear it.`,
    run.words.length > 0 && !run.exact ? "The times of its words are estimated." : "",
    left.length > 0 ? `Not applied, since this voice cannot: ${left.join(", ").replaceAll("_", " ")}.` : "",
    cached ? "It had been made before." : firstMs ? `First sound after ${Math.round(firstMs)} ms.` : "",
  ].filter(Boolean).join(" ");
}

function drawWhere() {
  document.getElementById("speak-where").textContent = textDestination();
}

// --- the text ---

function faultOf(written) {
  if (written === "") return "There is nothing to speak yet. Write or paste a text first.";
  const most = talkOptions()?.limits?.speech_chars ?? Infinity;
  const length = [...written].length;
  if (length > most) return `That is too long by ${(length - most).toLocaleString("en")} characters. Speak it in parts.`;
  if (onlyToTake(length)) return "That is too long to be heard here at once, but it can be downloaded. To hear it, speak it in parts.";
  return "";
}

function onlyToTake(length) {
  return length > MOST_HEARD_CHARS && length <= (talkOptions()?.limits?.speech_chars ?? Infinity);
}

function showFault(sentence) {
  if (fault.textContent !== sentence) fault.textContent = sentence;
  fault.hidden = sentence === "";
  text.setAttribute("aria-invalid", String(sentence !== ""));
}

function drawCount() {
  const length = [...text.value.trim()].length;
  const most = talkOptions()?.limits?.speech_chars;
  count.textContent = `${length.toLocaleString("en")}${most ? ` of ${most.toLocaleString("en")}` : ""} characters`;
  showFault(length > 0 ? faultOf(text.value.trim()) : "");
  if (onlyToTake(length)) offerToTake(orderNow());
  else offerToTake(run?.state === "done" ? run.order : null);
}

function drawMarkup() {
  document.getElementById("speak-markup-note").textContent = MARKUP_NOTES[markup];
  text.classList.toggle("ssml", markup === "ssml");
  for (const choice of document.getElementsByName("speak-markup")) choice.checked = choice.value === markup;
}

function showReadingPane() {
  const focused = document.activeElement === text;
  reading.hidden = false;
  text.hidden = true;
  editButton.hidden = false;
  document.getElementById("speak-markup").hidden = true;
  if (focused) reading.focus({ preventScroll: true });
}

function editText({ focus = true } = {}) {
  const wasReading = !reading.hidden;
  reading.hidden = true;
  text.hidden = false;
  editButton.hidden = true;
  document.getElementById("speak-markup").hidden = false;
  if (focus || (wasReading && document.activeElement === document.body)) text.focus();
}

// What sounds is marked only in the text that it came from.
function beforePlay() {
  quietTalk();
  stopPreview();
  if (text.value.trim() === run.order.text && run.order.ssml === (markup === "ssml")) showReadingPane();
}

// --- kept and brought back ---

function keepRun() {
  const { order, begun: how, sentences, words, durationMs, exact } = run;
  const seen = JSON.stringify(order);
  if (seen === keptOrder) return;
  keptOrder = seen;
  const blob = clipBlob(run.clip);
  history.keep({
    title: [...order.text.replace(/<[^>]*>/gu, " ").trim()].slice(0, 80).join(""), detail: spokenTime(durationMs),
    bytes: blob.size + 2 * order.text.length, order, how, sentences, words, durationMs, exact, blob,
  });
}

async function bringBack(entry) {
  run?.stop?.();
  const clip = await clipOfBlob(entry.blob, entry.how.sample_rate);
  problem.clear();
  run = {
    order: entry.order, state: "done", begun: entry.how, clip, sentences: entry.sentences, words: entry.words,
    exact: entry.exact, durationMs: entry.durationMs, characters: [...entry.order.text].length, refused: null, stop: () => {},
  };
  keptOrder = JSON.stringify(entry.order);
  text.value = entry.order.text;
  markup = entry.order.ssml ? "ssml" : "plain";
  useChoices(entry.order);
  drawMarkup();
  drawCount();
  showReading(entry.order.text, entry.order.ssml);
  // In the order in which they came: words belong to sentences that are there.
  for (const sentence of entry.sentences) {
    addReadSentence(sentence);
    for (const words of entry.words.filter((one) => one.index === sentence.index)) addReadWords(words);
  }
  showReadingPane();
  putOnDeck(clip, () => expectedMs(run));
  drawTold();
  drawState();
  offerToTake(run.order);
  document.getElementById("view-speak").scrollTop = 0;
  document.getElementById("speak-play").focus();
  announce("Brought back. Press play to hear it.");
}

// --- keys ---

function pressedKey(event) {
  if (currentView() !== "speak" || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    speak();
  } else if (event.key === "Escape" && run?.state === "making") {
    go();
  } else if (event.key === "Escape") {
    pauseClip();
  } else if (event.code === "Space" && !event.repeat && [document.body, document.getElementById("main"), reading].includes(event.target)) {
    event.preventDefault(); // Space would scroll
    togglePlay();
  }
}

export function start(section) {
  section.innerHTML = SPEAK_PAGE;
  section.setAttribute("aria-labelledby", "speak-title");
  const find = (name) => section.querySelector(`#speak-${name}`);
  [text, reading, status, told, goButton, editButton, count, fault] =
    ["text", "reading", "status", "told", "go", "edit", "count", "fault"].map(find);
  problem = createProblemCard(find("problem"));
  startReading(reading, seek);
  startDeck(section, { onPosition: markReading, onPlay: beforePlay, onState: drawState });
  startTaking(section, { format: () => speakChoices().format, onRefused: showRefusal });
  startPronunciations(section);
  history = startHistory(find("history"), { view: "speak", bringBack });
  startSpeakChoices(section, () => {
    drawWhere();
    drawCount();
  });
  text.value = keptInTab("speak-text", "");
  markup = keptInTab("speak-markup", "plain");
  text.addEventListener("input", () => {
    keepInTab("speak-text", text.value);
    drawCount();
  });
  find("markup").addEventListener("change", (event) => {
    markup = event.target.value;
    keepInTab("speak-markup", markup);
    drawMarkup();
  });
  goButton.addEventListener("click", go);
  editButton.addEventListener("click", () => {
    pauseClip();
    editText();
  });
  addEventListener("keydown", pressedKey);
  onViewShown((name) => {
    if (name === "speak") return;
    pauseClip();
    stopPreview();
  });
  drawMarkup();
  drawCount();
  drawWhere();
  drawState();
}
