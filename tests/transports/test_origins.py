"""Which web pages may speak to this server."""

from __future__ import annotations

import pytest

from syrinx.transports.origins import origin_allowed

LISTED = ["https://talk.example"]


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"host": "127.0.0.1:8000"}, True),
        ({"host": "127.0.0.1:8000", "origin": "http://127.0.0.1:8000"}, True),
        ({"host": "LOCALHOST:8000", "origin": "http://localhost:8000"}, True),
        ({"host": "127.0.0.1:8000", "origin": "https://talk.example"}, True),
        ({"host": "127.0.0.1:8000", "origin": "https://talk.example/"}, True),
        ({"host": "127.0.0.1:8000", "origin": "http://127.0.0.1:9999"}, False),
        ({"host": "127.0.0.1:8000", "origin": "https://evil.example"}, False),
        ({"host": "127.0.0.1:8000", "origin": "https://talk.example.evil.example"}, False),
        ({"host": "127.0.0.1:8000", "origin": "null"}, False),
        ({"origin": "null"}, False),
        ({"origin": "file://"}, False),
        ({"host": "127.0.0.1:8000", "origin": "http://[x"}, False),
    ],
)
def test_only_our_page_and_listed_pages_may_connect(headers: dict[str, str], allowed: bool) -> None:
    assert origin_allowed(headers, listed=LISTED) is allowed
