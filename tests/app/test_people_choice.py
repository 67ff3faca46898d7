"""People's voices among the engines that a talk or a request gets, and the engine that learns them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tests.speech.people import ADA, ADA_HZ, BEN, BEN_HZ, person

from syrinx.accounts.caller import PERSONAL_SCOPES, Caller, calling, current_caller
from syrinx.app.engine_choice import EngineChoice
from syrinx.conversation import Character, ConversationSettings
from syrinx.engines.contract import Availability, Kind, Options, Probe, Provider
from syrinx.engines.llm.discovery import LlmChoice
from syrinx.engines.pool import EnginePool, PoolSettings
from syrinx.engines.registry import EngineKey, EngineRegistry, import_provider
from syrinx.engines.tts.contract import SpeechRequest
from syrinx.errors import EngineUnavailable, UnknownEngine, UnknownVoice
from syrinx.speech import PeopleRead, PersonVoice
from syrinx.testing.audio import dominant_frequency_hz
from syrinx.testing.chatterbox_stand_in import open_chatterbox_stand_in
from syrinx.testing.fake_llm import ScriptedLlm, saying
from syrinx.testing.fake_stt import ScriptedStt
from syrinx.testing.fake_tts import CLONING, PITCH_HZ, ScriptedTts
from syrinx.testing.fake_vad import ScriptedVad
from syrinx.testing.providers import FakeProvider
from syrinx.testing.tts_conformance import speak


class Elsewhere(FakeProvider[ScriptedTts]):
    """An engine at another's, which can be asked whether it is well."""

    def __init__(self, name: str, *, opens: bool = True) -> None:
        super().__init__("tts", name, lambda _: ScriptedTts(cloning=CLONING) if opens else _refused())
        self.info = replace(self.info, remote=True, clones=True, languages=("en",))
        self.found = Probe(healthy=True)

    async def probe(self, options: Options) -> Probe:
        return self.found


def _refused() -> ScriptedTts:
    raise EngineUnavailable("the address is no URL")


def learning(name: str, *, preference: int, languages: tuple[str, ...] = ()) -> FakeProvider[ScriptedTts]:
    provider = FakeProvider("tts", name, lambda _: ScriptedTts(cloning=CLONING))
    provider.info = replace(provider.info, preference=preference, clones=True, languages=languages)
    return provider


@dataclass(kw_only=True)
class Shelf:
    plain: FakeProvider[ScriptedTts] = field(
        default_factory=lambda: FakeProvider("tts", "plain", lambda _: ScriptedTts())
    )
    learners: tuple[Provider[Any], ...] = ()
    options: dict[EngineKey, Options] = field(default_factory=dict[EngineKey, Options])
    people: Mapping[str, Sequence[PersonVoice]] = field(
        default_factory=lambda: {"ada": [person()], "ben": [person(BEN, BEN_HZ)]}
    )
    """By user."""

    async def of_the_caller(self) -> PeopleRead:
        return PeopleRead(self.people.get(current_caller().user, ()))

    @asynccontextmanager
    async def choice(self, *, tts: str = "auto", clone: str = "auto") -> AsyncGenerator[EngineChoice, None]:
        others = [
            FakeProvider("vad", "silero", lambda _: ScriptedVad()),
            FakeProvider("llm", "companion", lambda _: ScriptedLlm((saying("yes"),))),
            FakeProvider("stt", "ear", lambda _: ScriptedStt()),
        ]
        registry = EngineRegistry([self.plain, *self.learners, *others], entry_points_=())
        pool = EnginePool(registry, PoolSettings(options=self.options))
        wanted: dict[Kind, str] = {"tts": tts, "stt": "auto", "vad": "silero"}

        async def find() -> LlmChoice:
            return LlmChoice(engine="companion", title="The companion", reason="nothing else was found")

        try:
            yield EngineChoice(
                registry=registry,
                pool=pool,
                wanted=wanted,
                options=self.options,
                find=find,
                people=self.of_the_caller,
                clone=clone,
            )
            assert not [status for status in pool.status() if status.leases]
        finally:
            await pool.aclose()


def by(user: str) -> Caller:
    return Caller(user=user, scopes=PERSONAL_SCOPES, how="key")


async def heard_hz(engines: EngineChoice, voice: str, *, engine: str = "") -> float:
    async with engines.tts(engine) as voices:
        return dominant_frequency_hz((await speak(voices, SpeechRequest(text="good morning", voice=voice))).audio)


async def test_each_caller_may_name_their_own_voices_and_nobody_elses() -> None:
    async with Shelf(learners=(learning("tones", preference=5),)).choice() as engines:
        for user, own, others, pitch_hz in (("ada", ADA, BEN, ADA_HZ), ("ben", BEN, ADA, BEN_HZ)):
            with calling(by(user)):
                assert await heard_hz(engines, own) == pytest.approx(pitch_hz, rel=0.02)
                with pytest.raises(UnknownVoice):
                    await heard_hz(engines, others)
        with pytest.raises(UnknownVoice):
            await heard_hz(engines, ADA)


async def test_a_talk_may_be_had_with_ones_own_voice_and_not_with_anothers() -> None:
    async with Shelf().choice() as engines:
        with calling(by("ada")):
            await engines.check(ConversationSettings(voice=ADA))
            await engines.check(ConversationSettings(characters=(Character(name="A", voice=ADA, persona=""),)))
            for wrong in (BEN, "voice_that_never_was"):
                with pytest.raises(UnknownVoice):
                    await engines.check(ConversationSettings(voice=wrong))


