"""A recording becomes words with times, whatever its ear can and cannot do."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest

from syrinx.audio.pcm import PcmChunk, silence
from syrinx.engines.stt.contract import (
    DETECT,
    HeardAudio,
    RecognizedSegment,
    RecognizedWord,
    SpeechToText,
    SttCapabilities,
    Transcript,
    TranscriptionRequest,
)
from syrinx.errors import BadAudio, EngineBusy, EngineEmpty, EngineError, UnknownEngine, WrongParameter
from syrinx.speech.recordings import RecordingHeard, RecordingRequest, Transcriber
from syrinx.testing.audio import sine
from syrinx.testing.fake_stt import ScriptedStt, SttScript
from syrinx.testing.virtual_time import virtual_time

RATE_HZ = 16_000
TONE = sine(300, duration_ms=1000, sample_rate_hz=RATE_HZ)
PAUSE = silence(duration_ms=2000, sample_rate_hz=RATE_HZ)


class Able:
    """An ear that can what it is said to, and says who it is."""

    def __init__(self, ear: SpeechToText, *, engine: str = "", **able: Any) -> None:
        self.capabilities: SttCapabilities = replace(ear.capabilities, **able)
        self._ear = ear
        self._engine = engine

    async def transcribe(
        self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest
    ) -> AsyncGenerator[Transcript, None]:
        async with aclosing(self._ear.transcribe(audio, request)) as transcripts:
            async for transcript in transcripts:
                yield replace(transcript, engine=self._engine)


@dataclass(kw_only=True)
class Ears:
    """By name, "" among them."""

    ears: dict[str, SpeechToText]
    asked: list[str] = field(default_factory=list[str])
    held: int = 0

    @asynccontextmanager
    async def open(self, name: str) -> AsyncGenerator[SpeechToText, None]:
        self.asked.append(name)
        if name not in self.ears:
            raise UnknownEngine(f"no ear is called {name}")
        self.held += 1
        try:
            yield self.ears[name]
        finally:
            self.held -= 1


class Recording:
    def __init__(self, *chunks: PcmChunk, error: Exception | None = None) -> None:
        self.taken = 0
        self.closed = False
        self._chunks = chunks
        self._error = error

    async def chunks(self) -> AsyncGenerator[PcmChunk, None]:
        try:
            for chunk in self._chunks:
                self.taken += 1
                yield chunk
            if self._error is not None:
                raise self._error
        finally:
            self.closed = True


async def heard_by(
    ear: SpeechToText, *chunks: PcmChunk, request: RecordingRequest | None = None, language: str = "en"
) -> list[RecordingHeard]:
    ears = Ears(ears={"": ear})
    transcriber = Transcriber(ear=ears.open, language=language)
    async with aclosing(Recording(*chunks).chunks()) as audio:
        told = [heard async for heard in transcriber(audio, request or RecordingRequest())]
    assert ears.held == 0
    assert [heard.transcript.final for heard in told] == [False] * (len(told) - 1) + [True]
    return told


@virtual_time
async def test_times_of_the_ear_are_kept() -> None:
    words = (RecognizedWord(text="hello", start_ms=120, end_ms=480),)
    segments = (RecognizedSegment(text="hello", start_ms=120, end_ms=480, confidence=0.5),)
    ear = ScriptedStt((SttScript(text="hello", words=words, segments=segments),))
    final = (await heard_by(ear, TONE))[-1]
    assert (final.transcript.words, final.transcript.segments, final.times) == (words, segments, "exact")
    assert final.duration_ms == pytest.approx(1000)
    assert final.not_applied == ()


@virtual_time
async def test_segments_are_made_where_the_ear_tells_only_words() -> None:
    words = (
        RecognizedWord(text="One.", start_ms=0, end_ms=300),
        RecognizedWord(text="Two.", start_ms=400, end_ms=700),
    )
    final = (await heard_by(ScriptedStt((SttScript(text="One. Two.", words=words),)), TONE))[-1]
    assert [segment.text for segment in final.transcript.segments] == ["One.", "Two."]
    assert final.times == "exact"


@virtual_time
async def test_words_without_times_are_spread_over_the_sound() -> None:
    ear = ScriptedStt((SttScript(text="One two. Three four."),))
    final = (await heard_by(ear, PAUSE, TONE, PAUSE, TONE, PAUSE))[-1]
    words = final.transcript.words
    assert final.times == "estimated"
    assert [word.text for word in words] == ["One", "two.", "Three", "four."]
    assert words[0].start_ms == pytest.approx(2000, abs=40)
    assert words[-1].end_ms == pytest.approx(6000, abs=40)
    for word in words:
        assert 1960 <= word.start_ms <= word.end_ms <= 3040 or 4960 <= word.start_ms <= word.end_ms <= 6040
    assert len(final.transcript.segments) >= 2
    for before, after in pairwise(final.transcript.segments):
        assert before.end_ms <= after.start_ms


@virtual_time
async def test_words_are_estimated_within_the_segments_of_the_ear() -> None:
    segments = (
        RecognizedSegment(text="a b", start_ms=0, end_ms=500),
        RecognizedSegment(text="c", start_ms=500, end_ms=900),
    )
    final = (await heard_by(ScriptedStt((SttScript(text="a b c", segments=segments),)), TONE))[-1]
    assert final.transcript.segments == segments
    assert final.times == "estimated"
    assert [word.text for word in final.transcript.words] == ["a", "b", "c"]
    assert final.transcript.words[1].end_ms <= 500 <= final.transcript.words[2].start_ms


@virtual_time
async def test_silence_has_neither_words_nor_segments() -> None:
    final = (await heard_by(ScriptedStt(), PAUSE))[-1]
    assert (final.transcript.text, final.transcript.words, final.transcript.segments) == ("", (), ())


@virtual_time
async def test_what_is_understood_is_told_as_it_grows_with_how_much_was_read() -> None:
    ear = ScriptedStt((SttScript(text="one two", partials=((1000, "one"), (2000, "one two"))),))
    told = await heard_by(ear, TONE, TONE, TONE)
    assert [heard.transcript.text for heard in told] == ["one", "one two", "one two"]
    assert [heard.duration_ms for heard in told] == [1000, 2000, 3000]
    assert ear.requests[0].recording


@virtual_time
async def test_a_language_left_open_is_found_out_where_the_ear_can_and_else_is_the_houses() -> None:
    finds = ScriptedStt((SttScript(text="oui", detected="fr"),), languages=("en", "fr"), detects_language=True)
    assert (await heard_by(finds, TONE))[-1].transcript.language == "fr"
    assert finds.requests[0].language == DETECT
    knows = ScriptedStt((SttScript(text="ja"),), languages=("de",))
    await heard_by(knows, TONE, language="de")
    assert knows.requests[0].language == "de"
    await heard_by(finds, TONE, request=RecordingRequest(language="en"))
    assert finds.requests[1].language == "en"


@virtual_time
async def test_what_was_asked_for_reaches_the_ear() -> None:
    ear = ScriptedStt((SttScript(text="x"),), translates=True)
    request = RecordingRequest(task="translate", prompt="Syrinx", temperature=0.5, hotwords=("Wyoming",))
    await heard_by(Able(ear, prompts=True, samples=True), TONE, request=request)
    asked = ear.requests[0]
    assert (asked.task, asked.prompt, asked.temperature, asked.hotwords) == ("translate", "Syrinx", 0.5, ("Wyoming",))


@virtual_time
async def test_what_the_ear_cannot_do_is_told() -> None:
    request = RecordingRequest(prompt="Syrinx", temperature=0.5)
    ear = ScriptedStt((SttScript(text="x"),))
    assert (await heard_by(ear, TONE, request=request))[-1].not_applied == ("prompt", "temperature")
    assert (await heard_by(Able(ear, prompts=True), TONE, request=request))[-1].not_applied == ("temperature",)


@virtual_time
async def test_hotwords_that_the_ear_takes_not_are_told_to_who_named_them_and_to_nobody_else() -> None:
    named = RecordingRequest(hotwords=("Syrinx", "SQL"), names_hotwords=True)
    ear = ScriptedStt((SttScript(text="x"),))
    assert (await heard_by(ear, TONE, request=named))[-1].not_applied == ("hotwords",)
    assert (await heard_by(Able(ear, hotwords=True), TONE, request=named))[-1].not_applied == ()
    of_the_dictionary = RecordingRequest(hotwords=("SQL",))
    assert (await heard_by(ear, TONE, request=of_the_dictionary))[-1].not_applied == ()


@virtual_time
async def test_of_several_ears_what_the_one_that_heard_can_do_counts() -> None:
    ear = ScriptedStt((SttScript(text="x"),))
    ears = Ears(ears={"": Able(ear, engine="able"), "able": Able(ear, prompts=True)})
    transcriber = Transcriber(ear=ears.open, language="en")
    async with aclosing(Recording(TONE).chunks()) as audio:
        told = [heard async for heard in transcriber(audio, RecordingRequest(prompt="x"))]
    assert told[-1].not_applied == ()
    assert (ears.asked, ears.held) == (["", "able"], 0)


@virtual_time
async def test_a_temperature_that_cannot_be_is_refused_before_anything_is_opened() -> None:
    ears = Ears(ears={})
    with pytest.raises(WrongParameter, match="0 to 1") as raised:
        await anext(Transcriber(ear=ears.open, language="en")(Recording().chunks(), RecordingRequest(temperature=1.5)))
    assert raised.value.parameter == "temperature"
    assert ears.asked == []


@virtual_time
async def test_an_engine_that_is_not_there_or_busy_reads_nothing() -> None:
    class Busy:
        capabilities = ScriptedStt().capabilities

        async def transcribe(
            self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest
        ) -> AsyncGenerator[Transcript, None]:
            raise EngineBusy("it is busy", retry_after_s=1.0)
            yield  # a generator

    recording = Recording(TONE)
    transcriber = Transcriber(ear=Ears(ears={"busy": Busy()}).open, language="en")
    for engine, error in (("busy", EngineBusy), ("none", UnknownEngine)):
        async with aclosing(recording.chunks()) as audio:
            with pytest.raises(error):
                await anext(transcriber(audio, RecordingRequest(engine=engine)))
    assert recording.taken == 0


@virtual_time
async def test_closing_early_stops_the_ear_and_reads_no_more() -> None:
    ear = ScriptedStt((SttScript(text="a b", partials=((1000, "a"),)),))
    ears = Ears(ears={"": ear})
    recording = Recording(*[TONE] * 10)
    async with aclosing(recording.chunks()) as audio:
        async with aclosing(Transcriber(ear=ears.open, language="en")(audio, RecordingRequest())) as told:
            await anext(told)
        assert (ear.active, ears.held, recording.taken) == (0, 0, 1)
        assert not recording.closed


@virtual_time
async def test_a_recording_that_breaks_off_and_an_ear_that_fails_are_told() -> None:
    ear = ScriptedStt((SttScript(text="x", failure="raises", failure_after_ms=2500),))
    ears = Ears(ears={"": ear})
    transcriber = Transcriber(ear=ears.open, language="en")
    broken = Recording(TONE, error=BadAudio("the file is damaged"))
    for recording, error in ((broken, BadAudio), (Recording(TONE, TONE, TONE), EngineError)):
        async with aclosing(recording.chunks()) as audio:
            with pytest.raises(error):
                async for _ in transcriber(audio, RecordingRequest()):
                    pass
    assert (ear.active, ears.held) == (0, 0)


@virtual_time
async def test_an_ear_that_says_nothing_at_all_is_an_error() -> None:
    with pytest.raises(EngineEmpty):
        await heard_by(ScriptedStt((SttScript(failure="empty"),)), TONE)
