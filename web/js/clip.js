// Sound that grows: 16-bit samples in blocks of a second, and its peaks for a waveform.

export const PEAK_MS = 20;

// A clip is {rateHz, frames, complete, blocks, peaks, peakCount}; only the functions here change it.
export function newClip(rateHz) {
  return {
    rateHz, frames: 0, complete: false, blocks: [], peaks: new Float32Array(512), peakCount: 0,
    peakFrames: Math.round((rateHz * PEAK_MS) / 1000),
  };
}

// `pcm` holds 16-bit samples, little-endian as every browser's machine is.
export function addPcm(clip, pcm) {
  const aligned = pcm.byteOffset % 2 === 0 ? pcm : pcm.slice();
  const samples = new Int16Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.byteLength / 2));
  for (let done = 0; done < samples.length; ) {
    const place = clip.frames % clip.rateHz;
    if (place === 0) clip.blocks.push(new Int16Array(clip.rateHz));
    const some = samples.subarray(done, done + clip.rateHz - place);
    clip.blocks.at(-1).set(some, place);
    notePeaks(clip, some);
    clip.frames += some.length;
    done += some.length;
  }
}

function notePeaks(clip, samples) {
  for (let i = 0; i < samples.length; ) {
    const slot = Math.floor((clip.frames + i) / clip.peakFrames);
    const until = Math.min(samples.length, (slot + 1) * clip.peakFrames - clip.frames);
    let most = 0;
    for (; i < until; i += 1) most = Math.max(most, Math.abs(samples[i]));
    if (slot >= clip.peaks.length) {
      const longer = new Float32Array(2 * clip.peaks.length);
      longer.set(clip.peaks);
      clip.peaks = longer;
    }
    clip.peaks[slot] = Math.max(clip.peaks[slot], most / 32768);
    clip.peakCount = slot + 1;
  }
}

export function completeClip(clip) {
  clip.complete = true;
}

export function clipMs(clip) {
  return (1000 * clip.frames) / clip.rateHz;
}

// Copies samples from frame `from` on into a Float32Array, as far as there are any.
export function readSamples(clip, from, target) {
  for (let done = 0; done < target.length; ) {
    const frame = from + done;
    const block = clip.blocks[Math.floor(frame / clip.rateHz)];
    const place = frame % clip.rateHz;
    const count = Math.min(target.length - done, clip.rateHz - place);
    for (let i = 0; i < count; i += 1) target[done + i] = block[place + i] / 32768;
    done += count;
  }
}

// All of it as 16-bit samples, to be kept.
export function clipBlob(clip) {
  const last = clip.frames % clip.rateHz || clip.rateHz;
  const parts = clip.blocks.map((block, number) => (number === clip.blocks.length - 1 ? block.subarray(0, last) : block));
  return new Blob(parts, { type: "application/octet-stream" });
}

export async function clipOfBlob(blob, rateHz) {
  const clip = newClip(rateHz);
  addPcm(clip, new Uint8Array(await blob.arrayBuffer()));
  completeClip(clip);
  return clip;
}
