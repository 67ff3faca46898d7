// Questions to the server by HTTP: the token goes along, and every refusal comes back in words.

import { token } from "./options.js";

const UNREACHED = "The server does not answer. See that it is running, then try again.";

// The answer to a question with a JSON body, before any of its own body is read. Rejects as `ask` does, and with code
// "cancelled" when `signal` was aborted.
export async function request(method, path, body, { accept = "", signal } = {}) {
  const headers = tokenHeaders();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (accept) headers.Accept = accept;
  let answer;
  try {
    answer = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    if (signal?.aborted) throw cancelled();
    throw unreached();
  }
  if (answer.ok) return answer;
  throw refusal(answer.status, await answer.json().catch(() => null), answer.headers.get("Retry-After"));
}

// Resolves to the answer's JSON. Rejects with {code, message, retryable, status, waitS, told}: status 0 where no answer
// came, `told` what else the refusal says.
export async function ask(method, path, body) {
  const answer = await request(method, path, body);
  const told = await answer.json().catch(() => null);
  if (told !== null) return told;
  throw refusal(answer.status, null);
}

export function tokenHeaders() {
  return token() ? { Authorization: `Bearer ${token()}` } : {};
}

export function unreached() {
  return { code: "unreachable", message: UNREACHED, retryable: true, status: 0, waitS: 0 };
}

export function cancelled() {
  return { code: "cancelled", message: "It was stopped here.", retryable: false, status: 0, waitS: 0 };
}

// `told` is the answer's JSON, null where it had none; `retryAfter` is the header, in seconds.
export function refusal(status, told, retryAfter = "") {
  return {
    code: told?.code ?? "failed",
    message: told?.message ?? `The server answered with ${status} and no reason. Its log may say more.`,
    retryable: told?.retryable ?? false,
    status,
    waitS: Math.max(0, Number.parseInt(retryAfter ?? "", 10) || 0),
    told: told ?? {},
  };
}
