// The second step: consent spoken aloud and understood, or stated by the one who adds the voice.

import { announce } from "./announcer.js";
import { ask } from "./ask.js";
import { showMarks, understoodWords } from "./consent-words.js";
import { clockTime } from "./figures.js";
import { recorderState, startRecording, stopRecording } from "./listen-recorder.js";
import { loadOwnVoices, onlyVerified } from "./own-voices.js";
import { loadOptions, setToken } from "./options.js";
import { asSentence } from "./problems.js";
import { quietTalk } from "./quiet-talk.js";
import { pauseStrips } from "./sound-strip.js";
import { sendForm } from "./upload.js";
import { voicesRefusal } from "./voices-words.js";

const LEAST_CONSENT_MS = 1000;
const MOST_CONSENT_MS = 60_000;

let section = null;
let problem = null;
let phrase = null; // {phrase_id, phrase, language}
let asked = 0; // counts phrases, so that a late answer of an earlier one is dropped
let consent = null; // as the server took it
let checking = null; // the AbortController of a check under way
let language = "en";
let passedMs = 0; // of the recording that is made
let changeHandler = () => {};

function find(id) {
  return section.querySelector(`#consent-${id}`);
}

function kind() {
  return section.querySelector("#maker-whose input:checked").value;
}

// What goes along with the recording: {consent_id} or {attested: "true"}; null where consent is still wanting.
export function givenConsent() {
  if (kind() === "spoken") return consent && { consent_id: consent.consent_id };
  return find("tick").checked ? { attested: "true" } : null;
}

export function consentFault() {
  return kind() === "spoken" ? "Read the sentence of step 2 aloud first." : "Confirm in step 2 that the speaker agrees.";
}

export function focusConsent() {
  (kind() === "spoken" ? find("record") : find("tick")).focus();
}

export function consentUnderWay() {
  return recorderState() !== "idle" && !find("recording").hidden;
}

export function forgetConsent() {
  consent = phrase = null;
  checking?.abort();
  find("tick").checked = false;
  find("told").textContent = "";
  problem.clear();
}

// A phrase holds for a while and for one voice.
export async function askForPhrase(wanted) {
  checking?.abort();
  if (consentUnderWay()) stopRecording({ keep: false }); // of the sentence that is replaced
  language = wanted;
  asked += 1;
  const own = asked;
  consent = null;
  phrase = null;
  problem.clear();
  find("phrase").textContent = "…";
  find("told").textContent = "";
  find("legend").hidden = true;
  find("record").disabled = true;
  changeHandler();
  try {
    const told = await ask("GET", `api/voices/consent-phrase?${new URLSearchParams({ language })}`);
    if (own !== asked) return;
    phrase = told;
    find("phrase").textContent = phrase.phrase;
    find("phrase").lang = phrase.language;
    find("record").disabled = false;
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    if (own !== asked) return;
    find("phrase").textContent = "";
    const card = voicesRefusal(refused);
    problem.show({ ...card, press: card.field ? card.press : "Ask again" }, (given, remember) => {
      takeToken(given, remember);
      askForPhrase(language);
    });
  }
}

async function record() {
  problem.clear();
  pauseStrips();
  quietTalk();
  const refused = await startRecording({
    canvas: find("level"),
    onStart: () => {
      passedMs = 0;
      find("passed").textContent = clockTime(0);
      showRecording(true);
      find("stop").focus();
      announce("Recording. Read the sentence now.");
    },
    onTick: ({ ms, silent }) => {
      const words = silent ? "Nothing is heard. Is the microphone muted?" : "Read the sentence now.";
      passedMs = ms;
      if (find("passed").textContent !== clockTime(ms)) find("passed").textContent = clockTime(ms);
      if (find("level-words").textContent !== words) find("level-words").textContent = words;
      if (ms >= MOST_CONSENT_MS) stopRecording();
    },
    onDone: (file) => {
      showRecording(false);
      find("passed").textContent = "";
      if (!file) return;
      if (passedMs >= LEAST_CONSENT_MS) check(file);
      else problem.show({ what: "That was too short.", means: "Read the whole sentence, then press Done.", press: "Read it again" }, record);
    },
  });
  if (refused) problem.show(refused, record);
}

function showRecording(on) {
  find("recording").hidden = !on;
  find("doing").hidden = on;
}

async function check(file) {
  const controller = new AbortController();
  const { signal } = controller;
  const read = phrase;
  if (!read) return; // another was asked for while it was read
  checking = controller;
  find("told").textContent = "Listening to what you read.";
  find("record").disabled = find("other").disabled = true;
  try {
    const told = await sendForm("api/voices/consents", { phrase_id: read.phrase_id, recording: file }, { signal });
    if (signal.aborted) return;
    consent = told;
    mark(understoodWords(read.phrase, told.heard));
    find("told").textContent = "Understood: your consent is recorded.";
    find("record").querySelector("span").textContent = "Read it once more";
    section.querySelector("#maker-name").focus();
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    if (signal.aborted) return;
    find("told").textContent = "";
    notUnderstood(refused);
  } finally {
    if (checking === controller) checking = null;
    find("other").disabled = checking !== null;
    find("record").disabled = checking !== null || phrase === null;
    changeHandler();
  }
}

function mark(words) {
  if (words.length === 0) return;
  showMarks(find("phrase"), words);
  find("legend").hidden = false;
}

function notUnderstood(refused) {
  if (refused.code === "consent_not_understood") {
    mark(refused.told.words ?? []);
    const means = "Read the whole sentence again, slowly and near the microphone. In noise another sentence may be easier.";
    problem.show({ what: "Not enough of it was understood.", means, press: "Read it again" }, record);
  } else if (["consent_refused", "unknown_consent"].includes(refused.code)) {
    problem.show({ what: "This sentence does not count any more.", means: asSentence(refused.message), press: "Another sentence" }, () => askForPhrase(language));
  } else {
    problem.show(voicesRefusal(refused), (given, remember) => {
      takeToken(given, remember);
      record();
    });
  }
}

// What was typed where a card asks for a key; nothing where it does not.
function takeToken(given, remember) {
  if (!given) return;
  setToken(given, remember);
  loadOptions();
  loadOwnVoices();
}

// The server may ask for spoken consents only.
export function drawConsentStep() {
  section.querySelector("#maker-whose").hidden = onlyVerified();
  if (!onlyVerified()) return;
  section.querySelector("#maker-whose input").checked = true;
  drawKind();
}

function drawKind() {
  find("spoken").hidden = kind() !== "spoken";
  find("attested").hidden = kind() === "spoken";
}

// `shown` is a problem card for this step; `onChange` is called when consent was given or is wanting again.
export function startConsentStep(given, shown, onChange) {
  section = given;
  problem = shown;
  changeHandler = onChange;
  find("record").addEventListener("click", record);
  find("stop").addEventListener("click", () => stopRecording());
  find("other").addEventListener("click", () => askForPhrase(language));
  find("tick").addEventListener("change", () => changeHandler());
  section.querySelector("#maker-whose").addEventListener("change", () => {
    drawKind();
    changeHandler();
  });
  drawConsentStep();
}
