"""Which engines a talk gets."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar

import pytest

from syrinx.app.engine_choice import EngineChoice
from syrinx.conversation import Character, ConversationSettings
from syrinx.engines.contract import Availability, Kind
from syrinx.engines.llm.discovery import LlmChoice
from syrinx.engines.pool import EnginePool, PoolSettings
from syrinx.engines.registry import EngineKey, EngineRegistry
from syrinx.engines.tts.contract import SpeechRequest
from syrinx.errors import EngineUnavailable, SyrinxError, UnknownEngine, UnknownLanguage, UnknownVoice
from syrinx.testing.fake_llm import ScriptedLlm, saying
from syrinx.testing.fake_stt import ScriptedStt
from syrinx.testing.fake_tts import ScriptedTts
from syrinx.testing.fake_vad import ScriptedVad
from syrinx.testing.providers import FakeProvider
from syrinx.testing.tts_conformance import speak

COMPANION = LlmChoice(engine="companion", title="The companion", reason="nothing else was found")
OLLAMA = LlmChoice(engine="openai", title="gemma (Ollama)", reason="it runs", options={"url": "http://127.0.0.1:1/v1"})


AnyEngine = TypeVar("AnyEngine")


class Found:
    """What is found of language models, and how often it was looked."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.model = COMPANION
        self.looks = 0

    async def __call__(self) -> LlmChoice:
        self.looks += 1
        return self.model


class Shelf:
    """Scripted engines by preference, and what was made of their options."""

    def __init__(self) -> None:
        self.voices = {name: ScriptedTts() for name in ("good", "plain", "far")}
        self.options: list[Mapping[str, str]] = []
        self.tts = {
            name: self._ranked(FakeProvider("tts", name, self._voice(name)), preference, remote=name == "far")
            for name, preference in (("good", 20), ("plain", 10), ("far", 90))
        }
        self.ears = {
            name: self._ranked(FakeProvider("stt", name, lambda _: ScriptedStt()), preference)
            for name, preference in (("keen", 20), ("dull", 10))
        }
        self.others = [
            FakeProvider("vad", "silero", lambda _: ScriptedVad()),
            FakeProvider("llm", "companion", self._model),
            FakeProvider("llm", "openai", self._model),
        ]

    def _voice(self, name: str) -> Callable[[Mapping[str, str]], ScriptedTts]:
        return lambda _: self.voices[name]

    def _model(self, options: Mapping[str, str]) -> ScriptedLlm:
        self.options.append(options)
        return ScriptedLlm((saying("yes"),))

    @staticmethod
    def _ranked(provider: FakeProvider[AnyEngine], preference: int, *, remote: bool = False) -> FakeProvider[AnyEngine]:
        provider.info = replace(provider.info, preference=preference, remote=remote)
        return provider

    @asynccontextmanager
    async def choice(self, found: Found | None = None, *, tts: str = "auto") -> AsyncGenerator[EngineChoice, None]:
        found = found or Found()
        registry = EngineRegistry([*self.tts.values(), *self.ears.values(), *self.others], entry_points_=())
        options: dict[EngineKey, Mapping[str, str]] = {}
        pool = EnginePool(registry, PoolSettings(options=options))
        given: dict[Kind, str] = {"tts": tts, "stt": "auto", "vad": "silero"}
        try:
            yield EngineChoice(
                registry=registry, pool=pool, wanted=given, options=options, find=found, clock=lambda: found.now_s
            )
            assert not [status for status in pool.status() if status.leases]
        finally:
            await pool.aclose()


def missing(reason: str) -> Availability:
    return Availability(available=False, reason=reason, remedy="pip install it")


async def test_auto_takes_all_local_voices_the_preferred_first_and_the_best_ear() -> None:
    async with Shelf().choice() as engines:
        assert await engines.chosen() == {"tts": ("good", "plain"), "stt": ("keen",), "llm": ("companion",)}


async def test_a_voice_that_has_come_since_is_found_by_its_name() -> None:
    shelf = Shelf()
    async with shelf.choice() as engines:
        async with engines.all_voices() as voices:
            assert "new" not in [voice.id for voice in voices.voices]
        plain = shelf.voices["plain"]
        plain.voices = (*plain.voices, replace(plain.voices[0], id="new", aliases=()))
        async with engines.all_voices() as voices:
            assert voices.engine_for(language="en", voice="new") == "plain"


async def test_what_is_missing_is_passed_over() -> None:
    shelf = Shelf()
    shelf.tts["good"].availability = missing("no library")
    shelf.ears["keen"].availability = missing("no model")
    async with shelf.choice() as engines:
        assert await engines.in_use("tts") == ("plain",)
        assert await engines.in_use("stt") == ("dull",)


