"""What `auto` takes once models are installed, and how a model is named and measured."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar

import pytest
from tests.app.installed_models import FAST, SLOW, Abilities, Store, a_model

from syrinx.app.engine_choice import EngineChoice
from syrinx.app.measuring import Measuring
from syrinx.app.model_shelf import ModelShelf
from syrinx.audio import silence
from syrinx.conversation import ConversationSettings
from syrinx.engines.contract import Availability, Kind
from syrinx.engines.llm.discovery import LlmChoice
from syrinx.engines.pool import EnginePool, PoolSettings
from syrinx.engines.registry import EngineKey, EngineRegistry
from syrinx.engines.stt.contract import SpeechToText, TranscriptionRequest
from syrinx.errors import EngineUnavailable, UnknownEngine, UnknownLanguage, UnknownVoice
from syrinx.testing.fake_llm import ScriptedLlm, saying
from syrinx.testing.fake_stt import ScriptedStt, SttScript
from syrinx.testing.fake_tts import ScriptedTts
from syrinx.testing.fake_vad import ScriptedVad
from syrinx.testing.providers import FakeProvider
from syrinx.testing.stt_conformance import frames_of, listen
from syrinx.testing.virtual_time import run_virtual

CLIP = silence(duration_ms=400, sample_rate_hz=16_000)
AnyEngine = TypeVar("AnyEngine")

MODELS = (
    a_model("whisper-base"),
    a_model("whisper-large", preference=90),
    a_model("kokoro", kind="tts", engine="kokoro"),
    a_model("kokoro-int8", kind="tts", engine="kokoro", preference=55),
    a_model("mind", kind="llm", engine="local", preference=30),
)


class NeedsModel(FakeProvider[AnyEngine]):
    """Its engine cannot be opened without a model's folder."""

    def check(self, options: Mapping[str, str]) -> Availability:
        return Availability(available="path" in options, reason="" if "path" in options else "no model is installed")


class Machine:
    """The embedded engines, those that run models, and a store."""

    def __init__(self) -> None:
        self.store = Store(*MODELS)
        self.abilities = Abilities()
        self.opened: list[tuple[str, str]] = []
        self.registry = EngineRegistry(
            [
                self._ranked(FakeProvider("stt", "plain", lambda _: ScriptedStt((SttScript(text="murky"),))), 10, "en"),
                self._ranked(NeedsModel("stt", "whisper", self._whisper), 50, ""),
                self._ranked(FakeProvider("tts", "basic", lambda _: ScriptedTts()), 10, ""),
                self._ranked(NeedsModel("tts", "kokoro", self._kokoro), 60, ""),
                self._ranked(FakeProvider("llm", "companion", lambda _: ScriptedLlm((saying("hm"),))), 0, ""),
                self._ranked(NeedsModel("llm", "local", self._mind), 30, ""),
                FakeProvider("vad", "silero", lambda _: ScriptedVad()),
            ],
            entry_points_=(),
        )

    @staticmethod
    def _ranked(provider: FakeProvider[AnyEngine], preference: int, languages: str) -> FakeProvider[AnyEngine]:
        provider.info = replace(provider.info, preference=preference, languages=tuple(languages.split()))
        return provider

    def _whisper(self, options: Mapping[str, str]) -> ScriptedStt:
        self._needs_path("whisper", options)
        return ScriptedStt((SttScript(text="clear"),), languages=("en", "de"), detects_language=True)

    def _kokoro(self, options: Mapping[str, str]) -> ScriptedTts:
        self._needs_path("kokoro", options)
        return ScriptedTts()

    def _mind(self, options: Mapping[str, str]) -> ScriptedLlm:
        self._needs_path("local", options)
        return ScriptedLlm((saying("I think so."),))

    def _needs_path(self, engine: str, options: Mapping[str, str]) -> None:
        if "path" not in options:
            raise EngineUnavailable(f"{engine}: no model is installed")
        self.opened.append((engine, options["path"]))

    def install(self, name: str, *, fast: bool | None = True, identity: str = "1") -> None:
        found = self.store.install(name, identity=identity)
        if fast is not None:
            self.abilities.put(found.model.kind, name, identity, FAST if fast else SLOW)

    @asynccontextmanager
    async def choice(self, **wanted: str) -> AsyncGenerator[tuple[EngineChoice, ModelShelf, EnginePool], None]:
        options: dict[EngineKey, Mapping[str, str]] = {}
        pool = EnginePool(self.registry, PoolSettings(options=options))
        shelf = ModelShelf(
            store=self.store, abilities=self.abilities, registry=self.registry, options=options, retire=pool.retire
        )
        shelf.refresh()
        given: dict[Kind, str] = {"tts": "auto", "stt": "auto", "vad": "silero", **wanted}  # pyright: ignore[reportAssignmentType]

        async def find() -> LlmChoice:
            return choice.local_language_model() or LlmChoice(engine="companion", title="a script", reason="none")

        choice = EngineChoice(registry=self.registry, pool=pool, wanted=given, options=options, find=find, shelf=shelf)
        try:
            yield choice, shelf, pool
            assert not [status for status in pool.status() if status.leases]
        finally:
            await pool.aclose()


