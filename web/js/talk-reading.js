// One kept talk, read: renamed, gone on with, taken along, deleted.

import { announce } from "./announcer.js";
import { ask, request } from "./ask.js";
import { languageName } from "./options.js";
import { fileName, saveBlob } from "./save.js";

const ENDINGS = { text: "txt", markdown: "md", json: "json" };
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

let sheet = null;
let talk = null;
let own = false; // it is the one that is open
let before = null;

function find(id) {
  return sheet.querySelector(`#talk-${id}`);
}

function path() {
  return `api/conversations/${encodeURIComponent(talk.conversation_id)}`;
}

// Rejects as `ask` does, and then shows nothing else than before.
export async function readTalk(id, { isThis }) {
  talk = await ask("GET", `api/conversations/${encodeURIComponent(id)}`);
  own = isThis;
  before = talk.before;
  sheet.querySelector("#talks-all").hidden = true;
  sheet.querySelector("#talks-back").hidden = false;
  find("read").hidden = false;
  find("rename-form").hidden = true;
  find("confirm").hidden = true;
  find("go-on").hidden = own;
  draw();
  find("messages").replaceChildren(...talk.messages.map(drawMessage));
  find("earlier").hidden = before === null;
  sheet.scrollTop = 0;
  find("read-title").focus();
}

export function closeTalk() {
  talk = null;
  find("read").hidden = true;
  sheet.querySelector("#talks-all").hidden = false;
  sheet.querySelector("#talks-back").hidden = true;
}

function draw() {
  find("read-title").textContent = talk.title;
  find("read-facts").textContent = [
    moment.format(new Date(talk.created_at)), languageName(talk.language), own ? "this talk" : "",
  ].filter(Boolean).join(" · ");
}

// What was written and not heard is greyed and said, as in the talk itself.
function drawMessage({ role, speaker, text, heard }) {
  const item = document.createElement("li");
  const who = document.createElement("p");
  const words = document.createElement("p");
  item.className = role;
  who.className = "quiet";
  who.dir = words.dir = "auto";
  who.textContent = role === "user" ? "You" : speaker;
  if (role === "assistant" && heard !== text) {
    const told = text.startsWith(heard) ? heard : "";
    const rest = document.createElement("span");
    rest.className = "unheard";
    rest.textContent = text.slice(told.length);
    const note = document.createElement("span");
    note.className = "unheard-note";
    note.textContent = "not heard";
    words.append(told, rest, " ", note);
  } else {
    words.textContent = text;
  }
  item.append(who, words);
  return item;
}

// `trying(doing)` runs a question and shows its refusal; `goOn(id)` leaves the sheet for the talk; `onChanged` is called
// when the list is another, `onDeleted(id)` when it lacks one.
export function startReading(given, { trying, goOn, onChanged, onDeleted }) {
  sheet = given;
  sheet.querySelector("#talks-back").addEventListener("click", () => {
    closeTalk();
    sheet.querySelector("#earlier-talks-title").focus();
  });
  find("go-on").addEventListener("click", () => goOn(talk.conversation_id));
  find("earlier").addEventListener("click", () => trying(async () => {
    const told = await ask("GET", `${path()}?${new URLSearchParams({ before })}`);
    find("messages").prepend(...told.messages.map(drawMessage));
    before = told.before;
    find("earlier").hidden = before === null;
  }));
  const form = find("rename-form");
  find("rename").addEventListener("click", () => {
    form.hidden = !form.hidden;
    form.elements.title.value = talk.title;
    if (!form.hidden) form.elements.title.select();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const title = form.elements.title.value.trim();
    if (!title) return;
    trying(async () => {
      talk = { ...talk, ...(await ask("PATCH", path(), { title })) };
      form.hidden = true;
      draw();
      find("rename").focus();
      announce(`The talk is called ${talk.title}.`);
      onChanged();
    });
  });
  const step = find("confirm");
  const show = (open) => {
    step.hidden = !open;
    (open ? step.querySelector(".keep") : find("delete")).focus();
  };
  find("delete").addEventListener("click", () => show(true));
  step.querySelector(".keep").addEventListener("click", () => show(false));
  step.querySelector(".really").addEventListener("click", () => trying(async () => {
    const id = talk.conversation_id;
    await request("DELETE", path());
    announce("Deleted.");
    closeTalk();
    sheet.querySelector("#earlier-talks-title").focus();
    onDeleted(id);
  }));
  for (const button of sheet.querySelectorAll("[data-talk-export]")) {
    const format = button.dataset.talkExport;
    button.addEventListener("click", () => trying(async () => {
      const answer = await request("GET", `${path()}/export?format=${format}`);
      saveBlob(await answer.blob(), `${fileName(talk.title, "talk")}.${ENDINGS[format]}`);
    }));
  }
}
