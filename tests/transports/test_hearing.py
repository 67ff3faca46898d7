"""An upload that is understood: what is told of it, what is refused early, and what is left of it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, AsyncIterator

import pytest
from tests.transports.speech_house import ScriptedHouse, ScriptedMedia, recording

from syrinx.audio import PcmChunk
from syrinx.engines.stt.contract import Transcript
from syrinx.errors import BadAudio, EngineBusy, EngineEmpty, EngineError
from syrinx.speech.recordings import RecordingHeard, RecordingRequest
from syrinx.testing.fake_speech import ScriptedTranscriber
from syrinx.transports.http.hearing import Hearing, open_hearing
from syrinx.transports.http.language_names import language_name

ASKED = RecordingRequest()


def wav(*, duration_ms: float = 3000.0) -> io.BytesIO:
    return io.BytesIO(recording(duration_ms=duration_ms))


async def texts_of(hearing: Hearing) -> list[str]:
    return [heard.transcript.text async for heard in hearing.items()]


async def test_what_is_heard_comes_in_order_and_the_whole_last() -> None:
    house = ScriptedHouse(transcriber=ScriptedTranscriber(words=("one", "two", "three")))
    async with open_hearing(house.opened(), wav(), ASKED) as hearing:
        await hearing.begun()
        assert await texts_of(hearing) == ["one", "one two", "one two three", "one two three"]
        assert hearing.time.sound_ms == 3000.0
    assert not house.at_work


async def test_the_final_words_can_be_had_alone() -> None:
    house = ScriptedHouse()
    async with open_hearing(house.opened(), wav(), ASKED) as hearing:
        heard = await hearing.final()
    assert (heard.transcript.text, heard.duration_ms) == ("hello there", 3000.0)


@pytest.mark.parametrize("read_on", [True, False])
async def test_it_has_begun_when_the_ear_asks_for_more(read_on: bool) -> None:
    house = ScriptedHouse(media=ScriptedMedia(chunk_s=0.001))
    async with open_hearing(house.opened(), wav(duration_ms=60_000.0), ASKED) as hearing:
        await hearing.begun()
        assert house.transcriber.active == 1
        if read_on:
            assert (await anext(hearing.items())).transcript.text == "hello"
    assert not house.at_work


async def test_a_recording_of_no_length_begins_and_ends() -> None:
    house = ScriptedHouse(transcriber=ScriptedTranscriber(words=()))
    async with open_hearing(house.opened(), wav(duration_ms=0.0), ASKED) as hearing:
        await hearing.begun()
        assert await texts_of(hearing) == [""]


class Refusing:
    """An ear that says no before it takes anything."""

    async def __call__(
        self, audio: AsyncIterator[PcmChunk], request: RecordingRequest
    ) -> AsyncGenerator[RecordingHeard, None]:
        del audio, request
        raise EngineBusy("busy", retry_after_s=1.0)
        yield


async def test_a_refusal_comes_before_it_has_begun() -> None:
    house = ScriptedHouse()
    async with open_hearing(house.opened(transcribe=Refusing()), wav(), ASKED) as hearing:
        with pytest.raises(EngineBusy):
            await hearing.begun()
    assert not house.at_work


async def test_a_file_that_is_no_sound_never_begins() -> None:
    async with open_hearing(ScriptedHouse().opened(), io.BytesIO(b"words"), ASKED) as hearing:
        with pytest.raises(BadAudio):
            await hearing.begun()


@pytest.mark.parametrize(
    "house",
    [
        ScriptedHouse(transcriber=ScriptedTranscriber(error=EngineError("broken"))),
        ScriptedHouse(media=ScriptedMedia(error=BadAudio("broken"))),
    ],
)
async def test_what_was_heard_before_a_failure_is_told(house: ScriptedHouse) -> None:
    told: list[str] = []

    async def listen(hearing: Hearing) -> None:
        async for heard in hearing.items():
            told.append(heard.transcript.text)  # noqa: PERF401 - an extension would lose them all

    async with open_hearing(house.opened(), wav(), ASKED) as hearing:
        with pytest.raises((EngineError, BadAudio), match="broken"):
            await listen(hearing)
    assert told == ["hello", "hello there"]
    assert not house.at_work


class Silent:
    """An ear that ends without its last word."""

    async def __call__(
        self, audio: AsyncIterator[PcmChunk], request: RecordingRequest
    ) -> AsyncGenerator[RecordingHeard, None]:
        del request
        async for chunk in audio:
            yield RecordingHeard(transcript=Transcript(text="hel"), duration_ms=chunk.duration_ms)


async def test_half_a_transcript_is_not_passed_off_as_a_whole_one() -> None:
    async with open_hearing(ScriptedHouse().opened(transcribe=Silent()), wav(), ASKED) as hearing:
        with pytest.raises(EngineEmpty):
            await hearing.final()


async def test_an_ear_is_not_asked_for_more_than_is_read() -> None:
    house = ScriptedHouse()
    made: list[int] = []

    class Eager:
        async def __call__(
            self, audio: AsyncIterator[PcmChunk], request: RecordingRequest
        ) -> AsyncGenerator[RecordingHeard, None]:
            del request
            async for chunk in audio:
                made.append(len(made))
                yield RecordingHeard(transcript=Transcript(text="a"), duration_ms=chunk.duration_ms)

    async with open_hearing(house.opened(transcribe=Eager()), wav(), ASKED) as hearing:
        await hearing.begun()
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(made) <= 2


async def test_the_time_of_the_file_is_told_apart_from_the_ear_s() -> None:
    house = ScriptedHouse(media=ScriptedMedia(chunk_s=0.002))
    async with open_hearing(house.opened(), wav(), ASKED) as hearing:
        await hearing.final()
        time = hearing.time
    assert 0.0 < time.decoding_ms <= time.whole_ms
    assert f'rtf;desc="{time.whole_ms / 3000.0:.3f}"' in time.header()


def test_languages_have_english_names() -> None:
    assert [language_name(tag) for tag in ("en-GB", "cmn", "yue", "x-unknown")] == [
        "English",
        "Chinese",
        "Cantonese",
        "x-unknown",
    ]
