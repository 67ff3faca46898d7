"""A chat completions server as a language model: one HTTP client per opened engine, one streamed request per reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import httpx

from syrinx.engines.llm.chat_completions.chunks import ReplyChunk, read_chunk
from syrinx.engines.llm.chat_completions.event_stream import EventStream
from syrinx.engines.llm.chat_completions.refusals import refusal, refusal_in_stream
from syrinx.engines.llm.chat_completions.settings import ChatSettings
from syrinx.engines.llm.contract import LlmCapabilities, ReplyRequest, TextDelta
from syrinx.engines.llm.request_check import check_request
from syrinx.engines.llm.thinking import ThinkingFilter
from syrinx.engines.remote.reports import ErrorReport, read_body, read_retry_after
from syrinx.engines.remote.trust import trusted_authorities
from syrinx.errors import EngineEmpty, EngineError, EngineTimeout, EngineUnavailable, RemoteRefused

# Who asks, as OpenRouter wants to know: https://openrouter.ai/docs/app-attribution. A self-hosted program has no
# address of its own; whoever wants theirs in the rankings sets it with the option `headers`.
_OPENROUTER_HEADERS = {"HTTP-Referer": "http://localhost", "X-OpenRouter-Title": "Syrinx", "X-Title": "Syrinx"}
_LARGEST_ANSWER = 4 << 20
_LARGEST_ERROR = 64 << 10
_KEEP_CONNECTION_S = 120.0
"""People think between turns: a new TLS connection for each would cost them a tenth of a second."""
_DRAIN_S = 0.1
"""How long the rest of a finished answer is waited for, so that its connection can be used again."""

T = TypeVar("T")


class ChatCompletions:
    """Replies through one server. `request.language` is not sent: the conversation itself tells a model what to speak.

    Nothing is retried here: errors say whether that may help (`retryable`, RemoteRefused.retry_after_s).
    """

    def __init__(self, client: httpx.AsyncClient, settings: ChatSettings) -> None:
        self._client = client
        self._settings = settings
        self._capabilities = LlmCapabilities(model=settings.model)

    @property
    def capabilities(self) -> LlmCapabilities:
        return self._capabilities

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[TextDelta, None]:
        check_request(request)
        model = request.model or self._settings.model
        try:
            async with aclosing(self._said(request, model)) as texts:
                async for text in texts:
                    yield TextDelta(text=text)
        except httpx.HTTPError as error:
            raise self._broken(error) from error

    async def _said(self, request: ReplyRequest, model: str) -> AsyncGenerator[str, None]:
        """The reply's text as it comes. Leaving it early closes the connection."""
        thinking = ThinkingFilter()
        said = reasoned = False
        deadline = self._deadline(self._settings.first_token_timeout_s)
        async with AsyncExitStack() as stack:
            posted = self._client.stream("POST", self._settings.endpoint, json=self._body(request, model))
            response = await self._before(deadline, stack.enter_async_context(posted), model)
            if response.status_code != 200:
                raise await self._before(deadline, self._refusal(response, model), model)
            received = await stack.enter_async_context(aclosing(_received(response)))
            chunks = await stack.enter_async_context(aclosing(_chunks(response, received)))
            while (chunk := await self._before(deadline, anext(chunks, None), model)) is not None:
                self._check(chunk, model)
                if chunk.text or chunk.reasoned:
                    deadline = self._deadline(self._settings.token_timeout_s)
                reasoned = reasoned or chunk.reasoned
                if text := thinking.feed(chunk.text):
                    said = True
                    yield text
                if chunk.finish_reason:
                    break
            if text := thinking.finish():
                said = True
                yield text
            if not said:
                only = "only thoughts, no answer: allow it more tokens" if reasoned or thinking.thought else "nothing"
                raise EngineEmpty(f"{model} at {self._settings.host} answered with {only}")
            await _drain(received)

    def _body(self, request: ReplyRequest, model: str) -> dict[str, Any]:
        body: dict[str, Any] = dict(self._settings.body)
        body["model"] = model
        body["messages"] = [{"role": message.role, "content": message.text} for message in request.messages]
        body["stream"] = True
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.max_tokens is not None:
            # OpenAI's newer models refuse the old name, most other servers know no other.
            body["max_completion_tokens" if self._settings.is_openai else "max_tokens"] = request.max_tokens
        return body

    def _check(self, chunk: ReplyChunk, model: str) -> None:
        if chunk.error is not None:
            raise refusal_in_stream(self._settings, model, chunk.error)
        if chunk.finish_reason == "error":
            raise refusal(self._settings, model, 502, ErrorReport())
        if chunk.finish_reason == "content_filter":
            raise RemoteRefused(
                f"{self._settings.host} stopped the reply because of its content rules: say it in another way",
                status=200,
                retryable=False,
                code="content_filtered",
            )

    async def _refusal(self, response: httpx.Response, model: str) -> RemoteRefused:
        body = b""
        async with aclosing(_received(response)) as parts:
            async for part in parts:
                body += part
                if len(body) > _LARGEST_ERROR:
                    break
        wait_s = read_retry_after(response.headers, datetime.now(UTC))
        return refusal(self._settings, model, response.status_code, read_body(body[:_LARGEST_ERROR]), wait_s)

    def _deadline(self, timeout_s: float) -> float:
        return asyncio.get_running_loop().time() + timeout_s

    async def _before(self, deadline: float, work: Awaitable[T], model: str) -> T:
        try:
            async with asyncio.timeout_at(deadline):
                return await work
        except TimeoutError as error:
            raise EngineTimeout(f"{model} at {self._settings.host} stayed silent for too long") from error

    def _broken(self, error: httpx.HTTPError) -> EngineError:
        host = self._settings.host
        if isinstance(error, httpx.ConnectTimeout):
            return EngineTimeout(f"{host} could not be reached within {self._settings.connect_timeout_s:g} s")
        if isinstance(error, httpx.TimeoutException):
            return EngineTimeout(f"{host} did not take the request in time")
        if isinstance(error, httpx.ConnectError) and "CERTIFICATE" in str(error).upper():
            return EngineUnavailable(f"{host} shows a certificate that this machine does not trust")
        if isinstance(error, httpx.ConnectError):
            message = f"nothing answers at {self._settings.endpoint}: is it running, and is the address right?"
            return EngineUnavailable(message, retryable=True)
        return EngineError(f"the connection to {host} broke before the reply was complete")


