// Adding a voice: a recording, consent, a name; then the making is watched, and the voice is heard.

import { announce } from "./announcer.js";
import { followJob, jobLeftBehind, startCloning } from "./clone-run.js";
import {
  askForPhrase, consentFault, consentUnderWay, drawConsentStep, focusConsent, forgetConsent, givenConsent, startConsentStep,
} from "./consent-step.js";
import { stopRecording } from "./listen-recorder.js";
import { engineTitle, languageName, loadOptions, onOptions, primary, setToken, talkOptions } from "./options.js";
import { deleteVoice, loadOwnVoices, ownVoices, soundOf } from "./own-voices.js";
import { createProblemCard } from "./problem-card.js";
import { asSentence } from "./problems.js";
import { readingText } from "./reading-texts.js";
import { talkWith } from "./settings.js";
import { createStrip } from "./sound-strip.js";
import { MAKER_PAGE } from "./voice-maker-page.js";
import { addFile, chosenTake, forgetTakes, startTakes, takesUnderWay } from "./voice-takes.js";
import { matchInWords, voicesRefusal } from "./voices-words.js";
import { currentView } from "./views.js";

const STAGES = {
  waiting: "Waiting for its turn", decoding: "Reading the recording", checking: "Checking how good it is",
  listening: "Writing down what is said in it", learning: "Learning the voice", speaking: "Speaking a first sentence",
  storing: "Putting it away", done: "Done",
};

let section = null;
let problem = null;
let run = null; // see startCloning
let made = ""; // the id of the voice that was made
let strip = null; // its sample
let chosenLanguage = ""; // by the person
let adviceTaken = ""; // the advice that was to be used anyway
let closedHandler = () => {};

function find(id) {
  return section.querySelector(`#maker-${id}`);
}

// "steps", "work" or "done"
function goTo(stage) {
  for (const name of ["steps", "work", "done"]) find(name).hidden = name !== stage;
  if (stage === "steps") find("advice").hidden = true;
}

export function openMaker() {
  section.hidden = false;
  drawConsentStep();
  if (run === null && made === "") {
    goTo("steps");
    askForPhrase(find("language").value);
  }
  section.scrollIntoView({ block: "start" });
  find("title").focus({ preventScroll: true });
}

export function stopMaker() {
  if (takesUnderWay()) stopRecording();
  else if (consentUnderWay()) stopRecording({ keep: false });
}

function close() {
  stopMaker();
  if (run === null) startOver();
  section.hidden = true;
  closedHandler();
}

function startOver() {
  made = "";
  adviceTaken = "";
  strip?.forget();
  strip = null;
  problem.clear();
  forgetTakes();
  forgetConsent();
  find("name").value = "";
  goTo("steps");
}

function drawLanguages() {
  const known = talkOptions()?.languages ?? [];
  const ids = [...new Set(known.filter((one) => one.speaks).map((one) => primary(one.id)))];
  const named = (ids.length > 0 ? ids : ["en"]).map((id) => ({ id, name: languageName(id) }));
  named.sort((one, other) => one.name.localeCompare(other.name));
  find("language").replaceChildren(...named.map(({ id, name }) => new Option(name, id)));
  const own = [chosenLanguage, primary(talkOptions()?.defaults?.language ?? "en")].find((id) => named.some((one) => one.id === id));
  if (own) find("language").value = own;
  drawText();
}

function drawText() {
  find("text").textContent = readingText(find("language").value);
  find("text").lang = find("language").value;
}

// --- it is made ---

function fault(sentence) {
  find("fault").textContent = sentence;
  find("fault").hidden = sentence === "";
}

function create(event) {
  event.preventDefault();
  const recording = chosenTake();
  const consent = givenConsent();
  if (!recording) {
    fault("Record something in step 1 first, or choose a file.");
    find("record").focus();
    return;
  }
  if (!consent) {
    fault(consentFault());
    focusConsent();
    return;
  }
  fault("");
  const name = find("name").value.trim() || find("name").placeholder;
  watch(startCloning({ name, language: find("language").value, recording, ...consent }, { sent, told, ended }));
}

function watch(begun) {
  run = begun;
  made = "";
  problem.clear();
  adviceTaken = "";
  find("advice").hidden = true;
  find("work-title").textContent = `Making ${run.name}`;
  find("cancel").disabled = false;
  drawBar(0);
  say("Sending the recording");
  goTo("work");
  find("work-title").focus();
}

function say(words) {
  if (find("stage").textContent !== words) find("stage").textContent = words;
}

function drawBar(part) {
  find("bar").firstElementChild.style.transform = `scaleX(${part})`;
  find("bar").setAttribute("aria-valuenow", String(Math.round(100 * part)));
}

// Sending is a tenth of the way.
function sent(part) {
  drawBar(0.1 * part);
}

function told({ job }) {
  drawBar(0.1 + 0.9 * job.progress);
  say(STAGES[job.stage] ?? job.stage);
  drawAdvice(job.advice);
}

