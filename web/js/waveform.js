// A waveform that can be sought with the pointer and the keyboard: what has been played, what is there, what is to come.

import { spokenTime } from "./figures.js";

const BAR_PX = 3;
const GAP_PX = 2;
const STEP_MS = 5000;
const LEAP_MS = 15_000;
const REST_PX = 3;
// Quiet sound fills the height as well, silence does not.
const LEAST_FULL = 0.25;

// Makes `element` a slider with a canvas in it. `seek(ms)` is called when a place is chosen. Returns {show(facts)}, where
// facts are {peaks, peakCount, peakMs, readyMs, totalMs, positionMs}; what is left out stays as it was.
export function createWaveform(element, { label, seek }) {
  const canvas = document.createElement("canvas");
  const brush = canvas.getContext("2d");
  const facts = { peaks: new Float32Array(0), peakCount: 0, peakMs: 20, readyMs: 0, totalMs: 0, positionMs: 0 };
  let asked = false;
  let dragging = false;

  element.classList.add("waveform");
  element.dir = "ltr"; // time runs from left to right in every language
  element.tabIndex = 0;
  element.setAttribute("role", "slider");
  element.setAttribute("aria-label", label);
  element.setAttribute("aria-valuemin", "0");
  canvas.setAttribute("aria-hidden", "true");
  element.append(canvas);

  function show(change) {
    Object.assign(facts, change);
    const whole = Math.round(Math.max(facts.totalMs, facts.readyMs) / 1000);
    setAttribute("aria-valuemax", whole);
    setAttribute("aria-valuenow", Math.min(whole, Math.round(facts.positionMs / 1000)));
    setAttribute("aria-valuetext", `${spokenTime(facts.positionMs)} of ${spokenTime(Math.max(facts.totalMs, facts.readyMs))}`);
    setAttribute("aria-disabled", facts.readyMs === 0);
    redraw();
  }

  function setAttribute(name, value) {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
  }

  function redraw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  }

  function draw() {
    const sharpness = devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (width === 0 || height === 0) return;
    if (canvas.width !== Math.round(width * sharpness) || canvas.height !== Math.round(height * sharpness)) {
      canvas.width = Math.round(width * sharpness);
      canvas.height = Math.round(height * sharpness);
    }
    const style = getComputedStyle(element);
    const colour = (name) => style.getPropertyValue(name).trim();
    const [played, ready, rest, ink] = ["--accent", "--line-strong", "--line", "--ink"].map(colour);
    const totalMs = Math.max(facts.totalMs, facts.readyMs, 1);
    const full = facts.peaks.subarray(0, facts.peakCount).reduce((most, one) => Math.max(most, one), LEAST_FULL);
    const bars = Math.floor((width + GAP_PX) / (BAR_PX + GAP_PX));
    brush.setTransform(sharpness, 0, 0, sharpness, 0, 0);
    brush.clearRect(0, 0, width, height);
    for (let bar = 0; bar < bars; bar += 1) {
      const fromMs = (bar / bars) * totalMs;
      const toMs = ((bar + 1) / bars) * totalMs;
      const there = fromMs < facts.readyMs;
      const tall = there ? Math.max(REST_PX, height * 0.94 * loudness(fromMs, toMs, full)) : REST_PX;
      brush.fillStyle = !there ? rest : toMs <= facts.positionMs ? played : ready;
      brush.beginPath();
      brush.roundRect(bar * (BAR_PX + GAP_PX), (height - tall) / 2, BAR_PX, tall, BAR_PX / 2);
      brush.fill();
    }
    if (facts.readyMs > 0) {
      brush.fillStyle = ink;
      const x = Math.min(width - 2, (facts.positionMs / totalMs) * width);
      brush.fillRect(x, 0, 2, height);
    }
  }

  // 0 to 1; quiet speech still shows.
  function loudness(fromMs, toMs, full) {
    const first = Math.floor(fromMs / facts.peakMs);
    const last = Math.max(first + 1, Math.floor(toMs / facts.peakMs));
    let most = 0;
    for (let i = first; i < last && i < facts.peakCount; i += 1) most = Math.max(most, facts.peaks[i]);
    return Math.min(1, (most / full) ** 0.65);
  }

  function seekTo(ms) {
    if (facts.readyMs > 0) seek(Math.max(0, Math.min(ms, facts.readyMs)));
  }

  function seekToPointer(event) {
    const box = canvas.getBoundingClientRect();
    seekTo(((event.clientX - box.left) / box.width) * Math.max(facts.totalMs, facts.readyMs));
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    dragging = true;
    element.setPointerCapture(event.pointerId);
    seekToPointer(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (dragging) seekToPointer(event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    element.addEventListener(end, () => {
      dragging = false;
    });
  }
  element.addEventListener("keydown", (event) => {
    const places = {
      ArrowLeft: facts.positionMs - STEP_MS, ArrowDown: facts.positionMs - STEP_MS,
      ArrowRight: facts.positionMs + STEP_MS, ArrowUp: facts.positionMs + STEP_MS,
      PageDown: facts.positionMs - LEAP_MS, PageUp: facts.positionMs + LEAP_MS, Home: 0, End: facts.readyMs,
    };
    if (!(event.key in places) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    seekTo(places[event.key]);
  });
  new ResizeObserver(redraw).observe(canvas);
  // Canvas keeps the colours it was drawn with.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  show({});
  return { show };
}
