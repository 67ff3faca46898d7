"""How settings become a house, and what a house with faults says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from syrinx.app.doctor import examine
from syrinx.app.house import open_house
from syrinx.app.inherited_settings import InheritedSettings
from syrinx.app.options import talk_options
from syrinx.app.settings import Settings
from syrinx.conversation import ConversationSettings
from syrinx.engines.contract import Availability, Provider
from syrinx.engines.registry import EngineRegistry
from syrinx.engines.tts import chatterbox_server
from syrinx.errors import ConfigurationError, SyrinxError
from syrinx.testing.fake_llm import ScriptedLlm, saying
from syrinx.testing.fake_stt import ScriptedStt
from syrinx.testing.fake_tts import ScriptedTts
from syrinx.testing.fake_vad import ScriptedVad
from syrinx.testing.providers import FakeProvider

pytestmark = pytest.mark.usefixtures("clean_environment")


class Providers:
    def __init__(self) -> None:
        self.options: list[Mapping[str, str]] = []
        self.tts = FakeProvider("tts", "tones", self._voice)
        self.stt = FakeProvider("stt", "ear", lambda _: ScriptedStt())
        self.vad = FakeProvider("vad", "silero", lambda _: ScriptedVad())
        self.llm = FakeProvider("llm", "companion", lambda _: ScriptedLlm((saying("yes"),)))
        self.others: list[Provider[object]] = []

    def _voice(self, options: Mapping[str, str]) -> ScriptedTts:
        self.options.append(options)
        return ScriptedTts()

    def registry(self) -> EngineRegistry:
        providers: list[Provider[object]] = [self.tts, self.stt, self.vad, self.llm, *self.others]
        return EngineRegistry(providers, entry_points_=())


def settings(**given: object) -> Settings:
    return Settings(**{"llm": "companion", **given})  # pyright: ignore[reportArgumentType]


async def test_options_reach_their_engine_without_the_host() -> None:
    providers = Providers()
    given = settings(engine={"tones": {"host": "process", "library": "/opt/x.so"}})
    async with open_house(given, registry=providers.registry()) as house, house.engines.tts(""):
        pass
    assert providers.options == [{"library": "/opt/x.so"}]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"engine": {"nobody": {"host": "worker"}}},
            "SYRINX_ENGINE__NOBODY__.*there are companion, ear, silero, tones",
        ),
        ({"engine": {"tones": {"host": "moon"}}}, "SYRINX_ENGINE__TONES__HOST is 'moon': process or worker"),
        ({"tts": "nobody"}, "SYRINX_TTS is 'nobody'.*there are tones"),
        ({"stt": "nobody"}, "SYRINX_STT is 'nobody'.*there are ear"),
        ({"vad": "nobody"}, "SYRINX_VAD is 'nobody'.*there are silero"),
        ({"llm": "nobody"}, "SYRINX_LLM is 'nobody'.*there are companion"),
    ],
)
async def test_settings_that_name_what_is_not_there_keep_the_house_closed(given: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        async with open_house(settings(**given), registry=Providers().registry()):
            pass


async def test_an_engine_that_breaks_while_it_is_loaded_ahead_does_not_end_the_house() -> None:
    providers = Providers()

    def broken(_: Mapping[str, str]) -> ScriptedStt:
        raise FileNotFoundError("a stranger's engine lost its model")

    providers.stt = FakeProvider("stt", "ear", broken)
    async with open_house(settings(), registry=providers.registry()) as house:
        conversation = await house.begin(ConversationSettings())
        for _ in range(20):
            await asyncio.sleep(0)
        conversation.say("are you there")
        assert len(house.conversations) == 1


async def test_the_options_of_a_talk_are_what_a_talk_takes() -> None:
    async with open_house(settings(), registry=Providers().registry()) as house:
        options = await talk_options(house)
        assert [voice.id for voice in options.voices] == ["low", "high", "mittel"]
        assert {language.id: (language.hears, language.speaks) for language in options.languages} == {
            "de": (False, True),
            "en": (True, True),
        }
        for voice in options.voices:
            await house.engines.check(ConversationSettings(voice=voice.id, tts=voice.engine, language=voice.language))
        assert [engine.chosen for engine in options.engines["tts"]] == [True]
        assert not options.engines["llm"][0].remote


@pytest.mark.parametrize(
    ("given", "learner", "destination"),
    [
        ({}, "tones", ""),
        ({"inherited": InheritedSettings(chatterbox_api_url="http://voices.example:4123")}, "far", "voices.example"),
        (
            {"clone": "chatterbox_server", "engine": {"chatterbox_server": {"url": "http://far.example"}}},
            "far",
            "far.example",
        ),
        (
            {"clone": "tones", "inherited": InheritedSettings(chatterbox_api_url="http://voices.example:4123")},
            "tones",
            "",
        ),
    ],
    ids=["here", "by its address", "by its name", "here by its name"],
)
async def test_options_say_who_learns_voices_and_where_samples_go(
    given: dict[str, object], learner: str, destination: str
) -> None:
    providers = Providers()
    providers.tts.info = replace(providers.tts.info, clones=True)
    providers.others = [chatterbox_server.provider]
    async with open_house(settings(**given), registry=providers.registry()) as house:
        options = await talk_options(house)
    learning = [engine for engine in options.engines["tts"] if engine.learns]
    assert [engine.name for engine in learning] == ["chatterbox_server" if learner == "far" else learner]
    assert [(engine.remote, engine.destination) for engine in learning] == [(learner == "far", destination)]


async def test_what_is_raised_inside_comes_out_as_it_is() -> None:
    providers = Providers()

    async def fail() -> None:
        async with open_house(settings(), registry=providers.registry()) as house:
            await house.begin(ConversationSettings())
            raise ConfigurationError("as it is")

    with pytest.raises(ConfigurationError, match="as it is"):
        await fail()
    assert providers.tts.opened == providers.tts.closed == 1


async def test_leaving_the_house_ends_its_talks_and_engines() -> None:
    providers = Providers()
    async with open_house(settings(), registry=providers.registry()) as house:
        conversation = await house.begin(ConversationSettings())
        await house.engines.warm()
    assert conversation.close_reason == "stopping"
    for provider in (providers.tts, providers.stt, providers.vad):
        assert provider.opened == provider.closed == 1


async def test_the_doctor_says_what_works_and_that_a_script_answers() -> None:
    async with open_house(settings(), registry=Providers().registry()) as house:
        findings = {finding.what: finding for finding in await examine(house)}
    assert findings["speaking: tones"].verdict == "works"
    assert findings["speaking: tones"].in_use
    assert findings["language model"].verdict == "attention"
    assert "SYRINX_LLM_URL" in findings["language model"].remedy


async def test_the_doctor_speaks_even_where_nothing_hears() -> None:
    providers = Providers()
    providers.stt.availability = Availability(available=False, reason="no model [big]", remedy="pip install ear[big]")
    async with open_house(settings(), registry=providers.registry()) as house:
        findings = {finding.what: finding for finding in await examine(house)}
        with pytest.raises(SyrinxError, match="syrinx doctor"):
            await house.engines.in_use("stt")
    assert findings["hearing"].verdict == "missing"
    assert findings["hearing"].in_use
    assert findings["hearing: ear"].remedy == "pip install ear[big]"
    assert findings["speaking: tones"].verdict == "works"


async def test_the_doctor_says_who_is_sent_what_is_said() -> None:
    providers = Providers()
    providers.llm = FakeProvider("llm", "openai", lambda _: ScriptedLlm((saying("yes"),)))
    providers.llm.info = replace(providers.llm.info, remote=True)
    given = settings(llm="auto", llm_url="https://models.example/v1", llm_model="m")
    async with open_house(given, registry=providers.registry()) as house:
        findings = {finding.what: finding for finding in await examine(house)}
    assert "models.example" in findings["privacy"].says


async def test_work_in_the_background_that_breaks_is_told_and_ends_nothing_else() -> None:
    async def breaking() -> None:
        raise OSError("the disk is gone")

    async def going_on() -> None:
        await asyncio.Event().wait()

    with capture_logs() as told:
        async with open_house(settings(), registry=Providers().registry()) as house:
            house.in_background(going_on())
            house.in_background(breaking())
            for _ in range(3):
                await asyncio.sleep(0)
            async with house.engines.tts(""):
                pass
    assert [(entry["event"], str(entry["exc_info"])) for entry in told if entry["log_level"] == "error"] == [
        ("work in the background broke off", "the disk is gone")
    ]
