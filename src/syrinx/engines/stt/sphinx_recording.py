"""How a finished recording is heard: cut at its quietest moments into pieces, each measured first and then decoded.

Nobody waits for single words, so what `sphinx_hearing` has to guess of a speaker's first second is known here before
decoding begins, and the passes that a pause leaves no time for are run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from syrinx.audio.pcm import BYTES_PER_SAMPLE, Samples
from syrinx.engines.stt import sphinx_words
from syrinx.engines.stt.conditioning import (
    FRAME_SAMPLES,
    Levels,
    NoiseSuppressor,
    frame_levels_db,
    gain_to_speech_level_db,
    holds_speech,
)
from syrinx.engines.stt.contract import RecognizedSegment, RecognizedWord
from syrinx.engines.stt.sphinx_pass import SphinxDecoder, SphinxPass
from syrinx.engines.stt.sphinx_speaker import Speaker

STEP_FRAMES = 10
_PIECE_FRAMES = 1000
"""10 s are looked at to find where to cut: the last passes over a piece cannot be interrupted, and take 0.6 s ..."""
_LEAST_PIECE_FRAMES = 400
"""... and a piece is no shorter than this, so that its mean says something."""
_QUIET_FRAMES = 30
"""The quietest 0.3 s are where to cut: even in noise that is a pause between words."""
_MEASURED_AT_ONCE_FRAMES = 100
"""Measuring costs a tenth of decoding."""
_SEGMENT_GAP_MS = 400.0
_LONGEST_SEGMENT_MS = 7000.0
"""What two lines of subtitles hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardSoFar:
    text: str = ""
    words: tuple[RecognizedWord, ...] = ()
    segments: tuple[RecognizedSegment, ...] = ()
    reaches_ms: float = 0.0
    """How much of the recording this is the transcript of."""


