// The one live region: says finished things to a screen reader, never the flow of partial words.

const region = document.getElementById("announcer");
const STATE_SETTLES_MS = 700;

let waiting = [];
let speakTimer = null;
let stateTimer = null;

// Several sentences that come together are said together, so that none replaces another unread.
export function announce(sentence) {
  waiting.push(sentence);
  if (speakTimer !== null) return;
  speakTimer = setTimeout(() => {
    region.textContent = waiting.join(" ");
    waiting = [];
    speakTimer = null;
  }, 120);
}

// A state counts when it has lasted; null only drops what was waiting.
export function announceState(words) {
  clearTimeout(stateTimer);
  stateTimer = words === null ? null : setTimeout(() => announce(words), STATE_SETTLES_MS);
}
