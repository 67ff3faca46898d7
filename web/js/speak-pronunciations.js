// The sheet of words that voices say wrongly: read from the server, changed, and sent back whole.

import { announce } from "./announcer.js";
import { ask } from "./ask.js";
import { languageName, primary, talkOptions } from "./options.js";
import { asSentence } from "./problems.js";

const PATH = "api/speech/pronunciations";

let sheet = null;
let form = null;
let list = null;
let problem = null;
let entries = [];
let edited = null; // the place of the entry that is being changed, null for a new one

function fault(sentence) {
  problem.textContent = sentence;
  problem.hidden = sentence === "";
}

async function open() {
  fault("");
  sheet.showModal();
  fillLanguages();
  leaveEditing();
  await send("GET");
}

// Resolves to whether the server took it; what is shown is what it has then.
async function send(method, body) {
  try {
    const told = await ask(method, PATH, body);
    entries = told.entries;
    fault("");
    draw();
    return true;
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    fault(asSentence(refused.message));
    return false;
  }
}

function fillLanguages() {
  const ids = [...new Set((talkOptions()?.languages ?? []).filter((one) => one.speaks).map((one) => primary(one.id)))];
  const named = ids.map((id) => ({ id, name: languageName(id) })).sort((one, other) => one.name.localeCompare(other.name));
  form.elements.language.replaceChildren(new Option("All languages", ""), ...named.map(({ id, name }) => new Option(name, id)));
}

function draw() {
  list.replaceChildren(...entries.map(drawEntry));
}

function drawEntry(entry, place) {
  const item = document.createElement("li");
  const words = document.createElement("p");
  const written = document.createElement("strong");
  const detail = document.createElement("span");
  written.dir = detail.dir = "auto";
  written.textContent = entry.written;
  detail.className = "quiet";
  detail.textContent = [
    entry.ipa ? `/${entry.ipa}/` : `“${entry.spoken}”`, entry.language ? languageName(entry.language) : "",
    entry.case_sensitive ? "with these capitals" : "",
  ].filter(Boolean).join(" · ");
  words.append(written, " ", detail);
  item.append(words, button("Change", `Change ${entry.written}`, () => edit(place)), button("Remove", `Remove ${entry.written}`, () => remove(place)));
  return item;
}

function button(title, label, press) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "plain";
  element.textContent = title;
  element.setAttribute("aria-label", label);
  element.addEventListener("click", press);
  return element;
}

function edit(place) {
  const { written, spoken, ipa, language, case_sensitive: exactly } = entries[place];
  const { elements } = form;
  edited = place;
  elements.written.value = written;
  elements.said.value = ipa || spoken;
  elements.kind.value = ipa ? "ipa" : "spoken";
  if (language && ![...elements.language.options].some((option) => option.value === language)) {
    elements.language.append(new Option(languageName(language), language));
  }
  elements.language.value = language;
  elements.case_sensitive.checked = exactly;
  sheet.querySelector("#pronunciation-form-title").textContent = `Change ${written}`;
  sheet.querySelector("#pronunciation-cancel").hidden = false;
  elements.written.focus();
}

function leaveEditing() {
  edited = null;
  form.reset();
  sheet.querySelector("#pronunciation-form-title").textContent = "Add a word";
  sheet.querySelector("#pronunciation-cancel").hidden = true;
}

async function remove(place) {
  const { written } = entries[place];
  leaveEditing();
  if (await send("PUT", { entries: entries.filter((_, number) => number !== place) })) announce(`${written} removed.`);
  form.elements.written.focus();
}

async function submit(event) {
  event.preventDefault();
  const { elements } = form;
  const said = elements.said.value.trim();
  const kind = elements.kind.value;
  const entry = {
    written: elements.written.value.trim(), spoken: kind === "spoken" ? said : "", ipa: kind === "ipa" ? said.replaceAll("/", "") : "",
    language: elements.language.value, case_sensitive: elements.case_sensitive.checked,
  };
  if (!entry.written || !said) {
    fault("Both are needed: the word as it is written, and how it is said.");
    return;
  }
  const changed = edited === null ? [...entries, entry] : entries.map((one, place) => (place === edited ? entry : one));
  if (!(await send("PUT", { entries: changed }))) return;
  announce(`${entry.written} kept.`);
  leaveEditing();
  elements.written.focus();
}

export function startPronunciations(section) {
  sheet = section.querySelector("#pronunciations");
  form = section.querySelector("#pronunciation-form");
  list = section.querySelector("#pronunciation-list");
  problem = section.querySelector("#pronunciations-problem");
  section.querySelector("#open-pronunciations").addEventListener("click", open);
  section.querySelector("#close-pronunciations").addEventListener("click", () => sheet.close());
  section.querySelector("#pronunciation-cancel").addEventListener("click", leaveEditing);
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close(); // a press beside the sheet
  });
  form.addEventListener("submit", submit);
}
