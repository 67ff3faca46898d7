"""What `syrinx verify` says of engines whose behaviour is known, and of those that come with Syrinx."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from rich.console import Console
from tests.app.installed_models import FAST, SLOW, Store, a_model

from syrinx.app.house import House, open_house
from syrinx.app.model_shelf import ModelShelf
from syrinx.app.settings import Settings
from syrinx.app.verification import VERIFIED_KINDS, Hearing, Speaking, Thinking, Verification, VerifiedKind
from syrinx.app.verifier import Verifier
from syrinx.app.verifying import NotVerified, remember_in_house, verify
from syrinx.audio import silence
from syrinx.engines.abilities import SENTENCES, Ability
from syrinx.engines.contract import Availability, Kind, Provider
from syrinx.engines.llm.contract import LlmCapabilities
from syrinx.engines.registry import EngineRegistry
from syrinx.errors import EngineUnavailable, UnknownEngine
from syrinx.testing.audio import sine
from syrinx.testing.fake_llm import LlmScript, ScriptedLlm, saying
from syrinx.testing.fake_stt import ScriptedStt, SttScript
from syrinx.testing.fake_tts import ScriptedTts, TtsScript
from syrinx.testing.fake_vad import ScriptedVad
from syrinx.testing.human_clips import HumanClip, human_clips
from syrinx.testing.providers import FakeProvider
from syrinx.testing.virtual_time import VirtualTimeLoop, virtual_now_s, virtual_time

pytestmark = pytest.mark.usefixtures("clean_environment", "database_in_virtual_time")

SAID = "The ship came home."
CLIPS = (HumanClip(name="ship", text=SAID, audio=sine(200, duration_ms=2000, sample_rate_hz=16_000)),)
SENTENCE = SENTENCES["en"]
PARIS = "The capital of France is Paris."


@pytest.fixture
def database_in_virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The house's database works in a thread of its own, of which the loop has to be told."""

    def told_of(work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def wrapped(*given: Any, **named: Any) -> Any:
            loop = asyncio.get_running_loop()
            working = work(*given, **named)
            return await (loop.while_a_thread_works(working) if isinstance(loop, VirtualTimeLoop) else working)

        return wrapped

    for name in ("_connect", "_execute", "close"):
        monkeypatch.setattr(aiosqlite.Connection, name, told_of(getattr(aiosqlite.Connection, name)))


class Engines:
    """One engine of each kind; what a test changes before the house is opened is what it gets."""

    def __init__(self) -> None:
        self.ear = ScriptedStt(lambda _: self.understood)
        self.understood = SttScript(text="the ship came home", settle_delay_s=0.2)
        self.voice = ScriptedTts(TtsScript(first_chunk_s=0.1, real_time_factor=0.1))
        self.mind = ScriptedLlm(lambda _: saying(PARIS), first_token_ms=500, token_ms=50)
        self.ears = FakeProvider("stt", "ear", lambda _: self.ear)
        self.voices = FakeProvider("tts", "tones", lambda _: self.voice)
        self.minds = FakeProvider("llm", "mind", lambda _: self.mind)
        self.remembered: list[tuple[Kind, str, Ability]] = []

    def registry(self) -> EngineRegistry:
        vad = FakeProvider("vad", "silero", lambda _: ScriptedVad())
        companion = FakeProvider("llm", "companion", lambda _: ScriptedLlm((saying("I am a script."),)))
        providers: list[Provider[object]] = [self.ears, self.voices, self.minds, companion, vad]
        return EngineRegistry(providers, entry_points_=())

    def remember(self, house: House, kind: Kind, engine: str, ability: Ability) -> None:
        self.remembered.append((kind, engine, ability))

    async def verified(
        self, kind: VerifiedKind, *, name: str | None = None, remote: bool = False, **given: Any
    ) -> Verification:
        async with open_house(settings(**given), registry=self.registry()) as house:
            verifier = Verifier(house=house, remote=remote, remember=self.remember, clips=CLIPS, clock=virtual_now_s)
            return await verifier.verify(kind, name)


def settings(**given: object) -> Settings:
    return Settings(**{"llm": "mind", **given})  # pyright: ignore[reportArgumentType]


def remote(provider: FakeProvider[Any]) -> None:
    provider.info = replace(provider.info, remote=True)


@virtual_time
async def test_an_ear_that_understands_in_time_is_good() -> None:
    engines = Engines()
    found = await engines.verified("stt")
    assert (found.verdict, found.engine, found.says) == ("good", "ear", "good for a talk on this machine")
    assert isinstance(found.found, Hearing)
    assert (found.found.errors.wrong, found.found.errors.of) == (0, 4)
    assert found.found.final_after_s == pytest.approx(0.2)
    assert found.ability is not None
    assert found.ability.first_s == pytest.approx(0.2)
    assert engines.remembered == [("stt", "ear", found.ability)]
    assert (engines.ear.active, engines.ears.closed) == (0, 1)


@virtual_time
async def test_a_clip_is_played_at_the_pace_of_speech() -> None:
    engines = Engines()
    begun_s = virtual_now_s()
    await engines.verified("stt")
    played_s = 2.0 + 0.4  # with the quiet around it
    measured_s = 2 * 0.2
    assert virtual_now_s() - begun_s == pytest.approx(played_s + 0.2 + measured_s)


@pytest.mark.parametrize(
    ("script", "verdict", "says"),
    [
        (SttScript(text="the sheep came home", settle_delay_s=0.2), "good", "good for a talk"),
        (SttScript(text="the sheep come home", settle_delay_s=0.2), "attention", "it mishears 50 % of the words"),
        (SttScript(text="a thousand years ago"), "fails", "does not understand people: 4 mistakes in 4 words"),
        (SttScript(text="the ship came home", settle_delay_s=1.5), "fails", "1.50 s after the last word, where 1.2 s"),
        (SttScript(failure="raises"), "fails", "the scripted recogniser failed"),
        (SttScript(failure="empty"), "fails", "without"),
    ],
)
def test_an_ear_is_judged_by_what_a_talk_needs(script: SttScript, verdict: str, says: str) -> None:
    @virtual_time
    async def test() -> None:
        engines = Engines()
        engines.understood = script
        found = await engines.verified("stt")
        assert (found.verdict, says in found.says) == (verdict, True), found.says

    test()


@virtual_time
async def test_an_ear_of_another_language_is_measured_without_being_judged_on_english() -> None:
    engines = Engines()
    engines.ear = ScriptedStt((SttScript(text="egal", settle_delay_s=0.2),), languages=("de",))
    found = await engines.verified("stt", language="de")
    assert (found.verdict, found.found) == ("attention", Hearing(clips=()))
    assert "the recordings are English" in found.says
    assert found.ability is not None
    assert {request.language for request in engines.ear.requests} == {"de"}


@virtual_time
async def test_what_the_ear_learnt_of_the_speaker_is_given_back_to_it() -> None:
    engines = Engines()
    engines.understood = SttScript(text="the ship came home", adaptation="a low voice")
    async with open_house(settings(), registry=engines.registry()) as house:
        verifier = Verifier(house=house, remote=False, remember=None, clips=CLIPS * 2, clock=virtual_now_s)
        await verifier.verify("stt")
    given = [request.adaptation or "" for request in engines.ear.requests]
    assert [each.endswith("a low voice") for each in given] == [False, True, False, False]


@virtual_time
async def test_a_voice_goes_round_through_the_ear_in_use() -> None:
    engines = Engines()
    engines.understood = SttScript(text=SENTENCE)
    found = await engines.verified("tts")
    assert (found.verdict, found.engine, found.says) == ("good", "tones", "good for a talk on this machine")
    assert isinstance(found.found, Speaking)
    assert found.found.round_trip is not None
    assert (found.found.round_trip.ear, found.found.round_trip.errors.wrong) == ("ear", 0)
    assert found.found.voices == 3
    assert found.found.sound.duration_s == pytest.approx(0.05 * len(SENTENCE), abs=0.01)
    assert found.ability is not None
    assert found.ability.first_s == pytest.approx(0.1)
    assert engines.remembered == [("tts", "tones", found.ability)]


@virtual_time
async def test_a_voice_that_is_misheard_is_to_be_listened_to() -> None:
    engines = Engines()
    found = await engines.verified("tts")
    assert found.verdict == "attention"
    assert "ear mishears" in found.says
    assert "listen to it" in found.says


@virtual_time
async def test_a_voice_whose_language_no_ear_knows_is_judged_without() -> None:
    found = await Engines().verified("tts", language="de")
    assert found.verdict == "good"
    assert "no ear here could check its words" in found.says
    assert isinstance(found.found, Speaking)
    assert (found.found.text, found.found.round_trip) == (SENTENCES["de"], None)


@virtual_time
async def test_a_broken_ear_does_not_condemn_the_voice() -> None:
    engines = Engines()
    engines.understood = SttScript(failure="raises")
    found = await engines.verified("tts")
    assert found.verdict == "good"
    assert "the scripted recogniser failed" in found.says


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (TtsScript(first_chunk_s=1.5), "its first sound takes 1.50 s, where 1 s would do"),
        (TtsScript(real_time_factor=1.2), "a second of speech takes 1.18 s to make, where 0.8 s would do"),
        (TtsScript(fail="raise"), "the scripted engine fails"),
        (TtsScript(fail="empty"), "finished without producing anything"),
    ],
)
def test_a_voice_that_falters_fails(script: TtsScript, says: str) -> None:
    @virtual_time
    async def test() -> None:
        engines = Engines()
        engines.voice = ScriptedTts(script)
        found = await engines.verified("tts")
        assert (found.verdict, says in found.says) == ("fails", True), found.says

    test()


