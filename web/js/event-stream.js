// Server-sent events, read from the text of an answer as it arrives.

import { cancelled, request } from "./ask.js";

const CUT = "The connection broke off before the end.";

// Returns a function to be fed with text as it comes, in any pieces; `handle(name, data)` is called for every event.
export function createEventReader(handle) {
  let rest = "";
  return (text) => {
    const blocks = (rest + text).split(/\r?\n\r?\n/u);
    rest = blocks.pop();
    for (const block of blocks) readBlock(block, handle);
  };
}

function readBlock(block, handle) {
  let name = "message";
  const data = [];
  for (const line of block.split(/\r?\n/u)) {
    const [, field, value] = /^([^:]*):? ?(.*)$/u.exec(line);
    if (field === "event") name = value;
    else if (field === "data") data.push(value);
  }
  if (data.length > 0) handle(name, JSON.parse(data.join("\n")));
}

export function cutOff() {
  return { code: "cut", message: CUT, retryable: true, status: 0, waitS: 0 };
}

// Asks and hands every event to `onEvent(name, data)`; resolves at the end of the answer. Rejects as `ask` does, with
// code "cut" where the answer breaks off and "cancelled" where `signal` was aborted.
export async function streamEvents(path, body, { method = "POST", signal, onEvent }) {
  const answer = await request(method, path, body, { accept: "text/event-stream", signal });
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  const feed = createEventReader(onEvent);
  for (;;) {
    let piece;
    try {
      piece = await reader.read();
    } catch {
      throw signal?.aborted ? cancelled() : cutOff();
    }
    if (piece.done) return;
    feed(decoder.decode(piece.value, { stream: true }));
  }
}
