// Everything about oneself: taken along in one file, or deleted.

import { announce } from "./announcer.js";
import { ask, request } from "./ask.js";
import { asSentence } from "./problems.js";
import { fileName, saveBlob } from "./save.js";

const NAMES = { keys: ["key", "keys"], voices: ["voice", "voices"], conversations: ["conversation", "conversations"], pronunciations: ["pronunciation", "pronunciations"] };

// `who()` is the person as the server told; `onDeleted(words)` is called when everything is gone.
export function startData(section, { who, onDeleted }) {
  const find = (id) => section.querySelector(`#data-${id}`);
  const form = find("confirm");
  const confirm = form.elements.confirm;
  const really = form.querySelector(".warn");

  function say(sentence) {
    find("problem").textContent = sentence;
    find("problem").hidden = sentence === "";
  }

  async function trying(button, doing) {
    say("");
    find("told").textContent = "";
    button.disabled = true;
    try {
      await doing();
    } catch (refused) {
      if (refused instanceof Error) throw refused;
      say(asSentence(refused.message));
    } finally {
      button.disabled = false;
    }
  }

  function show(open) {
    form.hidden = !open;
    find("export").parentElement.hidden = open;
    form.reset();
    really.disabled = true;
    find("name").textContent = who().user;
    (open ? confirm : find("delete")).focus();
  }

  find("export").addEventListener("click", () => trying(find("export"), async () => {
    find("told").textContent = "Being packed.";
    try {
      saveBlob(await (await request("GET", "api/people/me/export")).blob(), `syrinx-${fileName(who().user, "me")}.zip`);
      find("told").textContent = "Exported: it is among your downloads.";
    } catch (refused) {
      find("told").textContent = "";
      throw refused;
    }
  }));
  find("delete").addEventListener("click", () => show(true));
  form.querySelector(".leave").addEventListener("click", () => show(false));
  confirm.addEventListener("input", () => {
    really.disabled = confirm.value.trim() !== who().user;
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    show(false);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    trying(really, async () => {
      const { deleted } = await ask("DELETE", "api/people/me", { confirm: who().user });
      const counts = Object.entries(deleted).filter(([, count]) => count > 0).map(([name, count]) => `${count} ${NAMES[name]?.[count === 1 ? 0 : 1] ?? name}`);
      show(false);
      find("told").textContent = counts.length > 0 ? `Deleted: ${counts.join(", ")}.` : "There was nothing to delete.";
      announce(find("told").textContent);
      onDeleted(find("told").textContent);
    });
  });
}