@virtual_time
async def test_a_language_model_that_knows_and_is_quick_is_good() -> None:
    engines = Engines()
    found = await engines.verified("llm")
    assert (found.verdict, found.engine) == ("good", "mind")
    assert isinstance(found.found, Thinking)
    assert (found.found.answer, found.found.cancel_s) == (PARIS, 0.0)
    assert found.ability is not None
    assert found.ability.first_s == pytest.approx(0.5)
    assert engines.remembered == [("llm", "mind", found.ability)]
    assert (engines.mind.active, engines.mind.closed_early) == (0, 1)


@pytest.mark.parametrize(
    ("mind", "verdict", "says"),
    [
        (ScriptedLlm((saying("It is Lyon."),)), "attention", "its answer does not name Paris"),
        (ScriptedLlm((saying("?! ..."),)), "fails", "it answered without words"),
        (ScriptedLlm((saying(PARIS),), first_token_ms=3000), "fails", "its first words take 3.00 s, where 2.5 s"),
        (ScriptedLlm((saying(PARIS),), token_ms=500), "fails", "tokens a second, where 6 would do"),
        (ScriptedLlm((LlmScript(failure="empty"),)), "fails", "without"),
        (
            ScriptedLlm(
                (saying("I am a script."),), capabilities=LlmCapabilities(model="script", is_language_model=False)
            ),
            "attention",
            "a script answers",
        ),
    ],
)
def test_a_language_model_is_judged_by_what_a_talk_needs(mind: ScriptedLlm, verdict: str, says: str) -> None:
    @virtual_time
    async def test() -> None:
        engines = Engines()
        engines.mind = mind
        found = await engines.verified("llm")
        assert (found.verdict, says in found.says) == (verdict, True), found.says

    test()


