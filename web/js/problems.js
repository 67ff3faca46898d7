// What can go wrong, each in its own sentence: what happened, what it means, what to press.

const card = document.getElementById("problem");
const passing = document.getElementById("passing");
const PASSING_MS = 5000;

const sentences = {
  "mic-refused": {
    what: "The microphone is not allowed here.",
    means: "Syrinx cannot hear you; typing works. Allow the microphone for this page, in the browser's address bar.",
    press: "Try again",
  },
  "mic-none": {
    what: "No microphone was found.",
    means: "Syrinx cannot hear you; typing works. Plug one in, or switch one on.",
    press: "Look again",
  },
  "mic-busy": {
    what: "The microphone does not start.",
    means: "Another program may be holding it. Close that one; until then typing works.",
    press: "Try again",
  },
  "mic-insecure": {
    what: "This address is not secure, so the browser keeps the microphone shut.",
    means: "Open the page by https, or on the server's own machine as localhost. Typing works here too.",
  },
  "mic-lost": {
    what: "The microphone went away.",
    means: "What you said up to here was sent. Plug it in again, or choose another one in the browser.",
    press: "Listen again",
  },
  "mic-muted": {
    what: "The microphone is muted outside this page.",
    means: "Syrinx hears silence. Unmute it on the device or in the system's settings.",
  },
  "browser-old": {
    what: "This browser cannot hand over the microphone's sound.",
    means: "Typing works. For speaking, open the page in a browser of 2021 or later.",
  },
  "ear-refused": {
    what: "The browser keeps its speech recognition from this page.",
    means: "It may be switched off in its settings. Syrinx's own ear works without it.",
    press: "Use Syrinx's ear",
  },
  "ear-network": {
    what: "The browser's speech recognition does not reach its service.",
    means: "It needs the internet, and some browsers have no service. Syrinx's own ear works without.",
    press: "Use Syrinx's ear",
  },
  "ear-language": {
    what: "The browser's speech recognition does not know this language.",
    means: "Choose another language under Voices, or let Syrinx hear you.",
    press: "Use Syrinx's ear",
  },
  "ear-failed": {
    what: "The browser's speech recognition has stopped.",
    means: "It gave no reason that helps. Syrinx's own ear works without it.",
    press: "Use Syrinx's ear",
  },
  "sound-blocked": {
    what: "The browser keeps the sound back.",
    means: "The reply is shown, and is heard once you press something on this page.",
    press: "Let it sound",
  },
  "server-away": {
    what: "Connection lost, reconnecting.",
    means: "Nothing said now is heard. The conversation is kept for a while and goes on by itself.",
    press: "Try now",
  },
  "server-unreached": {
    what: "The server does not answer.",
    means: "Nothing can be heard or said yet. The page keeps trying; see that the server is running.",
    press: "Try now",
  },
  "server-stopping": {
    what: "The server is stopping.",
    means: "The page comes back by itself when it runs again.",
    press: "Try now",
  },
  idle: {
    what: "The talk was closed after a long silence.",
    means: "The microphone is off. What you say next begins a new conversation.",
    press: "Talk again",
  },
  "taken-over": {
    what: "This conversation goes on in another window.",
    means: "Only one can hold it. Nothing is heard or played here.",
    press: "Start a new one here",
  },
  "token-needed": {
    what: "This server asks for a token.",
    means: "Whoever runs it gave you a key, or set a token as SYRINX_TOKEN.",
    field: "Token",
    press: "Use it",
  },
  "token-refused": {
    what: "The server did not accept that token.",
    means: "It may have ended or been revoked; or compare it with SYRINX_TOKEN where the server runs.",
    field: "Token",
    press: "Use it",
  },
  "cut-off": {
    what: "The server closed the talk.",
    means: "It refused too many messages from this page. Begin again; if it happens twice, load the page anew.",
    press: "Connect again",
  },
  "rate-limited": {
    what: "Too much at once.",
    means: "Part of it was not taken in. Wait a moment, then go on.",
    press: "Understood",
  },
  "too-large": {
    what: "That was too long.",
    means: "It was not sent on. Send it in parts.",
    press: "Understood",
  },
  engine: {
    what: "A part of Syrinx is missing.",
    means: "It is named here with what mends it.",
    press: "Show what is missing",
  },
  quota: {
    what: "Not enough of your share for today is left.",
    means: "The talk stays; what is typed and said is kept here.",
    press: "Understood",
  },
  failed: {
    what: "That did not work.",
    means: "The talk goes on.",
    press: "Understood",
  },
};

const pressHandlers = new Map();
let current = null;
let currentDetail = "";
let passingTimer = null;

// The handler is called with the field's text where the problem has one, and whether to remember it.
export function onProblemPress(names, handler) {
  for (const name of names) pressHandlers.set(name, handler);
}

export function currentProblem() {
  return current;
}

// `detail` is a sentence from the server and stands in place of what the page knows in general.
export function showProblem(name, detail = "") {
  // An error may come with every refused frame: saying it again would only shout.
  if (current === name && currentDetail === detail) return;
  const { what, means, press, field } = sentences[name];
  current = name;
  currentDetail = detail;
  card.replaceChildren();
  card.dataset.problem = name;
  const form = document.createElement("form");
  const words = document.createElement("p");
  const strong = document.createElement("strong");
  strong.textContent = what;
  words.append(strong, ` ${detail || means}`);
  form.append(words);
  if (field) form.append(fieldNamed(field), rememberBox());
  if (press) form.append(buttonNamed(press));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const value = form.elements.value?.value.trim();
    if (field && !value) return;
    const handler = pressHandlers.get(name) ?? (() => clearProblem(name));
    handler(value, form.elements.remember?.checked ?? false);
  });
  card.append(form);
  card.hidden = false;
}

export function clearProblem(...names) {
  if (current === null || (names.length > 0 && !names.includes(current))) return;
  // The pressed button goes with the card; the next thing to press takes the focus.
  if (card.contains(document.activeElement)) document.getElementById("voice-button").focus();
  current = null;
  card.hidden = true;
  card.replaceChildren();
}

// Messages of the server are sentences within sentences.
export function asSentence(message) {
  const ended = /[.!?]$/u.test(message) ? message : `${message}.`;
  return ended.charAt(0).toUpperCase() + ended.slice(1);
}

// A sentence that goes by itself: good news, and what is worth knowing without being a problem.
export function sayInPassing(sentence) {
  clearTimeout(passingTimer);
  passing.textContent = sentence;
  passing.classList.add("shown");
  passingTimer = setTimeout(() => {
    passing.classList.remove("shown");
    passing.textContent = "";
  }, PASSING_MS);
}

function fieldNamed(name) {
  const label = document.createElement("label");
  const text = document.createElement("span");
  const input = document.createElement("input");
  text.textContent = name;
  input.name = "value";
  input.type = "password";
  input.autocomplete = "current-password";
  label.append(text, input);
  return label;
}

// A key is kept for the tab; beyond it only by choice.
export function rememberBox() {
  const label = document.createElement("label");
  const box = document.createElement("input");
  label.className = "remember";
  box.type = "checkbox";
  box.name = "remember";
  label.append(box, "Remember it in this browser");
  return label;
}

function buttonNamed(name) {
  const button = document.createElement("button");
  button.type = "submit";
  button.className = "plain";
  button.textContent = name;
  return button;
}