async def test_where_nothing_works_the_reasons_are_named() -> None:
    shelf = Shelf()
    for ear in shelf.ears.values():
        ear.availability = missing("no model")
    async with shelf.choice() as engines:
        with pytest.raises(EngineUnavailable, match=r"keen: no model.*syrinx doctor"):
            await engines.in_use("stt")


async def test_a_remote_engine_is_used_only_by_name() -> None:
    shelf = Shelf()
    async with shelf.choice(tts="far") as engines:
        assert await engines.in_use("tts") == ("far",)
        async with engines.tts("") as voice:
            await speak(voice, SpeechRequest(text="hello", language="en"))
    assert len(shelf.voices["far"].requests) == 1


@pytest.mark.parametrize(
    ("wanted", "asked", "fallback"),
    [
        ("auto", "", "plain"),
        ("auto", "good", "plain"),
        ("auto", "plain", "good"),
        ("plain", "", "good"),
        ("far", "", "plain"),
    ],
)
async def test_the_fallback_is_never_the_one_that_failed(wanted: str, asked: str, fallback: str) -> None:
    async with Shelf().choice(tts=wanted) as engines, engines.tts_fallback(asked) as found:
        assert found is not None
        assert found.name == fallback


async def test_a_single_voice_has_no_fallback() -> None:
    shelf = Shelf()
    shelf.tts["good"].availability = missing("no library")
    async with shelf.choice() as engines:
        async with engines.tts_fallback("") as found:
            assert found is None
        async with engines.tts_fallback("plain") as found:
            assert found is None


async def test_a_voice_engine_that_cannot_be_opened_leaves_the_others_to_speak() -> None:
    shelf = Shelf()

    def broken(_: Mapping[str, str]) -> ScriptedTts:
        raise EngineUnavailable("its library is gone")

    shelf.tts["good"] = shelf._ranked(FakeProvider("tts", "good", broken), 20)
    async with shelf.choice() as engines:
        async with engines.tts("") as voice:
            await speak(voice, SpeechRequest(text="hello", language="en"))
        await engines.check(ConversationSettings(voice="high"))
        with pytest.raises(EngineUnavailable, match="library is gone"):
            async with engines.tts("good"):
                pass
    assert len(shelf.voices["plain"].requests) == 1


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        (ConversationSettings(stt="none"), UnknownEngine, "there are dull, keen"),
        (ConversationSettings(llm="none"), UnknownEngine, "there are companion, openai"),
        (ConversationSettings(tts="none"), UnknownEngine, "there are far, good, plain"),
        (ConversationSettings(language="tlh"), UnknownLanguage, "de, en"),
        (ConversationSettings(language="tlh", voice="low"), UnknownLanguage, "de, en"),
        (ConversationSettings(voice="nobody"), UnknownVoice, "list of voices"),
        (ConversationSettings(tts="plain", voice="good:low"), UnknownVoice, "list of voices"),
        (ConversationSettings(characters=(Character(name="A", voice="x"),)), UnknownVoice, "list of voices"),
    ],
)
async def test_what_could_not_be_served_is_refused(
    settings: ConversationSettings, error: type[SyrinxError], says: str
) -> None:
    async with Shelf().choice() as engines:
        with pytest.raises(error, match=says):
            await engines.check(settings)


@pytest.mark.parametrize(
    "settings",
    [
        ConversationSettings(),
        ConversationSettings(stt="auto", llm="auto", tts="auto", voice="plain:low", language="de"),
        ConversationSettings(tts="plain", voice="plain:low", characters=(Character(name="A", voice="high"),)),
    ],
)
async def test_what_can_be_served_is_served_under_the_same_names(settings: ConversationSettings) -> None:
    async with Shelf().choice() as engines:
        await engines.check(settings)
        async with engines.tts(settings.tts) as voice:
            await speak(voice, SpeechRequest(text="hello", language=settings.language, voice=settings.voice))


async def test_a_model_that_comes_later_is_found_after_ten_seconds_and_not_before() -> None:
    found, shelf = Found(), Shelf()
    async with shelf.choice(found) as engines:
        assert (await engines.language_model()).engine == "companion"
        found.model = OLLAMA
        found.now_s = 9.0
        assert (await engines.language_model()).engine == "companion"
        assert found.looks == 1
        found.now_s = 10.5
        assert (await engines.language_model()).engine == "openai"
        async with engines.llm("auto"):
            pass
        found.now_s = 1000.0
        assert (await engines.language_model()).engine == "openai"
        assert found.looks == 2
    assert shelf.options == [OLLAMA.options]


async def test_warming_loads_what_the_first_turn_needs() -> None:
    shelf = Shelf()
    async with shelf.choice() as engines:
        await engines.warm()
    opened = {provider.info.name for provider in (*shelf.tts.values(), *shelf.ears.values()) if provider.opened}
    assert opened == {"good", "plain", "keen"}
