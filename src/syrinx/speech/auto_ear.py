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
from syrinx.errors import (
    BadInput,
    EngineBusy,
    EngineError,
    EngineUnavailable,
    SyrinxError,
    UnknownEngine,
    UnknownLanguage,
)

RATE_HZ = 16_000

log = structlog.get_logger()


class AutoEar:
    """A SpeechToText that asks `choose` at the beginning of every utterance who hears it.

    `choose(language)` names engines, the best first; `lease` opens one for as long as its context lasts. One that
    cannot be opened, or cannot what is asked for, is passed over while another can. All must hear 16 kHz. An engine
    that is installed while a talk is under way thus hears its next utterance. Every Transcript tells its `engine`.
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
            name, engine = await self._opened(names, request, leases)
            own = replace(request, adaptation=_adaptation_for(name, request.adaptation))
            async with aclosing(engine.transcribe(audio, own)) as transcripts:
                async for transcript in transcripts:
                    learnt = transcript.adaptation
                    yield replace(transcript, engine=name, adaptation=None if learnt is None else f"{name}\n{learnt}")

    async def _opened(
        self, names: Sequence[str], request: TranscriptionRequest, leases: AsyncExitStack
    ) -> tuple[str, SpeechToText]:
        """The first that can be opened and can what is asked for. Raises what the best of them lacks."""
        lacking: SyrinxError | None = None
        failure: SyrinxError = EngineUnavailable("no ear can be used here: syrinx doctor says what to do")
        for name in names:
            async with AsyncExitStack() as lease:
                try:
                    engine = await lease.enter_async_context(self._lease(name))
                except EngineBusy:
                    raise
                except (EngineError, UnknownEngine) as error:  # unknown: removed since it was chosen
                    failure = error
                    log.warning("an ear could not be opened", engine=name, code=error.code, reason=error.message)
                    continue
                lacks = _lack(name, engine.capabilities, request)
                if lacks is None:
                    leases.push_async_exit(lease.pop_all())
                    return name, engine
                lacking = lacking or lacks
        raise lacking or failure


def _lack(name: str, able: SttCapabilities, request: TranscriptionRequest) -> SyrinxError | None:
    """Why an opened engine cannot do what is asked for; what it thinks of a language's tag it says itself."""
    if request.language == DETECT and not able.detects_language:
        return UnknownLanguage(f"{name} does not find out which language is spoken: name it")
    if request.task == "translate" and not able.translates:
        return BadInput(f"{name} does not translate: take another engine, or the task 'transcribe'")
    return None


def _adaptation_for(name: str, adaptation: str | None) -> str | None:
    """What this engine learnt of the speaker; nothing of what another did."""
    owner, _, learnt = (adaptation or "").partition("\n")
    return learnt if owner == name and learnt else None