@asynccontextmanager
async def open_chat_completions(settings: ChatSettings) -> AsyncGenerator[ChatCompletions, None]:
    """Open a client for the server; nothing is sent before the first reply. Leaving closes its connections."""
    headers = httpx.Headers({"User-Agent": "Syrinx", "Accept": "text/event-stream, application/json"})
    if settings.key:
        headers["Authorization"] = f"Bearer {settings.key}"
    if settings.is_openrouter:
        headers.update(_OPENROUTER_HEADERS)
    headers.update(settings.headers)
    client = httpx.AsyncClient(
        headers=headers,
        timeout=httpx.Timeout(None, connect=settings.connect_timeout_s, write=settings.connect_timeout_s),
        limits=httpx.Limits(max_keepalive_connections=16, keepalive_expiry=_KEEP_CONNECTION_S),
        # Plain HTTP needs no certificates, and reading them takes longer than everything else here.
        verify=await asyncio.to_thread(trusted_authorities) if settings.endpoint.startswith("https") else False,
        proxy=settings.proxy or None,
        follow_redirects=False,
        trust_env=False,
    )
    async with client:
        yield ChatCompletions(client, settings)


def _received(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    # It is declared as an iterator only, yet has to be closed to give its place on the connection free.
    return cast("AsyncGenerator[bytes, None]", response.aiter_bytes())


async def _chunks(response: httpx.Response, received: AsyncIterator[bytes]) -> AsyncGenerator[ReplyChunk, None]:
    """The answer's objects up to its end or `[DONE]`; a server that does not stream answers with a single one."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/html":
        raise EngineError("a web page came back where a language model was expected: most addresses end in /v1")
    if kind == "application/json":
        body = b""
        async for data in received:
            body += data
            if len(body) > _LARGEST_ANSWER:
                raise EngineError(f"the language model's server sent an answer of over {_LARGEST_ANSWER} bytes")
        yield read_chunk(body.decode("utf-8", "replace"))
        return
    events = EventStream()
    async for data in received:
        for payload in events.feed(data):
            if payload == "[DONE]":
                return
            yield read_chunk(payload)
    for payload in events.finish():
        if payload != "[DONE]":
            yield read_chunk(payload)


async def _drain(received: AsyncIterator[bytes]) -> None:
    size = 0
    try:
        async with asyncio.timeout(_DRAIN_S):
            async for data in received:
                size += len(data)
                if size > _LARGEST_ERROR:
                    return
    except (TimeoutError, httpx.HTTPError):
        # The reply is complete: a connection that does not end well is closed instead of kept.
        return
