// When the microphone is heard: the voice button, and listening that stops and goes on by itself around a reply.
// At audio_stream_start the page stops sending unless the person may interrupt by speaking; at audio_stream_stop it
// begins again, but only if it had stopped by itself. What the person presses in between always wins.
// Where the browser's own recognition hears, the same rules hold for it, and no microphone of ours is opened.

import {
  closeMicrophone, echoCancelled, microphoneOpen, onMicrophoneFrame, onMicrophoneTrouble, openMicrophone,
} from "./audio-capture.js";
import { unlockSound } from "./audio-player.js";
import { browserEarOn, hearWithBrowser, stopBrowserHearing, turnBrowserEar } from "./browser-ear.js";
import { keep, kept } from "./kept.js";
import { clearProblem, showProblem } from "./problems.js";
import { connect, connectionPhase, onConnection, onMessage, send, sendSound } from "./websocket.js";

const MICROPHONE_PROBLEMS = [
  "mic-refused", "mic-none", "mic-busy", "mic-insecure", "mic-lost", "mic-muted", "browser-old", "ear-refused",
  "ear-network", "ear-language", "ear-failed",
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

// Ends the reply that sounds or is to come, as the person's own press does.
export function interruptReply() {
  interruptHandler();
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

// True when speech over the reply may be heard: the person wants it and the browser takes the reply out of the sound,
// or, where it gives words, own-words.js takes it out of them.
export function bargeIn() {
  return mayInterrupt && (browserEarOn() || echoCancelled() === true);
}

// Whoever hears is changed for the other at once where one is listening.
export function setBrowserEar(isOn) {
  const wasWanted = wanted;
  if (wasWanted) stopListening();
  turnBrowserEar(isOn);
  if (wasWanted) startListening();
  else changed();
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
  const problem = browserEarOn() ? null : await openMicrophone();
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
  // Where the talk is not open yet, listenAgain says it.
  if (!browserEarOn()) send({ type: "start_listening" });
  changed();
}

export function stopListening() {
  const told = wanted;
  wanted = false;
  sending = false;
  stoppedAutomatically = false;
  closeMicrophone();
  if (told && !browserEarOn()) send({ type: "stop_listening" });
  changed();
}

function changed() {
  followWithBrowserEar();
  for (const handler of changeHandlers) handler();
}

function followWithBrowserEar() {
  if (browserEarOn() && wanted && sending && connectionPhase() === "ready") hearWithBrowser();
  else stopBrowserHearing({ finish: !wanted });
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
  const ours = wanted && !browserEarOn() && microphoneOpen();
  if (ours || (wanted && browserEarOn())) sending = true;
  if (ours && !ready.listening) send({ type: "start_listening" });
  if (ready.listening && (!wanted || browserEarOn())) send({ type: "stop_listening" });
  changed();
}

export function startListeningRules() {
  onMicrophoneFrame((pcm) => {
    if (sending && !browserEarOn()) sendSound(pcm);
  });
  onMicrophoneTrouble((problem) => {
    if (problem === null) clearProblem("mic-muted");
    else showProblem(problem);
    if (problem === "mic-lost") stopListening();
  });
  onMessage("ready", listenAgain);
  onConnection(followWithBrowserEar);
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
