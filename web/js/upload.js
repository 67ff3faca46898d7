// A form with a recording on its way to the server, and how much of it has been sent.

import { cancelled, refusal, tokenHeaders, unreached } from "./ask.js";

// Resolves to the answer's JSON; rejects as `ask` does, with code "cancelled" when `signal` was aborted.
// `onSent(fraction)` is called as it goes.
export function sendForm(path, fields, { signal, onSent = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest(); // fetch does not tell how much has been sent
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) {
      if (value instanceof File) form.append(name, value, value.name);
      else form.append(name, value);
    }
    asked.open("POST", path);
    for (const [name, value] of Object.entries(tokenHeaders())) asked.setRequestHeader(name, value);
    asked.upload.onprogress = (event) => {
      if (event.lengthComputable) onSent(event.loaded / event.total);
    };
    asked.onload = () => {
      const told = parsed(asked.responseText);
      if (asked.status >= 200 && asked.status < 300 && told !== null) resolve(told);
      else reject(refusal(asked.status, told, asked.getResponseHeader("Retry-After")));
    };
    asked.onerror = () => reject(unreached());
    asked.onabort = () => reject(cancelled());
    signal?.addEventListener("abort", () => asked.abort());
    if (signal?.aborted) {
      reject(cancelled());
      return;
    }
    asked.send(form);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
