// The Listen view: a recording dropped, chosen or made, watched as it is understood, read with its sound, taken away.

import { announce } from "./announcer.js";
import { copied } from "./clipboard.js";
import { clockTime, size, sizeOf, spokenTime, timeLeft } from "./figures.js";
import { startHistory } from "./history.js";
import { listenChoices, soundDestination, startListenChoices } from "./listen-choices.js";
import { exported, toText } from "./listen-export.js";
import { LISTEN_PAGE } from "./listen-page.js";
import { startRecording, stopRecording } from "./listen-recorder.js";
import { startHearing } from "./listen-run.js";
import { loadSound, pauseSound, playFrom, startSound, toggleSound, unloadSound } from "./listen-sound.js";
import { clearLive, liveSegments, markTranscript, showLive, showTranscript, startTranscript } from "./listen-transcript.js";
import { engineTitle, languageName, loadOptions, setToken, talkOptions } from "./options.js";
import { createProblemCard } from "./problem-card.js";
import { quietTalk } from "./quiet-talk.js";
import { refusalInWords } from "./refusal-words.js";
import { fileName, saveBlob } from "./save.js";
import { currentView, onViewShown } from "./views.js";

let section = null;
let studio = null;
let progress = null;
let bar = null;
let problem = null;
let history = null;
let file = null; // the recording that is at hand, null where only its words are
let run = null; // see startHearing
let done = null; // what the server told at the end
let earlier = null; // what was shown of the same recording before: it stays unless there is something new
let name = "";
let heardMs = 0;
let saidQuarter = 0;

function find(id) {
  return section.querySelector(`#listen-${id}`);
}

// "choose", "recording", "working" or "done"
function goTo(stage) {
  studio.dataset.stage = stage;
  find("choose").hidden = stage === "recording";
  find("recording").hidden = stage !== "recording";
}

// --- a recording comes ---

function take(given) {
  if (!given) return;
  const most = talkOptions()?.limits?.upload_bytes ?? Infinity;
  problem.clear();
  if (studio.dataset.stage === "recording") {
    problem.show({ what: "A recording is being made.", means: `Stop it first, then bring ${given.name}.`, press: "" });
    return;
  }
  if (given.size > most) {
    problem.show(refusalInWords({ code: "too_large", message: "" }, "listen"));
    return;
  }
  if (given.size === 0) {
    problem.show({ what: "The file is empty.", means: `There is nothing in ${given.name}. Choose another one.`, press: "" });
    return;
  }
  run?.stop();
  stopRecording(); // the browser may still be asking for the microphone
  // Words that were brought back get their sound again.
  const known = studio.dataset.stage === "done" && file === null && given.name === name;
  file = given;
  name = given.name;
  if (known) {
    show(done);
    return;
  }
  done = null;
  hear();
}

async function record() {
  problem.clear();
  quietTalk();
  const refused = await startRecording({
    canvas: find("level"),
    onStart: () => {
      goTo("recording");
      find("stop").focus();
      announce("Recording.");
    },
    onTick: ({ ms, silent }) => {
      const words = silent ? "Nothing is heard. Is the microphone muted?" : "Speak now.";
      find("recorded").textContent = clockTime(ms);
      if (find("level-words").textContent !== words) find("level-words").textContent = words;
    },
    onDone: (recorded) => {
      problem.clear();
      goTo("choose");
      if (recorded) take(recorded);
      else find("record").focus();
    },
  });
  if (refused) problem.show(refused, record);
}

// --- it is understood ---

function hear() {
  unloadSound();
  clearLive();
  earlier = done;
  done = null;
  heardMs = saidQuarter = 0;
  find("name").textContent = name;
  goTo("working");
  drawBar(0);
  progress.textContent = `Sending ${size(file.size)}`;
  find("cancel").focus();
  run = startHearing(file, listenChoices(), { sent, begun, heard, ended });
}

function sent(which) {
  if (which !== run || run.state !== "sending") return;
  drawBar(run.sent);
  progress.textContent = run.sent < 1
    ? `Sending: ${sizeOf(run.sent * file.size, file.size)}`
    : "All sent; waiting for the first words";
}