@pytest.mark.parametrize("kind", VERIFIED_KINDS)
def test_nothing_is_sent_away_unasked(kind: VerifiedKind) -> None:
    @virtual_time
    async def test() -> None:
        engines = Engines()
        remote({"stt": engines.ears, "tts": engines.voices, "llm": engines.minds}[kind])
        # A voice or an ear elsewhere is in use only where the settings name it.
        found = await engines.verified(kind, stt="ear", tts="tones")
        assert (found.verdict, found.remedy, engines.remembered) == ("skipped", "--remote asks it", [])
        assert "a service elsewhere" in found.says
        assert engines.ears.opened + engines.voices.opened + engines.minds.opened == 0

    test()


@virtual_time
async def test_a_language_model_at_an_address_of_this_machine_stays_here() -> None:
    engines = Engines()
    remote(engines.minds)
    assert (await engines.verified("llm", llm_url="http://127.0.0.1:8080/v1")).verdict == "good"
    elsewhere = await engines.verified("llm", llm_url="https://example.org/v1")
    assert (elsewhere.verdict, "send words to example.org" in elsewhere.says) == ("skipped", True)


@virtual_time
async def test_a_voice_is_not_sent_to_an_ear_elsewhere_unasked() -> None:
    engines = Engines()
    remote(engines.ears)
    found = await engines.verified("tts", stt="ear")
    assert isinstance(found.found, Speaking)
    assert "would send them" in found.found.no_round_trip
    assert not engines.ear.requests


