// A sentence of consent with its words marked: understood, or not.

function plain(word) {
  return word.normalize("NFKD").replace(/[^\p{L}\p{N}]/gu, "").toLowerCase();
}

// The longest common run in order of what was to be said and what was heard tells which words were understood; the server
// decides by its own measure whether they are enough.
export function understoodWords(phrase, heard) {
  const wanted = phrase.split(/\s+/u).filter(Boolean);
  const said = heard.split(/\s+/u).map(plain).filter(Boolean);
  const lengths = Array.from({ length: wanted.length + 1 }, () => new Array(said.length + 1).fill(0));
  for (let i = wanted.length - 1; i >= 0; i -= 1) {
    for (let j = said.length - 1; j >= 0; j -= 1) {
      lengths[i][j] = plain(wanted[i]) === said[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  const marks = [];
  for (let i = 0, j = 0; i < wanted.length; i += 1) {
    while (j < said.length && lengths[i][j] === lengths[i][j + 1]) j += 1;
    const understood = j < said.length && plain(wanted[i]) === said[j] && lengths[i][j] === lengths[i + 1][j + 1] + 1;
    marks.push({ text: wanted[i], understood });
    if (understood) j += 1;
  }
  return marks;
}

// Fills `element` with `marks`, a list of {text, understood}, told by shape and by what they are.
export function showMarks(element, marks) {
  element.replaceChildren();
  for (const { text, understood } of marks) {
    const mark = document.createElement(understood ? "ins" : "del");
    mark.textContent = text;
    element.append(mark, " ");
  }
}
