// What the People view is made of, before anything is filled in.

import { SCOPES } from "./people-words.js";

export const PEOPLE_PAGE = `
<div class="studio people">
  <header class="studio-head"><h1 id="people-title">People</h1><p id="people-where" class="quiet">Who uses this server, and what they may.</p></header>
  <div id="people-problem"></div>
  <p id="people-asking" class="quiet">Asking the server who you are.</p>

  <div id="people-known" class="people-known" hidden>
    <section class="paper who-card" aria-labelledby="who-name">
      <h2 id="who-name" dir="auto"></h2>
      <p id="who-how"></p>
      <p id="who-may" class="quiet"></p>
      <h3 id="left-title" class="unseen">What is left</h3>
      <ul id="left" class="left" aria-labelledby="left-title"></ul>
      <button id="forget-key" class="plain" type="button" hidden>Forget the key on this page</button>
    </section>

    <section id="users-part" class="voice-part" aria-labelledby="users-title" hidden>
      <h2 id="users-title">Everybody</h2>
      <p class="quiet">Who has keys, or of whom something is kept. Only operators see this.</p>
      <p id="users-problem" class="inline-problem" role="alert" hidden></p>
      <ul id="users" class="keys"></ul>
    </section>

    <section class="voice-part" aria-labelledby="keys-title">
      <div class="history-head"><h2 id="keys-title" tabindex="-1">Keys</h2><button id="new-key" class="strong" type="button">Make a key</button></div>
      <p class="quiet">A key lets a program, a device or another browser in, in your name. Each may only what you tick.</p>
      <form id="key-form" class="key-form paper" autocomplete="off" aria-labelledby="key-form-title" hidden>
        <h3 id="key-form-title">A new key</h3>
        <label class="field"><span>What it is for</span><input name="name" dir="auto" maxlength="100" placeholder="Kitchen speaker"></label>
        <fieldset class="field"><legend>It may</legend><div class="scopes">
          ${Object.entries(SCOPES).map(([name, words]) => `<label class="tick" data-scope="${name}"><input type="checkbox" name="scope" value="${name}"><span>${words}</span></label>`).join("")}
        </div></fieldset>
        <label class="field"><span>Until</span><select name="until"><option value="30">in 30 days</option><option value="90">in 90 days</option>
          <option value="365" selected>in a year</option><option value="">it is revoked</option></select></label>
        <div class="operators" hidden>
          <label class="field"><span>Whose it is (you, if left empty)</span><input name="user" autocapitalize="off" spellcheck="false" maxlength="64"></label>
          <div class="key-limits">
            <label class="field"><span>Requests a minute</span><input name="requests_per_minute" type="number" min="1" step="1" placeholder="as set"></label>
            <label class="field"><span>Characters spoken a day</span><input name="characters_per_day" type="number" min="1" step="1" placeholder="as set"></label>
            <label class="field"><span>Seconds heard a day</span><input name="audio_seconds_per_day" type="number" min="1" step="1" placeholder="as set"></label></div>
        </div>
        <p class="inline-problem" role="alert" hidden></p>
        <div class="row"><button class="strong" type="submit">Make the key</button><button class="plain leave" type="button">Leave it</button></div>
      </form>
      <div id="key-secret" class="key-secret" role="group" aria-labelledby="key-secret-title" hidden>
        <h3 id="key-secret-title" tabindex="-1"></h3>
        <p>Copy it now: it is shown this once, and nobody can tell it again.</p>
        <div class="row"><input id="key-secret-text" readonly aria-labelledby="key-secret-title" spellcheck="false"><button id="key-secret-copy" class="strong" type="button">Copy</button>
          <button id="key-secret-done" class="plain" type="button">I have it</button></div>
      </div>
      <fieldset id="keys-whose" class="segmented" hidden>
        <legend class="unseen">Whose keys</legend>
        <label><input type="radio" name="keys-whose" value="mine" checked><span>Mine</span></label>
        <label><input type="radio" name="keys-whose" value="everybody"><span>Everybody’s</span></label>
      </fieldset>
      <p id="keys-only" class="keys-only" hidden><span>Only those of <b id="keys-only-name" dir="auto"></b>.</span> <button id="keys-all" class="plain" type="button">Show everybody’s</button></p>
      <p id="keys-problem" class="inline-problem" role="alert" hidden></p>
      <p id="keys-none" class="quiet" hidden></p>
      <ul id="keys" class="keys"></ul>
      <button id="keys-ended" class="plain" type="button" hidden></button>
    </section>

    <section class="voice-part" aria-labelledby="data-title">
      <h2 id="data-title">Everything about me</h2>
      <p class="quiet">Voices and their recordings, consents, conversations, pronunciations, keys without their secrets, and what was done.</p>
      <p id="data-problem" class="inline-problem" role="alert" hidden></p>
      <p id="data-told" role="status"></p>
      <div class="row"><button id="data-export" class="plain" type="button">Export it</button><button id="data-delete" class="plain" type="button">Delete it</button></div>
      <form id="data-confirm" class="voice-step" aria-labelledby="data-confirm-title" autocomplete="off" hidden>
        <p><strong id="data-confirm-title">Delete everything about you?</strong></p>
        <p>All of the above is deleted at once and for good; keys end, this page’s too. Only the log of what was done stays for its time. What Speak and Listen keep in this browser is deleted there.</p>
        <label class="field"><span>Type <b id="data-name" dir="auto"></b> to confirm</span><input name="confirm" autocapitalize="off" spellcheck="false"></label>
        <div class="row"><button class="strong warn" type="submit" disabled>Delete everything</button><button class="plain leave" type="button">Keep it</button></div>
      </form>
    </section>

    <section class="voice-part" aria-labelledby="log-title">
      <h2 id="log-title">What was done</h2>
      <p class="quiet">Newest first; no words and no sound are in it.</p>
      <fieldset id="log-whose" class="segmented" hidden>
        <legend class="unseen">Whose doings</legend>
        <label><input type="radio" name="log-whose" value="mine" checked><span>Mine</span></label>
        <label><input type="radio" name="log-whose" value="everybody"><span>Everybody’s</span></label>
      </fieldset>
      <p id="log-problem" class="inline-problem" role="alert" hidden></p>
      <p id="log-none" class="quiet" hidden>Nothing yet.</p>
      <div id="log-scroll" class="log-scroll" role="region" aria-label="Table of what was done" tabindex="0" hidden>
        <table class="log"><thead><tr><th scope="col">When</th><th scope="col" data-who hidden>Who</th><th scope="col">What</th><th scope="col">With</th><th scope="col">From</th></tr></thead><tbody></tbody></table></div>
      <button id="log-more" class="plain" type="button" hidden>Earlier</button>
    </section>
  </div>
</div>`;
