from __future__ import annotations

import pytest

from syrinx.engines.llm.chat_completions.settings import read_settings
from syrinx.errors import ConfigurationError


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1/chat/completions"),
        ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1/chat/completions"),
        ("https://example.org/api/v3", "https://example.org/api/v3/chat/completions"),
        ("https://example.org/v1/chat/completions", "https://example.org/v1/chat/completions"),
        ("https://example.org/d/x?api-version=1", "https://example.org/d/x/chat/completions?api-version=1"),
    ],
)
def test_the_address_is_completed(url: str, endpoint: str) -> None:
    assert read_settings({"url": url, "model": "m"}).endpoint == endpoint


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({}, "SYRINX_LLM_URL"),
        ({"url": "http://h/v1"}, "SYRINX_LLM_MODEL"),
        ({"url": "ftp://h/v1", "model": "m"}, "http://"),
        ({"url": "http://h:port/v1", "model": "m"}, "no URL"),
        ({"url": "http://me:secret@h/v1", "model": "m"}, "key on its own"),
        ({"url": "http://h/v1", "model": "m", "key": "two words"}, "copy it again"),
        ({"url": "http://h/v1", "model": "m", "colour": "red"}, "no option 'colour'"),
        ({"url": "http://h/v1", "model": "m", "headers": "[]"}, "'headers'"),
        ({"url": "http://h/v1", "model": "m", "headers": '{"A": "b\\nc: d"}'}, "one line"),
        ({"url": "http://h/v1", "model": "m", "body": '{"stream": false}'}, "'stream'"),
        ({"url": "http://h/v1", "model": "m", "body": "{"}, "JSON"),
        ({"url": "http://h/v1", "model": "m", "proxy": "socks5://p"}, "'proxy'"),
        ({"url": "http://h/v1", "model": "m", "token_timeout_s": "soon"}, "seconds"),
        ({"url": "http://h/v1", "model": "m", "token_timeout_s": "-1"}, "seconds"),
        ({"url": "https://openrouter.ai/api/v1", "model": "m"}, "OPENROUTER_API_KEY"),
        ({"url": "https://api.openai.com/v1", "model": "m"}, "OPENAI_API_KEY"),
    ],
)
def test_a_wrong_setting_is_named_with_what_would_be_right(options: dict[str, str], hint: str) -> None:
    with pytest.raises(ConfigurationError, match=hint) as refused:
        read_settings(options)
    assert "secret" not in refused.value.message


def test_only_openrouter_itself_counts_as_openrouter() -> None:
    assert read_settings({"url": "https://openrouter.ai/api/v1", "model": "m", "key": "k"}).is_openrouter
    assert not read_settings({"url": "https://openrouter.ai.example.org/v1", "model": "m"}).is_openrouter


def test_a_key_is_not_shown_when_settings_are_printed() -> None:
    settings = read_settings({"url": "http://h/v1", "model": "m", "key": "sesame", "headers": '{"X-Secret": "hush"}'})
    assert "sesame" not in repr(settings)
    assert "hush" not in repr(settings)
