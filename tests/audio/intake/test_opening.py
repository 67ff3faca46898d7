"""Whatever people record with is understood; what is no recording is refused with what would be right."""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import BinaryIO

import numpy as np
import pytest
from tests.audio.intake.containers import KINDS, contained, likeness, silent_film
from tests.audio.intake.left_behind import children, descriptors

from syrinx.audio import PcmChunk, chunk_of, rms_dbfs, wav_bytes, wav_header
from syrinx.audio.intake import Intake, IntakeLimits, open_intake
from syrinx.errors import BadAudio, EngineBusy, SyrinxError, TooLarge
from syrinx.testing.audio import sine
from syrinx.testing.human_clips import human_clips

CLIP = human_clips()[0].audio


@pytest.fixture
async def intake() -> AsyncGenerator[Intake, None]:
    async with open_intake() as opened:
        yield opened


async def decoded(intake: Intake, raw: bytes | BinaryIO, *, sample_rate_hz: int = 16_000) -> tuple[str, PcmChunk]:
    file = io.BytesIO(raw) if isinstance(raw, bytes) else raw
    async with intake.open(file, sample_rate_hz=sample_rate_hz) as media, aclosing(media.chunks()) as chunks:
        pieces = [chunk async for chunk in chunks]
    assert {piece.sample_rate_hz for piece in pieces} == {sample_rate_hz}
    return media.container, PcmChunk(pcm=b"".join(piece.pcm for piece in pieces), sample_rate_hz=sample_rate_hz)


@pytest.mark.parametrize("kind", KINDS)
async def test_every_container_gives_the_speech_that_is_in_it(intake: Intake, kind: str) -> None:
    container, heard = await decoded(intake, contained(CLIP, kind))
    assert container == kind
    alike, late_ms = likeness(CLIP, heard)
    assert alike > (0.85 if kind == "amr" else 0.97)
    assert -10 <= late_ms <= 35  # what a lossy codec puts before the sound
    assert heard.duration_ms == pytest.approx(CLIP.duration_ms, abs=70)
    assert rms_dbfs(heard.samples()) == pytest.approx(rms_dbfs(CLIP.samples()), abs=1.0)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000, 48_000])
async def test_plain_wav_of_any_rate_comes_to_the_rate_asked_for(intake: Intake, rate_hz: int) -> None:
    tone = sine(440, duration_ms=1000, sample_rate_hz=rate_hz)
    container, heard = await decoded(intake, wav_bytes(tone))
    assert container == "wav"
    assert heard.sample_count == pytest.approx(16_000, abs=2)


async def test_plain_wav_needs_no_process(intake: Intake) -> None:
    before = children()
    async with intake.open(io.BytesIO(wav_bytes(CLIP))) as media:
        assert children() == before
        assert media.duration_ms == pytest.approx(CLIP.duration_ms, abs=0.1)
        async with aclosing(media.chunks()) as chunks:
            assert b"".join([chunk.pcm async for chunk in chunks]) == CLIP.pcm


async def test_a_wav_that_claims_four_gigabytes_is_read_to_its_end(intake: Intake) -> None:
    _, heard = await decoded(intake, wav_header(16_000, None) + CLIP.pcm)
    assert heard.pcm == CLIP.pcm


async def test_the_length_that_the_file_claims_is_told(intake: Intake) -> None:
    async with intake.open(io.BytesIO(contained(CLIP, "m4a"))) as media:
        assert media.duration_ms == pytest.approx(CLIP.duration_ms, abs=50)


async def test_a_file_on_disk_is_read_from_its_beginning_and_stays_open(intake: Intake) -> None:
    with tempfile.SpooledTemporaryFile(max_size=1 << 20) as spooled:
        spooled.write(contained(CLIP, "ogg"))
        for _ in range(2):
            _, heard = await decoded(intake, spooled)  # type: ignore[arg-type]
            assert heard.duration_ms == pytest.approx(CLIP.duration_ms, abs=20)


async def test_both_sides_of_a_stereo_recording_are_heard_and_none_gets_louder(intake: Intake) -> None:
    loud = chunk_of(np.full(16_000, 20_000, np.int16) * np.tile([1, -1], 8_000), sample_rate_hz=16_000)
    _, heard = await decoded(intake, contained(loud, "mkv"))
    assert int(np.abs(heard.samples().astype(int)).max()) <= 20_010


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "empty"),
        (b"hello, this is a letter and no recording", "no recording"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "no recording"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n", "no recording"),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "no recording"),
        (b'<?xml version="1.0"?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>', "no recording"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no recording"),
        (b"RIFF\x24\0\0\0WAVE", "ends before"),
        (wav_header(16_000, 0), "no sound"),
        (b"OggS" + bytes(200), "damaged"),
        (b"fLaC", "damaged"),
        (b"\x1a\x45\xdf\xa3" + bytes(60), "damaged"),
    ],
)
async def test_what_is_no_recording_is_refused_with_a_reason(intake: Intake, raw: bytes, told: str) -> None:
    with pytest.raises(BadAudio, match=told):
        await decoded(intake, raw)


