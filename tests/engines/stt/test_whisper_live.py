"""Partials, agreement, settling and languages, with a recogniser that hears what the test says."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from tests.engines.stt.whisper_stand_in import ScriptedRecognizer, VirtualExecutor, words_of

from syrinx.audio.pcm import PcmChunk, chunk_of, silence
from syrinx.engines.stt.contract import DETECT, HeardAudio, Pause, Transcript, TranscriptionRequest
from syrinx.engines.stt.local_agreement import CUT_AFTER_S, FORCE_AFTER_S
from syrinx.engines.stt.whisper import WhisperStt
from syrinx.engines.stt.whisper_decoding import DecodeQueue
from syrinx.engines.stt.whisper_doubts import Hypothesis
from syrinx.engines.stt.whisper_model import WINDOW_S
from syrinx.testing.human_clips import human_clips
from syrinx.testing.stt_conformance import assert_stable, frames_of, listen
from syrinx.testing.virtual_time import virtual_now_s, virtual_time

SCRIPT = "one two three. four five six. seven eight nine. ten eleven twelve. " * 20
REQUEST = TranscriptionRequest()


def by_length(length_s: float) -> str:
    """Two words a second."""
    return " ".join(SCRIPT.split()[: int(2 * length_s)])


def ear(
    hears: Callable[[float], str | Hypothesis] = by_length, *, cost_s: float = 0.05, beam_size: int | None = None
) -> tuple[WhisperStt, ScriptedRecognizer]:
    recognizer = ScriptedRecognizer(hears)
    return WhisperStt(recognizer, DecodeQueue(VirtualExecutor(cost_s), decoders=1), beam_size=beam_size), recognizer


async def spoken(
    stt: WhisperStt, items: Sequence[HeardAudio], request: TranscriptionRequest = REQUEST
) -> list[tuple[float, Transcript]]:
    """What is told, and when, while the audio comes as fast as it is spoken."""

    async def microphone() -> AsyncIterator[HeardAudio]:
        for item in items:
            if isinstance(item, PcmChunk):
                await asyncio.sleep(item.duration_ms / 1000)
            yield item

    return [(virtual_now_s(), transcript) async for transcript in stt.transcribe(microphone(), request)]


@virtual_time
async def test_partials_come_twice_a_second_and_become_stable(books: PcmChunk) -> None:
    stt, _ = ear()
    told = await spoken(stt, [*frames_of(books), Pause()])
    partials = [transcript for _, transcript in told if not transcript.settled and not transcript.final]
    assert 7 <= len(partials) <= 11
    assert_stable([transcript for _, transcript in told])
    assert partials[-1].stable_chars > len("one two three")
    assert told[-1][1].text.startswith("one two three. four five six. seven eight")


@virtual_time
async def test_the_final_after_a_pause_costs_nothing_and_comes_at_once(books: PcmChunk) -> None:
    stt, recognizer = ear()
    rest = frames_of(silence(duration_ms=300, sample_rate_hz=16_000))
    told = await spoken(stt, [*frames_of(books), *rest, Pause()])
    assert told[-1][0] == told[-2][0]
    assert told[-1][1].text == told[-2][1].text != ""
    decodings = len(recognizer.decoded)
    longer = await spoken(stt, [*frames_of(books), *rest, Pause(), *rest, *rest])
    assert longer[-1][1].text == told[-1][1].text
    assert len(recognizer.decoded) == 2 * decodings


@virtual_time
async def test_a_pause_after_a_partial_of_the_same_words_needs_no_decoding(books: PcmChunk) -> None:
    stt, recognizer = ear()
    rest = silence(duration_ms=1200, sample_rate_hz=16_000)
    told = await spoken(stt, [*frames_of(books), *frames_of(rest), Pause()])
    decodings = len(recognizer.decoded)
    assert told[-1][1].text == told[-2][1].text != ""
    wider, wide_recognizer = ear(beam_size=5)
    await spoken(wider, [*frames_of(books), *frames_of(rest), Pause()])
    assert [manner.beam_size for _, manner in wide_recognizer.decoded] == [1] * decodings + [5]


@virtual_time
async def test_a_final_does_not_wait_for_a_pause_that_turned_out_to_be_none(books: PcmChunk) -> None:
    recognizer = ScriptedRecognizer(by_length)
    stt = WhisperStt(recognizer, DecodeQueue(VirtualExecutor(3.0, steps=10), decoders=1))
    frames = frames_of(books)
    haltingly = [*frames[:-30], Pause(), *frames[-30:-15], Pause(), *frames[-15:], Pause()]
    told = await spoken(stt, haltingly)
    assert [transcript.settled for _, transcript in told[-4:]] == [True, True, True, False]
    assert told[-1][1].text == by_length(recognizer.decoded[-1][0])
    assert told[-1][0] - books.duration_ms / 1000 <= 3.0 + 0.3 + 0.01
    assert_stable([transcript for _, transcript in told])


def hesitating(speech: PcmChunk, *, every_frames: int, times: int) -> list[HeardAudio]:
    items: list[HeardAudio] = []
    for number, frame in enumerate(frames_of(speech) * times, 1):
        items += [frame] if number % every_frames else [frame, Pause()]
    return items


@virtual_time
async def test_pauses_within_speech_do_not_keep_others_waiting_for_their_finals(books: PcmChunk) -> None:
    stt, _ = ear(cost_s=1.0)
    async with asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(spoken(stt, hesitating(books, every_frames=30, times=4)))
        await asyncio.sleep(3.3)
        began_s = virtual_now_s()
        other = group.create_task(spoken(stt, [*frames_of(books), Pause()]))
    assert other.result()[-1][0] - began_s - books.duration_ms / 1000 <= 2 * 1.0 + 0.01


@virtual_time
async def test_who_hesitates_a_lot_is_shown_words_all_the_while_and_decoding_stays_bounded(books: PcmChunk) -> None:
    stt, recognizer = ear(cost_s=1.0)
    told = await spoken(stt, hesitating(books, every_frames=12, times=8))
    words_at_s = [at_s for (_, before), (at_s, now) in pairwise(told) if now.text != before.text]
    assert max(later - earlier for earlier, later in pairwise(words_at_s)) <= 4.0
    assert max(length_s for length_s, _ in recognizer.decoded) <= WINDOW_S
    assert sum(length_s for length_s, _ in recognizer.decoded[-1:]) <= FORCE_AFTER_S + 4
    assert_stable([transcript for _, transcript in told])
    assert sum(transcript.settled for _, transcript in told) == len(frames_of(books)) * 8 // 12


@virtual_time
async def test_a_pause_is_answered_while_the_speaker_goes_on(books: PcmChunk) -> None:
    stt, _ = ear(cost_s=0.4)
    frames = frames_of(books)
    told = await spoken(stt, [*frames[:40], Pause(), *frames[40:]])
    at_s, settled = next((at_s, transcript) for at_s, transcript in told if transcript.settled)
    paused_s = 40 * frames[0].duration_ms / 1000
    assert paused_s < at_s <= paused_s + 2 * 0.4 + 0.01
    assert settled.text in by_length(paused_s)


@virtual_time
async def test_an_unknown_language_is_found_out_before_much_is_kept(books: PcmChunk) -> None:
    word = frames_of(books)[:25]
    stt, recognizer = ear(lambda _: "")
    quiet = frames_of(silence(duration_ms=60_000, sample_rate_hz=16_000))
    await spoken(stt, [*word, *quiet, Pause()], TranscriptionRequest(language=DETECT))
    assert len(recognizer.detected_s) == 1


@virtual_time
async def test_many_who_speak_get_their_finals_and_fewer_partials_each(books: PcmChunk) -> None:
    async def with_talkers(count: int) -> tuple[float, float]:
        stt, _ = ear(cost_s=0.2)
        speech_s = books.duration_ms / 1000
        began_s = virtual_now_s()
        async with asyncio.TaskGroup() as group:
            talks = [group.create_task(spoken(stt, [*frames_of(books), Pause()])) for _ in range(count)]
        waits = [talk.result()[-1][0] - began_s - speech_s for talk in talks]
        return sum(len(talk.result()) - 2 for talk in talks) / count, max(waits)

    alone, alone_wait_s = await with_talkers(1)
    eight, eight_wait_s = await with_talkers(8)
    assert alone >= 7
    assert 1 <= eight <= 3
    assert alone_wait_s <= 0.41
    # All eight end at the same moment: seven others' finals and one decoding that was under way.
    assert eight_wait_s <= 0.2 * 9 + 0.01


@virtual_time
async def test_a_long_speech_is_cut_so_that_decoding_stays_bounded(books: PcmChunk) -> None:
    stt, recognizer = ear()
    said = [*frames_of(books)] * 12
    told = await spoken(stt, [*said, Pause()])
    assert max(length_s for length_s, _ in recognizer.decoded) <= CUT_AFTER_S + 4
    assert_stable([transcript for _, transcript in told])
    assert any(manner.context.endswith(".") for _, manner in recognizer.decoded)
    final = told[-1][1]
    edges = [edge for word in final.words for edge in (word.start_ms, word.end_ms)]
    assert edges == sorted(edges)
    assert len(final.words) > 80


class Wavering:
    """Hears the text as far as it has come, with words wrong, missing, made up and punctuated anew: most of them where
    it is young."""

    def __init__(self, text: str, *, length_s: float, seed: int) -> None:
        self._words = text.split()
        self._length_s = length_s
        self._random = random.Random(seed)  # noqa: S311 - a script, not a secret

    def __call__(self, length_s: float) -> Hypothesis:
        chance = self._random.random
        until = int(len(self._words) * length_s / self._length_s)
        heard: list[str] = []
        for number, word in enumerate(self._words[:until]):
            wrong = 0.4 if number >= until - 2 else 0.06
            if chance() < wrong / 4:
                continue
            other = self._random.choice(["um", "the", word.upper(), f"{word},", f"{word}.", word.strip(".,")])
            heard.append(other if chance() < wrong else word)
        said = heard if chance() > 0.05 else []
        timed = words_of(" ".join(said), word_s=length_s / max(len(said), 1))
        return Hypothesis(words=timed, avg_logprob=-1.1 * chance(), no_speech_prob=0.7 * chance())


def in_noise(clip: PcmChunk, snr_db: float, seed: int) -> PcmChunk:
    samples = clip.samples().astype(np.float64)
    noise = np.random.default_rng(seed).standard_normal(samples.size)
    noise *= np.sqrt(np.mean(samples**2)) / 10 ** (snr_db / 20)
    return chunk_of(np.clip(samples + noise, -32768, 32767).astype(np.int16), sample_rate_hz=16_000)


@pytest.mark.parametrize("seed", range(8))
@virtual_time
async def test_no_word_that_was_stable_changes_over_human_clips_with_noise(seed: int) -> None:
    clips = human_clips()
    noisy = [in_noise(clip.audio, snr_db, seed) for clip, snr_db in zip(clips, (20, 10, 5), strict=False)]
    length_s = sum(clip.duration_ms for clip in noisy) / 1000
    recognizer = ScriptedRecognizer(Wavering(" ".join(clip.text for clip in clips), length_s=length_s, seed=seed))
    executor = VirtualExecutor((0.05, 0.2, 0.4)[seed % 3], steps=4)
    stt = WhisperStt(recognizer, DecodeQueue(executor, decoders=1))
    haltingly = [(*frames[:20], Pause(), *frames[20:], Pause()) for frames in map(frames_of, noisy)]
    told = [transcript for _, transcript in await spoken(stt, [item for items in haltingly for item in items])]
    assert_stable(told)
    assert sum(transcript.settled for transcript in told) == 2 * len(noisy)
    assert max(transcript.stable_chars for transcript in told[:-1]) > 20


@virtual_time
async def test_a_language_is_found_out_once_from_a_second_of_speech(books: PcmChunk) -> None:
    stt, recognizer = ear()
    told = await spoken(stt, [*frames_of(books), Pause()], TranscriptionRequest(language=DETECT))
    assert len(recognizer.detected_s) == 1
    assert recognizer.detected_s[0] >= 1.0
    assert {transcript.language for _, transcript in told} == {"de"}
    assert {manner.language for _, manner in recognizer.decoded} == {"de"}


@virtual_time
async def test_what_the_model_makes_up_is_not_told(books: PcmChunk) -> None:
    ghost = Hypothesis(words=words_of("Thanks for watching!"), avg_logprob=-0.9, no_speech_prob=0.3)
    stt, _ = ear(lambda _: ghost)
    told = await spoken(stt, [*frames_of(books), Pause()])
    assert {transcript.text for _, transcript in told} == {""}


@virtual_time
async def test_nothing_is_decoded_while_nobody_speaks() -> None:
    stt, recognizer = ear()
    quiet = frames_of(silence(duration_ms=60_000, sample_rate_hz=16_000))
    told = await spoken(stt, [*quiet, Pause(), *quiet])
    assert [transcript.text for _, transcript in told] == ["", ""]
    assert recognizer.decoded == []


@virtual_time
async def test_request_and_hotwords_reach_the_model(books: PcmChunk) -> None:
    stt, recognizer = ear()
    request = TranscriptionRequest(language="fr-CA", task="translate", hotwords=("Syrinx",), recording=True)
    await listen(stt, [books], request)
    ((_, manner),) = recognizer.decoded
    assert (manner.language, manner.translate, manner.hotwords, manner.beam_size) == ("fr", True, ("Syrinx",), 5)


@virtual_time
async def test_a_prompt_comes_before_what_was_said_and_a_temperature_reaches_the_model(books: PcmChunk) -> None:
    for recording in (True, False):
        stt, recognizer = ear()
        request = TranscriptionRequest(prompt=" Syrinx, Wyoming ", temperature=0.3, recording=recording)
        await listen(stt, [books, Pause()], request)
        assert recognizer.decoded
        for _, manner in recognizer.decoded:
            assert manner.context.startswith("Syrinx, Wyoming")
            assert manner.temperature == 0.3


@virtual_time
async def test_a_recording_of_many_minutes_keeps_its_words_and_times(books: PcmChunk) -> None:
    stt, recognizer = ear(cost_s=1.0)
    pause = silence(duration_ms=900, sample_rate_hz=16_000)
    told = await listen(stt, [books, pause] * 60, TranscriptionRequest(recording=True))
    total_s = 60 * (books.duration_ms + 900) / 1000
    assert told[-1].heard_ms == pytest.approx(1000 * total_s)
    assert all(length_s <= 29.0 for length_s, _ in recognizer.decoded)
    heard_s = sum(length_s for length_s, _ in recognizer.decoded)
    assert heard_s == pytest.approx(total_s, rel=0.15)
    edges = [edge for segment in told[-1].segments for edge in (segment.start_ms, segment.end_ms)]
    assert edges == sorted(edges)
    assert len(told) == len(recognizer.decoded) + 1
    assert_stable(told)


@virtual_time
async def test_a_recording_that_nobody_reads_any_more_is_left_within_a_window(books: PcmChunk) -> None:
    stt, recognizer = ear(cost_s=1.0)

    async def audio() -> AsyncIterator[HeardAudio]:
        for _ in range(60):
            yield books

    transcripts = stt.transcribe(audio(), TranscriptionRequest(recording=True))
    await anext(transcripts)
    await transcripts.aclose()
    await asyncio.sleep(10)
    assert len(recognizer.decoded) == 1


@virtual_time
async def test_who_speaks_is_answered_while_a_recording_is_worked_on(books: PcmChunk) -> None:
    stt, _ = ear(cost_s=0.5)
    recording = asyncio.create_task(listen(stt, [books] * 100, TranscriptionRequest(recording=True)))
    await asyncio.sleep(1)
    began_s = virtual_now_s()
    told = await spoken(stt, [*frames_of(books), Pause()])
    assert told[-1][0] - began_s - books.duration_ms / 1000 <= 2 * 0.5 + 0.01
    assert not recording.done()
    assert len(await recording) > 10
