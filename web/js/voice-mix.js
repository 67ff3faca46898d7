// A mix of voices, typed: offered where an engine can, checked before the server has to.

import { isMix, mixingEngine, talkOptions } from "./options.js";

const mix = document.getElementById("mix");
const mixText = document.getElementById("mix-text");
const mixProblem = document.getElementById("mix-problem");

// `chosen` is the voice in use.
export function drawMix(chosen) {
  const engine = mixingEngine();
  mix.hidden = engine === null;
  if (engine === null) return;
  const some = talkOptions().voices.filter((one) => one.engine === engine.name).map((one) => one.id);
  mixText.placeholder = some.length > 1 ? `${some[0]}+${some[1]}*0.5` : "";
  if (isMix(chosen)) {
    mixText.value = chosen;
    mix.open = true;
  }
}

function useMix(choose) {
  const text = mixText.value.replace(/\s+/gu, "");
  const fault = faultOfMix(text);
  mixProblem.textContent = fault;
  mixProblem.hidden = fault === "";
  mixText.setAttribute("aria-invalid", String(fault !== ""));
  if (fault === "") choose(text);
}

// What is wrong with a mix as it was typed; empty when nothing is. The server has the last word.
function faultOfMix(text) {
  const known = (talkOptions()?.voices ?? []).filter((voice) => voice.engine === mixingEngine()?.name);
  const parts = text.split("+").map((part) => part.trim());
  if (parts.length < 2) return "Join two voices or more by +.";
  for (const part of parts) {
    const [name, weight, ...more] = part.split("*").map((piece) => piece.trim());
    if (!known.some((voice) => voice.id === name)) {
      return `${name || "Nothing"} is no voice of ${mixingEngine().title}. It has ${known.slice(0, 3).map((voice) => voice.id).join(", ")} and others.`;
    }
    if (more.length > 0 || (weight !== undefined && !/^\d*\.?\d+$/u.test(weight)) || Number(weight) === 0) {
      return `A weight is a number above 0, as in ${name}*0.5.`;
    }
  }
  return "";
}

// `choose` is called with the id of a mix that can be.
export function startVoiceMix(choose) {
  document.getElementById("use-mix").addEventListener("click", () => useMix(choose));
  mixText.addEventListener("keydown", (event) => {
    if (event.key === "Enter") useMix(choose);
  });
}
