"""OpenAI's audio transcriptions and translations as a recogniser: one HTTP client per opened engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Final

from syrinx.audio.pcm import PcmChunk
from syrinx.engines.remote.client import Outgoing, RemoteClient, Upload, open_remote_client
from syrinx.engines.remote.packing import packed
from syrinx.engines.remote.patience import RETRY_WITHIN_S
from syrinx.engines.retries import RetryPolicy, retrying
from syrinx.engines.stt.contract import HeardAudio, SttCapabilities, Transcript, TranscriptionRequest
from syrinx.engines.stt.openai_transcription import TranscriptionSettings
from syrinx.engines.stt.remote_answers import Understood, read_answer
from syrinx.engines.stt.remote_hearing import Asked, RemoteHearing, capabilities_of, language_asked
from syrinx.errors import RemoteRefused

_LARGEST_ANSWER_BYTES: Final = 16 << 20
_RETRY: Final = RetryPolicy(within_s=RETRY_WITHIN_S)
_FORMAT_REFUSED: Final = frozenset({400, 415, 422})


class OpenAiTranscription:
    """Verbose answers with times are asked for; a service that refuses those is asked for plain ones from then on."""

    def __init__(self, client: RemoteClient, settings: TranscriptionSettings) -> None:
        self._client = client
        self._settings = settings
        self._verbose = not settings.plain_only
        self._capabilities = capabilities_of(word_times=self._verbose)

    @property
    def capabilities(self) -> SttCapabilities:
        return self._capabilities

    async def transcribe(
        self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest
    ) -> AsyncGenerator[Transcript, None]:
        hearing = RemoteHearing(self._understood, request, language=language_asked(request, self._capabilities))
        async with aclosing(hearing.transcripts(audio)) as transcripts:
            async for transcript in transcripts:
                yield transcript

    async def _understood(self, clip: PcmChunk, asked: Asked) -> Understood:
        upload = await asyncio.to_thread(packed, clip, self._settings.upload)
        verbose = self._verbose
        try:
            return await self._posted(upload, asked, verbose=verbose)
        except RemoteRefused as error:
            if not verbose or error.status not in _FORMAT_REFUSED:
                raise
            try:
                understood = await self._posted(upload, asked, verbose=False)
            except RemoteRefused:
                raise error from None  # it was not the format that it refused
            self._verbose = False
            return understood

    async def _posted(self, upload: Upload, asked: Asked, *, verbose: bool) -> Understood:
        form: dict[str, str | list[str]] = {
            "model": self._settings.model,
            "response_format": "verbose_json" if verbose else "json",
        }
        if asked.language is not None and not asked.translate:
            form["language"] = asked.language
        if asked.prompt:
            form["prompt"] = asked.prompt
        if asked.temperature is not None:
            form["temperature"] = f"{asked.temperature:g}"
        if verbose and not asked.translate:
            form["timestamp_granularities[]"] = ["word", "segment"]
        path = "/audio/translations" if asked.translate else "/audio/transcriptions"
        outgoing = Outgoing(path=path, form=form, file=upload)
        answer = await retrying(lambda: self._client.whole(outgoing, largest_bytes=_LARGEST_ANSWER_BYTES), _RETRY)
        return read_answer(answer.body, host=self._settings.remote.host)


@asynccontextmanager
async def open_openai_transcription(settings: TranscriptionSettings) -> AsyncGenerator[OpenAiTranscription, None]:
    """Nothing is sent before the first piece. Leaving closes the connections."""
    async with open_remote_client(settings.remote, accept="application/json") as client:
        yield OpenAiTranscription(client, settings)
