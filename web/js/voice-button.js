// The voice button, the ring and the words under it: what is going on, told by shape and word.

import { announce, announceState } from "./announcer.js";
import { microphoneLevel } from "./audio-capture.js";
import { outputLevel } from "./audio-player.js";
import { browserEarOn } from "./browser-ear.js";
import { colourOf, nextSpeaker } from "./characters.js";
import { listeningState, onListeningChange, pressVoiceButton } from "./listening.js";
import { startRing, wakeRing } from "./voice-ring.js";
import { connectionPhase, onConnection } from "./websocket.js";

const REPLYING = ["speaking", "thinking", "held"];

const button = document.getElementById("voice-button");
const icon = document.getElementById("voice-icon");
const label = document.getElementById("voice-label");
const words = document.getElementById("state-words");
const interruptButton = document.getElementById("interrupt");
const levelButton = document.getElementById("say-level");

let state = "idle"; // the server's word
let speaker = null; // who sounds now
let held = false;
let hearing = false; // the browser's own recognition hears words

export function setTalkState(next) {
  state = next;
  draw();
}

// Null when nothing sounds.
export function setSounding(name) {
  speaker = name;
  held = false;
  draw();
}

export function setHeld(isHeld) {
  held = isHeld;
  draw();
}

export function setHearing(isHearing) {
  if (hearing === isHearing) return;
  hearing = isHearing;
  draw();
}

function appearance() {
  const { wanted, stoppedAutomatically } = listeningState();
  const phase = connectionPhase();
  if (phase === "connecting") return { name: "away", words: "Connecting", icon: "icon-wait" };
  if (phase === "waiting") return { name: "away", words: "Reconnecting", icon: "icon-away" };
  if (phase === "closed") return { name: "closed", words: "Not connected: press to talk", icon: "icon-away" };
  if (held) return { name: "held", words: "Hearing you: the reply waits", icon: "icon-stop-listening" };
  if (speaker !== null) {
    const closed = stoppedAutomatically ? ", the microphone waits" : "";
    return { name: "speaking", words: `${speaker} is speaking${closed}`, icon: "icon-sound" };
  }
  if (state === "hearing" || hearing) return { name: "hearing", words: "Hearing you", icon: "icon-stop-listening" };
  if (state === "thinking" || state === "speaking") return { name: "thinking", words: "Thinking", icon: "icon-wait" };
  if (wanted) return { name: "listening", words: "Listening", icon: "icon-stop-listening" };
  return { name: "idle", words: "Press to talk", icon: "icon-mic" };
}

function draw() {
  const { wanted, stoppedAutomatically } = listeningState();
  const now = appearance();
  document.body.dataset.state = now.name;
  if (words.textContent !== now.words) {
    words.textContent = now.words;
    // What is heard or sounds is announced by its own words.
    announceState(["hearing", "held", "speaking"].includes(now.name) ? null : now.words);
  }
  icon.setAttribute("href", `#${now.icon}`);
  button.setAttribute("aria-pressed", String(wanted));
  label.textContent = wanted && !stoppedAutomatically ? "Stop listening" : "Talk";
  interruptButton.disabled = !REPLYING.includes(now.name);
  wakeRing();
}

function ringLevel() {
  const { wanted, sending } = listeningState();
  if (speaker !== null && !held) return outputLevel();
  // A small floor keeps the ring awake for the first sound.
  return wanted && sending && connectionPhase() === "ready" ? Math.max(0.011, microphoneLevel()) : 0;
}

function ringColour() {
  if (speaker !== null && !held) return colourOf(speaker);
  return getComputedStyle(button).getPropertyValue("--accent");
}

function sayLevel() {
  const { wanted } = listeningState();
  const level = microphoneLevel();
  if (!wanted) announce("The microphone is off.");
  else if (browserEarOn()) announce("The browser listens; it does not tell how loud you are.");
  else if (level < 0.08) announce("The microphone is silent.");
  else announce(`Microphone level ${Math.round(100 * level)} percent, ${level > 0.9 ? "very loud" : "good"}.`);
}

export function startVoiceButton(interrupt) {
  button.addEventListener("click", pressVoiceButton);
  interruptButton.addEventListener("click", interrupt);
  levelButton.addEventListener("click", sayLevel);
  onListeningChange(draw);
  onConnection(draw);
  startRing(ringLevel, ringColour);
  draw();
}

// A reply sounds, waits or is being thought of.
export function replyUnderWay() {
  return REPLYING.includes(appearance().name);
}

export function whoAnswers() {
  return speaker ?? nextSpeaker();
}
