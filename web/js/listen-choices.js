// How a recording is to be understood: language, task and ear; and where it goes with them.

import { keep, kept } from "./kept.js";
import { chosenEngine, enginesOf, languageName, onOptions, talkOptions, wantsModel } from "./options.js";

const KEPT = "listen-choices";

const choices = { language: "", task: "transcribe", engine: "", ...kept(KEPT, {}) };

let language = null;
let task = null;
let engine = null;
let changeHandler = () => {};

// {language, task, engine} as the server takes them.
export function listenChoices() {
  return { ...choices };
}

export function soundDestination() {
  const ear = enginesOf("stt").find((one) => one.name === choices.engine) ?? chosenEngine("stt");
  if (!ear) return "";
  if (ear.remote) return `Your recording is sent to ${ear.destination || ear.title}, away from this server.`;
  return "Your recording stays on the server that runs Syrinx.";
}

function draw() {
  const named = (talkOptions()?.languages ?? []).filter((one) => one.hears)
    .map(({ id }) => ({ id, name: languageName(id) }))
    .sort((one, other) => one.name.localeCompare(other.name));
  language.replaceChildren(new Option("Found out, where the ear can", ""), ...named.map(({ id, name }) => new Option(name, id)));
  if (!named.some(({ id }) => id === choices.language)) choices.language = "";
  language.value = choices.language;

  const automatic = chosenEngine("stt");
  const offered = enginesOf("stt").filter((one) => !wantsModel(one));
  engine.replaceChildren(
    new Option(automatic ? `Automatic: ${automatic.title}` : "Automatic", ""),
    ...offered.map((one) => {
      const option = new Option(one.available ? one.title : `${one.title}: not available`, one.name);
      option.disabled = !one.available;
      return option;
    }),
  );
  if (!offered.some((one) => one.name === choices.engine)) choices.engine = "";
  engine.value = choices.engine;
  for (const input of task.querySelectorAll("input")) input.checked = input.value === choices.task;
}

function choose(name, value) {
  choices[name] = value;
  keep(KEPT, choices);
  changeHandler();
}

// `onChange` is called whenever something was chosen or became known.
export function startListenChoices(section, onChange) {
  language = section.querySelector("#listen-language");
  task = section.querySelector("#listen-task");
  engine = section.querySelector("#listen-engine");
  changeHandler = onChange;
  section.querySelector(".choices").addEventListener("submit", (event) => event.preventDefault());
  language.addEventListener("change", () => choose("language", language.value));
  task.addEventListener("change", (event) => choose("task", event.target.value));
  engine.addEventListener("change", () => choose("engine", engine.value));
  draw();
  onOptions(() => {
    draw();
    changeHandler();
  });
}
