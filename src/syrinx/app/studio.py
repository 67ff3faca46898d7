"""What cloning needs of the house: the engine that learns voices, and the ear and voices to try them with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Final

from syrinx.app.engine_choice import EngineChoice
from syrinx.app.known_people import KnownPeople
from syrinx.audio import PcmChunk, resample
from syrinx.audio.encoding import open_encoder
from syrinx.audio.synthetic_mark import mark_tags
from syrinx.engines.pool import EnginePool
from syrinx.engines.tts.contract import Clones
from syrinx.errors import EngineUnavailable
from syrinx.speech.narration import Narrate, NarratedSound, NarrationRequest
from syrinx.speech.recordings import RATE_HZ, RecordingRequest, TranscribeRecording
from syrinx.voices import Voices
from syrinx.voices.profile import VoiceProfile

_PIECE_BYTES: Final = RATE_HZ // 2
"""A quarter of a second."""


class HouseStudio:
    """A `voices.Studio`. `narrate` and `transcribe` are the house's own, which count for nobody."""

    def __init__(
        self,
        *,
        engines: EngineChoice,
        pool: EnginePool,
        people: KnownPeople,
        narrate: Narrate,
        transcribe: TranscribeRecording,
    ) -> None:
        self._engines = engines
        self._pool = pool
        self._people = people
        self._narrate = narrate
        self._transcribe = transcribe
        self._voices: Voices | None = None

    def begin(self, voices: Voices) -> None:
        self._voices = voices

    async def cloner(self, language: str) -> str | None:
        return await self._engines.cloner(language)

    async def wants_transcript(self, engine: str) -> bool:
        async with self._pool.lease("tts", engine) as tts:
            wanted = tts.capabilities.clones
            return wanted is not None and wanted.transcript

    async def learn(self, engine: str, profile: VoiceProfile) -> None:
        if self._voices is None:
            raise RuntimeError("a voice is to be learned before voices are open")
        async with self._pool.lease("tts", engine) as tts:
            wanted = tts.capabilities.clones
            if wanted is None or not isinstance(tts, Clones):
                raise EngineUnavailable(f"{engine} does not learn voices: set SYRINX_CLONE to an engine that does")
            learner = tts

            async def make(sample: PcmChunk, transcript: str) -> bytes:
                return await learner.condition(sample, transcript=transcript, language=profile.language)

            await self._voices.conditioning(profile, engine=engine, cloning=wanted, make=make)

    async def speak(self, profile: VoiceProfile, text: str) -> bytes:
        with self._people.drafting(profile):
            narration = await self._narrate(
                NarrationRequest(text=text, language=profile.language, voice=profile.voice_id)
            )
        try:
            async with aclosing(narration.events()) as events:
                pcm = b"".join([event.chunk.pcm async for event in events if isinstance(event, NarratedSound)])
        finally:
            await narration.aclose()
        clip = PcmChunk(pcm=pcm, sample_rate_hz=narration.sample_rate_hz)
        return await asyncio.to_thread(_as_mp3, clip, mark_tags(engine=narration.engine))

    async def transcribe(self, sample: PcmChunk, language: str) -> str:
        heard_at = await asyncio.to_thread(resample, sample, RATE_HZ)

        async def audio() -> AsyncGenerator[PcmChunk, None]:
            for start in range(0, len(heard_at.pcm), _PIECE_BYTES):
                yield PcmChunk(pcm=heard_at.pcm[start : start + _PIECE_BYTES], sample_rate_hz=RATE_HZ)

        said = ""
        async with (
            aclosing(audio()) as sound,
            aclosing(self._transcribe(sound, RecordingRequest(language=language))) as found,
        ):
            async for heard in found:
                if heard.transcript.final:
                    said = heard.transcript.text
        return said


def _as_mp3(clip: PcmChunk, tags: Mapping[str, str]) -> bytes:
    """Blocks, also to load the codec. Its encoder is closed here: who waits for the thread may be cancelled."""
    encoder = open_encoder("mp3", sample_rate_hz=clip.sample_rate_hz, samples=clip.sample_count, tags=tags)
    try:
        return encoder.encode(clip) + encoder.finish()
    finally:
        encoder.close()
