"""What is sent to an ear elsewhere, when, and how its times find back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest

from syrinx.audio.pcm import PcmChunk, silence
from syrinx.engines.stt.contract import HeardAudio, Pause, RecognizedSegment, RecognizedWord, Transcript
from syrinx.engines.stt.contract import TranscriptionRequest as Request
from syrinx.engines.stt.remote_answers import Understood
from syrinx.engines.stt.remote_hearing import RATE_HZ, Asked, RemoteHearing
from syrinx.errors import EngineError
from syrinx.testing.audio import noise, sine

TONE = sine(300, duration_ms=1_000, sample_rate_hz=RATE_HZ)


def quiet(duration_ms: float) -> PcmChunk:
    return silence(duration_ms=duration_ms, sample_rate_hz=RATE_HZ)


class Service:
    """Understands `words` of everything, evenly timed over what was sent."""

    def __init__(self, *words: str, times: bool = True, language: str | None = "de") -> None:
        self.words = words or ("so", "it", "is")
        self.times = times
        self.language = language
        self.sent: list[PcmChunk] = []
        self.asked: list[Asked] = []

    async def __call__(self, clip: PcmChunk, asked: Asked) -> Understood:
        self.sent.append(clip)
        self.asked.append(asked)
        await asyncio.sleep(0)
        step_ms = clip.duration_ms / len(self.words)
        timed = tuple(
            RecognizedWord(text=word, start_ms=at * step_ms, end_ms=(at + 1) * step_ms)
            for at, word in enumerate(self.words)
        )
        text = " ".join(self.words)
        return Understood(
            text=text,
            language=self.language,
            confidence=0.5,
            words=timed if self.times else (),
            segments=(RecognizedSegment(text=text, start_ms=0, end_ms=clip.duration_ms),),
        )


async def told_by(
    service: Service,
    items: Sequence[HeardAudio],
    request: Request | None = None,
    *,
    language: str | None = "en",
    piece_s: float = 300.0,
) -> list[Transcript]:
    async def audio() -> AsyncGenerator[HeardAudio, None]:
        for item in items:
            yield item

    hearing = RemoteHearing(service, request or Request(), language=language, piece_s=piece_s)
    async with aclosing(audio()) as heard, aclosing(hearing.transcripts(heard)) as transcripts:
        return [transcript async for transcript in transcripts]


async def test_at_a_pause_what_there_is_is_sent_and_at_the_end_nothing_more_if_nothing_followed() -> None:
    service = Service()
    told = await told_by(service, [TONE, Pause()])
    assert len(service.sent) == 1
    assert [(one.settled, one.final) for one in told] == [(True, False), (False, True)]
    assert told[1].text == told[0].text == "so it is"


async def test_silence_after_a_pause_is_not_sent_again() -> None:
    service = Service()
    told = await told_by(service, [TONE, quiet(400), Pause(), quiet(700), Pause(), quiet(300)])
    assert len(service.sent) == 1
    assert told[-1].text == "so it is"


async def test_who_goes_on_after_a_pause_is_sent_whole() -> None:
    service = Service()
    await told_by(service, [TONE, quiet(400), Pause(), TONE, Pause()])
    assert len(service.sent) == 2
    assert service.sent[1].duration_ms == pytest.approx(2_400, abs=1)


async def test_silence_alone_is_never_sent() -> None:
    service = Service()
    hum = noise(duration_ms=2_000, sample_rate_hz=RATE_HZ, amplitude=0.0005)
    told = await told_by(service, [quiet(3_000), hum, Pause(), quiet(10_000)])
    assert service.sent == []
    assert [one.text for one in told] == ["", ""]


async def test_silence_travels_not_and_times_point_into_what_was_heard_here() -> None:
    service = Service("one", "two")
    told = await told_by(service, [quiet(4_000), TONE, quiet(6_000), TONE, quiet(4_000)], Request(recording=True))
    assert service.sent[0].duration_ms == pytest.approx(3_000, abs=100)
    one, two = told[-1].words
    assert one.start_ms == pytest.approx(3_750, abs=30)
    assert one.end_ms == pytest.approx(5_250, abs=30)
    assert two.start_ms == pytest.approx(10_750, abs=30)
    assert two.end_ms == pytest.approx(12_250, abs=30)
    assert told[-1].heard_ms == pytest.approx(16_000)
    assert [(part.start_ms, part.end_ms) for part in told[-1].segments] == [
        (pytest.approx(3_750, abs=30), pytest.approx(12_250, abs=30))
    ]


async def test_a_long_recording_goes_in_pieces_cut_in_pauses_with_the_words_before_them() -> None:
    service = Service("so", "it", "is")
    # Eight seconds of sound and two of silence, again and again: pieces of 25 s are cut within some silence.
    minute = [sine(300, duration_ms=8_000, sample_rate_hz=RATE_HZ), quiet(2_000)] * 6
    told = await told_by(service, minute, Request(recording=True, prompt="Of owls."), piece_s=25.0)
    assert len(service.sent) == 3
    assert all(clip.duration_ms <= 25_000 for clip in service.sent)
    assert sum(clip.duration_ms for clip in service.sent) == pytest.approx(6 * 8_500, abs=600), "no sound is lost"
    assert told[-1].text == "so it is so it is so it is"
    assert [one.prompt for one in service.asked] == ["Of owls.", "Of owls. so it is", "Of owls. so it is so it is"]
    heard_ms = [one.heard_ms or 0.0 for one in told]
    assert heard_ms == sorted(heard_ms)
    assert len(told) == 3
    for at_ms in heard_ms[:-1]:
        assert at_ms % 10_000 > 7_900, "cut within a silence"
    assert heard_ms[-1] == pytest.approx(60_000)
    starts = [word.start_ms for word in told[-1].words]
    assert starts == sorted(starts)
    assert told[-1].words[-1].end_ms <= 60_000
    assert [part.start_ms for part in told[-1].segments] == sorted(part.start_ms for part in told[-1].segments)


async def test_times_that_only_some_pieces_have_are_not_told() -> None:
    service = Service()

    async def once(clip: PcmChunk, asked: Asked) -> Understood:
        service.times = not service.sent
        return await service(clip, asked)

    minute = [sine(300, duration_ms=8_000, sample_rate_hz=RATE_HZ), quiet(2_000)] * 3

    async def audio() -> AsyncGenerator[HeardAudio, None]:
        for item in minute:
            yield item

    hearing = RemoteHearing(once, Request(recording=True), language="en", piece_s=15.0)
    async with aclosing(audio()) as heard, aclosing(hearing.transcripts(heard)) as transcripts:
        told = [one async for one in transcripts]
    assert len(service.sent) > 1
    assert told[0].words
    assert told[-1].words == ()
    assert told[-1].segments, "those all pieces have"


async def test_a_language_that_is_found_out_is_told() -> None:
    service = Service(language="de")
    told = await told_by(service, [TONE], language=None)
    assert service.asked[0].language is None
    assert told[-1].language == "de"
    translated = await told_by(service, [TONE], Request(task="translate"), language=None)
    assert service.asked[1].translate
    assert translated[-1].language == "en"


async def test_temperature_prompt_and_likely_words_go_along() -> None:
    service = Service()
    await told_by(service, [TONE], Request(temperature=0.3, prompt="Birds.", hotwords=("Syrinx", "Pan")))
    assert service.asked[0].temperature == 0.3
    assert service.asked[0].prompt == "Syrinx, Pan. Birds."


async def test_a_long_dictionary_leaves_the_prompt_its_place() -> None:
    service = Service()
    words = tuple(f"word{number}" for number in range(5_000))
    await told_by(service, [TONE], Request(prompt="Birds.", hotwords=("x" * 1_000, *words)))
    assert service.asked[0].prompt.startswith("word0, word1, ")
    assert service.asked[0].prompt.endswith(". Birds.")
    assert len(service.asked[0].prompt) < 340


async def test_a_failure_is_raised_and_nothing_is_made_up() -> None:
    async def failing(clip: PcmChunk, asked: Asked) -> Understood:
        raise EngineError("the connection to far broke")

    async def audio() -> AsyncGenerator[HeardAudio, None]:
        yield TONE

    hearing = RemoteHearing(failing, Request(), language="en")
    async with aclosing(audio()) as heard, aclosing(hearing.transcripts(heard)) as transcripts:
        with pytest.raises(EngineError, match="broke"):
            await anext(transcripts)