function begun(which) {
  if (which !== run) return;
  drawBar(0);
  progress.textContent = "Listening";
}

function heard(which) {
  if (which !== run) return;
  const { heard_ms: atMs, duration_ms: soFarMs } = run.heard;
  const wholeMs = run.begun.duration_ms ?? null;
  showLive(run.heard, heardMs);
  heardMs = atMs;
  if (wholeMs === null) {
    progress.textContent = `${clockTime(atMs)} understood of ${clockTime(soFarMs)} so far`;
    return;
  }
  const part = Math.min(1, atMs / wholeMs);
  const passedS = (performance.now() - run.beganAt) / 1000;
  const left = part > 0.02 && part < 1 ? ` · ${timeLeft((passedS * (1 - part)) / part)}` : "";
  drawBar(part);
  progress.textContent = `${clockTime(atMs)} of ${clockTime(wholeMs)} understood${left}`;
  const quarter = Math.floor(part * 4);
  if (quarter > saidQuarter && quarter < 4) announce(`${quarter * 25} percent understood.`);
  saidQuarter = quarter;
}

function ended(which) {
  if (which !== run) return;
  const { state, refused, done: told, heard: part } = run;
  run = null;
  if (state === "done") {
    show(told);
    announce(`Written down: ${told.words.length || told.text.split(/\s+/u).length} words.`);
    find("result-name").focus();
    history.keep({ title: name, detail: `${clockTime(told.duration_ms)} · ${[...told.text].slice(0, 48).join("")}`, bytes: 2 * JSON.stringify(told).length, name, done: told });
    return;
  }
  if (earlier) show(earlier);
  else if (state === "failed" && part?.text.trim()) show(partOf(part, which.begun));
  else goTo("choose");
  if (state === "stopped") {
    announce("Stopped.");
    find(earlier ? "again" : "pick").focus();
    return;
  }
  problem.show(refusalInWords(refused, "listen"), (given, remember) => {
    if (given) {
      setToken(given, remember);
      loadOptions();
    }
    hear();
  });
}

function drawBar(part) {
  bar.firstElementChild.style.transform = `scaleX(${part})`;
  bar.setAttribute("aria-valuenow", String(Math.round(100 * part)));
}

// What there is where it broke off, in the shape of a whole.
function partOf(part, { duration_ms: wholeMs }) {
  return {
    text: part.text, language: "", engine: "", confidence: null, duration_ms: wholeMs ?? part.duration_ms, times: "estimated",
    words: [], segments: liveSegments(part), not_applied: [], understood_ms: part.heard_ms,
  };
}

// --- it is read ---

function show(told) {
  done = told;
  goTo("done");
  find("result-name").textContent = name;
  find("told").textContent = toldOf(told);
  find("again").hidden = file === null;
  showTranscript(told);
  loadSound(file, told);
  find("status").textContent = file ? `Press a ${told.words.length > 0 ? "word" : "time"} to hear it` : `The sound is not kept. Drop ${name} here to hear it.`;
}

function toldOf({ engine, language, confidence, times, not_applied: left = [], text, duration_ms: wholeMs, understood_ms: partMs }) {
  if (partMs !== undefined) return `It broke off: ${clockTime(partMs)} of ${clockTime(wholeMs)} were understood. The times are estimated.`;
  if (text.trim() === "") return "No words were understood. Is somebody speaking in it, and in the language that was chosen?";
  const sure = Number.isFinite(confidence) ? ` It is ${Math.round(100 * confidence)} % sure of its words.` : "";
  return [
    `Understood by ${engineTitle("stt", engine)}${language ? `, in ${languageName(language)}` : ""}.${sure}`,
    times === "estimated" ? "The times are estimated, since this ear tells none." : "",
    left.length > 0 ? `Not applied, since this ear cannot: ${left.join(", ").replaceAll("_", " ")}.` : "",
  ].filter(Boolean).join(" ");
}

