// One voice of the person's own: heard, renamed, set, its consent shown, deleted.

import { announce } from "./announcer.js";
import { icon } from "./icons.js";
import { engineTitle, languageName } from "./options.js";
import { changeVoice, deleteVoice, exportVoice, soundOf } from "./own-voices.js";
import { asSentence } from "./problems.js";
import { fileName, saveBlob } from "./save.js";
import { talkWith } from "./settings.js";
import { createStrip } from "./sound-strip.js";
import { createVoiceConsent } from "./voice-consent.js";
import { createVoiceSettings } from "./voice-settings.js";
import { consentInWords, dayOf, matchInWords } from "./voices-words.js";

const MOST_NAME_CHARS = 100;
const DELETED = "Its recording, what engines learned from it, its sample and its consent are deleted from the server, at once and for good. Talks keep their words.";

// Returns {element, update(voice), forget()}.
export function createVoiceCard(first) {
  const element = document.createElement("li");
  const id = first.voice_id;
  const titleId = `name-${id}`;
  let voice = first;
  element.className = "voice-card paper";
  element.innerHTML = `
    <div class="voice-head"><h3 id="${titleId}" dir="auto" tabindex="-1"></h3>
      <button class="plain with-icon rename" type="button">${icon("edit")}Rename</button></div>
    <form class="row rename-form" autocomplete="off" hidden>
      <label class="grow"><span class="unseen">Name of the voice</span><input name="name" dir="auto" maxlength="${MOST_NAME_CHARS}" required></label>
      <button class="strong" type="submit">Keep it</button><button class="plain leave" type="button">Leave it as it was</button></form>
    <ul class="voice-marks"></ul>
    <p class="quiet voice-match"></p>
    <div class="voice-strip"></div>
    <p class="inline-problem card-fault" role="alert" hidden></p>
    <div class="row voice-doing">
      <button class="strong begin-talk" type="button">Talk with it</button>
      <button class="plain export" type="button">Export</button>
      <button class="plain delete" type="button">Delete</button></div>
    <div class="voice-step" role="group" aria-labelledby="delete-${id}" hidden>
      <p><strong id="delete-${id}"></strong></p><p>${DELETED}</p>
      <div class="row"><button class="strong warn really" type="button">Delete it for good</button><button class="plain keep" type="button">Keep it</button></div></div>
    <div class="voice-more"></div>`;
  const find = (selector) => element.querySelector(selector);
  const title = find("h3");
  const form = find(".rename-form");
  const fault = find(".card-fault");
  const strip = createStrip({ label: "the sample", fetchSound: () => soundOf(id) });
  const settings = createVoiceSettings(id, () => voice);
  const consent = createVoiceConsent(id, () => voice);
  find(".voice-strip").append(strip.element);
  find(".voice-more").append(settings.element, consent.element);

  function draw() {
    const marks = [
      languageName(voice.language), `made on ${dayOf(voice.created_at)}`, voice.is_active ? consentInWords(voice) : "Silent",
    ];
    title.textContent = voice.name;
    find(".voice-marks").replaceChildren(...marks.map((words) => {
      const mark = document.createElement("li");
      mark.textContent = words;
      return mark;
    }));
    find(".voice-marks").lastElementChild.className = voice.is_active && voice.is_verified ? "verified" : "attested";
    find(".voice-match").textContent = matchInWords(voice, (name) => engineTitle("tts", name));
    element.classList.toggle("silent", !voice.is_active);
    find(".begin-talk").hidden = settings.element.hidden = !voice.is_active;
    for (const [selector, words] of [[".rename", "Rename"], [".begin-talk", "Talk with"], [".export", "Export"], [".delete", "Delete"]]) {
      find(selector).setAttribute("aria-label", `${words} ${voice.name}`);
    }
    find(`#delete-${id}`).textContent = `Delete ${voice.name}?`;
    settings.draw();
  }

  function say(refused) {
    fault.textContent = refused ? asSentence(refused.message) : "";
    fault.hidden = !refused;
  }

  // Runs what a button begins, with the buttons held until it has ended.
  async function work(button, doing) {
    say(null);
    button.disabled = true;
    try {
      await doing();
      return true;
    } catch (refused) {
      if (refused instanceof Error) throw refused;
      say(refused);
      return false;
    } finally {
      button.disabled = false;
      if (document.activeElement === document.body && button.checkVisibility()) button.focus();
    }
  }

  function showRename(open) {
    form.hidden = !open;
    find(".voice-head").hidden = open;
    if (!open) return;
    form.elements.name.value = voice.name;
    form.elements.name.select();
    form.elements.name.focus();
  }

  function showDelete(open) {
    find(".voice-step").hidden = !open;
    find(".voice-doing").hidden = open;
    find(open ? ".keep" : ".delete").focus();
  }

  find(".rename").addEventListener("click", () => showRename(true));
  find(".leave").addEventListener("click", () => {
    showRename(false);
    find(".rename").focus();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = form.elements.name.value.trim();
    if (!name) return;
    if (name !== voice.name && !(await work(form.querySelector(".strong"), () => changeVoice(id, { name })))) return;
    showRename(false);
    find(".rename").focus();
    announce(`The voice is called ${name}.`);
  });
  find(".begin-talk").addEventListener("click", () => {
    talkWith(voice);
    location.hash = "talk";
  });
  find(".export").addEventListener("click", () => work(find(".export"), async () => {
    saveBlob(await exportVoice(id), `${fileName(voice.name, "voice")}.zip`);
    announce("Exported.");
  }));
  find(".delete").addEventListener("click", () => showDelete(true));
  find(".keep").addEventListener("click", () => showDelete(false));
  find(".really").addEventListener("click", async () => {
    const { name } = voice;
    if (await work(find(".really"), () => deleteVoice(id))) announce(`${name} is deleted.`);
  });
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (!form.hidden) find(".leave").click();
    else if (!find(".voice-step").hidden) showDelete(false);
    else return;
    event.stopPropagation();
  });

  return {
    element,
    update(changed) {
      voice = changed;
      draw();
    },
    forget() {
      strip.forget();
      element.remove();
    },
  };
}
