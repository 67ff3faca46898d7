// The frame: which views there are and which one is shown. A new view is one entry here and one section in index.html.

import { fetchView } from "./late-views.js";

// One with `load` is fetched when it is first shown, its `styles` with it.
const views = [
  { name: "talk", title: "Talk", icon: "icon-talk" },
  { name: "speak", title: "Speak", icon: "icon-speak", load: () => import("./speak.js"), styles: ["speak-listen", "speak"] },
  { name: "listen", title: "Listen", icon: "icon-listen", load: () => import("./listen.js"), styles: ["speak-listen", "listen"] },
  { name: "voices", title: "Voices", icon: "icon-voices", load: () => import("./voices.js"), styles: ["speak-listen", "voices"] },
  { name: "people", title: "People", icon: "icon-people", load: () => import("./people.js"), styles: ["speak-listen", "voices", "people"] },
  { name: "system", title: "System", icon: "icon-system" },
];
const links = document.getElementById("view-links");
const shownHandlers = [];

// The handler gets the name of each view as it is shown.
export function onViewShown(handler) {
  shownHandlers.push(handler);
}

export function currentView() {
  const wanted = location.hash.slice(1).split("/")[0];
  return views.some((view) => view.name === wanted) ? wanted : views[0].name;
}

// What the address names inside the view, as `whisper-base` in #system/whisper-base; empty where it names nothing.
export function currentDetail() {
  const [, ...detail] = location.hash.slice(1).split("/");
  try {
    return decodeURIComponent(detail.join("/"));
  } catch {
    return "";
  }
}

function showCurrentView() {
  const current = currentView();
  for (const view of views) {
    document.getElementById(`view-${view.name}`).hidden = view.name !== current;
    if (view.load && view.name === current) fetchView(view);
    const link = document.getElementById(`link-${view.name}`);
    if (view.name === current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${views.find((view) => view.name === current).title} · Syrinx`;
  for (const handler of shownHandlers) handler(current);
}

function drawLinks() {
  for (const view of views) {
    const item = document.createElement("li");
    item.innerHTML = `<a id="link-${view.name}" href="#${view.name}">
      <svg aria-hidden="true"><use href="#${view.icon}"/></svg><span>${view.title}</span></a>`;
    links.append(item);
  }
}

export function startViews() {
  drawLinks();
  addEventListener("hashchange", showCurrentView);
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address names the view and stays
    document.getElementById("main").focus();
  });
  showCurrentView();
}
