"""What a speech service elsewhere says when it refuses, turned into errors that tell what to do."""

from __future__ import annotations

from typing import Final

from syrinx.engines.remote.reports import ErrorReport, may_pass, quoted
from syrinx.engines.remote.settings import RemoteSettings
from syrinx.errors import RemoteRefused

_OF_THE_REQUEST: Final = frozenset({"unknown_language", "unknown_voice"})
"""What a Syrinx answers with 404, too, though address and model are right."""


def refusal(
    settings: RemoteSettings, status: int, report: ErrorReport, retry_after_s: float | None = None
) -> RemoteRefused:
    """The error to raise: whether trying again can help, when, and otherwise what a person has to do."""
    host = settings.host
    quote = quoted(report.message, settings.key)
    code: str | None = None
    retryable = may_pass(status)
    if status == 402 or report.code == "insufficient_quota":
        message, code, retryable = f"the account at {host} has no credit left: add some there", "no_credit", False
    elif status == 401:
        # What the service says is not repeated: it likes to quote the key.
        wanted = "does not accept the key" if settings.key else "wants a key and none is set"
        message, code = f"{host} {wanted}: set a valid one as {settings.option('key')}", "key_refused"
    elif status == 403:
        code = "key_refused"
        message = f"{host} does not allow this: set a key that may do it as {settings.option('key')}{quote}"
    elif status == 404 and report.code in _OF_THE_REQUEST:
        message, code = f"{host} cannot do what was asked{quote}", report.code
    elif status in (404, 405):
        code = "unknown_route"
        message = f"{host} has nothing of that name: correct {settings.option('url')}, or the model that is set{quote}"
    elif status == 413:
        message, code = f"{host} takes no upload of that size{quote}", "too_large"
    elif status == 429:
        message, code = f"{host} takes no more requests at the moment{quote}", "rate_limited"
    elif 300 <= status < 400:
        message = f"{host} points to another address, which is not followed: set the final one as " + settings.option(
            "url"
        )
    elif status in (408, 504):
        message = f"{host} waited too long for what it asks itself{quote}"
    elif status >= 500:
        message = f"{host} failed (HTTP {status}){quote}"
    else:
        message = f"{host} refused the request (HTTP {status}){quote}"
    wait_s = retry_after_s if retry_after_s is not None else report.retry_after_s
    return RemoteRefused(
        message, status=status, retryable=retryable, code=code, retry_after_s=wait_s if retryable else None
    )
