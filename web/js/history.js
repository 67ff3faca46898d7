// The list of what was done before in a view: brought back by a press, deleted one by one or all at once.

import { announce } from "./announcer.js";
import { addEntry, entriesOf, removeEntriesOf, removeEntry } from "./history-store.js";
import { icon } from "./icons.js";

const KEPT = "Kept in this browser only, at most 30 of them or 100 MB; the oldest goes first.";
const moment = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

// Fills `element`, whose heading becomes `${view}-history-title`. `bringBack(entry)` is called when one is pressed.
// Returns {keep(entry)}; an entry is {title, detail, bytes, ...what the view needs}.
export function startHistory(element, { view, bringBack }) {
  element.hidden = true;
  element.innerHTML = `
    <div class="history-head"><h2 id="${view}-history-title">Earlier</h2>
      <button class="plain" type="button">Delete all</button></div>
    <p class="quiet">${KEPT}</p>
    <ul></ul>`;
  const list = element.querySelector("ul");
  const note = element.querySelector("p");
  let tooLarge = false; // the last one was

  async function draw() {
    let entries = [];
    try {
      entries = await entriesOf(view);
    } catch {
      // A browser that keeps nothing, as in some private windows: there is then nothing to show.
    }
    element.hidden = entries.length === 0 && !tooLarge;
    element.querySelector(".history-head button").hidden = entries.length === 0;
    note.textContent = tooLarge ? `${KEPT} The last one is larger than that and was not kept.` : KEPT;
    list.replaceChildren(...entries.map(drawEntry));
  }

  function drawEntry(entry) {
    const item = document.createElement("li");
    const open = document.createElement("button");
    const title = document.createElement("span");
    const detail = document.createElement("span");
    const remove = document.createElement("button");
    open.type = remove.type = "button";
    open.className = "history-open";
    title.className = "history-title";
    title.dir = "auto";
    title.textContent = entry.title;
    detail.className = "quiet";
    detail.textContent = [moment.format(entry.at), entry.detail].filter(Boolean).join(" · ");
    open.append(title, detail);
    open.addEventListener("click", () => bringBack(entry));
    remove.className = "icon-button";
    remove.setAttribute("aria-label", `Delete ${entry.title}`);
    remove.innerHTML = icon("close");
    remove.addEventListener("click", async () => {
      await removeEntry(entry.id);
      announce("Deleted.");
      const next = item.nextElementSibling ?? item.previousElementSibling;
      next?.querySelector(".icon-button").focus();
      item.remove();
      element.hidden = list.children.length === 0 && !tooLarge;
    });
    item.append(open, remove);
    return item;
  }

  element.querySelector(".history-head button").addEventListener("click", async () => {
    await removeEntriesOf(view);
    await draw();
    announce("All deleted.");
    document.getElementById("main").focus();
  });
  draw();

  async function keep(entry) {
    try {
      tooLarge = (await addEntry({ view, at: Date.now(), ...entry })) === null;
    } catch (failure) {
      // An entry that cannot be kept at all is a fault of the page's.
      if (failure.name === "DataCloneError") throw failure;
      return; // Not allowed or full: the page works, it only forgets.
    }
    await draw();
  }

  return { keep };
}
