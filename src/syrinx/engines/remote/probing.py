"""Whether a service elsewhere is well, asked without words or sound of anybody's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final, cast

from syrinx.engines.contract import Probe
from syrinx.engines.remote.client import Answered, Outgoing, RemoteClient, open_remote_client
from syrinx.engines.remote.settings import RemoteSettings
from syrinx.errors import EngineError, RemoteRefused, SyrinxError

WITHIN_S: Final = 3.0
_LARGEST_BYTES: Final = 4 << 20
_NO_SUCH_ROUTE: Final = frozenset({404, 405, 501})
_BAD: Final = ("unreachable", "unhealthy", "unavailable", "degraded", "down", "error", "offline", "timeout", "loading")
"""What services write where all is not well, though they answer."""


async def probed(settings: RemoteSettings, paths: Sequence[str], *, guarded: Sequence[str] = ()) -> Probe:
    """Ask the first of `paths` that exists there. It is well if that answers with 2xx, or if none exists but something
    answers.

    `guarded` are routes of such services that want the key where one is wanted at all: who asks for the health alone
    may not need it, and who speaks does.
    """
    try:
        async with asyncio.timeout(WITHIN_S), open_remote_client(settings) as client:
            answer = await _first_that_exists(client, paths)
            found = Probe(healthy=True) if answer is None else _judged(answer, settings)
            if found.healthy:
                await _let_in(client, guarded)
            return found
    except SyrinxError as error:
        return Probe(healthy=False, reason=error.message)
    except TimeoutError:
        return Probe(healthy=False, reason=f"{settings.host} did not answer within {WITHIN_S:g} s")


async def _first_that_exists(client: RemoteClient, paths: Sequence[str]) -> Answered | None:
    for path in paths:
        try:
            return await client.whole(Outgoing(method="GET", path=path), largest_bytes=_LARGEST_BYTES)
        except RemoteRefused as error:
            if error.status not in _NO_SUCH_ROUTE:
                raise
    return None


async def _let_in(client: RemoteClient, guarded: Sequence[str]) -> None:
    """Raises RemoteRefused where the key is not accepted; what else these routes say does not matter."""
    for path in guarded:
        try:
            await client.whole(Outgoing(method="GET", path=path), largest_bytes=_LARGEST_BYTES)
        except RemoteRefused as error:
            if error.status in (401, 403):
                raise
        except EngineError:
            return


def _judged(answer: Answered, settings: RemoteSettings) -> Probe:
    """A broker answers also when the server behind it does not: it says so in `remote_status`."""
    try:
        content = json.loads(answer.body)
    except ValueError:
        return Probe(healthy=True)
    fields = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
    for name, what in (("remote_status", f"the server behind {settings.host}"), ("status", settings.host)):
        said = fields.get(name)
        if isinstance(said, str) and any(word in said.lower() for word in _BAD):
            return Probe(healthy=False, reason=f"{what} is not well: it says {said[:80]!r}")
    return Probe(healthy=True)