@virtual_time
async def test_an_engine_elsewhere_is_asked_when_told_to() -> None:
    engines = Engines()
    remote(engines.minds)
    assert (await engines.verified("llm", remote=True)).verdict == "good"


@virtual_time
async def test_an_engine_that_cannot_be_opened_fails_with_its_reason() -> None:
    engines = Engines()

    def missing(_: Mapping[str, str]) -> ScriptedStt:
        raise EngineUnavailable("its model is missing: syrinx models pull ear")

    engines.ears = FakeProvider("stt", "ear", missing)
    found = await engines.verified("stt")
    assert (found.verdict, found.engine) == ("fails", "ear")
    assert "syrinx models pull ear" in found.says


@virtual_time
async def test_no_engine_at_all_is_said() -> None:
    engines = Engines()
    engines.ears.availability = Availability(available=False, reason="no library")
    found = await engines.verified("stt")
    assert (found.verdict, found.engine) == ("fails", "")
    assert "no library" in found.says


async def printed(
    engines: Engines, kinds: Sequence[VerifiedKind] = VERIFIED_KINDS, **given: Any
) -> tuple[str, NotVerified | None]:
    screen = io.StringIO()
    failure: NotVerified | None = None
    try:
        await verify(
            settings(),
            kinds,
            console=Console(file=screen, width=100),
            clips=CLIPS,
            registry=engines.registry(),
            clock=virtual_now_s,
            **given,
        )
    except NotVerified as error:
        failure = error
    return screen.getvalue(), failure


async def test_what_is_found_of_a_model_is_remembered_for_the_choice_of_engines(tmp_path: Path) -> None:
    store = Store(a_model("whisper-tiny"))
    store.install("whisper-tiny", identity="these files")
    async with open_house(settings(home=tmp_path), registry=Engines().registry()) as house:
        shelf = ModelShelf(
            store=store,
            abilities=house.abilities,
            registry=EngineRegistry(entry_points_=()),
            options={},
            retire=lambda _kind, _name: None,
        )
        shelf.refresh()
        remember_in_house(replace(house, shelf=shelf), "stt", "whisper-tiny", SLOW)
        remember_in_house(house, "stt", "ear", FAST)
        assert shelf.in_real_time("stt", "whisper-tiny") is False
    kept = json.loads((tmp_path / "abilities.json").read_text())["abilities"]
    assert [(each["name"], each["identity"]) for each in kept] == [("whisper-tiny", "these files")]


@virtual_time
async def test_people_read_what_was_said_what_was_understood_and_a_verdict() -> None:
    text, failure = await printed(Engines())
    assert failure is None
    for line in (
        "good hearing: ear",
        "Good for a talk on this machine.",
        SAID,
        "the ship came home",
        "0 of 4 (0 %)",
        "0.20 s after the last word",
        "good thinking: mind",
        PARIS,
        "note speaking: tones",
        "after 0.10 s",
    ):
        assert line in text


