"""SSML becomes words in manners and pauses, every character's place kept; all else is refused with line and column."""

from __future__ import annotations

import re
from contextlib import suppress
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syrinx.errors import BadInput, TooLarge
from syrinx.text.languages import LANGUAGES
from syrinx.text.ssml import LONGEST_DOCUMENT, SsmlPart, SsmlPause, SsmlWords, read_ssml, ssml_language
from syrinx.text.ssml_elements import DEEPEST
from syrinx.text.ssml_values import SILENT_DB

XML_TEXT = st.text(
    st.one_of(
        st.sampled_from(" \n\t<>&'\"];:.,!aZ9é你ह\u00a0"),
        st.characters(min_codepoint=0x20, blacklist_categories=("Cs",), blacklist_characters="\ufffe\uffff"),
    )
)


def words_of(document: str, language: str = "en") -> list[SsmlWords]:
    return [part for part in read_ssml(document, language=language) if isinstance(part, SsmlWords)]


def read_out(inside: str, language: str = "en") -> str:
    return " ".join(part.text for part in words_of(f"<speak>{inside}</speak>", language))


def refusal(document: str, language: str = "en") -> str:
    with pytest.raises(BadInput) as raised:
        read_ssml(document, language=language)
    return raised.value.message


def test_text_is_read_with_its_white_space_made_single_spaces() -> None:
    assert words_of("<speak>\n  Hello,\r\n\t dear   world.  </speak>")[0].text == "Hello, dear world."


def test_entities_references_and_cdata_are_text() -> None:
    assert read_out("AT&amp;T &lt;3 &#x41;&#66; <![CDATA[a < b & c]]>") == "AT&T <3 AB a < b & c"


@given(XML_TEXT)
def test_any_text_comes_back_and_every_letter_tells_its_place(text: str) -> None:
    document = f"<speak>{escape(text)}</speak>"
    parts = words_of(document)
    expected = " ".join(re.split(r"[ \t\r\n]+", text.strip(" \t\r\n")))
    if not parts:
        assert not re.search(r"[^\W_]", text)
        return
    (part,) = parts
    assert part.text == expected
    assert part.start_char == part.places.of(0)
    for index, character in enumerate(part.text):
        start, end = part.places.span(index, index + 1)
        assert start == part.places.of(index)
        written = document[start:end]
        assert written == escape(character) or (character == " " and written in {"\t", "\n", "\r"})


@settings(max_examples=300)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                (
                    "<speak>", "</speak>", "<p>", "</p>", "<s>", "</s>", "<break/>", '<break time="', '"/>',
                    "<prosody ", 'rate="', 'pitch="+', '%">', "st", "</prosody>", "<emphasis>", "</emphasis>",
                    '<sub alias="', '">',
                    "</sub>", '<say-as interpret-as="', "date", "</say-as>", "<!--", "-->", "<![CDATA[", "]]>",
                    "<?x ?>",
                    "<!DOCTYPE speak [", "&amp;", "&x;", "&#0;", "\ud800", "é", "你好", " ",
                )
            ),
            st.text(max_size=8),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_garbage_is_read_or_refused_and_nothing_else(pieces: list[str]) -> None:
    for document in ("".join(pieces), f"<speak>{''.join(pieces)}</speak>"):
        told = "SSML, line "
        try:
            read_ssml(document, language="en")
        except BadInput as error:
            told = error.message
        assert told.startswith("SSML, line ")


@settings(max_examples=300)
@given(
    st.sampled_from(
        ("prosody rate", "prosody pitch", "prosody volume", "break time", "break strength", "emphasis level",
         "sub alias", "phoneme ph", "say-as interpret-as")
    ),
    st.one_of(XML_TEXT, st.from_regex(r"[+-]?\d{0,12}(\.\d{0,12})?(%|st|dB|ms|s|Hz)?", fullmatch=True)),
)  # fmt: skip
def test_any_value_is_taken_within_its_range_or_refused(place: str, value: str) -> None:
    name = place.partition(" ")[0]
    inside = "" if name == "break" else "word"
    parts: tuple[SsmlPart, ...] = ()
    with suppress(BadInput):
        parts = read_ssml(f"<speak><{place}={quoteattr(value)}>{inside}</{name}></speak>", language="en")
    for part in parts:
        if isinstance(part, SsmlPause):
            assert 0 < part.duration_ms <= 10_000
        else:
            assert 0.25 <= part.speed <= 4
            assert -12 <= part.pitch_semitones <= 12
            assert -60 <= part.gain_db <= 12 or part.gain_db == SILENT_DB


