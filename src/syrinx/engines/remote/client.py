"""HTTP to one speech service elsewhere: bounded, timed, without redirects, every failure in our words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

import httpx

from syrinx.engines.remote.refusals import refusal
from syrinx.engines.remote.reports import read_body, read_retry_after
from syrinx.engines.remote.settings import CONNECT_TIMEOUT_S, RemoteSettings
from syrinx.engines.remote.trust import trusted_authorities
from syrinx.errors import EngineError, EngineTimeout, EngineUnavailable, RemoteRefused

LARGEST_ERROR_BYTES: Final = 64 << 10
_KEEP_CONNECTION_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file of a form."""

    name: str
    content: bytes
    media_type: str
    field: str = "file"
    """What the form calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One request; `path` follows the service's address. A JSON body, or a form with or without a file, or nothing."""

    path: str
    method: str = "POST"
    json: Mapping[str, Any] | None = None
    form: Mapping[str, str | list[str]] | None = None
    file: Upload | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    media_type: str
    """Lower case, without parameters."""
    body: bytes


class StreamedAnswer:
    """An answer of status 2xx whose body is read as it comes."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        kind, _, parameters = response.headers.get("content-type", "").partition(";")
        self.media_type = kind.strip().lower()
        self.parameters = parameters.strip().lower()

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """To be read once and closed by the reader. httpx's errors pass through, see `RemoteClient.streamed`."""
        # It is declared as an iterator only, yet has to be closed to give its place on the connection free.
        return cast("AsyncGenerator[bytes, None]", self._response.aiter_bytes())


class RemoteClient:
    """Raises EngineUnavailable (retryable) where nobody answers, EngineTimeout, RemoteRefused with the service's status
    and words, EngineError where the connection breaks. Cancelling a request closes its connection at once."""

    def __init__(self, client: httpx.AsyncClient, settings: RemoteSettings) -> None:
        self._client = client
        self.settings = settings

    async def whole(self, outgoing: Outgoing, *, largest_bytes: int, timeout_s: float | None = None) -> Answered:
        """The whole answer, within `timeout_s` (None: the settings') from the request to its end."""
        limit_s = self.settings.timeout_s if timeout_s is None else timeout_s
        try:
            async with asyncio.timeout(limit_s), self.streamed(outgoing) as answer:
                body = bytearray()
                async with aclosing(answer.pieces()) as pieces:
                    async for piece in pieces:
                        body += piece
                        if len(body) > largest_bytes:
                            raise EngineError(
                                f"{self.settings.host} sent an answer of more than {largest_bytes} bytes",
                                retryable=False,
                            )
                return Answered(media_type=answer.media_type, body=bytes(body))
        except TimeoutError as error:
            raise EngineTimeout(f"{self.settings.host} did not answer within {limit_s:g} s") from error

    @asynccontextmanager
    async def streamed(self, outgoing: Outgoing) -> AsyncGenerator[StreamedAnswer, None]:
        """The answer, once its beginning is there. What breaks while it is read is raised in our words, too."""
        try:
            async with self._client.stream(
                outgoing.method,
                self.settings.url + outgoing.path,
                json=outgoing.json,
                data=outgoing.form,
                files=None
                if outgoing.file is None
                else {outgoing.file.field: (outgoing.file.name, outgoing.file.content, outgoing.file.media_type)},
            ) as response:
                if not 200 <= response.status_code < 300:
                    raise await self._refusal(response)
                yield StreamedAnswer(response)
        except httpx.HTTPError as error:
            raise self._broken(error) from error

    async def _refusal(self, response: httpx.Response) -> RemoteRefused:
        body = b""
        async with aclosing(StreamedAnswer(response).pieces()) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > LARGEST_ERROR_BYTES:
                    break
        wait_s = read_retry_after(response.headers, datetime.now(UTC))
        return refusal(self.settings, response.status_code, read_body(body[:LARGEST_ERROR_BYTES]), wait_s)

    def _broken(self, error: httpx.HTTPError) -> EngineError:
        host = self.settings.host
        if isinstance(error, httpx.ConnectTimeout):
            return EngineTimeout(f"{host} could not be reached within {CONNECT_TIMEOUT_S:g} s")
        if isinstance(error, httpx.TimeoutException):
            return EngineTimeout(f"{host} stayed silent for {self.settings.timeout_s:g} s")
        if isinstance(error, httpx.ConnectError) and "CERTIFICATE" in str(error).upper():
            return EngineUnavailable(f"{host} shows a certificate that this machine does not trust")
        if isinstance(error, httpx.ConnectError):
            return EngineUnavailable(
                f"nothing answers at {self.settings.url}: is it running, and is {self.settings.option('url')} right?",
                retryable=True,
            )
        return EngineError(f"the connection to {host} broke before the answer was complete")


@asynccontextmanager
async def open_remote_client(settings: RemoteSettings, *, accept: str = "*/*") -> AsyncGenerator[RemoteClient, None]:
    """Nothing is sent before the first request. Leaving closes all connections."""
    headers = httpx.Headers({"User-Agent": "Syrinx", "Accept": accept})
    if settings.key:
        headers["Authorization"] = f"Bearer {settings.key}"
    headers.update(settings.headers)
    client = httpx.AsyncClient(
        headers=headers,
        timeout=httpx.Timeout(settings.timeout_s, connect=CONNECT_TIMEOUT_S, pool=None),
        limits=httpx.Limits(max_keepalive_connections=8, keepalive_expiry=_KEEP_CONNECTION_S),
        # Plain HTTP needs no certificates, and reading them takes longer than everything else here.
        verify=await asyncio.to_thread(trusted_authorities) if settings.url.startswith("https") else False,
        proxy=settings.proxy or None,
        follow_redirects=False,
        trust_env=False,
    )
    async with client:
        yield RemoteClient(client, settings)
