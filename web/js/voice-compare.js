// Two voices heard one after the other on the same words.

import { icon } from "./icons.js";
import { fillVoices, talkOptions, voiceOf } from "./options.js";
import { quietTalk } from "./quiet-talk.js";
import { pauseStrips } from "./sound-strip.js";
import { previewVoice, stopPreview } from "./voice-preview.js";

const LABELS = { a: "Hear one", b: "Hear the other" };
const TEXT = "The quick brown fox jumps over the lazy dog, and nobody is surprised.";

let section = null;
let playing = ""; // which of both sounds
let chosen = false; // by the person

function select(which) {
  return section.querySelector(`#compare-${which}`);
}

export function drawCompare() {
  const { voices = [], defaults } = talkOptions() ?? {};
  // The newest two of one's own stand first, since they are what one wants to tell apart.
  const [first = "", second = ""] = chosen ? [select("a").value, select("b").value] : [voices[0]?.id, voices[1]?.id];
  for (const [which, id] of [["a", first], ["b", second]]) {
    fillVoices(select(which), { chosen: id, language: defaults?.language ?? "", none: "Choose a voice" });
  }
}

function hear(which) {
  const voice = select(which).value;
  if (playing === which) {
    stopPreview();
    return;
  }
  if (!voice) {
    say("Choose a voice first.");
    select(which).focus();
    return;
  }
  quietTalk();
  pauseStrips();
  const text = section.querySelector("#compare-text").value.trim();
  previewVoice({ voice, language: voiceOf(voice)?.language ?? null, ...(text && { text }) }, ({ playing: now, fault }) => {
    playing = now ? which : "";
    for (const name of ["a", "b"]) {
      const sounds = playing === name;
      section.querySelector(`[data-compare="${name}"]`).innerHTML = `${icon(sounds ? "stop" : "play")}<span>${sounds ? "Stop" : LABELS[name]}</span>`;
    }
    say(fault);
  });
}

function say(sentence) {
  const problem = section.querySelector("#compare-problem");
  problem.textContent = sentence;
  problem.hidden = sentence === "";
}

export function startCompare(given) {
  section = given;
  section.querySelector("#compare-text").value = TEXT;
  section.querySelector("#compare").addEventListener("submit", (event) => event.preventDefault());
  for (const which of ["a", "b"]) {
    section.querySelector(`[data-compare="${which}"]`).addEventListener("click", () => hear(which));
    select(which).addEventListener("change", () => {
      chosen = true;
    });
  }
  drawCompare();
}
