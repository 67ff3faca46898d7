// Tells the server of a change in the settings, and shows in the sheet what it did not take.

import { connectionPhase, onMessage, send } from "./websocket.js";

const AWAY = "Not connected: it is told as soon as the server is back.";

const sheet = document.getElementById("settings");
const problem = document.getElementById("settings-problem");

export function tell(change) {
  hideSettingsProblem();
  send({ type: "set", ...change });
  if (["waiting", "closed"].includes(connectionPhase())) showSettingsProblem(AWAY);
}

onMessage("ready", () => {
  if (problem.textContent === AWAY) hideSettingsProblem();
});

// True when the sheet is open and took the message; else it belongs on the page.
export function showSettingsProblem(sentence) {
  if (!sheet.open) return false;
  problem.textContent = sentence;
  problem.hidden = false;
  problem.scrollIntoView({ block: "nearest" });
  return true;
}

export function hideSettingsProblem() {
  problem.hidden = true;
}
