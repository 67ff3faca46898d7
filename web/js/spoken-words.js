// Splits a sentence into the words that the server timed, so that the one being spoken can be marked.

// Returns {nodes, spans}: the text as DOM nodes, and per timed word {atMs, element}. `start_char` counts code points,
// as the server does; words without one cannot be placed and are left out.
export function markedWords(text, words) {
  const characters = [...text];
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
    if (end === word.start_char) return;
    if (at < word.start_char) nodes.push(document.createTextNode(characters.slice(at, word.start_char).join("")));
    const element = document.createElement("span");
    element.className = "word ahead";
    element.textContent = characters.slice(word.start_char, end).join("");
    nodes.push(element);
    spans.push({ atMs: word.at_ms, element });
    at = end;
  });
  if (at < characters.length) nodes.push(document.createTextNode(characters.slice(at).join("")));
  return { nodes, spans };
}
