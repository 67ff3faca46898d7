"""What a chat completions service says when it refuses, turned into errors that tell what to do.

Source of the statuses: https://openrouter.ai/docs/api-reference/errors and https://platform.openai.com/docs/guides/error-codes
"""

from __future__ import annotations

from syrinx.engines.llm.chat_completions.settings import ChatSettings
from syrinx.engines.remote.reports import ErrorReport, may_pass, quoted, read_report
from syrinx.errors import RemoteRefused


def refusal(
    settings: ChatSettings, model: str, status: int, report: ErrorReport, retry_after_s: float | None = None
) -> RemoteRefused:
    """The error to raise: whether trying again can help, when, and otherwise what a person has to do."""
    host = settings.host
    quote = quoted(report.message, settings.key)
    code: str | None = None
    retryable = may_pass(status)
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
