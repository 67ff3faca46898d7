// A turn's time line: from the end of the person's speech to the first sound of the answer, drawn to scale.

const STAGES = [
  { name: "endpoint", words: "sure that you had finished" },
  { name: "transcript", words: "words understood" },
  { name: "first_token", words: "first word written" },
  { name: "first_sentence", words: "first clause written" },
  { name: "first_audio", words: "first sound made" },
  { name: "first_played", words: "first sound heard" },
];
// All turns share this scale, so that a quick answer is a short line; only a slower one shrinks to fit.
const SCALE_MS = 2000;

let count = 0;

// Returns an element to put below the reply; null where no stage was reached. The others are the titles of the engines
// of this turn, empty where nobody told.
export function drawTimeline(ms, { heardBy = "", answeredBy = "", spokenBy = "" } = {}) {
  const reached = STAGES.filter((stage) => Number.isFinite(ms[stage.name])).map((stage) => ({
    ...stage,
    at: Math.max(0, ms[stage.name]),
  }));
  if (reached.length === 0) return null;
  const last = Math.max(...reached.map((stage) => stage.at));
  const scale = Math.max(SCALE_MS, last);
  const holder = document.createElement("div");
  const button = document.createElement("button");
  const line = document.createElement("span");
  const total = document.createElement("span");
  const figures = document.createElement("div");
  count += 1;
  holder.className = "timeline";
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", `timeline-${count}`);
  const engines = [["Heard", heardBy], ["Answered", answeredBy], ["Spoken", spokenBy]]
    .filter(([, title]) => title)
    .map(([what, title]) => `${what} by ${title}`);
  button.setAttribute("aria-label", `Time line: ${[inWords(reached), ...engines.map((one) => `${one}.`)].join(" ")}`);
  line.className = "timeline-line";
  total.className = "timeline-total";
  total.textContent = seconds(last);
  figures.className = "timeline-figures";
  figures.id = `timeline-${count}`;
  drawParts(line, reached, scale);
  figures.append(figuresOf(reached));
  if (engines.length > 0) {
    const who = document.createElement("ul");
    who.className = "timeline-engines";
    for (const words of engines) {
      const item = document.createElement("li");
      item.textContent = words;
      who.append(item);
    }
    figures.append(who);
  }
  button.append(line, total);
  holder.append(button, figures);
  button.addEventListener("click", () => {
    const open = holder.classList.toggle("open");
    button.setAttribute("aria-expanded", String(open));
    if (open) figures.scrollIntoView({ block: "nearest" });
  });
  return holder;
}

function drawParts(line, reached, scale) {
  const inOrder = [...reached].sort((one, other) => one.at - other.at);
  let from = 0;
  for (const stage of inOrder) {
    const part = document.createElement("span");
    part.className = `part part-${stage.name}`;
    part.style.left = `${(100 * from) / scale}%`;
    part.style.width = `${(100 * (stage.at - from)) / scale}%`;
    line.append(part);
    from = stage.at;
  }
}

function figuresOf(reached) {
  const list = document.createElement("dl");
  for (const stage of reached) {
    const row = document.createElement("div");
    const name = document.createElement("dt");
    const value = document.createElement("dd");
    const swatch = document.createElement("span");
    swatch.className = `swatch part-${stage.name}`;
    name.append(swatch, stage.words);
    value.textContent = `${Math.round(stage.at)} ms`;
    row.append(name, value);
    list.append(row);
  }
  return list;
}

function inWords(reached) {
  return `${reached.map((stage) => `${stage.words} after ${Math.round(stage.at)} milliseconds`).join(", ")}.`;
}

function seconds(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
