"""A person's dictionary changes what is read, in whole words of any script, and every letter still tells its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrinx.errors import BadInput
from syrinx.text.places import PhonemeSpan
from syrinx.text.pronounced_words import speakable_with_phonemes
from syrinx.text.pronunciations import MOST_ENTRIES, NO_PRONUNCIATIONS, Pronunciation, Pronunciations


def book(*entries: Pronunciation | tuple[str, str]) -> Pronunciations:
    return Pronunciations(
        tuple(
            entry if isinstance(entry, Pronunciation) else Pronunciation(written=entry[0], spoken=entry[1])
            for entry in entries
        )
    )


def applied(text: str, *entries: Pronunciation | tuple[str, str], language: str = "en") -> str:
    return book(*entries).apply(text, language=language).text


@pytest.mark.parametrize(
    ("written", "spoken", "text", "read"),
    [
        ("SQL", "sequel", "SQL, mySQL, SQLite, sql's: SQL.", "sequel, mySQL, SQLite, sequel's: sequel."),
        ("C++", "see plus plus", "(C++) and C++17, C+", "(see plus plus) and C++17, C+"),
        (".NET", "dot net", "ASP.NET or .NET", "ASP.NET or dot net"),
        ("New York", "the city", "new\n york, New Yorker", "the city, New Yorker"),
        ("café", "coffee", "CAFÉ cafés", "coffee cafés"),
        ("हिन्दी", "X", "हिन्दी हिन्दीवाला हिन्द", "X हिन्दीवाला हिन्द"),
        ("हिन्द", "X", "हिन्दी हिन्द", "हिन्दी X"),
        ("東京", "とうきょう", "東京都は", "とうきょう都は"),
        ("서울", "X", "서울에서", "X에서"),
        ("กรุงเทพ", "X", "ที่กรุงเทพมี", "ที่Xมี"),
        ("Привет", "X", "привет приветы", "X приветы"),
        ("€", "euros", "5 € and 5€", "5 euros and 5€"),
        ("😀", "smile", "hi 😀", "hi smile"),
    ],
)
def test_whole_words_of_any_script_are_read_otherwise(written: str, spoken: str, text: str, read: str) -> None:
    assert applied(text, (written, spoken)) == read


@pytest.mark.parametrize("written", ["caf\u00e9 cr\u00e8me", "cafe\u0301 cre\u0300me", "caf\u00e9 cre\u0300me"])
def test_accents_count_however_they_are_encoded(written: str) -> None:
    text = "Caf\u00e9 cr\u00e8me, cafe\u0301 cre\u0300me, cafe creme, caf\u00e9 cremer"
    assert applied(text, (written, "X")) == "X, X, cafe creme, caf\u00e9 cremer"
    with pytest.raises(BadInput, match="two entries"):
        book((written, "a"), ("caf\u00e9  cr\u00e8me", "b"))


def test_a_letter_of_several_signs_is_not_taken_for_its_first() -> None:
    gaga, gag = "\u1100\u1161", "\u1100\u1161\u11a8"
    assert applied(f"{gag} {gaga}", ("\uac00", "X")) == f"{gag} X"
    assert applied("\u304b\u3099 \u304b", ("\u304b", "X")) == "\u304b\u3099 X"


def test_the_longest_entry_is_taken() -> None:
    entries = (("New", "a"), ("New York", "b"), ("New York City", "c"))
    assert applied("New York City, New York, New Delhi", *entries) == "c, b, a Delhi"


def test_a_longer_entry_in_another_case_leaves_the_shorter_one() -> None:
    entries = (Pronunciation(written="New York", spoken="b", case_sensitive=True), ("New", "a"))
    assert applied("New york, New York", *entries) == "a york, b"


def test_a_full_book_of_phrases_that_begin_alike_finds_each() -> None:
    # One pattern for all of them would take half a minute to be made.
    full = book(*((f"the  word {number}", f"w{number}") for number in range(MOST_ENTRIES)))
    read = full.apply("The word 0, the\nword 1999 and the word 2000.", language="en").text
    assert read == "w0, w1999 and the word 2000."


def test_case_counts_where_it_is_asked_for() -> None:
    entries = (
        Pronunciation(written="US", spoken="United States", case_sensitive=True),
        Pronunciation(written="us", spoken="you and me"),
    )
    assert applied("US us Us", *entries) == "United States you and me you and me"


def test_entries_of_the_language_come_before_those_for_all() -> None:
    entries = (
        Pronunciation(written="Chat", spoken="all"),
        Pronunciation(written="chat", spoken="cat", language="fr"),
        Pronunciation(written="Tag", spoken="day", language="de"),
    )
    assert applied("chat Tag", *entries, language="fr-CA") == "cat Tag"
    assert applied("chat Tag", *entries, language="en") == "all Tag"
    assert applied("chat Tag", *entries, language="de") == "all day"


def test_what_was_read_is_not_read_again() -> None:
    assert applied("a b", ("a", "b"), ("b", "a")) == "b a"


def test_sounds_are_given_to_the_words_as_they_are_written() -> None:
    entry = Pronunciation(written="tomato", ipa="təˈmɑːtoʊ")
    said = book(entry, ("SQL", "sequel")).apply("SQL Tomato, SQL tomato", language="en")
    assert said.text == "sequel Tomato, sequel tomato"
    assert [(said.text[span.start_char : span.end_char], span.ipa) for span in said.phonemes] == [
        ("Tomato", "təˈmɑːtoʊ"),
        ("tomato", "təˈmɑːtoʊ"),
    ]


def test_words_that_have_sounds_keep_them() -> None:
    given_span = PhonemeSpan(start_char=4, end_char=7, ipa="ɛs")
    said = book(("SQL", "sequel"), Pronunciation(written="x", ipa="ɛks")).apply(
        "SQL SQL SQL x", language="en", phonemes=[given_span]
    )
    assert said.text == "sequel SQL sequel x"
    assert [(span.start_char, span.end_char, span.ipa) for span in said.phonemes] == [(7, 10, "ɛs"), (18, 19, "ɛks")]


def test_only_what_may_stand_in_a_text_is_told() -> None:
    entries = (
        Pronunciation(written="New  York", spoken="a"),
        Pronunciation(written="chat", spoken="b", language="fr"),
        Pronunciation(written="zebra", spoken="c"),
        Pronunciation(written="Stra\u00dfe", spoken="d"),
    )
    found = book(*entries).that_may_stand_in("A chat in new\nYORK, Strasse", language="en-GB")
    assert [entry.spoken for entry in found] == ["a", "d"]


def test_an_empty_book_changes_nothing() -> None:
    said = NO_PRONUNCIATIONS.apply("Hello", language="en")
    assert said.text == "Hello"
    assert [said.places.of(index) for index in range(5)] == [0, 1, 2, 3, 4]
    assert said.places.span(1, 5) == (1, 5)


@given(st.lists(st.sampled_from(("SQL", "New", "York", " ", ", ", "東京", "tomato", "x", "\n", "é")), max_size=20))
def test_every_letter_tells_where_it_was_written(pieces: list[str]) -> None:
    text = "".join(pieces)
    entries = (
        ("SQL", "sequel"),
        ("New York", "the big apple"),
        ("東京", "T"),
        Pronunciation(written="tomato", ipa="təˈmɑːtoʊ"),
    )
    said = book(*entries).apply(text, language="en")
    places = [said.places.of(index) for index in range(len(said.text))]
    assert places == sorted(places)
    changed = {"sequel": "sql", "the big apple": "new york", "T": "東京"}
    index = 0
    while index < len(said.text):
        spoken = next((word for word in changed if said.text.startswith(word, index)), "")
        if spoken and " ".join(text[places[index] :].lower().split()).startswith(changed[spoken]):
            start, end = said.places.span(index, index + len(spoken))
            assert " ".join(text[start:end].lower().split()) == changed[spoken]
            index += len(spoken)
        else:
            assert text[places[index]] == said.text[index]
            index += 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"written": "", "spoken": "x"}, "written of an entry is empty"),
        ({"written": " \n", "spoken": "x"}, "written of an entry is empty"),
        ({"written": "x" * 101, "spoken": "x"}, "at most 100"),
        ({"written": "...", "spoken": "x"}, "a word, a phrase or a symbol"),
        ({"written": "a\0", "spoken": "x"}, "control character"),
        ({"written": "\ud800", "spoken": "x"}, "control character"),
        ({"written": "x"}, "either spoken or ipa"),
        ({"written": "x", "spoken": "x", "ipa": "x"}, "either spoken or ipa"),
        ({"written": "x", "spoken": " "}, "spoken of an entry is empty"),
        ({"written": "x", "spoken": "..."}, "is to have words"),
        ({"written": "x", "spoken": "x" * 401}, "at most 400"),
        ({"written": "x", "ipa": "h@l@U"}, "no sign of the International Phonetic Alphabet"),
        ({"written": "x", "ipa": "/x/"}, "no sign of the International Phonetic Alphabet"),
        ({"written": "x", "ipa": "ˈˌ"}, "is to have sounds"),
        ({"written": "x", "ipa": "x" * 201}, "at most 200"),
        ({"written": "+", "ipa": "x"}, "is to be a word"),
        ({"written": "x", "spoken": "y", "language": "english"}, "primary tag"),
    ],
)
def test_entries_that_cannot_be_are_refused(fields: dict[str, str], told: str) -> None:
    with pytest.raises(BadInput) as raised:
        Pronunciation(**fields)  # pyright: ignore[reportArgumentType]
    assert told in raised.value.message


@pytest.mark.parametrize("ipa", ["təˈmɑːtoʊ", "t͡ʃiːz", "ʃɛf d‿œvʁ", "aɪ̯ç", "ã.kɔʁ", "n̩", "ma˥˩", "kʰa", "g"])
def test_real_transcriptions_are_taken(ipa: str) -> None:
    assert Pronunciation(written="x", ipa=ipa).ipa == ipa


def test_a_book_has_a_bound_and_no_word_twice() -> None:
    entries = tuple(Pronunciation(written=f"w{index}", spoken="x") for index in range(MOST_ENTRIES + 1))
    assert len(Pronunciations(entries[1:]).entries) == MOST_ENTRIES
    with pytest.raises(BadInput, match="at most 2000"):
        Pronunciations(entries)
    with pytest.raises(BadInput, match="two entries for 'sql'"):
        book(("SQL", "a"), ("sql", "b"))


def test_books_with_the_same_entries_are_the_same() -> None:
    used = book(("SQL", "a"))
    used.apply("SQL", language="en")
    assert used == book(("SQL", "a"))
    assert hash(used) == hash(book(("SQL", "a")))


def test_sounds_keep_their_place_through_the_reading_of_numbers_and_markup() -> None:
    text = "**Buy** 5 kg of *tomato* for $3, tomato!"
    spans = [
        PhonemeSpan(start_char=start, end_char=start + 6, ipa="təˈmɑːtoʊ")
        for start in (text.index("tomato"), text.rindex("tomato"))
    ]
    read, placed = speakable_with_phonemes(text, spans, language="en")
    assert read == "Buy five kilograms of tomato for three dollars, tomato!"
    assert [read[span.start_char : span.end_char] for span in placed] == ["tomato", "tomato"]


def test_a_text_that_is_one_word_with_sounds_is_spoken() -> None:
    read, placed = speakable_with_phonemes("GIF", [PhonemeSpan(start_char=0, end_char=3, ipa="dʒɪf")], language="en")
    assert (read, placed) == ("GIF", (PhonemeSpan(start_char=0, end_char=3, ipa="dʒɪf"),))


def test_a_word_that_is_not_read_at_all_has_no_sounds() -> None:
    text = "see [here](tomato.html)"
    span = PhonemeSpan(start_char=text.index("tomato"), end_char=text.index("tomato") + 6, ipa="təˈmɑːtoʊ")
    assert speakable_with_phonemes(text, [span], language="en") == ("see here", ())
