"""What a service elsewhere says of an error, in whichever of the usual shapes it says it.

Source of the codes: https://platform.openai.com/docs/guides/error-codes and https://openrouter.ai/docs/api-reference/errors
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


def may_pass(status: int) -> bool:
    """Whether the same request may succeed later after an answer with this HTTP status."""
    return status in _RETRYABLE or status >= 500


def read_report(body: object) -> ErrorReport:
    """`body` is an error answer's decoded JSON, the value of its `error`, or plain text."""
    if isinstance(body, str):
        return ErrorReport(message=body)
    if not isinstance(body, dict):
        return ErrorReport()
    fields = cast("dict[str, Any]", body)
    for name in ("error", "detail"):
        inner = fields.get(name)
        if isinstance(inner, dict) and inner:
            return read_report(cast("object", inner))
    code = fields.get("code") or fields.get("type") or ""
    status = _status(code) or _status(fields.get("type")) or _status(fields.get("status"))
    said = (fields.get(name) for name in ("error", "message", "detail"))
    message = next((each for each in said if isinstance(each, str) and each), "")
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


def quoted(said: str, key: str) -> str:
    """The end of a sentence that repeats what the service said, short and without keys; "" where it said nothing."""
    text = " ".join(said.split())
    if key:
        text = text.replace(key, "***")
    text = _SECRET.sub("***", text)
    if len(text) > _LONGEST_QUOTE:
        text = text[:_LONGEST_QUOTE].rstrip() + "…"
    return f'; it says: "{text}"' if text else ""


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
