"""What the hub's refusals and silences mean to a person, and what to do about them."""

from __future__ import annotations

from collections.abc import Mapping

from syrinx.engines.models.errors import GatedModel, HubRefused, HubUnreachable, NotOnHub, PullFailed

_SERVER_ERRORS = 500
_TOO_MANY = 429


def refused(
    status: int, headers: Mapping[str, str], *, model: str, repository: str, file: str, host: str, with_token: bool
) -> PullFailed:
    """For an answer that is no success; `host` is where it came from. `X-Error-Code` is the hub's own word for it."""
    code = headers.get("x-error-code", "")
    again = f"`syrinx models pull {model}`"
    if code == "GatedRepo":
        first = "Your token (HF_TOKEN) is not of somebody" if with_token else "Set HF_TOKEN to a token of somebody"
        return GatedModel(
            f"{repository} on {host} is given only to people whom its authors have let in. {first} who has asked at "
            f"{host}/{repository}; then {again}.",
            status=status,
        )
    if status == 401 and with_token:
        return HubRefused(
            f"{host} does not accept the token, or does not show {repository} to it. "
            f"Set HF_TOKEN to a valid one, or to nothing, then {again}.",
            status=status,
        )
    if status == 401:
        return HubRefused(
            f"{host} does not show {repository} to people whom it does not know: it is private, or there is none. "
            f"Set HF_TOKEN, or correct the repository in the catalogue, then {again}.",
            status=status,
        )
    if status == 403:
        return HubRefused(
            f"{host} forbids {repository}: the token may not read it, or a proxy on the way forbids the address. "
            f"Check HF_TOKEN and HTTPS_PROXY, then {again}.",
            status=status,
        )
    if status == 404:
        missing = {"EntryNotFound": f"no file {file}", "RevisionNotFound": "no such revision"}.get(code, f"no {file}")
        return NotOnHub(
            f"{host} has {missing} in {repository}. Correct the catalogue's entry {model}, or use another mirror "
            "(HF_ENDPOINT).",
            status=status,
        )
    if status == _TOO_MANY:
        return HubRefused(
            f"{host} asks to be left alone for a while ({status}). Wait some minutes, then {again}: "
            "it goes on where it was.",
            status=status,
            retryable=True,
        )
    if status >= _SERVER_ERRORS:
        return HubRefused(
            f"{host} is out of order at the moment ({status}). Try {again} later: it goes on where it was.",
            status=status,
            retryable=True,
        )
    return HubRefused(f"{host} answered {status} for {file} of {repository}, which is no file.", status=status)


def unreachable(error: Exception, *, model: str, host: str) -> HubUnreachable:
    """For a connection that could not be made, or in which nothing came any more."""
    return HubUnreachable(
        f"{host} cannot be reached ({_words(error)}). Check the connection, HF_ENDPOINT and HTTPS_PROXY, then "
        f"`syrinx models pull {model}`: it goes on where it was."
    )


def _words(error: Exception) -> str:
    name = type(error).__name__
    if "Timeout" in name:
        return "no answer in time"
    text = str(error).strip().rstrip(".")
    return text or name
