// The voices of the engines by language, each heard by a press.

import { announce } from "./announcer.js";
import { icon } from "./icons.js";
import { describedVoice, engineTitle, isOwnVoice, languageName, primary, talkOptions } from "./options.js";
import { quietTalk } from "./quiet-talk.js";
import { talkWith } from "./settings.js";
import { pauseStrips } from "./sound-strip.js";
import { previewVoice, stopPreview } from "./voice-preview.js";

const FEW = 12;

let section = null;
let language = "";
let showsAll = false;
let playing = ""; // the id of the voice that sounds

function find(id) {
  return section.querySelector(`#gallery${id}`);
}

function engineVoices() {
  return (talkOptions()?.voices ?? []).filter((voice) => !isOwnVoice(voice.id));
}

export function drawGallery() {
  drawLanguages();
  drawVoices();
}

function drawLanguages() {
  const ids = [...new Set(engineVoices().map((voice) => primary(voice.language)))];
  const named = ids.map((id) => ({ id, name: languageName(id) })).sort((one, other) => one.name.localeCompare(other.name));
  language ||= primary(talkOptions()?.defaults?.language ?? "en");
  if (!ids.includes(language)) language = ids[0] ?? "";
  find("-language").replaceChildren(...named.map(({ id, name }) => new Option(name, id)));
  find("-language").value = language;
}

function drawVoices() {
  const wanted = find("-filter").value.toLowerCase().split(/\s+/u).filter(Boolean);
  const fitting = engineVoices().filter((voice) => {
    const described = `${describedVoice(voice)} ${voice.id} ${voice.gender} ${voice.language} ${engineTitle("tts", voice.engine)}`.toLowerCase();
    return primary(voice.language) === language && wanted.every((word) => described.split(/[^\p{L}\p{N}+-]+/u).some((one) => one.startsWith(word)));
  });
  const shown = showsAll ? fitting : fitting.slice(0, FEW);
  find("").replaceChildren(...shown.map(drawVoice));
  find("-more").hidden = shown.length === fitting.length;
  const words = talkOptions() === null ? "" : fitting.length === 0 ? "No voice fits." : `${fitting.length} ${fitting.length === 1 ? "voice" : "voices"}`;
  if (find("-count").textContent !== words) find("-count").textContent = words;
}

function drawVoice(voice) {
  const item = document.createElement("li");
  item.dataset.voice = voice.id;
  item.innerHTML = `<button class="round" type="button"></button><p><strong dir="auto"></strong><span class="quiet"></span></p>
    <button class="plain" type="button">Talk with it</button>`;
  const [listen, talk] = item.querySelectorAll("button");
  item.querySelector("strong").textContent = describedVoice(voice);
  item.querySelector(".quiet").textContent = [languageName(voice.language), engineTitle("tts", voice.engine)].join(" · ");
  drawButton(listen, voice);
  listen.addEventListener("click", () => hear(voice));
  talk.setAttribute("aria-label", `Talk with ${voice.name}`);
  talk.addEventListener("click", () => {
    talkWith(voice);
    location.hash = "talk";
  });
  return item;
}

function drawButton(button, voice) {
  const sounds = playing === voice.id;
  button.innerHTML = icon(sounds ? "stop" : "play");
  button.setAttribute("aria-label", `${sounds ? "Stop" : "Hear"} ${voice.name}`);
}

function hear(voice) {
  if (playing === voice.id) {
    stopPreview();
    return;
  }
  quietTalk();
  pauseStrips();
  previewVoice({ voice: voice.id, language: voice.language }, ({ playing: now, fault }) => {
    playing = now ? voice.id : "";
    find("-problem").textContent = fault;
    find("-problem").hidden = fault === "";
    for (const item of find("").children) {
      const one = engineVoices().find(({ id }) => id === item.dataset.voice);
      if (one) drawButton(item.querySelector(".round"), one);
    }
  });
}

export function startGallery(given) {
  section = given;
  find("-language").addEventListener("change", () => {
    language = find("-language").value;
    showsAll = false;
    drawVoices();
  });
  find("-filter").addEventListener("input", drawVoices);
  find("-more").addEventListener("click", () => {
    const place = find("").children.length;
    showsAll = true;
    drawVoices();
    find("").children[place]?.querySelector("button").focus();
    announce("All are shown.");
  });
  drawGallery();
}
