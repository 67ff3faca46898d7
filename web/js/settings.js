// The settings sheet: language and voice, with the characters, engines and microphone that have modules of their own.

import { browserEarOn } from "./browser-ear.js";
import { startCharacterEditor } from "./character-editor.js";
import { characters, nextSpeaker, setCharacters } from "./characters.js";
import { hideSettingsProblem, tell } from "./changes.js";
import { startEngineChoice } from "./engine-choice.js";
import { keep, kept } from "./kept.js";
import { onListeningChange } from "./listening.js";
import { hearLanguage, startMicrophoneChoice } from "./microphone-choice.js";
import { fillVoices, languageName, onOptions, primary, talkOptions } from "./options.js";
import { sayInPassing } from "./problems.js";
import { drawMix, startVoiceMix } from "./voice-mix.js";
import { send } from "./websocket.js";

const sheet = document.getElementById("settings");
const openButton = document.getElementById("open-settings");
const language = document.getElementById("language");
const languageNote = document.getElementById("language-note");
const voice = document.getElementById("voice");
const voiceFilter = document.getElementById("voice-filter");

const FOUND_OUT = "auto"; // as the protocol has it

let chosenLanguage = kept("language", "");
let chosenVoice = kept("voice", "");

// What hello says about language and voice: a language only where the person chose one, and that no voice is chosen, for
// the talk that goes on may have had one.
export function helloChoices() {
  return { ...(chosenLanguage && { language: chosenLanguage }), voice: chosenVoice || null };
}

// Choices of another day or server may be refused at hello; the server's own then hold.
export function forgetChoices() {
  chosenLanguage = chosenVoice = "";
  keep("language", null);
  keep("voice", null);
}

function drawLanguages() {
  const groups = [
    ["Heard and spoken", (one) => one.hears && one.speaks],
    ["Only spoken: type to it", (one) => one.speaks && !one.hears],
    ["Only heard: answered in text", (one) => one.hears && !one.speaks],
  ];
  language.replaceChildren();
  if (talkOptions()?.detects_language) language.append(new Option("Found out as you speak", FOUND_OUT));
  for (const [label, fits] of groups) {
    const some = (talkOptions()?.languages ?? []).filter(fits);
    if (some.length === 0) continue;
    const group = document.createElement("optgroup");
    group.label = label;
    const named = some.map(({ id }) => ({ id, name: languageName(id) }));
    named.sort((one, other) => one.name.localeCompare(other.name));
    for (const { id, name } of named) group.append(new Option(name, id));
    language.append(group);
  }
  const current = chosenLanguage || talkOptions()?.defaults?.language || "";
  if (current && ![...language.options].some((option) => option.value === current)) {
    language.append(new Option(languageName(current), current));
  }
  language.value = current;
  noteLanguage();
}

// What the browser's own ear listens for, which has to be told.
function earLanguage() {
  return language.value === FOUND_OUT ? talkOptions()?.defaults?.language ?? "" : language.value;
}

function noteLanguage() {
  if (language.value === FOUND_OUT) {
    languageNote.textContent = browserEarOn()
      ? `Your browser's ear does not find out languages: it listens for ${languageName(earLanguage())}.`
      : "You are answered in the language that you spoke last.";
    return;
  }
  const chosen = talkOptions()?.languages.find((one) => one.id === language.value);
  languageNote.textContent = chosen && !chosen.hears && !browserEarOn()
    ? `No ear in use understands ${languageName(chosen.id)}: type, and it answers aloud.`
    : "";
}

function drawVoices() {
  fillVoices(voice, { filter: voiceFilter.value, chosen: chosenVoice, language: language.value });
}

function chooseVoice(id) {
  chosenVoice = id;
  keep("voice", id || null);
  drawVoices();
  tell({ voice: id || null });
}

// Talk goes on with this voice: as the voice of the one who answers next where that one has one of its own. A talk in
// another language goes over to the voice's.
export function talkWith(given) {
  const speaker = characters().find((one) => one.name === nextSpeaker());
  const id = given.id ?? given.voice_id;
  const stays = [FOUND_OUT, "", primary(given.language)].includes(primary(language.value));
  if (!stays) {
    chosenLanguage = given.language;
    keep("language", chosenLanguage);
    drawLanguages();
  }
  if (speaker?.voice) setCharacters(characters().map((one) => (one === speaker ? { ...one, voice: id } : one)));
  chosenVoice = id;
  keep("voice", id);
  drawVoices();
  tell({ voice: id, ...(!stays && { language: chosenLanguage }), ...(speaker?.voice && { characters: characters() }) });
  sayInPassing(`${given.name} speaks from the next reply on.`);
}

// A voice of another language would be refused with it, or speak it badly.
function voiceSpeaks(id, wanted) {
  if (wanted === FOUND_OUT) return true;
  const known = talkOptions()?.voices.find((one) => one.id === id);
  return !known || known.language.split("-")[0] === wanted.split("-")[0];
}

function listenToChoices() {
  language.addEventListener("change", () => {
    chosenLanguage = language.value;
    keep("language", chosenLanguage || null);
    noteLanguage();
    hearLanguage(earLanguage());
    const fits = voiceSpeaks(chosenVoice, chosenLanguage);
    if (!fits) {
      chosenVoice = "";
      keep("voice", null);
    }
    drawVoices();
    tell({ language: chosenLanguage, ...(!fits && { voice: null }) });
  });
  voiceFilter.addEventListener("input", drawVoices);
  voice.addEventListener("change", () => chooseVoice(voice.value));
  startVoiceMix(chooseVoice);
}

export function startSettings({ onResetConversation }) {
  startCharacterEditor();
  startEngineChoice();
  startMicrophoneChoice();
  listenToChoices();
  openButton.addEventListener("click", () => {
    hideSettingsProblem();
    sheet.showModal();
  });
  document.getElementById("close-settings").addEventListener("click", () => sheet.close());
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close(); // a press beside the sheet
  });
  document.getElementById("reset-conversation").addEventListener("click", () => {
    sheet.close();
    onResetConversation();
  });
  document.getElementById("reset-voice").addEventListener("click", () => {
    if (send({ type: "reset", what: "voice" })) sheet.close();
  });
  onListeningChange(noteLanguage);
  onOptions(() => {
    drawLanguages();
    drawVoices();
    drawMix(chosenVoice);
    hearLanguage(earLanguage());
  });
}
