"""Sound files are told to be synthetic where their mark says so, and nothing is claimed of others."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from tests.audio.watermark.test_opening import BREAKS, WORKS, python_with

from syrinx.app.house import open_house
from syrinx.app.marks import tell_of_marks
from syrinx.app.settings import Settings
from syrinx.audio import wav_bytes
from syrinx.audio.pcm import PcmChunk
from syrinx.audio.synthetic_mark import marked_wav
from syrinx.audio.watermark import open_watermark
from syrinx.audio.watermark.opening import WatermarkFailed
from syrinx.engines.registry import EngineRegistry
from syrinx.engines.tts.contract import SpeechRequest
from syrinx.errors import BadAudio, BadInput, ConfigurationError
from syrinx.testing.audio import sine
from syrinx.testing.fake_llm import ScriptedLlm
from syrinx.testing.fake_stt import ScriptedStt
from syrinx.testing.fake_tts import ScriptedTts
from syrinx.testing.fake_vad import ScriptedVad
from syrinx.testing.providers import FakeProvider
from syrinx.testing.tts_conformance import speak

pytestmark = pytest.mark.usefixtures("clean_environment")

SOUND = sine(330.0, duration_ms=300, sample_rate_hz=24_000)


def marking(library: str | None, folder: Path) -> Settings:
    """With this as the library that marks; None: with none."""
    return Settings(watermark="perth", watermark_python=python_with(library, folder))


async def told(*files: Path, as_json: bool = False, settings: Settings | None = None) -> str:
    out = Console(file=io.StringIO(), width=300)
    await tell_of_marks(settings or Settings(), files, as_json=as_json, out=out)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


async def test_each_file_is_told_with_its_mark_or_without(tmp_path: Path) -> None:
    made, said = tmp_path / "made.wav", tmp_path / "said.wav"
    made.write_bytes(marked_wav(SOUND, engine="flite"))
    said.write_bytes(wav_bytes(SOUND))
    lines = (await told(made, said)).splitlines()
    assert lines[0].endswith("synthetic: Synthetic speech, made with Syrinx (engine flite)")
    assert "no mark: whether a person spoke it cannot be told" in lines[1]
    shown = json.loads(await told(made, said, as_json=True))
    assert [(each["synthetic"], each["watermark"]) for each in shown] == [(True, None), (False, None)]


async def test_what_cannot_be_told_of_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        await told(tmp_path / "absent.wav")
    (tmp_path / "words.wav").write_text("no sound")
    with pytest.raises(BadAudio):
        await told(tmp_path / "words.wav")


async def test_where_a_watermark_is_set_up_it_is_looked_for_in_the_sound(tmp_path: Path) -> None:
    settings = marking(WORKS, tmp_path)
    async with open_watermark(settings.watermark_python) as watermark:
        marked = await watermark.mark(SOUND)
    stripped, said, both = tmp_path / "stripped.wav", tmp_path / "said.wav", tmp_path / "both.wav"
    stripped.write_bytes(wav_bytes(marked))
    said.write_bytes(wav_bytes(SOUND))
    both.write_bytes(marked_wav(marked, engine="flite"))
    first, second, third = (await told(stripped, said, both, settings=settings)).splitlines()
    assert first.endswith("synthetic: no mark in its metadata; a watermark in the sound")
    assert "no mark and no watermark: whether a person spoke it cannot be told" in second
    assert third.endswith("(engine flite); a watermark in the sound")
    shown = json.loads(await told(stripped, said, as_json=True, settings=settings))
    assert [(each["synthetic"], each["mark"], each["watermark"]) for each in shown] == [
        (True, None, 1.0),
        (False, None, 0.0),
    ]


async def test_a_watermark_late_in_a_long_file_is_found(tmp_path: Path) -> None:
    settings = marking(WORKS, tmp_path)
    async with open_watermark(settings.watermark_python) as watermark:
        marked = await watermark.mark(sine(220.0, duration_ms=40_000, sample_rate_hz=24_000))
    quiet = bytes(2 * 24_000 * 90)
    (tmp_path / "long.wav").write_bytes(wav_bytes(PcmChunk(pcm=quiet + marked.pcm, sample_rate_hz=24_000)))
    assert json.loads(await told(tmp_path / "long.wav", as_json=True, settings=settings))[0]["watermark"] == 1.0


async def test_where_watermarks_cannot_be_looked_for_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "said.wav").write_bytes(wav_bytes(SOUND))
    with pytest.raises(ConfigurationError, match="SYRINX_WATERMARK=off"):
        await told(tmp_path / "said.wav", settings=marking(None, tmp_path))


def registry() -> EngineRegistry:
    providers = [
        FakeProvider("tts", "tones", lambda _: ScriptedTts()),
        FakeProvider("stt", "ear", lambda _: ScriptedStt()),
        FakeProvider("vad", "silero", lambda _: ScriptedVad()),
        FakeProvider("llm", "companion", lambda _: ScriptedLlm(())),
    ]
    return EngineRegistry(providers, entry_points_=())


async def test_all_that_the_house_speaks_has_the_watermark(tmp_path: Path) -> None:
    settings = marking(WORKS, tmp_path)
    async with open_house(settings, registry=registry()) as house, house.engines.tts("") as voices:
        spoken = (await speak(voices, SpeechRequest(text="good morning"))).audio
    async with open_watermark(settings.watermark_python) as watermark:
        assert await watermark.found(spoken) == 1.0


async def test_a_house_that_cannot_mark_does_not_open_and_gives_nothing_unmarked(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="SYRINX_WATERMARK=off"):
        async with open_house(marking(None, tmp_path), registry=registry()):
            raise AssertionError("it opened")
    async with open_house(marking(BREAKS, tmp_path), registry=registry()) as house, house.engines.tts("") as voices:
        with pytest.raises(WatermarkFailed):
            await speak(voices, SpeechRequest(text="good morning"))
