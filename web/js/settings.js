// The settings sheet: language, voice, engines, interrupting by speaking, starting over.

import { echoCancelled } from "./audio-capture.js";
import { startCharacterEditor } from "./character-editor.js";
import { keep, kept } from "./kept.js";
import { mayInterruptBySpeaking, onListeningChange, setMayInterrupt } from "./listening.js";
import { chosenEngine, enginesOf, fillVoices, languageName, onOptions, talkOptions } from "./options.js";
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
const engineSelects = { llm: "choice-llm", stt: "choice-stt", tts: "choice-tts" };
// The one engine that is no language model, by its name in the options.
const SCRIPT = "companion";

let inUse = {}; // kind: {name, title, remote}, from `ready`, then as chosen here
let chosenEngines = {}; // kind: name, as chosen on this page, for hello has no place for them
let chosenLanguage = kept("language", "");
let chosenVoice = kept("voice", "");

// What hello says about language and voice: only what the person chose.
export function helloChoices() {
  return { ...(chosenLanguage && { language: chosenLanguage }), ...(chosenVoice && { voice: chosenVoice }) };
}

export function engineInUse(kind) {
  return inUse[kind] ?? chosenEngine(kind);
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
    select.replaceChildren(...options);
    select.value = engineInUse(kind)?.name ?? "";
  }
  const llm = engineInUse("llm");
  llmNote.textContent = llm ? modelLine(llm) : "";
  llmLine.textContent = llmNote.textContent;
  const remote = ["stt", "tts"].map(engineInUse).filter((engine) => engine?.remote);
  remoteNote.textContent = remote.length
    ? `${remote.map((engine) => engine.title).join(" and ")}: sound or text leaves this server for it.`
    : "Hearing and speaking stay on the server that runs Syrinx.";
}

function modelLine(llm) {
  if (llm.name === SCRIPT) {
    return "No language model is configured: a simple script answers. What you say stays on the server that runs Syrinx.";
  }
  return llm.remote
    ? `${llm.title} answers. The words of this conversation are sent to ${llm.destination || "it"}; the sound is not.`
    : `${llm.title} answers, on the server that runs Syrinx.`;
}

export function drawBargeIn() {
  const cancelled = echoCancelled();
  bargeIn.checked = mayInterruptBySpeaking();
  if (cancelled === false) {
    bargeInNote.textContent =
      "This microphone has no echo cancellation, so listening stops while the reply sounds. Press Escape to interrupt.";
  } else if (bargeIn.checked) {
    bargeInNote.textContent = "The microphone stays open during a reply; the browser takes the reply out of it.";
  } else {
    bargeInNote.textContent = "Listening stops while the reply sounds and goes on after it.";
  }
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
    inUse[kind] = enginesOf(kind).find((engine) => engine.name === name);
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
    const fits = voiceSpeaks(chosenVoice, chosenLanguage);
    if (!fits) {
      chosenVoice = "";
      keep("voice", null);
    }
    drawVoices();
    tell({ language: chosenLanguage, ...(!fits && { voice: null }) });
  });
  voiceFilter.addEventListener("input", drawVoices);
  voice.addEventListener("change", () => {
    chosenVoice = voice.value;
    keep("voice", chosenVoice || null);
    tell({ voice: chosenVoice || null });
  });
  for (const [kind, id] of Object.entries(engineSelects)) {
    document.getElementById(id).addEventListener("change", (event) => {
      chosenEngines[kind] = event.target.value;
      inUse[kind] = enginesOf(kind).find((engine) => engine.name === event.target.value);
      drawEngines();
      tell({ [kind]: event.target.value });
    });
  }
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
    drawEngines();
  });
  onMessage("ready", (ready) => {
    inUse = { ...ready.engines };
    tellEnginesAgain();
    drawEngines();
  });
  onMessage("error", (error) => {
    if (error.code === "unknown_engine") chosenEngines = {};
  });
  onListeningChange(drawBargeIn);
  drawBargeIn();
}
