// Turns the microphone's audio into 32 ms frames of 16-bit samples at 16 kHz, off the page's main thread.
// Where the browser runs the microphone at another rate the frames are resampled here: a windowed-sinc filter in
// as many phases as the two rates ask for, so that no phase error adds up however long the talk is.

const OUT_HZ = 16000;
const FRAME_SAMPLES = 512;
// Zero crossings on each side of the filter's middle: 16 keep the pass band flat to 7 kHz and fold nothing back.
const CROSSINGS = 16;

function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function filterPhases(up, down) {
  const cutoff = Math.min(1, up / down) * 0.94;
  const half = Math.ceil(CROSSINGS / cutoff);
  const phases = [];
  for (let phase = 0; phase < up; phase += 1) {
    const taps = new Float32Array(2 * half);
    let sum = 0;
    for (let tap = 0; tap < taps.length; tap += 1) {
      const x = tap - half + 1 - phase / up;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * cutoff * x) / (Math.PI * cutoff * x);
      const window = Math.abs(x) >= half ? 0 : 0.5 + 0.5 * Math.cos((Math.PI * x) / half);
      taps[tap] = sinc * window;
      sum += taps[tap];
    }
    for (let tap = 0; tap < taps.length; tap += 1) taps[tap] /= sum;
    phases.push(taps);
  }
  return phases;
}

class CaptureProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    const divisor = greatestCommonDivisor(OUT_HZ, sampleRate);
    this.up = OUT_HZ / divisor;
    this.down = sampleRate / divisor;
    this.phases = this.up === this.down ? null : filterPhases(this.up, this.down);
    this.history = new Float32Array(0);
    this.position = 0; // of the next output sample, in 1/up of an input sample, from the start of the history
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.filled = 0;
    this.squares = 0;
    this.open = true;
    this.port.onmessage = () => {
      this.open = false;
    };
  }

  process(inputs) {
    const input = inputs[0][0];
    if (input) {
      if (this.phases === null) for (const sample of input) this.take(sample);
      else this.resample(input);
    }
    return this.open;
  }

  resample(input) {
    const joined = new Float32Array(this.history.length + input.length);
    joined.set(this.history);
    joined.set(input, this.history.length);
    const length = this.phases[0].length;
    let start = Math.floor(this.position / this.up);
    while (start + length <= joined.length) {
      const taps = this.phases[this.position % this.up];
      let sum = 0;
      for (let tap = 0; tap < length; tap += 1) sum += joined[start + tap] * taps[tap];
      this.take(sum);
      this.position += this.down;
      start = Math.floor(this.position / this.up);
    }
    const spent = Math.min(start, joined.length);
    this.history = joined.slice(spent);
    this.position -= spent * this.up;
  }

  take(sample) {
    const clipped = Math.max(-1, Math.min(1, sample));
    this.frame[this.filled] = Math.round(clipped * 32767);
    this.squares += clipped * clipped;
    this.filled += 1;
    if (this.filled < FRAME_SAMPLES) return;
    const pcm = this.frame.buffer;
    this.port.postMessage({ pcm, rms: Math.sqrt(this.squares / FRAME_SAMPLES) }, [pcm]);
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.filled = 0;
    this.squares = 0;
  }
}

registerProcessor("syrinx-capture", CaptureProcessor);
