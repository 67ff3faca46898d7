// The settings sheet: language, voice, engines, who hears, interrupting by speaking, starting over.

import { echoCancelled } from "./audio-capture.js";
import { browserEarExists, browserEarOn, staysOnDevice, useLanguage } from "./browser-ear.js";
import { startCharacterEditor } from "./character-editor.js";
import { keep, keepInTab, kept, keptInTab } from "./kept.js";
import { mayInterruptBySpeaking, onListeningChange, setBrowserEar, setMayInterrupt } from "./listening.js";
import {
  chosenEngine, enginesOf, engineTitle, faultOfMix, fillVoices, isMix, languageName, mixingEngine, onOptions,
  talkOptions,
} from "./options.js";
import { onMessage, send } from "./websocket.js";

const sheet = document.getElementById("settings");
const openButton = document.getElementById("open-settings");
const problem = document.getElementById("settings-problem");
const language = document.getElementById("language");
const languageNote = document.getElementById("language-note");
const voice = document.getElementById("voice");
const voiceFilter = document.getElementById("voice-filter");
const llmNote = document.getElementById("llm-note");
const llmLine = document.getElementById("llm-line");
const remoteNote = document.getElementById("remote-note");
const bargeIn = document.getElementById("barge-in");
const bargeInNote = document.getElementById("barge-in-note");
const browserEar = document.getElementById("browser-ear");
const browserEarNote = document.getElementById("browser-ear-note");
const mix = document.getElementById("mix");
const mixText = document.getElementById("mix-text");
const mixProblem = document.getElementById("mix-problem");
const engineSelects = { stt: "choice-stt", tts: "choice-tts", llm: "choice-llm" };
// What a select has for leaving the choice to the server.
const AUTOMATIC = "";
// The one engine that is no language model, by its name in the options.
const SCRIPT = "companion";

let inUse = {}; // kind: {name, title, remote}, from `ready`, then as chosen here or as a turn tells
let chosenEngines = keptInTab("engines", {}); // kind: name or "auto", as chosen here, for hello has no place for them
let chosenLanguage = kept("language", "");
let chosenVoice = kept("voice", "");

// What hello says about language and voice: only what the person chose.
export function helloChoices() {
  return { ...(chosenLanguage && { language: chosenLanguage }), ...(chosenVoice && { voice: chosenVoice }) };
}

export function engineInUse(kind) {
  return inUse[kind] ?? chosenEngine(kind);
}

// The engine that the person chose, null where the choice is automatic.
export function engineChosen(kind) {
  const chosen = chosenEngines[kind] ?? talkOptions()?.defaults?.[kind];
  return !chosen || chosen === "auto" ? null : chosen;
}

// A turn told which engine heard or spoke: with an automatic choice that may change at any time.
export function noteEngine(kind, name) {
  if (!name || engineInUse(kind)?.name === name) return;
  const engine = enginesOf(kind).find((one) => one.name === name);
  if (engine) inUse[kind] = engine;
  drawEngines();
}

// Choices of another day or server may be refused at hello; the server's own then hold.
export function forgetChoices() {
  chosenLanguage = chosenVoice = "";
  keep("language", null);
  keep("voice", null);
}

function drawLanguages() {
  const groups = [
    ["Heard and spoken", (one) => one.hears && one.speaks],
    ["Only spoken: type to it", (one) => one.speaks && !one.hears],
    ["Only heard: answered in text", (one) => one.hears && !one.speaks],
  ];
  language.replaceChildren();
  for (const [label, fits] of groups) {
    const some = (talkOptions()?.languages ?? []).filter(fits);
    if (some.length === 0) continue;
    const group = document.createElement("optgroup");
    group.label = label;
    const named = some.map(({ id }) => ({ id, name: languageName(id) }));
    named.sort((one, other) => one.name.localeCompare(other.name));
    for (const { id, name } of named) group.append(new Option(name, id));
    language.append(group);
  }
  const current = chosenLanguage || talkOptions()?.defaults?.language || "";
  if (current && ![...language.options].some((option) => option.value === current)) {
    language.append(new Option(languageName(current), current));
  }
  language.value = current;
  noteLanguage();
}

function noteLanguage() {
  const chosen = talkOptions()?.languages.find((one) => one.id === language.value);
  languageNote.textContent = chosen && !chosen.hears
    ? `No ear in use understands ${languageName(chosen.id)}: type, and it answers aloud.`
    : "";
}

