// What the list of kept talks is made of, before anything is filled in.

import { icon } from "./icons.js";

export const TALKS_PAGE = `
<header class="sheet-head">
  <button id="talks-back" class="plain" type="button" hidden>All talks</button><h2 id="talks-title">Talks</h2>
  <button id="talks-close" class="icon-button" type="button" aria-label="Close">${icon("close")}</button>
</header>
<p id="talks-problem" class="inline-problem" role="alert" hidden></p>

<div id="talks-all">
  <section aria-labelledby="this-talk-title">
    <h3 id="this-talk-title">This talk</h3>
    <label class="switch"><input id="talks-keep" type="checkbox" role="switch" aria-describedby="talks-keep-note"><span>Keep what is said</span></label>
    <p id="talks-keep-note" class="quiet"></p>
    <button id="talks-new" class="plain" type="button">Begin a new one</button>
  </section>
  <section aria-labelledby="earlier-talks-title">
    <h3 id="earlier-talks-title" tabindex="-1">Kept on the server</h3>
    <label class="field"><span>Search</span><input id="talks-search" type="search" dir="auto" maxlength="200"></label>
    <p id="talks-found" class="quiet" role="status"></p>
    <ul id="talks" class="talks"></ul>
    <div class="row"><button id="talks-more" class="plain" type="button" hidden>Earlier</button>
      <button id="talks-delete-all" class="plain" type="button" hidden>Delete all</button></div>
    <div id="talks-confirm" class="talk-step" role="group" aria-labelledby="talks-confirm-title" hidden>
      <p><strong id="talks-confirm-title">Delete all talks?</strong></p><p>Every talk that is kept is deleted at once and for good.</p>
      <div class="row"><button class="strong warn really" type="button">Delete all of them</button><button class="plain keep" type="button">Keep them</button></div></div>
  </section>
</div>

<article id="talk-read" aria-labelledby="talk-read-title" hidden>
  <div class="talk-head"><h3 id="talk-read-title" dir="auto" tabindex="-1"></h3><button id="talk-rename" class="plain with-icon" type="button">Rename</button></div>
  <form id="talk-rename-form" class="row" autocomplete="off" hidden><label class="grow"><span class="unseen">Title</span><input name="title" dir="auto" maxlength="80"></label>
    <button class="strong" type="submit">Keep it</button></form>
  <p id="talk-read-facts" class="quiet"></p>
  <div class="row"><button id="talk-go-on" class="strong" type="button">Go on with it</button><button id="talk-delete" class="plain" type="button">Delete</button></div>
  <div id="talk-confirm" class="talk-step" role="group" aria-labelledby="talk-confirm-title" hidden>
    <p><strong id="talk-confirm-title">Delete this talk?</strong></p><p>It is gone at once and for good.</p>
    <div class="row"><button class="strong warn really" type="button">Delete it</button><button class="plain keep" type="button">Keep it</button></div></div>
  <button id="talk-earlier" class="plain" type="button" hidden>Show what came before</button>
  <ol id="talk-messages" class="talk-messages"></ol>
  <div class="row" role="group" aria-label="Download the talk"><span class="take-label" aria-hidden="true">Download as</span>
    <button class="plain" type="button" data-talk-export="text">Text</button><button class="plain" type="button" data-talk-export="markdown">Markdown</button>
    <button class="plain" type="button" data-talk-export="json">JSON</button></div>
</article>`;
