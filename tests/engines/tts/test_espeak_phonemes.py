"""Sounds given in the phonetic alphabet are the sounds that espeak-ng makes, told by the library itself."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Generator
from pathlib import Path

import espeakng_loader
import pytest

from syrinx.engines.tts.contract import Phonemes
from syrinx.engines.tts.espeak_library import EspeakLibrary
from syrinx.engines.tts.espeak_memory import remembered
from syrinx.engines.tts.espeak_phonemes import SoundTable, measure, sound_names, with_names

DATA = Path(espeakng_loader.get_data_path())
LIBRARY = Path(espeakng_loader.get_library_path()).resolve()


@pytest.fixture(scope="module")
def library() -> Generator[EspeakLibrary, None, None]:
    copy = EspeakLibrary(LIBRARY, DATA)
    yield copy
    copy.close()


def table_of(library: EspeakLibrary, voice: str, table: str) -> SoundTable:
    library.select(voice)
    library.understand_names()
    return measure(sound_names(DATA, table), library.pronounced)


@pytest.mark.parametrize(
    ("voice", "table", "asked", "heard"),
    [
        ("gmw/en-US", "en-us", "dʒɪf", "dʒɪf"),
        ("gmw/en-US", "en-us", "t͡ʃiːz", "tʃiːz"),
        ("gmw/en-US", "en-us", "ˈsiːkwəl", "sˈiːkwəl"),
        ("gmw/en-US", "en-us", "wɝːld", "wɜːld"),
        ("gmw/en-US", "en-us", "təˈmɑːtoʊ", "təmˈɑːɾoʊ"),
        ("gmw/en-US", "en-us", "ðɪs θɪŋ", "ðɪs θɪŋ"),
        ("gmw/en-GB-x-rp", "en-rp", "təˈmɑːtəʊ", "təmˈɑːtəʊ"),
        ("gmw/en-GB-x-rp", "en-rp", "hɒt", "hɒt"),
        ("roa/fr", "fr", "bɔ̃ʒuʁ", "bɔ̃ʒuʁ"),
        ("roa/fr", "fr", "ʃɛf dœvʁ", "ʃɛf dœvʁ"),
        ("gmw/de", "de", "ʃøːn", "ʃøːn"),
        ("gmw/de", "de", "bax", "bax"),
        ("roa/es", "es", "aˈɲo", "aɲˈo"),
    ],
)
def test_the_sounds_asked_for_are_the_sounds_made(
    library: EspeakLibrary, voice: str, table: str, asked: str, heard: str
) -> None:
    named = table_of(library, voice, table).named(asked)
    said = library.pronounced(f"[[{named}]]")
    # One stress in a word of its own goes without saying.
    assert said in {heard, heard.replace("ˈ", "")} or said.replace("ˈ", "") == heard.replace("ˈ", "")


def test_sounds_that_a_language_has_not_become_the_nearest(library: EspeakLibrary) -> None:
    german = table_of(library, "gmw/de", "de")
    assert german.named("ɹɛd")
    spanish = table_of(library, "roa/es", "es")
    assert spanish.named("ʒœ̃")
    assert spanish.named("ꙮ") == ""


def test_every_language_has_a_table_of_its_sounds(library: EspeakLibrary) -> None:
    for voice in library.voices():
        table = table_of(library, voice.identifier, voice.language.partition("-")[0])
        assert table.named("mala"), voice.identifier


def test_brackets_of_the_text_are_no_phonemes() -> None:
    table = SoundTable({"t": "t", "i": "i"})
    text = "[[h@l'oU]] tea [x]"
    read = with_names(text, [Phonemes(start_char=11, end_char=14, ipa="ti")], table)
    assert read.text == "((h@l'oU)) [[t|i]] (x)"
    assert read.places.of(read.text.index("(x)")) == text.index("[x]")
    assert read.places.span(11, 18) == (11, 14)


def test_sounds_that_cannot_be_made_leave_the_letters() -> None:
    read = with_names("tea", [Phonemes(start_char=0, end_char=3, ipa="x")], SoundTable({"t": "t"}))
    assert read.text == "tea"


def test_a_file_without_symbols_has_no_memory_to_put_back(tmp_path: Path) -> None:
    loaded = ctypes.CDLL(str(LIBRARY))
    file = tmp_path / "library.so"
    for content in (b"", b"MZ", b"\x7fELF\x02\x01" + b"\xff" * 100, LIBRARY.read_bytes()[:5000]):
        file.write_bytes(content)
        assert remembered(loaded, file) == []


@pytest.mark.parametrize("change", ["not in this file", "a function", "of each thread's own", "two of that name"])
def test_variables_that_might_be_others_are_left_alone(tmp_path: Path, change: str) -> None:
    content = bytearray(LIBRARY.read_bytes())
    loaded = ctypes.CDLL(str(LIBRARY))
    names = content.find(b"\0Flutter_ix") + 1, content.find(b"\0cycle_count") + 1
    assert min(names) > 0
    sections = [
        struct.unpack_from("<IIQQQQIIQQ", content, struct.unpack_from("<Q", content, 0x28)[0] + 64 * place)
        for place in range(struct.unpack_from("<H", content, 0x3C)[0])
    ]
    table = next(each for each in sections if each[1] == 2)
    offset, size, names_at = table[4], table[5], sections[table[6]][4]
    entry = next(
        at for at in range(offset, offset + size, 24) if names_at + struct.unpack_from("<I", content, at)[0] == names[0]
    )
    match change:
        case "not in this file":
            struct.pack_into("<H", content, entry + 6, 0)
        case "a function":
            content[entry + 4] = 2
        case "of each thread's own":
            content[entry + 4] = 6
        case _:
            struct.pack_into("<I", content, entry, names[1] - names_at)
    file = tmp_path / "library.so"
    file.write_bytes(content)
    assert remembered(loaded, LIBRARY)
    assert remembered(loaded, file) == []
