// One model in the System view: what it is good for, getting it step by step, keeping it or letting it go.

import { announce } from "./announcer.js";
import { engineChosen } from "./engine-choice.js";
import { host, size, sizeOf, timeLeft } from "./figures.js";
import { storyOf } from "./model-story.js";
import { inPageWords, nameOfGetting } from "./model-words.js";
import { cancelPull, isBest, modelsAnswer, pullModel, removeModel, verifyModel } from "./models.js";
import { languageName } from "./options.js";

const FEW_LANGUAGES = 3;

// A card is {element, update(model), open()}; it keeps which step is open through every update.
export function createCard() {
  const element = document.createElement("li");
  const card = {
    element, model: null, step: "", busy: false, refusal: null, checking: false, checked: null, languagesOpen: false,
    drawn: "",
  };
  element.className = "model";
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || card.step === "") return;
    event.stopPropagation();
    goTo(card, "");
  });
  card.update = (model) => update(card, model);
  card.open = () => open(card);
  return card;
}

function update(card, model) {
  if (card.model?.state !== model.state) {
    card.step = "";
    card.refusal = null;
    card.checked = null;
  }
  card.model = model;
  // Figures move twice a second; everything else is drawn only when it is another, so that focus and place stay.
  const { progress, ...still } = model;
  const seen = JSON.stringify([
    still, progress?.stage, partOf(model) > 0, card.step, card.busy, card.refusal, card.checking,
    card.checked, modelsAnswer().offline, fits(model), isBest(model), engineChosen(model.kind),
  ]);
  if (seen !== card.drawn) {
    card.drawn = seen;
    draw(card);
  }
  moveBar(card);
}

function open(card) {
  if (card.model.state === "available" && partOf(card.model) === 0 && !modelsAnswer().offline && card.step === "") {
    card.step = "licence";
    card.refusal = null;
    update(card, card.model);
  }
  card.element.classList.add("pointed-at");
  card.element.scrollIntoView({ block: "center" });
  (card.element.querySelector(".model-step") ?? card.element.querySelector(".model-title")).focus({ preventScroll: true });
}

// What of it is already here while it is not being fetched: a stopped download goes on from there.
function partOf(model) {
  return model.state === "available" ? model.partial_bytes : 0;
}

function fits(model) {
  const free = modelsAnswer().free_bytes;
  return !Number.isFinite(free) || free > model.size_bytes - partOf(model);
}

function draw(card) {
  const { element, model } = card;
  const hadFocus = element.contains(document.activeElement);
  element.id = `model-${model.name}`;
  element.dataset.state = model.state;
  // In this order they are read, reached by keyboard and stacked on a phone.
  const parts = [stateMark(model), title(model), facts(card), progressBar(card), story(card), actions(card), step(card)];
  element.replaceChildren(...parts.filter(Boolean));
  if (!hadFocus) return;
  const next = element.querySelector(".model-step") ?? element.querySelector(".model-actions button:not(:disabled)");
  (next ?? element.querySelector(".model-title")).focus({ preventScroll: next === null });
}

function stateMark(model) {
  const words = model.in_use ? "in use" : {
    available: partOf(model) > 0 ? "paused" : "available", pulling: "on its way", installed: "ready", damaged: "damaged",
  }[model.state];
  const mark = text("span", "engine-state", words);
  mark.dataset.mark = model.in_use ? "in-use" : model.state;
  return mark;
}

function title(model) {
  const holder = document.createElement("div");
  const heading = text("h4", "model-title", model.title);
  heading.tabIndex = -1;
  holder.className = "model-about";
  holder.append(heading);
  if (model.recommended) holder.append(text("span", "model-mark", "Recommended for this machine"));
  holder.append(text("p", "model-good", model.good_for));
  return holder;
}

function facts(card) {
  const { model } = card;
  const line = document.createElement("div");
  line.className = "model-facts quiet";
  line.append(
    text("span", "", size(model.size_bytes)),
    text("span", "", `${size(model.memory_bytes)} of memory`),
    languages(card),
    text("span", "model-from", model.adopted ? "from a folder of your own" : `from ${model.repository}`),
  );
  return line;
}

function languages(card) {
  const names = card.model.languages.map(languageName).sort((one, other) => one.localeCompare(other));
  if (names.length <= FEW_LANGUAGES) return text("span", "", names.join(", ") || "any language");
  const details = document.createElement("details");
  details.className = "model-languages";
  details.open = card.languagesOpen;
  details.append(text("summary", "", `${names.length} languages`), text("p", "", `${names.join(", ")}.`));
  details.addEventListener("toggle", () => {
    card.languagesOpen = details.open;
  });
  return details;
}

function actions(card) {
  const { model } = card;
  const row = document.createElement("div");
  row.className = "model-actions";
  if (card.step !== "") return row;
  const getting = nameOfGetting(model);
  if (model.state === "available" && !modelsAnswer().offline) {
    if (partOf(model) > 0) row.append(button(card, getting, "strong", () => fetchIt(card)));
    else row.append(button(card, getting, "plain", () => goTo(card, "licence")));
  }
  if (model.state === "pulling") row.append(button(card, "Stop", "plain", () => attempt(card, () => cancelPull(model))));
  if (model.state === "damaged" && !modelsAnswer().offline) {
    row.append(button(card, getting, "strong", () => goTo(card, "licence")));
  }
  if (model.state === "installed") row.append(button(card, "Verify", "plain", () => verify(card)));
  if (model.state === "installed" || model.state === "damaged") {
    row.append(button(card, "Remove", "plain", () => goTo(card, "remove")));
  }
  return row;
}

