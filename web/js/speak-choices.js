// How a text is to be spoken: voice, language, speed, pitch, engine; and where it goes with them.

import { inPlay, previewVoice, stopPreview } from "./voice-preview.js";
import { keep, kept } from "./kept.js";
import {
  chosenEngine, enginesOf, fillVoices, languageName, onOptions, primary, talkOptions, voiceOf, wantsModel,
} from "./options.js";
import { quietTalk } from "./quiet-talk.js";

const FORMATS = {
  mp3: "MP3", opus: "Opus (Ogg)", aac: "AAC", flac: "FLAC, lossless", wav: "WAV, lossless", pcm: "PCM, raw samples",
};
const KEPT = "speak-choices";

const choices = { voice: "", language: "", engine: "", speed: 1, pitch_semitones: 0, instructions: "", format: "mp3", ...kept(KEPT, {}) };
const at = {}; // the view's elements by the name of what they choose

let changeHandler = () => {};

// As the server takes it, without the text.
export function speakChoices() {
  const { voice, language, engine, speed, pitch_semitones, instructions, format } = choices;
  return { voice: voice || null, language: language || null, engine, speed, pitch_semitones, instructions, format };
}

// Brings back what an earlier text was spoken with.
export function useChoices(order) {
  for (const name of Object.keys(choices)) {
    if (order[name] !== undefined) choices[name] = order[name] ?? "";
  }
  draw();
  changed();
}

export function textDestination() {
  const engine = speakingEngine();
  if (!engine) return "";
  if (engine.remote) return `Your text is sent to ${engine.destination || engine.title}, away from this server.`;
  return "Your text stays on the server that runs Syrinx.";
}

// The one that a voice belongs to speaks when no engine was chosen; a mix tells nothing.
function speakingEngine() {
  const name = choices.engine || voiceOf(choices.voice)?.engine;
  return enginesOf("tts").find((engine) => engine.name === name) ?? chosenEngine("tts");
}

function changed() {
  keep(KEPT, choices);
  changeHandler();
}

function draw() {
  drawEngines();
  drawLanguages();
  drawVoices();
  drawFormats();
  at.speed.value = choices.speed;
  at.pitch.value = choices.pitch_semitones;
  at.instructions.value = choices.instructions;
  drawFigures();
}

function drawFigures() {
  at.speedFigure.textContent = `${Number(at.speed.value).toFixed(2)} ×`;
  const pitch = Number(at.pitch.value);
  at.pitchFigure.textContent = pitch === 0 ? "as it is" : `${pitch > 0 ? "+" : "−"}${Math.abs(pitch)} semitone${Math.abs(pitch) === 1 ? "" : "s"}`;
  at.speed.setAttribute("aria-valuetext", `${Number(at.speed.value).toFixed(2)} times`);
  at.pitch.setAttribute("aria-valuetext", at.pitchFigure.textContent.replace("−", "minus "));
}

function drawVoices() {
  fillVoices(at.voice, {
    filter: at.voiceFilter.value, chosen: choices.voice, language: choices.language || talkOptions()?.defaults?.language || "",
    engine: choices.engine,
  });
}

function drawLanguages() {
  const named = (talkOptions()?.languages ?? []).filter((one) => one.speaks)
    .map(({ id }) => ({ id, name: languageName(id) }))
    .sort((one, other) => one.name.localeCompare(other.name));
  at.language.replaceChildren(new Option("That of the voice", ""), ...named.map(({ id, name }) => new Option(name, id)));
  if (choices.language && !named.some(({ id }) => id === choices.language)) {
    at.language.append(new Option(`${languageName(choices.language)} (not on this server)`, choices.language));
  }
  at.language.value = choices.language;
}

function drawEngines() {
  const offered = enginesOf("tts").filter((engine) => !wantsModel(engine) || engine.name === choices.engine);
  const automatic = chosenEngine("tts");
  at.engine.replaceChildren(
    new Option(automatic ? `Automatic: ${automatic.title}` : "Automatic", ""),
    ...offered.map((engine) => {
      const option = new Option(engine.available ? engine.title : `${engine.title}: not available`, engine.name);
      option.disabled = !engine.available;
      return option;
    }),
  );
  at.engine.value = choices.engine;
  if (at.engine.selectedIndex < 0) {
    choices.engine = "";
    at.engine.value = "";
  }
}

function drawFormats() {
  const formats = talkOptions()?.formats ?? Object.keys(FORMATS);
  at.format.replaceChildren(...formats.map((name) => new Option(FORMATS[name] ?? name.toUpperCase(), name)));
  if (!formats.includes(choices.format)) choices.format = formats[0];
  at.format.value = choices.format;
}

// A voice of another language or engine would be refused with it.
function dropMisfit() {
  const voice = voiceOf(choices.voice);
  if (!voice) return;
  const speaks = !choices.language || primary(voice.language) === primary(choices.language);
  if (!speaks || (choices.engine && voice.engine !== choices.engine)) choices.voice = "";
}

function listen() {
  at.voice.addEventListener("change", () => {
    choices.voice = at.voice.value;
    const language = voiceOf(choices.voice)?.language;
    if (language && choices.language && primary(language) !== primary(choices.language)) choices.language = "";
    drawLanguages();
    stopPreview();
    changed();
  });
  at.voiceFilter.addEventListener("input", drawVoices);
  at.language.addEventListener("change", () => {
    choices.language = at.language.value;
    dropMisfit();
    drawVoices();
    changed();
  });
  at.engine.addEventListener("change", () => {
    choices.engine = at.engine.value;
    dropMisfit();
    drawVoices();
    changed();
  });
  at.speed.addEventListener("input", () => {
    choices.speed = Number(at.speed.value);
    drawFigures();
    changed();
  });
  at.pitch.addEventListener("input", () => {
    choices.pitch_semitones = Number(at.pitch.value);
    drawFigures();
    changed();
  });
  at.instructions.addEventListener("input", () => {
    choices.instructions = at.instructions.value;
    changed();
  });
  at.format.addEventListener("change", () => {
    choices.format = at.format.value;
    changed();
  });
  at.preview.addEventListener("click", () => {
    if (inPlay()) stopPreview();
    else hearVoice();
  });
}

function hearVoice() {
  quietTalk();
  previewVoice({ ...speakChoices(), language: choices.language || voiceOf(choices.voice)?.language || null }, drawPreview);
}

function drawPreview({ playing, fault }) {
  at.preview.querySelector("span").textContent = playing ? "Stop" : "Hear this voice";
  at.preview.classList.toggle("busy", playing);
  at.previewProblem.textContent = fault;
  at.previewProblem.hidden = fault === "";
}

// `onChange` is called whenever something was chosen or became known.
export function startSpeakChoices(section, onChange) {
  const find = (name) => section.querySelector(`#speak-${name}`);
  Object.assign(at, {
    voice: find("voice"), voiceFilter: find("voice-filter"), language: find("language"), engine: find("engine"),
    speed: find("speed"), speedFigure: find("speed-figure"), pitch: find("pitch"), pitchFigure: find("pitch-figure"),
    instructions: find("instructions"), format: find("format"), preview: find("preview"), previewProblem: find("preview-problem"),
  });
  changeHandler = onChange;
  section.querySelector(".choices").addEventListener("submit", (event) => event.preventDefault());
  listen();
  draw();
  onOptions(() => {
    draw();
    changeHandler();
  });
}
