"""One run of a PocketSphinx decoder over a stretch of audio, with the speaker's cepstral mean kept up to date."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Protocol

import numpy as np

from syrinx.audio.pcm import Samples
from syrinx.engines.stt.conditioning import FRAME_SAMPLES, Levels
from syrinx.engines.stt.sphinx_speaker import COEFFICIENTS, Speaker
from syrinx.engines.stt.sphinx_words import Segment, spoken

_WEIGHT_OF_SET_MEAN = 500
"""PocketSphinx counts a mean that it is given as this many frames (CMN_WIN in its cmn.h) ..."""
_MEASURE_EVERY_FRAMES = 100
"""... and begins to forget after 300 more, so the frames' own mean is read well before that."""
_DITHER = 4
"""Full silence would give frames of no energy, which PocketSphinx leaves unnormalised."""
_LOOKAHEAD_FRAMES = 12
"""Frames that the decoder wants to see before it decodes one, rounded up."""


Search = Literal["_default", "thorough", "measuring"]
"""How a decoder goes through the sound.

`_default`: its first pass only, for people who wait (docs/adr/0003). `thorough`: all three passes, a fifth more work,
most of it when the pass ends. `measuring`: looks for one word only, which reads the mean for a tenth of the work.
"""


class _Segmented(Protocol):
    word: str
    start_frame: int
    end_frame: int


class _Config(Protocol):
    def __getitem__(self, name: str) -> object: ...
    def __setitem__(self, name: str, value: object) -> None: ...


class SphinxDecoder(Protocol):
    """What is used of `pocketsphinx.Decoder`."""

    @property
    def config(self) -> _Config: ...
    def add_lm_file(self, name: str, path: str) -> None: ...
    def add_keyphrase(self, name: str, keyphrase: str) -> None: ...
    def activate_search(self, name: str) -> None: ...
    def start_stream(self) -> None: ...
    def start_utt(self) -> None: ...
    def end_utt(self) -> None: ...
    def process_raw(self, data: bytes) -> object: ...
    def seg(self) -> Iterable[_Segmented] | None: ...
    def get_cmn(self, update: bool = False) -> str: ...
    def set_cmn(self, cmn: str) -> None: ...
    def lookup_word(self, word: str) -> str | None: ...


class SphinxPass:
    """From `start_utt` to `end_utt`. Blocks while it decodes and holds the GIL; used by one thread at a time.

    The decoder belongs to the pass until `end` was called.
    """

    def __init__(
        self, decoder: SphinxDecoder, speaker: Speaker, *, gain_db: float, search: Search = "_default"
    ) -> None:
        self._decoder = decoder
        self._before = speaker
        self._gain = 10.0 ** (gain_db / 20.0)
        self._dither = np.random.default_rng(0)
        self._mean_in_use = np.asarray(speaker.mean)
        self._frames_since_set = 0.0
        self._sum = np.zeros(COEFFICIENTS)
        self._measured_frames = 0.0
        self._inserted_at: list[int] = []
        self.frames = 0.0
        """10 ms frames given to the decoder so far, inserted silence included."""
        _activate(decoder, search)
        decoder.set_cmn(_as_text(self._mean_in_use))
        decoder.start_stream()  # "unnecessary", but without it the noise statistics of whoever spoke before live on
        decoder.start_utt()

    def feed(self, samples: Samples) -> None:
        """Decode `samples`, at 16 kHz and any length."""
        step = _MEASURE_EVERY_FRAMES * FRAME_SAMPLES
        for at in range(0, samples.size, step):
            self._decode(samples[at : at + step])
            if self._frames_since_set >= _MEASURE_EVERY_FRAMES:
                self._measure()

    def bring_out(self) -> None:
        """Insert the little silence without which the last sounds fed would stay undecoded; word times allow for it."""
        self._inserted_at.append(round(self.frames))
        self._decode(np.zeros(_LOOKAHEAD_FRAMES * FRAME_SAMPLES, dtype=np.int16))

    def _decode(self, samples: Samples) -> None:
        amplified = samples * self._gain + self._dither.integers(-_DITHER, _DITHER + 1, samples.size)
        self._decoder.process_raw(np.clip(amplified, -32768, 32767).astype("<i2").tobytes())
        self.frames += samples.size / FRAME_SAMPLES
        self._frames_since_set += samples.size / FRAME_SAMPLES

    def _measure(self) -> None:
        """Read the mean of the frames since the last time, and go on with what is now known."""
        frames = self._frames_since_set
        if frames <= 0:
            return
        updated = np.array([float(value) for value in self._decoder.get_cmn(update=True).split(",")])
        self._sum += (_WEIGHT_OF_SET_MEAN + frames) * updated - _WEIGHT_OF_SET_MEAN * self._mean_in_use
        self._measured_frames += frames
        before = self._before
        total = before.frames + self._measured_frames
        self._mean_in_use = (before.frames * np.asarray(before.mean) + self._sum) / total
        self._decoder.set_cmn(_as_text(self._mean_in_use))
        self._frames_since_set = 0.0

    def measured(self) -> tuple[tuple[float, ...], float]:
        """The cepstral mean of all that was fed, and of how many frames it is; zeros and 0 before any."""
        self._measure()
        if not self._measured_frames:
            return (0.0,) * COEFFICIENTS, 0.0
        return tuple(float(value) for value in self._sum / self._measured_frames), self._measured_frames

    def words(self) -> list[Segment]:
        """The best path so far, words only, in frames of what was fed."""
        found = self._decoder.seg()
        entries = [] if found is None else [Segment(s.word, s.start_frame, s.end_frame) for s in found]
        return [
            Segment(word.word, self._fed_frame(word.start_frame), self._fed_frame(word.end_frame))
            for word in spoken(entries)
        ]

    def _fed_frame(self, frame: int) -> int:
        for at in reversed(self._inserted_at):
            frame = max(at, frame - _LOOKAHEAD_FRAMES) if frame > at else frame
        return frame

    def phones_of(self, word: str) -> int:
        return len((self._decoder.lookup_word(word) or "").split())

    def end(self) -> None:
        """Decode what is left and give the decoder back; `words` may still be read until its next utterance."""
        self._decoder.end_utt()


def _activate(decoder: SphinxDecoder, search: Search) -> None:
    try:
        decoder.activate_search(search)
    except KeyError:  # made when first needed: `thorough` holds 64 MB and takes 0.4 s
        if search == "thorough":
            # A search takes its settings from the configuration at the time when it is made, and the newest one decides
            # whether features are kept for a second pass: none may be made after this with others. Sharing the language
            # model of `_default` would save memory and make every look into it, and so decoding, 45 % slower.
            decoder.config["fwdflat"] = decoder.config["bestpath"] = True
            decoder.add_lm_file(search, str(decoder.config["lm"]))
        else:
            decoder.add_keyphrase(search, "forward")
        decoder.activate_search(search)


def _as_text(mean: Levels) -> str:
    return ",".join(f"{value:.4f}" for value in mean)