function drawAdvice(advice = []) {
  const wanting = advice.filter(({ severity }) => severity !== "good");
  const seen = JSON.stringify(wanting);
  find("advice").hidden = wanting.length === 0 || seen === adviceTaken;
  if (find("advice").dataset.seen === seen) return;
  find("advice").dataset.seen = seen;
  find("advice").querySelector("ul").replaceChildren(...wanting.map(({ severity, message }) => {
    const item = document.createElement("li");
    item.className = severity;
    item.textContent = message;
    return item;
  }));
  if (!find("advice").hidden) announce(wanting.map(({ message }) => message).join(" "));
}

async function cancel() {
  find("cancel").disabled = true;
  say("Stopping");
  try {
    await run?.cancel();
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    find("cancel").disabled = false;
    say(asSentence(refused.message)); // it may have ended in between: its end comes by itself
  }
}

async function ended(which) {
  if (which !== run) return;
  const { state, refused, job, name, left } = which;
  run = null;
  if (state === "done") {
    await show(job.voice_id, name);
    return;
  }
  goTo("steps");
  if (state === "cancelled") {
    announce("Stopped. The recording stays here.");
    find("create").focus();
    return;
  }
  drawAdvice(job?.advice);
  find("anyway").hidden = true;
  // What the server has begun goes on there, whatever happened on the way to it: sent anew it would be made twice.
  const card = voicesRefusal(refused);
  problem.show(left && !card.field ? { ...card, press: "Ask again" } : card, (given, remember) => {
    if (given) {
      setToken(given, remember);
      loadOptions();
      loadOwnVoices();
    }
    if (left) watch(followJob(left, { sent, told, ended }));
    else find("form").requestSubmit();
  });
}

async function show(id, name) {
  made = id;
  await loadOwnVoices();
  loadOptions(); // it is a voice to be chosen everywhere now
  const voice = (ownVoices() ?? []).find((one) => one.voice_id === id);
  if (!voice) {
    startOver();
    return;
  }
  strip?.forget();
  strip = createStrip({ label: "its first sentence", fetchSound: () => soundOf(id) });
  find("sample").replaceChildren(strip.element);
  find("done-title").textContent = `${name} is there`;
  find("match").textContent = matchInWords(voice, (engine) => engineTitle("tts", engine));
  find("anyway").hidden = false;
  goTo("done");
  find("done-title").focus();
  announce(`${name} is there.`);
}

async function deleted(id) {
  try {
    await deleteVoice(id);
    return true;
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    find("advice").hidden = false;
    problem.show({ ...voicesRefusal(refused), press: "Try again" }, recordAnew);
    return false;
  }
}

// What is being made, or has been, goes; what was said of consent stays with it, so it is asked for anew.
async function recordAnew() {
  find("advice").hidden = true;
  problem.clear();
  if (run) await cancel();
  else if (made && !(await deleted(made))) return;
  made = "";
  if (!run) goTo("steps");
  askForPhrase(find("language").value);
  find("record").focus();
}

// --- dropping ---

function listenForDrops() {
  let depth = 0; // enter and leave come for every element that is passed
  const takes = (event) => currentView() === "voices" && event.dataTransfer?.types.includes("Files");
  const mark = () => section.classList.toggle("dropping", depth > 0 && !section.hidden);
  addEventListener("dragenter", (event) => {
    if (!takes(event)) return;
    depth += 1;
    mark();
  });
  addEventListener("dragleave", (event) => {
    if (!takes(event)) return;
    depth = Math.max(0, depth - 1);
    mark();
  });
  addEventListener("dragover", (event) => {
    if (takes(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    if (!takes(event)) return;
    event.preventDefault(); // the browser would open it in place of the page
    depth = 0;
    mark();
    if (section.hidden) openMaker();
    if (!find("steps").hidden) addFile(event.dataTransfer.files[0]);
  });
}

// `onClosed` is called when the person has closed it.
export function startMaker(view, { onClosed }) {
  section = view.querySelector("#voice-maker");
  section.innerHTML = MAKER_PAGE;
  closedHandler = onClosed;
  problem = createProblemCard(find("problem"));
  startTakes(section, problem, () => fault(""));
  startConsentStep(section, createProblemCard(section.querySelector("#consent-problem")), () => fault(""));
  drawLanguages();
  onOptions(() => {
    const before = find("language").value;
    drawLanguages();
    if (!section.hidden && !find("steps").hidden && find("language").value !== before) askForPhrase(find("language").value);
  });
  find("language").addEventListener("change", () => {
    chosenLanguage = find("language").value;
    drawText();
    askForPhrase(find("language").value);
  });
  find("form").addEventListener("submit", create);
  find("close").addEventListener("click", close);
  find("cancel").addEventListener("click", cancel);
  find("anew").addEventListener("click", recordAnew);
  find("anyway").addEventListener("click", () => {
    adviceTaken = find("advice").dataset.seen;
    find("advice").hidden = true;
    (made ? find("done-title") : find("work-title")).focus();
  });
  find("talk").addEventListener("click", () => {
    talkWith(ownVoices().find((one) => one.voice_id === made));
    startOver();
    section.hidden = true;
    location.hash = "talk";
  });
  find("finish").addEventListener("click", close);
  find("another").addEventListener("click", () => {
    startOver();
    openMaker();
  });
  listenForDrops();
  const left = jobLeftBehind();
  if (left) {
    section.hidden = false;
    watch(followJob(left, { sent, told, ended }));
  }
}
