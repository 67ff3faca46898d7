// The microphone's settings: interrupting by speaking, and letting the browser understand the words.

import { echoCancelled } from "./audio-capture.js";
import { browserEarExists, browserEarOn, staysOnDevice, useLanguage } from "./browser-ear.js";
import { mayInterruptBySpeaking, onListeningChange, setBrowserEar, setMayInterrupt } from "./listening.js";

const bargeIn = document.getElementById("barge-in");
const bargeInNote = document.getElementById("barge-in-note");
const browserEar = document.getElementById("browser-ear");
const browserEarNote = document.getElementById("browser-ear-note");

function drawBargeIn() {
  const cancelled = echoCancelled();
  bargeIn.checked = mayInterruptBySpeaking();
  if (browserEarOn() && bargeIn.checked) {
    bargeInNote.textContent = "The browser goes on hearing during a reply; words of the reply itself are left out.";
  } else if (cancelled === false) {
    bargeInNote.textContent =
      "This microphone has no echo cancellation, so listening stops while the reply sounds. Press Escape to interrupt.";
  } else if (bargeIn.checked) {
    bargeInNote.textContent = "The microphone stays open during a reply; the browser takes the reply out of it.";
  } else {
    bargeInNote.textContent = "Listening stops while the reply sounds and goes on after it.";
  }
}

function drawBrowserEar() {
  document.getElementById("browser-ear-choice").hidden = !browserEarExists();
  browserEar.checked = browserEarOn();
  browserEarNote.textContent = staysOnDevice()
    ? "Your browser understands you on this device: the sound leaves neither it nor this page. Syrinx gets the words."
    : "Your browser sends what you say to its maker's service (Chrome: Google, Edge: Microsoft, Safari: Apple). Syrinx gets only the words.";
  document.getElementById("choice-stt").disabled = browserEarOn();
}

function drawMicrophone() {
  drawBargeIn();
  drawBrowserEar();
}

// The browser's ear follows the talk's language, and may keep the sound on the device in one and not in another.
export async function hearLanguage(id) {
  await useLanguage(id);
  drawBrowserEar();
}

export function startMicrophoneChoice() {
  bargeIn.addEventListener("change", () => setMayInterrupt(bargeIn.checked));
  browserEar.addEventListener("change", () => setBrowserEar(browserEar.checked));
  onListeningChange(drawMicrophone);
  drawMicrophone();
}
