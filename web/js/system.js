// The System view: engines in use and available with what mends a missing one, the server's version, light or dark.

import { keep, kept } from "./kept.js";
import { enginesOf, loadOptions, onOptions, optionsProblem, serverVersion, talkOptions } from "./options.js";
import { currentView, onViewShown } from "./views.js";
import { redrawRing } from "./voice-ring.js";
import { connectionPhase, onConnection, onMessage } from "./websocket.js";

const line = document.getElementById("system-line");
const engines = document.getElementById("engines");
const themeChoice = document.getElementById("theme-choice");
const KINDS = [
  { kind: "stt", title: "Hearing" },
  { kind: "llm", title: "Thinking" },
  { kind: "tts", title: "Speaking" },
];

let protocol = null;

function draw() {
  line.textContent = [
    serverVersion() ? `Syrinx ${serverVersion()}` : "Syrinx",
    protocol ? `protocol ${protocol}` : "",
    connectionPhase() === "ready" ? "connected" : "not connected",
  ].filter(Boolean).join(" · ");
  if (talkOptions() === null) {
    engines.replaceChildren(drawMissingList());
    return;
  }
  engines.replaceChildren(...KINDS.flatMap(({ kind, title }) => drawKind(title, enginesOf(kind))));
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

function drawKind(title, list) {
  const heading = document.createElement("h2");
  const table = document.createElement("ul");
  heading.textContent = title;
  table.className = "engine-list";
  table.append(...list.map(drawEngine));
  return [heading, table];
}

function drawEngine(engine) {
  const item = document.createElement("li");
  const state = engine.chosen ? "in use" : engine.available ? "ready" : "missing";
  item.className = `engine ${state.replace(" ", "-")}`;
  item.innerHTML = `<span class="engine-state"></span><span class="engine-title"></span>
    <span class="engine-place quiet"></span>`;
  item.querySelector(".engine-state").textContent = state;
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
  onOptions(draw);
  onConnection(draw);
  onMessage("ready", (ready) => {
    protocol = ready.protocol;
    draw();
  });
  // What is installed may have changed since the page was opened.
  onViewShown((view) => {
    if (view === "system" && connectionPhase() === "ready") loadOptions();
  });
  if (currentView() === "system") draw();
}
