// A recording made in the browser: the microphone, its level as bars that wander, and the file at the end.

const KINDS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const ENDINGS = { "audio/webm": "webm", "audio/ogg": "ogg", "audio/mp4": "m4a" };
const BAR_MS = 60;
const SILENT_LEVEL = 0.04;
const SILENT_AFTER_MS = 3000;
const REFUSALS = {
  insecure: { what: "This address is not secure, so the browser keeps the microphone shut.", means: "Open the page by https, or on the server's own machine as localhost. Choosing a file works here too.", press: "" },
  refused: { what: "The microphone is not allowed here.", means: "Allow it for this page, in the browser's address bar, or choose a file.", press: "Try again" },
  none: { what: "No microphone was found.", means: "Plug one in, or choose a file.", press: "Look again" },
  busy: { what: "The microphone does not start.", means: "Another program may be holding it. Close that one, or choose a file.", press: "Try again" },
  old: { what: "This browser cannot record.", means: "Record with another program and choose the file.", press: "" },
};

let recorder = null;
let stream = null;
let context = null;
let analyser = null;
let samples = null;
let levels = [];
let beganAt = 0;
let loudAt = 0;
let ticking = null;
let keepIt = true;
let asking = null; // the press for which the browser asks whether the microphone may be heard

// Resolves to a problem for a problem card, or to null. `onStart` is called when it records, unless it was stopped while the
// browser was asking; `canvas` shows the level; `onTick({ms, silent})` is called as time goes on, `onDone(file)` once,
// with null when it was thrown away.
export async function startRecording({ canvas, onStart, onTick, onDone }) {
  if (asking || recorder) return null;
  if (!globalThis.isSecureContext || !navigator.mediaDevices) return REFUSALS.insecure;
  if (!globalThis.MediaRecorder) return REFUSALS.old;
  const own = {};
  asking = own;
  let opened;
  try {
    opened = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false } });
  } catch (failure) {
    if (asking !== own) return null;
    asking = null;
    return refusalOf(failure);
  }
  if (asking !== own) {
    for (const track of opened.getTracks()) track.stop();
    return null;
  }
  asking = null;
  stream = opened;
  const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
  const pieces = [];
  keepIt = true;
  try {
    recorder = new MediaRecorder(stream, mimeType ? { mimeType } : {});
    context = new AudioContext();
    analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    samples = new Float32Array(analyser.fftSize);
    context.createMediaStreamSource(stream).connect(analyser);
    recorder.ondataavailable = (event) => pieces.push(event.data);
    recorder.onstop = () => {
      const { mimeType: kind } = recorder;
      letGo();
      onDone(keepIt ? new File(pieces, nameOf(kind), { type: kind }) : null);
    };
    // A microphone that is pulled out ends the track: what was recorded by then is kept.
    stream.getAudioTracks()[0].onended = () => stopRecording();
    recorder.start(1000);
  } catch {
    letGo();
    return REFUSALS.busy;
  }
  beganAt = loudAt = performance.now();
  levels = [];
  ticking = setInterval(() => tick(canvas, onTick), BAR_MS);
  onStart();
  return null;
}

// "asking" (the browser whether it may), "recording" or "idle"
export function recorderState() {
  return asking ? "asking" : recorder ? "recording" : "idle";
}

export function stopRecording({ keep = true } = {}) {
  asking = null;
  if (!recorder || recorder.state === "inactive") return;
  keepIt = keep;
  recorder.stop();
}

function letGo() {
  clearInterval(ticking);
  for (const track of stream?.getTracks() ?? []) track.stop();
  context?.close();
  recorder = stream = context = analyser = null;
}

function refusalOf(failure) {
  if (["NotAllowedError", "SecurityError"].includes(failure.name)) return REFUSALS.refused;
  if (["NotFoundError", "OverconstrainedError"].includes(failure.name)) return REFUSALS.none;
  return REFUSALS.busy;
}

function nameOf(kind) {
  const time = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }).replace(":", ".");
  return `Recording ${time}.${ENDINGS[kind.split(";")[0]] ?? "webm"}`;
}

function tick(canvas, onTick) {
  analyser.getFloatTimeDomainData(samples);
  const peak = samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  const now = performance.now();
  if (peak > SILENT_LEVEL) loudAt = now;
  levels.push(peak);
  drawLevels(canvas);
  onTick({ ms: now - beganAt, silent: now - loudAt > SILENT_AFTER_MS });
}

function drawLevels(canvas) {
  const sharpness = devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = Math.round(width * sharpness);
  canvas.height = Math.round(height * sharpness);
  const brush = canvas.getContext("2d");
  const bars = Math.floor(width / 5);
  levels = levels.slice(-bars);
  brush.scale(sharpness, sharpness);
  brush.fillStyle = getComputedStyle(canvas).color;
  for (let bar = 0; bar < bars; bar += 1) {
    const level = levels[levels.length - bars + bar] ?? 0;
    const tall = Math.max(3, height * Math.min(1, level ** 0.6));
    brush.beginPath();
    brush.roundRect(bar * 5, (height - tall) / 2, 3, tall, 1.5);
    brush.fill();
  }
}