@virtual_time
async def test_programs_read_json_and_nothing_else() -> None:
    text, failure = await printed(Engines(), as_json=True)
    assert failure is None
    told = json.loads(text)
    assert told["good"]
    assert [(each["kind"], each["engine"]) for each in told["engines"]] == [
        ("stt", "ear"),
        ("tts", "tones"),
        ("llm", "mind"),
    ]
    assert told["engines"][0]["found"]["errors"]["rate"] == 0.0
    assert told["engines"][1]["ability"]["first_s"] == pytest.approx(0.1)


@virtual_time
async def test_one_that_fails_is_printed_among_the_others_and_ends_the_command_with_an_error() -> None:
    engines = Engines()
    engines.mind = ScriptedLlm((saying("..."),))
    text, failure = await printed(engines, as_json=True)
    assert failure is not None
    assert failure.message == "mind: it answered without words"
    assert not json.loads(text)["good"]
    assert len(json.loads(text)["engines"]) == 3


@virtual_time
async def test_an_engine_that_is_named_is_verified_as_what_it_is() -> None:
    text, _ = await printed(Engines(), engine="tones", as_json=True)
    assert [each["kind"] for each in json.loads(text)["engines"]] == ["tts"]


@virtual_time
async def test_a_model_that_is_not_installed_fails_with_the_command_that_brings_it() -> None:
    text, failure = await printed(Engines(), engine="whisper-base", as_json=True)
    (told,) = json.loads(text)["engines"]
    assert (told["kind"], told["verdict"]) == ("stt", "fails")
    assert failure is not None
    assert "syrinx models pull whisper-base" in failure.message


@virtual_time
async def test_an_engine_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownEngine, match="nobody"):
        await printed(Engines(), engine="nobody")


@virtual_time
async def test_an_interruption_leaves_nothing_behind() -> None:
    engines = Engines()
    work = asyncio.create_task(engines.verified("stt"))
    await asyncio.sleep(1.0)
    assert engines.ear.active == 1
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert (engines.ear.active, engines.ears.opened, engines.ears.closed) == (0, 1, 1)


async def test_the_engines_that_come_with_syrinx_can_be_verified() -> None:
    # One short recording, so that this takes seconds; the machine that runs the tests may be too busy to be quick.
    clip = min(human_clips(), key=lambda each: each.audio.duration_ms)
    screen = io.StringIO()
    failure = "too slow"
    try:
        await verify(settings(llm="companion"), clips=(clip,), as_json=True, console=Console(file=screen, width=100))
    except NotVerified as error:
        failure = error.message
    assert "too slow" in failure
    ear, voice, mind = json.loads(screen.getvalue())["engines"]
    assert ear["found"]["errors"]["rate"] <= 0.5
    assert ear["memory_bytes"] is None or ear["memory_bytes"] > 20_000_000
    assert voice["found"]["round_trip"]["heard"]
    assert voice["found"]["voices"] > 1
    assert voice["ability"]["real_time_factor"] < 0.8
    assert (mind["verdict"], mind["found"]["scripted"]) == ("attention", True)


def test_silence_is_no_voice() -> None:
    from syrinx.app.verification_checks import sound_of
    from syrinx.app.verification_verdicts import judge

    ability = Ability(real_time_factor=0.1, first_s=0.1, measured_at="")
    for clip, says in {
        silence(duration_ms=500, sample_rate_hz=24_000): "100 % of it is silence",
        sine(200, duration_ms=500, amplitude=0.005): "too quiet",
        sine(200, duration_ms=500, amplitude=1.0): "too loud",
        silence(duration_ms=0, sample_rate_hz=24_000): "100 % of it is silence",
    }.items():
        found = Speaking(language="en", text="", voices=1, sound=sound_of(clip), round_trip=None)
        judged = judge("tts", ability, found)
        assert (judged.verdict, says in judged.says) == ("fails", True), judged.says