async def test_an_engine_that_is_named_speaks_a_persons_voice_as_well_as_it_can() -> None:
    shelf = Shelf(learners=(learning("tones", preference=5),))
    shelf.people = {"ada": [person(ADA, 280.0)]}
    async with shelf.choice(clone="tones") as engines:
        with calling(by("ada")):
            for engine, match in (("plain", "approximate"), ("tones", "exact"), ("", "exact"), ("auto", "exact")):
                async with engines.tts(engine) as voices:
                    assert voices.match(ADA, "en") == match
                assert await heard_hz(engines, ADA, engine=engine) == pytest.approx(280.0, rel=0.03)


async def test_of_several_engines_that_learn_the_preferred_one_does_unless_one_is_demanded() -> None:
    learners = (learning("good", preference=60), learning("better", preference=70, languages=("en",)))
    async with Shelf(learners=learners).choice() as engines:
        assert await engines.cloner("en-GB") == "better"
        assert await engines.cloner("de") == "good"
    async with Shelf(learners=learners).choice(clone="good") as engines:
        assert await engines.cloner("en") == "good"
        with calling(by("ada")):
            async with engines.tts("") as voices:
                assert voices.engine_for(language="en", voice=ADA) == "good"
                assert voices.engine_for(language="en", voice=None) == "better"
    assert all(learner.opened <= 1 for learner in learners)


async def test_no_engine_is_opened_to_learn_whether_it_learns() -> None:
    learner = learning("tones", preference=5)
    shelf = Shelf(learners=(learner,))
    async with shelf.choice() as engines:
        assert await engines.cloner("en") == "tones"
    async with Shelf().choice() as engines:
        assert await engines.cloner("en") is None
    assert learner.opened == shelf.plain.opened == 0


async def test_an_engine_elsewhere_learns_voices_only_where_it_is_demanded() -> None:
    far = Elsewhere("far")
    async with Shelf(learners=(far,)).choice() as engines:
        assert await engines.cloner("en") is None
        with calling(by("ada")):
            async with engines.tts("") as voices:
                assert voices.match(ADA, "en") == "approximate"
    assert far.opened == 0
    async with Shelf(learners=(far,)).choice(clone="far") as engines:
        assert await engines.cloner("en") == "far"
        assert await engines.cloner("de") is None
        async with engines.tts("") as voices:  # of somebody who has no voices
            assert voices.engine_for(language="en", voice=None) == "plain"
        assert far.opened == 0
        with calling(by("ada")):
            async with engines.tts("") as voices:
                assert voices.engine_for(language="en", voice=ADA) == "far"
                assert voices.engine_for(language="en", voice=None) == "plain"


async def test_a_demanded_engine_that_is_not_well_is_told_of_and_the_nearest_voice_speaks_meanwhile() -> None:
    far = Elsewhere("far")
    far.found = Probe(healthy=False, reason="Chatterbox service not available: nothing answers")
    async with Shelf(learners=(far,)).choice(clone="far") as engines:
        with pytest.raises(EngineUnavailable, match=r"^Chatterbox service not available") as raised:
            await engines.cloner("en")
        assert raised.value.retryable
        far.availability = Availability(available=False, reason="no address is set", remedy="set one")
        with pytest.raises(EngineUnavailable, match="no address is set"):
            await engines.cloner("en")
    async with Shelf(learners=(Elsewhere("far", opens=False),)).choice(clone="far") as engines:
        with calling(by("ada")):
            async with engines.tts("") as voices:
                assert voices.match(ADA, "en") == "approximate"


async def test_an_engine_that_learns_nothing_or_is_none_cannot_be_demanded() -> None:
    async with Shelf().choice(clone="plain") as engines:
        with pytest.raises(EngineUnavailable, match="learns no voices"):
            await engines.cloner("en")
    async with Shelf().choice(clone="nobody") as engines:
        with pytest.raises(UnknownEngine, match="nobody"):
            await engines.cloner("en")
        with calling(by("ada")):
            async with engines.tts("") as voices:
                assert voices.match(ADA, "en") == "approximate"


async def test_a_voice_that_chatterbox_has_learnt_is_heard_and_what_others_say_never_goes_there() -> None:
    provider = import_provider("syrinx.engines.tts.chatterbox_server:provider", kind="tts")
    async with open_chatterbox_stand_in() as server:
        shelf = Shelf(learners=(provider,), options={("tts", "chatterbox_server"): {"url": server.root}})
        async with shelf.choice(clone="chatterbox_server") as engines:
            assert await engines.cloner("en") == "chatterbox_server"
            with calling(by("ada")):
                assert await heard_hz(engines, ADA) == pytest.approx(ADA_HZ, rel=0.02)
                count = len(server.requests)
                assert count > 0
                assert await heard_hz(engines, "low") == pytest.approx(PITCH_HZ["low"], rel=0.02)
            assert len(server.requests) == count
        shelf.options["tts", "chatterbox_server"] = {"url": "http://127.0.0.1:1"}
        async with shelf.choice(clone="chatterbox_server") as engines:
            with pytest.raises(EngineUnavailable, match=r"^Chatterbox service not available"):
                await engines.cloner("en")
