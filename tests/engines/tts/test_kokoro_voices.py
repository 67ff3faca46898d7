"""Kokoro's voices: what is listed, what a name means, what is refused."""

from __future__ import annotations

from collections import Counter

import pytest

from syrinx.engines.tts.kokoro_voices import KokoroVoices
from syrinx.errors import BadInput, UnknownLanguage, UnknownVoice

_NAMES = {
    "af": "alloy aoede bella heart jessica kore nicole nova river sarah sky",
    "am": "adam echo eric fenrir liam michael onyx puck santa",
    "bf": "alice emma isabella lily",
    "bm": "daniel fable george lewis",
    "ef": "dora",
    "em": "alex santa",
    "ff": "siwis",
    "hf": "alpha beta",
    "hm": "omega psi",
    "if": "sara",
    "im": "nicola",
    "jf": "alpha gongitsune nezumi tebukuro",
    "jm": "kumo",
    "pf": "dora",
    "pm": "alex santa",
    "zf": "xiaobei xiaoni xiaoxiao xiaoyi",
    "zm": "yunjian yunxi yunxia yunyang",
}
ALL = [f"{group}_{name}" for group, names in _NAMES.items() for name in names.split()]


@pytest.fixture
def voices() -> KokoroVoices:
    return KokoroVoices(ALL)


def test_all_voices_of_the_languages_spoken_are_listed_with_what_is_known_of_them(voices: KokoroVoices) -> None:
    assert len(ALL) == 54
    assert {voice.id for voice in voices.voices} == {name for name in ALL if name[0] not in "jz"}
    assert voices.languages == ("en", "es", "fr", "hi", "it", "pt")
    by_id = {voice.id: voice for voice in voices.voices}
    told = [
        (voice.name, voice.language, voice.gender, voice.grade)
        for voice in (by_id[name] for name in ("af_heart", "am_adam", "bf_emma", "ef_dora", "ff_siwis", "pm_alex"))
    ]
    assert told == [
        ("Heart (American)", "en-US", "female", "A"),
        ("Adam (American)", "en-US", "male", "F+"),
        ("Emma (British)", "en-GB", "female", "B-"),
        ("Dora (Spanish)", "es", "female", ""),
        ("Siwis (French)", "fr", "female", "B-"),
        ("Alex (Brazilian)", "pt-BR", "male", ""),
    ]


def test_the_grades_are_as_many_of_each_as_published(voices: KokoroVoices) -> None:
    # Counted in VOICES.md, the languages that are listed.
    assert Counter(voice.grade for voice in voices.voices) == {
        "A": 1,
        "A-": 1,
        "B-": 3,
        "C+": 6,
        "C": 11,
        "C-": 1,
        "D+": 1,
        "D": 9,
        "D-": 1,
        "F+": 1,
        "": 6,
    }


def test_no_two_voices_share_an_alias(voices: KokoroVoices) -> None:
    counted = Counter(alias for voice in voices.voices for alias in voice.aliases)
    assert set(counted.values()) == {1}
    openai = {"alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer"}
    assert openai | {"verse", "default", "af", "am", "bf", "bm", "ef", "em", "ff", "pm"} <= set(counted)
    assert not set(counted) & set(ALL)


@pytest.mark.parametrize(
    ("alias", "expected"),
    [
        ("default", "af_heart"),
        ("alloy", "af_alloy"),
        ("NOVA", "af_nova"),
        ("onyx", "am_onyx"),
        ("af", "af_heart"),
        ("zm", "zm_yunjian"),
    ],
)
def test_an_alias_means_its_voice(voices: KokoroVoices, alias: str, expected: str) -> None:
    assert voices.choose(alias, "en").shares == ((expected, 1.0),)


def test_aliases_of_voices_that_are_not_there_go_to_others_of_that_gender() -> None:
    few = KokoroVoices(["bf_emma", "am_adam"])
    assert few.choose("alloy", "en").shares == (("bf_emma", 1.0),)
    assert few.choose("onyx", "en").shares == (("am_adam", 1.0),)
    assert few.choose("default", "en").shares == (("bf_emma", 1.0),)
    women = KokoroVoices(["af_heart"])
    with pytest.raises(UnknownVoice, match="'onyx'"):
        women.choose("onyx", "en")


def test_a_voice_that_was_added_is_offered_with_what_its_id_tells() -> None:
    added = KokoroVoices(["af_heart", "if_anna", "zf_001", "grandmother", "alloy"])
    assert [(voice.id, voice.name, voice.language, voice.gender) for voice in added.voices] == [
        ("af_heart", "Heart (American)", "en-US", "female"),
        ("alloy", "alloy", "en-US", "neutral"),
        ("grandmother", "grandmother", "en-US", "neutral"),
        ("if_anna", "Anna (Italian)", "it", "female"),
    ]
    assert added.choose("alloy", "en").shares == (("alloy", 1.0),)
    assert added.languages == ("en", "it")


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "af_heart"), ("en-GB", "bf_emma"), ("en_AU", "bf_emma"), ("fr-CA", "ff_siwis"), ("pt", "pf_dora")],
)
def test_without_a_voice_the_best_of_the_language_speaks(voices: KokoroVoices, language: str, expected: str) -> None:
    assert voices.choose(None, language).shares == ((expected, 1.0),)


@pytest.mark.parametrize(
    ("voice", "language", "expected"),
    [
        ("af_heart", "en", "en-us"),
        ("bf_emma", "en", "en-gb"),
        ("bf_emma", "en-US", "en-us"),
        ("af_heart", "en-GB", "en-gb"),
        ("ff_siwis", "en", "en-us"),
        ("af_heart", "fr", "fr"),
        ("zf_xiaobei", "en", "en-us"),
        ("af_heart+bf_emma*3", "en", "en-gb"),
        ("af_heart+ff_siwis", "es-MX", "es"),
    ],
)
def test_the_request_says_how_words_are_pronounced(
    voices: KokoroVoices, voice: str, language: str, expected: str
) -> None:
    assert voices.choose(voice, language).pronunciation == expected


def test_a_mix_may_name_voices_and_aliases(voices: KokoroVoices) -> None:
    assert dict(voices.choose("AF_HEART+onyx*0.5+default*0.5", "en").shares) == pytest.approx(
        {"af_heart": 0.75, "am_onyx": 0.25}
    )


def test_the_part_of_a_mix_that_is_unknown_is_named(voices: KokoroVoices) -> None:
    with pytest.raises(UnknownVoice, match="'nobody'"):
        voices.choose("af_heart+nobody", "en")
    with pytest.raises(BadInput, match=r"a\+b\*0\.5"):
        voices.choose("af_heart*0", "en")


def test_languages_that_would_sound_wrong_are_refused_and_another_engine_is_named(voices: KokoroVoices) -> None:
    for language in ("ja", "zh-CN", "cmn"):
        with pytest.raises(UnknownLanguage, match="espeak speaks Japanese and Chinese"):
            voices.choose("jf_alpha", language)
    with pytest.raises(UnknownLanguage, match="it speaks en, es, fr, hi, it, pt"):
        voices.choose(None, "de")


def test_a_language_without_a_voice_in_the_file_is_refused() -> None:
    with pytest.raises(UnknownLanguage, match=r"it speaks en$"):
        KokoroVoices(["af_heart"]).choose("af_heart", "fr")
