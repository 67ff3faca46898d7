from __future__ import annotations

import io

import pytest
from tests.transports.speech_house import ScriptedMedia

from syrinx.audio import silence, wav_bytes
from syrinx.errors import BadAudio
from syrinx.testing.audio import dominant_frequency_hz, sine
from syrinx.voices.sample import read_sample


async def test_a_sample_of_any_rate_is_read_as_mono_at_24_khz() -> None:
    media = ScriptedMedia()
    sample = await read_sample(io.BytesIO(wav_bytes(sine(300.0, duration_ms=2200.0, sample_rate_hz=44_100))), media)
    assert sample.sample_rate_hz == 24_000
    assert sample.duration_ms == pytest.approx(2200.0, abs=1.0)
    assert dominant_frequency_hz(sample) == pytest.approx(300.0, abs=1.0)
    assert media.open == 0


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (b"no sound", "no sound that can be read"),
        (wav_bytes(sine(300.0, duration_ms=1900.0)), "Audio too short: 1.9 s"),
        (wav_bytes(sine(300.0, duration_ms=301_000.0, sample_rate_hz=8000)), "Audio too long"),
        (wav_bytes(silence(duration_ms=5000.0, sample_rate_hz=24_000)), "Audio too quiet"),
    ],
    ids=["no sound", "short", "long", "silent"],
)
async def test_what_is_no_sample_is_refused_and_its_file_closed(file: bytes, says: str) -> None:
    media = ScriptedMedia()
    with pytest.raises(BadAudio, match=says):
        await read_sample(io.BytesIO(file), media)
    assert media.open == 0


async def test_damage_after_the_beginning_leaves_no_sample() -> None:
    media = ScriptedMedia(error=BadAudio("damaged"))
    with pytest.raises(BadAudio, match="damaged"):
        await read_sample(io.BytesIO(wav_bytes(sine(300.0, duration_ms=2500.0))), media)
    assert media.open == 0
