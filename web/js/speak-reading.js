// The text while it is read: the sentence and the word that sound are marked, what is not made yet is fainter.

const FOLLOW_AGAIN_MS = 4000;

let page = null;
let seekHandler = () => {};
let characters = []; // of the text, as the server counts places: by code points
let tail = null; // the text node of what no sentence has claimed yet
let tailStart = 0;
let sentences = []; // {startChar, endChar, atMs, element, words}
let current = { sentence: null, word: null };
let movedByHandAt = -Infinity;

// `seek(ms)` is called when a word is pressed.
export function startReading(element, seek) {
  page = element;
  seekHandler = seek;
  page.addEventListener("click", (event) => {
    const word = event.target.closest("[data-at-ms]");
    // Marking words to copy them is no press.
    if (word && getSelection().isCollapsed) seekHandler(Number(word.dataset.atMs));
  });
  for (const sign of ["wheel", "touchmove", "keydown"]) {
    page.addEventListener(sign, () => {
      movedByHandAt = performance.now();
    }, { passive: true });
  }
}

export function showReading(text, ssml) {
  characters = [...text];
  tail = document.createTextNode(text);
  tailStart = 0;
  sentences = [];
  current = { sentence: null, word: null };
  page.classList.toggle("ssml", ssml);
  page.replaceChildren(tail);
  page.scrollTop = 0;
}

// Sentences come in the order of the text; one that stands elsewhere cannot be placed and is only heard.
export function addReadSentence({ text, start_char: start, at_ms: atMs }) {
  const end = Math.min(characters.length, start + [...text].length);
  if (!Number.isInteger(start) || start < tailStart || end <= start) return;
  const own = tail.splitText(characters.slice(tailStart, start).join("").length);
  tail = own.splitText(characters.slice(start, end).join("").length);
  tailStart = end;
  const element = document.createElement("span");
  element.className = "sentence";
  element.dataset.atMs = String(atMs);
  own.replaceWith(element);
  element.append(own);
  sentences.push({ startChar: start, endChar: end, atMs, element, words: [] });
}

// What is written may be longer than what is spoken of it, as with the marks of SSML.
function reachTo(sentence, end) {
  const own = tail;
  tail = own.splitText(characters.slice(tailStart, end).join("").length);
  sentence.element.append(own);
  sentence.endChar = tailStart = end;
  sentence.drawn = -1;
}

function endOfWord(start, limit = characters.length) {
  const beyond = page.classList.contains("ssml") ? /[\s<]/u : /\s/u;
  let end = start;
  while (end < limit && !beyond.test(characters[end])) end += 1;
  return end;
}

export function addReadWords({ words }) {
  for (const word of words) {
    if (!Number.isInteger(word.start_char) || word.start_char >= characters.length) continue;
    if (sentences.length > 0 && word.start_char >= tailStart) reachTo(sentences.at(-1), endOfWord(word.start_char));
    sentences.findLast((one) => word.start_char >= one.startChar && word.start_char < one.endChar)?.words.push({ ...word });
  }
  for (const sentence of sentences.slice(-3)) drawWords(sentence);
}

function drawWords(sentence) {
  if (sentence.words.length === sentence.drawn) return;
  sentence.drawn = sentence.words.length;
  sentence.words.sort((one, other) => one.start_char - other.start_char);
  const nodes = [];
  let at = sentence.startChar;
  sentence.words.forEach((word, number) => {
    if (word.start_char < at) return;
    const limit = sentence.words[number + 1]?.start_char ?? sentence.endChar;
    const end = endOfWord(word.start_char, limit);
    if (end === word.start_char) return;
    nodes.push(characters.slice(at, word.start_char).join(""));
    word.element = document.createElement("span");
    word.element.className = "word";
    word.element.dataset.atMs = String(word.at_ms);
    word.element.textContent = characters.slice(word.start_char, end).join("");
    nodes.push(word.element);
    at = end;
  });
  nodes.push(characters.slice(at, sentence.endChar).join(""));
  sentence.element.replaceChildren(...nodes.filter((node) => node !== ""));
}

// Null: nothing sounds and nothing is marked.
export function markReading(ms) {
  const sounding = ms === null ? null : lastBefore(sentences, ms);
  const sentence = sounding?.element ?? null;
  const word = sounding?.words.findLast((one) => one.element && one.at_ms <= ms)?.element ?? null;
  if (sentence !== current.sentence) swap(current.sentence, sentence);
  if (word !== current.word) {
    swap(current.word, word);
    follow(word ?? sentence);
  }
  current = { sentence, word };
}

function swap(before, now) {
  before?.classList.remove("now");
  now?.classList.add("now");
}

function lastBefore(list, ms) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].atMs <= ms) low = middle + 1;
    else high = middle;
  }
  return list[low - 1] ?? null;
}

// Keeps what sounds within sight, unless the person is looking elsewhere.
function follow(element) {
  if (!element || performance.now() - movedByHandAt < FOLLOW_AGAIN_MS) return;
  const box = element.getBoundingClientRect();
  const frame = page.getBoundingClientRect();
  if (box.top < frame.top + 8 || box.bottom > frame.bottom - 8) {
    page.scrollTop += box.top - frame.top - frame.height / 3;
  }
}
