// What adding a voice is made of: its steps on one page.

import { icon } from "./icons.js";

export const MAKER_PAGE = `
<div class="history-head"><h2 id="maker-title" tabindex="-1">Add a voice</h2>
  <button id="maker-close" class="icon-button" type="button" aria-label="Close without adding a voice">${icon("close")}</button></div>
<div id="maker-problem"></div>

<div id="maker-steps">
  <section class="maker-step" aria-labelledby="maker-record-title">
    <h3 id="maker-record-title"><span class="step-number">1</span>A recording</h3>
    <label class="field maker-language"><span>Language that is spoken</span><select id="maker-language"></select></label>
    <p>Read this aloud in a quiet room, as you would to a friend. Half a minute is good.</p>
    <p id="maker-text" class="reading-text" dir="auto"></p>
    <div class="row" id="maker-choose">
      <button id="maker-record" class="strong with-icon" type="button">${icon("mic")}<span>Record</span></button>
      <button id="maker-pick" class="plain with-icon" type="button">${icon("file")}Choose a file</button>
      <input id="maker-file" type="file" accept="audio/*,video/*,.amr,.opus,.oga" hidden>
    </div>
    <p id="maker-takes-note" class="quiet">Or drop a file here: sound or film, 2 seconds to 5 minutes, up to 50 MB. Only the sound is used.</p>
    <p class="quiet" data-recording-destination></p>
    <div id="maker-recording" class="maker-recording" hidden>
      <p class="source-lead"><span class="recording-mark" aria-hidden="true"></span><span id="maker-left" class="figures"></span></p>
      <canvas id="maker-level" class="level" aria-hidden="true"></canvas>
      <p id="maker-level-words" class="quiet">Speak now.</p>
      <div class="row"><button id="maker-stop" class="strong with-icon" type="button">${icon("stop")}Stop</button>
        <button id="maker-discard" class="plain" type="button">Throw it away</button></div>
    </div>
    <ul id="maker-takes" class="takes" aria-label="What you recorded"></ul>
  </section>

  <section class="maker-step" aria-labelledby="maker-consent-title">
    <h3 id="maker-consent-title"><span class="step-number">2</span>Consent</h3>
    <fieldset id="maker-whose" class="segmented">
      <legend>Whose voice is it?</legend>
      <label><input type="radio" name="maker-whose" value="spoken" checked><span>It is my voice</span></label>
      <label><input type="radio" name="maker-whose" value="attested"><span>I have the speaker’s permission</span></label>
    </fieldset>
    <div id="consent-spoken">
      <p>Read this sentence aloud. It shows that you are here and agree; the voice is then marked as verified.</p>
      <blockquote id="consent-phrase" class="consent-phrase" dir="auto"></blockquote>
      <p id="consent-legend" class="quiet" hidden>Understood words are underlined, the others are crossed out.</p>
      <div class="row" id="consent-doing"><button id="consent-record" class="strong with-icon" type="button">${icon("mic")}<span>Record the sentence</span></button>
        <button id="consent-other" class="plain" type="button">Another sentence</button></div>
      <div id="consent-recording" class="maker-recording" hidden>
        <p class="source-lead"><span class="recording-mark" aria-hidden="true"></span><span id="consent-passed" class="figures"></span></p>
        <canvas id="consent-level" class="level" aria-hidden="true"></canvas>
        <p id="consent-level-words" class="quiet">Read the sentence now.</p>
        <div class="row"><button id="consent-stop" class="strong with-icon" type="button">${icon("stop")}Done</button></div>
      </div>
      <p id="consent-told" role="status"></p>
      <div id="consent-problem"></div>
    </div>
    <div id="consent-attested" hidden>
      <ul class="terms">
        <li>The person whose voice this is knows that it is being copied, and agrees.</li>
        <li>You use the voice only for what the person agreed to, and stop when they ask you to.</li>
        <li>You do not use it to deceive anybody about who is speaking.</li>
        <li>Your name for this server, the day and a fingerprint of the recording are kept with the voice as a record.</li>
      </ul>
      <label class="tick"><input id="consent-tick" type="checkbox"><span>This is true, and I answer for it.</span></label>
      <p class="quiet">The voice is marked “Consent on record, not verified”.</p>
    </div>
  </section>

  <section class="maker-step" aria-labelledby="maker-name-title">
    <h3 id="maker-name-title"><span class="step-number">3</span>A name</h3>
    <form id="maker-form" autocomplete="off">
      <label class="field"><span>Name of the voice</span><input id="maker-name" dir="auto" maxlength="100" placeholder="My voice"></label>
      <p id="maker-fault" class="inline-problem" role="alert" hidden></p>
      <button id="maker-create" class="strong" type="submit">Create the voice</button>
    </form>
  </section>
</div>

<section id="maker-work" class="maker-step" aria-labelledby="maker-work-title" hidden>
  <div class="work-head"><h3 id="maker-work-title" dir="auto" tabindex="-1"></h3><button id="maker-cancel" class="plain" type="button">Cancel</button></div>
  <div id="maker-bar" class="bar" role="progressbar" aria-labelledby="maker-work-title" aria-valuemin="0" aria-valuemax="100"><span></span></div>
  <p id="maker-stage" class="quiet figures" role="status"></p>
</section>

<section id="maker-advice" class="maker-step" aria-labelledby="maker-advice-title" hidden>
  <h3 id="maker-advice-title">What the recording is like</h3>
  <ul></ul>
  <div class="row"><button id="maker-anew" class="plain with-icon" type="button">${icon("mic")}Record again</button>
    <button id="maker-anyway" class="plain" type="button">Use it anyway</button></div>
</section>

<section id="maker-done" class="maker-step" aria-labelledby="maker-done-title" hidden>
  <h3 id="maker-done-title" dir="auto" tabindex="-1"></h3>
  <p id="maker-match" class="quiet"></p>
  <div id="maker-sample"></div>
  <div class="row"><button id="maker-talk" class="strong" type="button">Talk with it</button>
    <button id="maker-finish" class="plain" type="button">Done</button>
    <button id="maker-another" class="plain" type="button">Add another</button></div>
</section>
<p class="drop-sign" aria-hidden="true">Drop it here</p>`;
