// Who speaks: the list of characters, kept in this browser and told to the server.

import { keep, kept } from "./kept.js";

export const MOST_CHARACTERS = 8;
export const NAME_CHARS = 40;
// Colours that hold 3:1 against both the light and the dark page, so that a new character is visible on either.
const COLOURS = ["#2f8f76", "#a8743a", "#7a78c8", "#b8618f", "#4a88b8", "#7f8a3a", "#c2645a", "#7a8894"];

const changeHandlers = [];

let own = keptCharacters(); // null until the person has changed anything
let fromServer = [];
let next = null;

function keptCharacters() {
  const list = kept("characters");
  return Array.isArray(list) && list.length > 0 ? list : null;
}

// The server refused the kept ones: go on with its own, and leave the kept ones for the person to mend.
export function setCharactersAside() {
  own = null;
}

export function onCharacters(handler) {
  changeHandlers.push(handler);
}

export function characters() {
  return own ?? fromServer;
}

// What hello and set say: only what the person made, so that the server's default stays its own.
export function ownCharacters() {
  return own;
}

export function nextSpeaker() {
  return next ?? characters()[0]?.name ?? "Syrinx";
}

export function setNextSpeaker(name) {
  next = name;
  changed();
}

export function takeServerCharacters(list, speaker) {
  fromServer = (list ?? []).map((character, place) => ({ ...newCharacter(place), ...character }));
  next = speaker ?? null;
  changed();
}

export function setCharacters(list) {
  own = list;
  keep("characters", list);
  if (!list.some((character) => character.name === next)) next = null;
  changed();
}

export function newCharacter(place = characters().length) {
  return {
    name: freeName(), description: "", scene: "", persona: "", voice: null, speed: 1,
    colour: COLOURS[place % COLOURS.length],
  };
}

function freeName() {
  const taken = new Set(characters().map((character) => character.name));
  return ["Ada", "Ben", "Cleo", "Dara", "Eli", "Fay", "Gus", "Hana"].find((name) => !taken.has(name)) ?? "";
}

export function colourOf(name) {
  const place = characters().findIndex((character) => character.name === name);
  return characters()[place]?.colour ?? COLOURS[Math.max(0, place) % COLOURS.length];
}

// What is wrong with a character that would take `place` in the list; empty when nothing is.
export function faultOf(character, place) {
  if (!character.name) return "Give the character a name.";
  if ([...character.name].length > NAME_CHARS) return `The name may have ${NAME_CHARS} characters.`;
  if (/[[\]\p{Cc}]/u.test(character.name)) return "A name has no brackets: they mark who speaks.";
  if (/^speaker\d+$/iu.test(character.name)) return `${character.name} is a mark that changes the speaker: choose another name.`;
  const same = characters().some(
    (other, at) => at !== place && other.name.toLowerCase() === character.name.toLowerCase(),
  );
  return same ? `There is a ${character.name} already: two need two names.` : "";
}

function changed() {
  for (const handler of changeHandlers) handler();
}
