// Views that are fetched when they are first shown: their style before their markup, so that nothing shifts.

const fetched = new Map(); // by the view's name: the promise of its having been drawn

// `view` is an entry of views.js; its module exports `start(section)`, which is called once.
export function fetchView(view) {
  if (!fetched.has(view.name)) fetched.set(view.name, open(view));
  return fetched.get(view.name);
}

async function open(view) {
  const section = document.getElementById(`view-${view.name}`);
  try {
    const [module] = await Promise.all([view.load(), ...view.styles.map(styled)]);
    section.removeAttribute("aria-busy");
    section.replaceChildren();
    module.start(section);
  } catch (failure) {
    drawFailure(section, view.title);
    throw failure;
  }
}

// Resolves when the style is there.
export function styled(name) {
  const address = `css/${name}.css`;
  const known = document.querySelector(`link[href="${address}"]`);
  if (known) return Promise.resolve();
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  const loaded = new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = () => reject(new Error(`${address} did not come`));
  });
  document.head.append(link);
  return loaded;
}

// A module that did not come once is not asked for again by a page that stays open: the page has to begin anew.
function drawFailure(section, title) {
  const words = document.createElement("p");
  const again = document.createElement("button");
  words.className = "late-problem inline-problem";
  words.setAttribute("role", "alert");
  words.textContent = `${title} did not come from the server. See that it is running. `;
  again.type = "button";
  again.className = "plain";
  again.textContent = "Load the page again";
  again.addEventListener("click", () => location.reload());
  words.append(again);
  section.replaceChildren(words);
}