@pytest.mark.parametrize(
    ("value", "speed"),
    [("x-slow", 0.5), ("medium", 1.0), ("x-fast", 1.7), ("80%", 0.8), ("+10%", 1.1), ("-25%", 0.75), ("400%", 4.0)],
)
def test_rates_are_factors(value: str, speed: float) -> None:
    (part,) = words_of(f'<speak><prosody rate="{value}">word</prosody></speak>')
    assert part.speed == pytest.approx(speed)


@pytest.mark.parametrize(
    ("value", "semitones"), [("x-low", -5.0), ("high", 2.5), ("+2st", 2.0), ("-0.5st", -0.5), ("+100%", 12.0)]
)
def test_pitches_are_semitones(value: str, semitones: float) -> None:
    (part,) = words_of(f'<speak><prosody pitch="{value}">word</prosody></speak>')
    assert part.pitch_semitones == pytest.approx(semitones)


@pytest.mark.parametrize(("value", "gain_db"), [("soft", -6.0), ("+3dB", 3.0), ("-6db", -6.0), ("silent", SILENT_DB)])
def test_volumes_are_decibels(value: str, gain_db: float) -> None:
    (part,) = words_of(f'<speak><prosody volume="{value}">word</prosody></speak>')
    assert part.gain_db == gain_db


def test_changes_add_up_and_words_of_rate_start_anew() -> None:
    parts = words_of(
        '<speak><prosody rate="80%" pitch="+2st">one <prosody rate="+50%" pitch="+1st">two</prosody> '
        '<prosody rate="fast" pitch="low">three</prosody> four</prosody> five</speak>'
    )
    assert [(part.text, round(part.speed, 6), part.pitch_semitones) for part in parts] == [
        ("one", 0.8, 2.0),
        ("two", 1.2, 3.0),
        ("three", 1.3, -2.5),
        ("four", 0.8, 2.0),
        ("five", 1.0, 0.0),
    ]


def test_emphasis_is_slower_higher_and_louder_and_its_opposite_the_other_way() -> None:
    strong, moderate, plain, reduced = words_of(
        '<speak><emphasis level="strong">a</emphasis><emphasis>b</emphasis><emphasis level="none">c</emphasis>'
        '<emphasis level="reduced">d</emphasis></speak>'
    )
    assert strong.speed < moderate.speed < plain.speed == 1.0 < reduced.speed
    assert strong.gain_db > moderate.gain_db > plain.gain_db == 0.0 > reduced.gain_db
    assert strong.pitch_semitones > moderate.pitch_semitones > 0.0 > reduced.pitch_semitones


@pytest.mark.parametrize(
    ("attributes", "duration_ms"),
    [('time="250ms"', 250.0), ('time="1.5s"', 1500.0), ('time="10s"', 10_000.0), ('time=".5s" strength="weak"', 500.0)],
)
def test_breaks_last_as_long_as_they_say(attributes: str, duration_ms: float) -> None:
    document = f"<speak>one<break {attributes}/>two</speak>"
    one, pause, two = read_ssml(document, language="en")
    assert isinstance(one, SsmlWords)
    assert isinstance(two, SsmlWords)
    assert pause == SsmlPause(duration_ms=duration_ms, start_char=document.index("<break"))


def test_stronger_breaks_are_longer_and_none_is_no_break() -> None:
    names = ("x-weak", "weak", "medium", "strong", "x-strong")
    breaks = "".join(f"<break strength='{name}'/>" for name in names)
    document = f"<speak>{breaks}</speak>"
    pauses = [part.duration_ms for part in read_ssml(document, language="en") if isinstance(part, SsmlPause)]
    assert len(pauses) == 5
    assert pauses == sorted(set(pauses))
    assert len(read_ssml('<speak>one<break strength="none"/> two<break time="0s"/> three</speak>', language="en")) == 1


def test_sentences_and_paragraphs_say_where_they_end() -> None:
    parts = words_of("<speak>Zero<p><s>One</s><s>two</s></p><p>three <emphasis>four</emphasis></p>five</speak>")
    assert [(part.text, part.ends) for part in parts] == [
        ("Zero", "paragraph"), ("One", "sentence"), ("two", "paragraph"), ("three", ""), ("four", "paragraph"),
        ("five", ""),
    ]  # fmt: skip


def test_marks_behind_emphasis_belong_to_its_words() -> None:
    document = "<speak>Say <emphasis>no</emphasis>. <emphasis>Then</emphasis>, go!</speak>"
    parts = words_of(document)
    assert [part.text for part in parts] == ["Say", "no.", "Then,", "go!"]
    assert document[parts[1].places.of(2)] == "."


def test_sub_is_read_as_its_alias_and_stands_where_the_text_does() -> None:
    document = '<speak>The <sub alias="World Wide Web">WWW</sub> is big.</speak>'
    (part,) = words_of(document)
    assert part.text == "The World Wide Web is big."
    assert part.places.of(part.text.index("Wide")) == document.index("WWW")
    assert part.places.span(4, 18) == (document.index("WWW"), document.index("</sub>"))
    assert part.places.of(part.text.index("big")) == document.index("big")


