// Typing instead of speaking: a field that grows, Enter sends, and the limit is told before the server has to.

import { unlockSound } from "./audio-player.js";
import { showTyped } from "./chatui.js";
import { talkOptions } from "./options.js";
import { connectionPhase, send } from "./websocket.js";

const form = document.getElementById("typing");
const field = document.getElementById("typed");
const problem = document.getElementById("typing-problem");
// docs/protocol.md, Limits; the server's own word is used where it gives one.
const MOST_CHARS = 4000;

function mostChars() {
  return talkOptions()?.limits?.text_chars ?? MOST_CHARS;
}

function faultOf(text) {
  const length = [...text].length;
  if (length > mostChars()) {
    return `That is too long by ${length - mostChars()} characters: ${mostChars()} can be sent at once. Send it in parts.`;
  }
  return "";
}

function fit() {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
  showFault(faultOf(field.value.trim()));
}

function showFault(fault) {
  if (problem.textContent !== fault) problem.textContent = fault;
  problem.hidden = fault === "";
  field.setAttribute("aria-invalid", String(fault !== ""));
}

function submit(event) {
  event.preventDefault();
  unlockSound();
  const text = field.value.trim();
  const fault = faultOf(text);
  if (text === "" || fault) {
    showFault(fault);
    return;
  }
  if (connectionPhase() !== "ready") {
    showFault("Not connected: it stays here until the server is back. Send it then.");
    return;
  }
  send({ type: "text", text });
  showTyped(text);
  field.value = "";
  fit();
}

// Words that could not be sent wait in the field for the person.
export function putInField(text) {
  field.value = `${field.value} ${text}`.trim();
  fit();
  showFault("Not connected: what you said stays here until the server is back. Send it then.");
}

export function startTyping() {
  form.addEventListener("submit", submit);
  field.addEventListener("input", fit);
  field.addEventListener("keydown", (event) => {
    // Enter also ends a word in input methods for Chinese, Japanese and Korean: that one does not send.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
}
