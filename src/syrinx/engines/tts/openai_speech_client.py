"""OpenAI's audio speech as a voice engine: one HTTP client per opened engine, one streamed request per long text."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any, Final

from syrinx.engines.remote.client import Outgoing, RemoteClient, open_remote_client
from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest, TtsCapabilities, Voice
from syrinx.engines.tts.openai_speech import SoundFormat, SpeechSettings
from syrinx.engines.tts.remote_sound import RATE_HZ, sound_of
from syrinx.engines.tts.remote_voices import (
    OPENAI_VOICES,
    check_language,
    chosen_voice,
    listed,
    told_voices,
)
from syrinx.engines.tts.requests import check_request, split_text, without_controls
from syrinx.errors import EngineError, RemoteRefused

MOST_CHARS: Final = 4000
"""The service takes 4096: https://platform.openai.com/docs/api-reference/audio/createSpeech"""
_FORMAT_REFUSED: Final = frozenset({400, 415, 422, 501})


class OpenAiSpeech:
    """`voices` are the server's own where it lists them. One that could not be asked yet is before the next speech."""

    def __init__(self, client: RemoteClient, settings: SpeechSettings) -> None:
        self._client = client
        self._settings = settings
        self._format: SoundFormat | None = settings.sound_format
        self._list = listed(settings.voices or OPENAI_VOICES)
        self._known = bool(settings.voices) or settings.remote.is_openai

    @property
    def capabilities(self) -> TtsCapabilities:
        return TtsCapabilities(sample_rate_hz=RATE_HZ, languages=self._languages(), speed=(0.25, 4.0), describes=True)

    @property
    def voices(self) -> Sequence[Voice]:
        return self._list.voices

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        check_request(request, self.capabilities)
        await self.learn_voices()
        check_language(request.language, self._languages())
        voice = chosen_voice(self._list.voices, request)
        for piece in split_text(without_controls(request.text), max_chars=MOST_CHARS):
            async with aclosing(self._spoken(piece.text, voice.id, request)) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def learn_voices(self) -> None:
        """Ask the server once; one that does not tell has OpenAI's. Raises what says that it cannot be asked now."""
        if self._known:
            return
        self._list = await told_voices(self._client, "/audio/voices") or self._list
        self._known = True

    async def _spoken(self, text: str, voice: str, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        wanted = self._format or "pcm"
        begun = False
        try:
            async with aclosing(self._sound(text, voice, request, wanted)) as chunks:
                async for chunk in chunks:
                    begun = True
                    yield chunk
            return
        except RemoteRefused as error:
            if begun or self._format is not None or error.status not in _FORMAT_REFUSED:
                raise
            refused = error
        # It may be that bare samples are refused. Where WAV is, too, that was not it.
        try:
            async with aclosing(self._sound(text, voice, request, "wav")) as chunks:
                async for chunk in chunks:
                    self._format = "wav"
                    yield chunk
        except RemoteRefused as error:
            raise refused from error

    async def _sound(
        self, text: str, voice: str, request: SpeechRequest, sound_format: SoundFormat
    ) -> AsyncGenerator[SpeechChunk, None]:
        body: dict[str, Any] = {
            "model": self._settings.model,
            "input": text,
            "voice": voice,
            "response_format": sound_format,
        }
        if request.speed != 1.0:
            body["speed"] = request.speed
        if request.description:
            body["instructions"] = without_controls(request.description)
        settings = self._settings
        async with self._client.streamed(Outgoing(path="/audio/speech", json=body)) as answer:
            sound = sound_of(answer, rate_hz=settings.pcm_rate_hz, host=settings.remote.host, text_chars=len(text))
            async with aclosing(sound) as chunks:
                async for chunk in chunks:
                    yield SpeechChunk(audio=chunk)

    def _languages(self) -> tuple[str, ...]:
        return self._settings.languages or self._list.languages or self._settings.usual_languages


@asynccontextmanager
async def open_openai_speech(settings: SpeechSettings) -> AsyncGenerator[OpenAiSpeech, None]:
    """The server is asked for its voices; that it cannot be reached is told when something is to be said."""
    async with open_remote_client(settings.remote) as client:
        engine = OpenAiSpeech(client, settings)
        with suppress(EngineError):
            await engine.learn_voices()
        yield engine
