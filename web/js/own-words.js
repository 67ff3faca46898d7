// Words that the browser understood become turns: shown as they come, sent when final, and over a reply they
// interrupt it, unless they are the reply itself, heard through the loudspeaker.

import { soundingTurn } from "./audio-player.js";
import { onBrowserTrouble, onBrowserWords } from "./browser-ear.js";
import { showOwnWords } from "./chatui.js";
import { bargeIn, setBrowserEar, startListening, stopListening } from "./listening.js";
import { clearProblem, onProblemPress, sayInPassing, showProblem } from "./problems.js";
import { replyText } from "./reply.js";
import { putInField } from "./typing.js";
import { setHearing } from "./voice-button.js";
import { onMessage, send } from "./websocket.js";

const EAR_PROBLEMS = ["ear-refused", "ear-network", "ear-language", "ear-failed"];
// Sounds of attention that are no wish to speak.
const MURMURS = new Set(["mm", "mmm", "hm", "hmm", "mhm", "uh", "um", "er", "ah", "oh", "huh"]);
// Recognition lags behind what sounds: for so long after it, words of the reply still count as its echo.
const ECHO_MS = 2500;

let lastReply = ""; // the text of the reply that sounds or has just sounded
let echoUntil = 0;

function wordsIn(text) {
  const lower = text.toLowerCase();
  if (!Intl.Segmenter) return lower.match(/[\p{L}\p{N}']+/gu) ?? [];
  const segments = new Intl.Segmenter(undefined, { granularity: "word" }).segment(lower);
  return [...segments].filter((one) => one.isWordLike).map((one) => one.segment);
}

// More than half of the words are neither murmurs nor the reply's own: one misheard word of an echo is not enough.
function isAnswer(text, reply) {
  const words = wordsIn(text);
  const known = new Set(wordsIn(reply));
  const own = words.filter((word) => !MURMURS.has(word) && !known.has(word));
  return own.length > words.length / 2;
}

function take({ text, final }, interrupt) {
  const turn = soundingTurn();
  if (turn !== null) {
    lastReply = replyText(turn);
    echoUntil = performance.now() + ECHO_MS;
  }
  if (text === "") {
    if (!final) withdraw();
    return;
  }
  const mayBeEcho = performance.now() < echoUntil;
  if (mayBeEcho && !isAnswer(text, lastReply)) return;
  if (turn !== null) {
    if (!bargeIn()) return;
    interrupt();
  }
  echoUntil = 0;
  if (!final) {
    setHearing(true);
    showOwnWords(text, { final: false });
    return;
  }
  setHearing(false);
  if (send({ type: "text", text })) {
    showOwnWords(text, { final: true });
  } else {
    withdraw();
    putInField(text);
  }
}

function withdraw() {
  setHearing(false);
  showOwnWords("", { final: false });
}

export function startOwnWords(interrupt) {
  onBrowserWords((words) => take(words, interrupt));
  onBrowserTrouble((problem) => {
    if (problem === "quiet") {
      sayInPassing("The browser has heard nothing for a while. See that it uses the right microphone.");
      return;
    }
    stopListening();
    showProblem(problem);
  });
  onProblemPress(EAR_PROBLEMS, () => {
    clearProblem();
    setBrowserEar(false);
    startListening();
  });
  onMessage("audio_stream_stop", ({ turn, reason }) => {
    if (reason === "interrupted") return; // what comes now is the person's
    lastReply = replyText(turn);
    echoUntil = performance.now() + ECHO_MS;
  });
}
