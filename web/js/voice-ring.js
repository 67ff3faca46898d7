// The ring around the voice button: the last second of level, drawn outwards from the top to both sides.

const canvas = document.getElementById("ring");
const brush = canvas.getContext("2d");
const TICKS = 48; // on each side
const stillMotion = matchMedia("(prefers-reduced-motion: reduce)");

let levels = new Float32Array(TICKS);
let smoothed = 0;
let running = false;
let readLevel = () => 0;
let readColour = () => "currentColor";

// `level` gives 0 to 1 at each frame, `colour` what to draw with.
export function startRing(level, colour) {
  readLevel = level;
  readColour = colour;
  stillMotion.addEventListener("change", wakeRing);
  draw();
}

// To be called when something may sound; the ring comes to rest by itself.
export function wakeRing() {
  if (running) return;
  running = true;
  requestAnimationFrame(step);
}

function step() {
  const level = readLevel();
  smoothed += (level - smoothed) * (level > smoothed ? 0.6 : 0.16);
  levels.copyWithin(1, 0);
  levels[0] = smoothed;
  draw();
  running = level > 0 || levels.some((past) => past > 0.01);
  if (running) requestAnimationFrame(step);
}

function draw() {
  const middle = canvas.width / 2;
  const inner = middle * 0.7;
  const reach = middle * 0.26;
  const style = getComputedStyle(canvas);
  brush.clearRect(0, 0, canvas.width, canvas.height);
  brush.lineCap = "round";
  brush.lineWidth = 3;
  for (let side = -1; side <= 1; side += 2) {
    for (let tick = 0; tick < TICKS; tick += 1) {
      // Without motion the ring is the same at rest and in speech: the words below it say which.
      const level = stillMotion.matches ? 0 : levels[tick] * (1 - 0.55 * (tick / TICKS));
      const angle = -Math.PI / 2 + side * ((tick + 0.5) / TICKS) * Math.PI;
      const outer = inner + 1 + reach * level;
      brush.strokeStyle = level > 0.04 ? readColour() : style.getPropertyValue("--ring-rest");
      brush.globalAlpha = level > 0.04 ? 0.45 + 0.55 * level : 1;
      brush.beginPath();
      brush.moveTo(middle + inner * Math.cos(angle), middle + inner * Math.sin(angle));
      brush.lineTo(middle + outer * Math.cos(angle), middle + outer * Math.sin(angle));
      brush.stroke();
    }
  }
  brush.globalAlpha = 1;
}

// The theme's colours are read when drawing, so a change of theme only needs a drawing.
export function redrawRing() {
  draw();
}
