// Which engines hear, speak and think: chosen here or left to the server, and where words and sound go with each.

import { browserEarOn } from "./browser-ear.js";
import { tell } from "./changes.js";
import { keepInTab, keptInTab } from "./kept.js";
import { onListeningChange } from "./listening.js";
import { chosenEngine, enginesOf, engineTitle, onOptions, talkOptions, wantsModel } from "./options.js";
import { isUntold, onMessage, send } from "./websocket.js";

const llmNote = document.getElementById("llm-note");
const llmLine = document.getElementById("llm-line");
const remoteNote = document.getElementById("remote-note");
const engineSelects = { stt: "choice-stt", tts: "choice-tts", llm: "choice-llm" };
// What a select has for leaving the choice to the server.
const AUTOMATIC = "";
// The one engine that is no language model, by its name in the options.
const SCRIPT = "companion";

let inUse = {}; // kind: {name, title, remote}, from `ready`, then as chosen here or as a turn tells
let automatic = {}; // kind: the engine that the automatic choice was last seen to take
let chosenEngines = keptInTab("engines", {}); // kind: name or "auto", as chosen here, for hello has no place for them

function engineInUse(kind) {
  return inUse[kind] ?? chosenEngine(kind);
}

// The engine that the person chose, null where the choice is automatic.
export function engineChosen(kind) {
  const chosen = chosenEngines[kind] ?? talkOptions()?.defaults?.[kind];
  return !chosen || chosen === "auto" ? null : chosen;
}

// The engine that serves as chosen here, before the server has said so.
function engineToBe(kind) {
  return enginesOf(kind).find((one) => one.name === chosenEngines[kind]) ?? automatic[kind] ?? chosenEngine(kind);
}

// A turn told which engine heard or spoke: with an automatic choice that may change at any time.
function noteEngine(kind, name) {
  if (!name || engineInUse(kind)?.name === name) return;
  const engine = enginesOf(kind).find((one) => one.name === name);
  if (engine) inUse[kind] = engine;
  noteAutomatic();
  drawEngines();
}

// No message of a turn names the mind as the options do: they are read again whenever models come and go.
function followAutomaticMind() {
  const mind = chosenEngine("llm");
  if (mind && chosenEngines.llm === undefined) inUse.llm = automatic.llm = mind;
}

function noteAutomatic() {
  for (const [kind, engine] of Object.entries(inUse)) {
    if (chosenEngines[kind] === undefined) automatic[kind] = engine;
  }
}

function drawEngines() {
  for (const [kind, id] of Object.entries(engineSelects)) {
    const select = document.getElementById(id);
    const offered = enginesOf(kind).filter((engine) => !wantsModel(engine) || engine.name === chosenEngines[kind]);
    const options = offered.map((engine) => {
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
  const now = chosenEngines[kind] === undefined && automatic[kind];
  if (fixed === "auto") return [new Option(now ? `Automatic: ${now.title}` : "Automatic", AUTOMATIC)];
  return [new Option(`As the server is set: ${engineTitle(kind, fixed)}`, AUTOMATIC), new Option("Automatic", "auto")];
}

function chooseEngine(kind, name) {
  if (name === AUTOMATIC) delete chosenEngines[kind];
  else chosenEngines[kind] = name;
  keepInTab("engines", chosenEngines);
  inUse[kind] = engineToBe(kind);
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

function forgetEngines() {
  chosenEngines = {};
  keepInTab("engines", null);
  drawEngines();
}

export function startEngineChoice() {
  for (const [kind, id] of Object.entries(engineSelects)) {
    document.getElementById(id).addEventListener("change", (event) => chooseEngine(kind, event.target.value));
  }
  onOptions(() => {
    followAutomaticMind();
    drawEngines();
  });
  onListeningChange(drawRemote);
  onMessage("ready", (ready) => {
    inUse = { ...ready.engines };
    for (const kind of Object.keys(engineSelects).filter(isUntold)) inUse[kind] = engineToBe(kind);
    noteAutomatic();
    tellEnginesAgain();
    drawEngines();
  });
  onMessage("error", (error) => {
    if (error.code === "unknown_engine") forgetEngines();
  });
  onMessage("transcript", (message) => {
    if (message.final) noteEngine("stt", message.engine);
  });
  onMessage("audio_stream_start", (message) => noteEngine("tts", message.engine));
}
