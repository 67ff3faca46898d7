// The form of a key: a new one, or one whose name, scopes and limits are to be others.

import { announce } from "./announcer.js";
import { ask } from "./ask.js";
import { asSentence } from "./problems.js";
import { LIMITS } from "./people-words.js";

const PATH = "api/keys";
const DAY_MS = 86_400_000;

let section = null;
let form = null;
let me = null;
let changing = null; // the key that is changed; null for a new one
let asking = false;
let handlers = { onMade: () => {}, onChanged: () => {} };
let opener = null; // has the focus again when the form is left

function fault(sentence) {
  const element = form.querySelector(".inline-problem");
  element.textContent = sentence;
  element.hidden = sentence === "";
}

// `known` is who asks, as the server told.
export function openKeyForm(known, key = null) {
  me = known;
  changing = key;
  opener = key ? document.activeElement : section.querySelector("#new-key");
  form.reset();
  fault("");
  section.querySelector("#key-form-title").textContent = key ? `Change ${key.name}` : "A new key";
  form.querySelector("[type=submit]").textContent = key ? "Keep the changes" : "Make the key";
  for (const name of ["until", "user"]) form.elements[name].closest(".field").hidden = key !== null;
  form.querySelector(".operators").hidden = !me.is_operator;
  for (const tick of form.querySelectorAll("[data-scope]")) {
    // Nobody gives more than they have.
    tick.hidden = !me.is_operator && !me.scopes.includes(tick.dataset.scope);
    tick.querySelector("input").checked = key?.scopes.includes(tick.dataset.scope) ?? false;
  }
  if (key) {
    form.elements.name.value = key.name;
    for (const name of LIMITS) form.elements[name].value = key.limits[name] ?? "";
  }
  form.hidden = false;
  section.querySelector("#new-key").hidden = true;
  form.elements.name.focus();
}

function close() {
  form.hidden = true;
  section.querySelector("#new-key").hidden = false;
  (opener?.isConnected && opener.checkVisibility() ? opener : section.querySelector("#new-key")).focus();
}

// Null where a field holds what is no number of its kind.
function limitsAsTyped() {
  const limits = {};
  for (const name of LIMITS) {
    const input = form.elements[name];
    if (!input.validity.valid) {
      input.focus();
      return null;
    }
    limits[name] = input.value ? Number(input.value) : null;
  }
  return limits;
}

function wanted(limits) {
  const { elements } = form;
  const key = {
    name: elements.name.value.trim(),
    scopes: [...form.querySelectorAll("[name=scope]:checked")].map((tick) => tick.value),
  };
  if (changing) return { ...key, ...(me.is_operator && { limits }) };
  const days = Number(elements.until.value);
  const user = elements.user.value.trim();
  const limited = Object.values(limits).some((most) => most !== null);
  return {
    ...key, expires_at: days ? new Date(Date.now() + days * DAY_MS).toISOString() : null,
    ...(me.is_operator && limited && { limits }), ...(me.is_operator && user && { user }),
  };
}

async function send(event) {
  event.preventDefault();
  const limits = limitsAsTyped();
  if (limits === null) {
    fault("A limit is a whole number from 1 on. Leave it empty for what the server has set.");
    return;
  }
  const key = wanted(limits);
  if (!key.name) {
    fault("Say what the key is for, so that you know it again.");
    form.elements.name.focus();
    return;
  }
  if (key.scopes.length === 0) {
    fault("Tick at least one thing that it may do.");
    return;
  }
  if (asking) return; // a second press makes no second key
  asking = true;
  fault("");
  try {
    if (changing) {
      await ask("PATCH", `${PATH}/${changing.key_id}`, key);
      close();
      announce(`${key.name} is changed.`);
      await handlers.onChanged(changing);
    } else {
      const made = await ask("POST", PATH, key);
      close();
      await handlers.onMade(made);
    }
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    fault(asSentence(refused.message));
  } finally {
    asking = false;
  }
}

// `onMade({key, secret})` and `onChanged(key)` are called when the form has been left.
export function startKeyForm(given, on) {
  section = given;
  handlers = on;
  form = section.querySelector("#key-form");
  form.noValidate = true; // its own sentences tell what is wrong
  form.querySelector(".leave").addEventListener("click", close);
  form.addEventListener("submit", send);
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
}