function drawVoices() {
  fillVoices(voice, { filter: voiceFilter.value, chosen: chosenVoice, language: language.value });
}

function drawEngines() {
  for (const [kind, id] of Object.entries(engineSelects)) {
    const select = document.getElementById(id);
    const options = enginesOf(kind).map((engine) => {
      const option = new Option(engine.available ? engine.title : `${engine.title}: not available`, engine.name);
      option.disabled = !engine.available;
      return option;
    });
    select.replaceChildren(...leftToTheServer(kind), ...options);
    select.value = chosenEngines[kind] ?? AUTOMATIC;
  }
  const llm = engineInUse("llm");
  llmNote.textContent = llm ? modelLine(llm) : "";
  llmLine.textContent = llmNote.textContent;
  drawRemote();
}

function drawRemote() {
  const remote = (browserEarOn() ? ["tts"] : ["stt", "tts"]).map(engineInUse).filter((engine) => engine?.remote);
  const here = browserEarOn() ? "Speaking stays" : "Hearing and speaking stay";
  const browser = browserEarOn() ? "Your browser hears you, as switched on below. " : "";
  remoteNote.textContent = browser + (remote.length
    ? `${remote.map((engine) => engine.title).join(" and ")}: sound or text leaves this server for it.`
    : `${here} on the server that runs Syrinx.`);
}

// Null for an engine brings the server's default back, which is the automatic choice unless its settings name one.
function leftToTheServer(kind) {
  const fixed = talkOptions()?.defaults?.[kind] ?? "auto";
  const now = chosenEngines[kind] === undefined && engineInUse(kind);
  if (fixed === "auto") return [new Option(now ? `Automatic: ${now.title}` : "Automatic", AUTOMATIC)];
  return [new Option(`As the server is set: ${engineTitle(kind, fixed)}`, AUTOMATIC), new Option("Automatic", "auto")];
}

function chooseEngine(kind, name) {
  if (name === AUTOMATIC) delete chosenEngines[kind];
  else chosenEngines[kind] = name;
  keepInTab("engines", chosenEngines);
  inUse[kind] = enginesOf(kind).find((engine) => engine.name === name) ?? chosenEngine(kind);
  drawEngines();
  tell({ [kind]: name === AUTOMATIC ? null : name });
}

function modelLine(llm) {
  if (llm.name === SCRIPT) {
    return "No language model is configured: a simple script answers. What you say stays on the server that runs Syrinx.";
  }
  return llm.remote
    ? `${llm.title} answers. The words of this conversation are sent to ${llm.destination || "it"}; the sound is not.`
    : `${llm.title} answers, on the server that runs Syrinx.`;
}

function drawBargeIn() {
  const cancelled = echoCancelled();
  bargeIn.checked = mayInterruptBySpeaking();
  if (browserEarOn() && bargeIn.checked) {
    bargeInNote.textContent = "The browser goes on hearing during a reply; words of the reply itself are left out.";
  } else if (cancelled === false) {
    bargeInNote.textContent =
      "This microphone has no echo cancellation, so listening stops while the reply sounds. Press Escape to interrupt.";
  } else if (bargeIn.checked) {
    bargeInNote.textContent = "The microphone stays open during a reply; the browser takes the reply out of it.";
  } else {
    bargeInNote.textContent = "Listening stops while the reply sounds and goes on after it.";
  }
}

function drawBrowserEar() {
  document.getElementById("browser-ear-choice").hidden = !browserEarExists();
  browserEar.checked = browserEarOn();
  browserEarNote.textContent = staysOnDevice()
    ? "Your browser understands you on this device: the sound leaves neither it nor this page. Syrinx gets the words."
    : "Your browser sends what you say to its maker's service (Chrome: Google, Edge: Microsoft, Safari: Apple). Syrinx gets only the words.";
  document.getElementById("choice-stt").disabled = browserEarOn();
  drawRemote();
}

function drawMicrophone() {
  drawBargeIn();
  drawBrowserEar();
}

function drawMix() {
  const engine = mixingEngine();
  mix.hidden = engine === null;
  if (engine === null) return;
  const some = talkOptions().voices.filter((one) => one.engine === engine.name).map((one) => one.id);
  mixText.placeholder = some.length > 1 ? `${some[0]}+${some[1]}*0.5` : "";
  if (isMix(chosenVoice)) {
    mixText.value = chosenVoice;
    mix.open = true;
  }
}