def test_phonemes_stand_at_their_word() -> None:
    document = (
        '<speak>A <phoneme alphabet="ipa" ph="təˈmɑːtoʊ"> tomato </phoneme> and <phoneme ph="a">b</phoneme>.</speak>'
    )
    (part,) = words_of(document)
    assert part.text == "A tomato and b."
    assert [(part.text[span.start_char : span.end_char], span.ipa) for span in part.phonemes] == [
        ("tomato", "təˈmɑːtoʊ"),
        ("b", "a"),
    ]


READINGS = [
    ("characters", None, "SQL v2", "S Q L, V two"),
    ("spell-out", None, "a-b_c", "A dash B underscore C"),
    ("verbatim", None, "x@y.z!", "X at Y dot Z exclamation mark"),
    ("cardinal", None, "1,234", "one thousand two hundred and thirty-four"),
    ("cardinal", None, "1,234,001.5", "one million two hundred and thirty-four thousand and one point five"),
    ("number", None, "-3.25", "minus three point two five"),
    ("cardinal", None, "1999", "one thousand nine hundred and ninety-nine"),
    ("ordinal", None, "21", "twenty-first"),
    ("ordinal", None, "3rd", "third"),
    ("digits", None, "1999 42", "one nine nine nine, four two"),
    ("telephone", None, "+44 (20) 7946-0018", "plus four four, two zero, seven nine four six, zero zero one eight"),
    ("date", None, "2026-11-21", "November twenty-first, twenty twenty-six"),
    ("date", "dmy", "03/04/2026", "April third, twenty twenty-six"),
    ("date", "mdy", "03/04/2026", "March fourth, twenty twenty-six"),
    ("date", "md", "2/29", "February twenty-ninth"),
    ("time", "hms12", "2:30pm", "two thirty p m"),
    ("time", None, "14:05", "fourteen oh five"),
    ("time", "hms24", "14:05:09", "fourteen oh five and nine seconds"),
    ("fraction", None, "2/3", "two thirds"),
    ("fraction", None, "3 5/16", "three and five sixteenths"),
    ("fraction", None, "1/2", "one half"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "form", "written", "spoken"), READINGS)
def test_say_as_reads_english(kind: str, form: str | None, written: str, spoken: str) -> None:
    attribute = f' format="{form}"' if form else ""
    assert read_out(f'<say-as interpret-as="{kind}"{attribute}>{written}</say-as>') == spoken


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("kind", "form", "written"),
    [
        ("characters", None, "Ab-1/.,:;@#_*?!"[:4] + "@_"),
        ("cardinal", None, "1234"),
        ("ordinal", None, "21"),
        ("digits", None, "407"),
        ("telephone", None, "+49 30 1234"),
        ("date", None, "2026-11-21"),
        ("date", "dmy", "21.11.2026"),
        ("date", "dm", "21.11."[:5]),
        ("time", None, "14:30"),
        ("fraction", None, "1/2"),
        ("fraction", None, "5/7"),
    ],
)
def test_say_as_leaves_no_digit_in_any_language(language: str, kind: str, form: str | None, written: str) -> None:
    attribute = f' format="{form}"' if form else ""
    spoken = read_out(f'<say-as interpret-as="{kind}"{attribute}>{written}</say-as>', language)
    assert spoken
    assert not re.search(r"[\d@/_]", spoken)


