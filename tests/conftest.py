"""Lets the assertions of the conformance suites show what they compared; before any test imports them."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    *(f"syrinx.testing.{kind}_conformance" for kind in ("tts", "stt", "llm", "vad")),
)
