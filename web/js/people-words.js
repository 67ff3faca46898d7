// People, keys and what was done, in words.

import { asSentence } from "./problems.js";
import { momentOf } from "./voices-words.js";

// What a key may, in the order in which it is offered.
export const SCOPES = {
  speak: "have texts spoken", listen: "have recordings written down", talk: "talk, and read the talks that are kept",
  voices: "make, change and delete voices", models: "get and remove models", admin: "do everything, for everybody: for operators",
};
export const LIMITS = ["requests_per_minute", "characters_per_day", "audio_seconds_per_day"];
const HOW = {
  open: "This server is open on this machine: nobody needs a key here, and all who use it are one person.",
  token: "You came in with the operator’s token.",
  jwt: "You are signed in with your account.",
  ticket: "You came in with a ticket.",
};
const STATES = { live: "in use", replaced: "being replaced", expired: "expired", revoked: "revoked" };
const KEPT = { voices: "voices", conversations: "talks", pronunciations: "pronunciations" };
// What the log writes of what was done: a noun and a verb, which some of the server's rooms write as a participle.
const NOUNS = { voice: "Voice", key: "Key", person: "Everything about a person", consent: "Consent" };
const VERBS = {
  begin: "being made", clone: "made", cancel: "making stopped", change: "changed", changed: "changed", created: "made",
  delete: "deleted", deleted: "deleted", export: "exported", exported: "exported", record: "recorded",
  revoke: "taken back", revoked: "revoked", rotated: "replaced",
};
const STRANGERS = { "door.refused": "Wrong key shown at the door", "unknown.action": "Something else" };
const OUTCOMES = { done: "", refused: "refused", failed: "failed" };

export function howInWords({ how, key_id: key }) {
  return how === "key" ? `You came in with the key ${key}.` : HOW[how] ?? "";
}

export function mayInWords({ is_operator: operator, scopes }) {
  if (operator) return "You are an operator here: you may do everything, for everybody.";
  return `You may ${listed(scopes.map((scope) => SCOPES[scope] ?? scope))}.`;
}

export function scopesInWords(scopes) {
  return asSentence(scopes.includes("admin") ? "May do everything, for everybody" : `May ${listed(scopes.map((scope) => SCOPES[scope] ?? scope))}`);
}

function listed(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join("; ")}; and ${words.at(-1)}`;
}

export function limitsInWords(limits) {
  const words = {
    requests_per_minute: (most) => `${number(most)} requests a minute`, characters_per_day: (most) => `${number(most)} characters a day`,
    audio_seconds_per_day: (most) => `${number(most)} s of sound a day`,
  };
  const own = LIMITS.filter((name) => limits[name] !== null).map((name) => words[name](limits[name]));
  return own.length > 0 ? `At most ${own.join(", ")}.` : "";
}

// One of all users, as an operator is told.
export function userInWords({ keys, last_used_at: used, has }) {
  return [
    keys === 0 ? "no key that opens" : `${keys} ${keys === 1 ? "key" : "keys"}`, used ? `used ${momentOf(used)}` : "",
    has.length > 0 ? `kept: ${has.map((name) => KEPT[name] ?? name).join(", ")}` : "nothing kept",
  ].filter(Boolean).join(" · ");
}

export function stateInWords(state) {
  return STATES[state] ?? state;
}

export function actionInWords({ action, outcome, details: { by } }) {
  if (STRANGERS[action]) return STRANGERS[action];
  const [noun, verb] = action.split(".");
  const words = NOUNS[noun] && VERBS[verb] ? `${NOUNS[noun]} ${VERBS[verb]}` : action;
  const operator = by && `by ${by === "token" ? "the operator’s token" : by}`;
  return [words, operator, OUTCOMES[outcome] ?? outcome].filter(Boolean).join(", ");
}

// {name, words, part}: what of a limit is left; `part` is 0 to 1, null where nothing is limited.
export function leftInWords({ requests, characters, audio_seconds: seconds }) {
  return [
    leftOf("Requests", requests, "this minute", plain("")),
    leftOf("Text spoken", characters, "today", plain(" characters")),
    leftOf("Sound listened to", seconds, "today", soundOf),
  ];
}

function leftOf(name, limit, when, words) {
  if (limit === null) return { name, part: null, words: "not limited" };
  const { left, most } = limit;
  return { name, part: most > 0 ? left / most : 0, words: `${words(left, most)} left ${when}${again(limit)}` };
}

function plain(unit) {
  return (left, most) => `${number(left)} of ${number(most)}${unit}`;
}

function soundOf(left, most) {
  if (most < 120) return `${number(left)} of ${number(most)} s`;
  return `${number(Math.round(left / 60))} of ${number(Math.round(most / 60))} min`;
}

function again({ left, full_again_s: seconds }) {
  if (left > 0 || !(seconds > 0)) return "";
  return `; there is more again ${seconds < 90 ? `in ${Math.ceil(seconds)} s` : seconds < 7200 ? `in ${Math.ceil(seconds / 60)} min` : `in ${Math.ceil(seconds / 3600)} h`}`;
}

function number(count) {
  return count.toLocaleString("en");
}
