// What was done in one's own name, for operators in everybody's, as a table that grows backwards.

import { ask } from "./ask.js";
import { asSentence } from "./problems.js";
import { actionInWords } from "./people-words.js";
import { momentOf } from "./voices-words.js";

const AT_ONCE = 25;

let section = null;
let next = null;
let asked = 0; // counts questions, so that a late answer to an earlier one is dropped

function find(id) {
  return section.querySelector(`#log-${id}`);
}

function ofEverybody() {
  return find("whose").querySelector("[value=everybody]").checked;
}

async function more(before) {
  asked += 1;
  const own = asked;
  const everybody = ofEverybody();
  find("problem").hidden = true;
  try {
    const query = new URLSearchParams({ limit: AT_ONCE, ...(before !== null && { before }), ...(everybody && { everybody }) });
    const told = await ask("GET", `api/audit?${query}`);
    if (own !== asked) return;
    section.querySelector(".log [data-who]").hidden = !everybody;
    const rows = section.querySelector(".log tbody");
    if (before === null) rows.replaceChildren();
    rows.append(...told.events.map((event) => drawEvent(event, everybody)));
    next = told.next;
    find("none").hidden = rows.childElementCount > 0;
    find("scroll").hidden = rows.childElementCount === 0;
    find("more").hidden = next === null;
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    find("problem").textContent = asSentence(refused.message);
    find("problem").hidden = false;
  }
}

function drawEvent(event, everybody) {
  const row = document.createElement("tr");
  const who = everybody ? [event.user || "a stranger"] : [];
  for (const words of [momentOf(event.at), ...who, actionInWords(event), event.subject, event.address]) {
    const cell = document.createElement("td");
    cell.textContent = words;
    row.append(cell);
  }
  return row;
}

// `me` is who asks, as the server told.
export function loadLog(me) {
  find("whose").hidden = !me.is_operator;
  if (!me.is_operator) find("whose").querySelector("[value=mine]").checked = true;
  return more(null);
}

export function startLog(given) {
  section = given;
  find("more").addEventListener("click", () => more(next));
  find("whose").addEventListener("change", () => more(null));
}
