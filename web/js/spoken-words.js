// Splits a sentence into the words that the server timed, so that the one being spoken can be marked.

import { styledNodes } from "./markdown.js";

// `marks` is what readMarks made of the sentence. Returns {nodes, spans}: the text as DOM nodes, and per timed word
// {atMs, element}. `start_char` counts code points, as the server does; words without one cannot be placed and are left out.
export function markedWords(marks, words) {
  const { characters, shown } = marks;
  const placed = words
    .filter((word) => Number.isInteger(word.start_char) && word.start_char < characters.length)
    .sort((one, other) => one.start_char - other.start_char);
  const nodes = [];
  const spans = [];
  let at = 0;
  placed.forEach((word, number) => {
    if (word.start_char < at) return;
    const limit = placed[number + 1]?.start_char ?? characters.length;
    let end = word.start_char;
    while (end < limit && !/\s/u.test(characters[end])) end += 1;
    // Marks around a word belong to no word, and a word of marks alone has nothing to light up.
    if (shown.slice(word.start_char, end).join("") === "") return;
    nodes.push(...styledNodes(marks, at, word.start_char));
    const element = document.createElement("span");
    element.className = "word ahead";
    element.append(...styledNodes(marks, word.start_char, end));
    nodes.push(element);
    spans.push({ atMs: word.at_ms, element });
    at = end;
  });
  nodes.push(...styledNodes(marks, at, characters.length));
  return { nodes, spans };
}
