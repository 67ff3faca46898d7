// The Voices view: one's own voices, adding one, two compared, and the gallery of the engines' voices.

import { onOptions, setToken, loadOptions } from "./options.js";
import { loadOwnVoices, onOwnVoices, ownVoices, ownVoicesProblem } from "./own-voices.js";
import { createProblemCard } from "./problem-card.js";
import { pauseStrips } from "./sound-strip.js";
import { createVoiceCard } from "./voice-card.js";
import { drawCompare, startCompare } from "./voice-compare.js";
import { drawGallery, startGallery } from "./voice-gallery.js";
import { openMaker, startMaker, stopMaker } from "./voice-maker.js";
import { stopPreview } from "./voice-preview.js";
import { VOICES_PAGE } from "./voices-page.js";
import { recordingDestination, voicesRefusal } from "./voices-words.js";
import { currentView, onViewShown } from "./views.js";

const cards = new Map(); // by the voice's id

let section = null;
let problem = null;

function find(id) {
  return section.querySelector(`#${id}`);
}

// Cards stay in place, so that nothing that is open or focused in one is lost.
function draw() {
  const voices = ownVoices();
  const refused = ownVoicesProblem();
  const list = find("own-voices");
  find("voices-asking").hidden = voices !== null || refused !== null;
  find("voices-none").hidden = voices === null || voices.length > 0 || refused !== null;
  problem.clear();
  if (refused) {
    problem.show(voicesRefusal(refused), (given, remember) => {
      if (given) {
        setToken(given, remember);
        loadOptions();
      }
      loadOwnVoices();
    });
  }
  if (voices === null) return;
  for (const [id, card] of cards) {
    if (voices.some((voice) => voice.voice_id === id)) continue;
    // A button that was held while it worked has lost the focus to the page.
    const focused = document.activeElement;
    if (focused === document.body || card.element.contains(focused)) find("own-voices-title").focus();
    card.forget();
    cards.delete(id);
  }
  voices.forEach((voice, place) => {
    if (!cards.has(voice.voice_id)) cards.set(voice.voice_id, createVoiceCard(voice));
    const card = cards.get(voice.voice_id);
    card.update(voice);
    if (list.children[place] !== card.element) list.insertBefore(card.element, list.children[place] ?? null);
  });
  drawCompare();
}

function drawDestination() {
  for (const line of section.querySelectorAll("[data-recording-destination]")) line.textContent = recordingDestination();
}

export function start(element) {
  section = element;
  section.innerHTML = VOICES_PAGE;
  section.setAttribute("aria-labelledby", "voices-title");
  problem = createProblemCard(find("voices-problem"));
  startCompare(section);
  startGallery(section);
  startMaker(section, { onClosed: () => find("add-voice").focus() });
  find("add-voice").addEventListener("click", openMaker);
  onOwnVoices(draw);
  onOptions(() => {
    // Cards name engines and their voices.
    for (const voice of ownVoices() ?? []) cards.get(voice.voice_id)?.update(voice);
    drawCompare();
    drawGallery();
    drawDestination();
  });
  onViewShown((view) => {
    if (view === "voices") {
      loadOwnVoices();
      return;
    }
    pauseStrips();
    stopPreview();
    stopMaker(); // nobody is recorded unseen
  });
  draw();
  drawDestination();
  if (currentView() === "voices") loadOwnVoices();
}