async def heard_by(engines: EngineChoice, *, name: str = "", language: str = "en") -> str:
    async with engines.stt(name) as ear:
        return (await listen(ear, frames_of(CLIP), TranscriptionRequest(language=language)))[-1].engine


async def test_a_model_serves_the_next_utterance_and_reply_once_it_is_installed() -> None:
    machine = Machine()
    async with machine.choice() as (engines, _, _):
        async with engines.stt("") as ear:
            assert (await listen(ear, frames_of(CLIP)))[-1].engine == "plain"
            machine.install("whisper-base")
            assert (await listen(ear, frames_of(CLIP)))[-1].engine == "whisper-base"
        assert await engines.in_use("tts") == ("basic",)
        assert await engines.in_use("llm") == ("companion",)
        machine.install("kokoro")
        machine.install("mind")
        assert await engines.in_use("tts") == ("kokoro", "basic")
        assert await engines.in_use("llm") == ("mind",)
        async with engines.llm("") as mind, engines.tts("") as voices:
            assert mind.capabilities.is_language_model
            assert voices.engine_for(language="en", voice=None) == "kokoro"
    assert ("whisper", "/models/whisper-base") in machine.opened


async def test_a_model_that_is_removed_serves_no_longer_and_gives_its_memory_back() -> None:
    machine = Machine()
    machine.install("whisper-base")
    async with machine.choice() as (engines, _, pool):
        assert await heard_by(engines) == "whisper-base"
        machine.store.here.clear()
        assert await heard_by(engines) == "plain"
        for _ in range(100):
            await asyncio.sleep(0)
        assert {status.name: status.state for status in pool.status()}["whisper-base"] == "unloaded"


async def test_models_that_come_and_go_count_whoever_looks_at_the_shelf_first() -> None:
    machine = Machine()
    async with machine.choice() as (engines, shelf, _):
        assert await engines.in_use("stt") == ("plain",)
        for name in ("whisper-base", "kokoro", "mind"):
            machine.install(name)
        shelf.refresh()  # as the measuring does, and the route that removes a model
        assert await engines.chosen() == {"stt": ("whisper-base",), "tts": ("kokoro", "basic"), "llm": ("mind",)}
        machine.store.here.clear()
        shelf.refresh()
        assert await heard_by(engines) == "plain"
        assert await engines.chosen() == {"stt": ("plain",), "tts": ("basic",), "llm": ("companion",)}


async def test_a_better_model_that_is_too_slow_here_stands_behind_all_others() -> None:
    machine = Machine()
    machine.install("whisper-large", fast=False)
    async with machine.choice() as (engines, _, _):
        assert await heard_by(engines) == "plain"
        assert await heard_by(engines, language="de") == "whisper-large"  # slow beats none
        assert await heard_by(engines, name="whisper-large") == "whisper-large"
        machine.install("whisper-base")
        assert await heard_by(engines, language="de") == "whisper-base"


async def test_a_model_waits_until_it_is_known_to_keep_up() -> None:
    machine = Machine()
    machine.install("whisper-base", fast=None)
    machine.install("mind", fast=None)
    async with machine.choice() as (engines, _, _):
        assert await heard_by(engines) == "plain"
        assert await engines.in_use("llm") == ("companion",)


async def test_of_the_models_of_one_voice_engine_only_the_best_is_opened_by_itself() -> None:
    machine = Machine()
    machine.install("kokoro")
    machine.install("kokoro-int8")
    async with machine.choice() as (engines, _, _):
        assert await engines.in_use("tts") == ("kokoro", "basic")
        machine.abilities.put("tts", "kokoro", "1", SLOW)
        assert await engines.in_use("tts") == ("kokoro-int8", "basic")
        async with engines.tts_fallback("") as fallback:
            assert fallback is not None
            assert fallback.name == "basic"


async def test_a_talk_that_names_no_voice_begins_without_waiting_for_a_large_one() -> None:
    machine = Machine()
    machine.install("kokoro")
    async with machine.choice() as (engines, _, _):
        assert engines.speaker("", "de-AT") == "kokoro"
        assert engines.speaker("", "fr") is None, "the basic one does not say what it speaks"
        await engines.check(ConversationSettings(language="de-AT"))
        assert not machine.opened
        with pytest.raises(UnknownLanguage):
            await engines.check(ConversationSettings(language="fr"))
        await engines.check(ConversationSettings(voice="low"))
        with pytest.raises(UnknownVoice):
            await engines.check(ConversationSettings(voice="nobody"))


