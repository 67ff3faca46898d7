// One quiet line in Talk when a better ear, voice or mind is a press away, and the word when one has come.

import { announce } from "./announcer.js";
import { engineChosen } from "./engine-choice.js";
import { size } from "./figures.js";
import { keep, kept } from "./kept.js";
import { isBest, modelNamed, onInstalled, onModels } from "./models.js";
import { loadOptions, onOptions, talkOptions } from "./options.js";
import { sayInPassing } from "./problems.js";
import { currentView, onViewShown } from "./views.js";

const line = document.getElementById("better");
const words = document.getElementById("better-words");
const show = document.getElementById("better-show");
const dismiss = document.getElementById("better-dismiss");
const INSTEAD = { stt: "hears you", tts: "speaks", llm: "answers" };
const ORDER = Object.keys(INSTEAD);

let offered = null; // what the line is about
let untold = []; // names of models that came and have not been told of
let before = currentView();

function draw() {
  const dismissed = kept("better-dismissed", []);
  const offers = (talkOptions()?.better ?? []).filter((one) => ORDER.includes(one.kind) && !dismissed.includes(one.model));
  offered = offers.sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind))[0] ?? null;
  line.hidden = offered === null;
  if (offered === null) return;
  words.textContent = `${offered.says} (${size(offered.size_bytes)})`;
  show.href = `#system/${encodeURIComponent(offered.model)}`;
  dismiss.setAttribute("aria-label", `Do not offer ${offered.title} again`);
}

function notAgain() {
  keep("better-dismissed", [...kept("better-dismissed", []), offered.model]);
  draw();
  document.getElementById("voice-button").focus();
}

function arrivalInWords(model) {
  if (model?.state !== "installed") return "";
  if (model.problem) return `${model.title} is here, but could not be tried. Its place in System says why.`;
  if (model.ability?.fast_enough === false) return `${model.title} is here, but too slow on this machine to be used by itself.`;
  const chosen = engineChosen(model.kind);
  if ((chosen && chosen !== model.engine && chosen !== model.name) || !isBest(model)) return `${model.title} is here. You can choose it under Voices.`;
  return `From your next turn on ${model.title} ${INSTEAD[model.kind]}.`;
}

// One that is still being measured waits: nobody knows yet whether it will be used.
function tellArrivals() {
  const known = untold.filter((name) => !modelNamed(name)?.measuring);
  untold = untold.filter((name) => !known.includes(name));
  const sentences = known.map((name) => arrivalInWords(modelNamed(name))).filter(Boolean);
  if (sentences.length > 0) sayInPassing(sentences.join(" "));
}

export function startBetter() {
  dismiss.addEventListener("click", notAgain);
  onOptions(draw);
  onInstalled((model) => {
    untold.push(model.name);
    if (currentView() !== "talk") announce(`${model.title} is installed.`);
  });
  onModels(() => {
    if (currentView() === "talk") tellArrivals();
  });
  onViewShown((view) => {
    if (view === "talk") tellArrivals();
    if (view === "talk" && before === "system") loadOptions();
    before = view;
  });
}
