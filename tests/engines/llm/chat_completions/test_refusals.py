from __future__ import annotations

from datetime import UTC, datetime

import pytest

from syrinx.engines.llm.chat_completions.refusals import refusal, refusal_in_stream
from syrinx.engines.llm.chat_completions.settings import read_settings
from syrinx.engines.remote.reports import ErrorReport, read_body, read_report, read_retry_after

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SETTINGS = read_settings({"url": "http://host.example/v1", "model": "m", "key": "open-sesame"})


@pytest.mark.parametrize(
    ("status", "said", "retryable", "code", "hint"),
    [
        (400, "bad thing", False, "remote_refused", "bad thing"),
        (401, "wrong open-sesame", False, "key_refused", "SYRINX_LLM_KEY"),
        (402, "", False, "no_credit", "credit"),
        (403, "", False, "key_refused", "does not allow"),
        (404, "", False, "unknown_model", "knows no model 'm'"),
        (404, 'model "m" not found, try pulling it first', False, "unknown_model", "ollama pull m"),
        (302, "", False, "remote_refused", "final address"),
        (408, "", True, "remote_refused", "too long"),
        (409, "", True, "remote_refused", "409"),
        (429, "slow down", True, "rate_limited", "slow down"),
        (500, "", True, "remote_refused", "500"),
        (503, "", True, "remote_refused", "503"),
        (504, "", True, "remote_refused", "too long"),
    ],
)
def test_each_status_says_what_to_do(status: int, said: str, retryable: bool, code: str, hint: str) -> None:
    error = refusal(SETTINGS, "m", status, ErrorReport(message=said))
    assert (error.status, error.retryable, error.code) == (status, retryable, code)
    assert hint in error.message
    assert "open-sesame" not in error.message


def test_a_spent_quota_is_not_tried_again_though_its_status_says_too_many_requests() -> None:
    report = read_body(b'{"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}')
    error = refusal(SETTINGS, "m", 429, report)
    assert (error.retryable, error.code) == (False, "no_credit")


def test_keys_in_what_a_service_says_are_blotted_out_and_long_texts_are_cut() -> None:
    error = refusal(SETTINGS, "m", 400, ErrorReport(message="open-sesame sk-proj-abc123xyz " + "word " * 200))
    assert '"*** *** word' in error.message
    assert len(error.message) < 300


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "17"}, 17.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "86400"}, 3600.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "later"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_the_wait_is_read_in_all_its_forms(headers: dict[str, str], wait_s: float | None) -> None:
    assert read_retry_after(headers, NOW) == wait_s


def test_a_wait_is_only_told_where_waiting_helps() -> None:
    assert refusal(SETTINGS, "m", 429, ErrorReport(retry_after_s=16.0)).retry_after_s == 16.0
    assert refusal(SETTINGS, "m", 429, ErrorReport(retry_after_s=16.0), 3.0).retry_after_s == 3.0
    assert refusal(SETTINGS, "m", 401, ErrorReport(), 3.0).retry_after_s is None


@pytest.mark.parametrize(
    ("body", "report"),
    [
        (b'{"error": "model not found"}', ErrorReport(message="model not found")),
        (b'{"detail": "Not Found"}', ErrorReport(message="Not Found")),
        (b"<html>Bad gateway</html>", ErrorReport()),
        (b"overloaded", ErrorReport(message="overloaded")),
        (b"[1]", ErrorReport()),
        (
            b'{"error":{"message":"Provider returned error","code":429,"metadata":{"retry_after_seconds":17}}}',
            ErrorReport(message="Provider returned error", code="429", status=429, retry_after_s=17.0),
        ),
    ],
)
def test_error_answers_of_all_usual_shapes_are_read(body: bytes, report: ErrorReport) -> None:
    assert read_body(body) == report


@pytest.mark.parametrize(
    ("error", "status", "retryable"),
    [
        ({"code": 502, "message": "Provider disconnected"}, 502, True),
        ({"code": "server_error", "message": "x"}, 500, True),
        ({"code": "429", "message": "x"}, 429, True),
        ({"type": "invalid_request_error", "code": None, "message": "x"}, 400, False),
        ("out of memory", 502, True),
    ],
)
def test_an_error_inside_a_stream_has_the_status_that_it_names(error: object, status: int, retryable: bool) -> None:
    raised = refusal_in_stream(SETTINGS, "m", error)
    assert (raised.status, raised.retryable) == (status, retryable)
    assert read_report(error).message in raised.message
