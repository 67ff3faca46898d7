"""Kokoro keeps the contract: the conformance suite over the tiny model, with and without word times."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from syrinx.engines.tts.kokoro import KokoroEngine, provider
from syrinx.testing.tiny_kokoro import write_tiny_kokoro
from syrinx.testing.tts_conformance import TtsConformance


class TestKokoroConforms(TtsConformance):
    repeats = True

    @pytest.fixture
    async def tts(self, tmp_path: Path) -> AsyncGenerator[KokoroEngine, None]:
        async with provider.open({"path": str(write_tiny_kokoro(tmp_path))}) as engine:
            yield engine


class TestKokoroWithoutDurationsConforms(TtsConformance):
    repeats = True

    @pytest.fixture
    async def tts(self, tmp_path: Path) -> AsyncGenerator[KokoroEngine, None]:
        async with provider.open({"path": str(write_tiny_kokoro(tmp_path, durations=False))}) as engine:
            yield engine
