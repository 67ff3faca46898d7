// The microphone: opened with echo cancellation, read as 32 ms frames at 16 kHz, its level and its troubles told.

export const INPUT_HZ = 16_000;

const counters = { frames: 0 };

let context = null;
let stream = null;
let track = null;
let node = null;
let opening = null;
let level = 0;
let frameHandler = () => {};
let troubleHandler = () => {};

// The handler gets each frame as an ArrayBuffer of 512 little-endian 16-bit samples.
export function onMicrophoneFrame(handler) {
  frameHandler = handler;
}

// The handler gets a problem's name (problems.js) when an open microphone stops working, null when it works again.
export function onMicrophoneTrouble(handler) {
  troubleHandler = handler;
}

export function microphoneOpen() {
  return track !== null && track.readyState === "live";
}

// 0 to 1, on a scale of loudness: -60 dB is 0, -6 dB is 1.
export function microphoneLevel() {
  return level;
}

export function captureCounters() {
  return { ...counters, contextHz: context?.sampleRate ?? null, echoCancelled: echoCancelled() };
}

// Null while no microphone is open: only an open one tells.
export function echoCancelled() {
  return microphoneOpen() ? track.getSettings().echoCancellation === true : null;
}

// Resolves to null when the microphone is open, else to the name of the problem.
export function openMicrophone() {
  if (microphoneOpen()) return Promise.resolve(null);
  opening ??= open().finally(() => {
    opening = null;
  });
  return opening;
}

// Lets the device go, so that the browser's own sign of an open microphone goes out.
export function closeMicrophone() {
  if (track) {
    track.removeEventListener("ended", lost);
    track.removeEventListener("mute", muted);
    track.removeEventListener("unmute", unmuted);
    track.stop();
  }
  node?.port.postMessage("close");
  node?.disconnect();
  context?.close();
  stream = track = node = context = null;
  level = 0;
}

async function open() {
  if (!globalThis.isSecureContext || !navigator.mediaDevices) return "mic-insecure";
  if (!globalThis.AudioWorkletNode) return "browser-old";
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
    });
  } catch (refusal) {
    return problemOf(refusal);
  }
  track = stream.getAudioTracks()[0];
  track.addEventListener("ended", lost);
  track.addEventListener("mute", muted);
  track.addEventListener("unmute", unmuted);
  try {
    await listenTo(stream);
  } catch {
    closeMicrophone();
    return "mic-busy";
  }
  if (track?.muted) troubleHandler("mic-muted");
  return null;
}

async function listenTo(source) {
  try {
    await buildGraph(source, { sampleRate: INPUT_HZ });
  } catch {
    // Some browsers refuse a microphone in a context of another rate than its own: the worklet resamples then.
    context?.close();
    await buildGraph(source, {});
  }
}

async function buildGraph(source, options) {
  context = new AudioContext({ latencyHint: "interactive", ...options });
  await context.audioWorklet.addModule(new URL("capture-worklet.js", import.meta.url));
  const microphone = context.createMediaStreamSource(source);
  node = new AudioWorkletNode(context, "syrinx-capture", { numberOfOutputs: 0, channelCount: 1 });
  node.port.onmessage = (event) => {
    const decibels = 20 * Math.log10(event.data.rms + 1e-6);
    level = Math.max(0, Math.min(1, (decibels + 60) / 54));
    counters.frames += 1;
    frameHandler(event.data.pcm);
  };
  microphone.connect(node);
  await context.resume();
}

function problemOf(refusal) {
  switch (refusal.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "mic-refused";
    case "NotFoundError":
    case "OverconstrainedError":
      return "mic-none";
    default:
      return "mic-busy";
  }
}

function lost() {
  closeMicrophone();
  troubleHandler("mic-lost");
}

function muted() {
  level = 0;
  troubleHandler("mic-muted");
}

function unmuted() {
  troubleHandler(null);
}
