"""What the health of the house's speech says of engines elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syrinx.app.house import open_house
from syrinx.app.settings import Settings
from syrinx.engines.contract import Availability
from syrinx.engines.guards.breaker import BreakerPolicy
from syrinx.engines.registry import EngineRegistry
from syrinx.engines.tts.contract import SpeechRequest
from syrinx.errors import RemoteRefused
from syrinx.testing.fake_llm import ScriptedLlm
from syrinx.testing.fake_stt import ScriptedStt
from syrinx.testing.fake_tts import ScriptedTts, TtsScript
from syrinx.testing.fake_vad import ScriptedVad
from syrinx.testing.providers import FakeProvider

pytestmark = pytest.mark.usefixtures("clean_environment")

FAILING = TtsScript(fail="raise", error=RemoteRefused("far failed (HTTP 500)", status=500, retryable=False))
SETTINGS = {"llm": "companion", "tts": "far", "engine": {"far": {"url": "http://bob:hunter2@far.example"}}}


def elsewhere(engine: ScriptedTts) -> FakeProvider[ScriptedTts]:
    provider = FakeProvider("tts", "far", lambda _: engine)
    provider.info = replace(provider.info, remote=True)
    return provider


def registry(far: FakeProvider[ScriptedTts]) -> EngineRegistry:
    return EngineRegistry(
        [
            far,
            FakeProvider("stt", "ear", lambda _: ScriptedStt()),
            FakeProvider("vad", "silero", lambda _: ScriptedVad()),
            FakeProvider("llm", "companion", lambda _: ScriptedLlm(())),
        ],
        entry_points_=(),
    )


async def test_an_engine_that_is_left_alone_is_not_well_until_it_is_asked_again() -> None:
    engine = ScriptedTts(FAILING)
    given = Settings(**SETTINGS)  # pyright: ignore[reportArgumentType]
    async with open_house(given, registry=registry(elsewhere(engine))) as house:
        assert (await house.speech.house.health("tts")).healthy
        for _ in range(BreakerPolicy().failures):
            async with house.engines.tts("far") as voice:
                with pytest.raises(RemoteRefused):
                    _ = [chunk async for chunk in voice.synthesize(SpeechRequest(text="hi"))]
        health = await house.speech.house.health("tts")
    assert not health.healthy
    assert "left alone for 5 s" in health.reason


@pytest.mark.parametrize("address", ["", "http://far.example"])
async def test_the_address_told_is_the_one_that_the_engine_made_of_its_option(address: str) -> None:
    far = elsewhere(ScriptedTts())
    far.availability = (
        Availability(available=True, facts={"address": address})
        if address
        else Availability(available=False, reason="the address holds a password")
    )
    given = Settings(**SETTINGS)  # pyright: ignore[reportArgumentType]
    async with open_house(given, registry=registry(far)) as house:
        health = await house.speech.house.health("tts")
    assert (health.address, health.healthy) == (address, bool(address))
    assert "hunter2" not in repr(health)
