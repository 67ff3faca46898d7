"""A reply is spoken in order, ahead of its playback, whatever its engines do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace

import numpy as np
import pytest

from syrinx.audio import Samples
from syrinx.engines.tts.contract import Phonemes, SpeechRequest
from syrinx.errors import BadInput, EngineEmpty, EngineError, EngineTimeout, UnknownVoice
from syrinx.speech import SpokenSegment, SynthesisRules, speak_ahead
from syrinx.speech.events import (
    SentenceAudio,
    SentenceEnded,
    SentenceSilent,
    SentenceStarted,
    SentenceWords,
    SynthesisEvent,
    VoiceFellBack,
)
from syrinx.testing.audio import click_ratio, longest_silence_ms
from syrinx.testing.fake_tts import ScriptedTts, TtsScript
from syrinx.testing.virtual_time import virtual_now_s, virtual_time

RULES = SynthesisRules(sentence_pause_ms=200, clause_pause_ms=80, paragraph_pause_ms=400)
FIRST, SECOND, THIRD = "This is the first.", "Here comes a second one.", "And that was the third."


def segment(index: int, text: str, *, spoken: str | None = None, voice: str | None = None) -> SpokenSegment:
    said = text.strip() if spoken is None else spoken
    return SpokenSegment(
        index=index, speaker="Ada", shown=text, spoken=said, request=SpeechRequest(text=said, voice=voice)
    )


async def written(segments: Sequence[SpokenSegment], *, every_s: float = 0.0) -> AsyncGenerator[SpokenSegment, None]:
    for one in segments:
        await asyncio.sleep(every_s)
        yield one


async def reply_of(*texts: str) -> AsyncGenerator[SpokenSegment, None]:
    for index, text in enumerate(texts):
        yield segment(index, text + " ")


async def told(events: AsyncIterator[SynthesisEvent]) -> list[SynthesisEvent]:
    return [event async for event in events]


def shape(events: Sequence[SynthesisEvent]) -> list[str]:
    """The order of what was told, without sound and words."""
    names: list[str] = []
    for event in events:
        match event:
            case SentenceStarted():
                names.append(f"started {event.index}")
            case SentenceEnded():
                names.append(f"ended {event.index}" + (f" by {event.error.code}" if event.error else ""))
            case SentenceSilent():
                names.append(f"silent {event.index}" + (f" by {event.error.code}" if event.error else ""))
            case VoiceFellBack():
                names.append(f"{event.engine} by {event.error.code}")
            case _:
                pass
    return names


def pcm(events: Sequence[SynthesisEvent]) -> bytes:
    return b"".join(event.chunk.pcm for event in events if isinstance(event, SentenceAudio))


def samples(events: Sequence[SynthesisEvent]) -> Samples:
    return np.frombuffer(pcm(events), "<i2")


def position_ms(events: Sequence[SynthesisEvent], until: SynthesisEvent) -> float:
    """Audio told before `until`, in ms at 24 kHz."""
    before = events[: next(place for place, event in enumerate(events) if event is until)]
    return len(pcm(before)) / 48


@virtual_time
async def test_segments_are_spoken_in_order_though_later_ones_are_ready_first() -> None:
    tts = ScriptedTts(scripts={FIRST: TtsScript(first_chunk_s=3.0)})
    events = await told(speak_ahead(reply_of(FIRST, SECOND, THIRD), tts, rules=RULES))
    assert shape(events) == ["started 0", "ended 0", "started 1", "ended 1", "started 2", "ended 2"]


@virtual_time
async def test_the_first_sound_comes_as_soon_as_the_engine_gives_it() -> None:
    tts = ScriptedTts(TtsScript(first_chunk_s=0.25, real_time_factor=0.5))
    async with aclosing(speak_ahead(reply_of(FIRST, SECOND), tts, rules=RULES)) as events:
        async for event in events:
            if isinstance(event, SentenceAudio):
                assert virtual_now_s() == pytest.approx(0.25, abs=0.001)
                break


@virtual_time
async def test_at_most_three_are_made_at_once() -> None:
    tts = ScriptedTts(TtsScript(first_chunk_s=0.5, real_time_factor=0.2))
    await told(speak_ahead(reply_of(*[f"Sentence number {n}." for n in range(12)]), tts, rules=RULES))
    assert tts.most_active == 3
    assert tts.active == 0


@virtual_time
async def test_a_slow_voice_leaves_no_dead_air_inside_the_reply() -> None:
    tts = ScriptedTts(TtsScript(first_chunk_s=0.8, real_time_factor=0.9))
    texts = [f"Here is sentence number {n}, neither long nor short." for n in range(8)]
    played_until_s: float | None = None
    dead_air_s = 0.0
    async for event in speak_ahead(written([segment(n, t + " ") for n, t in enumerate(texts)]), tts, rules=RULES):
        if isinstance(event, SentenceAudio):
            now_s = virtual_now_s()
            if played_until_s is not None:
                dead_air_s += max(0.0, now_s - played_until_s)
            played_until_s = max(played_until_s or 0.0, now_s) + event.chunk.duration_ms / 1000
    assert dead_air_s == pytest.approx(0.0, abs=1e-6)


@virtual_time
async def test_sound_far_ahead_of_its_playback_comes_in_long_pieces() -> None:
    tts = ScriptedTts(TtsScript(first_chunk_s=0.25, real_time_factor=0.05))
    spoken = speak_ahead(
        reply_of("Here is one sentence that goes on for quite a while before it ends."), tts, rules=RULES
    )
    lengths_ms = [event.chunk.duration_ms async for event in spoken if isinstance(event, SentenceAudio)]
    assert lengths_ms[0] <= 60
    assert max(lengths_ms) >= 300
    assert len(lengths_ms) <= 14, "of 57 chunks"


@virtual_time
async def test_what_an_engine_gave_before_it_failed_is_heard_to_the_last_chunk() -> None:
    tts = ScriptedTts(TtsScript(real_time_factor=0.05, fail="raise", fail_after=20))
    events = await told(
        speak_ahead(
            reply_of("One sentence that breaks off in the midst of its words."), tts, rules=replace(RULES, attempts=1)
        )
    )
    assert shape(events) == ["started 0", "ended 0 by engine_failed"]
    assert len(pcm(events)) / 48 == pytest.approx(20 * 60, abs=25)


@virtual_time
async def test_engines_wait_while_nobody_takes_the_audio() -> None:
    tts = ScriptedTts()
    rules = replace(RULES, waiting_audio_ms=3_000)
    async with aclosing(
        speak_ahead(reply_of(*["A sentence of about two seconds of sound."] * 20), tts, rules=rules)
    ) as it:
        while not isinstance(await anext(it), SentenceAudio):
            pass
        await asyncio.sleep(60)
        assert len(tts.requests) <= 6
        assert tts.active > 0
    assert tts.active == 0


@virtual_time
async def test_audio_waiting_behind_never_blocks_the_sentence_being_heard() -> None:
    tts = ScriptedTts(scripts={FIRST: TtsScript(first_chunk_s=5.0, real_time_factor=1.0)})
    rules = replace(RULES, waiting_audio_ms=1_000)
    events = await told(speak_ahead(reply_of(FIRST, SECOND * 3, THIRD), tts, rules=rules))
    assert shape(events)[-1] == "ended 2"


@virtual_time
async def test_the_source_is_read_no_further_than_allowed() -> None:
    read: list[int] = []

    async def source() -> AsyncGenerator[SpokenSegment, None]:
        for index in range(100):
            read.append(index)
            yield segment(index, f"Sentence {index}. ")

    tts = ScriptedTts(TtsScript(first_chunk_s=1000))
    rules = replace(RULES, waiting_segments=4)
    async with aclosing(source()) as segments, aclosing(speak_ahead(segments, tts, rules=rules)) as events:
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(10)
        assert len(read) == 3 + 4
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


@virtual_time
async def test_starts_ends_and_words_tell_exactly_where_in_the_sound_they_are() -> None:
    events = await told(speak_ahead(reply_of(FIRST, SECOND), ScriptedTts(), rules=RULES))
    for event in events:
        if isinstance(event, (SentenceStarted, SentenceEnded)):
            assert event.at_ms == pytest.approx(position_ms(events, event))
    second = next(event for event in events if isinstance(event, SentenceStarted) and event.index == 1)
    words = [word for event in events if isinstance(event, SentenceWords) and event.index == 1 for word in event.words]
    assert [word.text for word in words] == ["Here", "comes", "a", "second", "one"]
    assert [word.start_char for word in words] == [SECOND.index(w) for w in ("Here", "comes", "a ", "second", "one")]
    assert [word.at_ms for word in words] == pytest.approx(
        [second.at_ms + 50 * SECOND.index(w.text) for w in words[:2]]
        + [second.at_ms + 50 * (word.start_char or 0) for word in words[2:]]
    )


@virtual_time
async def test_sentences_are_parted_by_the_pause_that_their_ends_ask_for() -> None:
    told_by_end: dict[str, float] = {}
    for end in (",", ".", "!”"):
        events = await told(speak_ahead(reply_of("One thing" + end, "another."), ScriptedTts(), rules=RULES))
        ended = next(event for event in events if isinstance(event, SentenceEnded))
        started = [event for event in events if isinstance(event, SentenceStarted)][1]
        told_by_end[end] = started.at_ms - ended.at_ms
    assert told_by_end == pytest.approx({",": 80, ".": 200, "!”": 200})


@virtual_time
async def test_a_paragraph_gets_the_longest_pause() -> None:
    parts = [replace(segment(0, "One.\n\n"), ends_paragraph=True), segment(1, "Two.")]
    events = await told(speak_ahead(written(parts), ScriptedTts(), rules=RULES))
    assert longest_silence_ms(
        next(e.chunk for e in events if isinstance(e, SentenceAudio) and not any(e.chunk.pcm))
    ) == pytest.approx(400)


@virtual_time
async def test_joins_do_not_click() -> None:
    events = await told(speak_ahead(reply_of(FIRST, SECOND, THIRD), ScriptedTts(), rules=RULES))
    whole = samples(events)
    for event in events:
        if isinstance(event, (SentenceStarted, SentenceEnded)) and 0 < event.at_ms < len(whole) / 24:
            assert click_ratio(whole, round(event.at_ms * 24)) <= 1.0


@virtual_time
async def test_an_engine_of_another_rate_is_resampled_to_the_same_length() -> None:
    lengths = {
        rate: len(pcm(await told(speak_ahead(reply_of(FIRST), ScriptedTts(sample_rate_hz=rate), rules=RULES))))
        for rate in (16_000, 22_050, 24_000)
    }
    assert max(lengths.values()) - min(lengths.values()) < 2 * 24 * 5


@virtual_time
async def test_what_is_not_spoken_is_told_as_text_in_its_place() -> None:
    parts = [segment(0, FIRST), segment(1, "```x = 1```", spoken=""), segment(2, THIRD)]
    events = await told(speak_ahead(written(parts), ScriptedTts(), rules=RULES))
    assert shape(events) == ["started 0", "ended 0", "silent 1", "started 2", "ended 2"]
    assert (
        "".join(e.text for e in events if isinstance(e, (SentenceStarted, SentenceSilent)))
        == FIRST + "```x = 1```" + THIRD
    )


class FailingOnce(ScriptedTts):
    """Raises on the first request of each text."""

    async def synthesize(self, request: SpeechRequest):
        if request not in self.requests:
            self.requests.append(request)
            raise EngineError("not this time")
        async for chunk in super().synthesize(request):
            yield chunk


@virtual_time
async def test_a_failure_before_any_sound_is_tried_again() -> None:
    events = await told(speak_ahead(reply_of(FIRST, SECOND), FailingOnce(), rules=RULES))
    assert shape(events) == ["started 0", "ended 0", "started 1", "ended 1"]


@virtual_time
async def test_the_fallback_engine_speaks_the_rest_of_the_reply() -> None:
    tts = ScriptedTts(scripts={SECOND: TtsScript(fail="raise")})
    fallback = ScriptedTts(sample_rate_hz=16_000)
    events = await told(
        speak_ahead(reply_of(FIRST, SECOND, THIRD), tts, rules=RULES, fallback=fallback, fallback_name="plain")
    )
    assert shape(events) == [
        "started 0", "ended 0", "plain by engine_failed", "started 1", "ended 1", "started 2", "ended 2",
    ]  # fmt: skip
    assert [request.text for request in fallback.requests] == [SECOND, THIRD]
    assert tts.active == fallback.active == 0


@virtual_time
async def test_the_fallback_is_told_once_even_if_a_later_sentence_failed_first() -> None:
    tts = ScriptedTts(scripts={SECOND: TtsScript(first_chunk_s=1.0, fail="raise"), THIRD: TtsScript(fail="raise")})
    fallback = ScriptedTts()
    events = await told(speak_ahead(reply_of(FIRST, SECOND, THIRD), tts, rules=RULES, fallback=fallback))
    assert shape(events).count("fallback by engine_failed") == 1
    assert shape(events)[-2:] == ["started 2", "ended 2"]


@virtual_time
async def test_the_fallback_speaks_in_the_voice_most_like_the_one_that_failed() -> None:
    class Other(ScriptedTts):
        def __init__(self) -> None:
            super().__init__()
            self.voices = tuple(replace(voice, id="other-" + voice.id) for voice in self.voices)

        async def synthesize(self, request: SpeechRequest):
            self.asked = request
            async for chunk in super().synthesize(replace(request, voice=None)):
                yield chunk

    other = Other()
    parts = [segment(0, FIRST, voice="high")]
    await told(speak_ahead(written(parts), ScriptedTts(TtsScript(fail="raise")), rules=RULES, fallback=other))
    assert other.asked.voice == "other-high"


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (TtsScript(fail="raise"), EngineError.code),
        (TtsScript(fail="empty"), EngineEmpty.code),
        (TtsScript(fail="hang"), EngineTimeout.code),
        (TtsScript(fail="raise", error=UnknownVoice("no such voice")), UnknownVoice.code),
        (TtsScript(fail="raise", error=BadInput("no words")), BadInput.code),
    ],
)
def test_a_sentence_that_no_engine_can_speak_is_told_as_text_and_the_rest_is_spoken(
    script: TtsScript, code: str
) -> None:
    @virtual_time
    async def run() -> None:
        tts = ScriptedTts(scripts={SECOND: script})
        events = await told(speak_ahead(reply_of(FIRST, SECOND, THIRD), tts, rules=RULES))
        assert shape(events) == ["started 0", "ended 0", f"silent 1 by {code}", "started 2", "ended 2"]
        assert tts.active == 0

    run()


@virtual_time
async def test_an_unforeseen_error_of_an_engine_does_not_stall_the_reply() -> None:
    class Broken(ScriptedTts):
        async def synthesize(self, request: SpeechRequest):
            if request.text == SECOND:
                raise ZeroDivisionError
            async for chunk in super().synthesize(request):
                yield chunk

    events = await told(speak_ahead(reply_of(FIRST, SECOND, THIRD), Broken(), rules=RULES))
    assert shape(events)[2] == "silent 1 by engine_failed"
    assert shape(events)[-1] == "ended 2"


@virtual_time
async def test_a_failure_in_the_middle_is_resumed_from_the_word_that_was_begun() -> None:
    tts = ScriptedTts(scripts={SECOND: TtsScript(first_chunk_s=0.1, real_time_factor=1.0, fail="raise", fail_after=10)})
    events = await told(speak_ahead(reply_of(SECOND, THIRD), tts, rules=RULES))
    assert shape(events) == ["started 0", "ended 0", "started 1", "ended 1"]
    assert [request.text for request in tts.requests][:3] == [SECOND, THIRD, "a second one."]
    words = [w for e in events if isinstance(e, SentenceWords) and e.index == 0 for w in e.words]
    assert [word.text for word in words] == ["Here", "comes", "a", "a", "second", "one"]
    assert words[-1].start_char == SECOND.index("one")
    assert [word.at_ms for word in words] == sorted(word.at_ms for word in words)


@virtual_time
async def test_given_sounds_keep_their_words_where_a_sentence_is_resumed() -> None:
    tts = ScriptedTts(scripts={SECOND: TtsScript(first_chunk_s=0.1, real_time_factor=1.0, fail="raise", fail_after=10)})
    sounds = (Phonemes(start_char=0, end_char=4, ipa="hɪə"), Phonemes(start_char=13, end_char=19, ipa="ˈsɛkənd"))
    assert SECOND[13:19] == "second"
    one = segment(0, SECOND)
    await told(speak_ahead(written([replace(one, request=replace(one.request, phonemes=sounds))]), tts, rules=RULES))
    assert tts.requests[1].text == "a second one."
    assert tts.requests[1].phonemes == (Phonemes(start_char=2, end_char=8, ipa="ˈsɛkənd"),)


class WithoutWordTimes(ScriptedTts):
    """An engine that tells no word times."""

    def __init__(self, script: TtsScript | None = None, *, scripts: dict[str, TtsScript] | None = None) -> None:
        super().__init__(script, scripts=scripts)
        self.capabilities = replace(self.capabilities, word_times=False)

    async def synthesize(self, request: SpeechRequest):
        async with aclosing(super().synthesize(request)) as chunks:
            async for chunk in chunks:
                yield replace(chunk, words=())


@virtual_time
async def test_a_failure_in_the_middle_ends_the_sentence_where_words_have_no_times() -> None:
    script = TtsScript(first_chunk_s=0.1, real_time_factor=1.0, fail="raise", fail_after=10)
    tts = WithoutWordTimes(scripts={FIRST: script})
    events = await told(speak_ahead(reply_of(FIRST, SECOND), tts, rules=RULES, fallback=ScriptedTts()))
    assert shape(events) == ["started 0", "ended 0 by engine_failed", "started 1", "ended 1"]
    assert next(e for e in events if isinstance(e, SentenceEnded)).at_ms == pytest.approx(600, abs=30)


@virtual_time
async def test_a_failure_in_the_middle_of_what_nobody_heard_yet_begins_anew() -> None:
    tts = ScriptedTts(TtsScript(first_chunk_s=2.0), scripts={SECOND: TtsScript(fail="raise", fail_after=10)})
    fallback = ScriptedTts()
    events = await told(speak_ahead(reply_of(FIRST, SECOND), tts, rules=RULES, fallback=fallback))
    assert [request.text for request in fallback.requests] == [SECOND]
    assert shape(events)[-2:] == ["started 1", "ended 1"]


@virtual_time
async def test_words_without_times_are_estimated_in_order_and_within_the_sentence() -> None:
    script = TtsScript(first_chunk_s=0.1, real_time_factor=0.5)
    events = await told(speak_ahead(reply_of(FIRST, SECOND, THIRD), WithoutWordTimes(script), rules=RULES))
    for index, text in enumerate((FIRST, SECOND, THIRD)):
        told_words = [e for e in events if isinstance(e, SentenceWords) and e.index == index]
        assert not any(e.exact for e in told_words)
        words = [word for e in told_words for word in e.words]
        assert [text[w.start_char or 0 :].startswith(w.text) for w in words] == [True] * len(text.split())
        start = next(e.at_ms for e in events if isinstance(e, SentenceStarted) and e.index == index)
        end = next(e.at_ms for e in events if isinstance(e, SentenceEnded) and e.index == index)
        times = [word.at_ms for word in words]
        assert times == sorted(times)
        assert start <= times[0]
        assert times[-1] < end
        # The scripted voice takes 50 ms a character, so the truth is known.
        for word in words:
            assert word.at_ms - start == pytest.approx(50 * (word.start_char or 0), abs=250)


@virtual_time
async def test_an_error_of_the_source_comes_after_what_was_written_before_it() -> None:
    async def source() -> AsyncGenerator[SpokenSegment, None]:
        yield segment(0, FIRST)
        raise EngineError("the model died")

    events: list[SynthesisEvent] = []
    with pytest.raises(EngineError, match="died"):  # noqa: PT012 - what came before the error is wanted
        async for event in speak_ahead(source(), ScriptedTts(TtsScript(first_chunk_s=0.3)), rules=RULES):
            events.append(event)  # noqa: PERF401
    assert shape(events) == ["started 0", "ended 0"]


@virtual_time
async def test_an_empty_reply_tells_nothing() -> None:
    assert await told(speak_ahead(reply_of(), ScriptedTts(), rules=RULES)) == []


@virtual_time
async def test_closing_leaves_nothing_running() -> None:
    tts = ScriptedTts(TtsScript(first_chunk_s=0.2, real_time_factor=1.0))
    events = speak_ahead(written([segment(n, FIRST) for n in range(9)], every_s=0.1), tts, rules=RULES)
    async for event in events:
        if isinstance(event, SentenceAudio):
            break
    assert tts.active > 0
    await events.aclose()
    assert tts.active == 0
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


@virtual_time
async def test_closing_after_everything_was_read_starts_nothing_more() -> None:
    tts = ScriptedTts(TtsScript(first_chunk_s=0.2, real_time_factor=1.0))
    events = speak_ahead(reply_of(*[FIRST] * 9), tts, rules=RULES)
    async for event in events:
        if isinstance(event, SentenceAudio):
            break
    await events.aclose()
    assert tts.active == 0
    assert len(tts.requests) == 3
