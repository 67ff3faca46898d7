// The list of talks that the server keeps: searched, opened, deleted; and whether this one is kept.

import { announce } from "./announcer.js";
import { ask, request } from "./ask.js";
import { conversationIsEmpty } from "./chatui.js";
import { icon } from "./icons.js";
import { currentTalk, endKeeping, keepTalk } from "./kept-talks.js";
import { asSentence } from "./problems.js";
import { TALKS_PAGE } from "./talk-history-page.js";
import { closeTalk, readTalk, startReading } from "./talk-reading.js";

const PATH = "api/conversations";
const KEY_WANTED = "This server wants to know who you are. Close this and give it your key.";
const ENDED = "This talk was deleted: what is said in it from now on is not kept. Begin a new one to have words kept again.";
const SEARCH_AFTER_MS = 250;
const moment = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

let sheet = null;
let goOn = () => {};
let before = null; // the next page
let asked = 0; // counts questions, so that a late answer to an earlier one is dropped
let searching = null;

function find(id) {
  return sheet.querySelector(`#talks${id}`);
}

export function openTalks(onGoOn) {
  goOn = onGoOn;
  if (!sheet) build();
  closeTalk();
  find("-search").value = "";
  find("-confirm").hidden = true;
  drawKeeping();
  sheet.showModal();
  load();
}

export async function trying(doing) {
  find("-problem").hidden = true;
  try {
    await doing();
    return true;
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    find("-problem").textContent = refused.code === "unauthorized" ? KEY_WANTED : asSentence(refused.message);
    find("-problem").hidden = false;
    return false;
  }
}

function drawKeeping() {
  const { id, kept, wanted, deleted } = currentTalk();
  find("-keep").checked = wanted && kept;
  find("-keep").disabled = deleted || (wanted && !kept);
  find("-keep-note").textContent = deleted ? ENDED : !wanted
    ? "What is said from now on is forgotten when the talk ends. What was kept before stays until you delete it."
    : kept ? "Words are kept on the server, no sound. You can read them here, go on later, and delete them."
      : id ? "This server keeps no talks." : "There is no talk: the server is not connected.";
}

// Says that the talk that is open was among what was deleted, and offers a new one.
function endThisTalk() {
  endKeeping();
  drawKeeping();
  announce(`Deleted. ${ENDED}`);
  find("-new").focus();
}

function load({ more = false } = {}) {
  asked += 1;
  const own = asked;
  const words = find("-search").value.trim();
  const query = new URLSearchParams(words ? { q: words } : more && before ? { before } : {});
  return trying(async () => {
    const told = await ask("GET", query.size > 0 ? `${PATH}?${query}` : PATH);
    if (own !== asked) return;
    const items = told.conversations.map(drawTalk);
    if (more) find("").append(...items);
    else find("").replaceChildren(...items);
    before = told.before;
    drawCount(words);
    if (more) items[0]?.querySelector("button").focus();
  });
}

function drawCount(words = "") {
  const count = find("").childElementCount;
  const told = count > 0 ? (words ? `${count} found` : "") : words ? "Nothing was found." : "None yet: talk, and it stands here.";
  if (find("-found").textContent !== told) find("-found").textContent = told;
  find("-more").hidden = before === null || words !== "";
  find("-delete-all").hidden = count === 0 || words !== "";
}

function drawTalk(talk) {
  const item = document.createElement("li");
  item.innerHTML = `<button class="talk-open" type="button"><span class="talk-title" dir="auto"></span><span class="quiet talk-excerpt" dir="auto" hidden></span><span class="quiet"></span></button>
    <button class="icon-button" type="button">${icon("close")}</button>`;
  const [open, remove] = item.querySelectorAll("button");
  const isThis = talk.conversation_id === currentTalk().id;
  item.querySelector(".talk-title").textContent = talk.title;
  drawExcerpt(item.querySelector(".talk-excerpt"), talk.found);
  open.lastElementChild.textContent = [moment.format(new Date(talk.updated_at)), `${talk.message_count} ${talk.message_count === 1 ? "line" : "lines"}`, isThis ? "this talk" : ""].filter(Boolean).join(" · ");
  open.addEventListener("click", () => trying(() => readTalk(talk.conversation_id, { isThis })));
  if (isThis) item.dataset.open = "";
  remove.setAttribute("aria-label", `Delete ${talk.title}`);
  remove.addEventListener("click", () => askToDelete(item, remove, talk));
  return item;
}

function drawExcerpt(element, found) {
  if (!found?.message_id) return;
  const characters = [...found.excerpt]; // the server counts code points
  const mark = document.createElement("mark");
  mark.textContent = characters.slice(found.start_char, found.end_char).join("");
  element.append(characters.slice(0, found.start_char).join(""), mark, characters.slice(found.end_char).join(""));
  element.hidden = false;
}

function askToDelete(item, remove, talk) {
  const step = document.createElement("div");
  step.className = "talk-step";
  step.setAttribute("role", "group");
  step.setAttribute("aria-label", `Delete ${talk.title}?`);
  step.innerHTML = `<p>It is gone at once and for good.</p><div class="row"><button class="strong warn" type="button">Delete it</button><button class="plain" type="button">Keep it</button></div>`;
  const [really, keep] = step.querySelectorAll("button");
  remove.hidden = true;
  item.append(step);
  keep.focus();
  keep.addEventListener("click", () => {
    step.remove();
    remove.hidden = false;
    remove.focus();
  });
  really.addEventListener("click", async () => {
    if (!(await trying(() => request("DELETE", `${PATH}/${talk.conversation_id}`)))) return;
    announce("Deleted.");
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    drawCount(find("-search").value.trim());
    if (talk.conversation_id === currentTalk().id) endThisTalk();
    else (next?.querySelector("button") ?? find("-search")).focus();
  });
}

function listen() {
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close(); // a press beside the sheet
  });
  find("-close").addEventListener("click", () => sheet.close());
  find("-keep").addEventListener("change", () => {
    keepTalk(find("-keep").checked);
    drawKeeping();
  });
  find("-new").addEventListener("click", () => {
    sheet.close();
    goOn(null);
  });
  find("-search").addEventListener("input", () => {
    clearTimeout(searching);
    searching = setTimeout(load, SEARCH_AFTER_MS);
  });
  find("-more").addEventListener("click", () => load({ more: true }));
  const step = find("-confirm");
  const show = (open) => {
    step.hidden = !open;
    find("-delete-all").hidden = open;
    (open ? step.querySelector(".keep") : find("-delete-all")).focus();
  };
  find("-delete-all").addEventListener("click", () => show(true));
  step.querySelector(".keep").addEventListener("click", () => show(false));
  step.querySelector(".really").addEventListener("click", () => trying(async () => {
    // One whose first words were said since the list was told does not stand in it.
    const isAmong = find("").querySelector("[data-open]") !== null || (currentTalk().kept && !conversationIsEmpty());
    await request("DELETE", `${PATH}?all=true`);
    step.hidden = true;
    announce("All talks are deleted.");
    await load();
    if (isAmong) endThisTalk();
    else find("-search").focus();
  }));
}

function build() {
  sheet = document.createElement("dialog");
  sheet.id = "talks-sheet";
  sheet.className = "sheet";
  sheet.setAttribute("aria-labelledby", "talks-title");
  sheet.innerHTML = TALKS_PAGE;
  document.body.append(sheet);
  listen();
  startReading(sheet, {
    trying,
    goOn: (id) => {
      sheet.close();
      goOn(id);
    },
    onChanged: () => load(),
    onDeleted: (id) => {
      load();
      if (id === currentTalk().id) endThisTalk();
    },
  });
}
