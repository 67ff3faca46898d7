// The recording itself: its waveform, drawn once, and playing it from any place.

import { PEAK_MS } from "./clip.js";
import { clockTime } from "./figures.js";
import { icon } from "./icons.js";
import { decodedPeaks } from "./peaks.js";
import { quietTalk } from "./quiet-talk.js";
import { createWaveform } from "./waveform.js";

const WORD_PEAK = 0.2;

let playButton = null;
let time = null;
let waveform = null;
let audio = null; // null where there is no sound to play
let durationMs = 0;
let following = false;
let loaded = 0; // counts recordings, so that a late answer of an earlier one is dropped
let positionHandler = () => {};
let unplayableHandler = () => {};

// `onPosition(ms)` is called as the sound goes on, `onUnplayable()` where the browser cannot play it.
export function startSound(section, { onPosition, onUnplayable }) {
  playButton = section.querySelector("#listen-play");
  time = section.querySelector("#listen-time");
  positionHandler = onPosition;
  unplayableHandler = onUnplayable;
  waveform = createWaveform(section.querySelector("#listen-wave"), { label: "Place in the recording", seek });
  playButton.addEventListener("click", toggleSound);
}

// `file` is null where the sound is not at hand; the waveform then shows where there are words.
export function loadSound(file, done) {
  unloadSound();
  durationMs = done.duration_ms;
  const own = loaded;
  waveform.show({ ...peaksOfWords(done), peakMs: PEAK_MS, totalMs: durationMs, readyMs: file ? durationMs : 0, positionMs: 0 });
  if (file) {
    open(file);
    decodedPeaks(file, durationMs).then((peaks) => {
      if (own === loaded && peaks) waveform.show({ peaks, peakCount: peaks.length });
    });
  }
  draw();
}

export function unloadSound() {
  loaded += 1;
  if (audio) {
    audio.pause();
    audio.removeAttribute("src");
    URL.revokeObjectURL(audio.address);
  }
  audio = null;
  positionHandler(null);
}

function open(file) {
  const own = new Audio();
  audio = own;
  own.address = URL.createObjectURL(file);
  own.preload = "auto";
  own.onplay = own.onpause = () => {
    draw();
    follow();
  };
  own.onended = draw;
  own.onseeked = draw;
  own.onerror = () => {
    if (audio !== own) return;
    unloadSound();
    draw();
    unplayableHandler();
  };
  own.onloadedmetadata = () => {
    // Recordings of the browser's own do not say how long they are until their end has been looked for.
    if (own.duration === Infinity) {
      own.onseeked = () => {
        own.onseeked = draw;
        own.currentTime = 0;
      };
      own.currentTime = 1e7;
    }
  };
  own.src = own.address;
}

export function toggleSound() {
  if (!audio) return;
  if (!audio.paused) {
    audio.pause();
  } else {
    play();
  }
}

function play() {
  quietTalk();
  audio.play().catch((refusal) => {
    // A pause that comes before the sound is no fault; a file that cannot be read tells by `onerror`.
    if (refusal.name === "NotAllowedError") draw();
  });
}

export function pauseSound() {
  audio?.pause();
}

export function seek(ms) {
  if (!audio) return;
  audio.currentTime = Math.min(ms, durationMs) / 1000;
  draw();
}

// As a press on a word wants it.
export function playFrom(ms) {
  if (!audio) return;
  seek(ms);
  if (audio.paused) play();
}

function draw() {
  const sounding = audio !== null && !audio.paused && !audio.ended;
  const atMs = audio ? Math.min(1000 * audio.currentTime, durationMs) : 0;
  const label = sounding ? "Pause" : "Play";
  playButton.disabled = audio === null;
  if (playButton.getAttribute("aria-label") !== label || playButton.dataset.drawn !== label) {
    playButton.dataset.drawn = label;
    playButton.innerHTML = icon(sounding ? "pause" : "play");
    playButton.setAttribute("aria-label", label);
  }
  waveform.show({ positionMs: atMs, readyMs: audio ? durationMs : 0 });
  const words = `${clockTime(atMs)} / ${clockTime(durationMs)}`;
  if (time.textContent !== words) time.textContent = words;
  positionHandler(audio && (atMs > 0 || sounding) ? atMs : null);
}

function follow() {
  if (following) return;
  following = true;
  requestAnimationFrame(step);
}

function step() {
  draw();
  following = audio !== null && !audio.paused && !audio.ended;
  if (following) requestAnimationFrame(step);
}

function peaksOfWords(done) {
  const peaks = new Float32Array(Math.ceil(done.duration_ms / PEAK_MS));
  for (const { start_ms: from, end_ms: to } of done.words.length > 0 ? done.words : done.segments) {
    peaks.fill(WORD_PEAK, Math.floor(from / PEAK_MS), Math.ceil(to / PEAK_MS));
  }
  return { peaks, peakCount: peaks.length };
}
