"""The engines that hear, leased and wired to one conversation's microphone."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from typing import Protocol

from syrinx.audio.pcm import PcmChunk
from syrinx.conversation.settings import Engines
from syrinx.speech import EndpointingRules, Listener
from syrinx.speech.events import HearingEvent


class Ear(Protocol):
    """What a conversation needs of `speech.Listener`, whose docstrings give the contract."""

    def feed(self, chunk: PcmChunk) -> None: ...

    def release(self) -> None: ...

    def discard(self) -> None: ...

    def events(self) -> AsyncGenerator[HearingEvent, None]: ...


class OpenEar(Protocol):
    """Makes an ear that hears for as long as the context lasts; leaving it gives the engines back."""

    def __call__(
        self,
        engines: Engines,
        stt_name: str,
        *,
        language: Callable[[], str],
        hotwords: Callable[[], Awaitable[tuple[str, ...]]],
        rules: EndpointingRules,
    ) -> AbstractAsyncContextManager[Ear]: ...


@asynccontextmanager
async def open_ear(
    engines: Engines,
    stt_name: str,
    *,
    language: Callable[[], str],
    hotwords: Callable[[], Awaitable[tuple[str, ...]]],
    rules: EndpointingRules,
) -> AsyncGenerator[Ear, None]:
    """Raises what entering the leases raises: EngineUnavailable, EngineBusy, UnknownEngine."""
    async with engines.stt(stt_name) as stt, engines.vad() as vad:
        with closing(vad.stream()) as stream:
            yield Listener(vad=stream, stt=stt, language=language, rules=rules, hotwords=hotwords)
