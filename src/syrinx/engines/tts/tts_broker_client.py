"""The speech broker as a voice engine: streamed where it can, else sentence by sentence as whole clips."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any, Final, cast

from syrinx.audio.pcm import PcmChunk
from syrinx.audio.resampling import resample
from syrinx.audio.wav import read_wav
from syrinx.engines.remote.client import Outgoing, RemoteClient, open_remote_client
from syrinx.engines.tts.contract import SpeechChunk, SpeechRequest, TtsCapabilities, Voice
from syrinx.engines.tts.remote_sound import RATE_HZ, cut, sound_of
from syrinx.engines.tts.remote_voices import (
    KOKORO_LANGUAGES,
    check_language,
    chosen_voice,
    listed,
    primary_of,
    told_voices,
)
from syrinx.engines.tts.requests import check_request, split_text, without_controls
from syrinx.engines.tts.tts_broker import BrokerSettings
from syrinx.errors import BadInput, EngineError, RemoteRefused

_USUAL_VOICES: Final = ("af_heart", "af", "am", "bf", "bm")
"""What every such server has."""
_STREAMED_CHARS: Final = 5000
_WHOLE_CHARS: Final = 400
"""A clip is heard only once all of it has come: shorter ones come sooner."""
_LARGEST_CLIP_BYTES: Final = 64 << 20
_NO_SUCH_ROUTE: Final = frozenset({404, 405, 501})


class TtsBroker:
    """Whether the far end streams is found out with the first speech."""

    def __init__(self, client: RemoteClient, settings: BrokerSettings) -> None:
        self._client = client
        self._settings = settings
        self._list = listed(settings.voices or _USUAL_VOICES)
        self._known = bool(settings.voices)
        self._streams = True

    @property
    def capabilities(self) -> TtsCapabilities:
        # Voices without the usual names may be of any of the languages.
        languages = self._list.languages or tuple(dict.fromkeys(map(primary_of, KOKORO_LANGUAGES.values())))
        return TtsCapabilities(sample_rate_hz=RATE_HZ, languages=languages, speed=(0.5, 2.0))

    @property
    def voices(self) -> Sequence[Voice]:
        return self._list.voices

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        check_request(request, self.capabilities)
        await self.learn_voices()
        check_language(request.language, self.capabilities.languages)
        voice = chosen_voice(self._list.voices, request)
        text = without_controls(request.text)
        if self._streams:
            begun = False
            try:
                for piece in split_text(text, max_chars=_STREAMED_CHARS):
                    async with aclosing(self._streamed(piece.text, voice, request)) as chunks:
                        async for chunk in chunks:
                            begun = True
                            yield chunk
                return
            except RemoteRefused as error:
                if begun or error.status not in _NO_SUCH_ROUTE:
                    raise
            self._streams = False
        for piece in split_text(text, max_chars=_WHOLE_CHARS):
            for chunk in cut(await self._clip(piece.text, voice, request)):
                yield SpeechChunk(audio=chunk)

    async def learn_voices(self) -> None:
        """Ask once; one that does not tell has the usual ones. Raises what says that it cannot be asked now."""
        if self._known:
            return
        self._list = await told_voices(self._client, "/voices") or self._list
        self._known = True

    async def _streamed(self, text: str, voice: Voice, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        outgoing = Outgoing(path="/audio-stream", json=_body(text, voice, request))
        async with self._client.streamed(outgoing) as answer:
            sound = sound_of(answer, rate_hz=RATE_HZ, host=self._settings.remote.host, text_chars=len(text))
            async with aclosing(sound) as chunks:
                async for chunk in chunks:
                    yield SpeechChunk(audio=chunk)

    async def _clip(self, text: str, voice: Voice, request: SpeechRequest) -> PcmChunk:
        outgoing = Outgoing(path="/synthesize", json=_body(text, voice, request))
        answer = await self._client.whole(outgoing, largest_bytes=_LARGEST_CLIP_BYTES)
        return await asyncio.to_thread(_read_clip, answer.body, host=self._settings.remote.host)


def _body(text: str, voice: Voice, request: SpeechRequest) -> dict[str, Any]:
    return {"text": text, "voice": voice.id, "lang_code": _lang_code(voice, request), "speed": request.speed}


def _lang_code(voice: Voice, request: SpeechRequest) -> str:
    """The voice's own accent where it speaks the language, else the language's usual one."""
    primary = primary_of(request.language)
    for language in (voice.language, request.language):
        for code, tag in KOKORO_LANGUAGES.items():
            if tag.lower() == language.lower() and primary_of(tag) == primary:
                return code
    return next((code for code, tag in KOKORO_LANGUAGES.items() if primary_of(tag) == primary), "a")


def _read_clip(body: bytes, *, host: str) -> PcmChunk:
    """At RATE_HZ. Raises EngineError on what is no clip."""
    try:
        content = json.loads(body)
        fields = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
        clip = read_wav(base64.b64decode(fields.get("audio_base64") or "", validate=True))
    except (ValueError, TypeError, binascii.Error, BadInput) as error:
        raise EngineError(f"{host} sent something that is no clip: JSON with a WAV file was expected") from error
    return resample(clip, RATE_HZ)


@asynccontextmanager
async def open_tts_broker(settings: BrokerSettings) -> AsyncGenerator[TtsBroker, None]:
    """The broker is asked for its voices; that it cannot be reached is told when something is to be said."""
    async with open_remote_client(settings.remote) as client:
        engine = TtsBroker(client, settings)
        with suppress(EngineError):
            await engine.learn_voices()
        yield engine
