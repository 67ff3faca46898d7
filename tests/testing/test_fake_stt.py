"""The scripted recogniser keeps to its script and counts time in audio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest

from syrinx.audio.pcm import PcmChunk, silence
from syrinx.engines.stt.contract import HeardAudio, Pause, RecognizedSegment, Transcript, TranscriptionRequest
from syrinx.errors import BadAudio, EngineError, UnknownLanguage
from syrinx.testing.fake_stt import ScriptedStt, SttScript
from syrinx.testing.stt_conformance import frames_of, listen


async def heard(items: Iterable[HeardAudio]) -> AsyncIterator[HeardAudio]:
    for item in items:
        yield item


def ms(duration_ms: float) -> PcmChunk:
    return silence(duration_ms=duration_ms, sample_rate_hz=16_000)


async def transcribed(stt: ScriptedStt, *items: HeardAudio) -> list[Transcript]:
    return [transcript async for transcript in stt.transcribe(heard(items), TranscriptionRequest())]


async def test_partials_come_when_their_audio_has_come() -> None:
    stt = ScriptedStt((SttScript(partials=((200, "what"), (400, "what is")), text="what is it"),))
    told = await transcribed(stt, ms(100), ms(100), ms(100), ms(100), ms(100))
    assert [(t.text, t.final) for t in told] == [("what", False), ("what is", False), ("what is it", True)]


async def test_a_pause_settles_what_was_heard_so_far() -> None:
    stt = ScriptedStt((SttScript(partials=((100, "what"), (300, "what is")), text="what is it"),))
    told = await transcribed(stt, ms(200), Pause(), ms(200), Pause())
    assert [t.text for t in told if t.settled] == ["what", "what is it"]
    assert [t.text for t in told if t.final] == ["what is it"]


async def test_settling_takes_the_scripted_time_and_the_end_after_it_none() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    stt = ScriptedStt((SttScript(text="yes", settle_delay_s=0.2),), sleep=sleep)
    await transcribed(stt, ms(100), Pause())
    assert slept == [0.2]
    await transcribed(stt, ms(100))
    assert slept == [0.2, 0.2]


async def test_each_utterance_plays_the_next_script_and_the_last_one_repeats() -> None:
    stt = ScriptedStt((SttScript(text="one"), SttScript(text="two")))
    finals = [(await transcribed(stt, ms(100)))[-1].text for _ in range(3)]
    assert finals == ["one", "two", "two"]


async def test_a_failing_script_raises_when_its_audio_has_come() -> None:
    stt = ScriptedStt((SttScript(partials=((100, "he"),), failure="raises", failure_after_ms=200),))
    transcripts = stt.transcribe(heard([ms(100), ms(100)]), TranscriptionRequest())
    assert (await anext(transcripts)).text == "he"
    with pytest.raises(EngineError):
        await anext(transcripts)
    assert stt.active == 0


async def test_an_empty_script_reads_everything_and_says_nothing() -> None:
    stt = ScriptedStt((SttScript(text="never", failure="empty"),))
    assert await transcribed(stt, ms(100), Pause(), ms(100)) == []


async def test_a_hanging_script_ends_when_it_is_cancelled() -> None:
    stt = ScriptedStt((SttScript(text="never", failure="hangs"),))
    task = asyncio.create_task(transcribed(stt, ms(100)))
    await asyncio.sleep(0)
    assert stt.active == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stt.active == 0


async def test_wrong_rates_and_languages_are_refused_with_what_is_right() -> None:
    stt = ScriptedStt()
    with pytest.raises(BadAudio, match="16000 Hz"):
        await transcribed(stt, silence(duration_ms=20, sample_rate_hz=48_000))
    with pytest.raises(UnknownLanguage, match="en"):
        await anext(stt.transcribe(heard([]), TranscriptionRequest(language="tlh")))


async def test_what_no_later_text_of_the_script_changes_is_called_stable() -> None:
    script = SttScript(partials=((200, "what"), (400, "what his"), (600, "what is")), text="what is it")
    told = await listen(ScriptedStt((script,)), frames_of(silence(duration_ms=800, sample_rate_hz=16_000)))
    assert [transcript.text[: transcript.stable_chars] for transcript in told] == [
        "what",
        "what ",
        "what is",
        "what is it",
    ]


async def test_only_of_a_recording_it_tells_how_far_it_is_and_the_segments() -> None:
    segments = (RecognizedSegment(text="what is it", start_ms=0.0, end_ms=300.0),)
    stt = ScriptedStt((SttScript(text="what is it", segments=segments),))
    audio = frames_of(silence(duration_ms=320, sample_rate_hz=16_000))
    assert ((await listen(stt, audio))[-1].heard_ms, (await listen(stt, audio))[-1].segments) == (None, ())
    of_a_recording = (await listen(stt, audio, TranscriptionRequest(recording=True)))[-1]
    assert (of_a_recording.heard_ms, of_a_recording.segments) == (320.0, segments)
