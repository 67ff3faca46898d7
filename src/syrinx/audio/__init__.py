"""PCM, frames, resampling, levels, WAV and joins: sound without any model."""

from syrinx.audio.edges import EdgeTrimmer, trim_silence
from syrinx.audio.joins import ClipJoiner, crossfade, hamming_join
from syrinx.audio.levels import SILENCE_DBFS, apply_gain, clip_to_int16, peak_dbfs, rms_dbfs
from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk, Samples, chunk_of, silence
from syrinx.audio.rechunk import Rechunker
from syrinx.audio.resampling import StreamResampler, resample
from syrinx.audio.wav import read_wav, wav_bytes, wav_header, write_wav

__all__ = [
    "BYTES_PER_SAMPLE",
    "SILENCE_DBFS",
    "ClipJoiner",
    "EdgeTrimmer",
    "PcmChunk",
    "Rechunker",
    "Samples",
    "StreamResampler",
    "apply_gain",
    "chunk_of",
    "clip_to_int16",
    "crossfade",
    "hamming_join",
    "peak_dbfs",
    "read_wav",
    "resample",
    "rms_dbfs",
    "silence",
    "trim_silence",
    "wav_bytes",
    "wav_header",
    "write_wav",
]
