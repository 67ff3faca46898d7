// A short piece of sound with its button, waveform and time: fetched when it is first seen, heard one at a time.

import { PEAK_MS } from "./clip.js";
import { clockTime } from "./figures.js";
import { icon } from "./icons.js";
import { decodedPeaks } from "./peaks.js";
import { quietTalk } from "./quiet-talk.js";
import { createWaveform } from "./waveform.js";

let sounding = null; // the audio element that plays

export function pauseStrips() {
  sounding?.pause();
}

// Returns {element, open(), forget()}: `fetchSound()` resolves to a Blob and is called once, when the strip is first seen or
// played; `label` names what is heard. `forget` ends it and lets the sound go.
export function createStrip({ label, fetchSound }) {
  const element = document.createElement("div");
  element.className = "strip";
  element.innerHTML = `<button class="round" type="button">${icon("play")}</button><div class="strip-wave"></div>
    <p class="strip-time figures quiet" aria-hidden="true">0:00</p><p class="inline-problem" role="alert" hidden></p>`;
  const button = element.querySelector("button");
  const time = element.querySelector(".strip-time");
  const problem = element.querySelector(".inline-problem");
  const waveform = createWaveform(element.querySelector(".strip-wave"), { label: `Place in ${label}`, seek });
  let opening = null;
  let audio = null;
  let durationMs = 0;

  function open() {
    opening ??= load().catch((refused) => {
      opening = null;
      if (refused instanceof Error && refused.name !== "NotAllowedError") throw refused;
      say(refused.message ?? "The browser keeps the sound back.");
    });
    return opening;
  }

  async function load() {
    const blob = await fetchSound();
    const own = new Audio();
    audio = own;
    own.onplay = own.onpause = own.onended = () => {
      draw();
      if (!own.paused) requestAnimationFrame(follow);
    };
    own.onerror = () => say("This browser cannot play it.");
    own.onloadedmetadata = () => {
      if (Number.isFinite(own.duration)) durationMs = Math.max(durationMs, 1000 * own.duration);
      draw();
    };
    own.src = URL.createObjectURL(blob);
    const peaks = await decodedPeaks(blob, 0);
    if (peaks) {
      // A recording of the browser's own does not say how long it is: its samples do.
      durationMs = peaks.length * PEAK_MS;
      waveform.show({ peaks, peakCount: peaks.length, peakMs: PEAK_MS, totalMs: durationMs, readyMs: durationMs });
    }
    draw();
  }

  function say(sentence) {
    problem.textContent = sentence;
    problem.hidden = false;
  }

  async function toggle() {
    problem.hidden = true;
    await open();
    if (!audio) return;
    if (!audio.paused) {
      audio.pause();
      return;
    }
    if (sounding !== audio) sounding?.pause();
    quietTalk();
    sounding = audio;
    await audio.play().catch(() => say("The browser keeps the sound back. Press play once more."));
  }

  function seek(ms) {
    if (!audio) return;
    audio.currentTime = ms / 1000;
    draw();
  }

  function follow() {
    draw();
    if (audio && !audio.paused) requestAnimationFrame(follow);
  }

  function draw() {
    const playing = audio !== null && !audio.paused && !audio.ended;
    const atMs = audio ? Math.min(1000 * audio.currentTime, durationMs) : 0;
    const wanted = `${playing ? "Pause" : "Play"} ${label}`;
    if (button.getAttribute("aria-label") !== wanted) {
      button.setAttribute("aria-label", wanted);
      button.innerHTML = icon(playing ? "pause" : "play");
    }
    waveform.show({ positionMs: atMs, totalMs: durationMs, readyMs: audio ? durationMs : 0 });
    time.textContent = atMs > 0 ? `${clockTime(atMs)} / ${clockTime(durationMs)}` : clockTime(durationMs);
  }

  // A long list fetches only what is looked at.
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    open();
  });
  seen.observe(element);
  button.addEventListener("click", toggle);
  draw();

  function forget() {
    seen.disconnect();
    audio?.pause();
    if (audio) URL.revokeObjectURL(audio.src);
    audio = null;
    element.remove();
  }

  return { element, open, forget };
}