class RecordingHearing:
    """One recording, in bounded memory but for the words. Blocks; used by one thread at a time.

    `take` some, then while `ready`, `hear` piece by piece, each with any decoder, which is free again when the piece is
    heard or left with `leave`.
    """

    def __init__(self, speaker: Speaker, *, suppress_noise: bool = True) -> None:
        self._known = speaker
        self._suppressor = NoiseSuppressor(enabled=suppress_noise)
        self._waiting: Samples = np.zeros(0, dtype=np.int16)
        self._taken_bytes = 0
        self._all_of_it = False
        self._cut_frames = 0
        """Where the piece under way ends, and `_waiting` begins, in the recording."""
        self._piece: Samples | None = None
        """Cut, with speech in it, and not yet begun."""
        self._steps: Iterator[None] | None = None
        self._pass: SphinxPass | None = None
        self._words: list[RecognizedWord] = []
        self._reaches_ms = 0.0
        self._so_far: HeardSoFar | None = HeardSoFar()
        """None where it has to be put together anew: once a piece, not a chunk, for an hour's words take 4 ms."""

    @property
    def speaker(self) -> Speaker:
        return self._known

    def take(self, pcm: bytes) -> None:
        """Some more of the recording, s16le mono at 16 kHz; hear what is `ready` before taking more."""
        self._taken_bytes += len(pcm)
        self._waiting = np.concatenate([self._waiting, self._suppressor.push(pcm)])

    def end_piece(self) -> None:
        """The recording ends or pauses here: hear all that was taken."""
        self._waiting = np.concatenate([self._waiting, self._suppressor.flush()])
        self._all_of_it = True

    def ready(self) -> bool:
        """Whether a piece is to be heard; False when what was taken is heard as far as it can be cut.

        What has no speech in it is passed over here, without a decoder.
        """
        while self._piece is None:
            piece = self._next_piece()
            if piece is None:
                self._all_of_it = False
                return False
            if holds_speech(piece):
                self._piece = piece
            else:
                self._piece_done()
        return True

    def hear(self, decoder: SphinxDecoder) -> bool:
        """Do as much as 100 ms of the piece cost; False when all of it is heard. A piece keeps to one decoder."""
        if self._steps is None:
            if self._piece is None:
                return False
            self._steps = self._heard(decoder, self._piece)
        if next(self._steps, self) is self:
            self._steps = self._piece = None
            self._piece_done()
            return False
        return True

    def so_far(self) -> HeardSoFar:
        if self._so_far is None:
            words = tuple(self._words)
            text = sphinx_words.sentence([word.text for word in words])
            self._so_far = HeardSoFar(text=text, words=words, segments=_segments(words), reaches_ms=self._reaches_ms)
        return self._so_far

    def leave(self) -> None:
        """Let go of the decoder, whatever it was doing; a piece that was begun is begun anew."""
        self._end_pass()
        self._steps = None

    def _piece_done(self) -> None:
        taken_ms = self._taken_bytes / BYTES_PER_SAMPLE / FRAME_SAMPLES * sphinx_words.FRAME_MS
        self._reaches_ms = min(self._cut_frames * sphinx_words.FRAME_MS, taken_ms)
        self._so_far = None

    def _next_piece(self) -> Samples | None:
        frames = self._waiting.size // FRAME_SAMPLES
        if frames >= _PIECE_FRAMES:
            frames = _quietest_frame(frame_levels_db(self._waiting[: _PIECE_FRAMES * FRAME_SAMPLES]))
        elif not self._all_of_it or not frames:
            return None
        piece, self._waiting = self._waiting[: frames * FRAME_SAMPLES], self._waiting[frames * FRAME_SAMPLES :]
        self._cut_frames += frames
        return piece

    def _heard(self, decoder: SphinxDecoder, piece: Samples) -> Iterator[None]:
        from_frame = self._cut_frames - piece.size // FRAME_SAMPLES
        gain_db = gain_to_speech_level_db(piece)
        measuring = self._pass = SphinxPass(decoder, self._known, gain_db=gain_db, search="measuring")
        for at in range(0, piece.size, _MEASURED_AT_ONCE_FRAMES * FRAME_SAMPLES):
            measuring.feed(piece[at : at + _MEASURED_AT_ONCE_FRAMES * FRAME_SAMPLES])
            yield
        mean, frames = measuring.measured()
        self._end_pass()
        speaker = self._known.heard(mean, frames=frames, gain_db=gain_db)
        decoding = self._pass = SphinxPass(decoder, speaker, gain_db=gain_db, search="thorough")
        for at in range(0, piece.size, STEP_FRAMES * FRAME_SAMPLES):
            decoding.feed(piece[at : at + STEP_FRAMES * FRAME_SAMPLES])
            yield
        self._end_pass()
        found = decoding.words()
        if sphinx_words.believable(found, decoding.phones_of):
            self._known = speaker
            self._words += sphinx_words.recognized(found, offset_ms=from_frame * sphinx_words.FRAME_MS)

    def _end_pass(self) -> None:
        if self._pass is not None:
            self._pass.end()
            self._pass = None


def _quietest_frame(levels_db: Levels) -> int:
    """In the middle of the quietest stretch that leaves a piece long enough; of equals, the last."""
    power = 10.0 ** (levels_db[_LEAST_PIECE_FRAMES:] / 10.0)
    around = np.convolve(power, np.ones(_QUIET_FRAMES), mode="valid")
    last = around.size - 1 - int(np.argmin(around[::-1]))
    return _LEAST_PIECE_FRAMES + last + _QUIET_FRAMES // 2


def _segments(words: Sequence[RecognizedWord]) -> tuple[RecognizedSegment, ...]:
    groups: list[list[RecognizedWord]] = []
    for word in words:
        begins = (
            not groups
            or word.start_ms - groups[-1][-1].end_ms >= _SEGMENT_GAP_MS
            or word.end_ms - groups[-1][0].start_ms > _LONGEST_SEGMENT_MS
        )
        if begins:
            groups.append([])
        groups[-1].append(word)
    return tuple(
        RecognizedSegment(
            text=sphinx_words.capitalized(text) if number == 0 else text,
            start_ms=group[0].start_ms,
            end_ms=group[-1].end_ms,
        )
        for number, group in enumerate(groups)
        for text in (" ".join(word.text for word in group),)
    )
