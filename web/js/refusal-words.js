// What the server refused or could not do in Speak, Listen and Voices, each in its own sentence.

import { size } from "./figures.js";
import { talkOptions, token } from "./options.js";
import { asSentence } from "./problems.js";

const WORK = {
  speak: { doer: "voice", doing: "spoken", thing: "text" },
  listen: { doer: "ear", doing: "understood", thing: "recording" },
  voices: { doer: "server", doing: "done", thing: "voice" },
};

// `refused` as `ask` rejects; `view` is "speak", "listen" or "voices". Returns {what, means, press, field, waitS} for a problem card.
export function refusalInWords(refused, view) {
  const { doer, doing, thing } = WORK[view];
  switch (refused.code) {
    case "unreachable":
      return { what: "The server does not answer.", means: `Nothing was ${doing}. See that it is running, then try again.`, press: "Try again" };
    case "cut":
      return { what: "The connection broke off.", means: `What came before stays here; the rest was not ${doing}.`, press: "Try again" };
    case "bad_audio":
      return { what: "No sound could be read from this file.", means: asSentence(refused.message), press: "" };
    case "too_large":
      return tooLarge(refused, view);
    case "engine_busy":
    case "rate_limited":
    case "queue_full":
      return { what: `The ${doer} is busy with others.`, means: busyWords(refused.waitS), press: "Try again", waitS: refused.waitS };
    case "quota_reached":
      return { what: "Not enough of your share for today is left.", means: asSentence(refused.message), press: "" };
    case "engine_unavailable":
      return { what: `No ${doer} is ready for this.`, means: `${asSentence(refused.message)} The System view names what mends it.`, press: "Try again" };
    case "unauthorized":
      return {
        what: token() ? "The server did not accept that token." : "This server asks for a token.",
        means: "Whoever runs it gave you a key, or set a token as SYRINX_TOKEN.", field: "Token", press: "Use it",
      };
    default:
      return {
        what: `The ${thing} could not be ${doing}.`, means: asSentence(refused.message),
        press: refused.retryable ? "Try again" : "", waitS: refused.waitS,
      };
  }
}

function busyWords(waitS) {
  return waitS > 0 ? `There is room again in about ${waitS} s.` : "Wait a moment, then try again.";
}

function tooLarge(refused, view) {
  const { speech_chars: chars, upload_bytes: bytes } = talkOptions()?.limits ?? {};
  if (view === "speak") {
    return { what: "The text is too long.", means: chars ? `${chars.toLocaleString("en")} characters can be spoken at once. Speak it in parts.` : asSentence(refused.message), press: "" };
  }
  return { what: "The file is too large.", means: bytes ? `This server takes up to ${size(bytes)}. Cut it into parts, or save it as MP3 or Opus.` : asSentence(refused.message), press: "" };
}
