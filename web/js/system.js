// The System view: what hears, speaks and thinks, the models to be had for it, the server's version, light or dark.

import { size } from "./figures.js";
import { keep, kept } from "./kept.js";
import { createCard } from "./model-card.js";
import { loadModels, modelsAnswer, modelsProblem, onModels } from "./models.js";
import { enginesOf, loadOptions, onOptions, optionsProblem, serverVersion, talkOptions, wantsModel } from "./options.js";
import { currentDetail, currentView, onViewShown } from "./views.js";
import { redrawRing } from "./voice-ring.js";
import { connectionPhase, onConnection, onMessage } from "./websocket.js";

const line = document.getElementById("system-line");
const modelsLine = document.getElementById("models-line");
const kinds = document.getElementById("engines");
const themeChoice = document.getElementById("theme-choice");
const KINDS = [
  { kind: "stt", title: "Hearing", models: "Models that hear" },
  { kind: "tts", title: "Speaking", models: "Models that speak" },
  { kind: "llm", title: "Thinking", models: "Models that think" },
];
// Of those that nothing speaks for, so many are shown; the rest is a press away.
const FEW = 2;

const cards = new Map(); // by the model's name
const sections = new Map(); // by kind: {element, engines, models, list, more}
const shown = new Set(); // names of the models that are on the page; none leaves it while one looks
const opened = new Set(); // kinds of which all models are shown

let protocol = null;
let order = new Map(); // name: place; kept while one looks, so that nothing moves under a finger
let pointedAt = ""; // the model that the address names and that has not been opened yet
let nowhere = ""; // what the address names and is no model here

function draw() {
  line.textContent = [
    serverVersion() ? `Syrinx ${serverVersion()}` : "Syrinx",
    protocol ? `protocol ${protocol}` : "",
    connectionPhase() === "ready" ? "connected" : "not connected",
  ].filter(Boolean).join(" · ");
  if (talkOptions() === null) {
    kinds.replaceChildren(drawMissingList());
    return;
  }
  if (!sections.get("stt").element.isConnected) {
    kinds.replaceChildren(...KINDS.map(({ kind }) => sections.get(kind).element));
    drawModels();
  }
  drawEngines();
}

// A model that is installed is an engine of its own, of which its card below tells more; and an engine that only wants
// for a model has nothing to tell beside the models that it could have.
function drawEngines() {
  for (const { kind } of KINDS) {
    const cardsOf = new Set(modelsOf(kind).filter((model) => model.state === "installed").map((model) => model.name));
    const engines = enginesOf(kind).filter(
      (engine) => !cardsOf.has(engine.name) && !(wantsModel(engine) && modelsAnswer() !== null),
    );
    const section = sections.get(kind);
    // Drawn only when something else is to be shown: a command that is being selected to copy it stays selected.
    const seen = JSON.stringify(engines);
    if (seen === section.drawn) continue;
    section.drawn = seen;
    section.engines.replaceChildren(...engines.map(drawEngine));
  }
}

function drawMissingList() {
  const paragraph = document.createElement("p");
  const again = document.createElement("button");
  paragraph.className = "inline-problem";
  paragraph.textContent = optionsProblem() === null
    ? "Asking the server what it has."
    : "The server did not say what it has: nothing can be shown here. ";
  again.type = "button";
  again.className = "plain";
  again.textContent = "Ask again";
  again.addEventListener("click", loadOptions);
  if (optionsProblem() !== null) paragraph.append(again);
  return paragraph;
}

function drawSection({ kind, title, models }) {
  const element = document.createElement("section");
  element.setAttribute("aria-labelledby", `kind-${kind}`);
  element.innerHTML = `<h2 id="kind-${kind}">${title}</h2><ul class="engine-list"></ul>
    <div class="models" hidden><h3>${models}</h3><ul></ul><button class="plain more" type="button"></button></div>`;
  const more = element.querySelector(".more");
  more.addEventListener("click", () => {
    if (opened.has(kind)) {
      showFewer(kind);
      return;
    }
    opened.add(kind);
    const firstHidden = modelsOf(kind).find((model) => !shown.has(model.name));
    drawModels();
    cards.get(firstHidden?.name)?.element.querySelector(".model-title").focus();
  });
  sections.set(kind, {
    element, engines: element.querySelector(".engine-list"), models: element.querySelector(".models"),
    list: element.querySelector(".models ul"), more, drawn: "",
  });
}

function drawEngine(engine) {
  const item = document.createElement("li");
  const state = engine.chosen ? "in use" : engine.available ? "ready" : "missing";
  item.className = `engine ${state.replace(" ", "-")}`;
  item.innerHTML = `<span class="engine-state"></span><span class="engine-title"></span>
    <span class="engine-place quiet"></span>`;
  item.querySelector(".engine-state").textContent = state;
  item.querySelector(".engine-state").dataset.mark = state.replace(" ", "-");
  item.querySelector(".engine-title").textContent = engine.title;
  item.querySelector(".engine-place").textContent = engine.remote ? "elsewhere: data leaves this server" : "on this server";
  if (!engine.available && engine.reason) item.append(textElement("p", "engine-reason", engine.reason));
  if (!engine.available && engine.remedy) item.append(textElement("code", "engine-remedy", engine.remedy));
  return item;
}

