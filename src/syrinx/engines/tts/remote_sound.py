"""Sound on its way from a speech service elsewhere: whatever rate it comes at, in chunks of the engine's own."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk
from syrinx.audio.resampling import StreamResampler
from syrinx.engines.remote.client import StreamedAnswer
from syrinx.engines.remote.wav_stream import WavStream
from syrinx.errors import BadInput, EngineError

RATE_HZ: Final = 24_000
CHUNK_MS: Final = 200.0
"""The longest that is passed on: a reader that leaves is not waited for longer."""
_NO_SOUND: Final = ("application/json", "text/html", "text/plain")
_COMPRESSED: Final = (b"ID3", b"OggS", b"fLaC", b"\xff\xfb", b"\xff\xf3", b"\xff\xf1", b"\xff\xf9")
_ALLOWED_S: Final = 60.0
_ALLOWED_S_PER_CHAR: Final = 1.0
"""Many times what the slowest voice takes for the longest words: more is not speech of that text."""


async def sound_of(
    answer: StreamedAnswer, *, rate_hz: int, host: str, text_chars: int
) -> AsyncGenerator[PcmChunk, None]:
    """Mono chunks at RATE_HZ as they come. WAV is recognised by its beginning, anything else is s16le of `rate_hz`.

    Raises EngineError where the service sends something that is no such sound, or far more of it than the text takes.
    """
    if answer.media_type in _NO_SOUND:
        raise EngineError(f"{host} sent {answer.media_type} where sound was expected", retryable=False)
    brought = _Brought()
    most_samples = round((_ALLOWED_S + _ALLOWED_S_PER_CHAR * text_chars) * RATE_HZ)
    try:
        async with aclosing(_samples(answer, rate_hz=rate_hz, host=host)) as chunks:
            async for chunk in chunks:
                for part in brought.to_rate(chunk):
                    most_samples -= part.sample_count
                    if most_samples < 0:
                        raise EngineError(f"{host} sent far more sound than the text takes", retryable=False)
                    yield part
        for part in brought.rest():
            yield part
    except BadInput as error:
        # It speaks of what the service sent, not of what was asked of us.
        raise EngineError(f"{host} sent sound that cannot be read: {error.message}", retryable=False) from error


def cut(chunk: PcmChunk) -> list[PcmChunk]:
    """In pieces of at most CHUNK_MS."""
    step = BYTES_PER_SAMPLE * round(CHUNK_MS * chunk.sample_rate_hz / 1000)
    return [
        PcmChunk(pcm=chunk.pcm[at : at + step], sample_rate_hz=chunk.sample_rate_hz)
        for at in range(0, len(chunk.pcm), step)
    ]


def rate_told(parameters: str, default_hz: int) -> int:
    """Of a content type such as `audio/pcm;rate=16000`."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() in ("rate", "sample_rate") and value.strip().isdigit() and 8_000 <= int(value) <= 96_000:
            return int(value)
    return default_hz


class _Brought:
    """To one rate, which the first chunk decides whether it has to be resampled to."""

    def __init__(self) -> None:
        self._resampler: StreamResampler | None = None

    def to_rate(self, chunk: PcmChunk) -> list[PcmChunk]:
        if self._resampler is None:
            self._resampler = StreamResampler(chunk.sample_rate_hz, RATE_HZ)
        return cut(self._resampler.feed(chunk))

    def rest(self) -> list[PcmChunk]:
        return [] if self._resampler is None else cut(self._resampler.flush())


async def _samples(answer: StreamedAnswer, *, rate_hz: int, host: str) -> AsyncGenerator[PcmChunk, None]:
    wav: WavStream | None = None
    head: bytes | None = b""
    """What came before it was known what it is."""
    odd = b""
    async with aclosing(answer.pieces()) as pieces:
        async for piece in pieces:
            data = piece
            if head is not None:
                head += data
                if len(head) < 4:
                    continue
                data, head = head, None
                wav = WavStream() if data.startswith(b"RIFF") else None
                if wav is None and data.startswith(_COMPRESSED) and not answer.media_type.startswith("audio/pcm"):
                    raise EngineError(f"{host} sent compressed sound where PCM or WAV was asked for", retryable=False)
            if wav is not None:
                if (chunk := wav.feed(data)) is not None:
                    yield chunk
                continue
            data = odd + data
            whole = len(data) - len(data) % BYTES_PER_SAMPLE
            odd = data[whole:]
            if whole:
                yield PcmChunk(pcm=data[:whole], sample_rate_hz=rate_told(answer.parameters, rate_hz))
    if wav is not None and (chunk := wav.finish()) is not None:
        yield chunk
