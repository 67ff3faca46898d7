// Puts text on the clipboard, by the older way too.

// Resolves to whether it is there. `within` is an element that stays on the page; the focus stays where it is.
export async function copied(text, within) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without https browsers offer only the older way.
    const focused = document.activeElement;
    const held = document.createElement("textarea");
    held.className = "unseen";
    held.value = text;
    within.append(held);
    held.select();
    const worked = document.execCommand("copy");
    held.remove();
    focused?.focus();
    return worked;
  }
}
