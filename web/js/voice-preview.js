// A voice heard on one short sentence of its own language.

import { request } from "./ask.js";
import { talkOptions, primary } from "./options.js";
import { refusalInWords } from "./refusal-words.js";

const SENTENCES = {
  en: "Good evening. This is how I sound when I read to you.",
  de: "Guten Abend. So klinge ich, wenn ich dir vorlese.",
  fr: "Bonsoir. Voici ma voix quand je vous fais la lecture.",
  es: "Buenas noches. Así sueno cuando te leo.",
  it: "Buonasera. Questa è la mia voce quando leggo per te.",
  pt: "Boa noite. É assim que soo quando leio para você.",
  nl: "Goedenavond. Zo klink ik als ik je voorlees.",
  pl: "Dobry wieczór. Tak brzmię, kiedy ci czytam.",
  sv: "God kväll. Så här låter jag när jag läser för dig.",
  ru: "Добрый вечер. Так я звучу, когда читаю вам.",
  ar: "مساء الخير. هكذا يبدو صوتي عندما أقرأ لك.",
  hi: "नमस्ते। पढ़ते समय मेरी आवाज़ ऐसी है।",
  ja: "こんばんは。私はこのような声で読みます。",
  zh: "晚上好。我读给你听的时候就是这个声音。",
};
// A language that is not in the list is counted in, which every voice can.
const ELSEWHERE = "1, 2, 3, 4, 5.";

let sound = null;
let controller = null;
let tell = () => {};

export function inPlay() {
  return controller !== null;
}

export function stopPreview() {
  if (!controller) return;
  controller.abort();
  end();
}

function end(fault = "") {
  controller = null;
  sound?.pause();
  if (sound) URL.revokeObjectURL(sound.src);
  sound = null;
  tell({ playing: false, fault });
}

// `order` is how it is to be spoken, and what, where it is to be something else than that sentence; `onChange` is called with {playing, fault}.
export async function previewVoice(order, onChange) {
  stopPreview();
  tell = onChange;
  const own = new AbortController();
  controller = own;
  tell({ playing: true, fault: "" });
  const language = primary(order.language ?? talkOptions()?.defaults?.language ?? "en");
  try {
    const body = { ...order, text: order.text ?? SENTENCES[language] ?? ELSEWHERE, format: "wav" };
    const answer = await request("POST", "api/speech", body, { signal: own.signal });
    const blob = await answer.blob();
    if (controller !== own) return;
    sound = new Audio(URL.createObjectURL(blob));
    sound.onended = () => end();
    sound.onerror = () => end("The voice was spoken, but this browser cannot play it.");
    await sound.play();
  } catch (refused) {
    if (controller !== own) return;
    const { what, means } = refusalInWords(refused.code ? refused : { code: "failed", message: "The browser keeps the sound back." }, "speak");
    end(`${what} ${means}`);
  }
}
