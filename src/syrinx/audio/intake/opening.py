"""Opens what clients send: looks at its first bytes, decodes its beginning, and gives the sound as it is read."""

from __future__ import annotations

import asyncio
import json
import math
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Final

from syrinx.audio.intake.contract import DecodedMedia
from syrinx.audio.intake.decoder_process import (
    AUDIO,
    FAILED,
    OPENED,
    DecoderBounds,
    DecoderDied,
    DecoderProcess,
)
from syrinx.audio.intake.decoder_supply import DecoderSupply
from syrinx.audio.intake.signatures import HEAD_BYTES, KNOWN, Container, container_of, tag_bytes
from syrinx.audio.intake.wav_file import WavFile
from syrinx.audio.pcm import PcmChunk
from syrinx.audio.resampling import StreamResampler
from syrinx.audio.wav_format import CompressedWav
from syrinx.errors import BadAudio, EngineBusy, TooLarge

_RETRY_AFTER_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLimits:
    """Of one file, and of one intake."""

    file_bytes: int = 200 * 1024 * 1024
    duration_ms: float = 4 * 3_600_000.0
    memory_bytes: int = 1 << 30
    """Of the address space of the process that decodes it."""
    cpu_s: int = 600
    """Of the processor, for the whole file: an hour of AAC takes about 10."""
    first_sound_s: float = 20.0
    """Until a decoder has read the beginning."""
    silent_s: float = 30.0
    """How long a decoder may then be at work on the next piece."""
    at_once: int = 8
    """Files that are decoded at the same time; plain WAV does not count."""
    waiting: int = 32
    spare_s: float = 60.0
    """How long a decoder is kept ready for the next file; 0 keeps none."""
    bubblewrap: bool = True
    """Decoders see no files, no network and no other processes where bubblewrap works (`confinement`)."""


@asynccontextmanager
async def open_intake(limits: IntakeLimits | None = None) -> AsyncGenerator[Intake, None]:
    """Leaving the context ends the decoder that was kept ready; files must be closed before."""
    limits = limits or IntakeLimits()
    bounds = DecoderBounds(memory_bytes=limits.memory_bytes, cpu_s=limits.cpu_s, bubblewrap=limits.bubblewrap)
    supply = DecoderSupply(bounds, idle_s=limits.spare_s)
    try:
        yield Intake(limits, supply)
    finally:
        await supply.aclose()


class Intake:
    """Its `open` is an `OpenMedia`; see `open_intake`."""

    def __init__(self, limits: IntakeLimits, supply: DecoderSupply) -> None:
        self._limits = limits
        self._supply = supply
        self._places = asyncio.Semaphore(limits.at_once)
        self._waiting = 0

    @asynccontextmanager
    async def open(self, file: BinaryIO, *, sample_rate_hz: int = 16_000) -> AsyncGenerator[DecodedMedia, None]:
        """`OpenMedia`; besides, EngineBusy when too many files are being decoded and waiting for it."""
        container = await asyncio.to_thread(_looked_at, file, self._limits)
        if container.name == "wav":
            wav = await asyncio.to_thread(_plain_wav, file)
            if wav is not None:
                read = partial(asyncio.to_thread, _ReadWav(wav, sample_rate_hz))
                yield await self._begun(container, wav.duration_ms, read)
                return
        async with self._place():
            decoder = await self._supply.take()
            try:
                decoding = _Decoding(decoder, container, sample_rate_hz, self._limits)
                await asyncio.to_thread(decoding.begin, file)
                media = await self._begun(container, await decoding.duration_ms(), decoding.read)
                self._supply.replenish()
                yield media
            finally:
                await decoder.end()

    async def _begun(self, container: Container, duration_ms: float | None, read: _Read) -> DecodedMedia:
        """With the first piece in hand. Raises BadAudio where there is none."""
        if duration_ms is not None and duration_ms > self._limits.duration_ms:
            raise _too_long(self._limits)
        first = await read()
        if first is None:
            raise BadAudio(f"the {_shown(container)} file holds no sound: send a recording with at least a word in it")
        return _Media(container.name, duration_ms, first, read, self._limits)

    @asynccontextmanager
    async def _place(self) -> AsyncGenerator[None, None]:
        if self._places.locked() and self._waiting >= self._limits.waiting:
            raise EngineBusy(
                f"{self._limits.at_once} files are being decoded and {self._waiting} wait, more are not taken",
                retry_after_s=_RETRY_AFTER_S,
            )
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._places.release()


_Read = Callable[[], Awaitable[PcmChunk | None]]
"""The next piece, never an empty one; None at the end."""


class _Media:
    def __init__(
        self, container: str, duration_ms: float | None, first: PcmChunk, read: _Read, limits: IntakeLimits
    ) -> None:
        self.container = container
        self.duration_ms = duration_ms
        self._first = first
        self._read = read
        self._limits = limits

    async def chunks(self) -> AsyncGenerator[PcmChunk, None]:
        given_ms = 0.0
        chunk: PcmChunk | None = self._first
        while chunk is not None:
            given_ms += chunk.duration_ms
            if given_ms > self._limits.duration_ms:
                raise _too_long(self._limits)
            yield chunk
            chunk = await self._read()


