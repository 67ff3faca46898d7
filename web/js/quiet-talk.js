// Talk must not hear, and answer, what sounds or is recorded in another view, nor speak over it.

import { announce } from "./announcer.js";
import { interruptReply, listeningState, stopListening } from "./listening.js";
import { replyUnderWay } from "./voice-button.js";

export function quietTalk() {
  const { wanted } = listeningState();
  const replying = replyUnderWay();
  if (wanted) stopListening();
  if (replying) interruptReply();
  if (wanted || replying) announce(wanted ? "Talk has stopped listening." : "The reply in Talk was ended.");
}
