"""How one utterance is heard: when decoding begins, when it begins again with better knowledge, when it is cut."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from syrinx.audio.pcm import Samples
from syrinx.engines.stt import sphinx_words
from syrinx.engines.stt.conditioning import (
    FRAME_SAMPLES,
    LEAST_VOICED_MS,
    SPEECH_LEVEL_DB,
    NoiseSuppressor,
    frame_levels_db,
    gain_to_speech_level_db,
    holds_speech,
)
from syrinx.engines.stt.contract import RecognizedWord
from syrinx.engines.stt.sphinx_pass import SphinxDecoder, SphinxPass
from syrinx.engines.stt.sphinx_speaker import Speaker

_STRANGER_VOICED_MS = 200
"""Voiced sound awaited before a stranger's level is believed."""
_WAITING_FRAMES, _WAITING_KEPT_FRAMES = 100, 60
"""While nothing is voiced only this much is kept, so that no first consonant is lost and silence costs no memory."""
_REVIEW_FRAMES = 100
"""After one second enough is known of a stranger to decode that second again: 4 points of word error rate."""
_LEVEL_CHANGED_DB = 6.0
_C0_PER_DB = 5 * math.log(10) / 10
"""How far a gain of 1 dB moves the first coefficient: the log energies of the model's 25 filters, orthonormal DCT."""
_QUIET_DB = 20.0
_TAIL_FRAMES = 20
_CUT_AT_PAUSE_FRAMES = 2000
"""Past 20 s the decoder's tables are freed at the next quiet moment ..."""
_CUT_ANYWHERE_FRAMES = 4000
"""... and past 40 s wherever the speaker is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    text: str = ""
    words: tuple[RecognizedWord, ...] = ()


class Hearing:
    """One utterance on one decoder. Blocks while it decodes; used by one thread at a time.

    `finish` or `abandon` must be called: they give the decoder back ready for its next utterance.
    """

    def __init__(self, decoder: SphinxDecoder, speaker: Speaker, *, suppress_noise: bool = True) -> None:
        self._decoder = decoder
        self._known = speaker
        self._assumed = speaker
        self._suppressor = NoiseSuppressor(enabled=suppress_noise)
        self._gain_db = speaker.gain_db
        self._pass: SphinxPass | None = None
        self._reviewed = False
        self._kept: Samples = np.zeros(0, dtype=np.int16)
        self._kept_from_frame = 0
        self._pass_from_frame = 0
        self._cut: list[tuple[str, RecognizedWord]] = []
        self._last: Heard | None = None

    def feed(self, pcm: bytes) -> None:
        """Hear some more: s16le mono at 16 kHz."""
        self._take(self._suppressor.push(pcm))

    def so_far(self) -> Heard:
        """What is understood now; sounds of the last tenth of a second may still be missing."""
        if self._last is None:
            self._last = self._understood()
        return self._last

    def settle(self) -> Heard:
        """Understand all that was fed, for a speaker who has gone quiet and may go on."""
        self._begin(least_voiced_ms=LEAST_VOICED_MS)
        if self._pass is not None and not self._quiet_at_end():
            self._pass.bring_out()
            self._last = None
        return self.so_far()

    def finish(self) -> tuple[Heard, Speaker]:
        """Understand the whole utterance, and say what was learnt of the speaker. After `settle` it costs nothing."""
        rest = self._suppressor.flush()
        settled = self._last
        if settled is None:
            self._take(rest)
            self._begin(least_voiced_ms=LEAST_VOICED_MS)
        if self._pass is None:
            return self.so_far(), self._known
        mean, frames = self._pass.measured()
        self._pass.end()
        heard = settled or self._understood()
        self._pass = None
        if not heard.text:
            return heard, self._known
        return heard, self._known.heard(mean, frames=frames, gain_db=self._gain_db or 0.0)

    def abandon(self) -> None:
        """Give the decoder back without caring for what was said; harmless after `finish`."""
        if self._pass is not None:
            self._pass.end()
            self._pass = None

    def _take(self, clean: Samples) -> None:
        if not clean.size:
            return
        self._last = None
        self._kept = np.concatenate([self._kept, clean])
        if self._pass is None:
            self._begin(least_voiced_ms=LEAST_VOICED_MS if self._known.gain_db is not None else _STRANGER_VOICED_MS)
            if self._pass is None and self._kept.size > _WAITING_FRAMES * FRAME_SAMPLES:
                self._forget_all_but(_WAITING_KEPT_FRAMES)
            return
        self._pass.feed(clean)
        if not self._reviewed:
            if self._pass.frames >= _REVIEW_FRAMES:
                self._review(self._pass)
            return
        self._forget_all_but(_TAIL_FRAMES)
        if self._pass.frames >= _CUT_ANYWHERE_FRAMES or (
            self._pass.frames >= _CUT_AT_PAUSE_FRAMES and self._quiet_at_end()
        ):
            self._cut_here(self._pass)

    def _begin(self, *, least_voiced_ms: int) -> None:
        if self._pass is not None or not holds_speech(self._kept, least_voiced_ms=least_voiced_ms):
            return
        if self._gain_db is None:
            self._gain_db = gain_to_speech_level_db(self._kept)
        self._start()

    def _start(self) -> None:
        self._pass = SphinxPass(self._decoder, self._assumed, gain_db=self._gain_db or 0.0)
        self._pass_from_frame = self._kept_from_frame
        self._pass.feed(self._kept)
        self._last = None

    def _review(self, first: SphinxPass) -> None:
        """Decode the first second again if its speaker is a stranger, or no longer as loud as we thought."""
        self._reviewed = True
        stranger = self._known.gain_db is None
        gain_db = gain_to_speech_level_db(self._kept)
        change_db = gain_db - (self._gain_db or 0.0)
        if not stranger and abs(change_db) < _LEVEL_CHANGED_DB:
            return
        mean, frames = first.measured()
        first.end()
        mean = (mean[0] + change_db * _C0_PER_DB, *mean[1:])
        self._gain_db = gain_db
        self._assumed = self._known.heard(mean, frames=frames, gain_db=gain_db)
        self._start()

    def _quiet_at_end(self) -> bool:
        levels_db = frame_levels_db(self._kept[-_TAIL_FRAMES * FRAME_SAMPLES :])
        loudest_db = SPEECH_LEVEL_DB - (self._gain_db or 0.0) - _QUIET_DB
        return bool(levels_db.size) and bool(np.all(levels_db[-10:] < loudest_db))

    def _forget_all_but(self, frames: int) -> None:
        surplus = self._kept.size // FRAME_SAMPLES - frames
        if surplus > 0:
            self._kept = self._kept[surplus * FRAME_SAMPLES :].copy()
            self._kept_from_frame += surplus

    def _understood(self) -> Heard:
        spellings = [spelling for spelling, _ in self._cut]
        words = [word for _, word in self._cut]
        if self._pass is not None:
            found = self._pass.words()
            if self._cut or sphinx_words.believable(found, self._pass.phones_of):
                spellings += [word.spelling for word in found]
                words += sphinx_words.recognized(found, offset_ms=self._pass_from_frame * sphinx_words.FRAME_MS)
        return Heard(text=sphinx_words.sentence(spellings), words=tuple(words))

    def _cut_here(self, finished: SphinxPass) -> None:
        """Free the decoder's tables: keep the words and go on with a new pass."""
        mean, frames = finished.measured()
        finished.end()
        found = finished.words()
        offset_ms = self._pass_from_frame * sphinx_words.FRAME_MS
        recognized = sphinx_words.recognized(found, offset_ms=offset_ms)
        self._cut += list(zip((word.spelling for word in found), recognized, strict=True))
        self._known = self._assumed = self._known.heard(mean, frames=frames, gain_db=self._gain_db or 0.0)
        self._kept_from_frame += self._kept.size // FRAME_SAMPLES
        self._kept = self._kept[:0]
        self._start()
