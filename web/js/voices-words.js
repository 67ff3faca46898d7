// What can go wrong with one's own voices, each in its own sentence; and what is told of a voice in words.

import { chosenEngine, enginesOf, talkOptions, voiceOf } from "./options.js";
import { asSentence } from "./problems.js";
import { refusalInWords } from "./refusal-words.js";

export const MOST_BYTES = 50 * 1024 ** 2;
export const MOST_MS = 5 * 60_000;
export const LEAST_MS = 2000;

const day = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "long", day: "numeric" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

// `refused` as `ask` rejects. Returns {what, means, press, field, waitS} for a problem card.
export function voicesRefusal(refused) {
  switch (refused.code) {
    case "too_large":
      return { what: "The file is too large.", means: "A recording may have 50 MB. Half a minute of speech is enough: cut it, or record it here.", press: "" };
    case "bad_audio":
      return { what: "No voice can be made of this recording.", means: asSentence(refused.message), press: "" };
    case "engine_unavailable":
      return { what: "What learns voices is not available.", means: `${asSentence(refused.message)} Your recording stays here; try again in a while.`, press: "Try again" };
    case "unreachable":
      return { what: "The server does not answer.", means: "Nothing was lost: what you recorded stays on this page. See that the server is running.", press: "Try again" };
    case "cut":
      return { what: "The connection broke off.", means: "The server goes on by itself; the page asks again how far it is.", press: "Ask again" };
    case "forbidden":
      return { what: "This key may not do that.", means: asSentence(refused.message), press: "" };
    case "unauthorized":
    case "rate_limited":
    case "quota_reached":
    case "queue_full":
    case "engine_busy":
      return refusalInWords(refused, "voices");
    default:
      return { what: "That did not work.", means: asSentence(refused.message), press: refused.retryable ? "Try again" : "", waitS: refused.waitS };
  }
}

export function dayOf(at) {
  return day.format(new Date(at));
}

export function momentOf(at) {
  return moment.format(new Date(at));
}

// How true to the person the voice is, and who speaks it.
export function matchInWords({ voice_match: match, nearest_voice: nearest, engine, is_active: active }, titleOf) {
  if (!active) return "It does not speak any more. Its recording stays on the server until you delete it.";
  if (match === "approximate") {
    return `Approximate: no engine here has learned it, so the nearest voice speaks${nearest ? `, ${voiceOf(nearest)?.name ?? nearest}` : ""}, at its pitch.`;
  }
  return engine ? `Learned by ${titleOf(engine)}.` : "Learned from your recording.";
}

// What is not verified was stated by whoever made the voice, or said in a recording that may be an old one.
export function consentInWords({ is_verified: verified }) {
  return verified ? "Consent spoken aloud and understood" : "Consent on record, not verified";
}

// Where the sound goes of which a voice is made: to what learns voices, and to the ear, which writes down what is said.
// Empty while that is not known.
export function recordingDestination() {
  if (!talkOptions()) return "";
  const hearers = [enginesOf("tts").find((engine) => engine.learns), chosenEngine("stt")];
  const away = hearers.filter((engine) => engine?.remote).map((engine) => engine.destination || engine.title);
  if (away.length === 0) return "What you record stays on the server that runs Syrinx, until you delete it.";
  return `What you record is kept on the server that runs Syrinx, until you delete it, and is sent to ${[...new Set(away)].join(" and to ")} as well.`;
}
