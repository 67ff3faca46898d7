// One recording being understood by the server: sent, followed as words come, stopped.

import { cancelled, refusal, tokenHeaders, unreached } from "./ask.js";
import { createEventReader, cutOff } from "./event-stream.js";

const READ_EVERY_MS = 150;
// The browser copies all that has come at each look: looking takes this share of the time at most.
const READING_SHARE = 0.05;

// Begins at once. `on` has sent(fraction), begun(run), heard(run) and ended(run): the last one always comes, once, when
// `run.state` is "done", "stopped" or "failed" (then with `run.refused`). A run is
// {file, order, state, sent, begun, heard, done, refused, beganAt, stop()}; `beganAt` is when hearing began, in ms.
export function startHearing(file, order, on) {
  const asked = new XMLHttpRequest(); // fetch does not tell how much of a file has been sent
  const run = {
    file, order, state: "sending", sent: 0, begun: null, heard: null, done: null, refused: null, beganAt: 0,
    stop: () => asked.abort(),
  };
  let read = 0;
  let reading = null; // the timer of the next look
  const feed = createEventReader((name, data) => take(run, name, data, on));

  // Returns how long the look took, in ms.
  function readOn() {
    if (asked.status !== 200) return 0;
    const began = performance.now();
    const text = asked.responseText.slice(read);
    read += text.length;
    const took = performance.now() - began;
    feed(text);
    return took;
  }

  function readSoon() {
    if (reading !== null) return;
    const took = readOn();
    reading = setTimeout(() => {
      reading = null;
      readOn();
    }, Math.max(READ_EVERY_MS, took / READING_SHARE));
  }

  function end(state, refused = null) {
    clearTimeout(reading);
    run.state = state;
    run.refused = refused;
    on.ended(run);
  }

  asked.open("POST", "api/transcripts");
  asked.setRequestHeader("Accept", "text/event-stream");
  for (const [name, value] of Object.entries(tokenHeaders())) asked.setRequestHeader(name, value);
  asked.upload.onprogress = (event) => {
    run.sent = event.lengthComputable ? event.loaded / event.total : run.sent;
    on.sent(run);
  };
  asked.onprogress = readSoon;
  asked.onload = () => {
    readOn();
    if (run.done) end("done");
    else if (run.refused) end("failed", run.refused);
    else if (asked.status === 200) end("failed", cutOff());
    else end("failed", refusal(asked.status, parsed(asked.responseText), asked.getResponseHeader("Retry-After")));
  };
  // The browser tells a cut answer from an unreachable server only by what came before.
  asked.onerror = () => end("failed", run.begun ? cutOff() : unreached());
  asked.onabort = () => end("stopped", cancelled());
  asked.send(formOf(file, order));
  return run;
}

function formOf(file, order) {
  const form = new FormData();
  for (const [name, value] of Object.entries(order)) form.append(name, value);
  form.append("file", file, file.name);
  return form;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function take(run, name, data, on) {
  switch (name) {
    case "begun":
      run.state = "hearing";
      run.begun = data;
      run.beganAt = performance.now();
      on.begun(run);
      break;
    case "heard":
      run.heard = data;
      on.heard(run);
      break;
    case "done":
      run.done = data;
      break;
    case "error":
      run.refused = { ...data, status: 200, waitS: data.retry_after_s ?? 0 };
      break;
  }
}
