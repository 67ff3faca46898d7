// Questions to the server by HTTP: the token goes along, and every refusal comes back in words.

import { token } from "./options.js";

const UNREACHED = "The server does not answer. See that it is running, then try again.";

// Resolves to the answer's JSON. Rejects with {code, message, retryable, status}; status 0 where no answer came.
export async function ask(method, path, body) {
  const headers = {};
  if (token()) headers.Authorization = `Bearer ${token()}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw { code: "unreachable", message: UNREACHED, retryable: true, status: 0 };
  }
  const told = await answer.json().catch(() => null);
  if (answer.ok && told !== null) return told;
  throw {
    code: told?.code ?? "failed",
    message: told?.message ?? `The server answered with ${answer.status} and no reason. Its log may say more.`,
    retryable: told?.retryable ?? false,
    status: answer.status,
  };
}
