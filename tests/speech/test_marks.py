"""Speech marks tell when each sentence and word sounds, and where it stands."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict, replace
from itertools import pairwise

import pytest
from tests.speech.narrating import narrating

from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest
from syrinx.speech.marks import SpeechMarks, captions, collect
from syrinx.speech.narration import NarrationRequest
from syrinx.speech.narrator import NARRATION_RULES
from syrinx.speech.subtitles import cues, srt
from syrinx.testing.fake_tts import ScriptedTts
from syrinx.testing.virtual_time import virtual_time

CHAR_MS = 50.0
FIRST, SECOND = "This is the very first.", "Here comes a second one."
TEXT = f"{FIRST}\n{SECOND}"


async def marks_of(text: str, tts: ScriptedTts, *, speed: float = 1.0, ssml: bool = False) -> SpeechMarks:
    async with narrating(tts) as narrate:
        narration = await narrate(NarrationRequest(text=text, speed=speed, ssml=ssml))
        try:
            return await collect(narration)
        finally:
            await narration.aclose()


class UntimedTts(ScriptedTts):
    """Tells no times of words."""

    def __init__(self) -> None:
        super().__init__()
        self.capabilities = replace(self.capabilities, word_times=False)

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        async with aclosing(super().synthesize(request)) as chunks:
            async for chunk in chunks:
                yield replace(chunk, words=())


@virtual_time
async def test_every_sentence_and_word_has_its_exact_time_and_place() -> None:
    marks = await marks_of(TEXT, ScriptedTts())
    assert marks.exact
    assert (marks.engine, marks.language) == ("first", "en")
    second_ms = len(FIRST) * CHAR_MS + NARRATION_RULES.paragraph_pause_ms
    assert marks.duration_ms == second_ms + len(SECOND) * CHAR_MS
    assert [(each.start_ms, each.end_ms) for each in marks.sentences] == [
        (0.0, len(FIRST) * CHAR_MS),
        (second_ms, marks.duration_ms),
    ]
    assert [TEXT[each.start_char : each.end_char] for each in (*marks.sentences, *marks.words)] == [
        FIRST, SECOND, *TEXT.replace(".", "").split(),
    ]  # fmt: skip
    for word in marks.words[:5]:
        assert word.start_char is not None
        assert word.start_ms == pytest.approx(word.start_char * CHAR_MS, abs=0.1)


@virtual_time
async def test_a_word_lasts_until_the_next_one_and_the_last_until_its_sentence_ends() -> None:
    marks = await marks_of(TEXT, ScriptedTts())
    for word, following in zip(marks.words[:4], marks.words[1:5], strict=True):
        assert word.end_ms == following.start_ms
    assert marks.words[4].end_ms == marks.sentences[0].end_ms
    assert marks.words[-1].end_ms == marks.sentences[1].end_ms


@virtual_time
async def test_times_by_proportion_are_so_labelled_and_rise() -> None:
    marks = await marks_of(TEXT, UntimedTts())
    assert not marks.exact
    assert [word.text for word in marks.words] == TEXT.replace(".", "").split()
    starts = [word.start_ms for word in marks.words]
    assert starts == sorted(starts)
    assert all(0.0 <= word.start_ms <= word.end_ms <= marks.duration_ms for word in marks.words)


@virtual_time
async def test_marks_become_json_and_subtitles() -> None:
    marks = await marks_of(TEXT, ScriptedTts())
    assert json.loads(json.dumps(asdict(marks)))["sentences"][0]["text"] == FIRST
    assert srt(captions(marks)).startswith(f"1\n00:00:00,000 --> 00:00:01,150\n{FIRST}\n")


@virtual_time
async def test_half_the_speed_takes_twice_the_time() -> None:
    usual = await marks_of(FIRST, ScriptedTts())
    slow = await marks_of(FIRST, ScriptedTts(), speed=0.5)
    assert [word.start_ms for word in slow.words] == pytest.approx([2 * word.start_ms for word in usual.words], abs=0.1)


@virtual_time
async def test_figures_and_signs_are_marked_as_they_are_written() -> None:
    text = "Tom & Al paid $5.50 for 5 km."
    marks = await marks_of(text, ScriptedTts())
    assert [word.text for word in marks.words] == ["Tom", "&", "Al", "paid", "$5.50", "for", "5 km"]
    assert [text[word.start_char : word.end_char] for word in marks.words] == [word.text for word in marks.words]


@virtual_time
async def test_short_sentences_that_are_spoken_at_once_have_a_mark_each() -> None:
    text = "This is the very first. Oh. Yes, yes! Why...?"
    marks = await marks_of(text, ScriptedTts())
    assert [each.text for each in marks.sentences] == ["This is the very first.", "Oh.", "Yes, yes!", "Why...?"]
    assert [text[each.start_char : each.end_char] for each in marks.sentences] == [
        each.text for each in marks.sentences
    ]
    starts = {word.start_char: word.start_ms for word in marks.words}
    for before, each in pairwise(marks.sentences[1:]):
        assert before.end_ms == each.start_ms == starts[each.start_char]
    assert marks.sentences[-1].end_ms == marks.duration_ms


@virtual_time
async def test_a_sentence_spoken_in_several_manners_or_pieces_has_one_mark() -> None:
    document = (
        "<speak>It is <emphasis>very</emphasis> good, un<emphasis>believ</emphasis>able. Is &amp; was. Oh, and"
        "<break time='1s'/> more<p>A title</p><p>Its text.</p></speak>"
    )
    marks = await marks_of(document, ScriptedTts(), ssml=True)
    assert [each.text for each in marks.sentences] == [
        "It is very good, unbelievable.", "Is & was.", "Oh, and more", "A title", "Its text.",
    ]  # fmt: skip
    first, second, third, *_ = marks.sentences
    assert (first.start_ms, first.start_char) == (0.0, document.index("It"))
    assert first.end_char == document.index(" Is &")
    assert second.start_char == document.index("Is &")
    assert third.end_ms == marks.words[-5].end_ms
    long = "and so it went on, " * 40 + "to its end."
    (whole,) = (await marks_of(long, ScriptedTts())).sentences
    assert whole.text == long


@virtual_time
async def test_a_long_sentence_changes_on_the_screen_with_its_words() -> None:
    document = (
        "<speak>Here is the beginning of a sentence that does not fit on one screen of subtitles, "
        "<break time='5s'/>which is why it goes on after a while on another one.</speak>"
    )
    marks = await marks_of(document, ScriptedTts(), ssml=True)
    (sentence,) = marks.sentences
    first, second = cues(captions(marks))
    assert second.lines[0].startswith("of subtitles, which")
    after = next(word for word in marks.words if word.start_char == document.index("of subtitles"))
    assert (first.start_ms, second.end_ms) == (round(sentence.start_ms), round(sentence.end_ms))
    assert first.end_ms == second.start_ms == round(after.start_ms)
