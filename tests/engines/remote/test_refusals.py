"""What a service refuses with is told as what to do."""

from __future__ import annotations

import pytest

from syrinx.engines.remote.refusals import refusal
from syrinx.engines.remote.reports import ErrorReport, read_body
from syrinx.engines.tts.openai_speech import read_settings

SETTINGS = read_settings({"url": "http://host.example/v1", "key": "open-sesame"}).remote


@pytest.mark.parametrize(
    ("status", "said", "retryable", "code", "hint"),
    [
        (400, "bad thing", False, "remote_refused", "bad thing"),
        (401, "wrong open-sesame", False, "key_refused", "SYRINX_ENGINE__OPENAI_SPEECH__KEY"),
        (402, "", False, "no_credit", "credit"),
        (403, "", False, "key_refused", "SYRINX_ENGINE__OPENAI_SPEECH__KEY"),
        (404, "no such model", False, "unknown_route", "SYRINX_ENGINE__OPENAI_SPEECH__URL"),
        (302, "", False, "remote_refused", "final"),
        (413, "", False, "too_large", "size"),
        (408, "", True, "remote_refused", "too long"),
        (429, "slow down", True, "rate_limited", "slow down"),
        (500, "out of memory", True, "remote_refused", "out of memory"),
        (503, "", True, "remote_refused", "503"),
        (504, "", True, "remote_refused", "too long"),
    ],
)
def test_each_status_says_what_to_do(status: int, said: str, retryable: bool, code: str, hint: str):
    error = refusal(SETTINGS, status, ErrorReport(message=said), 7.0)
    assert (error.status, error.retryable, error.code) == (status, retryable, code)
    assert hint in error.message
    assert "sesame" not in error.message
    assert error.retry_after_s == (7.0 if retryable else None)


def test_a_language_that_is_not_there_is_not_blamed_on_the_address():
    said = b'{"error": "nobody speaks \'xx\' here", "code": "unknown_language", "retryable": false}'
    error = refusal(SETTINGS, 404, read_body(said))
    assert (error.status, error.retryable, error.code) == (404, False, "unknown_language")
    assert "nobody speaks" in error.message
    assert "URL" not in error.message


def test_a_service_without_a_key_is_told_that_it_wants_one():
    settings = read_settings({"url": "http://host.example/v1"}).remote
    assert "none is set" in refusal(settings, 401, ErrorReport()).message