REFUSED = [
    ("", "line 1"),
    ("Hello", "line 1"),
    ("<p>Hello</p>", "it is to be <speak>"),
    ("<speak>Hello", "line 1, column 13"),
    ("<speak>\n a <b>c</b></speak>", "line 2, column 4: <b> is not understood"),
    ("<speak>\n<!-- é你 -->é <voice name='x'>c</voice></speak>", "line 2, column 14: <voice> is not understood (the"),
    ("<speak><audio src='file:///etc/passwd'/></speak>", "<audio> is not understood"),
    ("<speak><lang xml:lang='de'>a</lang></speak>", "<lang> is not understood"),
    ("<!DOCTYPE speak SYSTEM 'http://a/x.dtd'><speak>a</speak>", "document type"),
    ("<!DOCTYPE x [<!ENTITY a 'b'>]><speak>&a;</speak>", "document type"),
    ("<speak>&nbsp;</speak>", "undefined entity"),
    ("<speak>a\0b</speak>", "line 1, column 9"),
    ("<speak>\ud800</speak>", "half a character"),
    ("<speak><?php x ?></speak>", "<?php?> is not understood"),
    ("<speak version='2.0'>a</speak>", "1.0 or 1.1"),
    ("<speak xmlns='http://a'>a</speak>", "synthesis"),
    ("<speak xml:lang='de'>a</speak>", "xml:lang is 'de' where 'en' is spoken"),
    ("<speak><p xml:lang='fr-FR'>a</p></speak>", "xml:lang is 'fr-FR'"),
    ("<speak><speak>a</speak></speak>", "<speak> cannot stand in another: it is the outermost"),
    ("<speak><s><p>a</p></s></speak>", "cannot stand in another"),
    ("<speak><sub alias='x'>a <break/></sub></speak>", "takes text alone"),
    ("<speak><break>a</break></speak>", "it is to be empty"),
    ("<speak><break time='11s'/></speak>", "10s is the longest"),
    ("<speak><break time='5'/></speak>", "like 250ms or 1.5s"),
    ("<speak><break strength='huge'/></speak>", "one of none"),
    ("<speak><break size='1'/></speak>", "size of <break> is not understood"),
    ("<speak><prosody>a</prosody></speak>", "needs rate, pitch or volume"),
    ("<speak><prosody rate='5'>a</prosody></speak>", "like 80% or +10%"),
    ("<speak><prosody rate='500%'>a</prosody></speak>", "25% to 400%"),
    ("<speak><prosody pitch='+5Hz'>a</prosody></speak>", "Hertz depend on the voice"),
    ("<speak><prosody pitch='-100%'>a</prosody></speak>", "12 semitones"),
    ("<speak><prosody volume='50'>a</prosody></speak>", "like +3dB or -6dB"),
    ("<speak><prosody volume='+30dB'>a</prosody></speak>", "-60 to +12 dB"),
    ("<speak><prosody contour='(0%,+20Hz)'>a</prosody></speak>", "contour of <prosody> is not understood"),
    ("<speak><emphasis level='big'>a</emphasis></speak>", "one of strong"),
    ("<speak><sub>a</sub></speak>", "<sub> needs alias"),
    ("<speak><sub alias=' '>a</sub></speak>", "alias with words"),
    ("<speak><sub alias='x'></sub></speak>", "<sub> is empty"),
    ("<speak><phoneme alphabet='x-sampa' ph='a'>a</phoneme></speak>", "ipa alone"),
    ("<speak><phoneme ph='h@l@U'>a</phoneme></speak>", "no sign of the International Phonetic Alphabet"),
    ("<speak><phoneme ph='a'/></speak>", "<phoneme> is empty"),
    ("<speak><say-as>a</say-as></speak>", "needs interpret-as"),
    ("<speak><say-as interpret-as='bleep'>a</say-as></speak>", "one of characters"),
    ("<speak><say-as interpret-as='cardinal' format='x'>1</say-as></speak>", "left out"),
    ("<speak><say-as interpret-as='cardinal'>many</say-as></speak>", "is no number"),
    ("<speak><say-as interpret-as='ordinal'>0</say-as></speak>", "is no rank"),
    ("<speak><say-as interpret-as='date' format='dmy'>2026</say-as></speak>", "is no date"),
    ("<speak><say-as interpret-as='date' format='dmy'>40/40/2026</say-as></speak>", "is no date"),
    ("<speak><say-as interpret-as='time'>later</say-as></speak>", "is no time"),
    ("<speak><say-as interpret-as='fraction'>1/0</say-as></speak>", "is no fraction"),
    ("<speak><say-as interpret-as='telephone'>call me</say-as></speak>", "is no telephone number"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "told"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_not_understood_is_refused_with_its_place(document: str, told: str) -> None:
    message = refusal(document)
    assert told in message
    assert message.startswith("SSML, line ")


def test_too_deep_and_too_long_documents_are_refused() -> None:
    def nested(depth: int) -> str:
        return "<speak>" + "<emphasis>" * depth + "a" + "</emphasis>" * depth + "</speak>"

    assert words_of(nested(DEEPEST - 1))
    assert "at most 32" in refusal(nested(DEEPEST))
    assert "at most 32" in refusal("<speak>" + "<emphasis>" * 99_000)
    with pytest.raises(TooLarge):
        read_ssml("<speak>" + "a" * LONGEST_DOCUMENT, language="en")
    assert "longer than 60 minutes" in refusal("<speak>" + '<break time="10s"/>' * 361 + "</speak>")


def test_the_language_that_the_document_names_is_told() -> None:
    assert ssml_language('<speak xml:lang="de-AT">Servus</speak>') == "de-AT"
    assert ssml_language("<speak>Hello</speak>") is None
    with pytest.raises(BadInput):
        ssml_language("Hello")
    assert words_of('<speak xml:lang="de-AT">Servus</speak>', "de")[0].text == "Servus"