function useMix() {
  const text = mixText.value.replace(/\s+/gu, "");
  const fault = faultOfMix(text);
  mixProblem.textContent = fault;
  mixProblem.hidden = fault === "";
  mixText.setAttribute("aria-invalid", String(fault !== ""));
  if (fault === "") chooseVoice(text);
}

function chooseVoice(id) {
  chosenVoice = id;
  keep("voice", id || null);
  drawVoices();
  tell({ voice: id || null });
}

function tell(change) {
  hideSettingsProblem();
  if (!send({ type: "set", ...change })) showSettingsProblem("Not connected: it is told as soon as the server is back.");
}

// A server that was started again, or was away while the person chose, does not know of it.
function tellEnginesAgain() {
  const change = {};
  for (const [kind, name] of Object.entries(chosenEngines)) {
    if (inUse[kind]?.name === name) continue;
    change[kind] = name;
    inUse[kind] = enginesOf(kind).find((engine) => engine.name === name) ?? inUse[kind];
  }
  if (Object.keys(change).length > 0) send({ type: "set", ...change });
}

// True when the sheet is open and took the message; else it belongs on the page.
export function showSettingsProblem(sentence) {
  if (!sheet.open) return false;
  problem.textContent = sentence;
  problem.hidden = false;
  problem.scrollIntoView({ block: "nearest" });
  return true;
}

function hideSettingsProblem() {
  problem.hidden = true;
}

// A voice of another language would be refused with it, or speak it badly.
function voiceSpeaks(id, wanted) {
  const known = talkOptions()?.voices.find((one) => one.id === id);
  return !known || known.language.split("-")[0] === wanted.split("-")[0];
}

function listenToChoices() {
  language.addEventListener("change", () => {
    chosenLanguage = language.value;
    keep("language", chosenLanguage || null);
    noteLanguage();
    useLanguage(chosenLanguage).then(drawBrowserEar);
    const fits = voiceSpeaks(chosenVoice, chosenLanguage);
    if (!fits) {
      chosenVoice = "";
      keep("voice", null);
    }
    drawVoices();
    tell({ language: chosenLanguage, ...(!fits && { voice: null }) });
  });
  voiceFilter.addEventListener("input", drawVoices);
  voice.addEventListener("change", () => chooseVoice(voice.value));
  document.getElementById("use-mix").addEventListener("click", useMix);
  mixText.addEventListener("keydown", (event) => {
    if (event.key === "Enter") useMix();
  });
  for (const [kind, id] of Object.entries(engineSelects)) {
    document.getElementById(id).addEventListener("change", (event) => chooseEngine(kind, event.target.value));
  }
  browserEar.addEventListener("change", () => {
    setBrowserEar(browserEar.checked);
  });
  bargeIn.addEventListener("change", () => setMayInterrupt(bargeIn.checked));
}

export function startSettings({ onResetConversation }) {
  startCharacterEditor();
  listenToChoices();
  openButton.addEventListener("click", () => {
    hideSettingsProblem();
    sheet.showModal();
  });
  document.getElementById("close-settings").addEventListener("click", () => sheet.close());
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close(); // a press beside the sheet
  });
  document.getElementById("reset-conversation").addEventListener("click", () => {
    sheet.close();
    onResetConversation();
  });
  document.getElementById("reset-voice").addEventListener("click", () => {
    if (send({ type: "reset", what: "voice" })) sheet.close();
  });
  onOptions(() => {
    drawLanguages();
    drawVoices();
    drawMix();
    drawEngines();
    useLanguage(language.value).then(drawBrowserEar);
  });
  onMessage("ready", (ready) => {
    inUse = { ...ready.engines };
    tellEnginesAgain();
    drawEngines();
  });
  onMessage("error", (error) => {
    if (error.code !== "unknown_engine") return;
    chosenEngines = {};
    keepInTab("engines", null);
    drawEngines();
  });
  onMessage("transcript", (message) => {
    if (message.final) noteEngine("stt", message.engine);
  });
  onMessage("audio_stream_start", (message) => noteEngine("tts", message.engine));
  onListeningChange(drawMicrophone);
  drawMicrophone();
}
