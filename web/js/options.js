// What the server offers: voices, languages, engines and limits, from GET /api/talk/options.

import { keep, kept } from "./kept.js";

const changeHandlers = [];

let options = null;
let problem = null; // null, "token-needed", "token-refused" or "unreachable"
let version = null;

export function onOptions(handler) {
  changeHandlers.push(handler);
}

// Null until they have been read.
export function talkOptions() {
  return options;
}

export function optionsProblem() {
  return problem;
}

export function serverVersion() {
  return version;
}

export function token() {
  return kept("token");
}

export function setToken(given) {
  keep("token", given);
}

export async function loadOptions() {
  const headers = token() ? { Authorization: `Bearer ${token()}` } : {};
  try {
    const answer = await fetch("api/talk/options", { headers });
    if (answer.status === 401 || answer.status === 403) {
      problem = token() ? "token-refused" : "token-needed";
    } else if (answer.ok) {
      options = await answer.json();
      version = options.version;
      problem = null;
    } else {
      problem = "unreachable";
    }
  } catch {
    problem = "unreachable";
  }
  for (const handler of changeHandlers) handler();
}

export function enginesOf(kind) {
  return options?.engines?.[kind] ?? [];
}

export function chosenEngine(kind) {
  return enginesOf(kind).find((engine) => engine.chosen) ?? null;
}

// The server gives codes; the browser knows their names.
export function languageName(id) {
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(id) ?? id;
  } catch {
    return id;
  }
}

function primary(language) {
  return language.split("-")[0].toLowerCase();
}

// Some engines' names say man or woman already.
function describedVoice({ name, gender, engine }) {
  const saysGender = /\b(wo)?man\b|\b(fe)?male\b/iu.test(name);
  return [name, saysGender ? "" : gender, engine].filter(Boolean).join(", ");
}

// Fills a select with voices grouped by language, those of `language` first, that fit the filter's words; the chosen
// one always stays.
export function fillVoices(select, { filter = "", chosen = "", language = "", none = "As the server chooses" }) {
  const wanted = filter.toLowerCase().split(/\s+/u).filter(Boolean);
  const groups = new Map();
  const ownGroups = new Set(); // names of the language itself and its varieties
  for (const voice of options?.voices ?? []) {
    const group = languageName(voice.language);
    const described = `${voice.name} ${voice.id} ${group} ${voice.language} ${voice.gender ?? ""} ${voice.engine}`;
    const fits = wanted.every((word) => described.toLowerCase().includes(word));
    if (!fits && voice.id !== chosen) continue;
    if (primary(voice.language) === primary(language)) ownGroups.add(group);
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(voice);
  }
  select.replaceChildren(new Option(none, ""));
  const inOrder = [...groups.keys()].sort(
    (one, other) => ownGroups.has(other) - ownGroups.has(one) || one.localeCompare(other),
  );
  for (const group of inOrder) {
    const element = document.createElement("optgroup");
    element.label = group;
    for (const voice of groups.get(group)) {
      element.append(new Option(describedVoice(voice), voice.id));
    }
    select.append(element);
  }
  // A voice kept from another day may be gone; it stays named, so that nobody wonders what was chosen.
  if (chosen && ![...select.options].some((option) => option.value === chosen)) {
    select.append(new Option(`${chosen} (not on this server)`, chosen));
  }
  select.value = chosen;
}
