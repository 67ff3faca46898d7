// Taking spoken text away: the sound in a format, and the times of its words.

import { announce } from "./announcer.js";
import { cancelled, request } from "./ask.js";
import { cutOff } from "./event-stream.js";
import { size } from "./figures.js";
import { fileName, saveBlob } from "./save.js";

const ENDINGS = { opus: "ogg", pcm: "pcm" };
const MARKS = { json: "application/json", srt: "application/x-subrip", vtt: "text/vtt" };

let saveButton = null;
let marksButtons = [];
let order = null; // what can be taken away; null where nothing can
let readFormat = () => "mp3";
let refusedHandler = () => {};
let working = null; // the AbortController of what is being fetched

// `format()` gives the chosen one; `onRefused(refused, again)` is called when the server cannot.
export function startTaking(section, { format, onRefused }) {
  saveButton = section.querySelector("#speak-save");
  marksButtons = [...section.querySelectorAll("[data-marks]")];
  readFormat = format;
  refusedHandler = onRefused;
  saveButton.addEventListener("click", () => (working ? working.abort() : saveSound()));
  for (const button of marksButtons) button.addEventListener("click", () => saveMarks(button.dataset.marks));
}

// Null: nothing to take away yet.
export function offerToTake(given) {
  order = given;
  draw();
}

function draw() {
  saveButton.disabled = order === null && working === null;
  for (const button of marksButtons) button.disabled = order === null || working !== null;
}

function sayOnButton(words) {
  saveButton.querySelector("span").textContent = words;
}

async function work(take) {
  if (working || order === null) return;
  working = new AbortController();
  draw();
  try {
    await take(working.signal);
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    if (refused.code === "cancelled") announce("The download was stopped.");
    else refusedHandler(refused, () => work(take));
  } finally {
    working = null;
    sayOnButton("Download");
    draw();
  }
}

function saveSound() {
  const format = readFormat();
  const wanted = { ...order, format };
  return work(async (signal) => {
    sayOnButton("Stop");
    const answer = await request("POST", "api/speech", wanted, { signal });
    const parts = [];
    let bytes = 0;
    const reader = answer.body.getReader();
    for (;;) {
      const { done, value } = await reader.read().catch(() => {
        throw signal.aborted ? cancelled() : cutOff();
      });
      if (done) break;
      parts.push(value);
      bytes += value.length;
      sayOnButton(`Stop: ${size(bytes)}`);
    }
    saveBlob(new Blob(parts, { type: answer.headers.get("Content-Type") ?? "" }), `${fileName(wanted.text, "speech")}.${ENDINGS[format] ?? format}`);
    announce(`Downloaded, ${size(bytes)}.`);
  });
}

function saveMarks(marks) {
  const wanted = { ...order, marks };
  return work(async (signal) => {
    const answer = await request("POST", "api/speech/marks", wanted, { signal });
    saveBlob(new Blob([await answer.blob()], { type: MARKS[marks] }), `${fileName(wanted.text, "speech")}.${marks}`);
    announce(`Times of words downloaded as ${marks.toUpperCase()}.`);
  });
}
