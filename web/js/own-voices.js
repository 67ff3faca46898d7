// The person's own voices as the server keeps them: asked for, renamed, set, deleted; and their consents.

import { ask, request } from "./ask.js";
import { loadOptions } from "./options.js";

const PATH = "api/voices";
const changeHandlers = [];

let voices = null; // null until they were told
let verifiedOnly = false;
let problem = null; // as `ask` rejects

export function onOwnVoices(handler) {
  changeHandlers.push(handler);
}

// Newest first, those that do not speak any more among them; null until they have been told.
export function ownVoices() {
  return voices;
}

export function ownVoicesProblem() {
  return problem;
}

// Whether the server takes only consents that the person speaks.
export function onlyVerified() {
  return verifiedOnly;
}

function told(list, fault) {
  voices = list;
  problem = fault;
  for (const handler of changeHandlers) handler();
}

export async function loadOwnVoices() {
  try {
    const { voices: list, verified_only: only } = await ask("GET", `${PATH}?inactive=true`);
    verifiedOnly = only;
    told(list, null);
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    told(voices, refused);
  }
}

// What a voice can be told to be: {name} or {settings}. Resolves to the voice; rejects as `ask` does.
export async function changeVoice(id, change) {
  const voice = await ask("PATCH", `${PATH}/${id}`, change);
  told(voices.map((one) => (one.voice_id === id ? voice : one)), null);
  if (change.name) loadOptions(); // lists of voices elsewhere show names
  return voice;
}

export async function deleteVoice(id) {
  await request("DELETE", `${PATH}/${id}`);
  gone(id);
}

// Its voice then speaks nowhere any more; what is kept of it stays until it is deleted.
export async function revokeConsent(consentId, voiceId) {
  const consent = await ask("POST", `${PATH}/consents/${consentId}/revoke`);
  told((voices ?? []).map((one) => (one.voice_id === voiceId ? { ...one, is_active: false } : one)), null);
  loadOptions();
  return consent;
}

function gone(id) {
  told((voices ?? []).filter((one) => one.voice_id !== id), null);
  loadOptions();
}

export function consentOf(id) {
  return ask("GET", `${PATH}/${id}/consent`);
}

// The Blob of what the voice was heard to say: its sample, or the recording that it was learned from.
export async function soundOf(id, which = "sample") {
  return (await request("GET", `${PATH}/${id}/${which}`)).blob();
}

// All that is kept of a voice, as a file.
export async function exportVoice(id) {
  return (await request("GET", `${PATH}/${id}/export`)).blob();
}