async def test_an_engine_that_needs_a_model_stands_for_its_best_one() -> None:
    machine = Machine()
    machine.install("whisper-base")
    machine.install("whisper-large", fast=False)
    async with machine.choice(stt="whisper") as (engines, _, _):
        assert await engines.in_use("stt") == ("whisper-base",)
        assert await heard_by(engines) == "whisper-base"


async def test_a_model_that_is_not_installed_is_refused_with_the_command_that_brings_it() -> None:
    machine = Machine()
    async with machine.choice() as (engines, _, _):
        for settings in (ConversationSettings(stt="whisper-base"), ConversationSettings(llm="mind")):
            with pytest.raises(EngineUnavailable, match=r"syrinx models pull (whisper-base|mind)"):
                await engines.check(settings)
        with pytest.raises(UnknownEngine, match="there are plain, whisper"):
            await engines.check(ConversationSettings(stt="wisper"))
        machine.install("whisper-base")
        await engines.check(ConversationSettings(stt="whisper-base"))


async def test_a_language_that_no_ear_understands_is_refused_naming_those_that_are() -> None:
    machine = Machine()
    async with machine.choice() as (engines, _, _):
        with pytest.raises(UnknownLanguage, match=r"'fr'.*en"):
            await heard_by(engines, language="fr")
        async with engines.stt("") as ear:
            assert set(ear.capabilities.languages) == {"en"}
        machine.install("whisper-base")
        async with engines.stt("") as ear:
            assert set(ear.capabilities.languages) == {"en", "de"}


async def test_new_files_under_the_same_name_are_opened_anew() -> None:
    machine = Machine()
    machine.install("whisper-base")
    async with machine.choice() as (engines, _, _):
        await heard_by(engines)
        machine.install("whisper-base", identity="2")
        await heard_by(engines)
    assert machine.opened == [("whisper", "/models/whisper-base")] * 2


class TestMeasuring:
    def test_installed_models_are_measured_once_and_used_from_then_on(self) -> None:
        machine = Machine()

        async def run() -> None:
            async with machine.choice() as (engines, shelf, pool):
                measuring = Measuring(shelf=shelf, pool=pool, record=machine.abilities, clip=lambda: CLIP)
                task = asyncio.create_task(measuring.run())
                for name in ("whisper-base", "kokoro", "mind"):
                    machine.install(name, fast=None)
                shelf.refresh()
                assert measuring.pending("stt", "whisper-base")
                await asyncio.sleep(60)
                assert {name for _, name, _ in machine.abilities.known} == {"whisper-base", "kokoro", "mind"}
                assert not measuring.pending("stt", "whisper-base")
                assert await heard_by(engines) == "whisper-base"
                opened = len(machine.opened)
                await asyncio.sleep(60)
                assert len(machine.opened) == opened
                task.cancel()
                await asyncio.wait([task])

        run_virtual(run())

    def test_a_model_that_breaks_is_left_alone_until_its_files_change(self) -> None:
        machine = Machine()
        broken: list[str] = []

        def breaking(options: Mapping[str, str]) -> SpeechToText:
            broken.append(options["path"])
            raise EngineUnavailable("its files are no model")

        machine.registry = EngineRegistry(
            [NeedsModel("stt", "whisper", breaking), FakeProvider("llm", "companion", lambda _: ScriptedLlm(()))],
            entry_points_=(),
        )
        machine.store.install("whisper-base")

        async def run() -> None:
            async with machine.choice() as (_, shelf, pool):
                measuring = Measuring(shelf=shelf, pool=pool, record=machine.abilities, clip=lambda: CLIP)
                task = asyncio.create_task(measuring.run())
                await asyncio.sleep(60)
                assert len(broken) == 1
                assert not measuring.pending("stt", "whisper-base")
                assert measuring.failure("stt", "whisper-base") == "its files are no model"
                machine.store.install("whisper-base", identity="2")
                await asyncio.sleep(60)
                assert len(broken) == 2
                task.cancel()
                await asyncio.wait([task])

        run_virtual(run())
        assert not machine.abilities.known


async def test_a_talk_whose_language_is_to_be_found_out_needs_an_ear_that_does() -> None:
    machine = Machine()
    async with machine.choice() as (engines, _, _):
        with pytest.raises(UnknownLanguage, match=r"name it, or get one that does"):
            await engines.check(ConversationSettings(language="auto"))
        with pytest.raises(UnknownLanguage, match=r"name it"):
            await engines.check(ConversationSettings(language="auto", stt="plain"))
        machine.install("whisper-base")
        await engines.check(ConversationSettings(language="auto"))
        assert await heard_by(engines, language="auto") == "whisper-base"
