"""whisper.cpp's /inference as a recogniser: one HTTP client per opened engine. Only WAV is understood everywhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final, cast

from syrinx.audio.pcm import PcmChunk
from syrinx.engines.remote.client import Answered, Outgoing, RemoteClient, open_remote_client
from syrinx.engines.remote.packing import packed
from syrinx.engines.remote.patience import RETRY_WITHIN_S
from syrinx.engines.remote.refusals import refusal
from syrinx.engines.remote.reports import read_report
from syrinx.engines.retries import RetryPolicy, retrying
from syrinx.engines.stt.contract import DETECT, HeardAudio, SttCapabilities, Transcript, TranscriptionRequest
from syrinx.engines.stt.remote_answers import Understood, read_answer
from syrinx.engines.stt.remote_hearing import Asked, RemoteHearing, capabilities_of, language_asked
from syrinx.engines.stt.whisper_server import WhisperServerSettings

_LARGEST_ANSWER_BYTES: Final = 64 << 20
"""Verbose answers list every token with its times."""
_RETRY: Final = RetryPolicy(within_s=RETRY_WITHIN_S)


class WhisperServer:
    def __init__(self, client: RemoteClient, settings: WhisperServerSettings) -> None:
        self._client = client
        self._settings = settings
        self._capabilities = capabilities_of(word_times=True)

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
        form: dict[str, str | list[str]] = {
            "response_format": "verbose_json",
            "language": asked.language or DETECT,
            "translate": "true" if asked.translate else "false",
        }
        if asked.prompt:
            form["prompt"] = asked.prompt
        if asked.temperature is not None:
            form["temperature"] = f"{asked.temperature:g}"
        if self._settings.temperature_inc is not None:
            form["temperature_inc"] = f"{self._settings.temperature_inc:g}"
        upload = await asyncio.to_thread(packed, clip, "wav")
        outgoing = Outgoing(path="/inference", form=form, file=upload)
        answer = await retrying(lambda: self._answered(outgoing), _RETRY)
        return await asyncio.to_thread(read_answer, answer.body, host=self._settings.remote.host)

    async def _answered(self, outgoing: Outgoing) -> Answered:
        answer = await self._client.whole(outgoing, largest_bytes=_LARGEST_ANSWER_BYTES)
        if len(answer.body) < 4096 and (report := _report(answer.body)):
            # Some versions tell of errors with status 200.
            raise refusal(self._settings.remote, 400, read_report(report))
        return answer


def _report(body: bytes) -> dict[str, Any]:
    """The answer, where it is an error and no transcript; else empty."""
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    fields = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
    return fields if "error" in fields and "text" not in fields else {}


@asynccontextmanager
async def open_whisper_server(settings: WhisperServerSettings) -> AsyncGenerator[WhisperServer, None]:
    """Nothing is sent before the first piece. Leaving closes the connections."""
    async with open_remote_client(settings.remote, accept="application/json") as client:
        yield WhisperServer(client, settings)
