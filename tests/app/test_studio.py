"""The studio of the house: it learns with the engine that learns, speaks marked, and hears what is said."""

from __future__ import annotations

import io
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import pytest
from tests.app.scripted_house import HEARD, scripted_house
from tests.voices.cloning_room import human_sample
from tests.voices.test_repository import new_voice

from syrinx.accounts import OPEN_CALLER, calling
from syrinx.app import studio
from syrinx.app.house import House
from syrinx.app.known_people import KnownPeople
from syrinx.app.studio import HouseStudio
from syrinx.audio import PcmChunk
from syrinx.audio.encoding import AudioEncoder, open_encoder
from syrinx.audio.intake import open_intake
from syrinx.audio.synthetic_mark import read_mark
from syrinx.engines.tts.contract import Cloning
from syrinx.errors import EncodingFailed, EngineUnavailable
from syrinx.testing.fake_tts import CLONING

pytestmark = pytest.mark.usefixtures("clean_environment")


@asynccontextmanager
async def studio_in(home: Path, *, cloning: Cloning | None) -> AsyncGenerator[tuple[HouseStudio, House], None]:
    async with scripted_house(home, cloning=cloning) as house:
        known = KnownPeople()
        studio = HouseStudio(
            engines=house.engines,
            pool=house.pool,
            people=known,
            narrate=house.speech.narrate,
            transcribe=house.speech.transcribe,
        )
        studio.begin(house.people.voices)
        known.begin(house.people.voices, house.in_background)
        yield studio, house


async def test_which_engine_learns_is_the_one_that_can(tmp_path: Path) -> None:
    async with studio_in(tmp_path / "able", cloning=CLONING) as (studio, _):
        assert await studio.cloner("en") == "tones"
        assert await studio.wants_transcript("tones") is CLONING.transcript
    async with studio_in(tmp_path / "unable", cloning=None) as (studio, _):
        assert await studio.cloner("en") is None
        assert await studio.wants_transcript("tones") is False
        with pytest.raises(EngineUnavailable, match="SYRINX_CLONE"):
            await studio.learn("tones", new_voice().profile)


async def test_what_was_learnt_of_a_draft_is_at_hand_when_it_speaks(tmp_path: Path) -> None:
    async with studio_in(tmp_path, cloning=CLONING) as (studio, house):
        profile = new_voice().profile
        voices = house.people.voices
        async with voices.drafting(profile.voice_id, human_sample()) as draft:
            await studio.learn("tones", profile)
            with calling(OPEN_CALLER):
                spoken = await studio.speak(profile, "Good morning to you.")
            assert [learned.engine for learned in draft.learned] == ["tones"]
        assert await voices.list(profile.user) == ()
    mark = read_mark(io.BytesIO(spoken))
    assert mark is not None
    assert mark.engine == "tones"
    file = tmp_path / "spoken.mp3"
    file.write_bytes(spoken)
    with file.open("rb") as opened:
        async with open_intake() as intake, intake.open(opened) as media:
            assert media.container == "mp3"
            heard = sum([chunk.duration_ms async for chunk in media.chunks()])
    assert 300 < heard < 3000


@pytest.mark.parametrize("breaks", [False, True])
async def test_sound_is_encoded_beside_the_loop_and_the_encoder_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breaks: bool
) -> None:
    told: list[str] = []

    class Noted:
        def __init__(self, encoder: AudioEncoder) -> None:
            self._encoder = encoder

        def encode(self, chunk: PcmChunk) -> bytes:
            told.append("here" if threading.current_thread() is threading.main_thread() else "beside")
            if breaks:
                raise EncodingFailed("as it was told")
            return self._encoder.encode(chunk)

        def finish(self) -> bytes:
            return self._encoder.finish()

        def close(self) -> None:
            told.append("closed")
            self._encoder.close()

    monkeypatch.setattr(studio, "open_encoder", lambda *given, **named: Noted(open_encoder(*given, **named)))
    async with studio_in(tmp_path, cloning=None) as (opened, _):
        with calling(OPEN_CALLER), pytest.raises(EncodingFailed) if breaks else nullcontext():
            assert await opened.speak(new_voice().profile, "Good morning to you.")
    assert told == ["beside", "closed"]


async def test_it_hears_what_is_said_in_a_sample(tmp_path: Path) -> None:
    async with studio_in(tmp_path, cloning=None) as (studio, _):
        assert await studio.transcribe(human_sample(), "en") == HEARD


async def test_nothing_is_learnt_before_voices_are_open(tmp_path: Path) -> None:
    async with scripted_house(tmp_path, cloning=CLONING) as house:
        early = HouseStudio(
            engines=house.engines,
            pool=house.pool,
            people=KnownPeople(),
            narrate=house.speech.narrate,
            transcribe=house.speech.transcribe,
        )
        with pytest.raises(RuntimeError):
            await early.learn("tones", new_voice().profile)
