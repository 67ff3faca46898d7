"""What every text-to-speech engine must do, as tests that an engine's own tests inherit.

    class TestMyEngine(TtsConformance):
        @pytest.fixture
        async def tts(self):
            async with my_engine.provider.open({}) as engine:
                yield engine

Needs pytest and pytest-asyncio in its automatic mode. Set `language` and `words` where the engine speaks no English.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

import numpy as np
import pytest

from syrinx.audio.levels import rms_dbfs
from syrinx.audio.pcm import PcmChunk
from syrinx.engines.tts.contract import Phonemes, SpeechChunk, SpeechRequest, TextToSpeech, WordTime
from syrinx.errors import BadInput, SyrinxError, UnknownLanguage, UnknownVoice
from syrinx.testing.audio import longest_silence_ms
from syrinx.testing.tasks import none_left_but

WORDS = ("morning", "garden", "river", "seven", "window", "yellow", "mountain", "paper", "winter", "summer")

HOSTILE_TEXTS = (
    "hello \0 world",
    "half a pair \ud83d and on",
    "na\u00efve caf\u00e9 \u2014 \u201cquoted\u201d\u2026 \U0001f600 done",
    "\u202eright to left\u202c \u0645\u0631\u062d\u0628\u0627 \u4f60\u597d \u0939\u093f\u0928\u094d\u0926\u0940",
    "Z" + "\u0301\u0323" * 200 + "algo",
    "<speak><break time='9s'/>hello</speak> [[h@l'oU]] &amp; &#0; {{x}}",
    "%s %n %d \\ \x1b[31m $(reboot) `reboot` ' \" ;",
    "word" * 250,
    "1" * 120,
    "a\r\nb\tc\u2028d\u2029e\ufeff f",
    "http://a.example/?b=c&d=e a@b.example -1e309 0x7f 12/31/1999 10:30 a.m. \u20ac3.50 5\u00b0",
    "!" * 500 + " hi " + "." * 500,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A request's whole speech."""

    chunks: tuple[SpeechChunk, ...]

    @property
    def audio(self) -> PcmChunk:
        return PcmChunk(
            pcm=b"".join(chunk.audio.pcm for chunk in self.chunks), sample_rate_hz=self.chunks[0].audio.sample_rate_hz
        )

    @property
    def words(self) -> tuple[WordTime, ...]:
        return tuple(word for chunk in self.chunks for word in chunk.words)


async def speak(tts: TextToSpeech, request: SpeechRequest) -> Spoken:
    """Read a request to its end."""
    async with aclosing(tts.synthesize(request)) as chunks:
        return Spoken(chunks=tuple([chunk async for chunk in chunks]))


def likeness(first: PcmChunk, second: PcmChunk) -> float:
    """How alike the loudness of two clips runs, 50 ms by 50 ms: 1 for the same, about 0 for strangers."""
    step = first.sample_rate_hz // 20
    count = min(first.sample_count, second.sample_count) // step
    levels = [
        np.sqrt(np.mean(clip.samples()[: count * step].astype(np.float64).reshape(count, step) ** 2, axis=1))
        for clip in (first, second)
    ]
    if np.array_equal(levels[0], levels[1]):
        return 1.0
    return float(np.corrcoef(levels[0], levels[1])[0, 1])


