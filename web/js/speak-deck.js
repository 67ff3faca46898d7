// The deck under the text: play and pause, the waveform, the time; it follows the sound while it sounds.

import { PEAK_MS, clipMs } from "./clip.js";
import { clipState, loadClip, onClipState, pauseClip, playClip, positionMs, seekClip } from "./clip-player.js";
import { clockTime } from "./figures.js";
import { icon } from "./icons.js";
import { createWaveform } from "./waveform.js";

const SOUNDING = ["playing", "waiting"];

let playButton = null;
let time = null;
let waveform = null;
let clip = null;
let expected = () => 0;
let positionHandler = () => {};
let playHandler = () => {};
let stateHandler = () => {};
let following = false;

// `onPosition(ms)` is called as the sound goes on, with null when nothing is loaded; `onPlay` when play is pressed,
// `onState` when the player's state has changed.
export function startDeck(section, { onPosition, onPlay, onState }) {
  playButton = section.querySelector("#speak-play");
  time = section.querySelector("#speak-time");
  positionHandler = onPosition;
  playHandler = onPlay;
  stateHandler = onState;
  waveform = createWaveform(section.querySelector("#speak-wave"), { label: "Place in the speech", seek });
  playButton.addEventListener("click", togglePlay);
  onClipState(() => {
    drawButton();
    stateHandler();
    follow();
  });
}

// `expectedMs()` is how long the whole is thought to be.
export function putOnDeck(given, expectedMs) {
  clip = given;
  expected = expectedMs;
  loadClip(given);
  drawButton();
  drawDeck();
}

export function clearDeck() {
  clip = null;
  pauseClip();
  playButton.disabled = true;
  time.textContent = "0:00";
  waveform.show({ peakCount: 0, readyMs: 0, totalMs: 0, positionMs: 0 });
  positionHandler(null);
}

export function togglePlay() {
  if (!clip) return;
  if (SOUNDING.includes(clipState())) {
    pauseClip();
  } else {
    playHandler();
    playClip();
  }
}

export function seek(ms) {
  if (!clip) return;
  seekClip(ms);
  drawDeck();
}

// To be called when there is more of the clip than before.
export function drawDeck() {
  if (!clip) return;
  const atMs = positionMs();
  const totalMs = expected();
  waveform.show({ peaks: clip.peaks, peakCount: clip.peakCount, peakMs: PEAK_MS, readyMs: clipMs(clip), totalMs, positionMs: atMs });
  const words = `${clockTime(atMs)} / ${clip.complete ? "" : "≈ "}${clockTime(totalMs)}`;
  if (time.textContent !== words) time.textContent = words;
  positionHandler(clipState() === "stopped" ? null : atMs);
}

function drawButton() {
  const sounding = SOUNDING.includes(clipState());
  playButton.disabled = clip === null;
  playButton.innerHTML = icon(sounding ? "pause" : "play");
  playButton.setAttribute("aria-label", sounding ? "Pause" : "Play");
}

function follow() {
  if (following) return;
  following = true;
  requestAnimationFrame(step);
}

function step() {
  drawDeck();
  following = clip !== null && SOUNDING.includes(clipState());
  if (following) requestAnimationFrame(step);
}
