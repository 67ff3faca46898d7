// Starts the page: wires what the server says to what is shown and heard, and keys to what they do.

import { captureCounters, INPUT_HZ } from "./audio-capture.js";
import {
  acceptSound, allSent, beginStream, endStream, flush, hold, noteSentence, onSoundBlocked, playedMs, playerHook,
  resume, soundingTurn, unlockSound,
} from "./audio-player.js";
import { startBetter } from "./better.js";
import { showSettingsProblem } from "./changes.js";
import {
  characters, nextSpeaker, onCharacters, ownCharacters, setCharactersAside, setNextSpeaker, takeServerCharacters,
} from "./characters.js";
import {
  addDivider, conversationIsEmpty, emptyConversation, hideThinking, showThinking, showTranscript,
  startConversation,
} from "./chatui.js";
import { helloKeep, startKeptTalks } from "./kept-talks.js";
import {
  helloBargeIn, listeningState, onListeningInterrupts, pressVoiceButton, startListening, startListeningRules,
  stopListening,
} from "./listening.js";
import { startModels } from "./models.js";
import { loadOptions, onOptions, optionsProblem, setToken, token } from "./options.js";
import { startOwnWords } from "./own-words.js";
import { asSentence, clearProblem, currentProblem, onProblemPress, sayInPassing, showProblem } from "./problems.js";
import {
  addDelta, addMetrics, addPastReply, addSentence, addWords, forgetReplies, noteHearing, showSilentReplies,
  soundBegan, soundStopped, stopWhereHeard, withdraw,
} from "./reply.js";
import { forgetChoices, helloChoices, startSettings } from "./settings.js";
import { startSystem } from "./system.js";
import { startTyping } from "./typing.js";
import { currentView, startViews } from "./views.js";
import { replyUnderWay, setHeld, setSounding, setTalkState, startVoiceButton, whoAnswers } from "./voice-button.js";
import {
  changeHello, connect, connectionPhase, forgetConversation, onConnection, onMessage, onSound, send, setHello,
  socketCounters, takeUp,
} from "./websocket.js";

const welcomeWho = document.getElementById("welcome-who");
const CONNECTION_PROBLEMS = [
  "server-away", "server-unreached", "server-stopping", "idle", "taken-over", "token-needed", "token-refused", "cut-off",
];
const PROBLEM_OF_ERROR = {
  rate_limited: "rate-limited", too_large: "too-large", engine_unavailable: "engine", engine_busy: "rate-limited",
  unauthorized: "token-needed", quota_reached: "quota",
};
const CHOICE_ERRORS = ["unknown_voice", "unknown_language", "unknown_engine", "bad_input"];

let retriedChoices = false;

function interrupt() {
  if (connectionPhase() !== "ready") return;
  // The ear first: the sound ends here and now, the server's word about it follows.
  const turn = soundingTurn();
  const played = flush();
  if (turn !== null) send({ type: "playback", turn, played_ms: played });
  send({ type: "tts_interrupt" });
}

function listenToReplies() {
  onSound(acceptSound);
  onMessage("audio_stream_start", (message) => {
    beginStream(message.turn, message.sample_rate);
    setSounding(message.speaker);
    soundBegan(message);
  });
  onMessage("sentence", (message) => {
    if (message.spoken) noteSentence(message.turn, message.at_ms);
    addSentence(message);
    if (soundingTurn() === message.turn) setSounding(message.speaker);
  });
  onMessage("words", addWords);
  onMessage("reply", addDelta);
  onMessage("metrics", addMetrics);
  onMessage("audio_stream_sent", (message) => allSent(message.turn, message.duration_ms));
  onMessage("audio_stream_pause", (message) => {
    hold(message.turn);
    setHeld(true);
  });
  onMessage("audio_stream_resume", (message) => {
    resume(message.turn);
    setHeld(false);
  });
  onMessage("audio_stream_stop", (message) => {
    if (message.reason === "finished") endStream(message.turn);
    else if (soundingTurn() === message.turn) flush();
    setSounding(null);
    soundStopped(message);
    clearProblem("sound-blocked");
  });
  onMessage("speaker", (message) => setNextSpeaker(message.speaker));
  onMessage("transcript", (message) => {
    withdraw(message.turn);
    if (message.final) noteHearing(message.turn, message.engine);
    showTranscript(message);
  });
  onMessage("state", (message) => {
    if (message.state === "thinking") showThinking(whoAnswers());
    else if (message.state !== "speaking") hideThinking();
    if (message.state === "idle" || message.state === "listening") showSilentReplies();
    setTalkState(message.state);
  });
}

function listenToProblems() {
  onMessage("notice", (message) => {
    if (message.code !== "idle") sayInPassing(message.message);
  });
  onMessage("error", (message) => {
    if (connectionPhase() === "connecting" && CHOICE_ERRORS.includes(message.code) && !retriedChoices) {
      // What was kept from another day is not what this server takes: begin without it.
      retriedChoices = true;
      if (message.code === "bad_input") setCharactersAside();
      forgetChoices();
      changeHello();
      return;
    }
    if (message.code === "unauthorized") {
      showProblem(token() ? "token-refused" : "token-needed");
      return;
    }
    if (showSettingsProblem(message.message)) return;
    const wait = message.retry_after_s ? ` Try again in ${Math.ceil(message.retry_after_s)} s.` : "";
    showProblem(PROBLEM_OF_ERROR[message.code] ?? "failed", `${asSentence(message.message)}${wait}`);
  });
  onProblemPress(["mic-refused", "mic-none", "mic-busy", "mic-lost"], () => {
    clearProblem();
    startListening();
  });
  onProblemPress(["server-away", "server-unreached", "server-stopping"], connect);
  onProblemPress(["cut-off", "taken-over"], () => {
    clearProblem();
    connect();
  });
  onProblemPress(["idle"], () => {
    clearProblem();
    connect();
    startListening();
  });
  onProblemPress(["token-needed", "token-refused"], (given, remember) => {
    setToken(given, remember);
    clearProblem();
    loadOptions();
    connect();
  });
  onProblemPress(["engine"], () => {
    clearProblem();
    location.hash = "system";
  });
  onProblemPress(["sound-blocked"], () => {
    unlockSound();
    clearProblem();
  });
  onSoundBlocked(() => showProblem("sound-blocked"));
}

