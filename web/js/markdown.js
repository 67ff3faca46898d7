// A reply's markdown marks, read character by character, so that text, marks and word times keep their places.
//
// Sentences come one at a time and are never drawn anew, so nothing here waits for what has not come: ** opens until it
// is closed or a paragraph ends, a fence until the next one; * _ and ` count only where the same sentence closes them.

const FENCE = /^\s*```[^`]*$/u;
const HEADING = /^(\s*)(#{1,6}\s+)/u;
const ITEM = /^(\s*)([-*+]\s+)(?=\S)/u;
const INDENT_CHARS = 2;

// What one sentence leaves for the next of the same speaker.
export function freshMarks() {
  return { strong: false, fence: false, heading: false, lineStart: true };
}

// Returns {characters, shown, styles, after}, each but the last by code point: what is shown of it ("" for a mark), and
// the names of its styles, outermost first, joined by spaces.
export function readMarks(text, before) {
  const characters = [...text];
  const shown = [...characters];
  const styles = new Array(characters.length).fill("");
  const marks = { ...before };
  let from = 0;
  while (from < characters.length) {
    let end = characters.indexOf("\n", from);
    end = end < 0 ? characters.length : end;
    readLine({ characters, shown, styles, from, end }, marks);
    marks.lineStart = end < characters.length;
    from = end + 1;
  }
  return { characters, shown, styles, after: marks };
}

function readLine(place, marks) {
  const { characters, shown, styles, from, end } = place;
  const line = characters.slice(from, end).join("");
  if (marks.lineStart && FENCE.test(line)) {
    marks.fence = !marks.fence;
    shown.fill("", from, Math.min(end + 1, characters.length)); // its line break goes with it
    return;
  }
  if (marks.fence) {
    styles.fill("code", from, Math.min(end + 1, characters.length));
    return;
  }
  let at = from;
  if (marks.lineStart) {
    if (line.trim() === "") marks.strong = false;
    marks.heading = false;
    at += readBeginning(place, line, marks);
  }
  readInline({ ...place, from: at }, marks);
}

function readBeginning({ shown, from }, line, marks) {
  const heading = HEADING.exec(line);
  if (heading) {
    marks.heading = true;
    const length = [...heading[0]].length;
    shown.fill("", from, from + length);
    return length;
  }
  const item = ITEM.exec(line);
  if (!item) return 0;
  const indent = [...item[1]].length;
  const length = indent + [...item[2]].length;
  shown.fill("", from, from + length);
  // Wide spaces, since ordinary ones at the beginning of a line are not drawn.
  shown[from] = `${"\u2003".repeat(Math.floor(indent / INDENT_CHARS))}•\u00a0`;
  return length;
}

function readInline({ characters, shown, styles, from, end }, marks) {
  let em = "";
  let at = from;
  const isSpace = (place) => place < from || place >= end || /\s/u.test(characters[place]);
  const isWord = (place) => place >= from && place < end && /[\p{L}\p{N}]/u.test(characters[place]);
  const closes = (mark, start) => {
    for (let place = start; place < end; place += 1) {
      if (characters[place] === mark && characters[place - 1] !== mark && characters[place + 1] !== mark
        && !isSpace(place - 1) && !isWord(place + 1)) return true;
    }
    return false;
  };
  while (at < end) {
    const mark = characters[at];
    const double = characters[at + 1] === mark && at + 1 < end;
    if (mark === "\\" && at + 1 < end && "\\*_`#".includes(characters[at + 1])) {
      shown[at] = "";
      at += 1;
    } else if (mark === "`" && characters.indexOf("`", at + 1) > at + 1 && characters.indexOf("`", at + 1) < end) {
      const close = characters.indexOf("`", at + 1);
      shown[at] = shown[close] = "";
      styles.fill("code", at + 1, close);
      at = close + 1;
      continue;
    } else if ((mark === "*" || mark === "_") && double) {
      const opens = !marks.strong && !isSpace(at + 2) && !isWord(at - 1);
      const ends = marks.strong && !isSpace(at - 1);
      if (opens || ends) {
        marks.strong = opens;
        shown[at] = shown[at + 1] = "";
      } else {
        styles[at] = styles[at + 1] = styleOf(marks, em);
      }
      at += 2;
      continue;
    } else if (mark === "*" || mark === "_") {
      if (em === mark && !isSpace(at - 1) && !isWord(at + 1)) {
        em = "";
        shown[at] = "";
      } else if (em === "" && !isSpace(at + 1) && !isWord(at - 1) && closes(mark, at + 2)) {
        em = mark;
        shown[at] = "";
      }
    }
    styles[at] = styleOf(marks, em);
    at += 1;
  }
}

function styleOf(marks, em) {
  return [(marks.strong || marks.heading) && "strong", em && "em"].filter(Boolean).join(" ");
}

// The nodes of one stretch, from one code point up to another.
export function styledNodes({ shown, styles }, from, to) {
  const nodes = [];
  let at = from;
  while (at < to) {
    let end = at + 1;
    while (end < to && styles[end] === styles[at]) end += 1;
    const text = shown.slice(at, end).join("");
    if (text) nodes.push(wrapped(text, styles[at]));
    at = end;
  }
  return nodes;
}

// The model's words only ever become text; the elements are ours.
function wrapped(text, style) {
  let node = document.createTextNode(text);
  for (const name of style.split(" ").reverse().filter(Boolean)) {
    const element = document.createElement(name);
    element.append(node);
    node = element;
  }
  return node;
}
