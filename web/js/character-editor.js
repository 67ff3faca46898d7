// The characters editor in the settings: add, edit, remove, reorder, and who answers next.

import { announce } from "./announcer.js";
import {
  characters, faultOf, MOST_CHARACTERS, NAME_CHARS, newCharacter, nextSpeaker, onCharacters, setCharacters,
  setNextSpeaker,
} from "./characters.js";
import { fillVoices, onOptions, talkOptions } from "./options.js";
import { send } from "./websocket.js";

const list = document.getElementById("character-list");
const addButton = document.getElementById("add-character");

let editing = null; // the place of the character being edited; past the end for a new one

function draw() {
  if (editing !== null) return; // a form being filled in is not drawn over
  list.replaceChildren(...characters().map(drawCharacter));
  addButton.hidden = characters().length >= MOST_CHARACTERS;
}

function drawCharacter(character, place) {
  const item = document.createElement("li");
  item.className = "character";
  item.style.setProperty("--speaker", character.colour);
  const voice = talkOptions()?.voices.find((one) => one.id === character.voice);
  item.innerHTML = `
    <label class="next"><input type="radio" name="next"><span class="speaker-shape"></span>
      <span><span class="character-name" dir="auto"></span><span class="character-voice quiet"></span></span></label>
    <span class="character-tools">
      <button type="button" class="icon-button up"><svg aria-hidden="true"><use href="#icon-up"/></svg></button>
      <button type="button" class="icon-button down"><svg aria-hidden="true"><use href="#icon-down"/></svg></button>
      <button type="button" class="plain edit">Edit</button></span>`;
  const radio = item.querySelector("input");
  radio.checked = character.name === nextSpeaker();
  radio.setAttribute("aria-label", `${character.name} answers next`);
  radio.addEventListener("change", () => {
    setNextSpeaker(character.name);
    send({ type: "set", character: character.name });
    list.children[place].querySelector("input").focus();
  });
  item.querySelector(".character-name").textContent = character.name;
  item.querySelector(".character-voice").textContent =
    [voice?.name, character.name === nextSpeaker() && "answers next"].filter(Boolean).join(", ");
  prepareMove(item.querySelector(".up"), place, -1);
  prepareMove(item.querySelector(".down"), place, 1);
  const edit = item.querySelector(".edit");
  edit.setAttribute("aria-label", `Edit ${character.name}`);
  edit.addEventListener("click", () => openForm(place, character, item));
  return item;
}

function prepareMove(button, place, by) {
  const { name } = characters()[place];
  button.setAttribute("aria-label", `Move ${name} ${by < 0 ? "up" : "down"}`);
  button.disabled = place + by < 0 || place + by >= characters().length;
  button.addEventListener("click", () => {
    const moved = [...characters()];
    moved.splice(place + by, 0, ...moved.splice(place, 1));
    store(moved);
    announce(`${name} is number ${place + by + 1} now.`);
    list.children[place + by].querySelector(by < 0 ? ".up" : ".down").focus();
  });
}

function openForm(place, character, item) {
  if (editing !== null) {
    editing = null;
    draw();
    item = list.children[place] ?? item;
  }
  editing = place;
  const form = document.createElement("form");
  form.className = "character-form";
  form.noValidate = true;
  form.innerHTML = `
    <div class="row"><label class="field grow"><span>Name</span><input name="name" maxlength="${NAME_CHARS}" dir="auto"></label>
      <label class="field"><span>Colour</span><input name="colour" type="color"></label></div>
    <div class="field"><label for="character-voice">Voice</label>
      <input name="filter" type="search" placeholder="Filter voices" aria-label="Filter voices">
      <select name="voice" id="character-voice"></select></div>
    <label class="field"><span>Speed <output name="speedText"></output></span>
      <input name="speed" type="range" min="0.5" max="2" step="0.05"></label>
    <label class="field"><span>Persona: how it thinks and answers</span>
      <textarea name="persona" rows="3" maxlength="4000" dir="auto" placeholder="You are …"></textarea></label>
    <label class="field"><span>Description of the voice, for engines that read one</span>
      <input name="description" maxlength="500" dir="auto" placeholder="warm, low voice"></label>
    <label class="field"><span>Scene, for engines that read one</span>
      <input name="scene" maxlength="500" dir="auto" placeholder="a quiet room"></label>
    <p class="inline-problem" role="alert" hidden></p>
    <div class="row"><button class="strong" type="submit">Save</button>
      <button class="plain cancel" type="button">Cancel</button>
      <button class="plain remove" type="button">Remove</button></div>`;
  const fields = form.elements;
  for (const name of ["name", "colour", "persona", "description", "scene"]) fields[name].value = character[name];
  fields.speed.value = character.speed;
  fields.speedText.value = `${character.speed} ×`;
  fields.speed.addEventListener("input", () => {
    fields.speedText.value = `${fields.speed.value} ×`;
  });
  const language = document.getElementById("language").value;
  const voices = () => ({ filter: fields.filter.value, none: "As chosen below", language });
  fillVoices(fields.voice, { ...voices(), chosen: character.voice ?? "" });
  fields.filter.addEventListener("input", () => fillVoices(fields.voice, { ...voices(), chosen: fields.voice.value }));
  form.querySelector(".cancel").addEventListener("click", () => closeForm(place));
  const remove = form.querySelector(".remove");
  remove.hidden = place >= characters().length || characters().length === 1;
  remove.addEventListener("click", () => {
    editing = null;
    store(characters().filter((_, at) => at !== place));
    announce(`${character.name} is removed.`);
    addButton.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(form, place);
  });
  if (item) item.replaceChildren(form);
  else {
    const added = document.createElement("li");
    added.className = "character";
    added.append(form);
    list.append(added);
  }
  fields.name.focus();
}

function save(form, place) {
  const fields = form.elements;
  const character = {
    name: fields.name.value.trim(), colour: fields.colour.value, voice: fields.voice.value || null,
    speed: Number(fields.speed.value), persona: fields.persona.value.trim(),
    description: fields.description.value.trim(), scene: fields.scene.value.trim(),
  };
  const fault = faultOf(character, place);
  const problem = form.querySelector(".inline-problem");
  problem.hidden = fault === "";
  problem.textContent = fault;
  if (fault) {
    fields.name.focus();
    return;
  }
  const changed = [...characters()];
  changed[place] = character;
  editing = null;
  store(changed);
  focusEdit(place);
}

function closeForm(place) {
  editing = null;
  draw();
  focusEdit(place);
}

function focusEdit(place) {
  (list.children[place]?.querySelector(".edit") ?? addButton).focus();
}

function store(changed) {
  setCharacters(changed);
  send({ type: "set", characters: changed });
}

export function startCharacterEditor() {
  addButton.addEventListener("click", () => openForm(characters().length, newCharacter(), null));
  onCharacters(draw);
  onOptions(draw);
  draw();
}
