// The browser's own speech recognition: started, kept going through its silences, its words and troubles handed on.

import { keep, kept } from "./kept.js";

const Recognition = globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition ?? null;
const RESTART_MS = 100;
const LONGEST_RESTART_MS = 5000;
// A run that ends sooner than this without a word was refused rather than silent: the next one waits longer.
const SHORT_RUN_MS = 1000;
const SILENCES_UNTIL_TOLD = 3;
// By the error's name in the Web Speech API: the problem as problems.js has it.
const FINAL_ERRORS = {
  "not-allowed": "mic-refused",
  "audio-capture": "mic-none",
  "service-not-allowed": "ear-refused",
  network: "ear-network",
  "language-not-supported": "ear-language",
};
const PASSING_ERRORS = ["no-speech", "aborted"];

let on = Recognition !== null && kept("browser-ear", false) === true;
let language = "";
let onDevice = false;
let languageAsked = 0;
let placeKnown = false; // whether the sound stays on the device has been found out
let running = null;
let wanted = false;
let restartTimer = null;
let shortRuns = 0;
let silences = 0;
let wordsHandler = () => {};
let troubleHandler = () => {};

export function browserEarExists() {
  return Recognition !== null;
}

export function browserEarOn() {
  return on;
}

export function turnBrowserEar(isOn) {
  on = isOn && Recognition !== null;
  keep("browser-ear", on || null);
}

// True when the sound is known not to leave the device for the language in use.
export function staysOnDevice() {
  return onDevice;
}

// The handler gets {text, final}: tentative words replace one another, an empty tentative text withdraws them.
export function onBrowserWords(handler) {
  wordsHandler = handler;
}

// The handler gets a problem's name (problems.js), after which recognition has stopped; or "quiet", and it goes on.
export function onBrowserTrouble(handler) {
  troubleHandler = handler;
}

// Resolves when it is known whether the browser understands this language without sending the sound anywhere.
export async function useLanguage(id) {
  if (Recognition === null) return;
  languageAsked += 1;
  const mine = languageAsked;
  const next = withRegion(id || navigator.language);
  const local = await understandsHere(next);
  if (mine !== languageAsked || (placeKnown && next === language && local === onDevice)) return;
  placeKnown = true;
  language = next;
  onDevice = local;
  if (!wanted) return; // one that is finishing may finish
  drop();
  begin();
}

export function hearWithBrowser() {
  if (wanted) return;
  wanted = true;
  shortRuns = silences = 0;
  begin();
}

// With `finish` what was said up to here still comes as final words; without it, it is thrown away.
export function stopBrowserHearing({ finish }) {
  if (!wanted) return;
  wanted = false;
  clearTimeout(restartTimer);
  if (finish) running?.stop();
  else drop();
  if (!finish) wordsHandler({ text: "", final: false });
}

// Recognisers ask for a region; the person's own is the likeliest.
function withRegion(id) {
  if (id.includes("-")) return id;
  const own = navigator.languages.find((one) => one.startsWith(`${id}-`));
  if (own) return own;
  try {
    const { region } = new Intl.Locale(id).maximize();
    return region ? `${id}-${region}` : id;
  } catch {
    return id;
  }
}

async function understandsHere(id) {
  if (typeof Recognition.available !== "function") return false;
  try {
    return (await Recognition.available({ langs: [id], processLocally: true })) === "available";
  } catch {
    return false;
  }
}

function begin() {
  clearTimeout(restartTimer);
  if (running) return; // the one that is finishing begins the next at its end
  if (!placeKnown) {
    // No sound goes anywhere before it is known whether it may stay here.
    if (languageAsked === 0) useLanguage("");
    return;
  }
  const mine = new Recognition();
  const began = performance.now();
  let taken = 0; // results that were handed on as final
  let heardAny = false;
  let fatal = null;
  mine.continuous = true;
  mine.interimResults = true;
  mine.lang = language;
  if (onDevice) mine.processLocally = true;
  mine.addEventListener("result", (event) => {
    if (mine !== running) return;
    heardAny = true;
    silences = 0;
    const results = [...event.results];
    for (; taken < results.length && results[taken].isFinal; taken += 1) {
      const text = results[taken][0].transcript.trim();
      if (text) wordsHandler({ text, final: true });
    }
    const tentative = results.slice(taken).map((result) => result[0].transcript.trim()).join(" ").trim();
    wordsHandler({ text: tentative, final: false });
  });
  mine.addEventListener("error", ({ error }) => {
    if (mine !== running) return;
    if (error === "no-speech") silences += 1;
    if (!PASSING_ERRORS.includes(error)) fatal = FINAL_ERRORS[error] ?? "ear-failed";
  });
  mine.addEventListener("end", () => {
    if (mine !== running) return;
    running = null;
    wordsHandler({ text: "", final: false });
    if (!wanted) return;
    if (fatal) {
      wanted = false;
      troubleHandler(fatal);
      return;
    }
    if (silences === SILENCES_UNTIL_TOLD) troubleHandler("quiet");
    shortRuns = heardAny || performance.now() - began >= SHORT_RUN_MS ? 0 : shortRuns + 1;
    restartTimer = setTimeout(begin, Math.min(LONGEST_RESTART_MS, RESTART_MS * 2 ** shortRuns));
  });
  running = mine;
  try {
    mine.start();
  } catch {
    running = null;
    wanted = false;
    troubleHandler("ear-failed");
  }
}

// Its end and its last words are nobody's any more.
function drop() {
  const dropped = running;
  running = null;
  dropped?.abort();
}
