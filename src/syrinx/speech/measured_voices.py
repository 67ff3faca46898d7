"""How high and how fast the engines' own voices speak: measured once, for engines do not tell."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import structlog

from syrinx.audio.pace import syllables_per_second
from syrinx.audio.pcm import PcmChunk
from syrinx.audio.pitch import median_pitch_hz
from syrinx.engines.tts.contract import SpeechRequest, TextToSpeech
from syrinx.errors import SyrinxError
from syrinx.text import speakable

log = structlog.get_logger()

_NUMBERS: Final = "34567, 76543."
"""Some six seconds that every language can say, and that flow like a sentence: with espeak-ng's and flite's English
voices the pitch comes out within a semitone of that of a sentence, the pace within a sixth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceMeasures:
    pitch_hz: float | None = None
    pace: float | None = None
    """Syllables per second, as `audio.pace` counts them."""


class MeasuredVoices:
    """Kept as long as the engines' voices stay what they are; as many entries as there are voices."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str | None], VoiceMeasures] = {}
        self._measuring: dict[tuple[str, str | None], asyncio.Lock] = {}

    async def of(self, engine: str, tts: TextToSpeech, *, voice: str | None, language: str) -> VoiceMeasures:
        """Of the engine's own voice of that id; nothing is known of it where the engine fails, and the next who asks
        tries again."""
        key = (engine, voice)
        async with self._measuring.setdefault(key, asyncio.Lock()):
            if key not in self._known:
                request = SpeechRequest(text=speakable(_NUMBERS, language=language), language=language, voice=voice)
                try:
                    async with aclosing(tts.synthesize(request)) as chunks:
                        pcm = b"".join([chunk.audio.pcm async for chunk in chunks])
                except SyrinxError as error:
                    log.warning("a voice could not be measured", engine=engine, code=error.code)
                    return VoiceMeasures()
                spoken = PcmChunk(pcm=pcm, sample_rate_hz=tts.capabilities.sample_rate_hz)
                self._known[key] = await asyncio.to_thread(_measured, spoken)
        return self._known[key]


def _measured(spoken: PcmChunk) -> VoiceMeasures:
    return VoiceMeasures(pitch_hz=median_pitch_hz(spoken), pace=syllables_per_second(spoken))
