"""Faster, slower, higher or lower speech, chunk by chunk, through FFmpeg's filters."""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from syrinx.audio.pcm import PcmChunk, Samples, chunk_of, silence
from syrinx.audio.rechunk import Rechunker
from syrinx.errors import BadAudio, BadInput, EncodingFailed

if TYPE_CHECKING:
    from av.filter import Graph

MIN_TEMPO: Final = 0.25
MAX_TEMPO: Final = 4.0
MAX_PITCH_SEMITONES: Final = 12.0
# `atempo` goes down to a half, and past the double it drops samples instead of blending them; several go further.
_OCTAVES_A_STEP: Final = 1.0
# Where it lays two pieces upon each other depends on how much it has: by equal blocks, chunks change nothing.
_BLOCK_MS: Final = 20
# More than the filters hold back at any tempo, so that the end of the sound comes out of them whole.
_TAIL_MS: Final = 250


class TempoStretch:
    """Chunks of one rate in, chunks of that rate out, `tempo` times as fast and `pitch_semitones` higher.

    The whole comes out as long as the input divided by the tempo, to the nearest sample; what happens at time t of the
    input happens at t * `ratio`, give or take 40 ms of the input's time (60 ms past a tempo of 2). 60 to 260 ms of
    input are held until more comes: least when slowing down, most at four times the tempo. A tempo of 1 without pitch
    passes chunks through untouched. Blocks, for less than a hundredth of the sound's duration; the first that
    stretches loads PyAV.
    Raises BadInput on a tempo outside 0.25 to 4 or a pitch of more than 12 semitones, BadAudio on a chunk of another
    rate, EncodingFailed when the filters fail.
    """

    def __init__(self, sample_rate_hz: int, tempo: float, pitch_semitones: float = 0.0) -> None:
        if not MIN_TEMPO <= tempo <= MAX_TEMPO:
            raise BadInput(f"a tempo of {tempo} is impossible: from {MIN_TEMPO:g} to {MAX_TEMPO:g} it can be")
        if not abs(pitch_semitones) <= MAX_PITCH_SEMITONES:
            raise BadInput(
                f"a pitch of {pitch_semitones} semitones is impossible: up to {MAX_PITCH_SEMITONES:g} can be"
            )
        self._rate_hz = sample_rate_hz
        self._tempo = tempo
        self._pitch_semitones = pitch_semitones
        self._untouched = tempo == 1 and not pitch_semitones
        self._begin()

    @property
    def ratio(self) -> float:
        """What times in the input are multiplied by to become times in the output."""
        return 1 / self._tempo

    def feed(self, chunk: PcmChunk) -> PcmChunk:
        """The next stretch of output, possibly empty."""
        if chunk.sample_rate_hz != self._rate_hz:
            raise BadAudio(f"a chunk of {chunk.sample_rate_hz} Hz in a stream of {self._rate_hz} Hz")
        if self._untouched:
            return chunk
        self._fed += chunk.sample_count
        return self._given_out(self._filtered(self._blocks.feed(chunk)))

    def flush(self) -> PcmChunk:
        """The rest; after it another stream can begin."""
        wanted = 0 if self._untouched else round(self._fed * self.ratio) - self._given
        if wanted <= 0:
            self._begin()
            return PcmChunk(pcm=b"", sample_rate_hz=self._rate_hz)
        tail = silence(duration_ms=_TAIL_MS, sample_rate_hz=self._rate_hz)
        rest = self._filtered(self._blocks.feed(tail), last=True)
        self._begin()
        missing = np.zeros(max(0, wanted - rest.size), np.int16)
        return chunk_of(np.concatenate([rest[:wanted], missing]), sample_rate_hz=self._rate_hz)

    def _begin(self) -> None:
        self._fed = self._pushed = self._given = 0
        self._blocks = Rechunker(max(1, self._rate_hz * _BLOCK_MS // 1000), self._rate_hz)
        self._graph: Graph | None = None

    def _given_out(self, samples: Samples) -> PcmChunk:
        self._given += samples.size
        return chunk_of(samples, sample_rate_hz=self._rate_hz)

    def _filtered(self, blocks: list[PcmChunk], *, last: bool = False) -> Samples:
        # Imported here: nobody should wait for FFmpeg's libraries who neither stretches nor encodes.
        import av  # noqa: PLC0415

        with _failures():
            if self._graph is None:
                self._graph = _opened_graph(self._rate_hz, self._tempo, self._pitch_semitones)
            found = [np.zeros(0, np.int16)]
            for block in blocks:
                frame = av.AudioFrame.from_ndarray(block.samples().reshape(1, -1), format="s16", layout="mono")
                frame.sample_rate = self._rate_hz
                frame.pts = self._pushed
                self._pushed += block.sample_count
                self._graph.push(frame)
                found.extend(_pulled(self._graph))
            if last:
                self._graph.push(None)
                found.extend(_pulled(self._graph))
        return np.concatenate(found)


def _opened_graph(rate_hz: int, tempo: float, pitch_semitones: float) -> Graph:
    """Pitch is moved by playing faster or slower, tempo then set right."""
    from av.filter import Graph  # noqa: PLC0415

    graph = Graph()
    steps = [graph.add_abuffer(sample_rate=rate_hz, format="s16", layout="mono", time_base=Fraction(1, rate_hz))]
    if pitch_semitones:
        played_at_hz = round(rate_hz * 2 ** (pitch_semitones / 12))
        steps += [graph.add("asetrate", str(played_at_hz)), graph.add("aresample", str(rate_hz))]
        tempo *= rate_hz / played_at_hz
    count = math.ceil(abs(math.log2(tempo)) / _OCTAVES_A_STEP)
    steps += [graph.add("atempo", f"{tempo ** (1 / count):.12f}") for _ in range(count)]
    # The resampler may prefer floats.
    steps += [graph.add("aformat", "sample_fmts=s16"), graph.add("abuffersink")]
    graph.link_nodes(*steps)
    graph.configure()
    return graph


def _pulled(graph: Graph) -> Generator[Samples]:
    """All that is ready."""
    from av.error import BlockingIOError as NothingYet  # noqa: PLC0415
    from av.error import EOFError as AtEnd  # noqa: PLC0415

    while True:
        try:
            frame = graph.pull()
        except (NothingYet, AtEnd):
            return
        yield frame.to_ndarray()[0]


@contextmanager
def _failures() -> Generator[None]:
    from av.error import FFmpegError  # noqa: PLC0415

    try:
        yield
    except FFmpegError as error:
        raise EncodingFailed(
            f"the tempo could not be changed: {error.strerror}; a tempo of 1 needs no filter"
        ) from error