function listenToConnection() {
  onConnection((change) => {
    if (change.phase === "waiting") lostConnection(change);
    if (change.phase === "closed") closedForGood(change);
    if (change.phase === "ready") {
      clearProblem(...CONNECTION_PROBLEMS);
      if (change.lost) sayInPassing(change.resumed ? "Back again. The conversation goes on." : "Back again.");
      if (!change.resumed && !conversationIsEmpty()) {
        addDivider("A new conversation: what stands above is no longer remembered.");
        forgetReplies();
      }
    }
  });
  onMessage("ready", (ready) => {
    takeServerCharacters(ready.characters, ready.speaker);
    setTalkState(ready.state);
    showHistory(ready.history);
    if (retriedChoices) sayInPassing("What was chosen before is not on this server; its own choices are used.");
    retriedChoices = false;
  });
}

function showHistory(history) {
  const replies = new Map(); // by turn: what each speaker said, in order
  for (const past of history) {
    if (past.role === "user") showTranscript({ turn: past.turn, text: past.text, final: true });
    else replies.set(past.turn, [...(replies.get(past.turn) ?? []), past]);
  }
  for (const [turn, parts] of replies) addPastReply(turn, parts);
}

function lostConnection({ code, lost, attempts }) {
  stopSound();
  if (code === 4000) showProblem("server-stopping");
  else if (lost) showProblem("server-away");
  else if (attempts > 1) showProblem("server-unreached");
  // A refusal at the door looks like an unreachable server; the options tell the two apart.
  if (!lost) loadOptions();
}

function closedForGood({ code, refusedFor }) {
  stopSound();
  const problem = { 4001: "taken-over", 4003: "idle", 4008: "cut-off" }[code];
  if (listeningState().wanted) stopListening();
  if (code === 4004 && (refusedFor ?? "unauthorized") === "unauthorized") showProblem(token() ? "token-refused" : "token-needed");
  else if (problem) showProblem(problem);
}

function stopSound() {
  const turn = soundingTurn();
  if (turn !== null) {
    const ms = playedMs(turn);
    flush();
    stopWhereHeard(turn, ms);
  }
  setSounding(null);
  hideThinking();
  setTalkState("idle");
}

function resetConversation() {
  flush();
  const reached = send({ type: "reset", what: "conversation" });
  if (!reached) forgetConversation();
  emptyConversation();
  forgetReplies();
  sayInPassing(reached
    ? "Forgotten, here and on the server: the conversation begins anew."
    : "Forgotten here. The server could not be told: what it keeps of it stays among the earlier talks.");
}

// Another talk, or with null a new one: what is shown and heard belongs to the one that is left.
function goOnWith(id) {
  if (listeningState().wanted) stopListening();
  stopSound();
  emptyConversation();
  forgetReplies();
  takeUp(id);
}

function pressedKey(event) {
  if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    // Elsewhere it stops what the view does, and a reply only where there is one.
    if (currentView() === "talk" || replyUnderWay()) interrupt();
    return;
  }
  const onBody = event.target === document.body || event.target.closest?.("#main, #conversation-scroll") === event.target;
  if (event.code === "Space" && onBody && !event.repeat && currentView() === "talk") {
    event.preventDefault(); // Space would scroll
    pressVoiceButton();
  }
}

function drawWelcome() {
  const names = characters().map((character) => character.name);
  welcomeWho.textContent = names.length > 1
    ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)} are here. ${nextSpeaker()} answers next.`
    : `${nextSpeaker()} listens and answers aloud.`;
}

globalThis.syrinx = Object.freeze({
  player: playerHook(),
  get socket() { return socketCounters(); },
  get capture() { return captureCounters(); },
  get listening() { return listeningState(); },
});

setHello(() => ({
  ...(token() && { token: token() }),
  ...helloChoices(),
  ...(ownCharacters() && { characters: ownCharacters() }),
  input_sample_rate: INPUT_HZ,
  barge_in: helloBargeIn(),
  ...helloKeep(),
}));
startViews();
startConversation();
startListeningRules();
onListeningInterrupts(interrupt);
listenToReplies();
listenToProblems();
listenToConnection();
startVoiceButton(interrupt);
startTyping();
startSettings({ onResetConversation: resetConversation });
startKeptTalks({ onGoOn: goOnWith });
startModels();
startSystem();
startBetter();
startOwnWords(interrupt);
onCharacters(drawWelcome);
onOptions(() => {
  if (optionsProblem()?.startsWith("token") && currentProblem() !== optionsProblem()) showProblem(optionsProblem());
  // A token that was given in another view opens the talk as well.
  if (optionsProblem() === null && currentProblem()?.startsWith("token")) {
    clearProblem();
    connect();
  }
});
addEventListener("keydown", pressedKey);
addEventListener("pointerdown", () => {
  if (soundingTurn() !== null) unlockSound();
});
loadOptions();
connect();
