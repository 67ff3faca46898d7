"""What every speech-to-text engine must do, as tests that an engine's own tests inherit.

    class TestMyEngine(SttConformance):
        @pytest.fixture
        async def stt(self):
            async with my_engine.provider.open({}) as engine:
                yield engine

        @pytest.fixture
        def utterances(self):
            return (Utterance(audio=first, word="hello"), Utterance(audio=second, word="weather"))

Needs pytest and pytest-asyncio in its automatic mode.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import pytest

from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk, silence
from syrinx.engines.stt.contract import DETECT, HeardAudio, Pause, SpeechToText, Transcript, TranscriptionRequest
from syrinx.errors import BadAudio, BadInput, UnknownLanguage
from syrinx.testing.tasks import none_left_but

FRAME_MS = 32
"""How audio comes from an open microphone."""


ROUNDING_MS = 20.0
"""By so much the last word may seem to end after the audio."""


class Timed(Protocol):
    @property
    def start_ms(self) -> float: ...
    @property
    def end_ms(self) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """Something said: at least a second of speech, at the engine's rate, and a word that is only said in this one."""

    audio: PcmChunk
    word: str


class Microphone:
    """Audio as an engine reads it; counts what was read and notices its end."""

    def __init__(self, items: Iterable[HeardAudio]) -> None:
        self._items = items
        self.taken = 0

    async def listen(self) -> AsyncGenerator[HeardAudio, None]:
        for item in self._items:
            self.taken += 1
            yield item
            await asyncio.sleep(0)


def frames_of(audio: PcmChunk, *, frame_ms: float = FRAME_MS) -> list[PcmChunk]:
    """Cut audio into frames; the last one may be shorter."""
    step = round(frame_ms * audio.sample_rate_hz / 1000) * BYTES_PER_SAMPLE
    return [
        PcmChunk(pcm=audio.pcm[at : at + step], sample_rate_hz=audio.sample_rate_hz)
        for at in range(0, len(audio.pcm), step)
    ]


async def listen(
    stt: SpeechToText, items: Sequence[HeardAudio], request: TranscriptionRequest | None = None
) -> list[Transcript]:
    """Everything the engine says to one utterance."""
    microphone = aclosing(Microphone(items).listen())
    async with microphone as audio, aclosing(stt.transcribe(audio, request or TranscriptionRequest())) as transcripts:
        return [transcript async for transcript in transcripts]


def has_word(transcript: Transcript, word: str) -> bool:
    return word.lower() in transcript.text.lower().split()


def edges_ms(parts: Sequence[Timed]) -> list[float]:
    """Where words or segments begin and end, one after the other."""
    return [edge for part in parts for edge in (part.start_ms, part.end_ms)]


def assert_in_order_within(edges: Sequence[float], duration_ms: float) -> None:
    assert list(edges) == sorted(edges)
    assert not edges or edges[0] >= 0
    assert not edges or edges[-1] <= duration_ms + ROUNDING_MS


def assert_stable(told: Sequence[Transcript]) -> None:
    """What was called stable is in every later transcript, and never becomes less."""
    for transcript in told:
        assert 0 <= transcript.stable_chars <= len(transcript.text)
    for earlier, later in pairwise(told):
        assert later.stable_chars >= earlier.stable_chars, (earlier, later)
        assert later.text.startswith(earlier.text[: earlier.stable_chars]), (earlier, later)


