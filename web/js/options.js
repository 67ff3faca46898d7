// What the server offers: voices, languages, engines and limits, from GET /api/talk/options.

import { keep, keepInTab, kept, keptInTab } from "./kept.js";

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

// A key or the server's token: of this tab, else the one that this browser remembers.
export function token() {
  return keptInTab("token") ?? kept("token");
}

// Null forgets it.
export function setToken(given, remember = false) {
  keepInTab("token", given);
  keep("token", remember ? given : null);
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

// True for one that only a model is missing to: the models say more about it, and each that is here is an engine itself.
export function wantsModel(engine) {
  return !engine.available && !engine.chosen && engine.remedy.startsWith("syrinx models pull");
}

export function chosenEngine(kind) {
  return enginesOf(kind).find((engine) => engine.chosen) ?? null;
}

// The server gives codes; the browser knows their names.
export function languageName(id) {
  try {
    // What an engine adds to a code for itself, as in en-GB-x-rp, has no name.
    return new Intl.DisplayNames(["en"], { type: "language" }).of(id.replace(/-x-.*$/iu, "")) ?? id;
  } catch {
    return id;
  }
}

// The part of a language's code that says which language it is: "en" of "en-US".
export function primary(language) {
  return language.split("-")[0].toLowerCase();
}

export function engineTitle(kind, name) {
  return enginesOf(kind).find((engine) => engine.name === name)?.title ?? name;
}

// The engine that can mix voices, null where none in reach can.
export function mixingEngine() {
  return enginesOf("tts").find((engine) => engine.blends && engine.available) ?? null;
}

export function isMix(id) {
  return id !== "" && mixingEngine() !== null && !voiceOf(id) && id.includes("+");
}

// Voices of the person's own have ids of the server's making.
export function isOwnVoice(id) {
  return /^voice_[0-9a-f]{12}$/u.test(id);
}

// Undefined for a mix, and for a voice that this server has not.
export function voiceOf(id) {
  return (options?.voices ?? []).find((voice) => voice.id === id);
}

// Some engines' names say man or woman already.
export function describedVoice({ name, gender, grade }) {
  const saysGender = /\b(wo)?man\b|\b(fe)?male\b/iu.test(name);
  return [name, saysGender ? "" : gender, grade ? `grade ${grade}` : ""].filter(Boolean).join(", ");
}

// A- comes after A, and a voice without a grade after all that have one.
function gradeOrder({ grade }) {
  if (!grade) return 100;
  return 10 * grade.charCodeAt(0) - 650 + ({ "+": -1, "-": 1 }[grade[1]] ?? 0);
}

// Fills a select with voices grouped by language and engine, those of `language` first and the best grade before the
// others, that fit the filter's words; the person's own come first of all, and the chosen one always stays. With `engine`
// only that one's, where it has any.
export function fillVoices(select, { filter = "", chosen = "", language = "", engine = "", none = "As the server chooses" }) {
  const wanted = filter.toLowerCase().split(/\s+/u).filter(Boolean);
  const groups = new Map(); // by label: {own, language, place, voices}
  const engines = enginesOf("tts").map((engine) => engine.name);
  const all = options?.voices ?? [];
  const some = all.filter((voice) => voice.engine === engine || (engine && isOwnVoice(voice.id)));
  for (const voice of some.some((one) => one.engine === engine) ? some : all) {
    const mine = isOwnVoice(voice.id);
    const spoken = languageName(voice.language);
    const title = engineTitle("tts", voice.engine);
    const described = `${mine ? "my own " : ""}${describedVoice(voice)} ${voice.id} ${spoken} ${voice.language} ${voice.gender ?? ""} ${voice.engine} ${title}`;
    const fits = wanted.every((word) => described.toLowerCase().includes(word));
    if (!fits && voice.id !== chosen) continue;
    const label = mine ? `My voices: ${spoken}` : `${spoken}: ${title}`;
    if (!groups.has(label)) {
      const own = primary(voice.language) === primary(language);
      groups.set(label, { label, own, mine, language: spoken, place: engines.indexOf(voice.engine), voices: [] });
    }
    groups.get(label).voices.push(voice);
  }
  select.replaceChildren(new Option(none, ""));
  const inOrder = [...groups.values()].sort((one, other) =>
    other.mine - one.mine || other.own - one.own || one.language.localeCompare(other.language) || one.place - other.place);
  for (const { label, voices } of inOrder) {
    const element = document.createElement("optgroup");
    element.label = label;
    // Sorting keeps the server's order among equals.
    for (const voice of voices.sort((one, other) => gradeOrder(one) - gradeOrder(other))) {
      element.append(new Option(describedVoice(voice), voice.id));
    }
    select.append(element);
  }
  // A voice kept from another day may be gone; it stays named, so that nobody wonders what was chosen.
  if (chosen && ![...select.options].some((option) => option.value === chosen)) {
    select.append(new Option(isMix(chosen) ? `Mix of ${chosen}` : `${chosen} (not on this server)`, chosen));
  }
  select.value = chosen;
}