class _ReadWav:
    """Reads and resamples; blocks."""

    def __init__(self, wav: WavFile, sample_rate_hz: int) -> None:
        self._wav = wav
        self._resampler = StreamResampler(wav.form.sample_rate_hz, sample_rate_hz)
        self._ended = False

    def __call__(self) -> PcmChunk | None:
        while not self._ended:
            piece = self._wav.read()
            self._ended = piece is None
            chunk = self._resampler.flush() if piece is None else self._resampler.feed(piece)
            if chunk.sample_count:
                return chunk
        return None


class _Decoding:
    """One file in the hands of one decoder, whose words become errors here."""

    def __init__(
        self, decoder: DecoderProcess, container: Container, sample_rate_hz: int, limits: IntakeLimits
    ) -> None:
        self._decoder = decoder
        self._container = container
        self._sample_rate_hz = sample_rate_hz
        self._limits = limits
        self._within_s = limits.first_sound_s

    def begin(self, file: BinaryIO) -> None:
        """Hand the file over. Blocks; in one piece, so that whoever is cancelled meanwhile leaves nothing open."""
        descriptor = _descriptor(file)
        try:
            self._decoder.begin(descriptor, demuxer=self._container.demuxer, rate_hz=self._sample_rate_hz)
        except DecoderDied as error:
            raise self._unreadable("crashed") from error
        finally:
            os.close(descriptor)

    async def duration_ms(self) -> float | None:
        letter, body = await self._message()
        if letter != OPENED:
            raise self._unreadable("crashed")
        try:
            claimed = json.loads(body)["duration_ms"]
        except (ValueError, TypeError, KeyError) as error:
            raise self._unreadable("crashed") from error
        is_length = isinstance(claimed, int | float) and math.isfinite(claimed) and claimed > 0
        return float(claimed) if is_length else None

    async def read(self) -> PcmChunk | None:
        letter, body = await self._message()
        if letter != AUDIO:
            return None
        self._within_s = self._limits.silent_s
        return PcmChunk(pcm=body, sample_rate_hz=self._sample_rate_hz)

    async def _message(self) -> tuple[bytes, bytes]:
        try:
            async with asyncio.timeout(self._within_s):
                letter, body = await self._decoder.message()
        except TimeoutError as error:
            raise self._unreadable("slow") from error
        except DecoderDied as error:
            raise self._unreadable(await self._decoder.why_it_died()) from error
        if letter == FAILED:
            raise self._unreadable(body.decode("ascii", "replace"))
        return letter, body

    def _unreadable(self, why: str) -> BadAudio:
        shown = _shown(self._container)
        match why:
            case "no_sound":
                return BadAudio(f"the {shown} file has no sound in it: send one with an audio track")
            case "unsupported":
                return BadAudio(f"the sound in the {shown} file is of a kind that cannot be read: send {KNOWN}")
            case "slow":
                return BadAudio(f"the {shown} file takes too long to decode: send it as WAV, or in shorter pieces")
            case _:
                return BadAudio(f"the {shown} file is damaged: record or convert it again, to WAV for instance")


def _looked_at(file: BinaryIO, limits: IntakeLimits) -> Container:
    file_bytes = file.seek(0, os.SEEK_END)
    if not file_bytes:
        raise BadAudio(f"the file is empty: send a recording as {KNOWN}")
    if file_bytes > limits.file_bytes:
        raise TooLarge(f"File too large: it has {file_bytes} bytes, at most {limits.file_bytes} are taken")
    file.seek(0)
    head = file.read(HEAD_BYTES)
    after_tag = b""
    if skipped := tag_bytes(head):
        file.seek(skipped)
        after_tag = file.read(HEAD_BYTES)
    container = container_of(head, after_tag=after_tag)
    if container is None:
        raise BadAudio(f"this is no recording that can be read here: send {KNOWN}")
    return container


def _plain_wav(file: BinaryIO) -> WavFile | None:
    try:
        return WavFile(file)
    except CompressedWav:
        return None


def _descriptor(file: BinaryIO) -> int:
    """Of the file's content, to be read only: the file's own, or that of a copy without a name. Blocks."""
    try:
        own = file.fileno()
    except (OSError, AttributeError):
        with tempfile.TemporaryFile() as copy:
            file.seek(0)
            shutil.copyfileobj(file, copy)
            copy.flush()
            return _read_only(copy.fileno())
    file.flush()
    return _read_only(own)


def _read_only(descriptor: int) -> int:
    try:
        return os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # not on Linux; the process cannot write to it there either (RLIMIT_FSIZE)
        return os.dup(descriptor)


def _shown(container: Container) -> str:
    return {"webm": "WebM"}.get(container.name, container.name.upper())


def _too_long(limits: IntakeLimits) -> BadAudio:
    return BadAudio(f"the recording is too long: up to {limits.duration_ms / 60_000:g} minutes can be read at once")
