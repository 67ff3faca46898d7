"""Every container in which people send recordings gives a sample: its sound, mono at 24 kHz, at its length."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from tests.audio.intake.containers import FILMS, KINDS, contained, film, likeness

from syrinx.audio import PcmChunk, resample, wav_bytes
from syrinx.audio.intake import Intake, open_intake
from syrinx.errors import BadAudio
from syrinx.testing.human_clips import human_clips
from syrinx.voices.sample import read_sample

CLIP = PcmChunk(pcm=human_clips()[1].audio.pcm[: 2 * 16_000 * 3], sample_rate_hz=16_000)
"""Three seconds of speech."""
MADE_BY_FFMPEG = {
    "mp3": ("-c:a", "libmp3lame"),
    "wav": ("-c:a", "pcm_s24le"),
    "m4a": ("-c:a", "aac"),
    "aac": ("-c:a", "aac"),
    "ogg": ("-c:a", "libvorbis"),
    "opus": ("-c:a", "libopus"),
    "flac": ("-c:a", "flac"),
    "amr": ("-c:a", "libopencore_amrnb", "-ar", "8000", "-ac", "1"),
    **dict.fromkeys(("mp4", "mov", "mkv"), ("-c:v", "mpeg4", "-c:a", "aac")),
    "avi": ("-c:v", "mpeg4", "-c:a", "libmp3lame"),
    "webm": ("-c:v", "libvpx", "-c:a", "libopus"),
    "flv": ("-c:v", "flv", "-c:a", "aac", "-ar", "44100"),
}
PICTURES = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=10")


@pytest.fixture
async def intake() -> AsyncGenerator[Intake, None]:
    async with open_intake() as opened:
        yield opened


async def sampled(intake: Intake, raw: bytes, *, alike_from: float) -> None:
    sample = await read_sample(io.BytesIO(raw), intake.open)
    assert sample.sample_rate_hz == 24_000
    assert sample.duration_ms == pytest.approx(CLIP.duration_ms, abs=110)
    alike, late_ms = likeness(CLIP, resample(sample, CLIP.sample_rate_hz))
    assert alike > alike_from
    assert -30 <= late_ms <= 60


@pytest.mark.parametrize("kind", KINDS)
async def test_a_recording_becomes_a_sample(intake: Intake, kind: str) -> None:
    await sampled(intake, contained(CLIP, kind), alike_from=0.85 if kind == "amr" else 0.96)


@pytest.mark.parametrize("kind", FILMS)
async def test_the_sound_of_a_film_becomes_a_sample(intake: Intake, kind: str) -> None:
    await sampled(intake, film(CLIP, kind), alike_from=0.96)


@pytest.mark.parametrize("kind", MADE_BY_FFMPEG)
async def test_so_does_what_ffmpeg_makes(intake: Intake, kind: str, tmp_path: Path) -> None:
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.skip("FILES THAT FFMPEG MAKES ARE NOT TRIED HERE: it is missing")
    source, made = tmp_path / "clip.wav", tmp_path / f"made.{kind}"
    source.write_bytes(wav_bytes(resample(CLIP, 48_000)))
    how = MADE_BY_FFMPEG[kind]
    pictures = PICTURES if "-c:v" in how else ()
    stereo = () if "-ac" in how else ("-ac", "2")
    asked = (program, "-loglevel", "error", "-y", *pictures, "-i", str(source), *stereo, *how, "-shortest", str(made))
    told = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: ASYNC221
    if "Unknown encoder" in told.stderr:
        pytest.skip(f"THIS FFMPEG MAKES NO {kind.upper()}")
    assert not told.returncode, told.stderr
    await sampled(intake, made.read_bytes(), alike_from=0.85 if kind == "amr" else 0.96)


async def test_a_film_that_is_too_short_is_told_so(intake: Intake) -> None:
    short = PcmChunk(pcm=CLIP.pcm[: 2 * 16_000], sample_rate_hz=16_000)
    with pytest.raises(BadAudio, match=r"Audio too short: 1\.[01] s"):
        await read_sample(io.BytesIO(film(short, "mp4")), intake.open)
