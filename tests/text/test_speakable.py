"""What is spoken of written text: markup gone, numbers and signs in words, nothing an engine would stumble on."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syrinx.text import SentenceSegmenter, speakable
from syrinx.text.languages import LANGUAGES
from syrinx.text.numerals import cardinal, ordinal

ENGLISH = [
    ("**Hello** *world*, see [the docs](https://a.b/c).", "Hello world, see the docs."),
    ("Cut **bold here", "Cut bold here"),
    ("and on** it goes", "and on it goes"),
    ("a [link](https://exam", "a link"),
    ("# Title\n- one\n- two", "Title. one. two"),
    ("- [x] done", "done"),
    ("1. First step", "First step"),
    ("3.", "three."),
    ("> quoted _words_", "quoted words"),
    ("~~old~~ new ***both*** __under__", "old new both under"),
    ("![A cat](cat.png)", "A cat"),
    ("Run `pip install` now.", "Run pip install now."),
    ("```py\nx = 1\n```", "Code block."),
    ("```py\nx = 1", "Code block."),
    ("| a | **b** |", "a, b."),
    ("|---|:-:|", ""),
    ("---", ""),
    ("😀", ""),
    ("...", ""),
    ("", ""),
    ("Hi 😀! :) <b>bold</b> &amp; AT&T", "Hi! bold and AT and T"),
    (
        "https://www.example.com/foo?x=1, mail jo.doe@example.org.",
        "example dot com, mail jo dot doe at example dot org.",
    ),
    (
        "It costs $3.50, or $2 million, or £1.",
        "It costs three dollars and fifty cents, or two million dollars, or one pound.",
    ),
    ("on 2026-11-21", "on November twenty-first, twenty twenty-six"),
    ("on 21/11/2026", "on November twenty-first, twenty twenty-six"),
    ("on Nov 21", "on November twenty-first"),
    ("At 14:30 or 3 p.m. or 3:05 pm", "At fourteen thirty or three p m or three oh five p m"),
    ("At 2:30pm, 9:05am.", "At two thirty p m, nine oh five a m."),
    ("It ends at 9:05 am. Then rest, 10 am. Then go.", "It ends at nine oh five a m. Then rest, ten a m. Then go."),
    ("At 14:30:05, not 14:30:00", "At fourteen thirty and five seconds, not fourteen thirty"),
    ("At 2:30:01pm", "At two thirty p m and one second"),
    ("10:30-11:00", "ten thirty to eleven o'clock"),
    ("2:30pm-4:00pm, 10am-2pm", "two thirty p m to four p m, ten a m to two p m"),
    ("5 km at 20 °C, 3 GB, 50%", "five kilometres at twenty degrees Celsius, three gigabytes, fifty percent"),
    ("1 kg or 3-5 km", "one kilogram or three to five kilometres"),
    ("Call 555-123-4567.", "Call five five five, one two three, four five six seven."),
    ("Chapter IV", "Chapter four"),
    ("version 2.0.1", "version two point zero point one"),
    ("1/2 cup, 2 ½ cups", "one half cup, two and a half cups"),
    ("3 × 4 = 12", "three times four equals twelve"),
    ("2 * 3 and 5 - 3", "two times three and five minus three"),
    ("-5 degrees", "minus five degrees"),
    ("the 21st, in 1999", "the twenty-first, in nineteen ninety-nine"),
    ("1,234 and 3.14", "one thousand two hundred and thirty-four and three point one four"),
    ("mp3 and 3D", "mp three and three D"),
    ("I am in Chapter I'm", "I am in Chapter I'm"),
]

OTHERS = [
    ("es", "Cuesta 3,50 €.", "Cuesta tres euros con cincuenta céntimos."),
    ("es", "21 km a las 14:30", "veintiún kilómetros a las catorce y treinta"),
    ("es", "el 21 de noviembre de 2026", "el veintiuno de noviembre de dos mil veintiséis"),
    ("es", "1.234 y 3,14", "mil doscientos treinta y cuatro y tres coma uno cuatro"),
    ("fr", "le 1er mars à 14h30", "le premier mars à quatorze heures trente"),
    ("fr", "1 234 km", "mille deux cent trente-quatre kilomètres"),
    ("fr", "la 2e fois, 21 h", "la deuxième fois, vingt et une heures"),
    ("de", "Am 3. Oktober um 14:30 Uhr", "Am dritten Oktober um vierzehn Uhr dreißig"),
    ("de", "14:30 am Montag, 14:30:05", "vierzehn Uhr dreißig am Montag, vierzehn Uhr dreißig und fünf Sekunden"),
    ("de", "Der 3. Versuch kostet 3,50 €", "Der dritte Versuch kostet drei Euro fünfzig Cent"),
    ("de", "1 Stunde", "eine Stunde"),
    ("it", "Costa 50% in 1 ora", "Costa cinquanta per cento in una ora"),
    ("it", "il 1 marzo 2026", "il primo marzo duemilaventisei"),
    ("pt", "Custa R$ 3,50 em 2 h", "Custa três reais e cinquenta centavos em duas horas"),
    ("zh", "2026年11月21日，50%，¥100", "二零二六年十一月二十一日，百分之五十，一百元"),
    ("zh", "温度20°C", "温度二十摄氏度"),
    ("ja", "14:30に20°C", "十四時三十分に二十度"),
    ("ja", "14:30:05に", "十四時三十分五秒に"),
    ("hi", "₹100 और 5 km", "एक सौ रुपये और पाँच किलोमीटर"),
    ("pl", "Mam 5 **kotów** 😀.", "Mam 5 kotów."),
]


@pytest.mark.parametrize(("written", "spoken"), ENGLISH)
def test_english_is_spoken_as_a_reader_would_say_it(written: str, spoken: str) -> None:
    assert speakable(written) == spoken


@pytest.mark.parametrize(("language", "written", "spoken"), OTHERS)
def test_other_languages_are_spoken_in_their_own_words(language: str, written: str, spoken: str) -> None:
    assert speakable(written, language=language) == spoken


@pytest.mark.parametrize(
    ("number", "chinese"),
    [
        ("0", "零"), ("10", "十"), ("15", "十五"), ("20", "二十"), ("105", "一百零五"), ("110", "一百一十"),
        ("1012", "一千零一十二"),
        ("10005", "一万零五"), ("100000000", "一亿"),
    ],
)  # fmt: skip
def test_chinese_numbers(number: str, chinese: str) -> None:
    assert cardinal(number, "zh") == chinese


def test_hindi_numbers_and_ranks() -> None:
    assert cardinal("99", "hi") == "निन्यानवे"
    assert cardinal("123456", "hi") == "एक लाख तेईस हज़ार चार सौ छप्पन"
    assert ordinal(2, "hi") == "दूसरा"
    assert ordinal(3, "zh") == "第三"


def test_digits_too_many_for_words_are_read_one_by_one() -> None:
    assert speakable("0" * 3 + "7") == "zero zero zero seven"
    assert speakable("1" * 20).split() == ["one"] * 20


def test_a_streamed_table_and_code_are_spoken_sensibly() -> None:
    segmenter = SentenceSegmenter()
    text = "Look:\n\n| Name | Age |\n|---|---|\n| Bob | 3 |\n\n```py\nx = 1.\n```\nThat is it."
    segments = [*segmenter.feed(text), *segmenter.flush()]
    spoken = [words for segment in segments if (words := speakable(segment.text))]
    assert spoken == ["Look:", "Name, Age.", "Bob, three.", "Code block.", "That is it."]


def test_importing_the_room_loads_nothing_heavy_until_prepared() -> None:
    code = (
        "import sys, syrinx.text as text\n"
        "heavy = {'num2words', 'emoji', 'markdown_it', 'syrinx.text.wording'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        "text.prepare()\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["[]", "['emoji', 'num2words', 'syrinx.text.wording']"]


MARKS_OF_RANK = {"en": "th", "es": "º", "fr": "e", "it": "º", "pt": "ª"}


@pytest.mark.parametrize("language", MARKS_OF_RANK)
def test_a_rank_without_a_word_is_read_as_a_number(language: str) -> None:
    mark = MARKS_OF_RANK[language]
    for digits in ("9" * 9, "9" * 10, "9" * 15, "9" * 5000):
        spoken = speakable(f"x {digits}{mark} y", language=language)
        assert spoken.startswith("x ")
        assert not any(character.isdigit() for character in spoken)
    assert speakable(f"x 0{mark} y", language=language) == f"x {cardinal('0', language)} y"


PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            ["**", "*", "_", "`", "```", "\n", "[", "](", ")", "http://a.b", "$", "€", "12", "3.5", "1,000", "-"]
        ),
        st.sampled_from([":", "30", "%", "km", "/", "½", "2026-11-21", "0", ".", " ", " ", "|", "#", "😀"]),
        st.sampled_from(["&amp;", "<b>", "word", "漢", "3.", "th", "º", "ª", "er ", "9" * 10]),
        st.text(max_size=6),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(pieces=PIECES, language=st.sampled_from([*LANGUAGES, "xx"]))
def test_anything_at_all_comes_out_clean(pieces: list[str], language: str) -> None:
    spoken = speakable("".join(pieces), language=language)
    assert spoken == spoken.strip()
    assert not set(spoken) & set("`|<>{}*#~\n")
    if language in LANGUAGES:
        assert not set(spoken) & set("0123456789")
    assert spoken == "" or any(character.isalnum() for character in spoken)
