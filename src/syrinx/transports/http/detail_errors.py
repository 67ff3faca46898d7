"""How refusals are described to clients that read `detail`: those of the voice API and of the synthesis service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, Field

from syrinx.transports.http.refusals import described


class DetailBody(BaseModel):
    """What every refusal of this family looks like."""

    detail: str = Field(examples=["no engine has a voice 'alfred': the list of voices names those that exist"])
    code: str = Field(examples=["unknown_voice"])
    retryable: bool = False


_EXAMPLES: Final[Mapping[int, tuple[str, str, str]]] = {
    400: ("What was sent cannot be used.", "bad_input", "there are no words to speak: send some"),
    401: ("No token, or a wrong one.", "unauthorized", "this server wants a token: ..."),
    403: ("Asked by a web page of another origin.", "origin_refused", "pages of ... may not change ..."),
    404: ("No such voice, language or engine.", "unknown_voice", "no engine has a voice 'alfred': ..."),
    413: ("More than is taken at once.", "too_large", "the body is larger than ... bytes"),
    415: ("The body is not declared as JSON.", "json_wanted", "... send JSON as application/json"),
    422: ("Not as described here.", "bad_input", "speed: Input should be less than or equal to 2"),
    429: ("Too many wait; Retry-After tells when.", "engine_busy", "flite is busy: ..."),
    500: ("The engine failed.", "engine_failed", "espeak stopped in the middle of its work"),
    502: ("An engine elsewhere failed.", "remote_refused", "the speech server answered 500: ..."),
    503: ("The engine cannot be opened.", "engine_unavailable", "kokoro is not installed here: ..."),
    504: ("The engine took too long.", "engine_timeout", "espeak gave no first item within 30 s"),
    507: ("The disk refused what was to be kept.", "not_kept", "the clip could not be kept (...): ..."),
}


def detail_refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses` of a route that may refuse with these."""
    refusals: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        description, code, detail = _EXAMPLES[status]
        example = {"detail": detail, "code": code, "retryable": status in {429, 504, 507}}
        refusals[status] = described(DetailBody, description, example)
    return refusals
