"""A language model for tests and benchmarks that answers by script, at a pace set by an injected clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from syrinx.engines.llm.contract import LlmCapabilities, ReplyRequest, TextDelta
from syrinx.engines.llm.deltas import word_deltas
from syrinx.engines.llm.request_check import check_request
from syrinx.errors import EngineError

Failure = Literal["raises", "hangs", "empty"]
"""`raises`: `LlmScript.error`. `hangs`: nothing more comes until the generator is closed or cancelled.
`empty`: the reply ends there without an error."""

Sleep = Callable[[float], Awaitable[object]]


def _engine_failure() -> EngineError:
    return EngineError("the scripted language model failed as its script says")


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmScript:
    """One reply."""

    deltas: tuple[str, ...] = ()
    failure: Failure | None = None
    failure_after: int = 0
    """How many deltas are sent before the failure; the rest are not."""
    error: Callable[[], Exception] = field(default=_engine_failure)


def saying(text: str) -> LlmScript:
    """A script that says `text` a word at a time."""
    return LlmScript(deltas=tuple(word_deltas(text)))


class ScriptedLlm:
    """Plays one script per request.

    `scripts` holds the replies in order of their requests, the last one serving all that follow; or it is a function
    that chooses by the request (needed where several conversations run at once).
    `first_token_ms` passes before the first delta, or before a failure in its place; `token_ms` before each later one.
    `sleep` takes seconds and is the only clock: tests inject a virtual one. It is not called for 0 ms.
    """

    def __init__(
        self,
        scripts: tuple[LlmScript, ...] | Callable[[ReplyRequest], LlmScript],
        *,
        first_token_ms: float = 0.0,
        token_ms: float = 0.0,
        sleep: Sleep = asyncio.sleep,
        capabilities: LlmCapabilities | None = None,
    ) -> None:
        if not callable(scripts) and not scripts:
            raise ValueError("a scripted language model needs at least one script")
        self._scripts = scripts
        self._first_token_ms = first_token_ms
        self._token_ms = token_ms
        self._sleep = sleep
        self._capabilities = capabilities or LlmCapabilities(model="scripted")
        self.requests: list[ReplyRequest] = []
        """Every request so far, in order."""
        self.active = 0
        """Replies under way: 0 when nothing was left behind."""
        self.closed_early = 0
        """Replies that were closed or cancelled before their script had ended."""

    @property
    def capabilities(self) -> LlmCapabilities:
        return self._capabilities

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[TextDelta, None]:
        check_request(request)
        number = len(self.requests)
        self.requests.append(request)
        script = self._scripts(request) if callable(self._scripts) else self._scripts[min(number, self._last)]
        self.active += 1
        ended = False
        try:
            sent = script.deltas if script.failure is None else script.deltas[: script.failure_after]
            if request.max_tokens is not None:
                sent = sent[: request.max_tokens]
            for index, text in enumerate(sent):
                await self._pass(index)
                yield TextDelta(text=text)
            if script.failure == "hangs":
                await asyncio.Event().wait()
            if script.failure is not None:
                await self._pass(len(sent))
            ended = True
            if script.failure == "raises":
                raise script.error()
        finally:
            self.active -= 1
            self.closed_early += not ended

    @property
    def _last(self) -> int:
        return 0 if callable(self._scripts) else len(self._scripts) - 1

    async def _pass(self, index: int) -> None:
        delay_ms = self._token_ms if index else self._first_token_ms
        if delay_ms > 0:
            await self._sleep(delay_ms / 1000)
