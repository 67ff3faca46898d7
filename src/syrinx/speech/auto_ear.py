"""Several ears as one: each utterance goes to the best that understands its language at that moment."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from dataclasses import replace

import structlog

from syrinx.engines.stt.contract import (
    DETECT,
    HeardAudio,
    SpeechToText,
    SttCapabilities,
    Transcript,
    TranscriptionRequest,
)
from syrinx.errors import BadInput, EngineBusy, EngineError, EngineUnavailable, UnknownLanguage

RATE_HZ = 16_000

log = structlog.get_logger()


class AutoEar:
    """A SpeechToText that asks `choose` at the beginning of every utterance who hears it.

    `choose(language)` names engines, the best first; `lease` opens one for as long as its context lasts. One that
    cannot be opened is passed over while another can. All must hear 16 kHz. An engine that is installed while a talk is
    under way thus hears its next utterance. Every Transcript tells its `engine`.
    """

    def __init__(
        self,
        *,
        choose: Callable[[str], Sequence[str]],
        lease: Callable[[str], AbstractAsyncContextManager[SpeechToText]],
        capabilities: SttCapabilities,
    ) -> None:
        self.capabilities = capabilities
        self._choose = choose
        self._lease = lease

    async def transcribe(
        self, audio: AsyncIterator[HeardAudio], request: TranscriptionRequest
    ) -> AsyncGenerator[Transcript, None]:
        names = self._choose(request.language)
        async with AsyncExitStack() as leases:
            name, engine = await self._opened(names, leases)
            able = engine.capabilities
            if request.language == DETECT and not able.detects_language:
                raise UnknownLanguage(f"{name} does not find out which language is spoken: name it")
            if request.task == "translate" and not able.translates:
                raise BadInput(f"{name} does not translate: take another engine, or the task 'transcribe'")
            own = replace(request, adaptation=_adaptation_for(name, request.adaptation))
            async with aclosing(engine.transcribe(audio, own)) as transcripts:
                async for transcript in transcripts:
                    learnt = transcript.adaptation
                    yield replace(transcript, engine=name, adaptation=None if learnt is None else f"{name}\n{learnt}")

    async def _opened(self, names: Sequence[str], leases: AsyncExitStack) -> tuple[str, SpeechToText]:
        failure: EngineError = EngineUnavailable("no ear can be used here: syrinx doctor says what to do")
        for name in names:
            try:
                return name, await leases.enter_async_context(self._lease(name))
            except EngineBusy:
                raise
            except EngineError as error:
                failure = error
                log.warning("an ear could not be opened", engine=name, code=error.code, reason=error.message)
        raise failure


def _adaptation_for(name: str, adaptation: str | None) -> str | None:
    """What this engine learnt of the speaker; nothing of what another did."""
    owner, _, learnt = (adaptation or "").partition("\n")
    return learnt if owner == name and learnt else None
