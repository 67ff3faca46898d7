// One quiet line in Talk when a better ear, voice or mind is a press away, and the word when one has come.

import { announce } from "./announcer.js";
import { engineChosen } from "./engine-choice.js";
import { size } from "./figures.js";
import { keep, kept } from "./kept.js";
import { isBest, modelsAnswer, onInstalled } from "./models.js";
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
let untold = []; // models that came while another view was shown
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

function arrivalInWords(installed) {
  // What was measured meanwhile counts.
  const model = modelsAnswer()?.models.find((one) => one.name === installed.name) ?? installed;
  if (model.state !== "installed") return "";
  if (model.ability?.fast_enough === false) return `${model.title} is here, but too slow on this machine to be used by itself.`;
  const chosen = engineChosen(model.kind);
  if ((chosen && chosen !== model.engine && chosen !== model.name) || !isBest(model)) return `${model.title} is here. You can choose it under Voices.`;
  return `From your next turn on ${model.title} ${INSTEAD[model.kind]}.`;
}

function tellArrivals() {
  const sentences = untold.map(arrivalInWords).filter(Boolean);
  untold = [];
  if (sentences.length > 0) sayInPassing(sentences.join(" "));
}

export function startBetter() {
  dismiss.addEventListener("click", notAgain);
  onOptions(draw);
  onInstalled((model) => {
    untold.push(model);
    if (currentView() === "talk") {
      tellArrivals();
      loadOptions();
    } else {
      announce(`${model.title} is installed.`);
    }
  });
  onViewShown((view) => {
    if (view === "talk") tellArrivals();
    if (view === "talk" && before === "system") loadOptions();
    before = view;
  });
}
