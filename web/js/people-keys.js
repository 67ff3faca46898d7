// Keys: listed, made, changed, replaced, revoked; a secret is shown once.

import { announce } from "./announcer.js";
import { ask } from "./ask.js";
import { copied } from "./clipboard.js";
import { asSentence } from "./problems.js";
import { openKeyForm, startKeyForm } from "./people-key-form.js";
import { limitsInWords, scopesInWords, stateInWords } from "./people-words.js";
import { dayOf, momentOf } from "./voices-words.js";

const PATH = "api/keys";
const OVERLAP_S = 24 * 3600;
const OPENING = ["live", "replaced"];

let section = null;
let me = null;
let keys = [];
let endedShown = false;
let only = ""; // the user whose keys alone are shown to an operator
let changeHandler = () => {};

function find(id) {
  return section.querySelector(`#${id}`);
}

function say(refused) {
  find("keys-problem").textContent = refused ? asSentence(refused.message) : "";
  find("keys-problem").hidden = !refused;
}

async function trying(doing) {
  say(null);
  try {
    await doing();
    return true;
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    say(refused);
    return false;
  }
}

// `known` is who asks, as the server told.
export function loadKeys(known) {
  me = known;
  find("keys-whose").hidden = !me.is_operator;
  if (!me.is_operator) showWhose("mine");
  return reload();
}

// The list after something was done; the rest of the view is told, too.
async function reloadAll() {
  await reload();
  changeHandler();
}

function showWhose(whose, user = "") {
  section.querySelector(`#keys-whose [value=${whose}]`).checked = true;
  only = user;
}

// Those of `user` alone, for an operator.
export async function showKeysOf(user) {
  showWhose(user === me.user ? "mine" : "everybody", user === me.user ? "" : user);
  await reload();
  find("keys-title").focus();
}

function reload() {
  const everybody = me.is_operator && section.querySelector("#keys-whose [value=everybody]").checked;
  return trying(async () => {
    keys = (await ask("GET", everybody ? `${PATH}?everybody=true` : PATH)).keys;
    draw();
  });
}

function draw() {
  const some = keys.filter(({ user }) => only === "" || user === only);
  const opening = some.filter(({ state }) => OPENING.includes(state));
  const shown = endedShown ? some : opening;
  const ended = some.length - opening.length;
  find("keys-only").hidden = only === "";
  find("keys-only-name").textContent = only;
  find("keys").replaceChildren(...shown.map(drawKey));
  find("keys-none").hidden = opening.length > 0;
  find("keys-none").textContent = me.how === "open" ? "No key yet. None is needed on this machine." : "No key yet.";
  find("keys-ended").hidden = ended === 0;
  find("keys-ended").textContent = endedShown ? "Hide those that ended" : `Show ${ended} that ended`;
}

