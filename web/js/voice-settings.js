// How one's own voice is to speak: pitch, pace and warmth, kept with it and heard at once.

import { icon } from "./icons.js";
import { changeVoice } from "./own-voices.js";
import { asSentence } from "./problems.js";
import { quietTalk } from "./quiet-talk.js";
import { pauseStrips } from "./sound-strip.js";
import { previewVoice, stopPreview } from "./voice-preview.js";

const SLIDERS = [
  { name: "pitch_semitones", title: "Pitch", min: -6, max: 6, step: 0.5, rest: 0, words: (value) => (value === 0 ? "as it is" : `${signed(value)} semitones`) },
  { name: "pace", title: "Pace", min: 0.5, max: 2, step: 0.05, rest: 1, words: (value) => `${value.toFixed(2)} ×` },
  { name: "warmth", title: "Warmth", min: -1, max: 1, step: 0.1, rest: 0, words: (value) => (value === 0 ? "as it is" : signed(value)) },
];

function signed(value) {
  return `${value > 0 ? "+" : "−"}${Math.abs(value)}`;
}

// Returns {element, draw()}; `voice()` is the voice as it is known now.
export function createVoiceSettings(id, voice) {
  const element = document.createElement("details");
  element.className = "further voice-settings";
  element.innerHTML = `<summary>How it speaks</summary>
    ${SLIDERS.map(({ name, title, min, max, step }) => `
      <div class="field" data-slider="${name}"><label for="${name}-${id}">${title} <output for="${name}-${id}"></output></label>
        <input id="${name}-${id}" type="range" min="${min}" max="${max}" step="${step}"></div>`).join("")}
    <div class="row"><button class="plain with-icon listen" type="button">${icon("play")}<span>Listen</span></button>
      <button class="plain rest" type="button">As it was recorded</button></div>
    <p class="quiet">Kept with the voice: it speaks so wherever it is used.</p>
    <p class="inline-problem" role="alert" hidden></p>`;
  const fault = element.querySelector(".inline-problem");
  const listen = element.querySelector(".listen");
  const input = (name) => element.querySelector(`#${name}-${id}`);
  let saving = Promise.resolve(true);
  let playing = false;

  function figures() {
    for (const { name, words } of SLIDERS) {
      const told = words(Number(input(name).value));
      element.querySelector(`[data-slider="${name}"] output`).textContent = told;
      input(name).setAttribute("aria-valuetext", told.replace("−", "minus "));
    }
  }

  function draw() {
    const { settings, voice_match: match } = voice();
    // Only an engine that has learned the voice can make it warmer; pitch and pace can be changed of every sound.
    element.querySelector('[data-slider="warmth"]').hidden = match !== "exact";
    for (const { name } of SLIDERS) {
      if (document.activeElement !== input(name)) input(name).value = settings[name];
    }
    figures();
  }

  function say(sentence) {
    fault.textContent = sentence;
    fault.hidden = sentence === "";
  }

  async function save() {
    const settings = Object.fromEntries(SLIDERS.map(({ name }) => [name, Number(input(name).value)]));
    try {
      await changeVoice(id, { settings });
      say("");
      return true;
    } catch (refused) {
      if (refused instanceof Error) throw refused;
      say(`It is not kept: ${asSentence(refused.message)}`);
      return false;
    }
  }

  // One after another, so that the last one moved is the one that stays.
  function keepSoon() {
    saving = saving.then(save);
  }

  element.addEventListener("input", figures);
  element.addEventListener("change", keepSoon);
  element.querySelector(".rest").addEventListener("click", () => {
    for (const { name, rest } of SLIDERS) input(name).value = rest;
    figures();
    keepSoon();
  });
  listen.addEventListener("click", async () => {
    if (playing) {
      stopPreview();
      return;
    }
    quietTalk();
    pauseStrips();
    if (!(await saving)) return;
    previewVoice({ voice: id, language: voice().language }, ({ playing: now, fault: told }) => {
      playing = now;
      listen.innerHTML = `${icon(now ? "stop" : "play")}<span>${now ? "Stop" : "Listen"}</span>`;
      say(told);
    });
  });
  return { element, draw };
}