function textElement(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

function modelsOf(kind) {
  return (modelsAnswer()?.models ?? [])
    .filter((model) => model.kind === kind)
    .sort((one, other) => order.get(one.name) - order.get(other.name));
}

// What is here first, then what is recommended, then the others, those nearest to it in what they ask of a machine.
function putInOrder() {
  const { models } = modelsAnswer();
  const rank = (model) => (model.state !== "available" || model.partial_bytes > 0 ? 0 : model.recommended ? 1 : 2);
  const wanted = new Map(models.filter((model) => model.recommended).map((model) => [model.kind, model.preference]));
  const away = (model) => Math.abs(model.preference - (wanted.get(model.kind) ?? 0));
  const inOrder = [...models].sort(
    (one, other) => rank(one) - rank(other) || away(one) - away(other) || other.preference - one.preference,
  );
  order = new Map(inOrder.map((model, place) => [model.name, place]));
  shown.clear();
}

function speaksForItself(model) {
  return model.state !== "available" || model.partial_bytes > 0 || model.failure || model.recommended || model.name === pointedAt;
}

function drawModels() {
  const answer = modelsAnswer();
  modelsLine.hidden = answer === null && modelsProblem() === "";
  modelsLine.classList.toggle("inline-problem", modelsProblem() !== "");
  const unknown = nowhere ? `There is no model called ${nowhere} here. ` : "";
  modelsLine.textContent = modelsProblem() || (answer ? unknown + placeInWords(answer) : "");
  if (answer === null) return;
  if (answer.models.some((model) => !order.has(model.name))) putInOrder();
  for (const { kind } of KINDS) drawModelsOf(kind);
  drawEngines();
  if (pointedAt && sections.get("stt").element.isConnected) openPointedAt();
}

function drawModelsOf(kind) {
  const { models, list, more } = sections.get(kind);
  const all = modelsOf(kind);
  for (const model of all) {
    if (opened.has(kind) || speaksForItself(model)) shown.add(model.name);
  }
  for (const model of all) {
    if (all.filter((one) => shown.has(one.name)).length >= FEW) break;
    shown.add(model.name);
  }
  const visible = all.filter((model) => shown.has(model.name));
  visible.forEach((model, place) => {
    if (!cards.has(model.name)) cards.set(model.name, createCard());
    const { element, update } = cards.get(model.name);
    update(model);
    if (list.children[place] !== element) list.insertBefore(element, list.children[place] ?? null);
  });
  while (list.children.length > visible.length) list.lastChild.remove();
  const left = all.length - visible.length;
  models.hidden = all.length === 0;
  more.hidden = left === 0 && !opened.has(kind);
  more.textContent = opened.has(kind) ? "Show fewer" : `Show ${left} more`;
}

function showFewer(kind) {
  opened.delete(kind);
  for (const model of modelsOf(kind)) shown.delete(model.name);
  drawModels();
  sections.get(kind).more.scrollIntoView({ block: "nearest" });
}

function placeInWords({ folder, free_bytes: free, offline }) {
  const room = Number.isFinite(free) ? `, where ${size(free)} are free` : "";
  return offline
    ? `The server is set to stay offline: no model can be fetched, those that are here work. They are kept in ${folder}.`
    : `Models are kept in ${folder}${room}. None is fetched unless you ask for it.`;
}

function openPointedAt() {
  const card = cards.get(pointedAt);
  if (!card) nowhere = pointedAt;
  pointedAt = "";
  if (card) card.open();
  else drawModels();
}

function showSystem() {
  pointedAt = currentDetail();
  nowhere = "";
  for (const card of cards.values()) card.element.classList.remove("pointed-at");
  order = new Map();
  drawModels();
  // What is installed may have changed since the page was opened.
  if (connectionPhase() === "ready") loadOptions();
}

function chooseTheme(choice) {
  if (choice === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  keep("theme", choice === "system" ? null : choice);
  redrawRing();
}

export function startSystem() {
  const theme = kept("theme") ?? "system";
  for (const radio of themeChoice.querySelectorAll("input")) radio.checked = radio.value === theme;
  themeChoice.addEventListener("change", (event) => chooseTheme(event.target.value));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawRing);
  KINDS.forEach(drawSection);
  onOptions(draw);
  onModels(drawModels);
  onConnection(draw);
  onMessage("ready", (ready) => {
    protocol = ready.protocol;
    draw();
    if (currentView() === "system") loadModels();
  });
  onViewShown((view) => {
    if (view === "system") showSystem();
  });
  if (currentView() === "system") {
    draw();
    showSystem();
  }
}
