"""Options are read with what would be right beside every mistake."""

from __future__ import annotations

import pytest

from syrinx.engines.remote.option_values import read_names
from syrinx.engines.stt.openai_transcription import provider as openai_transcription
from syrinx.engines.stt.openai_transcription import read_settings as transcription
from syrinx.engines.stt.whisper_server import provider as whisper_server
from syrinx.engines.stt.whisper_server import read_settings as whisper
from syrinx.engines.tts.openai_speech import provider as openai_speech
from syrinx.engines.tts.openai_speech import read_settings as speech
from syrinx.engines.tts.tts_broker import provider as tts_broker
from syrinx.engines.tts.tts_broker import read_settings as broker
from syrinx.errors import ConfigurationError, EngineUnavailable

PROVIDERS = (openai_speech, tts_broker, openai_transcription, whisper_server)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("http://127.0.0.1:8880", "http://127.0.0.1:8880/v1"),
        ("http://127.0.0.1:8880/v1/", "http://127.0.0.1:8880/v1"),
        ("https://example.org/api/v3", "https://example.org/api/v3"),
    ],
)
def test_an_openai_address_is_completed(given: str, address: str):
    assert speech({"url": given}).remote.url == address
    assert transcription({"url": given}).remote.url == address


def test_the_address_of_a_broker_stays_as_it_is():
    assert broker({"url": "http://h:8080/"}).remote.url == "http://h:8080"
    assert broker({"url": "http://h/api/voice"}).remote.url == "http://h/api/voice"
    assert whisper({"url": "http://h:8082"}).remote.url == "http://h:8082"


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.info.name)
@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({}, "__URL"),
        ({"url": "ftp://h"}, "http://"),
        ({"url": "http://h:port"}, "no URL"),
        ({"url": "http://me:secret@h"}, "key on its own"),
        ({"url": "http://h/v1?x=secret"}, "query"),
        ({"url": "http://h", "key": "two secret words"}, "copy it again"),
        ({"url": "http://h", "colour": "red"}, "no option 'colour'"),
        ({"url": "http://h", "headers": "[]"}, "'headers'"),
        ({"url": "http://h", "proxy": "socks5://p"}, "'proxy'"),
        ({"url": "http://h", "proxy": "http://"}, "'proxy'"),
        ({"url": "http://h", "proxy": "http://p:port"}, "'proxy'"),
        ({"url": "http://h", "timeout_s": "soon"}, "seconds"),
        ({"url": "https://api.openai.com/v1"}, "__KEY"),
    ],
)
async def test_a_wrong_option_is_told_by_the_check_the_opening_and_the_probe(
    provider: object, options: dict[str, str], hint: str
):
    engine = next(each for each in PROVIDERS if each is provider)
    availability = engine.check(options)
    assert not availability.available
    assert hint in availability.reason
    assert "secret" not in availability.reason
    with pytest.raises(EngineUnavailable, match=hint):
        async with engine.open(options):
            pass
    probe = await engine.probe(options)
    assert (probe.healthy, probe.reason) == (False, availability.reason)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.info.name)
def test_none_is_chosen_by_itself_and_the_check_tells_no_key(provider: object):
    engine = next(each for each in PROVIDERS if each is provider)
    assert engine.info.remote
    assert engine.info.preference == 0
    options = {"url": "http://h:1", "key": "open-sesame", "headers": '{"x-a": "hush"}'}
    availability = engine.check(options)
    assert availability.available
    assert "http://h:1" in availability.facts["address"]
    assert "sesame" not in repr(availability)


def test_options_of_one_engine_alone_are_checked_too():
    for read, options, hint in (
        (speech, {"format": "mp3"}, "pcm or wav"),
        (speech, {"sample_rate_hz": "fast"}, "8000"),
        (transcription, {"upload": "mp3"}, "flac, opus, wav"),
        (whisper, {"temperature_inc": "2"}, "0 to 1"),
    ):
        with pytest.raises(ConfigurationError, match=hint):
            read({"url": "http://h", **options})
    settings = speech({"url": "http://h", "key": "open-sesame", "languages": "de-DE, en", "voices": "a,b,,a"})
    assert settings.languages == ("de", "en")
    assert settings.voices == ("a", "b")
    assert "sesame" not in repr(settings)
    assert read_names(" , ") == ()


def test_a_piece_of_a_recording_is_given_its_time_and_a_speaker_does_not_wait_as_long():
    patience = whisper_server.patience({"url": "http://h", "timeout_s": "600"})
    assert (patience.recording_silence_s or 0) > 600
    assert patience.final_within_s == 60
    assert (openai_speech.patience({"url": "http://h", "timeout_s": "90"}).first_item_s or 0) > 90
