"""Fetching what lies at an address that a client named, without lending it this machine's place in the network."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Final, cast

import httpx

from syrinx.errors import BadInput, TooLarge
from syrinx.voices.public_addresses import is_public

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The numeric addresses of a host. Raises OSError when it has none."""

_PORTS: Final = {"http": 80, "https": 443}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_IN_MEMORY_BYTES: Final = 1024 * 1024
_AT_ONCE: Final = 4


class AddressRefused(BadInput):
    """An address that this server does not fetch from, whatever lies there."""

    code = "address_refused"


class FetchFailed(BadInput):
    """Nothing came of an address that may be fetched from."""

    code = "fetch_failed"


async def resolve(host: str, port: int) -> Sequence[str]:
    """As the system does, in its order."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRules:
    """What may be fetched, and how much of it."""

    largest_bytes: int = 50 * 1024 * 1024
    within_s: float = 30.0
    """All together: names, redirects, and the last byte."""
    redirects: int = 3
    allowed: Callable[[str], bool] = is_public
    """Of numeric addresses. A test's own lets loopback through."""
    any_port: bool = False
    """Whether ports may be named; else only those of the schemes are."""
    resolve: Resolve = resolve


class GuardedFetch:
    """Fetches over http and https from public addresses only.

    Every address that the name has must be public, and the connection goes to one that was looked at: a name that
    changes its mind in between (DNS rebinding) changes nothing. The certificate is still checked for the name.
    Redirects are looked at like the first address. Neither proxies nor credentials of the environment are used, and
    what is refused is not told apart by what lies there. The head of an answer is bounded by the HTTP library (100 KB).
    """

    def __init__(self, rules: FetchRules | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self._rules = rules or FetchRules()
        self._tls = tls
        self._places = asyncio.Semaphore(_AT_ONCE)

    @asynccontextmanager
    async def fetched(self, address: str) -> AsyncGenerator[BinaryIO]:
        """The bytes that lie there, as a file at its beginning, which is gone afterwards.

        Raises AddressRefused, FetchFailed, TooLarge.
        """
        with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as spool:
            file = cast("BinaryIO", spool)
            try:
                async with asyncio.timeout(self._rules.within_s), self._places:
                    await self._fetch(address, file)
            except TimeoutError:
                raise FetchFailed(f"what lies at that address did not come within {self._rules.within_s:g} s") from None
            file.seek(0)
            yield file

    async def _fetch(self, address: str, file: BinaryIO) -> None:
        url = _parsed(address)
        for _ in range(self._rules.redirects + 1):
            onward = await self._ask(url, await self._checked(url), file)
            if onward is None:
                return
            try:
                url = url.join(_parsed(onward, relative=True))
            except httpx.InvalidURL as wrong:
                raise FetchFailed("that address leads on to one that cannot be read") from wrong
        raise FetchFailed(f"that address leads on more than {self._rules.redirects} times: give the last one")

    async def _checked(self, url: httpx.URL) -> Sequence[str]:
        """The addresses of the host, all of which may be fetched from."""
        if url.scheme not in _PORTS:
            raise AddressRefused("only http:// and https:// addresses are fetched")
        if url.userinfo:
            raise AddressRefused("an address with a name or password in it is not fetched: leave them out")
        port = _PORTS[url.scheme] if url.port is None else url.port
        if not 0 < port < 65536 or (port != _PORTS[url.scheme] and not self._rules.any_port):
            raise AddressRefused("only the ports 80 for http and 443 for https are fetched from")
        # As it was written: reading an international name back may fail.
        host = url.raw_host.decode("ascii")
        if not host:
            raise AddressRefused("that address names no host")
        try:
            found = await self._rules.resolve(host, port)
        except (OSError, UnicodeError):
            # The same words as below: what names exist inside is nobody's business.
            found = []
        if not found or not all(self._rules.allowed(each) for each in found):
            raise AddressRefused("that address is not one of the public internet: only those are fetched")
        return found

    async def _ask(self, url: httpx.URL, addresses: Sequence[str], file: BinaryIO) -> str | None:
        """Write the answer's body into `file`; or the address that it leads on to."""
        failure: httpx.HTTPError | None = None
        for address in addresses:
            # A client of its own for every step: nothing is remembered from one host for the next.
            async with httpx.AsyncClient(
                trust_env=False, follow_redirects=False, timeout=self._rules.within_s, verify=await self._context()
            ) as client:
                request = client.build_request(
                    "GET",
                    url.copy_with(host=address, fragment=None),
                    headers={
                        "Host": url.netloc.decode("ascii"),
                        "Accept": "audio/*, video/*;q=0.8, application/octet-stream;q=0.8, */*;q=0.5",
                        "Accept-Encoding": "identity",
                        "User-Agent": "Syrinx",
                    },
                    extensions={"sni_hostname": url.raw_host.decode("ascii")},
                )
                try:
                    answer = await client.send(request, stream=True)
                except (httpx.ConnectError, httpx.ConnectTimeout) as refused:
                    failure = refused
                    continue
                except httpx.HTTPError as wrong:
                    raise FetchFailed("what answers at that address does not speak HTTP as it should") from wrong
                try:
                    return await self._take(answer, file)
                except httpx.HTTPError as wrong:
                    raise FetchFailed("what lies at that address broke off before its end") from wrong
                finally:
                    await answer.aclose()
        raise FetchFailed("nothing answers at that address, or not as who it says it is") from failure

    async def _take(self, answer: httpx.Response, file: BinaryIO) -> str | None:
        if answer.status_code in _REDIRECTS and "location" in answer.headers:
            return str(answer.headers["location"])
        if answer.status_code != 200:
            raise FetchFailed(f"that address answers with {answer.status_code}: it must give the file itself")
        if answer.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            raise FetchFailed("what lies at that address is packed again for the way: it must come as it is")
        most = self._rules.largest_bytes
        claimed = answer.headers.get("content-length", "")
        if claimed.isdecimal() and int(claimed) > most:
            raise _too_large(most)
        taken = 0
        async for piece in answer.aiter_raw(64 * 1024):
            taken += len(piece)
            if taken > most:
                raise _too_large(most)
            # Not left in the middle: a thread must not write into a file that was closed.
            work = asyncio.ensure_future(asyncio.to_thread(file.write, piece))
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                await asyncio.wait([work])
                raise
        return None

    async def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            # Reading all the authorities takes a while.
            self._tls = await asyncio.to_thread(httpx.create_ssl_context, trust_env=False)
        return self._tls


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"what lies at that address is larger than {most // (1024 * 1024)} MB, which is the most")


def _parsed(address: str, *, relative: bool = False) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, UnicodeError) as wrong:
        raise AddressRefused("that is not an address: write one that begins with https://") from wrong
    if not relative and not url.scheme:
        raise AddressRefused("that is not an address: write one that begins with https://")
    return url
