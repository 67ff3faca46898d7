// All users of the server, for operators: who has keys, what is kept of whom.

import { ask } from "./ask.js";
import { asSentence } from "./problems.js";
import { userInWords } from "./people-words.js";

let section = null;
let chosenHandler = () => {};

function drawUser(person) {
  const item = document.createElement("li");
  item.className = "user";
  item.innerHTML = `<div class="key-words"><h3 dir="auto"></h3><p class="quiet"></p></div><button class="plain" type="button">Keys</button>`;
  const button = item.querySelector("button");
  item.querySelector("h3").textContent = person.user;
  item.querySelector("p").textContent = userInWords(person);
  button.setAttribute("aria-label", `Keys of ${person.user}`);
  button.addEventListener("click", () => chosenHandler(person.user));
  return item;
}

export async function loadUsers(me) {
  const part = section.querySelector("#users-part");
  const problem = section.querySelector("#users-problem");
  problem.hidden = true;
  if (!me.is_operator) {
    part.hidden = true;
    return;
  }
  try {
    const { people } = await ask("GET", "api/people");
    section.querySelector("#users").replaceChildren(...people.map(drawUser));
    part.hidden = people.every(({ user }) => user === me.user); // nobody else is here
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    problem.textContent = asSentence(refused.message);
    part.hidden = problem.hidden = false;
  }
}

// `onChosen(user)` is called when somebody's keys are to be shown.
export function startUsers(given, { onChosen }) {
  section = given;
  chosenHandler = onChosen;
}
