"""Lets the conformance suite's assertions show what they compared."""

import pytest

pytest.register_assert_rewrite("syrinx.testing.vad_conformance")
