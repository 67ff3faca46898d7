// Talks that the server keeps: whether this one is, and the way to the list of them, which is fetched when it is opened.

import { keepInTab, keptInTab } from "./kept.js";
import { styled } from "./late-views.js";
import { sayInPassing } from "./problems.js";
import { isUntold, onMessage, send } from "./websocket.js";

const button = document.getElementById("open-talks");

let current = { id: "", kept: false }; // of the talk that is open
let wanted = null; // the id of the talk that is to go on
let opening = false;

// What hello says of it. A talk that goes on after it was deleted is not kept any more, whatever is wanted.
export function helloKeep() {
  return { keep: !keptInTab("unkept") && !isDeleted(keptInTab("conversation")?.id) };
}

// {id, kept, wanted, deleted}: `wanted` is what the person chose, `kept` what the server does.
export function currentTalk() {
  return { ...current, wanted: !keptInTab("unkept"), deleted: isDeleted(current.id) };
}

// What was kept of the talk that is open was deleted: the server keeps nothing of it from now on, and does not say so.
export function endKeeping() {
  keepInTab("deleted", current.id);
  current.kept = false;
  send({ type: "set", keep: false });
  draw();
}

function isDeleted(id) {
  return Boolean(id) && id === keptInTab("deleted");
}

// From the next turn on; what was kept before stays until it is deleted.
export function keepTalk(wanting) {
  keepInTab("unkept", wanting ? null : true);
  current.kept = wanting;
  send({ type: "set", keep: wanting });
  draw();
}

function draw() {
  const unkept = keptInTab("unkept") === true || isDeleted(current.id);
  button.dataset.kept = String(!unkept);
  button.setAttribute("aria-label", unkept ? "Earlier talks. This one is not kept" : "Earlier talks");
}

// `onGoOn(id)` leaves the open talk for a kept one, or with null for a new one.
export function startKeptTalks({ onGoOn }) {
  function goOn(id) {
    wanted = id;
    onGoOn(id);
  }

  button.addEventListener("click", async () => {
    if (opening) return;
    opening = true;
    try {
      const [{ openTalks }] = await Promise.all([import("./talk-history.js"), styled("talks")]);
      openTalks(goOn);
    } catch (failure) {
      sayInPassing("The list did not come from the server. Load the page again.");
      throw failure;
    } finally {
      opening = false;
    }
  });
  onMessage("ready", (ready) => {
    current = { id: ready.conversation_id, kept: isUntold("keep") ? helloKeep().keep : ready.kept ?? false };
    if (wanted && wanted !== current.id) sayInPassing("That talk is no longer there: a new one has begun.");
    else if (wanted) sayInPassing("The talk goes on where it ended.");
    wanted = null;
    draw();
  });
  draw();
}
