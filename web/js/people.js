// The People view: who one is, what one may and what of it is left; keys; everything about oneself; what was done.

import { ask } from "./ask.js";
import { loadOptions, setToken, token } from "./options.js";
import { startData } from "./people-data.js";
import { loadKeys, showKeysOf, startKeys } from "./people-keys.js";
import { loadLog, startLog } from "./people-log.js";
import { PEOPLE_PAGE } from "./people-page.js";
import { loadUsers, startUsers } from "./people-users.js";
import { howInWords, leftInWords, mayInWords } from "./people-words.js";
import { createProblemCard } from "./problem-card.js";
import { voicesRefusal } from "./voices-words.js";
import { currentView, onViewShown } from "./views.js";

let section = null;
let problem = null;
let me = null;

function find(id) {
  return section.querySelector(`#${id}`);
}

// `deleted` tells what has just been deleted, perhaps with the key that this page used.
async function load(deleted = "") {
  try {
    me = await ask("GET", "api/people/me");
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    find("people-asking").hidden = true;
    find("people-known").hidden = true;
    const keyGone = deleted && refused.code === "unauthorized";
    if (keyGone) setToken(null);
    const card = withKey(voicesRefusal(refused));
    problem.show(keyGone ? { ...card, what: deleted, means: "The key of this page ended with it. Come in with another one, or close the page." } : card, (given, remember) => {
      if (given) {
        setToken(given, remember);
        loadOptions();
      }
      load();
    });
    return;
  }
  problem.clear();
  draw();
  loadKeys(me);
  loadAround();
}

// What changes with every key and every deed.
function loadAround() {
  loadUsers(me);
  loadLog(me);
}

// Here it is no fault to have none.
function withKey(card) {
  if (!card.field) return card.press ? card : { ...card, press: "Try again" };
  return { ...card, what: token() ? "The server does not know that key." : "This server wants to know who you are.", means: "Give a key that was made for you, or the operator’s token. It is kept for this tab unless you have it remembered.", field: "Key" };
}

function draw() {
  find("people-asking").hidden = true;
  find("people-known").hidden = false;
  find("who-name").textContent = me.how === "open" ? "The one user of this server" : me.user;
  find("who-how").textContent = howInWords(me);
  find("who-may").textContent = me.how === "open" ? "" : mayInWords(me);
  find("forget-key").hidden = token() === null;
  find("left").replaceChildren(...leftInWords(me.left).map(({ name, part, words }) => {
    const item = document.createElement("li");
    const title = document.createElement("span");
    const told = document.createElement("span");
    title.textContent = name;
    told.className = "quiet";
    told.textContent = words;
    item.append(title, told);
    if (part !== null) {
      const bar = document.createElement("div");
      bar.className = "bar";
      bar.append(document.createElement("span"));
      bar.firstElementChild.style.transform = `scaleX(${part})`;
      bar.dataset.low = String(part < 0.1); // the words say it as well
      item.append(bar);
    }
    return item;
  }));
}

export function start(element) {
  section = element;
  section.innerHTML = PEOPLE_PAGE;
  section.setAttribute("aria-labelledby", "people-title");
  problem = createProblemCard(find("people-problem"));
  startKeys(section, { onChange: loadAround });
  startUsers(section, { onChosen: showKeysOf });
  startData(section, { who: () => me, onDeleted: load });
  startLog(section);
  find("forget-key").addEventListener("click", () => {
    setToken(null);
    load();
    document.getElementById("main").focus();
  });
  onViewShown((view) => {
    if (view === "people") load();
  });
  if (currentView() === "people") load();
}
