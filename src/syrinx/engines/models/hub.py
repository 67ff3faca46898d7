"""The hub: which content it declares for a file, and that content from any byte on, without blocking the loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin, urlsplit

from syrinx.engines.models.checksums import Checksum, checksum_of_tag
from syrinx.engines.models.errors import HubOffline, OtherThanExpected, PullFailed
from syrinx.engines.models.model import CatalogueModel, ModelFile
from syrinx.engines.models.refusals import refused, unreachable
from syrinx.engines.models.states import HubSettings

if TYPE_CHECKING:
    import httpx2

ChecksumSource = Literal["catalogue", "hub"]

USER_AGENT = "syrinx"
"""Nothing else about this machine: the library would add its own, Python's and others' versions."""

_MOST_REDIRECTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a file has to be, and where it comes from."""

    file: ModelFile
    url: str
    size_bytes: int
    checksum: Checksum
    source: ChecksumSource
    commit: str
    """Of the repository; its revision as the catalogue writes it where the hub names none."""
    on_hub: bool


class RangeUnusable(Exception):
    """The part that is here is not the beginning of what the hub has: begin anew."""


class Interrupted(Exception):
    """The transfer broke; `reason` is the error for the case that it cannot be taken up again."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What answers have said of a file; the first that says a thing counts."""

    tag: str = ""
    size: str = ""
    commit: str = ""

    def with_those_of(self, response: httpx2.Response) -> _Told:
        headers = response.headers
        here = not response.is_redirect
        return _Told(
            tag=self.tag or headers.get("x-linked-etag") or (headers.get("etag", "") if here else ""),
            size=self.size or headers.get("x-linked-size") or (headers.get("content-length", "") if here else ""),
            commit=self.commit or headers.get("x-repo-commit", ""),
        )