class TtsConformance:
    language = "en"
    words = WORDS
    """Ten words of the language, of about one length."""
    repeats = False
    """Whether equal requests give equal samples."""

    @property
    def sentence(self) -> str:
        return " ".join(self.words) + "."

    def request(self, text: str | None = None) -> SpeechRequest:
        return SpeechRequest(text=self.sentence if text is None else text, language=self.language)

    async def test_speech_is_audible_and_of_the_stated_rate(self, tts: TextToSpeech) -> None:
        spoken = await speak(tts, self.request())
        assert all(chunk.audio.sample_rate_hz == tts.capabilities.sample_rate_hz for chunk in spoken.chunks)
        assert 1_500 < spoken.audio.duration_ms < 15_000
        assert rms_dbfs(spoken.audio.samples()) > -40

    async def test_no_chunk_is_empty_and_none_is_the_whole(self, tts: TextToSpeech) -> None:
        spoken = await speak(tts, self.request(f"{self.sentence} {self.sentence}"))
        assert all(chunk.audio.sample_count for chunk in spoken.chunks)
        assert max(chunk.audio.duration_ms for chunk in spoken.chunks) < spoken.audio.duration_ms / 2

    async def test_there_is_no_hole_in_a_sentence(self, tts: TextToSpeech) -> None:
        spoken = await speak(tts, self.request())
        samples = spoken.audio.samples()
        loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 300)
        inside = PcmChunk(pcm=samples[loud[0] : loud[-1]].tobytes(), sample_rate_hz=spoken.audio.sample_rate_hz)
        assert longest_silence_ms(inside) < 300

    async def test_words_stand_where_they_say_and_follow_each_other(self, tts: TextToSpeech) -> None:
        if not tts.capabilities.word_times:
            pytest.skip("this engine has no word times")
        request = self.request(f"  {self.sentence} {self.sentence}")
        spoken = await speak(tts, request)
        assert [word.text for word in spoken.words] == [*self.words, *self.words]
        begin_ms = 0.0
        for chunk in spoken.chunks:
            end_ms = begin_ms + chunk.audio.duration_ms
            for word in chunk.words:
                assert begin_ms - 0.1 <= word.start_ms < end_ms + 0.1
                assert request.text[word.start_char :].startswith(word.text)
            begin_ms = end_ms
        starts = [(word.start_char, word.start_ms) for word in spoken.words]
        assert starts == sorted(starts)
        gaps_ms = np.diff([word.start_ms for word in spoken.words])
        assert gaps_ms.min() > 50
        assert gaps_ms.max() < 2_500

    async def test_words_of_a_changed_speed_still_lie_within_the_speech(self, tts: TextToSpeech) -> None:
        if not tts.capabilities.word_times:
            pytest.skip("this engine has no word times")
        usual = await speak(tts, self.request())
        for speed in tts.capabilities.speed:
            spoken = await speak(tts, replace(self.request(), speed=speed))
            assert [word.text for word in spoken.words] == list(self.words)
            # The last word begins at about the same part of the speech, however fast.
            part = spoken.words[-1].start_ms / spoken.audio.duration_ms
            assert part == pytest.approx(usual.words[-1].start_ms / usual.audio.duration_ms, abs=0.1)

    async def test_faster_is_shorter(self, tts: TextToSpeech) -> None:
        slowest, fastest = tts.capabilities.speed
        if slowest == fastest:
            pytest.skip("this engine has one speed")
        speeds = np.linspace(slowest, fastest, 6)
        durations_ms = [
            (await speak(tts, replace(self.request(), speed=float(speed)))).audio.duration_ms for speed in speeds
        ]
        assert durations_ms == sorted(durations_ms, reverse=True)
        assert durations_ms[0] / durations_ms[-1] == pytest.approx(fastest / slowest, rel=0.35)

    async def test_what_cannot_be_is_refused_before_any_sound(self, tts: TextToSpeech) -> None:
        capabilities = tts.capabilities
        refused = [
            (self.request(""), BadInput),
            (self.request(" \n ... !? "), BadInput),
            (replace(self.request(), speed=capabilities.speed[1] + 0.01), BadInput),
            (replace(self.request(), speed=capabilities.speed[0] - 0.01), BadInput),
            (replace(self.request(), speed=float("nan")), BadInput),
            (replace(self.request(), pitch_semitones=capabilities.pitch_semitones[1] + 0.01), BadInput),
            (replace(self.request(), pitch_semitones=float("-inf")), BadInput),
            (replace(self.request(), warmth=1.01), BadInput),
            (replace(self.request(), warmth=float("nan")), BadInput),
            (replace(self.request(), conditioning=b"of another engine"), BadInput),
            (replace(self.request(), voice="no such voice"), UnknownVoice),
            (replace(self.request(), voice="../../etc/passwd"), UnknownVoice),
            (replace(self.request(), voice=""), UnknownVoice),
            (replace(self.request(), language="xx-none"), UnknownLanguage),
            (replace(self.request(), language=""), UnknownLanguage),
        ]
        for request, error in refused:
            with pytest.raises(error) as raised:
                await speak(tts, request)
            assert len(raised.value.message) > 20, "the message must say what would have been right"

    async def test_every_listed_voice_is_told_apart_by_its_id(self, tts: TextToSpeech) -> None:
        ids = [voice.id for voice in tts.voices]
        assert ids
        assert len(ids) == len(set(ids))
        languages = {voice.language.split("-")[0].lower() for voice in tts.voices}
        assert languages <= set(tts.capabilities.languages)
        assert all(voice.name for voice in tts.voices)

    async def test_no_two_voices_share_an_alias_and_each_alias_speaks(self, tts: TextToSpeech) -> None:
        aliases = [alias for voice in tts.voices for alias in voice.aliases]
        assert len(aliases) == len({alias.lower() for alias in aliases})
        assert not {alias.lower() for alias in aliases} & {voice.id.lower() for voice in tts.voices}
        for alias in aliases:
            spoken = await speak(tts, replace(self.request(self.words[0]), voice=alias))
            assert rms_dbfs(spoken.audio.samples()) > -40, alias

    async def test_given_phonemes_sound_and_the_words_stay_where_they_are(self, tts: TextToSpeech) -> None:
        if not tts.capabilities.phonemes:
            pytest.skip("this engine takes no phonemes")
        plain = await speak(tts, self.request())
        first, third = self.words[0], self.sentence.index(self.words[2])
        given = (
            Phonemes(start_char=0, end_char=len(first), ipa="maˈlunamaˈluna"),
            Phonemes(start_char=third, end_char=third + len(self.words[2]), ipa="ti"),
        )
        longer = await speak(tts, replace(self.request(), phonemes=given[:1]))
        assert longer.audio.duration_ms > plain.audio.duration_ms + 50
        said = await speak(tts, replace(self.request(), phonemes=given))
        assert said.audio.duration_ms < longer.audio.duration_ms - 30
        if tts.capabilities.word_times:
            assert [(word.text, word.start_char) for word in said.words] == [
                (word.text, word.start_char) for word in plain.words
            ]
            # The first word has become long and the third short.
            assert said.words[1].start_ms > plain.words[1].start_ms + 50
            lasted_ms = [spoken.words[3].start_ms - spoken.words[2].start_ms for spoken in (said, plain)]
            assert lasted_ms[0] < lasted_ms[1]

    async def test_phonemes_that_fit_no_text_are_refused(self, tts: TextToSpeech) -> None:
        if not tts.capabilities.phonemes:
            pytest.skip("this engine takes no phonemes")
        wrong = [
            (Phonemes(start_char=0, end_char=10_000, ipa="ti"),),
            (Phonemes(start_char=3, end_char=3, ipa="ti"),),
            (Phonemes(start_char=-1, end_char=3, ipa="ti"),),
            (Phonemes(start_char=0, end_char=3, ipa=""),),
            (Phonemes(start_char=0, end_char=3, ipa="ˈ"),),
            (Phonemes(start_char=0, end_char=5, ipa="ti"), Phonemes(start_char=3, end_char=8, ipa="ta")),
        ]
        for phonemes in wrong:
            with pytest.raises(BadInput):
                await speak(tts, replace(self.request(), phonemes=phonemes))

    async def test_equal_requests_give_equal_samples(self, tts: TextToSpeech) -> None:
        if not self.repeats:
            pytest.skip("this engine does not promise that")
        mine = [voice for voice in tts.voices if voice.language.split("-")[0].lower() == self.language]
        other = replace(self.request(f"{self.words[3]} {self.words[1]}"), speed=tts.capabilities.speed[1])
        for voice in mine[:16]:
            request = replace(self.request(), language=voice.language, voice=voice.id)
            first = await speak(tts, request)
            again = await speak(tts, request)
            await speak(tts, other)
            async with asyncio.TaskGroup() as group:
                beside = [group.create_task(speak(tts, wanted)) for wanted in (request, other, request)]
            for spoken in (again, beside[0].result(), beside[2].result()):
                assert spoken.audio == first.audio, voice.id
                assert spoken.words == first.words

    async def test_voices_of_the_language_speak(self, tts: TextToSpeech) -> None:
        mine = [voice for voice in tts.voices if voice.language.split("-")[0].lower() == self.language]
        for voice in mine[:8]:
            spoken = await speak(tts, SpeechRequest(text=self.sentence, language=voice.language, voice=voice.id))
            assert rms_dbfs(spoken.audio.samples()) > -40, voice.id

    async def test_closing_leaves_nothing_running(self, tts: TextToSpeech) -> None:
        tasks_before = asyncio.all_tasks()
        for _ in range(10):
            chunks = tts.synthesize(self.request(f"{self.sentence} " * 20))
            await anext(chunks)
            async with asyncio.timeout(5):
                await chunks.aclose()
        assert await none_left_but(tasks_before)
        async with asyncio.timeout(30):
            assert (await speak(tts, self.request())).chunks

    async def test_a_cancelled_reader_is_cancelled_and_the_engine_goes_on(self, tts: TextToSpeech) -> None:
        begun = asyncio.Event()

        async def read() -> None:
            async with aclosing(tts.synthesize(self.request(f"{self.sentence} " * 20))) as chunks:
                async for _ in chunks:
                    begun.set()
                    await asyncio.Event().wait()

        for _ in range(10):
            begun.clear()
            reader = asyncio.create_task(read())
            async with asyncio.timeout(10):
                await begun.wait()
                reader.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await reader
        assert (await speak(tts, self.request())).chunks

    async def test_a_request_never_begun_costs_nothing(self, tts: TextToSpeech) -> None:
        for _ in range(200):
            await tts.synthesize(self.request()).aclose()
        assert (await speak(tts, self.request())).chunks

    async def test_many_at_once_say_what_they_say_alone(self, tts: TextToSpeech) -> None:
        ids = [voice.id for voice in tts.voices if voice.language.split("-")[0].lower() == self.language]
        slowest, fastest = tts.capabilities.speed
        requests = [
            SpeechRequest(
                text=" ".join(self.words[index % 5 :] + self.words[: index % 5]) + ".",
                language=self.language,
                voice=ids[index % len(ids)],
                speed=max(slowest, min(fastest, 1.0 + 0.2 * (index % 3))),
            )
            for index in range(8)
        ]
        alone = [await speak(tts, request) for request in requests]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(speak(tts, request)) for request in requests * 2]
        for index, task in enumerate(tasks):
            expected, got = alone[index % 8], task.result()
            # Some engines vary a little from one time to the next; another voice or text is below 0.5.
            assert got.audio.duration_ms == pytest.approx(expected.audio.duration_ms, rel=0.02, abs=50)
            assert likeness(got.audio, expected.audio) > 0.75
            assert [(word.text, word.start_char) for word in got.words] == [
                (word.text, word.start_char) for word in expected.words
            ]

    async def test_a_slow_reader_holds_up_nobody(self, tts: TextToSpeech) -> None:
        slow: list[AsyncGenerator[SpeechChunk, None]] = []
        try:
            for _ in range(8):
                slow.append(tts.synthesize(self.request(f"{self.sentence} " * 8)))
                await anext(slow[-1])
            async with asyncio.timeout(30):
                assert (await speak(tts, self.request())).chunks
        finally:
            for chunks in slow:
                await chunks.aclose()

    async def test_a_long_text_is_spoken_to_its_end(self, tts: TextToSpeech) -> None:
        one = await speak(tts, self.request())
        many = await speak(tts, self.request(f"{self.sentence} " * 10))
        assert many.audio.duration_ms == pytest.approx(10 * one.audio.duration_ms, rel=0.15)
        if tts.capabilities.word_times:
            assert [word.text for word in many.words] == list(self.words) * 10

    @pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
    async def test_hostile_text_is_spoken_or_refused(self, tts: TextToSpeech, text: str) -> None:
        async with asyncio.timeout(60):
            try:
                spoken = await speak(tts, self.request(text))
            except SyrinxError as error:
                assert error.message
            else:
                assert longest_silence_ms(spoken.audio) < 3_000, "markup in the text was obeyed"
                starts = [(word.start_char, word.start_ms) for word in spoken.words]
                assert starts == sorted(starts)
                assert all(text[word.start_char :].startswith(word.text) for word in spoken.words)
            assert (await speak(tts, self.request())).chunks
