// Plays a clip while it still grows: gapless on the audio clock, paused, sought and resumed at any place.

import { clipMs, readSamples } from "./clip.js";

const AHEAD_S = 2;
const PIECE_S = 0.5;
const LEAD_S = 0.06;
const SAFETY_S = 0.012;
const FADE_S = 0.008;
// After running dry so much has to be there before it goes on, or it would stutter.
const REFILL_S = 0.6;
const TICK_MS = 60;
const BLOCKED_AFTER_MS = 500;
const FIRST_GUESS_HZ = 24_000;

const counters = { pieces: 0, underruns: 0 };

let context = null;
let output = null;
let clip = null;
let state = "stopped"; // "stopped", "playing", "waiting" (for more to come), "paused", "blocked" (by the browser) or "ended"
let run = null; // {gain, sources, pieces: [{at, from, frames}], cursor, clockAt, dry}
let restingMs = 0; // the place while nothing sounds
let timer = null;
let changeHandler = () => {};

// The handler is called with the new state.
export function onClipState(handler) {
  changeHandler = handler;
}

export function clipState() {
  return state;
}

// To be called from a press or a key: browsers let a page sound only after one.
export function unlockClipSound() {
  makeContext(context?.sampleRate ?? FIRST_GUESS_HZ);
  if (context.state === "suspended") context.resume();
}

// At the clip's own rate buffers join without being resampled one by one.
function makeContext(rateHz) {
  if (context?.sampleRate === rateHz) return;
  const before = context;
  try {
    context = new AudioContext({ sampleRate: rateHz, latencyHint: "interactive" });
  } catch {
    context = before ?? new AudioContext({ latencyHint: "interactive" });
  }
  if (context === before) return;
  before?.close();
  output = context.createGain();
  output.connect(context.destination);
}

// Takes the place of what was there before and does not sound yet.
export function loadClip(given) {
  halt();
  clip = given;
  restingMs = 0;
  change("stopped");
}

export function playClip() {
  if (!clip || state === "playing" || state === "waiting") return;
  if (state === "ended") restingMs = 0;
  makeContext(clip.rateHz);
  if (context.state === "suspended") context.resume();
  const gain = context.createGain();
  gain.connect(output);
  run = {
    gain, sources: new Set(), pieces: [], cursor: Math.round((restingMs * clip.rateHz) / 1000), clockAt: 0, dry: false,
  };
  clearInterval(timer);
  timer = setInterval(pump, TICK_MS);
  change("playing");
  pump();
  if (context.state !== "running") setTimeout(restWhereBlocked, BLOCKED_AFTER_MS, run);
}

// A browser may want a press for every context anew; the next one on play is such a press.
function restWhereBlocked(owner) {
  if (run !== owner || context.state === "running") return;
  halt();
  change("blocked");
}

export function pauseClip() {
  if (state !== "playing" && state !== "waiting") return;
  restingMs = positionMs();
  halt();
  change("paused");
}

export function stopClip() {
  if (!clip) return;
  halt();
  restingMs = 0;
  change("stopped");
}

// Sounding, it goes on from there.
export function seekClip(ms) {
  if (!clip) return;
  const sounding = state === "playing" || state === "waiting";
  halt();
  restingMs = Math.max(0, Math.min(ms, clipMs(clip)));
  change("paused");
  if (sounding) playClip();
}

// To be called when the clip has grown or is complete.
export function clipGrew() {
  if (run) pump();
}

// How much of the clip has reached the ear.
export function positionMs() {
  if (!run) return restingMs;
  const heard = context.currentTime - (context.outputLatency || context.baseLatency || 0);
  while (run.pieces.length > 1 && run.pieces[1].at <= heard) run.pieces.shift();
  const piece = run.pieces[0];
  if (!piece) return restingMs;
  const frames = Math.max(0, Math.min(piece.frames, (heard - piece.at) * clip.rateHz));
  return (1000 * (piece.from + frames)) / clip.rateHz;
}

function pump() {
  if (!run) return;
  const now = context.currentTime;
  while (run.cursor < clip.frames && run.clockAt < now + AHEAD_S) {
    const ready = (clip.frames - run.cursor) / clip.rateHz;
    if (run.clockAt < now + SAFETY_S) {
      if (run.dry && !clip.complete && ready < REFILL_S) break;
      run.clockAt = now + LEAD_S;
      run.dry = false;
    } else if (!clip.complete && ready < PIECE_S && run.clockAt > now + PIECE_S) {
      break; // there is time to wait for a longer piece
    }
    schedule(Math.min(clip.frames - run.cursor, Math.round(PIECE_S * clip.rateHz)));
  }
  settle(now);
}

function settle(now) {
  const latency = context.outputLatency || context.baseLatency || 0;
  if (clip.complete && run.cursor >= clip.frames) {
    if (now >= run.clockAt + latency) finish();
  } else if (run.clockAt > now) {
    change("playing");
  } else {
    // All that was there has sounded.
    if (run.pieces.length > 0 && !run.dry) {
      counters.underruns += 1;
      run.dry = true;
    }
    change("waiting");
  }
}

function schedule(frames) {
  const buffer = context.createBuffer(1, frames, clip.rateHz);
  readSamples(clip, run.cursor, buffer.getChannelData(0));
  const source = context.createBufferSource();
  const owner = run;
  source.buffer = buffer;
  source.connect(owner.gain);
  source.onended = () => {
    source.disconnect();
    owner.sources.delete(source);
  };
  source.start(run.clockAt);
  run.sources.add(source);
  run.pieces.push({ at: run.clockAt, from: run.cursor, frames });
  run.cursor += frames;
  run.clockAt += frames / clip.rateHz;
  counters.pieces += 1;
}

// Silence within the fade; what was scheduled goes.
function halt() {
  clearInterval(timer);
  if (!run) return;
  const { gain, sources } = run;
  const now = context.currentTime;
  run = null;
  gain.gain.setValueAtTime(1, now);
  gain.gain.linearRampToValueAtTime(0, now + FADE_S);
  for (const source of sources) source.stop(now + FADE_S + 0.004);
}

function finish() {
  clearInterval(timer);
  restingMs = clipMs(clip);
  run = null;
  change("ended");
}

function change(next) {
  if (state === next) return;
  state = next;
  changeHandler(next);
}

// What a measurement may read and attach to; `output` is the node that all of it passes, null before the first sound.
export function clipHook() {
  return { context, output, counters: { ...counters }, state, positionMs: clip ? positionMs() : 0 };
}