function story(card) {
  const { model, refusal, checked, checking } = card;
  const told = storyOf(model, { refusal, checked, checking, offline: modelsAnswer().offline, part: partOf(model) });
  if (told.length === 0) return null;
  const holder = document.createElement("div");
  holder.className = "model-story";
  holder.append(...told.map(({ words, problem }) => text("p", problem ? "inline-problem" : "", words)));
  return holder;
}

function progressBar(card) {
  const { model } = card;
  const stopped = partOf(model) > 0;
  if (model.state !== "pulling" && !stopped) return null;
  const holder = document.createElement("div");
  const bar = document.createElement("div");
  holder.className = "model-progress";
  bar.className = "bar";
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-label", `${model.title}, how much is here`);
  bar.setAttribute("aria-valuemin", "0");
  bar.setAttribute("aria-valuemax", "100");
  bar.append(document.createElement("span"));
  holder.append(bar);
  if (!stopped) holder.append(text("p", "figures quiet", ""));
  return holder;
}

function moveBar({ element, model }) {
  const bar = element.querySelector(".bar");
  if (!bar) return;
  const stopped = { stage: "waiting", done_bytes: partOf(model), total_bytes: model.size_bytes };
  const { stage, done_bytes: done, total_bytes: total, bytes_per_s: speed, seconds_left: left } = model.progress ?? stopped;
  const share = total > 0 ? Math.min(1, done / total) : 0;
  bar.setAttribute("aria-valuenow", String(Math.round(100 * share)));
  bar.firstChild.style.transform = `scaleX(${share})`;
  const figures = element.querySelector(".figures");
  if (!figures) return;
  const words = {
    waiting: ["Waiting for an answer"],
    checking: ["All here; checking every file"],
    downloading: [
      sizeOf(done, total), Number.isFinite(speed) && `${size(speed)} a second`, Number.isFinite(left) && timeLeft(left),
    ],
  }[stage];
  figures.textContent = words.filter(Boolean).join(" · ");
}

function step(card) {
  if (card.step === "licence") return licenceStep(card);
  return card.step === "remove" ? removeStep(card) : null;
}

function licenceStep(card) {
  const { model } = card;
  const { free_bytes: free, folder, hub } = modelsAnswer();
  const holder = stepNamed("Before it is fetched");
  const licence = document.createElement("p");
  const rest = model.size_bytes - partOf(model);
  licence.append(text("strong", "", `${model.licence.name}.`), ` ${model.licence.summary} `);
  // A catalogue may be anybody's: only web addresses become links.
  if (/^https?:\/\//u.test(model.licence.url)) licence.append(licenceLink(model));
  holder.append(licence);
  // Some models lie elsewhere than on the hub.
  const sites = (model.hosts ?? [host(hub)]).join(" and ");
  const room = Number.isFinite(free) ? ` of the ${size(free)} that are free` : "";
  holder.append(text("p", "", `${size(rest)}${room} in ${folder}, fetched from ${sites}. It sees this server's address, nothing you say.`));
  const row = document.createElement("div");
  row.className = "row";
  if (fits(model)) {
    row.append(button(card, "Accept and get it", "strong", () => fetchIt(card)));
  } else {
    const short = size(rest - free);
    holder.append(text("p", "inline-problem", `There is not enough room: ${short} more must be free. Make room in that folder, then open this again.`));
  }
  row.append(button(card, "Not now", "plain", () => goTo(card, "")));
  holder.append(row);
  return holder;
}

function removeStep(card) {
  const { model } = card;
  const holder = stepNamed(`Remove ${model.title}?`);
  const gone = model.adopted
    ? "Syrinx lets go of it; the files stay in your folder."
    : `${size(model.size_bytes)} become free. It can be fetched again.`;
  const after = model.in_use ? " From the next turn the best of the others takes its place." : "";
  holder.append(text("p", "", gone + after));
  const row = document.createElement("div");
  row.className = "row";
  row.append(
    button(card, "Remove it", "strong warn", () => attempt(card, () => removeModel(model))),
    button(card, "Keep it", "plain", () => goTo(card, "")),
  );
  holder.append(row);
  return holder;
}

function stepNamed(name) {
  const holder = document.createElement("div");
  holder.className = "model-step";
  holder.tabIndex = -1;
  holder.setAttribute("role", "group");
  holder.setAttribute("aria-label", name);
  holder.append(text("p", "step-name", name));
  return holder;
}

function goTo(card, name) {
  card.step = name;
  card.refusal = null;
  update(card, card.model);
}

function fetchIt(card) {
  return attempt(card, () => pullModel(card.model));
}

function verify(card) {
  announce(`${card.model.title} is being checked.`);
  card.checking = true;
  card.checked = null;
  return attempt(card, async () => {
    try {
      card.checked = await verifyModel(card.model);
    } finally {
      card.checking = false;
    }
    const { ok, problems } = card.checked;
    announce(`${card.model.title}${ok ? " is verified." : `: ${inPageWords(card.model, problems.join(" "))}`}`);
  });
}

async function attempt(card, action) {
  card.busy = true;
  card.refusal = null;
  update(card, card.model);
  try {
    await action();
    card.step = "";
  } catch (refusal) {
    card.refusal = refusal.message;
    announce(inPageWords(card.model, refusal.message));
  }
  card.busy = false;
  update(card, card.model);
}

function button(card, name, className, press) {
  const element = text("button", className, name);
  element.type = "button";
  element.disabled = card.busy;
  element.append(text("span", "unseen", `: ${card.model.title}`));
  element.addEventListener("click", press);
  return element;
}

function licenceLink(model) {
  const link = text("a", "", "Read the licence");
  link.href = model.licence.url;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.append(text("span", "unseen", ` of ${model.title}, in a new window`));
  return link;
}

function text(tag, className, words) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = words;
  return element;
}
