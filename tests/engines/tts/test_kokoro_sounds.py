"""Words become Kokoro's phonemes, and each is found again among them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import espeakng_loader
import pytest
from kokoro_onnx.config import DEFAULT_VOCAB

from syrinx.engines.tts.contract import Phonemes
from syrinx.engines.tts.kokoro_alignment import align_words
from syrinx.engines.tts.kokoro_sounds import LANGUAGES, Pronouncer, Sounds, kokoro_letters, letters_of


@pytest.fixture
def pronouncer() -> Iterator[Pronouncer]:
    library, data = Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path())
    pronouncer = Pronouncer(library, data, known=frozenset(DEFAULT_VOCAB))
    yield pronouncer
    pronouncer.close()


def parts(sounds: Sounds) -> list[tuple[str, str]]:
    """Each word with the phonemes from its beginning to that of the next."""
    bounds = [*(word.phoneme for word in sounds.words), len(sounds.phonemes)]
    return [
        (word.text, sounds.phonemes[begin:end])
        for word, begin, end in zip(sounds.words, bounds, bounds[1:], strict=False)
    ]


def test_american_words_are_written_in_kokoros_letters(pronouncer: Pronouncer) -> None:
    sounds = pronouncer.sounds_of("I've got a church judge, boy; right now no day.", language="en-us")
    assert sounds.phonemes == "Iv ɡɑt ə ʧˈɜɹʧ ʤˈʌʤ, bˈY; ɹˈIt nˈW nˈO dˈA."


def test_british_words_are_written_in_kokoros_letters(pronouncer: Pronouncer) -> None:
    sounds = pronouncer.sounds_of("Go there, dear church.", language="en-gb")
    assert sounds.phonemes == "ɡˌQ ðˈɛː, dˈɪə ʧˈɜːʧ."


def test_words_that_run_together_and_numbers_keep_their_places(pronouncer: Pronouncer) -> None:
    text = "The end of the story is 25 little bottles."
    sounds = pronouncer.sounds_of(text, language="en-us", start_char=100)
    assert parts(sounds) == [
        ("The", "ðɪ "),
        ("end", "ˈɛnd "),
        ("of", "ʌv"),
        ("the", "ðə "),
        ("story", "stˈɔɹi "),
        ("is", "ɪz "),
        ("25", "twˈɛnti fˈIv "),
        ("little", "lˈɪɾᵊl "),
        ("bottles", "bˈɑɾᵊlz."),
    ]
    assert all(text[word.start_char - 100 :].startswith(word.text) for word in sounds.words)


def test_awkward_text_keeps_every_word_in_its_place(pronouncer: Pronouncer) -> None:
    text = "Dr. Smith's 3.50 & 1,000 cats — “naïve” (well…) cost $3.50!!! \"Hm??\" x-ray, it's 10:30."
    sounds = pronouncer.sounds_of(text, language="en-us")
    assert [word.text for word in sounds.words] == [
        *["Dr", "Smith's", "3.50", "1,000", "cats", "naïve", "well", "cost", "3.50", "Hm", "x-ray", "it's", "10:30"]
    ]
    assert all(text[word.start_char :].startswith(word.text) for word in sounds.words)
    told = dict(parts(sounds))
    assert told["1,000"].startswith("wˈʌn θˈWzənd")
    assert told["cats"] == "kˈæts— “"
    assert told["10:30"].startswith("tˈɛn θˈɜɹɾi")


def test_words_of_another_language_bring_no_marks_of_it(pronouncer: Pronouncer) -> None:
    sounds = pronouncer.sounds_of("J'aime le football et le week-end.", language="fr")
    assert sounds.phonemes == "ʒˈɛm lə fˈʊtbɔːl e lə wˈiːkˈɛnd."


def test_hindi_words_keep_their_vowel_signs(pronouncer: Pronouncer) -> None:
    sounds = pronouncer.sounds_of("नमस्ते दुनिया, आप कैसे हैं?", language="hi")
    assert [word.text for word in sounds.words] == ["नमस्ते", "दुनिया", "आप", "कैसे", "हैं"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_pronunciation_is_there_and_uses_known_letters_only(pronouncer: Pronouncer, language: str) -> None:
    sounds = pronouncer.sounds_of("Radio, taxi 123 (hotel)! «Ça va?» [año] {é} ¿no? «ß»", language=language)
    assert len(sounds.words) > 5
    assert set(sounds.phonemes) <= set(DEFAULT_VOCAB)


def test_punctuation_is_kept_once_and_never_piled_up(pronouncer: Pronouncer) -> None:
    assert pronouncer.sounds_of("!" * 500 + " hi " + "." * 500, language="en-us").phonemes == "hˈI."
    assert pronouncer.sounds_of("hi " + "?!" * 500, language="en-us").phonemes == "hˈI?!?"
    assert pronouncer.sounds_of('(hello) "there" [you]', language="en-us").phonemes == "(həlˈO) “ðˈɛɹ” (ju)"


def test_nothing_of_a_word_without_end_is_lost_and_it_is_one_word(pronouncer: Pronouncer) -> None:
    sounds = pronouncer.sounds_of("a " + "7" * 100 + " b", language="en-us")
    assert sounds.phonemes.count("sˈɛvən") == 100
    assert [(word.text, word.start_char) for word in sounds.words] == [("a", 0), ("7" * 100, 2), ("b", 103)]


@pytest.mark.parametrize("text", ["", "—", " ... "])
def test_what_has_no_sound_gives_none(pronouncer: Pronouncer, text: str) -> None:
    assert pronouncer.sounds_of(text, language="en-us") == Sounds(phonemes="")


def test_without_words_the_phonemes_are_the_same(pronouncer: Pronouncer) -> None:
    found = pronouncer.sounds_of("one of the two", language="en-us")
    assert pronouncer.sounds_of("one of the two", language="en-us", find_words=False) == Sounds(phonemes=found.phonemes)


def test_many_threads_and_languages_at_once_pronounce_as_one_alone(pronouncer: Pronouncer) -> None:
    asked = [(f"Radio number {number}, hotel taxi.", language) for number in range(40) for language in LANGUAGES]
    alone = [pronouncer.sounds_of(text, language=language) for text, language in asked]
    library, data = Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path())
    fresh = Pronouncer(library, data, known=frozenset(DEFAULT_VOCAB))
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda one: fresh.sounds_of(one[0], language=one[1]), asked))
    fresh.close()
    assert together == alone


def test_sounds_of_several_letters_become_one() -> None:
    assert kokoro_letters("t\u0361ʃˈa\u0361ʊ", "it") == "ʧˈW"
    assert kokoro_letters("n\u0329ə\u0361l r ɚ", "en-us") == "ᵊnᵊl ɹ əɹ"


@pytest.mark.parametrize(
    ("alone", "together", "expected"),
    [
        ([], "", []),
        (["ab"], "ab", [0]),
        (["ab", "cd"], "ab cd", [0, 3]),
        (["ab", "cd", "ef"], "abcd ef", [0, 2, 5]),
        (["ab", "xy", "ef"], "ab ef", [0, 3, 3]),
        (["ab cd", "ef"], "ˈab ˌcd ef", [0, 8]),
        (["", "ef"], "ef", [0, 0]),
        (["ab", "ef"], "ab", [0, 1]),
    ],
)
def test_words_are_laid_along_what_was_said(alone: list[str], together: str, expected: list[int]) -> None:
    assert align_words(alone, together) == expected


def test_given_sounds_stand_in_place_of_the_word_and_begin_it(pronouncer: Pronouncer) -> None:
    text = "I like New York, (GIF) or cheese."
    given = [
        Phonemes(start_char=text.index(word), end_char=text.index(word) + len(word), ipa=ipa)
        for word, ipa in (("New York", "ˈnuː ˈjɔɹk"), ("GIF", "dʒɪf"), ("cheese", "t͡ʃiːz"))
    ]
    said = pronouncer.sounds_of(text, language="en-gb", given=given)
    assert said.phonemes == "I lˈIk nˈuː jˈɔɹk, (ʤɪf) ɔː ʧiːz."
    assert [word.text for word in said.words] == ["I", "like", "New", "York", "GIF", "or", "cheese"]
    assert all(text[word.start_char :].startswith(word.text) for word in said.words)
    assert [said.phonemes[word.phoneme] for word in said.words] == ["I", "l", "n", "j", "ʤ", "ɔ", "ʧ"]


def test_sounds_without_a_letter_of_the_model_leave_the_word_as_it_is(pronouncer: Pronouncer) -> None:
    given = [Phonemes(start_char=0, end_char=3, ipa="ʘ")]
    assert pronouncer.sounds_of("tea", language="en-us", given=given) == pronouncer.sounds_of("tea", language="en-us")


@pytest.mark.parametrize(
    ("ipa", "language", "letters"),
    [
        ("təˈmɑːtoʊ", "en-gb", "təmˈɑːtO"),
        ("təˈmeɪtoʊ", "en-us", "təmˈAtO"),
        ("ˈbʌtn̩", "en-us", "bˈʌtᵊn"),
        ("ʃɝ", "en-us", "ʃɜɹ"),
        ("bɔ̃ʒuʁ", "fr", "bɔ̃ʒuʁ"),
        ("t͡sa.tʃao", "it", "ʦaʧao"),
    ],
)
def test_the_phonetic_alphabet_is_written_in_the_letters_of_the_model(ipa: str, language: str, letters: str) -> None:
    assert letters_of(ipa, language) == letters
