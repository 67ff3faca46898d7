// The conversation on the page: lines in the order of their turns, what the person says, and where one is looking.

import { announce } from "./announcer.js";
import { colourOf } from "./characters.js";

const scroller = document.getElementById("conversation-scroll");
const list = document.getElementById("conversation");
const welcome = document.getElementById("welcome");
const jump = document.getElementById("jump");
const NEAR_END_PX = 60;

let following = true;
let thinking = null;
let ownLine = null; // what the browser's own recognition hears, until it is final
let unplaced = []; // typed lines whose turn the server has not named yet

// A line of its own per speaker and turn; the DOM order is the order of the turns.
export function addLine(turn, kind, name) {
  const line = document.createElement("li");
  const who = document.createElement("p");
  const body = document.createElement("div");
  const words = document.createElement("p");
  line.className = `line ${kind}`;
  line.dataset.turn = turn;
  who.className = "who";
  who.dir = "auto";
  if (kind === "reply") {
    line.style.setProperty("--speaker", colourOf(name));
    const shape = document.createElement("span");
    shape.className = "speaker-shape";
    who.append(shape);
  }
  who.append(name);
  body.className = "said";
  words.className = "words";
  words.dir = "auto";
  body.append(words);
  line.append(who, body);
  place(line, turn);
  welcome.hidden = true;
  keepFollowing();
  return { line, body, words };
}

function place(line, turn) {
  // A reply stands behind its own turn's question and before any later turn.
  const later = [...list.children].find(
    (other) => other.dataset.turn !== undefined && Number(other.dataset.turn) > turn,
  );
  list.insertBefore(line, later ?? thinking);
}

function personLine(turn) {
  return list.querySelector(`.person[data-turn="${turn}"]`);
}

// What the person says: partial words replace one another, a final empty text withdraws the line.
// `stable` characters at its beginning will not change any more.
export function showTranscript({ turn, text, final, stable = 0 }) {
  let line = personLine(turn);
  const typed = unplaced.findIndex((waiting) => waiting.text === text.trim());
  if (!line && final && typed >= 0) {
    line = unplaced.splice(typed, 1)[0].line;
    line.dataset.turn = turn;
  }
  if (text.trim() === "") {
    if (final) line?.remove();
    return;
  }
  line ??= addLine(turn, "person", "You").line;
  fillWords(line.querySelector(".words"), text, final ? 0 : stable);
  line.classList.toggle("partial", !final);
  if (final && !line.dataset.typed) announce(`You said: ${text}`);
  keepFollowing();
}

function fillWords(words, text, stable) {
  const characters = [...text]; // the server counts code points
  if (!(stable > 0)) {
    words.textContent = text;
    return;
  }
  const firm = document.createElement("span");
  firm.className = "stable";
  firm.textContent = characters.slice(0, stable).join("");
  words.replaceChildren(firm, characters.slice(stable).join(""));
}

// Words that the browser itself understood: tentative ones replace one another, empty ones withdraw the line, final
// ones are placed as typed ones are.
export function showOwnWords(text, { final }) {
  if (text === "") {
    ownLine?.remove();
    ownLine = null;
    return;
  }
  ownLine ??= addLine(Number.MAX_SAFE_INTEGER, "person", "You").line;
  ownLine.querySelector(".words").textContent = text;
  ownLine.classList.toggle("partial", !final);
  if (final) {
    announce(`You said: ${text}`);
    ownLine.dataset.typed = "true";
    unplaced.push({ text, line: ownLine });
    ownLine = null;
  }
  keepFollowing();
}

// A typed turn is shown as soon as it is sent; its number comes with the server's first word about it.
export function showTyped(text) {
  const { line, words } = addLine(Number.MAX_SAFE_INTEGER, "person", "You");
  line.dataset.typed = "true";
  words.textContent = text;
  unplaced.push({ text, line });
  following = true;
  keepFollowing();
}

// The server answers a turn: typed lines still without a number belong to it or came before.
export function adoptTyped(turn) {
  if (personLine(turn) === null && unplaced.length > 0) {
    for (const { line } of unplaced) line.dataset.turn = turn;
    unplaced = [];
  }
}

export function showThinking(name) {
  if (thinking) return;
  thinking = document.createElement("li");
  thinking.className = "line reply pending";
  thinking.style.setProperty("--speaker", colourOf(name));
  thinking.innerHTML = `<p class="who" dir="auto"><span class="speaker-shape"></span></p>
    <div class="said"><p class="words"><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span></p></div>`;
  thinking.querySelector(".who").append(name);
  list.append(thinking);
  welcome.hidden = true;
  keepFollowing();
}

export function hideThinking() {
  thinking?.remove();
  thinking = null;
}

export function addDivider(text) {
  const divider = document.createElement("li");
  divider.className = "divider";
  divider.textContent = text;
  list.append(divider);
  // Numbers begin anew behind it.
  for (const line of list.querySelectorAll("[data-turn]")) delete line.dataset.turn;
  unplaced = [];
  keepFollowing();
}

export function emptyConversation() {
  list.replaceChildren();
  thinking = null;
  ownLine = null;
  unplaced = [];
  welcome.hidden = false;
}

export function conversationIsEmpty() {
  return list.children.length === 0;
}

// Scrolls along with what is new, unless the person has gone back to read; a welcome is read from its beginning.
export function keepFollowing() {
  if (following && !conversationIsEmpty()) scroller.scrollTop = scroller.scrollHeight;
  jump.hidden = following;
}

function atEnd() {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END_PX;
}

export function startConversation() {
  scroller.addEventListener("scroll", () => {
    following = atEnd();
    jump.hidden = following;
  }, { passive: true });
  jump.addEventListener("click", () => {
    following = true;
    keepFollowing();
    scroller.focus();
  });
  new ResizeObserver(keepFollowing).observe(scroller);
}
