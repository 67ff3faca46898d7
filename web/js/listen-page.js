// What the Listen view is made of, before anything is filled in.

import { icon } from "./icons.js";

export const LISTEN_PAGE = `
<div class="studio" data-stage="choose">
  <header class="studio-head"><h1 id="listen-title">Listen</h1><p id="listen-where" class="quiet"></p></header>

  <div class="listen-side">
    <div id="listen-problem"></div>
    <section class="paper choose" aria-label="A recording to write down">
      <div class="source" id="listen-choose">
        <button id="listen-record" class="round big" type="button" aria-label="Record">${icon("mic")}</button>
        <p class="source-lead">Record, or <span class="by-hand">drop a file anywhere here</span><span class="by-touch">choose a file</span></p>
        <button id="listen-pick" class="plain with-icon" type="button">${icon("file")}Choose a file</button>
        <input id="listen-file" type="file" accept="audio/*,video/*,.amr,.opus,.oga" hidden>
        <p id="listen-takes" class="quiet"></p>
      </div>
      <div class="source" id="listen-recording" hidden>
        <p class="source-lead"><span class="recording-mark" aria-hidden="true"></span>Recording <span id="listen-recorded" class="figures">0:00</span></p>
        <canvas id="listen-level" aria-hidden="true"></canvas>
        <p id="listen-level-words" class="quiet">Speak now.</p>
        <div class="row"><button id="listen-stop" class="strong with-icon" type="button">${icon("stop")}Stop and write it down</button>
          <button id="listen-discard" class="plain" type="button">Throw it away</button></div>
      </div>
    </section>

    <section class="paper work" aria-label="Being written down">
      <div class="work-head"><p class="work-name" id="listen-name" dir="auto"></p>
        <button id="listen-cancel" class="plain" type="button">Cancel</button></div>
      <div class="bar" role="progressbar" aria-labelledby="listen-name" aria-valuemin="0" aria-valuemax="100"><span></span></div>
      <p id="listen-progress" class="quiet figures"></p>
      <ol id="listen-live" class="segments live" tabindex="0" aria-label="Words so far"></ol>
    </section>

    <section class="paper result" aria-label="Transcript">
      <div class="work-head"><h2 class="work-name" id="listen-result-name" dir="auto" tabindex="-1"></h2>
        <button id="listen-another" class="plain" type="button">Another recording</button></div>
      <p id="listen-told" class="quiet"></p>
      <ol id="listen-segments" class="segments"></ol>
    </section>
  </div>

  <form class="choices" aria-label="How it is understood" autocomplete="off">
    <label class="field"><span>Language that is spoken</span><select id="listen-language"></select></label>
    <fieldset id="listen-task" class="segmented">
      <legend>Write it down</legend>
      <label><input type="radio" name="listen-task" value="transcribe" checked><span>As spoken</span></label>
      <label><input type="radio" name="listen-task" value="translate"><span>In English</span></label>
    </fieldset>
    <label class="field"><span>Understood by</span><select id="listen-engine"></select></label>
    <button id="listen-again" class="plain" type="button">Listen again like this</button>
  </form>

  <section class="deck" aria-label="Sound">
    <div class="deck-row">
      <button id="listen-play" class="round" type="button" aria-label="Play" disabled>${icon("play")}</button>
      <div class="deck-wave">
        <div id="listen-wave"></div>
        <p class="deck-figures"><span id="listen-status" class="quiet"></span><span id="listen-time" class="figures">0:00</span></p>
      </div>
    </div>
  </section>

  <section class="deck-more" aria-label="Taking it away">
    <div class="row take">
      <button id="listen-copy" class="plain" type="button">Copy the text</button>
      <span class="take-label" id="listen-export-label">Download as</span>
      <span class="row" role="group" aria-labelledby="listen-export-label">
        <button class="plain" type="button" data-export="txt">Text</button>
        <button class="plain" type="button" data-export="srt">SRT</button>
        <button class="plain" type="button" data-export="vtt">VTT</button>
        <button class="plain" type="button" data-export="json">JSON</button>
      </span>
    </div>
  </section>

  <section id="listen-history" class="history" aria-labelledby="listen-history-title"></section>
  <p class="drop-sign" aria-hidden="true">Drop it here</p>
</div>`;
