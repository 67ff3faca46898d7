"""The keys that an identity provider publishes (JWKS, RFC 7517): fetched when they are wanted, and kept."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, cast

import httpx
import jwt
import structlog

from syrinx.accounts.jwt_settings import IdentityProviderAway
from syrinx.engines.remote.trust import trusted_authorities

log = structlog.get_logger()

OpenHttp = Callable[[], AbstractAsyncContextManager[httpx.AsyncClient]]

LARGEST_BYTES: Final = 64 * 1024
PATIENCE_S: Final = 5.0
FRESH_S: Final = 600.0
"""After so long they are fetched again."""
OF_USE_S: Final = 24 * 3600.0
"""So long they are believed while the provider is away."""
UNKNOWN_EVERY_S: Final = 30.0
"""How often, at most, a token that names an unknown key makes us ask."""
AWAY_EVERY_S: Final = 5.0
"""How often, at most, a provider is asked that was away."""
_OK: Final = 200
_KEY_KINDS: Final = frozenset({"RSA", "EC", "OKP"})
"""No secrets: one that stands in public is none."""


class PublishedKeys:
    """Fetches from `url` alone, one request at a time, without following redirects."""

    def __init__(self, url: str, *, http: OpenHttp | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._http = http or _open_http
        self._clock = clock
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched_s: float | None = None
        self._failed_s: float | None = None
        self._fetching = asyncio.Lock()

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        """The key of that id; None where the provider has none such. Raises IdentityProviderAway."""
        if self._fetching.locked() and self._is_believed(key_id):
            return self._keys[key_id]  # somebody asks already: it need not be waited for
        async with self._fetching:
            if self._is_due(key_id) and not await self._fetched() and not self._is_believed(key_id):
                raise IdentityProviderAway("the identity provider cannot be reached: try again in a moment")
        return self._keys.get(key_id)

    @property
    def _age_s(self) -> float:
        return math.inf if self._fetched_s is None else self._clock() - self._fetched_s

    def _is_believed(self, key_id: str) -> bool:
        return key_id in self._keys and self._age_s < OF_USE_S

    def _is_due(self, key_id: str) -> bool:
        return self._age_s >= (FRESH_S if key_id in self._keys else UNKNOWN_EVERY_S)

    async def _fetched(self) -> bool:
        """Whether they came; one that was away just now is not asked."""
        if self._failed_s is not None and self._clock() - self._failed_s < AWAY_EVERY_S:
            return False
        try:
            self._keys = await self._asked()
        except (httpx.HTTPError, TimeoutError, ValueError, jwt.PyJWTError) as error:
            self._failed_s = self._clock()
            log.warning("the identity provider's keys could not be fetched", reason=type(error).__name__)
            return False
        self._fetched_s, self._failed_s = self._clock(), None
        return True

    async def _asked(self) -> Mapping[str, jwt.PyJWK]:
        async with (
            asyncio.timeout(PATIENCE_S),
            self._http() as client,
            client.stream("GET", self._url, headers={"Accept": "application/json"}, follow_redirects=False) as answer,
        ):
            if answer.status_code != _OK:
                raise ValueError(f"status {answer.status_code}")
            body = bytearray()
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > LARGEST_BYTES:
                    raise ValueError("too large")
        return _public_keys(bytes(body))


def _public_keys(body: bytes) -> Mapping[str, jwt.PyJWK]:
    """Those for signatures, by id. Raises ValueError, PyJWTError."""
    document = jwt.PyJWKSet.from_dict(_object(body))
    found = {
        key.key_id: key
        for key in document.keys
        if key.key_id and key.key_type in _KEY_KINDS and key.public_key_use in {"sig", None}
    }
    if not found:
        raise ValueError("no key of use")
    return found


def _object(body: bytes) -> dict[str, Any]:
    found: object = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - what came is wrong, not who calls
    return cast("dict[str, Any]", found)


@asynccontextmanager
async def _open_http() -> AsyncGenerator[httpx.AsyncClient, None]:
    authorities = await asyncio.to_thread(trusted_authorities)
    async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False, verify=authorities) as client:
        yield client
