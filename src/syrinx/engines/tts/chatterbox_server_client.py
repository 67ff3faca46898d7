"""The Chatterbox server as a voice engine: what it keeps of a voice is the sample, sent again with each sentence."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Any, Final

import httpx

from syrinx.audio.pcm import PcmChunk
from syrinx.audio.wav import wav_bytes
from syrinx.engines.remote.client import Outgoing, RemoteClient, Upload, open_remote_client
from syrinx.engines.remote.probing import probed
from syrinx.engines.tts.chatterbox_server import AWAY, ChatterboxSettings
from syrinx.engines.tts.contract import Cloning, SpeechChunk, SpeechRequest, TtsCapabilities, Voice
from syrinx.engines.tts.remote_sound import RATE_HZ, sound_of
from syrinx.engines.tts.remote_voices import check_language, chosen_voice, listed, primary_of
from syrinx.engines.tts.requests import check_request, split_text, without_controls
from syrinx.errors import BadAudio, BadInput, EngineError, EngineTimeout, EngineUnavailable, RemoteRefused

MOST_CHARS: Final = 280
"""What such a server itself takes for one stretch: the model stumbles over longer ones, and shorter ones are heard
sooner."""
CLONING: Final = Cloning(shortest_s=2.0, best_s=10.0, version="wav-1")
"""The model itself looks at the first ten seconds of a sample."""
_DIGEST_BYTES: Final = 32
_USUAL_EXAGGERATION: Final = 0.5
_EXAGGERATIONS: Final = (0.25, 1.0)
"""From the least that it takes to where its makers see it still steady; up to 2 is taken."""
_GONE: Final = frozenset({502, 503, 504})
"""What answers is in front of the server, and does not reach it."""


class ChatterboxServer:
    """Speaks with a sample of somebody's voice, or in its own voices where none is given."""

    def __init__(self, client: RemoteClient, settings: ChatterboxSettings) -> None:
        self._client = client
        self._settings = settings
        self._list = listed(settings.voices)

    @property
    def capabilities(self) -> TtsCapabilities:
        return TtsCapabilities(sample_rate_hz=RATE_HZ, languages=self._settings.languages, clones=CLONING, warmth=True)

    @property
    def voices(self) -> Sequence[Voice]:
        return self._list.voices

    async def condition(self, sample: PcmChunk, *, transcript: str = "", language: str = "en") -> bytes:
        """The sample itself, once it is known that there is somebody to send it to."""
        del transcript, language  # it tells neither apart
        if sample.duration_ms < 1000.0 * CLONING.shortest_s:
            raise BadAudio(
                f"Audio too short: {sample.duration_ms / 1000:.1f} s are no sample of a voice, "
                f"{CLONING.shortest_s:g} s are, and 10 s are better"
            )
        health = await probed(self._settings.remote, ("/health",))
        if not health.healthy:
            raise EngineUnavailable(f"{AWAY}: {health.reason}", retryable=True)
        return await asyncio.to_thread(_kept, sample)

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[SpeechChunk, None]:
        check_request(request, self.capabilities)
        check_language(request.language, self._settings.languages)
        sample = _sample_of(request.conditioning) if request.conditioning else None
        voice = chosen_voice(self._list.voices, request).id
        for piece in split_text(without_controls(request.text), max_chars=MOST_CHARS):
            outgoing = _outgoing(piece.text, sample=sample, voice=voice, request=request)
            host = self._settings.remote.host
            with _in_its_words(host):
                async with self._client.streamed(outgoing) as answer:
                    sound = sound_of(answer, rate_hz=RATE_HZ, host=host, text_chars=len(piece.text))
                    async with aclosing(sound) as chunks:
                        async for chunk in chunks:
                            yield SpeechChunk(audio=chunk)


def exaggeration(warmth: float) -> float:
    """What the server calls warmth: -1 to 1 as its least, usual and most."""
    least, most = _EXAGGERATIONS
    span = most - _USUAL_EXAGGERATION if warmth > 0 else _USUAL_EXAGGERATION - least
    return round(_USUAL_EXAGGERATION + warmth * span, 3)


def _outgoing(text: str, *, sample: bytes | None, voice: str, request: SpeechRequest) -> Outgoing:
    fields: dict[str, Any] = {"input": text.strip(), "response_format": "wav"}
    if request.warmth:
        fields["exaggeration"] = exaggeration(request.warmth)
    if (primary := primary_of(request.language)) != "en":
        fields["language"] = primary
    if sample is None:
        return Outgoing(path="/v1/audio/speech", json={**fields, "voice": voice})
    return Outgoing(
        path="/v1/audio/speech/upload",
        form={name: str(value) for name, value in fields.items()},
        file=Upload(field="voice_file", name="voice.wav", content=sample, media_type="audio/wav"),
    )


def _kept(sample: PcmChunk) -> bytes:
    wav = wav_bytes(sample)
    return hashlib.sha256(wav).digest() + wav


def _sample_of(conditioning: bytes) -> bytes:
    """Raises BadInput for what `condition` has not made: anything else would be heard in another voice."""
    digest, wav = conditioning[:_DIGEST_BYTES], conditioning[_DIGEST_BYTES:]
    if hashlib.sha256(wav).digest() != digest:
        raise BadInput("these bytes are no voice that this engine has learnt: have it learn the sample anew")
    return wav


@contextmanager
def _in_its_words(host: str) -> Generator[None]:
    """What keeps it from speaking, as people who run such a server know it."""
    try:
        yield
    except RemoteRefused as error:
        if "out of memory" in error.message.lower():
            raise EngineError(
                f"GPU out of memory at {host}: wait until it has less to do, or restart it", code="gpu_memory"
            ) from error
        if error.status in _GONE:
            raise EngineUnavailable(f"{AWAY}: {error.message}", retryable=True) from error
        raise
    except EngineUnavailable as error:
        raise EngineUnavailable(f"{AWAY}: {error.message}", retryable=error.retryable) from error
    except EngineTimeout as error:
        if isinstance(error.__cause__, httpx.ConnectTimeout):
            raise EngineUnavailable(f"{AWAY}: {error.message}", retryable=True) from error
        raise


@asynccontextmanager
async def open_chatterbox_server(settings: ChatterboxSettings) -> AsyncGenerator[ChatterboxServer, None]:
    """That it cannot be reached is told when something is to be learnt or said."""
    async with open_remote_client(settings.remote) as client:
        yield ChatterboxServer(client, settings)
