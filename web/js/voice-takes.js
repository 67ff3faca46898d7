// What was recorded or brought for a voice: several takes, each to be heard, one of them chosen.

import { announce } from "./announcer.js";
import { clockTime, size } from "./figures.js";
import { icon } from "./icons.js";
import { recorderState, startRecording, stopRecording } from "./listen-recorder.js";
import { quietTalk } from "./quiet-talk.js";
import { createStrip, pauseStrips } from "./sound-strip.js";
import { LEAST_MS, MOST_BYTES, MOST_MS } from "./voices-words.js";

const GOOD_MS = 30_000;

let section = null;
let problem = null;
let takes = []; // {file, ms (null where the file came from elsewhere), strip, element}
let chosen = null;
let recordedMs = 0;
let changeHandler = () => {};

function find(id) {
  return section.querySelector(`#maker-${id}`);
}

// The file that is to be learned from; null where there is none.
export function chosenTake() {
  return chosen?.file ?? null;
}

export function forgetTakes() {
  for (const take of takes) take.strip.forget();
  takes = [];
  chosen = null;
  draw();
}

export function takesUnderWay() {
  return recorderState() !== "idle" && !find("recording").hidden;
}

export function addFile(file) {
  problem.clear();
  if (!file) return;
  if (file.size === 0) {
    problem.show({ what: "The file is empty.", means: `There is nothing in ${file.name}. Choose another one.`, press: "" });
  } else if (file.size > MOST_BYTES) {
    problem.show({ what: "The file is too large.", means: `${file.name} has ${size(file.size)}; 50 MB are taken. Half a minute of speech is enough: cut it, or record it here.`, press: "" });
  } else {
    add(file, null);
  }
}

function add(file, ms) {
  const strip = createStrip({ label: `take ${takes.length + 1}`, fetchSound: () => Promise.resolve(file) });
  const element = document.createElement("li");
  const take = { file, ms, strip, element };
  element.className = "take-row";
  element.innerHTML = `<label class="tick"><input type="radio" name="maker-take"><span dir="auto"></span></label>
    <button class="icon-button" type="button">${icon("close")}</button>`;
  element.querySelector("span").textContent = ms === null ? `${file.name}, ${size(file.size)}` : `Take ${takes.length + 1}, ${clockTime(ms)}`;
  element.querySelector("input").addEventListener("change", () => choose(take));
  element.querySelector("button").setAttribute("aria-label", `Throw away ${element.querySelector("span").textContent}`);
  element.querySelector("button").addEventListener("click", () => remove(take));
  element.insertBefore(strip.element, element.lastElementChild);
  takes.push(take);
  choose(take);
}

function remove(take) {
  take.strip.forget();
  takes = takes.filter((one) => one !== take);
  if (chosen === take) chosen = takes.at(-1) ?? null;
  announce("Thrown away.");
  choose(chosen);
  find("record").focus();
}

function choose(take) {
  chosen = take;
  draw();
  changeHandler();
}

function draw() {
  find("takes").replaceChildren(...takes.map((take) => take.element));
  for (const take of takes) take.element.querySelector("input").checked = take === chosen;
  find("record").querySelector("span").textContent = takes.length > 0 ? "Record another take" : "Record";
}

function showRecording(on) {
  find("recording").hidden = !on;
  find("choose").hidden = on;
  find("takes-note").hidden = on;
}

async function record() {
  problem.clear();
  pauseStrips();
  quietTalk();
  const refused = await startRecording({
    canvas: find("level"),
    onStart: () => {
      showRecording(true);
      recordedMs = 0;
      tick({ ms: 0, silent: false });
      find("stop").focus();
      announce("Recording.");
    },
    onTick: tick,
    onDone: (file) => {
      showRecording(false);
      find("left").textContent = "";
      find("record").focus();
      if (!file) return;
      if (recordedMs < LEAST_MS) {
        problem.show({ what: "That was too short.", means: "At least 2 seconds are needed, and half a minute is good. Record again.", press: "" });
        return;
      }
      add(file, recordedMs);
      announce(`${clockTime(recordedMs)} recorded.`);
    },
  });
  if (refused) problem.show(refused, record);
}

function tick({ ms, silent }) {
  recordedMs = ms;
  const words = ms < GOOD_MS ? `${clockTime(GOOD_MS - ms + 999)} to go` : `${clockTime(ms)}: enough, stop when you like`;
  const level = silent ? "Nothing is heard. Is the microphone muted?" : "Speak now.";
  if (find("left").textContent !== words) find("left").textContent = words;
  if (find("level-words").textContent !== level) find("level-words").textContent = level;
  if (ms >= MOST_MS) stopRecording();
}

// `shown` is a problem card; `onChange` is called when another take, or none, is chosen.
export function startTakes(given, shown, onChange) {
  section = given;
  problem = shown;
  changeHandler = onChange;
  find("record").addEventListener("click", record);
  find("stop").addEventListener("click", () => stopRecording());
  find("discard").addEventListener("click", () => stopRecording({ keep: false }));
  find("pick").addEventListener("click", () => find("file").click());
  find("file").addEventListener("change", () => {
    addFile(find("file").files[0]);
    find("file").value = ""; // the same file again is a choice too
  });
}
