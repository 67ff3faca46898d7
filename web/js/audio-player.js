// Plays a reply's sound: PCM scheduled gaplessly ahead on the audio clock, held, resumed or thrown away at a word.

import { send } from "./websocket.js";

const CONTEXT_HZ = 24_000;
const JITTER_LEAST_MS = 80;
const JITTER_MOST_MS = 400;
const REPORT_EVERY_MS = 200;
const FADE_MS = 8;
// The audio thread runs ahead of the clock that the page sees: a chunk nearer than this may come too late.
const SAFETY_MS = 12;
const AT_BOUNDARY_MS = 40;

const counters = { chunks: 0, staleChunks: 0, underruns: 0, waits: 0, flushes: 0, holds: 0, reports: 0, lastFlushMs: 0 };

let context = null;
let output = null;
let analyser = null;
let analysed = null;
let stream = null; // the turn that sounds: see beginStream
let jitterMs = JITTER_LEAST_MS;
let reportTimer = null;
let holdTimer = null;
let endTimer = null;
let blockedHandler = () => {};

// The handler is called when the browser keeps sound back until the person presses something.
export function onSoundBlocked(handler) {
  blockedHandler = handler;
}

// To be called from a press or a key: browsers let a page sound only after one.
export function unlockSound() {
  makeContext();
  if (context.state === "suspended" && !stream?.held) context.resume();
}

export function soundBlocked() {
  return context === null || (context.state !== "running" && !stream?.held);
}

function makeContext() {
  if (context) return;
  try {
    context = new AudioContext({ sampleRate: CONTEXT_HZ, latencyHint: "interactive" });
  } catch {
    // A browser that knows only its device's rate resamples every buffer itself.
    context = new AudioContext({ latencyHint: "interactive" });
  }
  output = context.createGain();
  analyser = context.createAnalyser();
  analyser.fftSize = 512;
  analysed = new Float32Array(analyser.fftSize);
  output.connect(analyser);
  output.connect(context.destination);
}

export function beginStream(turn, rateHz) {
  makeContext();
  if (stream) flush();
  const gain = context.createGain();
  gain.connect(output);
  stream = {
    turn, rateHz, gain, held: false, complete: false, reported: false,
    pieces: [], // {at, frames, offset}: `frames` from `offset` of the turn sound from frame `at` of the clock
    boundaries: [], // where sentences begin, in ms of the turn
    sources: new Set(), receivedFrames: 0, nextFrame: 0, underruns: 0, durationMs: 0,
  };
  if (context.state !== "running") {
    context.resume();
    setTimeout(() => {
      if (soundBlocked()) blockedHandler();
    }, 300);
  }
  clearInterval(reportTimer);
  reportTimer = setInterval(report, REPORT_EVERY_MS);
}

export function acceptSound(pcm) {
  if (!stream || stream.complete) {
    counters.staleChunks += 1;
    return;
  }
  const samples = new Int16Array(pcm, 0, Math.floor(pcm.byteLength / 2));
  if (samples.length === 0) return;
  const buffer = context.createBuffer(1, samples.length, stream.rateHz);
  const channel = buffer.getChannelData(0);
  for (let i = 0; i < samples.length; i += 1) channel[i] = samples[i] / 32768;
  makeRoom(samples.length);
  const source = context.createBufferSource();
  const owner = stream;
  source.buffer = buffer;
  source.connect(owner.gain);
  source.onended = () => {
    source.disconnect();
    owner.sources.delete(source);
    if (owner === stream && owner.complete && owner.sources.size === 0) finishSoon();
  };
  source.start(stream.nextFrame / stream.rateHz);
  stream.sources.add(source);
  stream.pieces.push({ at: stream.nextFrame, frames: samples.length, offset: stream.receivedFrames });
  stream.nextFrame += samples.length;
  stream.receivedFrames += samples.length;
  counters.chunks += 1;
}

// Puts `nextFrame` far enough ahead when what was scheduled has run out, or nothing has been yet.
function makeRoom(frames) {
  const now = Math.ceil(context.currentTime * stream.rateHz);
  if (stream.receivedFrames > 0 && stream.nextFrame >= now + inFrames(SAFETY_MS)) return;
  let leadMs = jitterMs;
  if (stream.receivedFrames === 0) {
    // A long first chunk is a buffer in itself; waiting on top of it would only delay the answer.
    leadMs = Math.max(20, jitterMs - inMs(frames));
  } else if (stream.boundaries.some((ms) => Math.abs(ms - inMs(stream.receivedFrames)) < AT_BOUNDARY_MS)) {
    counters.waits += 1;
    leadMs = JITTER_LEAST_MS;
  } else {
    counters.underruns += 1;
    stream.underruns += 1;
    jitterMs = Math.min(JITTER_MOST_MS, jitterMs * 1.5);
    leadMs = jitterMs;
  }
  stream.nextFrame = Math.max(stream.nextFrame, now + inFrames(leadMs));
}

