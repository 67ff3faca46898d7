// One text being spoken by the server: asked for, followed as it is made, stopped.

import { addPcm, clipMs, completeClip, newClip } from "./clip.js";
import { cutOff, streamEvents } from "./event-stream.js";

// A guess until the first sentence tells better: about 15 characters a second.
const MS_PER_CHARACTER = 66;

// Begins at once. `on` has begun(run), sentence(sentence), words(words), sound(run), ended(run): the last one always
// comes, once, when `run.state` is "done", "stopped" or "failed" (then with `run.refused`). A run is
// {order, state, begun, clip, sentences, words, exact, durationMs, characters, refused, stop()}.
export function startRun(order, on) {
  const controller = new AbortController();
  const run = {
    order, state: "making", begun: null, clip: null, sentences: [], words: [], exact: true, durationMs: 0,
    characters: [...order.text].length, refused: null,
    // Leaving the answer unread ends the work on the server.
    stop: () => controller.abort(),
  };
  const { format, ...body } = order;
  streamEvents("api/speech", { ...body, format }, {
    signal: controller.signal,
    onEvent: (name, data) => take(run, name, data, on),
  }).then(() => {
    if (run.state === "making") throw run.refused ?? cutOff();
  }).catch((refused) => {
    // A fault of the page's own is no refusal: it has to be seen.
    if (refused instanceof Error) reportError(refused);
    run.refused = refused;
    run.state = refused.code === "cancelled" ? "stopped" : "failed";
  }).finally(() => {
    if (run.clip) {
      completeClip(run.clip);
      run.durationMs = clipMs(run.clip);
    }
    on.ended(run);
  });
  return run;
}

function take(run, name, data, on) {
  switch (name) {
    case "begun":
      run.begun = data;
      run.clip = newClip(data.sample_rate);
      on.begun(run);
      break;
    case "sentence":
      run.sentences.push(data);
      on.sentence(data);
      break;
    case "words":
      run.words.push(data);
      run.exact &&= data.exact;
      on.words(data);
      break;
    case "sound":
      addPcm(run.clip, bytesOf(data.pcm));
      on.sound(run);
      break;
    case "done":
      run.state = "done";
      run.durationMs = data.duration_ms;
      break;
    case "error":
      run.refused = { ...data, status: 200, waitS: data.retry_after_s ?? 0 };
      break;
  }
}

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// How long the whole will be, as far as can be told by now.
export function expectedMs(run) {
  if (!run.clip) return 0;
  const readyMs = clipMs(run.clip);
  if (run.state !== "making") return readyMs;
  const last = run.sentences.at(-1);
  const said = last?.start_char ?? 0;
  const perCharacter = said > 40 ? last.at_ms / said : MS_PER_CHARACTER / (run.order.speed || 1);
  return Math.max(readyMs, perCharacter * run.characters);
}

export function countSentences(text, language) {
  try {
    const segmenter = new Intl.Segmenter(language || undefined, { granularity: "sentence" });
    return [...segmenter.segment(text)].filter(({ segment }) => /[\p{L}\p{N}]/u.test(segment)).length;
  } catch {
    return 0; // a browser without it: the number is then not said
  }
}
