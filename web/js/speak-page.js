// What the Speak view is made of, before anything is filled in.

import { icon } from "./icons.js";

export const SPEAK_PAGE = `
<div class="studio">
  <header class="studio-head"><h1 id="speak-title">Speak</h1><p id="speak-where" class="quiet"></p></header>

  <div class="paper-side">
    <div class="paper">
      <label class="unseen" for="speak-text">Text to speak</label>
      <textarea id="speak-text" dir="auto" placeholder="Write or paste what is to be spoken." aria-describedby="speak-count speak-markup-note" spellcheck="true"></textarea>
      <div id="speak-reading" class="reading" dir="auto" tabindex="0" role="region" aria-label="What is being read" hidden></div>
    </div>
    <div class="paper-foot">
      <fieldset id="speak-markup" class="segmented">
        <legend class="unseen">How the text is meant</legend>
        <label><input type="radio" name="speak-markup" value="plain" checked><span>Plain text</span></label>
        <label><input type="radio" name="speak-markup" value="ssml"><span>SSML</span></label>
      </fieldset>
      <button id="speak-edit" class="plain with-icon" type="button" hidden>${icon("edit")}Edit the text</button>
      <p id="speak-count" class="quiet figures"></p>
    </div>
    <p id="speak-markup-note" class="quiet"></p>
    <p id="speak-fault" class="inline-problem" role="alert" hidden></p>
  </div>

  <form class="choices" aria-label="How it is spoken" autocomplete="off">
    <div class="field"><label for="speak-voice">Voice</label>
      <input id="speak-voice-filter" type="search" placeholder="Filter voices" aria-label="Filter voices">
      <select id="speak-voice"></select>
      <button id="speak-preview" class="plain with-icon" type="button">${icon("play")}<span>Hear this voice</span></button>
      <p id="speak-preview-problem" class="inline-problem" role="alert" hidden></p></div>
    <label class="field"><span>Language</span><select id="speak-language"></select></label>
    <div class="field"><label for="speak-speed">Speed <output id="speak-speed-figure" for="speak-speed"></output></label>
      <input id="speak-speed" type="range" min="0.5" max="2" step="0.05" value="1"></div>
    <div class="field"><label for="speak-pitch">Pitch <output id="speak-pitch-figure" for="speak-pitch"></output></label>
      <input id="speak-pitch" type="range" min="-12" max="12" step="1" value="0"></div>
    <details class="further"><summary>More</summary>
      <label class="field"><span>Spoken by</span><select id="speak-engine"></select></label>
      <label class="field"><span>How it is to sound, in words</span>
        <input id="speak-instructions" dir="auto" placeholder="calm, as to a child" aria-describedby="speak-instructions-note"></label>
      <p id="speak-instructions-note" class="quiet">Not every voice can follow it. It is said below when one did not.</p>
    </details>
    <button id="open-pronunciations" class="plain" type="button" aria-haspopup="dialog">Pronunciations</button>
  </form>

  <section class="deck" aria-label="Sound">
    <div id="speak-problem"></div>
    <div class="deck-row">
      <button id="speak-go" class="strong" type="button" aria-keyshortcuts="Control+Enter">Speak</button>
      <button id="speak-play" class="round" type="button" aria-label="Play" disabled>${icon("play")}</button>
      <div class="deck-wave">
        <div id="speak-wave"></div>
        <p class="deck-figures"><span id="speak-status" class="quiet">Nothing spoken yet</span><span id="speak-time" class="figures">0:00</span></p>
      </div>
    </div>
  </section>

  <section class="deck-more" aria-label="Taking it away">
    <p id="speak-told" class="quiet">The voices are synthetic. Say so where you let others hear them.</p>
    <div class="row take">
      <label class="unseen" for="speak-format">Format</label><select id="speak-format"></select>
      <button id="speak-save" class="plain with-icon" type="button" disabled>${icon("save")}<span>Download</span></button>
      <span class="take-label" id="speak-marks-label">Times of words</span>
      <span class="row" role="group" aria-labelledby="speak-marks-label">
        <button class="plain" type="button" data-marks="json" disabled>JSON</button>
        <button class="plain" type="button" data-marks="srt" disabled>SRT</button>
        <button class="plain" type="button" data-marks="vtt" disabled>VTT</button>
      </span>
    </div>
  </section>

  <section id="speak-history" class="history" aria-labelledby="speak-history-title"></section>
</div>

<dialog id="pronunciations" class="sheet" aria-labelledby="pronunciations-title">
  <header class="sheet-head">
    <h2 id="pronunciations-title">Pronunciations</h2>
    <button id="close-pronunciations" class="icon-button" type="button" aria-label="Close">${icon("close")}</button>
  </header>
  <p class="quiet">Words that voices say wrongly, and how they are to be said. They are kept on the server and hold for every text that is spoken there.</p>
  <p id="pronunciations-problem" class="inline-problem" role="alert" hidden></p>
  <ul id="pronunciation-list" class="pronunciation-list"></ul>
  <section aria-labelledby="pronunciation-form-title">
    <h3 id="pronunciation-form-title">Add a word</h3>
    <form id="pronunciation-form" autocomplete="off">
      <label class="field"><span>Written</span><input name="written" dir="auto" required placeholder="SQL"></label>
      <label class="field"><span>Said</span><input name="said" dir="auto" required placeholder="S Q L"></label>
      <fieldset class="segmented field">
        <legend class="unseen">What stands under Said</legend>
        <label><input type="radio" name="kind" value="spoken" checked><span>As words</span></label>
        <label><input type="radio" name="kind" value="ipa"><span>In IPA</span></label>
      </fieldset>
      <label class="field"><span>In texts of this language</span><select name="language"></select></label>
      <label class="switch"><input name="case_sensitive" type="checkbox" role="switch"><span>Only with these capitals</span></label>
      <div class="row"><button class="strong" type="submit">Keep it</button><button id="pronunciation-cancel" class="plain" type="button" hidden>Leave it as it was</button></div>
    </form>
  </section>
</dialog>`;
