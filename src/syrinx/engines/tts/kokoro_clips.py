"""From what the model gives for a piece to chunks: around zero, without silence at the ends, each with its words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from syrinx.audio.edges import MARGIN_MS, trim_silence
from syrinx.audio.joins import ClipJoiner
from syrinx.audio.levels import clip_to_int16
from syrinx.audio.pcm import PcmChunk, Samples, chunk_of
from syrinx.engines.threads import Emit
from syrinx.engines.tts.contract import SpeechChunk, WordTime
from syrinx.engines.tts.kokoro_sounds import SpokenWord

SAMPLE_RATE_HZ = 24_000
CHUNK_SAMPLES = 2_400

Floats = npt.NDArray[np.float32]


class PieceOfSpeech:
    """Turns what the model gives for one piece into chunks, each with the words that begin in it."""

    def __init__(self, text: str, emit: Emit[SpeechChunk]) -> None:
        self._text = text
        self._emit = emit
        self._samples_given = 0

    def take(self, audio: Floats, words: Sequence[SpokenWord], begins: Sequence[float], *, pause_ms: float) -> bool:
        """Give the next sound after a pause; False when nobody listens any more. `begins` is by phoneme, in samples."""
        clip, removed = clip_of(audio)
        if not clip.size:
            return True
        # The silence that is left at the two ends that meet is part of the pause.
        pause = round(max(0.0, pause_ms - 2 * MARGIN_MS) * SAMPLE_RATE_HZ / 1000)
        timed: list[tuple[int, SpokenWord]] = []
        for word in words:
            # The rest of a word that was too long for the piece before is no word of its own.
            continues = word.start_char > 0 and self._text[word.start_char - 1].isalnum()
            if word.phoneme < len(begins) and not continues:
                at = min(max(0, round(begins[word.phoneme]) - removed), clip.size - 1)
                timed.append((pause + max(at, timed[-1][0] - pause if timed else 0), word))
        samples = np.concatenate([np.zeros(pause, dtype=np.int16), clip])
        for start in range(0, samples.size, CHUNK_SAMPLES):
            end = min(start + CHUNK_SAMPLES, samples.size)
            starting = tuple(self._word(at, word) for at, word in timed if start <= at < end)
            audio_chunk = chunk_of(samples[start:end], sample_rate_hz=SAMPLE_RATE_HZ)
            if not self._emit(SpeechChunk(audio=audio_chunk, words=starting)):
                return False
        self._samples_given += samples.size
        return True

    def _word(self, at: int, word: SpokenWord) -> WordTime:
        return WordTime(
            text=self._text[word.start_char : word.start_char + len(word.text)],
            start_char=word.start_char,
            start_ms=1000.0 * (self._samples_given + at) / SAMPLE_RATE_HZ,
        )


def clip_of(audio: Floats) -> tuple[Samples, int]:
    """The model's sound around zero, without the silence at its ends and without a click at them.

    Also how many samples were taken off its beginning. Nothing but silence comes back empty.
    """
    whole = chunk_of(clip_to_int16((audio - audio.mean()) * np.float32(32767.0)), sample_rate_hz=SAMPLE_RATE_HZ)
    trimmed, removed_ms = trim_silence(whole)
    joiner = ClipJoiner(SAMPLE_RATE_HZ)
    pcm = b"".join(part.pcm for part in [*joiner.feed(trimmed), *joiner.end_clip()])
    return PcmChunk(pcm=pcm, sample_rate_hz=SAMPLE_RATE_HZ).samples(), round(removed_ms * SAMPLE_RATE_HZ / 1000)
