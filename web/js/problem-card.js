// A card that says what went wrong and offers what to press, in a view of its own.

import { rememberBox } from "./problems.js";

// `element` stays empty and hidden until something is shown. `show(problem, onPress)` takes {what, means, press, field,
// waitS}: the button waits so many seconds; `onPress` gets the field's text where there is one, and whether to remember it.
export function createProblemCard(element) {
  let timer = null;
  element.className = "problem";
  element.hidden = true;

  function clear() {
    clearInterval(timer);
    element.hidden = true;
    element.replaceChildren();
  }

  function show({ what, means, press = "", field = "", waitS = 0 }, onPress = () => {}) {
    clear();
    const form = document.createElement("form");
    const words = document.createElement("p");
    const strong = document.createElement("strong");
    // Only the sentence is an alert: a button that counts down would be read out every second.
    words.setAttribute("role", "alert");
    strong.textContent = what;
    form.append(words);
    element.append(form);
    element.hidden = false;
    words.append(strong, ` ${means}`);
    const input = field ? addField(form, field) : null;
    if (press) addButton(form, press, waitS);
    const away = document.createElement("button");
    away.type = "button";
    away.className = "plain";
    away.textContent = "Close";
    away.addEventListener("click", clear);
    if (!press) form.append(away);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const value = input?.value.trim();
      if (input && !value) return;
      const remember = form.elements.remember?.checked ?? false;
      clear();
      onPress(value, remember);
    });
    element.scrollIntoView({ block: "nearest" });
  }

  function addButton(form, press, waitS) {
    const button = document.createElement("button");
    button.type = "submit";
    button.className = "plain";
    button.textContent = press;
    form.append(button);
    if (waitS <= 0) return;
    let left = waitS;
    button.disabled = true;
    button.textContent = `${press} in ${left} s`;
    timer = setInterval(() => {
      left -= 1;
      button.disabled = left > 0;
      button.textContent = left > 0 ? `${press} in ${left} s` : press;
      if (left <= 0) clearInterval(timer);
    }, 1000);
  }

  function addField(form, field) {
    const label = document.createElement("label");
    const text = document.createElement("span");
    const input = document.createElement("input");
    text.textContent = field;
    input.type = "password";
    input.autocomplete = "current-password";
    label.append(text, input);
    form.append(label, rememberBox());
    return input;
  }

  return { show, clear };
}
