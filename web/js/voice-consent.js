// What a voice rests on: which words, when, of what kind; and taking the consent back.

import { announce } from "./announcer.js";
import { consentOf, revokeConsent } from "./own-voices.js";
import { asSentence } from "./problems.js";
import { momentOf } from "./voices-words.js";

const KINDS = {
  spoken: "Spoken aloud by the person, in words that were drawn for it, and understood",
  recorded: "A recording of the person agreeing, in words that are always the same: it may be an old one",
  attested: "Stated by the one who made the voice; not spoken by the person",
};
const REVOKED = "The voice then speaks nowhere any more, neither here nor for any program, and cannot be woken again. Its recording and the record of the consent stay until you delete the voice.";

// Returns {element}; it asks for the consent when it is first opened. `voice()` is the voice as it is known now.
export function createVoiceConsent(id, voice) {
  const element = document.createElement("details");
  element.className = "further voice-consent";
  element.innerHTML = `<summary>Consent</summary><div></div>
    <p class="inline-problem" role="alert" hidden></p>
    <button class="plain revoke" type="button" hidden>Take the consent back</button>
    <div class="voice-step" role="group" aria-labelledby="revoke-${id}" hidden>
      <p><strong id="revoke-${id}">Take the consent back?</strong></p><p>${REVOKED}</p>
      <div class="row"><button class="strong warn really" type="button">Take it back</button><button class="plain keep" type="button">Leave it</button></div></div>`;
  const facts = element.querySelector("div");
  const fault = element.querySelector(".inline-problem");
  const revoke = element.querySelector(".revoke");
  const step = element.querySelector(".voice-step");

  function say(sentence) {
    fault.textContent = sentence;
    fault.hidden = sentence === "";
  }

  async function trying(doing) {
    say("");
    try {
      await doing();
    } catch (refused) {
      if (refused instanceof Error) throw refused;
      say(asSentence(refused.message));
    }
  }

  function draw(consent) {
    const list = document.createElement("dl");
    const rows = [
      ["Kind", KINDS[consent.kind] ?? consent.kind], ["Words", consent.statement && `“${consent.statement}”`],
      ["Understood", consent.heard && `“${consent.heard}”`],
      ["Agreement", Number.isFinite(consent.agreement) ? `${Math.round(100 * consent.agreement)} % of the words` : ""],
      ["Recorded", momentOf(consent.recorded_at)], ["Taken back", consent.revoked_at && momentOf(consent.revoked_at)],
      ["For", consent.scope], ["Terms", consent.terms_version],
    ];
    list.className = "facts";
    for (const [name, words] of rows.filter(([, told]) => told)) {
      const row = document.createElement("div");
      const term = document.createElement("dt");
      const detail = document.createElement("dd");
      term.textContent = name;
      detail.textContent = words;
      detail.dir = "auto";
      row.append(term, detail);
      list.append(row);
    }
    facts.replaceChildren(list);
    step.hidden = true;
    revoke.hidden = consent.revoked_at !== null;
  }

  function showStep(open) {
    step.hidden = !open;
    revoke.hidden = open;
    (open ? step.querySelector(".keep") : revoke).focus();
  }

  element.addEventListener("toggle", () => {
    if (!element.open || facts.childElementCount > 0) return;
    trying(async () => draw(await consentOf(id)));
  });
  revoke.addEventListener("click", () => showStep(true));
  step.querySelector(".keep").addEventListener("click", () => showStep(false));
  step.querySelector(".really").addEventListener("click", () => trying(async () => {
    const { consent_id: consentId, name } = voice();
    draw(await revokeConsent(consentId, id));
    element.querySelector("summary").focus();
    announce(`The consent is taken back: ${name} does not speak any more.`);
  }));
  return { element };
}
