// The models that the server has or can get: its answer kept fresh while something is under way, and what is asked of it.

import { announce } from "./announcer.js";
import { ask } from "./ask.js";
import { kept } from "./kept.js";
import { inPageWords } from "./model-words.js";
import { loadOptions, talkOptions } from "./options.js";
import { currentView, onViewShown } from "./views.js";

const WATCHED_MS = 500;
// From another view only the end of it matters, which Talk tells.
const ASIDE_MS = 5000;
const QUARTERS = 4;

const changeHandlers = [];
const installedHandlers = [];

let answer = null;
let problem = "";
let unknownHere = false; // a server of before has no models
let timer = null;
let asked = 0; // counts questions: an older answer never replaces a newer one
const told = new Map(); // by name: how many quarters of a download were said

export function onModels(handler) {
  changeHandlers.push(handler);
}

// The handler gets a model that was being fetched and is now installed.
export function onInstalled(handler) {
  installedHandlers.push(handler);
}

// {models, folder, free_bytes, hub, offline}; null until it has been read.
export function modelsAnswer() {
  return answer;
}

export function modelsProblem() {
  return problem;
}

export function modelNamed(name) {
  return answer?.models.find((model) => model.name === name) ?? null;
}

// True where an automatic choice takes this one in the talk's language. The server says it of its own language; for
// another one it is fast enough, and nothing installed is preferred to it.
export function isBest(model) {
  if (model.state !== "installed" || model.measuring || model.problem) return false;
  const own = (talkOptions()?.defaults?.language ?? "en").split("-")[0];
  const language = (kept("language") ?? own).split("-")[0];
  if (language === own || model.kind === "llm") return model.in_use;
  const fits = (one) => one.kind === model.kind && one.state === "installed" && one.ability?.fast_enough !== false
    && (one.languages.length === 0 || one.languages.includes(language));
  return fits(model) && !answer.models.some((one) => fits(one) && one.preference > model.preference);
}

export async function loadModels() {
  if (unknownHere) return;
  clearTimeout(timer);
  asked += 1;
  const mine = asked;
  try {
    const fresh = await ask("GET", "api/models");
    if (mine === asked) take(fresh);
  } catch (refusal) {
    if (mine !== asked) return;
    unknownHere = refusal.status === 404;
    problem = unknownHere ? "" : refusal.message;
    changed();
    if (!unknownHere) plan(ASIDE_MS);
  }
}

// All four reject with {code, message, retryable} where the server refuses.
export function pullModel(model) {
  told.delete(model.name);
  return act("POST", `${pathOf(model)}/pull`, { accept_licence: model.licence.id });
}

export function cancelPull(model) {
  return act("DELETE", `${pathOf(model)}/pull`);
}

export async function removeModel(model) {
  await act("DELETE", pathOf(model));
  await loadModels(); // another one may take its place
}

// Resolves to {ok, problems}.
export async function verifyModel(model) {
  const result = await ask("POST", `${pathOf(model)}/verify`, {});
  await loadModels();
  return result;
}

async function act(method, path, body) {
  const changedModel = await ask(method, path, body);
  asked += 1; // what was asked before this knows nothing of it
  take({
    ...answer,
    models: answer.models.map((one) => (one.name === changedModel.name ? changedModel : one)),
  });
}

function pathOf(model) {
  return `api/models/${encodeURIComponent(model.name)}`;
}

function take(fresh) {
  const before = answer;
  answer = fresh;
  problem = "";
  for (const model of fresh.models) {
    const was = before?.models.find((one) => one.name === model.name);
    if (was) tellChange(was, model);
  }
  changed();
  plan(currentView() === "system" ? WATCHED_MS : ASIDE_MS);
  // What can be used has changed: so have the engines that may be chosen, and what is worth a notice.
  if (before && usable(before) !== usable(fresh)) loadOptions();
}

function usable({ models }) {
  return JSON.stringify(models.filter((one) => one.state === "installed").map((one) => [one.name, one.in_use]));
}

// For those who do not see the bar: each quarter, the end, a failure; never the flow of figures.
function tellChange(was, now) {
  if (was.state === "pulling" && now.state === "installed") {
    for (const handler of installedHandlers) handler(now);
  }
  if (now.failure && now.failure.message !== was.failure?.message) {
    announce(`${now.title}: ${inPageWords(now, now.failure.message)}`);
  }
  if (now.state !== "pulling" || !now.progress?.total_bytes) return;
  const quarter = Math.floor((QUARTERS * now.progress.done_bytes) / now.progress.total_bytes);
  const last = told.get(now.name);
  told.set(now.name, quarter);
  if (last !== undefined && quarter > last && quarter < QUARTERS) {
    announce(`${now.title}: ${(100 / QUARTERS) * quarter} percent.`);
  }
}

function underWay() {
  return answer?.models.some((model) => model.state === "pulling" || model.measuring) ?? false;
}

function plan(afterMs) {
  clearTimeout(timer);
  const failing = problem !== "" && currentView() === "system";
  if (document.visibilityState === "visible" && (underWay() || failing)) timer = setTimeout(loadModels, afterMs);
}

function changed() {
  for (const handler of changeHandlers) handler();
}

export function startModels() {
  onViewShown((view) => {
    if (view === "system" || underWay()) loadModels();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && (currentView() === "system" || underWay())) loadModels();
    else clearTimeout(timer);
  });
}
