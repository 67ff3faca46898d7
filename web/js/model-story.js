// What there is to tell of a model besides figures: what became of getting it, whether it serves, how fast it is here.

import { engineChosen } from "./engine-choice.js";
import { sizeOf, speedInWords } from "./figures.js";
import { inPageWords } from "./model-words.js";
import { isBest } from "./models.js";
import { engineTitle } from "./options.js";

const DOES = { stt: "Hears you", llm: "Answers", tts: "Speaks" };

// Returns [{words, problem}], one short paragraph each; `part` is how much of it is here while it is not being fetched.
export function storyOf(model, { refusal, checked, checking, offline, part }) {
  const told = [];
  const tell = (words) => told.push({ words, problem: false });
  const warn = (words) => told.push({ words: inPageWords(model, words), problem: true });
  if (refusal) warn(refusal);
  if (model.state === "available") {
    if (model.failure) warn(model.failure.message);
    if (part > 0) tell(`Stopped: ${sizeOf(part, model.size_bytes)} are here and stay for going on.`);
    if (offline) tell("Not fetched while the server stays offline.");
  }
  if (model.state === "damaged") warn(`It is damaged and not used. ${model.problem}`.trim());
  if (model.state === "installed") {
    if (model.problem) warn(untried(model));
    else tell(service(model));
    if (checking) tell("Checking every file.");
    else if (checked?.ok) tell("Verified: every file is as it was published.");
    else if (checked) warn(`Something is wrong with it. ${checked.problems.join(" ")}`);
  }
  return told;
}

function untried(model) {
  return `Installed, but it could not be tried${model.in_use ? "" : " and is not used by itself"}. ${model.problem}`;
}

function service(model) {
  const speed = speedInWords(model.kind, model.ability);
  const measured = speed ? ` Measured here: ${speed}.` : "";
  const chosen = engineChosen(model.kind);
  const other = chosen && chosen !== model.name && chosen !== model.engine;
  if (model.measuring) return "Installed. How fast it is on this machine is being measured.";
  if (other && model.in_use) {
    return `Installed. In Talk, under Voices, you chose ${engineTitle(model.kind, chosen)}, not the automatic choice.${measured}`;
  }
  if (model.ability?.fast_enough === false) {
    return model.in_use
      ? `${DOES[model.kind]} now, but slowly: this machine does not keep up with it.${measured}`
      : `Installed, but too slow here: not used by itself. You can still choose it in Talk, under Voices.${measured}`;
  }
  if (model.in_use) return `${DOES[model.kind]} now.${measured}`;
  if (isBest(model)) return `Installed: used from your next turn, unless you chose another.${measured}`;
  return `Installed. Another one is preferred to it.${measured}`;
}