async def test_a_film_without_sound_says_so(intake: Intake) -> None:
    with pytest.raises(BadAudio, match="no sound in it"):
        await decoded(intake, silent_film())


async def test_a_sample_rate_that_cannot_be_is_refused(intake: Intake) -> None:
    for rate_hz in (1, 999, 2_000_000_000):
        with pytest.raises(BadAudio, match="Hz"):
            await decoded(intake, wav_header(rate_hz, 100) + bytes(200))


async def test_a_file_that_breaks_off_gives_what_it_has_or_says_that_it_is_damaged(intake: Intake) -> None:
    for kind in KINDS:
        raw = contained(CLIP, kind)
        try:
            _, heard = await decoded(intake, raw[: int(len(raw) * 0.6)])
        except BadAudio:
            continue
        assert heard.duration_ms <= CLIP.duration_ms + 70


async def test_more_bytes_than_allowed_are_refused() -> None:
    async with open_intake(IntakeLimits(file_bytes=1000)) as intake:
        with pytest.raises(TooLarge, match="1000"):
            await decoded(intake, wav_bytes(CLIP))


@pytest.mark.parametrize("kind", ["plain", "webm", "mp3"])
async def test_a_longer_recording_than_allowed_is_refused(kind: str) -> None:
    raw = wav_bytes(CLIP) if kind == "plain" else contained(CLIP, kind)
    async with open_intake(IntakeLimits(duration_ms=1000)) as intake:
        with pytest.raises(BadAudio, match="too long"):
            await decoded(intake, raw)


async def test_a_stream_that_hides_its_length_is_stopped_at_the_limit() -> None:
    async with open_intake(IntakeLimits(duration_ms=1000)) as intake:
        with pytest.raises(BadAudio, match="too long"):
            await decoded(intake, contained(CLIP, "aac"))


async def test_who_leaves_in_the_middle_leaves_no_process_and_no_file() -> None:
    long = PcmChunk(pcm=CLIP.pcm * 60, sample_rate_hz=16_000)
    raw = contained(long, "ogg")
    await asyncio.to_thread(len, raw)  # the loop's threads are there, so that their own pipes do not count
    files_before, before = descriptors(), children()
    async with open_intake() as intake:
        for _ in range(3):
            async with intake.open(io.BytesIO(raw)) as media:
                working = children() - before
                assert working
                async with aclosing(media.chunks()) as chunks:
                    await anext(chunks)
        async with intake.open(io.BytesIO(raw)):
            pass
    assert children() == before
    assert descriptors() <= files_before + 1  # asyncio's own watcher may keep one


async def test_a_cancelled_reader_leaves_no_process() -> None:
    before = children()
    reached = asyncio.Event()

    async def read(intake: Intake) -> None:
        async with intake.open(io.BytesIO(contained(CLIP, "mp3"))) as media, aclosing(media.chunks()) as chunks:
            await anext(chunks)
            reached.set()
            await asyncio.Event().wait()

    async with open_intake(IntakeLimits(spare_s=0)) as intake:
        reading = asyncio.create_task(read(intake))
        await reached.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert children() == before


async def test_one_decoder_is_kept_ready_and_ends_with_the_intake() -> None:
    before = children()
    async with open_intake() as intake:
        await decoded(intake, contained(CLIP, "ogg"))
        async with asyncio.timeout(10):
            while not children() - before:  # noqa: ASYNC110 - the system tells no event
                await asyncio.sleep(0)
        spare = children() - before
        assert len(spare) == 1
        async with intake.open(io.BytesIO(contained(CLIP, "ogg"))):
            assert spare <= children()
    assert children() == before


async def test_a_decoder_that_is_kept_ready_ends_when_it_is_not_used() -> None:
    before = children()
    async with open_intake(IntakeLimits(spare_s=0.01)) as intake:
        await decoded(intake, contained(CLIP, "ogg"))
        async with asyncio.timeout(10):
            while children() - before:  # noqa: ASYNC110 - the system tells no event
                await asyncio.sleep(0)


async def test_a_decoder_that_takes_too_much_time_is_ended() -> None:
    async with open_intake(IntakeLimits(first_sound_s=0.0)) as intake:
        with pytest.raises(BadAudio, match="too long to decode"):
            await decoded(intake, contained(CLIP, "ogg"))


async def test_a_decoder_that_needs_too_much_memory_is_no_fault_of_ours() -> None:
    before = children()
    async with open_intake(IntakeLimits(memory_bytes=64 * 1024 * 1024)) as intake:
        with pytest.raises(SyrinxError) as raised:
            await decoded(intake, contained(CLIP, "ogg"))
    assert isinstance(raised.value, BadAudio)
    assert children() == before


async def test_more_files_than_can_be_decoded_and_wait_are_refused() -> None:
    raw = contained(CLIP, "ogg")
    async with open_intake(IntakeLimits(at_once=1, waiting=0)) as intake, intake.open(io.BytesIO(raw)):
        with pytest.raises(EngineBusy):
            await decoded(intake, raw)
        await decoded(intake, wav_bytes(CLIP))
