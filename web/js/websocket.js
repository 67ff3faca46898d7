// The one socket to the server: hello, resume, reconnecting with backoff, ping, sound up and down. docs/protocol.md.

import { keepInTab, keptInTab } from "./kept.js";

const PING_EVERY_MS = 20_000;
const PONG_WITHIN_MS = 10_000;
const WAITS_MS = [400, 800, 1600, 3200, 6400, 10_000];
// One second of 16 kHz microphone audio: more waiting than that would only make the talk lag.
const MOST_WAITING_BYTES = 32_000;
// After these the person decides: 4001 taken over, 4003 idle, 4004 token refused, 4008 too many refused messages.
const FINAL_CODES = new Set([4001, 4003, 4004, 4008]);

const messageHandlers = new Map();
const soundHandlers = [];
const connectionHandlers = [];
const counters = { soundFramesSent: 0, soundFramesDropped: 0, connections: 0 };

let socket = null;
let phase = "closed"; // closed, connecting, ready, waiting
let attempts = 0;
let wasReady = false;
let resumeTried = false;
let refusedFor = null; // the error's code when hello was refused
let helloChanged = false;
let untold = []; // messages with settings that were changed while no talk was open
let helloFields = () => ({});
let retryTimer = null;
let pingTimer = null;
let pongTimer = null;

export function onMessage(type, handler) {
  if (!messageHandlers.has(type)) messageHandlers.set(type, []);
  messageHandlers.get(type).push(handler);
}

export function onSound(handler) {
  soundHandlers.push(handler);
}

// The handler gets {phase, code, reason, waitMs, lost, refusedFor}: `lost` tells that a talk was open before,
// `refusedFor` is the error's code where hello was refused.
export function onConnection(handler) {
  connectionHandlers.push(handler);
}

// `fields` is called at every connection for what hello says besides the token and the resume.
export function setHello(fields) {
  helloFields = fields;
}

export function connectionPhase() {
  return phase;
}

export function socketCounters() {
  return { ...counters };
}

export function connect() {
  clearTimeout(retryTimer);
  if (socket) return;
  changePhase("connecting");
  const address = new URL("ws", document.baseURI);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  const opened = new WebSocket(address);
  opened.binaryType = "arraybuffer";
  opened.addEventListener("open", sayHello);
  opened.addEventListener("message", receive);
  opened.addEventListener("close", (event) => {
    if (socket === opened) closed(event);
  });
  socket = opened;
}

// Leaves the talk that is open and goes on with a kept one; null begins a new one.
export function takeUp(id) {
  keepInTab("conversation", id && { id, token: null });
  wasReady = false;
  if (!socket) {
    connect();
    return;
  }
  helloChanged = true;
  socket.close(1000);
}

// Returns false where the talk is not open: the message is then lost and the caller says so, but for settings, which are
// told as soon as it is.
export function send(message) {
  if (phase !== "ready" && message.type === "set") {
    untold = untold.filter((earlier) => !isSaidBy(message, earlier));
    untold.push(message);
    return true;
  }
  if (phase !== "ready") return false;
  socket.send(JSON.stringify(message));
  return true;
}

// Whether the server is about to be told of that setting: `ready` does not know of it yet.
export function isUntold(name) {
  return untold.some((change) => name in change);
}

// Whether `message` says all that `earlier` was to say.
function isSaidBy(message, earlier) {
  return Object.keys(earlier).every((name) => name in message);
}

export function sendSound(pcm) {
  if (phase !== "ready") return;
  if (socket.bufferedAmount > MOST_WAITING_BYTES) {
    counters.soundFramesDropped += 1;
    return;
  }
  socket.send(pcm);
  counters.soundFramesSent += 1;
}

export function forgetConversation() {
  keepInTab("conversation", null);
}

// Hello was refused for something that is now different: it is said again when the socket has closed.
export function changeHello() {
  helloChanged = true;
}

function sayHello() {
  refusedFor = null;
  const conversation = keptInTab("conversation");
  const hello = { type: "hello", ...helloFields() };
  resumeTried = conversation !== null;
  if (conversation) {
    hello.conversation_id = conversation.id;
    if (conversation.token) hello.resume = conversation.token;
  }
  untold = untold.filter((change) => !isSaidBy(hello, change));
  socket.send(JSON.stringify(hello));
}

function receive(event) {
  if (event.data instanceof ArrayBuffer) {
    for (const handler of soundHandlers) handler(event.data);
    return;
  }
  const message = JSON.parse(event.data);
  if (message.type === "ready") becomeReady(message);
  if (message.type === "pong") clearTimeout(pongTimer);
  if (message.type === "error" && phase === "connecting") {
    refusedFor = message.code;
    if (resumeTried && message.code === "not_found") {
      // The conversation is no longer there: begin a new one, of which `ready` tells.
      forgetConversation();
      helloChanged = true;
      return;
    }
  }
  for (const handler of messageHandlers.get(message.type) ?? []) handler(message);
  if (message.type === "ready") for (const change of untold.splice(0)) send(change);
}

function becomeReady(message) {
  keepInTab("conversation", { id: message.conversation_id, token: message.resume_token });
  attempts = 0;
  counters.connections += 1;
  clearInterval(pingTimer);
  pingTimer = setInterval(ping, PING_EVERY_MS);
  const lost = wasReady;
  wasReady = true;
  changePhase("ready", { lost, resumed: message.resumed });
}

function ping() {
  send({ type: "ping", t: Math.round(performance.now()) });
  clearTimeout(pongTimer);
  // A sleeping laptop leaves sockets that look open; only an answer proves one.
  pongTimer = setTimeout(() => socket?.close(), PONG_WITHIN_MS);
}

function closed(event) {
  socket = null;
  clearInterval(pingTimer);
  clearTimeout(pongTimer);
  if (helloChanged) {
    helloChanged = false;
    connect();
    return;
  }
  if (event.code === 4001 || event.code === 4003) forgetConversation();
  if (FINAL_CODES.has(event.code) || event.code === 1000) {
    wasReady = false;
    changePhase("closed", { code: event.code, reason: event.reason, refusedFor });
    return;
  }
  const longest = WAITS_MS[Math.min(attempts, WAITS_MS.length - 1)];
  // Spread out, so that a server that comes back is not met by every page at once.
  const waitMs = longest * (0.5 + Math.random() / 2);
  attempts += 1;
  changePhase("waiting", { code: event.code, reason: event.reason, waitMs, lost: wasReady, attempts });
  retryTimer = setTimeout(connect, waitMs);
}

function changePhase(next, about = {}) {
  phase = next;
  for (const handler of connectionHandlers) handler({ phase, ...about });
}

function tryAtOnce() {
  if (phase === "waiting") connect();
}

addEventListener("online", tryAtOnce);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") tryAtOnce();
});
