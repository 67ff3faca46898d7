"""Whom a request to the synthesis service means: a voice of the engines, or the one that is nearest to a sample."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from syrinx.audio import PcmChunk
from syrinx.audio.pitch import median_pitch_hz
from syrinx.engines.tts.contract import Voice
from syrinx.errors import EngineUnavailable
from syrinx.speech.narration import NarratedSound, NarrationRequest
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.uploads import decode_base64_audio
from syrinx.transports.http.voice_house import VOICE_BYTES
from syrinx.voices import Voices, is_voice_id, nearest_voice, read_sample, shift_semitones

DEFAULT_SPEAKER: Final = "default"
_COUNTING: Final = "1, 2, 3, 4, 5."
"""Words in every language."""


class Fetch(Protocol):
    """As `voices.GuardedFetch`."""

    def fetched(self, address: str) -> AbstractAsyncContextManager[BinaryIO]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    voice: str | None
    """None takes the engine's default for the language."""
    pitch_semitones: float = 0.0
    is_nearest: bool = False
    """Whether it only comes near to whom the request means."""


class Speakers:
    """Voices of the engines and of the caller are spoken with by their ids. Who is known by a sample that comes with
    the request gets the nearest voice of the engines, and that is told."""

    def __init__(self, house: SpeechHouse, voices: Voices, fetch: Fetch, *, default_clip: Path | None) -> None:
        self._house = house
        self._voices = voices
        self._fetch = fetch
        self._default_clip = default_clip
        self._default_pitch: tuple[float | None] | None = None
        self._voice_pitch: dict[str, float | None] = {}
        """Of the engines' voices, as measured: as many as there are voices."""

    async def named(self, speaker_id: str, *, user: str, language: str) -> Speaker:
        """Raises UnknownVoice for a voice that is not among the user's, UnknownLanguage. Names of the engines' own
        voices are left to the narrator."""
        if is_voice_id(speaker_id):
            await self._voices.get(user, speaker_id)
        if speaker_id != DEFAULT_SPEAKER:
            return Speaker(voice=speaker_id)
        if self._default_clip is None:
            return Speaker(voice=None)
        if self._default_pitch is None:
            self._default_pitch = (await self._pitch_of_file(self._default_clip),)
        return await self.nearest(self._default_pitch[0], language=language)

    async def sampled(self, *, wav_base64: str | None, wav_url: str | None, language: str) -> Speaker:
        """Whoever speaks in a clip that came with the request. Raises as `sample`, and UnknownLanguage."""
        sample = await self.sample(wav_base64=wav_base64, wav_url=wav_url)
        return await self.nearest(await asyncio.to_thread(median_pitch_hz, sample), language=language)

    async def sample(self, *, wav_base64: str | None, wav_url: str | None) -> PcmChunk:
        """The clip, of which one of both is given. Raises BadInput, BadAudio, TooLarge, AddressRefused, FetchFailed."""
        async with self.recording(wav_base64=wav_base64, wav_url=wav_url) as file:
            return await read_sample(file, self._house.open_media)

    @asynccontextmanager
    async def recording(self, *, wav_base64: str | None, wav_url: str | None) -> AsyncGenerator[BinaryIO, None]:
        """The clip as it came, for as long as the context lasts. Raises BadInput, TooLarge, AddressRefused,
        FetchFailed."""
        async with AsyncExitStack() as resources:
            if wav_url is not None:
                file = await resources.enter_async_context(self._fetch.fetched(wav_url))
            else:
                decoded = await asyncio.to_thread(decode_base64_audio, wav_base64 or "", largest_bytes=VOICE_BYTES)
                file = resources.enter_context(decoded)
            yield file

    async def check(self, language: str) -> None:
        """Raises UnknownLanguage where nobody speaks it."""
        nearest_voice([each.voice for each in await self._house.voices()], language=language, pitch_hz=None)

    async def nearest(self, pitch_hz: float | None, *, language: str) -> Speaker:
        """The engines' voice that comes nearest. Raises UnknownLanguage, and what measuring that voice raises."""
        offered = [each.voice for each in await self._house.voices()]
        voice = nearest_voice(offered, language=language, pitch_hz=pitch_hz)
        measured_hz = None if pitch_hz is None else await self._pitch_of(voice)
        shift = shift_semitones(voice, pitch_hz=pitch_hz, voice_pitch_hz=measured_hz)
        return Speaker(voice=voice.id, pitch_semitones=shift, is_nearest=True)

    async def _pitch_of(self, voice: Voice) -> float | None:
        """Measured once in the life of the server: engines do not tell how high their voices are."""
        if voice.id not in self._voice_pitch:
            narration = await self._house.narrate(NarrationRequest(text=_COUNTING, voice=voice.id))
            try:
                async with aclosing(narration.events()) as events:
                    sound = [event.chunk.pcm async for event in events if isinstance(event, NarratedSound)]
            finally:
                await narration.aclose()
            spoken = PcmChunk(pcm=b"".join(sound), sample_rate_hz=narration.sample_rate_hz)
            self._voice_pitch[voice.id] = await asyncio.to_thread(median_pitch_hz, spoken)
        return self._voice_pitch[voice.id]

    async def _pitch_of_file(self, clip: Path) -> float | None:
        try:
            file = await asyncio.to_thread(clip.open, "rb")
        except OSError as error:
            raise EngineUnavailable(
                f"the reference clip of the default voice cannot be read ({error.strerror}): "
                "XTTS_DEFAULT_VOICE is to name a file that can"
            ) from error
        with file:
            sample = await read_sample(file, self._house.open_media)
        return await asyncio.to_thread(median_pitch_hz, sample)
