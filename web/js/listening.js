// When the microphone is heard: the voice button, and listening that stops and goes on by itself around a reply.
// At audio_stream_start the page stops sending unless the person may interrupt by speaking; at audio_stream_stop it
// begins again, but only if it had stopped by itself. What the person presses in between always wins.

import {
  closeMicrophone, echoCancelled, microphoneOpen, onMicrophoneFrame, onMicrophoneTrouble, openMicrophone,
} from "./audio-capture.js";
import { unlockSound } from "./audio-player.js";
import { keep, kept } from "./kept.js";
import { clearProblem, showProblem } from "./problems.js";
import { connect, connectionPhase, onMessage, send, sendSound } from "./websocket.js";

const MICROPHONE_PROBLEMS = [
  "mic-refused", "mic-none", "mic-busy", "mic-insecure", "mic-lost", "mic-muted", "browser-old",
];
const changeHandlers = [];

let wanted = false; // the person has pressed the button to be heard
let sending = false;
let stoppedAutomatically = false;
let replySounds = false;
let mayInterrupt = kept("barge-in", true);
let bargeInTold = false;
let interruptHandler = () => {};

export function onListeningChange(handler) {
  changeHandlers.push(handler);
}

// Called when pressing the voice button has to end the reply first.
export function onListeningInterrupts(handler) {
  interruptHandler = handler;
}

// {wanted, sending, stoppedAutomatically}
export function listeningState() {
  return { wanted, sending, stoppedAutomatically };
}

export function mayInterruptBySpeaking() {
  return mayInterrupt;
}

export function setMayInterrupt(allowed) {
  mayInterrupt = allowed;
  keep("barge-in", allowed);
  tellBargeIn();
  changed();
}

// True when speech over the reply may be heard: the person wants it and the browser takes the reply out of it.
export function bargeIn() {
  return mayInterrupt && echoCancelled() === true;
}

export function helloBargeIn() {
  bargeInTold = bargeIn();
  return bargeInTold;
}

export async function pressVoiceButton() {
  unlockSound();
  if (wanted && !stoppedAutomatically) {
    stopListening();
    return;
  }
  await startListening();
}

export async function startListening() {
  wanted = true;
  changed();
  if (connectionPhase() === "closed") connect();
  const problem = await openMicrophone();
  if (problem) {
    wanted = false;
    showProblem(problem);
    changed();
    return;
  }
  if (!wanted) {
    closeMicrophone(); // pressed again while the browser was still asking
    return;
  }
  clearProblem(...MICROPHONE_PROBLEMS.filter((name) => name !== "mic-muted"));
  if (replySounds && !bargeIn()) interruptHandler();
  stoppedAutomatically = false;
  sending = true;
  tellBargeIn();
  send({ type: "start_listening" }); // where the talk is not open yet, listenAgain says it
  changed();
}

export function stopListening() {
  const told = wanted;
  wanted = false;
  sending = false;
  stoppedAutomatically = false;
  closeMicrophone();
  if (told) send({ type: "stop_listening" });
  changed();
}

function changed() {
  for (const handler of changeHandlers) handler();
}

function tellBargeIn() {
  if (bargeIn() === bargeInTold || connectionPhase() !== "ready") return;
  bargeInTold = bargeIn();
  send({ type: "set", barge_in: bargeInTold });
}

function listenAgain(ready) {
  replySounds = false;
  stoppedAutomatically = false;
  tellBargeIn();
  if (wanted && microphoneOpen()) {
    sending = true;
    if (!ready.listening) send({ type: "start_listening" });
  } else if (ready.listening && !wanted) {
    send({ type: "stop_listening" });
  }
  changed();
}

export function startListeningRules() {
  onMicrophoneFrame((pcm) => {
    if (sending) sendSound(pcm);
  });
  onMicrophoneTrouble((problem) => {
    if (problem === null) clearProblem("mic-muted");
    else showProblem(problem);
    if (problem === "mic-lost") stopListening();
  });
  onMessage("ready", listenAgain);
  onMessage("audio_stream_start", () => {
    replySounds = true;
    if (sending && !bargeIn()) {
      sending = false;
      stoppedAutomatically = true;
    }
    changed();
  });
  onMessage("audio_stream_stop", () => {
    replySounds = false;
    if (stoppedAutomatically) {
      stoppedAutomatically = false;
      sending = true;
    }
    changed();
  });
}