class SttConformance:
    async def test_one_final_transcript_comes_last_and_has_the_words(
        self, stt: SpeechToText, utterances: tuple[Utterance, ...]
    ) -> None:
        for utterance in utterances:
            told = await listen(stt, frames_of(utterance.audio))
            assert [transcript.final for transcript in told] == [False] * (len(told) - 1) + [True]
            assert has_word(told[-1], utterance.word), told[-1].text
            assert not any(transcript.settled for transcript in told[:-1])

    async def test_partials_come_only_when_the_text_changed(
        self, stt: SpeechToText, utterances: tuple[Utterance, ...]
    ) -> None:
        if not stt.capabilities.partials:
            pytest.skip("this engine has no partials")
        texts = [transcript.text for transcript in (await listen(stt, frames_of(utterances[0].audio)))[:-1]]
        assert texts, "an engine with partials sends some within an utterance of a second or more"
        assert all(earlier != later for earlier, later in zip(["", *texts], texts, strict=False))

    async def test_the_size_of_the_chunks_does_not_change_the_words(
        self, stt: SpeechToText, utterances: tuple[Utterance, ...]
    ) -> None:
        audio = utterances[0].audio
        in_one = await listen(stt, [audio])
        in_crumbs = await listen(stt, frames_of(audio, frame_ms=5))
        assert in_one[-1].text == in_crumbs[-1].text
        assert has_word(in_one[-1], utterances[0].word)

    async def test_a_pause_is_answered_by_one_settled_transcript_and_the_end_adds_nothing(
        self, stt: SpeechToText, utterances: tuple[Utterance, ...]
    ) -> None:
        told = await listen(stt, [*frames_of(utterances[0].audio), Pause()])
        settled = [transcript for transcript in told if transcript.settled]
        assert len(settled) == 1
        assert told[-2] == settled[0]
        assert not settled[0].final
        assert told[-1].final
        assert told[-1].text == settled[0].text
        assert has_word(told[-1], utterances[0].word)

    async def test_a_speaker_may_go_on_after_a_pause(
        self, stt: SpeechToText, utterances: tuple[Utterance, ...]
    ) -> None:
        one, two = utterances[0], utterances[1]
        rest = silence(duration_ms=300, sample_rate_hz=one.audio.sample_rate_hz)
        told = await listen(stt, [*frames_of(one.audio), Pause(), rest, *frames_of(two.audio), Pause(), Pause()])
        settled = [transcript for transcript in told if transcript.settled]
        assert len(settled) == 3
        assert [transcript.final for transcript in told].count(True) == 1
        assert told[-1].text == settled[-1].text == settled[-2].text
        assert len(told[-1].text) >= len(settled[0].text)

    async def test_words_have_times_within_the_audio_and_in_order(
        self, stt: SpeechToText, utterances: tuple[Utterance, ...]
    ) -> None:
        if not stt.capabilities.word_times:
            pytest.skip("this engine has no word times")
        for utterance in utterances:
            final = (await listen(stt, [*frames_of(utterance.audio), Pause()]))[-1]
            assert [word.text.lower() for word in final.words] == final.text.lower().split()
            assert final.words
            assert_in_order_within(edges_ms(final.words), utterance.audio.duration_ms)

    async def test_silence_has_no_words(self, stt: SpeechToText) -> None:
        rate_hz = stt.capabilities.sample_rate_hz
        quiet = frames_of(silence(duration_ms=1_500, sample_rate_hz=rate_hz))
        for items in ([], [Pause()], quiet, [*quiet, Pause()]):
            told = await listen(stt, items)
            assert {transcript.text for transcript in told} == {""}
            assert told[-1].final

    async def test_a_wrong_rate_is_refused_with_the_right_one(self, stt: SpeechToText) -> None:
        wrong = silence(duration_ms=100, sample_rate_hz=stt.capabilities.sample_rate_hz + 1)
        with pytest.raises(BadAudio, match=str(stt.capabilities.sample_rate_hz)):
            await listen(stt, [wrong])

    async def test_an_unknown_language_is_refused_before_anything_is_read(self, stt: SpeechToText) -> None:
        for language in ("tlh", "", "xx-none"):
            microphone = Microphone([silence(duration_ms=100, sample_rate_hz=stt.capabilities.sample_rate_hz)])
            audio = microphone.listen()
            with pytest.raises(UnknownLanguage) as raised:
                await anext(stt.transcribe(audio, TranscriptionRequest(language=language)))
            assert stt.capabilities.languages[0] in raised.value.message
            assert microphone.taken == 0
            await audio.aclose()

    async def test_a_language_left_open_is_found_out_or_refused_before_anything_is_read(
        self, stt: SpeechToText, utterances: tuple[Utterance, ...]
    ) -> None:
        request = TranscriptionRequest(language=DETECT)
        if stt.capabilities.detects_language:
            told = await listen(stt, frames_of(utterances[0].audio), request)
            assert told[-1].language.partition("-")[0] in stt.capabilities.languages
            return
        microphone = Microphone(frames_of(utterances[0].audio))
        async with aclosing(microphone.listen()) as audio:
            with pytest.raises(UnknownLanguage) as raised:
                await anext(stt.transcribe(audio, request))
        assert stt.capabilities.languages[0] in raised.value.message
        assert microphone.taken == 0

    async def test_a_translation_is_made_or_refused_before_anything_is_read(
        self, stt: SpeechToText, utterances: tuple[Utterance, ...]
    ) -> None:
        request = TranscriptionRequest(language=stt.capabilities.languages[0], task="translate")
        if stt.capabilities.translates:
            told = await listen(stt, frames_of(utterances[0].audio), request)
            assert [transcript.final for transcript in told].count(True) == 1
            return
        microphone = Microphone(frames_of(utterances[0].audio))
        async with aclosing(microphone.listen()) as audio:
            with pytest.raises(BadInput):
                await anext(stt.transcribe(audio, request))
        assert microphone.taken == 0

    async def test_a_recording_is_heard_to_its_end_and_says_how_far_it_is(
        self, stt: SpeechToText, utterances: tuple[Utterance, ...]
    ) -> None:
        # The same person again and again: a script for tests may know only one text.
        one = utterances[0]
        rest = silence(duration_ms=700, sample_rate_hz=one.audio.sample_rate_hz)
        items = [one.audio, rest, one.audio, rest]
        duration_ms = sum(item.duration_ms for item in items)
        told = await listen(stt, items, TranscriptionRequest(recording=True))
        assert [transcript.final for transcript in told] == [False] * (len(told) - 1) + [True]
        heard_ms = [transcript.heard_ms for transcript in told if transcript.heard_ms is not None]
        assert len(heard_ms) == len(told)
        assert heard_ms == sorted(heard_ms)
        assert heard_ms[-1] == pytest.approx(duration_ms, abs=ROUNDING_MS)
        final = told[-1]
        assert has_word(final, one.word), final.text
        for transcript in told:
            if transcript.segments:
                said = " ".join(segment.text for segment in transcript.segments)
                assert said.split() == transcript.text.split()
                assert_in_order_within(edges_ms(transcript.segments), duration_ms)
        if stt.capabilities.word_times:
            assert " ".join(word.text for word in final.words).lower().split() == final.text.lower().split()
            assert_in_order_within(edges_ms(final.words), duration_ms)

    async def test_a_recording_of_silence_has_no_words(self, stt: SpeechToText) -> None:
        quiet = silence(duration_ms=3_000, sample_rate_hz=stt.capabilities.sample_rate_hz)
        for items in ([], [quiet]):
            told = await listen(stt, items, TranscriptionRequest(recording=True))
            assert {transcript.text for transcript in told} == {""}
            assert told[-1].final
            assert told[-1].segments == ()
            assert told[-1].heard_ms == pytest.approx(sum(item.duration_ms for item in items))

    async def test_what_is_called_stable_stays(self, stt: SpeechToText, utterances: tuple[Utterance, ...]) -> None:
        one, two = utterances[0], utterances[1]
        frames = [*frames_of(one.audio), Pause(), *frames_of(two.audio)]
        assert_stable(await listen(stt, frames))
        assert_stable(await listen(stt, [one.audio, two.audio], TranscriptionRequest(recording=True)))

    async def test_a_regional_language_is_understood(
        self, stt: SpeechToText, utterances: tuple[Utterance, ...]
    ) -> None:
        request = TranscriptionRequest(language=f"{stt.capabilities.languages[0]}-ZZ")
        assert (await listen(stt, frames_of(utterances[0].audio), request))[-1].final

    async def test_utterances_at_once_do_not_mix(self, stt: SpeechToText, utterances: tuple[Utterance, ...]) -> None:
        alone = [(await listen(stt, frames_of(utterance.audio)))[-1].text for utterance in utterances]
        together = await asyncio.gather(*(listen(stt, frames_of(utterance.audio)) for utterance in utterances * 2))
        assert [told[-1].text for told in together] == alone * 2

    async def test_what_was_learnt_of_a_speaker_may_be_handed_on(
        self, stt: SpeechToText, utterances: tuple[Utterance, ...]
    ) -> None:
        first = (await listen(stt, frames_of(utterances[0].audio)))[-1]
        request = TranscriptionRequest(adaptation=first.adaptation)
        again = (await listen(stt, frames_of(utterances[0].audio), request))[-1]
        assert has_word(again, utterances[0].word)

    async def test_closing_early_stops_reading_and_leaves_nothing_running(
        self, stt: SpeechToText, utterances: tuple[Utterance, ...]
    ) -> None:
        if not stt.capabilities.partials:
            pytest.skip("without partials there is nothing to close upon")
        before = asyncio.all_tasks()
        for _ in range(5):
            microphone = Microphone(frames_of(utterances[0].audio) * 3)
            audio = microphone.listen()
            transcripts = stt.transcribe(audio, TranscriptionRequest())
            await anext(transcripts)
            async with asyncio.timeout(5):
                await transcripts.aclose()
            taken = microphone.taken
            await asyncio.sleep(0)
            assert microphone.taken == taken < 3 * len(frames_of(utterances[0].audio))
            await audio.aclose()
        assert await none_left_but(before)
        async with asyncio.timeout(30):
            assert has_word((await listen(stt, frames_of(utterances[0].audio)))[-1], utterances[0].word)

    async def test_a_cancelled_listener_leaves_the_engine_clean(
        self, stt: SpeechToText, utterances: tuple[Utterance, ...]
    ) -> None:
        half = frames_of(utterances[0].audio)[: len(frames_of(utterances[0].audio)) // 2]
        reached = asyncio.Event()

        async def never_ending() -> AsyncIterator[HeardAudio]:
            for frame in half:
                yield frame
            reached.set()
            await asyncio.Event().wait()

        async def read() -> None:
            async for _ in stt.transcribe(never_ending(), TranscriptionRequest()):
                pass

        alone = (await listen(stt, frames_of(utterances[1].audio)))[-1].text
        readers = [asyncio.create_task(read()) for _ in range(2)]
        async with asyncio.timeout(30):
            await reached.wait()
        for reader in readers:
            reader.cancel()
        results = await asyncio.gather(*readers, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        async with asyncio.timeout(30):
            assert (await listen(stt, frames_of(utterances[1].audio)))[-1].text == alone

    async def test_audio_that_breaks_off_with_an_error_passes_it_on(
        self, stt: SpeechToText, utterances: tuple[Utterance, ...]
    ) -> None:
        async def breaking() -> AsyncIterator[HeardAudio]:
            yield frames_of(utterances[0].audio)[0]
            raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            async for _ in stt.transcribe(breaking(), TranscriptionRequest()):
                pass
        async with asyncio.timeout(30):
            assert (await listen(stt, frames_of(utterances[0].audio)))[-1].final
