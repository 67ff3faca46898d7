// The peaks of a recording, decoded in the browser for a waveform.

import { PEAK_MS } from "./clip.js";

// Decoding needs many times a file's size in memory: 20 MB for a minute of music.
const MOST_DECODED_BYTES = 60e6;
const MOST_DECODED_MS = 30 * 60_000;
const DECODE_HZ = 8000;

// Null where the browser cannot decode it, or should not because of its size or length.
export async function decodedPeaks(file, lengthMs) {
  if (file.size > MOST_DECODED_BYTES || lengthMs > MOST_DECODED_MS) return null;
  let buffer;
  try {
    buffer = await new OfflineAudioContext(1, 1, DECODE_HZ).decodeAudioData(await file.arrayBuffer());
  } catch {
    return null;
  }
  const frames = Math.round((DECODE_HZ * PEAK_MS) / 1000);
  const peaks = new Float32Array(Math.ceil(buffer.length / frames));
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
    buffer.getChannelData(channel).forEach((sample, place) => {
      const peak = Math.floor(place / frames);
      peaks[peak] = Math.max(peaks[peak], Math.abs(sample));
    });
  }
  return peaks;
}
