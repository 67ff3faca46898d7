// What the Voices view is made of, before anything is filled in.

import { icon } from "./icons.js";

export const VOICES_PAGE = `
<div class="studio voices">
  <header class="studio-head"><h1 id="voices-title">Voices</h1>
    <p id="voices-where" class="quiet">What speaks here: voices of your own, and those of the engines.</p></header>

  <section id="voice-maker" class="paper maker" aria-labelledby="maker-title" hidden></section>

  <section class="own-voices" aria-labelledby="own-voices-title">
    <div class="history-head"><h2 id="own-voices-title" tabindex="-1">My voices</h2>
      <button id="add-voice" class="strong with-icon" type="button">${icon("plus")}Add a voice</button></div>
    <div id="voices-problem"></div>
    <p id="voices-asking" class="quiet">Asking the server for your voices.</p>
    <div id="voices-none" class="paper voices-none" hidden>
      <p class="source-lead">No voice of your own yet.</p>
      <p>Read for half a minute, say that you agree, and Syrinx speaks with your voice: in Talk, in Speak and for every program that asks it.</p>
      <p class="quiet" data-recording-destination></p>
    </div>
    <ul id="own-voices" class="voice-list"></ul>
  </section>

  <section class="voice-part" aria-labelledby="compare-title">
    <h2 id="compare-title">Compare two voices</h2>
    <form id="compare" class="compare" autocomplete="off">
      <label class="field"><span>One</span><select id="compare-a"></select></label>
      <label class="field"><span>The other</span><select id="compare-b"></select></label>
      <label class="field compare-text"><span>What both say</span><input id="compare-text" dir="auto" maxlength="300"></label>
      <div class="row compare-row"><button class="plain with-icon" type="button" data-compare="a">${icon("play")}<span>Hear one</span></button>
        <button class="plain with-icon" type="button" data-compare="b">${icon("play")}<span>Hear the other</span></button></div>
      <p id="compare-problem" class="inline-problem" role="alert" hidden></p>
    </form>
  </section>

  <section class="voice-part" aria-labelledby="gallery-title">
    <h2 id="gallery-title">Voices of the engines</h2>
    <div class="gallery-choice"><label class="field"><span>Language</span><select id="gallery-language"></select></label>
      <label class="field"><span>Find</span><input id="gallery-filter" type="search" placeholder="Name, engine, woman, man"></label></div>
    <p id="gallery-count" class="quiet" role="status"></p>
    <p id="gallery-problem" class="inline-problem" role="alert" hidden></p>
    <ul id="gallery" class="gallery"></ul>
    <button id="gallery-more" class="plain" type="button" hidden>Show more</button>
  </section>
  <p class="quiet synthetic">All of these voices are synthetic. What they say is marked as such in every file; say so as well where you let others hear it.</p>
</div>`;
