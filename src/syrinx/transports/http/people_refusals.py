"""How the routes about people describe what they refuse."""

from __future__ import annotations

from typing import Any, Final

from syrinx.transports.http.refusals import refusal

Refusals = dict[int | str, dict[str, Any]]

EVERYWHERE: Final[Refusals] = {
    400: refusal("The user's name cannot be.", "bad_input", "X-Syrinx-User is to be 1 to 64 letters, ..."),
    401: refusal("No key, or a wrong one.", "unauthorized", "this server wants a key or token: ..."),
    403: refusal("Not for this caller.", "forbidden", "this key may not do that: it takes one with the scope 'admin'"),
    422: refusal("Not as described here.", "bad_input", "name: Field required"),
    429: refusal("Too many requests; see Retry-After.", "rate_limited", "more than 60 requests ...", retryable=True),
    503: refusal("The database is away.", "database_unavailable", "... cannot be reached: ...", retryable=True),
}
NO_SUCH_KEY: Final[Refusals] = {
    404: refusal("There is no such key, or it is another's.", "unknown_key", "there is no key '0123456789abcdef': ...")
}
NO_JSON: Final[Refusals] = {
    413: refusal("The body is too large.", "too_large", "the body is larger than the 8388608 bytes that ..."),
    415: refusal("The body is not declared as JSON.", "json_wanted", "... send JSON as application/json"),
}
NOT_KEPT: Final[Refusals] = {
    507: refusal("There is no room for it on the disk.", "disk_refused", "the archive cannot be written: ...")
}