export function noteSentence(turn, atMs) {
  if (stream?.turn === turn) stream.boundaries.push(atMs);
}

export function allSent(turn, durationMs) {
  if (stream?.turn !== turn) return;
  stream.complete = true;
  stream.durationMs = durationMs;
  if (stream.sources.size === 0) finishSoon();
}

// How much of the turn's sound has reached the ear, in ms; null when that turn has no sound here.
export function playedMs(turn) {
  if (!stream || stream.turn !== turn) return null;
  const latency = context.outputLatency || context.baseLatency || 0;
  const heard = (context.currentTime - latency) * stream.rateHz;
  let played = 0;
  while (stream.pieces.length > 1 && stream.pieces[1].at <= heard) stream.pieces.shift();
  const piece = stream.pieces[0];
  if (piece) played = piece.offset + Math.max(0, Math.min(piece.frames, heard - piece.at));
  return inMs(played);
}

export function soundingTurn() {
  return stream?.turn ?? null;
}

// 0 to 1, as microphoneLevel.
export function outputLevel() {
  if (!stream || stream.held) return 0;
  analyser.getFloatTimeDomainData(analysed);
  let squares = 0;
  for (const sample of analysed) squares += sample * sample;
  return Math.max(0, Math.min(1, (20 * Math.log10(Math.sqrt(squares / analysed.length) + 1e-6) + 50) / 44));
}

// Silence within the fade, the place kept: the audio clock itself stands still.
export function hold(turn) {
  if (stream?.turn !== turn || stream.held) return;
  stream.held = true;
  counters.holds += 1;
  fadeTo(stream.gain, 0);
  holdTimer = setTimeout(() => context.suspend(), FADE_MS + 4);
  report();
}

export function resume(turn) {
  if (stream?.turn !== turn || !stream.held) return;
  clearTimeout(holdTimer);
  stream.held = false;
  context.resume();
  fadeTo(stream.gain, 1);
}

// Throws away what has not sounded yet. Returns how much had, in ms.
export function flush() {
  if (!stream) return 0;
  const began = performance.now();
  const dropped = stream;
  const played = playedMs(dropped.turn);
  clearTimeout(holdTimer);
  clearTimeout(endTimer);
  clearInterval(reportTimer);
  stream = null;
  counters.flushes += 1;
  if (dropped.held) {
    dropped.gain.disconnect();
    for (const source of dropped.sources) source.stop();
    context.resume();
  } else {
    fadeTo(dropped.gain, 0);
    for (const source of dropped.sources) source.stop(context.currentTime + (FADE_MS + 4) / 1000);
  }
  counters.lastFlushMs = performance.now() - began;
  return played;
}

// The server says that the turn's sound is over, played to its end.
export function endStream(turn) {
  if (stream?.turn !== turn) return;
  clearInterval(reportTimer);
  clearTimeout(endTimer);
  if (stream.underruns === 0) jitterMs = Math.max(JITTER_LEAST_MS, jitterMs * 0.9);
  stream = null;
}

function fadeTo(gain, value) {
  const now = context.currentTime;
  gain.gain.cancelScheduledValues(now);
  gain.gain.setValueAtTime(gain.gain.value, now);
  gain.gain.linearRampToValueAtTime(value, now + FADE_MS / 1000);
}

function finishSoon() {
  const latencyMs = 1000 * (context.outputLatency || context.baseLatency || 0);
  clearTimeout(endTimer);
  endTimer = setTimeout(finish, latencyMs);
}

function finish() {
  if (!stream || !stream.complete || stream.reported) return;
  stream.reported = true;
  clearInterval(reportTimer);
  counters.reports += 1;
  send({ type: "playback", turn: stream.turn, played_ms: stream.durationMs });
}

function report() {
  if (!stream || stream.reported || stream.receivedFrames === 0) return;
  if (context.state !== "running" && !stream.held) return;
  counters.reports += 1;
  send({ type: "playback", turn: stream.turn, played_ms: Math.round(10 * playedMs(stream.turn)) / 10 });
}

function inMs(frames) {
  return (1000 * frames) / stream.rateHz;
}

function inFrames(ms) {
  return Math.ceil((ms * stream.rateHz) / 1000);
}

// What a measurement may read and attach to: `output` is the node that all sound passes. Documented in web/README.md.
export function playerHook() {
  return Object.freeze({
    get counters() { return { ...counters, jitterMs }; },
    get context() { return context; },
    get output() { return output; },
    get turn() { return soundingTurn(); },
    get playedMs() { return stream ? playedMs(stream.turn) : null; },
    get held() { return stream?.held ?? false; },
  });
}
