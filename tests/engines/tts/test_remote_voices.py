"""Lists of voices in every shape that services send."""

from __future__ import annotations

import json

import pytest

from syrinx.engines.tts.contract import SpeechRequest
from syrinx.engines.tts.remote_voices import chosen_voice, listed, read_voices
from syrinx.errors import EngineError


@pytest.mark.parametrize(
    ("content", "ids", "languages"),
    [
        ({"voices": ["af_heart", "bf"]}, ["af_heart", "bf"], ("en",)),
        (["af_heart", "jf_alpha", "af_heart"], ["af_heart", "jf_alpha"], ("en", "ja")),
        ({"voices": [{"id": "anna", "name": "Anna", "language": "de_DE", "gender": "Female"}]}, ["anna"], ("de",)),
        ({"data": [{"voice_id": "x1", "display_name": "One", "language": "fr"}, "bob"]}, ["x1", "bob"], ()),
        ({"voices": [{"name": "nova"}, {"colour": "red"}, 7, ""]}, ["nova"], ()),
    ],
)
def test_names_and_objects_are_understood(content: object, ids: list[str], languages: tuple[str, ...]) -> None:
    found = read_voices(json.dumps(content).encode(), host="far")
    assert [voice.id for voice in found.voices] == ids
    assert found.languages == languages


def test_what_is_told_of_a_voice_is_kept() -> None:
    content = {"voices": [{"id": "anna", "name": "Anna", "language": "de_DE", "gender": "Female"}]}
    voice = read_voices(json.dumps(content).encode(), host="far").voices[0]
    assert (voice.id, voice.name, voice.language, voice.gender) == ("anna", "Anna", "de-DE", "female")


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b'{"voices": "all"}', b"7", b'{"voices": [null]}'])
def test_what_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(EngineError) as refused:
        read_voices(body, host="far")
    assert not refused.value.retryable


def test_names_that_openai_has_have_no_language_of_their_own() -> None:
    assert listed(["alloy", "af_sky"]).languages == ()
    assert listed(["am", "zf_xiaoni"]).languages == ("en", "zh")


@pytest.mark.parametrize(
    ("names", "asked", "speaks"),
    [
        (("af_heart", "af", "am", "bf", "bm"), "alloy", "af_heart"),
        (("af_heart", "af", "am", "bf", "bm"), "Onyx", "am"),
        (("af_heart", "am_onyx", "am_adam"), "onyx", "am_onyx"),
        (("am_adam", "bm_george"), "bm", "bm_george"),
        (("alloy", "echo", "nova"), "af_heart", "nova"),
        (("alloy", "echo", "nova"), "am", "echo"),
        (("thorsten",), "af_heart", "thorsten"),
        (("ff_siwis", "af_heart"), "default", "af_heart"),
    ],
)
def test_names_that_clients_of_others_send_reach_the_nearest_voice(
    names: tuple[str, ...], asked: str, speaks: str
) -> None:
    assert chosen_voice(listed(names).voices, SpeechRequest(text="x", voice=asked)).id == speaks


def test_behind_such_a_name_a_voice_speaks_its_own_language_where_one_can() -> None:
    voices = listed(("af_heart", "if_sara", "im_nicola", "jm_kumo")).voices
    for language, speaks in (("it", "if_sara"), ("ja", "jm_kumo"), ("de", "af_heart")):
        assert chosen_voice(voices, SpeechRequest(text="x", voice="alloy", language=language)).id == speaks
