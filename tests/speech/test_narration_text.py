"""A text is cut as it is spoken, and every piece knows where it stood."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syrinx.engines.tts.contract import TtsCapabilities
from syrinx.errors import BadInput
from syrinx.speech.narration import NarrationRequest
from syrinx.speech.narration_text import NarrationPlaces, Speaking, read_text, spoken_segments
from syrinx.speech.narrator import NARRATION_RULES
from syrinx.speech.voicing import SpokenSegment
from syrinx.testing.virtual_time import run_virtual, virtual_time
from syrinx.text.pronunciations import Pronunciation, Pronunciations

ABLE = TtsCapabilities(
    sample_rate_hz=24_000, languages=("en",), speed=(0.5, 2.0), pitch_semitones=(-3.0, 3.0), phonemes=True
)
RULES = NARRATION_RULES


async def cut(request: NarrationRequest, able: TtsCapabilities = ABLE) -> tuple[list[SpokenSegment], NarrationPlaces]:
    text = await read_text(request, language="en")
    places = NarrationPlaces()
    speaking = Speaking(request=request, language="en", voice=None, able=able, rules=RULES)
    async with aclosing(spoken_segments(text, speaking, places)) as segments:
        return [segment async for segment in segments], places


def plain(text: str) -> NarrationRequest:
    return NarrationRequest(text=text)


def ssml(content: str) -> NarrationRequest:
    return NarrationRequest(text=f"<speak>{content}</speak>", ssml=True)


@virtual_time
async def test_what_is_not_spoken_is_passed_over_and_its_paragraph_ends_all_the_same() -> None:
    segments, places = await cut(plain("The first paragraph.\n\n***\n\nThe second 😀 paragraph.\n"))
    assert [segment.spoken for segment in segments] == ["The first paragraph.", "The second paragraph."]
    assert [segment.index for segment in segments] == [0, 1]
    assert segments[0].ends_paragraph
    assert [places.sentences[index].text for index in (0, 1)] == ["The first paragraph.", "The second 😀 paragraph."]


@virtual_time
async def test_only_as_much_is_cut_as_is_asked_for() -> None:
    request = plain("This is one more sentence of many. " * 10_000)
    text = await read_text(request, language="en")
    places = NarrationPlaces()
    speaking = Speaking(request=request, language="en", voice=None, able=ABLE, rules=RULES)
    async with aclosing(spoken_segments(text, speaking, places)) as segments:
        for _ in range(3):
            await anext(segments)
    assert len(places.sentences) == 3


@virtual_time
async def test_others_get_their_turn_between_two_sentences() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    running = asyncio.create_task(other())
    segments, _ = await cut(plain("This is one more sentence of many. " * 100))
    assert turns >= len(segments)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@given(st.text(max_size=2000))
@settings(max_examples=50, deadline=None)
def test_every_sentence_stands_where_it_says(text: str) -> None:
    request = plain(f"Words {text}")
    segments, places = run_virtual(cut(request))
    end = 0
    for segment in segments:
        sentence = places.sentences[segment.index]
        assert request.text[sentence.start_char : sentence.end_char] == sentence.text
        assert sentence.start_char >= end
        end = sentence.end_char


@virtual_time
async def test_the_engine_does_what_it_can_of_a_manner_and_the_rest_is_left_for_afterwards() -> None:
    request = ssml("<prosody rate='300%' pitch='+5st'>Quick and high.</prosody><prosody volume='-6dB'>Soft.</prosody>")
    (quick, soft), _ = await cut(request)
    assert (quick.request.speed, quick.tempo) == (2.0, 1.5)
    assert (quick.request.pitch_semitones, quick.shift_semitones) == (3.0, 2.0)
    assert quick.speed == 3.0
    assert (soft.tempo, soft.shift_semitones, soft.gain_db) == (1.0, 0.0, -6.0)


@virtual_time
async def test_between_two_manners_the_pause_is_that_of_what_ended() -> None:
    segments, _ = await cut(
        ssml(
            "<p>Here <emphasis>we</emphasis> go, <emphasis>said</emphasis> she. <emphasis>Then</emphasis> all.</p>"
            "<p><s>Another one</s><s><emphasis>And</emphasis> one more.</s></p>"
        )
    )
    pauses = [(segment.spoken, segment.pause_before_ms) for segment in segments]
    assert pauses == [
        ("Here", None),
        ("we", 0.0),
        ("go,", 0.0),
        ("said", RULES.clause_pause_ms),
        ("she.", 0.0),
        ("Then", RULES.sentence_pause_ms),
        ("all.", 0.0),
        ("Another one", RULES.paragraph_pause_ms),
        ("And", RULES.sentence_pause_ms),
        ("one more.", 0.0),
    ]


@virtual_time
async def test_breaks_add_up_and_never_shorten_a_pause() -> None:
    segments, _ = await cut(
        ssml("<break time='50ms'/>One.<break time='100ms'/>Two.<break time='1s'/><break time='500ms'/>Three.")
    )
    assert [segment.pause_before_ms for segment in segments] == [50.0, RULES.sentence_pause_ms, 1500.0]


@virtual_time
async def test_sounds_given_in_a_document_win_over_the_dictionary() -> None:
    book = Pronunciations((Pronunciation(written="tomato", ipa="təˈmɑːtəʊ"),))
    request = replace(ssml("A tomato, a <phoneme ph='təˈmeɪtoʊ'>tomato</phoneme>!"), pronunciations=book)
    (segment,), _ = await cut(request)
    asked = segment.request
    assert [asked.text[each.start_char : each.end_char] for each in asked.phonemes] == ["tomato", "tomato"]
    assert [each.ipa for each in asked.phonemes] == ["təˈmɑːtəʊ", "təˈmeɪtoʊ"]


@virtual_time
async def test_an_engine_without_sounds_reads_the_letters() -> None:
    (segment,), _ = await cut(ssml("A <phoneme ph='təˈmeɪtoʊ'>tomato</phoneme>."), able=replace(ABLE, phonemes=False))
    assert (segment.spoken, segment.request.phonemes) == ("A tomato.", ())


@pytest.mark.parametrize(
    ("content", "spoken"),
    [
        ("A tomato, and 5 km.", "A tomato, and five kilometres."),
        ("Is it (tomato)? It is.", "Is it (tomato)? It is."),
        ("**tomato** soup for $5.", "tomato soup for five dollars."),
    ],
)
async def test_what_stands_beside_a_word_with_sounds_is_kept(content: str, spoken: str) -> None:
    book = Pronunciations((Pronunciation(written="tomato", ipa="təˈmɑːtəʊ"),))
    segments, _ = await cut(replace(plain(content), pronunciations=book))
    assert " ".join(segment.spoken for segment in segments) == spoken
    asked = segments[0].request
    assert [asked.text[each.start_char : each.end_char] for each in asked.phonemes] == ["tomato"]


@pytest.mark.parametrize("text", ["", " \n", "?!" * 100_000, "😀"])
def test_a_text_without_words_is_refused_as_it_is(text: str) -> None:
    with pytest.raises(BadInput, match="no words"):
        run_virtual(read_text(plain(text), language="en"))
