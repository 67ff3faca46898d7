"""What is spoken and listened to is counted for whoever it is done for, and ends where the quota does."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.speech.narrating import Voices

from syrinx.accounts import PERSONAL_SCOPES, Caller, KeyLimits, calling
from syrinx.accounts.counting import open_counting
from syrinx.accounts.limits import Limits
from syrinx.app.metering import MeteredEngines, counting_texts, metered, metered_listening, metered_transcription
from syrinx.audio import PcmChunk
from syrinx.audio.pcm import silence
from syrinx.conversation import FallbackVoice
from syrinx.engines.stt.contract import SpeechToText, Transcript, TranscriptionRequest
from syrinx.engines.tts.contract import SpeechRequest, TextToSpeech
from syrinx.errors import EngineError, QuotaReached, SyrinxError, UnknownVoice
from syrinx.speech.narration import NarrationRequest
from syrinx.speech.narrator import open_narrator
from syrinx.speech.recordings import RecordingRequest, Transcriber
from syrinx.testing.fake_stt import ScriptedStt, SttScript
from syrinx.testing.fake_tts import ScriptedTts, TtsScript

ANN = Caller(user="ann", scopes=PERSONAL_SCOPES, how="jwt")
BOB = replace(ANN, user="bob")
TEXT = "The kettle is on the stove."
SECOND = silence(duration_ms=1000.0, sample_rate_hz=16_000)


@pytest.fixture
async def limits() -> AsyncGenerator[Limits, None]:
    async with open_counting() as counting:
        yield Limits(counting, defaults=KeyLimits(characters_per_day=2 * len(TEXT), audio_seconds_per_day=10))


async def characters_left(limits: Limits, caller: Caller = ANN) -> int:
    left = (await limits.left(caller)).characters
    assert left is not None
    return left.left


async def seconds_left(limits: Limits, caller: Caller = ANN) -> int:
    left = (await limits.left(caller)).audio_seconds
    assert left is not None
    return left.left


async def narrated(limits: Limits, tts: ScriptedTts, request: NarrationRequest, caller: Caller = ANN) -> None:
    async with open_narrator(Voices(engines={"tones": tts}).lease, language="en", cache_bytes=10**6) as narrator:
        with calling(caller):
            narration = await metered(narrator, limits)(request)
        await narration.aclose()


async def test_the_characters_of_each_text_are_counted_for_its_caller(limits: Limits) -> None:
    """ASVS 5.0 V2.4.1 (quotas)."""
    tts = ScriptedTts()
    await narrated(limits, tts, NarrationRequest(text=TEXT))
    assert await characters_left(limits) == len(TEXT)
    await narrated(limits, tts, NarrationRequest(text=TEXT))
    requests = len(tts.requests)
    with pytest.raises(QuotaReached):
        await narrated(limits, tts, NarrationRequest(text="One more."))
    assert len(tts.requests) == requests  # nothing was begun
    await narrated(limits, tts, NarrationRequest(text=TEXT), BOB)
    assert await characters_left(limits, BOB) == len(TEXT)


async def test_what_is_refused_before_it_sounds_costs_nothing(limits: Limits) -> None:
    with pytest.raises(UnknownVoice):
        await narrated(limits, ScriptedTts(), NarrationRequest(text=TEXT, voice="nobody"))
    with pytest.raises(EngineError):
        await narrated(limits, ScriptedTts(TtsScript(fail="raise")), NarrationRequest(text=TEXT))
    assert await characters_left(limits) == 2 * len(TEXT)


async def test_what_a_new_voice_is_to_say_counts_for_who_has_it_learned(limits: Limits) -> None:
    """ASVS 5.0 V2.4.1: voices that are learned and deleted again are no way around the quota."""
    count = counting_texts(limits)
    with calling(ANN):
        await count(TEXT)
        await count("")
        assert await characters_left(limits) == len(TEXT)
        await count(TEXT)
        with pytest.raises(QuotaReached):
            await count("One more.")
    assert await characters_left(limits, BOB) == 2 * len(TEXT)


async def test_consents_that_are_listened_to_count_for_their_caller(limits: Limits) -> None:
    listened: list[float] = []

    async def transcribe(sample: PcmChunk, language: str) -> str:
        listened.append(sample.duration_ms)
        return language

    six = silence(duration_ms=6000.0, sample_rate_hz=24_000)
    with calling(ANN):
        assert await metered_listening(transcribe, limits)(six, "en") == "en"
        assert await seconds_left(limits) == 4
        with pytest.raises(QuotaReached):
            await metered_listening(transcribe, limits)(six, "en")
    assert listened == [6000.0]  # nothing was begun


class Recording:
    """So many seconds of sound, counted as they are taken."""

    def __init__(self, seconds: float) -> None:
        self._left_ms = 1000 * seconds
        self.taken = 0

    async def audio(self) -> AsyncGenerator[PcmChunk, None]:
        while self._left_ms > 0:
            self.taken += 1
            yield silence(duration_ms=min(1000.0, self._left_ms), sample_rate_hz=16_000)
            self._left_ms -= 1000.0


@asynccontextmanager
async def _leased(ear: SpeechToText) -> AsyncGenerator[SpeechToText, None]:
    yield ear


async def transcribed(limits: Limits, recording: Recording, caller: Caller = ANN) -> str:
    ear = ScriptedStt((SttScript(text="hello there"),))
    transcribe = metered_transcription(Transcriber(ear=lambda _: _leased(ear), language="en"), limits)
    text = ""
    with calling(caller):
        async with aclosing(recording.audio()) as audio, aclosing(transcribe(audio, RecordingRequest())) as found:
            async for each in found:
                text = each.transcript.text
    assert ear.active == 0
    return text


async def test_the_sound_of_recordings_is_counted_as_it_is_decoded(limits: Limits) -> None:
    """ASVS 5.0 V2.4.1 (quotas)."""
    assert await transcribed(limits, Recording(3.5)) == "hello there"
    assert await seconds_left(limits) == 6
    assert await transcribed(limits, Recording(6.5)) == "hello there"
    assert await seconds_left(limits) == 0
    with pytest.raises(QuotaReached):
        await transcribed(limits, Recording(0.1))
    assert await transcribed(limits, Recording(9), BOB) == "hello there"


async def test_a_recording_that_is_longer_than_what_is_left_is_not_read_to_its_end(limits: Limits) -> None:
    recording = Recording(3600)
    with pytest.raises(QuotaReached, match="10 s of sound"):
        await transcribed(limits, recording)
    assert recording.taken <= 13


class TalkEngines:
    """What a talk leases; only ears and voices are asked for here."""

    def __init__(self, tts: TextToSpeech, stt: SpeechToText) -> None:
        self._tts = tts
        self._stt = stt

    @asynccontextmanager
    async def stt(self, name: str) -> AsyncGenerator[SpeechToText, None]:
        del name
        yield self._stt

    @asynccontextmanager
    async def tts(self, name: str) -> AsyncGenerator[TextToSpeech, None]:
        del name
        yield self._tts

    @asynccontextmanager
    async def tts_fallback(self, name: str) -> AsyncGenerator[FallbackVoice | None, None]:
        yield FallbackVoice(name="spare", tts=self._tts) if name else None

    def llm(self, name: str) -> Any:
        raise NotImplementedError(name)

    def vad(self) -> Any:
        raise NotImplementedError

    async def check(self, settings: object) -> None:
        raise UnknownVoice(f"checked {settings is not None}")


async def spoken(voice: TextToSpeech, text: str, caller: Caller = ANN) -> int:
    chunks = 0
    with calling(caller):
        async with aclosing(voice.synthesize(SpeechRequest(text=text))) as speech:
            async for _ in speech:
                chunks += 1
    return chunks


async def test_replies_of_talks_are_counted_by_the_fallback_too(limits: Limits) -> None:
    tts = ScriptedTts()
    engines = MeteredEngines(TalkEngines(tts, ScriptedStt()), limits)
    async with engines.tts("") as voice, engines.tts_fallback("tones") as fallback, engines.tts_fallback("") as none:
        assert none is None
        assert fallback is not None
        assert (fallback.name, voice.capabilities, list(voice.voices)) == ("spare", tts.capabilities, list(tts.voices))
        assert await spoken(voice, TEXT)
        assert await spoken(fallback.tts, TEXT)
        assert await characters_left(limits) == 0
        with pytest.raises(QuotaReached):
            await spoken(voice, "More.")
        assert await spoken(voice, "More.", BOB)
    assert tts.active == 0
    with pytest.raises(UnknownVoice, match="checked True"):
        await engines.check(object())  # pyright: ignore[reportArgumentType] - passed on as it is


async def test_a_reply_that_never_sounded_costs_nothing_and_one_that_broke_off_does(limits: Limits) -> None:
    for script, left in ((TtsScript(fail="raise"), 2), (TtsScript(fail="raise", fail_after=2), 1)):
        async with MeteredEngines(TalkEngines(ScriptedTts(script), ScriptedStt()), limits).tts("") as voice:
            with pytest.raises(SyrinxError):
                await spoken(voice, TEXT)
        assert await characters_left(limits) == left * len(TEXT)


async def test_what_is_said_in_talks_is_counted_and_ends_with_the_quota(limits: Limits) -> None:
    ear = ScriptedStt((SttScript(text="hello there"),))

    async def heard(seconds: int) -> list[Transcript]:
        async def audio() -> AsyncIterator[PcmChunk]:
            for _ in range(seconds):
                yield SECOND

        async with MeteredEngines(TalkEngines(ScriptedTts(), ear), limits).stt("") as metered_ear:
            assert metered_ear.capabilities == ear.capabilities
            with calling(ANN):
                async with aclosing(metered_ear.transcribe(audio(), TranscriptionRequest())) as found:
                    return [each async for each in found]

    assert (await heard(7))[-1].text == "hello there"
    assert await seconds_left(limits) == 3
    with pytest.raises(QuotaReached):
        await heard(7)
    assert ear.active == 0
