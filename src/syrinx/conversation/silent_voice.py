"""The voice of an engine that could not be opened: it says why in place of speaking."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest, TtsCapabilities, Voice
from syrinx.errors import EngineError


class SilentVoice:
    """Fails every request with the error that kept the engine from opening: the fallback or the text steps in."""

    def __init__(self, error: EngineError) -> None:
        self._error = error
        self.capabilities = TtsCapabilities(sample_rate_hz=24_000, languages=())
        self.voices: Sequence[Voice] = ()

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        raise self._error
        yield  # makes this a generator; never reached
