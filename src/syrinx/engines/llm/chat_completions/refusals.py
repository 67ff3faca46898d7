"""What a chat completions service says when it refuses, turned into errors that tell what to do.

Source of the statuses: https://openrouter.ai/docs/api-reference/errors and https://platform.openai.com/docs/guides/error-codes
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from syrinx.engines.llm.chat_completions.settings import ChatSettings
from syrinx.errors import RemoteRefused

_STATUS_OF_CODE: Mapping[str, int] = {
    "invalid_api_key": 401,
    "insufficient_quota": 402,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
    "context_length_exceeded": 400,
    "invalid_request_error": 400,
    "server_error": 500,
}
_RETRYABLE = frozenset({408, 409, 425, 429})
_LONGEST_WAIT_S = 3600.0
_LONGEST_QUOTE = 200
_SECRET = re.compile(r"\b(?:sk|pk|rk)-[\w*-]{6,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorReport:
    """The error object of a service, in whichever of the usual shapes it came."""

    message: str = ""
    code: str = ""
    status: int | None = None
    """The status it names itself: inside a stream there is no other."""
    retry_after_s: float | None = None


def read_report(body: object) -> ErrorReport:
    """`body` is an error answer's decoded JSON, the value of its `error`, or plain text."""
    if isinstance(body, str):
        return ErrorReport(message=body)
    if not isinstance(body, dict):
        return ErrorReport()
    fields = cast("dict[str, Any]", body)
    inner = fields.get("error")
    if isinstance(inner, str | dict) and inner:
        return read_report(cast("object", inner))
    code = fields.get("code") or fields.get("type") or ""
    status = _status(code) or _status(fields.get("type")) or _status(fields.get("status"))
    message = next((fields[name] for name in ("message", "detail") if isinstance(fields.get(name), str)), "")
    metadata = fields.get("metadata")
    wait = cast("dict[str, Any]", metadata).get("retry_after_seconds") if isinstance(metadata, dict) else None
    return ErrorReport(message=message, code=str(code), status=status, retry_after_s=_wait(wait))


def read_body(body: bytes) -> ErrorReport:
    text = body.decode("utf-8", "replace")
    try:
        return read_report(json.loads(text))
    except ValueError:
        # A proxy's HTML page says nothing that the status does not.
        return ErrorReport() if "<" in text else ErrorReport(message=text)


def read_retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Retry-After in seconds, given as such, as a date, or in milliseconds as OpenAI does beside it."""
    if (wait_ms := _wait(headers.get("retry-after-ms"))) is not None:
        return wait_ms / 1000
    value = headers.get("retry-after", "")
    if (wait_s := _wait(value)) is not None:
        return wait_s
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return _wait((until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


def refusal(
    settings: ChatSettings, model: str, status: int, report: ErrorReport, retry_after_s: float | None = None
) -> RemoteRefused:
    """The error to raise: whether trying again can help, when, and otherwise what a person has to do."""
    host = settings.host
    quote = _quote(report.message, settings.key)
    code: str | None = None
    retryable = status in _RETRYABLE or status >= 500
    if status == 402 or report.code == "insufficient_quota":
        message, code, retryable = (
            f"the account at {host} has no credit left: add some there, or choose another model",
            "no_credit",
            False,
        )
    elif status == 401:
        # What the service says is not repeated: it likes to quote the key.
        wanted = "does not accept the key" if settings.key else "wants a key and none is set"
        message, code = f"{host} {wanted}: put a valid one into the settings (SYRINX_LLM_KEY)", "key_refused"
    elif status == 403:
        message, code = f"{host} does not allow this key to use {model} in this way{quote}", "key_refused"
    elif status == 404 and "pull" in report.message:
        message, code = f"{host} has no model '{model}': fetch it with `ollama pull {model}`", "unknown_model"
    elif status == 404:
        message = f"{host} knows no model '{model}', or its address is another one (most end in /v1){quote}"
        code = "unknown_model"
    elif status == 429:
        message, code = f"{host} takes no more requests at the moment{quote}", "rate_limited"
    elif 300 <= status < 400:
        message = f"{host} points to another address, which is not followed with a key: set its final address"
    elif status in (408, 504):
        message = f"{host} waited too long for {model}{quote}"
    elif status >= 500:
        message = f"{host} failed while it asked {model} (HTTP {status}){quote}"
    else:
        message = f"{host} refused the request to {model} (HTTP {status}){quote}"
    wait_s = retry_after_s if retry_after_s is not None else report.retry_after_s
    return RemoteRefused(
        message, status=status, retryable=retryable, code=code, retry_after_s=wait_s if retryable else None
    )


def refusal_in_stream(settings: ChatSettings, model: str, error: object) -> RemoteRefused:
    """For an error object that came inside an answer which had begun with 200."""
    report = read_report(error)
    return refusal(settings, model, report.status or 502, report)


def _status(value: object) -> int | None:
    if isinstance(value, str):
        if value in _STATUS_OF_CODE:
            return _STATUS_OF_CODE[value]
        value = int(value) if value.isascii() and value.isdigit() and len(value) == 3 else None
    return value if isinstance(value, int) and 400 <= value < 600 else None


def _wait(value: object) -> float | None:
    if not isinstance(value, str | int | float):
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), _LONGEST_WAIT_S)


def _quote(said: str, key: str) -> str:
    text = " ".join(said.split())
    if key:
        text = text.replace(key, "***")
    text = _SECRET.sub("***", text)
    if len(text) > _LONGEST_QUOTE:
        text = text[:_LONGEST_QUOTE].rstrip() + "…"
    return f'; it says: "{text}"' if text else ""