function drawKey(key) {
  const item = document.createElement("li");
  const { key_id: id, name, state } = key;
  item.className = `key ${state}`;
  item.dataset.key = id;
  item.innerHTML = `<div class="key-words"><h3 dir="auto"></h3><p class="quiet key-facts"></p><p class="quiet key-scopes"></p></div>
    <div class="row key-doing"><button class="plain change" type="button">Change</button><button class="plain rotate" type="button">Replace</button><button class="plain revoke" type="button">Revoke</button></div>
    <div class="voice-step" role="group" hidden><p><strong></strong></p><p></p>
      <div class="row"><button class="strong warn really" type="button"></button><button class="plain keep" type="button">Leave it</button></div></div>`;
  item.querySelector("h3").textContent = name;
  item.querySelector(".key-scopes").textContent = [scopesInWords(key.scopes), limitsInWords(key.limits)].filter(Boolean).join(" ");
  item.querySelector(".key-facts").textContent = [
    stateInWords(state), key.user === me.user ? "" : `of ${key.user}`, id === me.key_id ? "this page’s own" : "", `made ${dayOf(key.created_at)}`,
    endInWords(key), key.last_used_at ? `used ${momentOf(key.last_used_at)}` : "never used",
  ].filter(Boolean).join(" · ");
  const doing = item.querySelector(".key-doing");
  const rotate = item.querySelector(".rotate");
  const revoke = item.querySelector(".revoke");
  const change = item.querySelector(".change");
  doing.hidden = !OPENING.includes(state);
  change.hidden = state !== "live";
  change.setAttribute("aria-label", `Change ${name}`);
  change.addEventListener("click", () => openKeyForm(me, key));
  rotate.hidden = state !== "live";
  rotate.setAttribute("aria-label", `Replace ${name}`);
  revoke.setAttribute("aria-label", `Revoke ${name}`);
  rotate.addEventListener("click", () => confirm(item, rotate, {
    what: `Replace ${name}?`, means: "A new secret is made that may the same. The old one goes on for a day, so that you can change it where it is used.",
    press: "Replace it", doing: () => trying(async () => {
      const made = await ask("POST", `${PATH}/${id}/rotate`, { overlap_s: OVERLAP_S });
      await reloadAll();
      showSecret(made);
    }),
  }));
  revoke.addEventListener("click", () => confirm(item, revoke, {
    what: `Revoke ${name}?`, means: `It lets nobody in any more, at once; keys that were made with it end too.${id === me.key_id ? " This page uses it: you will have to come in with another one." : ""}`,
    press: "Revoke it", doing: () => trying(async () => {
      await ask("DELETE", `${PATH}/${id}`);
      announce(`${name} is revoked.`);
      await reloadAll();
      find("keys-title").focus();
    }),
  }));
  return item;
}

function endInWords({ state, expires_at: expires, ends_at: ends }) {
  if (state === "revoked") return `since ${momentOf(ends)}`;
  if (state === "replaced") return `ends ${momentOf(ends)}`;
  return expires ? `until ${dayOf(expires)}` : "until it is revoked";
}

function confirm(item, button, { what, means, press, doing }) {
  const step = item.querySelector(".voice-step");
  const [title, words] = step.querySelectorAll("p");
  const close = () => {
    step.hidden = true;
    item.querySelector(".key-doing").hidden = false;
    button.focus();
  };
  title.firstElementChild.textContent = what;
  step.setAttribute("aria-label", what);
  words.textContent = means;
  step.querySelector(".really").textContent = press;
  step.querySelector(".really").onclick = doing;
  step.querySelector(".keep").onclick = close;
  step.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  };
  step.hidden = false;
  item.querySelector(".key-doing").hidden = true;
  step.querySelector(".keep").focus();
}

function showSecret({ key, secret }) {
  find("key-secret-title").textContent = `The secret of ${key.name}`;
  find("key-secret-text").value = secret;
  find("key-secret").hidden = false;
  find("key-secret-title").focus();
}

function forgetSecret() {
  find("key-secret-text").value = "";
  find("key-secret").hidden = true;
  find("new-key").focus();
}

async function copySecret() {
  const button = find("key-secret-copy");
  button.textContent = (await copied(find("key-secret-text").value, find("key-secret"))) ? "Copied" : "Select it and copy";
  announce(button.textContent);
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2500);
}

// `onChange` is called when a key has been made, changed or ended.
export function startKeys(given, { onChange }) {
  section = given;
  changeHandler = onChange;
  startKeyForm(section, {
    onMade: async (made) => {
      // One for somebody else would not stand among one's own.
      if (made.key.user !== me.user && (only === "" || only !== made.key.user)) showWhose("everybody");
      await reloadAll();
      showSecret(made);
    },
    onChanged: async ({ key_id: id }) => {
      await reloadAll();
      const again = section.querySelector(`.key[data-key="${id}"] .change`);
      (again ?? find("keys-title")).focus();
    },
  });
  find("new-key").addEventListener("click", () => openKeyForm(me));
  find("key-secret-text").addEventListener("focus", (event) => event.target.select());
  find("key-secret-copy").addEventListener("click", copySecret);
  find("key-secret-done").addEventListener("click", forgetSecret);
  find("keys-whose").addEventListener("change", () => {
    only = "";
    reload();
  });
  find("keys-all").addEventListener("click", () => {
    only = "";
    draw();
    find("keys-title").focus();
  });
  find("keys-ended").addEventListener("click", () => {
    endedShown = !endedShown;
    draw();
  });
}