function bringBack(entry) {
  run?.stop();
  stopRecording();
  run = null;
  file = null;
  name = entry.name;
  problem.clear();
  show(entry.done);
  section.scrollTop = 0;
  find("result-name").focus();
}

async function copy() {
  const button = find("copy");
  button.textContent = (await copied(toText(done), section)) ? "Copied" : "The browser keeps the clipboard shut";
  announce(button.textContent);
  setTimeout(() => {
    button.textContent = "Copy the text";
  }, 2500);
}

// --- dropping and keys ---

function listenForDrops() {
  let depth = 0; // enter and leave come for every element that is passed
  const bringsFiles = (event) => currentView() === "listen" && event.dataTransfer?.types.includes("Files");
  const mark = () => section.classList.toggle("dropping", depth > 0);
  addEventListener("dragenter", (event) => {
    if (!bringsFiles(event)) return;
    depth += 1;
    mark();
  });
  addEventListener("dragleave", (event) => {
    if (!bringsFiles(event)) return;
    depth = Math.max(0, depth - 1);
    mark();
  });
  addEventListener("dragover", (event) => {
    if (bringsFiles(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    if (!bringsFiles(event)) return;
    event.preventDefault(); // the browser would open it in place of the page
    depth = 0;
    mark();
    const { files } = event.dataTransfer;
    take(files[0]);
    if (files.length > 1) announce(`One at a time: ${files[0].name} is taken.`);
  });
}

function pressedKey(event) {
  if (currentView() !== "listen" || event.ctrlKey || event.metaKey || event.altKey) return;
  const onNothing = [document.body, document.getElementById("main"), find("result-name")].includes(event.target);
  if (event.key === "Escape" && run) {
    run.stop();
  } else if (event.key === "Escape") {
    pauseSound();
  } else if (event.code === "Space" && onNothing && !event.repeat && done) {
    event.preventDefault(); // Space would scroll
    toggleSound();
  }
}

function drawKnown() {
  const most = talkOptions()?.limits?.upload_bytes;
  find("where").textContent = soundDestination();
  find("takes").textContent = `WAV, MP3, M4A, Ogg, WebM, FLAC, AMR and whatever else holds sound, films too${most ? `; up to ${size(most)}` : ""}.`;
}

export function start(element) {
  section = element;
  section.innerHTML = LISTEN_PAGE;
  section.setAttribute("aria-labelledby", "listen-title");
  studio = section.querySelector(".studio");
  progress = find("progress");
  bar = section.querySelector("[role=progressbar]");
  problem = createProblemCard(find("problem"));
  startTranscript(section, playFrom);
  startSound(section, {
    onPosition: markTranscript,
    onUnplayable: () => {
      find("status").textContent = "This browser cannot play this kind of file; the words are not touched by that.";
    },
  });
  startListenChoices(section, drawKnown);
  history = startHistory(find("history"), { view: "listen", bringBack });
  find("record").addEventListener("click", record);
  find("stop").addEventListener("click", () => stopRecording());
  find("discard").addEventListener("click", () => stopRecording({ keep: false }));
  find("pick").addEventListener("click", () => find("file").click());
  find("file").addEventListener("change", () => {
    take(find("file").files[0]);
    find("file").value = ""; // the same file again is a choice too
  });
  find("cancel").addEventListener("click", () => run?.stop());
  find("again").addEventListener("click", () => hear());
  find("another").addEventListener("click", () => {
    unloadSound();
    done = null;
    goTo("choose");
    find("pick").focus();
  });
  find("copy").addEventListener("click", copy);
  for (const button of section.querySelectorAll("[data-export]")) {
    const kind = button.dataset.export;
    button.addEventListener("click", () => saveBlob(exported(done, kind), `${fileName(name.replace(/\.[^.]*$/u, ""), "transcript")}.${kind}`));
  }
  listenForDrops();
  addEventListener("keydown", pressedKey);
  onViewShown((view) => {
    if (view === "listen") return;
    pauseSound();
    stopRecording(); // nobody is recorded unseen
  });
  drawKnown();
}