class Hub:
    """Made by `open_hub`."""

    def __init__(self, settings: HubSettings, client: httpx2.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self._library = import_module("huggingface_hub")
        self._http = import_module("httpx2")
        self._timeout = self._http.Timeout(settings.timeout_s)

    async def content(self, model: CatalogueModel, file: ModelFile, *, commit: str = "") -> Content:
        """What the hub declares for the file, at `commit` where one is given, checked against the catalogue.

        Raises HubRefused and its kinds, HubUnreachable, OtherThanExpected.
        """
        revision = commit or file.revision or model.revision
        if file.url:
            if file.sha256 is None:
                raise OtherThanExpected(f"{file.path} of {model.name} has an address and no sha256 in the catalogue.")
            return Content(
                file=file,
                url=file.url,
                size_bytes=file.size_bytes,
                checksum=Checksum("sha256", file.sha256),
                source="catalogue",
                commit=revision,
                on_hub=False,
            )
        told = await self._ask(self._url(model, file, revision), model, file)
        declared = checksum_of_tag(told.tag)
        checksum = Checksum("sha256", file.sha256) if file.sha256 else declared
        if checksum is None:
            raise OtherThanExpected(
                f"{self._host} declares no checksum for {file.path} of {model.name}, and the catalogue has none. "
                "Use the hub itself (HF_ENDPOINT), or write the file's sha256 into a catalogue of your own."
            )
        if declared is not None and declared.algorithm == checksum.algorithm and declared != checksum:
            raise OtherThanExpected(
                f"{self._host} offers another {file.path} for {model.name} than the one that the catalogue names. "
                "Use the hub itself (HF_ENDPOINT) or update Syrinx; nothing was fetched."
            )
        seen_at = told.commit or revision
        return Content(
            file=file,
            url=self._url(model, file, seen_at),
            size_bytes=int(told.size) if told.size.isdigit() else file.size_bytes,
            checksum=checksum,
            source="catalogue" if file.sha256 else "hub",
            commit=seen_at,
            on_hub=True,
        )

    @asynccontextmanager
    async def body(
        self, model: CatalogueModel, content: Content, *, first_byte: int
    ) -> AsyncGenerator[tuple[int, AsyncIterator[bytes]], None]:
        """Where the body begins, which is 0 where the hub sends all whatever is asked for, and its pieces.

        Raises RangeUnusable, Interrupted (a broken, silent or overloaded connection), HubRefused and its kinds.
        Leaving, by cancellation too, closes the connection at once.
        """
        headers = self._headers(on_hub=content.on_hub)
        if first_byte:
            headers["range"] = f"bytes={first_byte}-"
        try:
            async with self._client.stream(
                "GET", content.url, headers=headers, timeout=self._timeout, follow_redirects=True
            ) as response:
                if response.status_code == 416:
                    raise RangeUnusable
                if not response.is_success:
                    error = self._refused(response, model, content.file)
                    raise Interrupted(error) if error.retryable else error
                yield _first_byte(response), response.aiter_raw()
        except (self._http.TransportError, self._http.TooManyRedirects) as error:
            raise Interrupted(unreachable(error, model=model.name, host=_host_of(content.url))) from error

    async def _ask(self, url: str, model: CatalogueModel, file: ModelFile) -> _Told:
        """What is said of a file on the way to it. The hub says it when it sends people on to its storage, a mirror
        perhaps only at the end of the way; whoever is not the hub gets no token."""
        told, host = _Told(), _host_of(url)
        try:
            for _ in range(_MOST_REDIRECTS):
                headers = self._headers(on_hub=_host_of(url) == host)
                response = await self._client.head(url, headers=headers, timeout=self._timeout, follow_redirects=False)
                if not (response.is_success or response.is_redirect):
                    if told.tag:
                        break  # a storage that answers nothing but GET
                    raise self._refused(response, model, file)
                told = told.with_those_of(response)
                if not response.is_redirect or (told.tag and told.size):
                    break
                url = urljoin(url, response.headers.get("location", ""))
        except self._http.TransportError as error:
            raise unreachable(error, model=model.name, host=_host_of(url)) from error
        except self._library.errors.OfflineModeIsEnabled as error:
            raise HubOffline("HF_HUB_OFFLINE is set: unset it to pull models, or adopt a folder.") from error
        return told

    def _url(self, model: CatalogueModel, file: ModelFile, revision: str) -> str:
        return self._library.hf_hub_url(
            file.repository or model.repository,
            file.path,
            revision=revision,
            endpoint=self._settings.endpoint.rstrip("/"),
        )

    @property
    def _host(self) -> str:
        return _host_of(self._settings.endpoint)

    def _refused(self, response: httpx2.Response, model: CatalogueModel, file: ModelFile) -> PullFailed:
        return refused(
            response.status_code,
            response.headers,
            model=model.name,
            repository=file.repository or model.repository,
            file=file.path,
            host=_host_of(str(response.url)),
            with_token=self._settings.token is not None,
        )

    def _headers(self, *, on_hub: bool) -> dict[str, str]:
        # False, not None: the library would look for a token on this machine, and may even refresh one.
        token = self._settings.token if on_hub else None
        own = {"user-agent": USER_AGENT, "accept-encoding": "identity"}
        return self._library.utils.build_hf_headers(token=token or False, headers=own)


@asynccontextmanager
async def open_hub(settings: HubSettings) -> AsyncGenerator[Hub, None]:
    """Leaving closes all connections."""
    client = await asyncio.to_thread(_client)
    async with client:
        yield Hub(settings, client)


def _client() -> httpx2.AsyncClient:
    """The library's own, so that proxies and whatever an administrator set for it count.

    Importing it and reading the certificates takes some tenths of a second: not on the loop.
    """
    for module in ("file_download", "errors", "utils"):
        import_module(f"huggingface_hub.{module}")
    return import_module("huggingface_hub").get_async_session()


def _first_byte(response: httpx2.Response) -> int:
    if response.status_code != 206:
        return 0
    span = response.headers.get("content-range", "").removeprefix("bytes ").partition("-")[0]
    if not span.isdigit():
        raise RangeUnusable
    return int(span)


def _host_of(url: str) -> str:
    """For comparisons and messages: a name and password in the address are not repeated."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
