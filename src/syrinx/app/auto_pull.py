"""Gets the recommended models while the server runs, where SYRINX_AUTO_PULL says so once for all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from syrinx.app.figures import size_words
from syrinx.app.store_needs import Store
from syrinx.engines.models import DiskFull, FolderNotWritable, PullCancelled
from syrinx.errors import NotFound, SyrinxError

log = structlog.get_logger()

PERMISSIVE: Final = frozenset({"MIT", "Apache-2.0"})
"""Licences (SPDX) that ask nothing of who only uses a model: SYRINX_AUTO_PULL accepts these, and no other."""

FIRST_WAIT_S: Final = 30.0
LONGEST_WAIT_S: Final = 3600.0
"""After a failure the next try waits, and twice as long after each further round, up to this."""


async def pull_recommended(
    store: Store, recommended: Sequence[str], *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Pull these models one after the other; returns once each is installed or given up, and raises nothing.

    What fails for a reason that may pass (the hub, the disk) is tried again for as long as it is not cancelled; a pull
    that a person ended is not begun again. Cancelling leaves a pull under way to the store, which ends it as it closes.
    """
    waiting = [name for name in dict.fromkeys(recommended) if _wanted(store, name)]
    wait_s = FIRST_WAIT_S
    while waiting:
        again = [name for name in waiting if await _try(store, name)]
        if not again:
            return
        log.info("recommended models are tried again later", models=again, wait_s=wait_s)
        await sleep(wait_s)
        # Somebody may have pulled it by hand meanwhile.
        waiting = [name for name in again if _wanted(store, name)]
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)


def _wanted(store: Store, name: str) -> bool:
    try:
        status = store.status(name)
    except NotFound as error:
        log.warning("a recommended model is not in the catalogue", model=name, reason=error.message)
        return False
    if status.state == "installed":
        return False
    licence = status.model.licence
    if licence.id not in PERMISSIVE:
        log.warning(
            "a recommended model is not pulled by itself: its licence wants a person's word",
            model=name,
            licence=licence.id,
            remedy=f"syrinx models pull {name}",
        )
        return False
    return True


async def _try(store: Store, name: str) -> bool:
    """Whether it is worth another try."""
    model = store.status(name).model
    log.info("pulling a recommended model", model=name, size=size_words(model.size_bytes), licence=model.licence.id)
    try:
        installed = await store.pull(name, accept_licence=model.licence.id).wait()
    except PullCancelled:
        log.info("pulling a recommended model was ended by somebody: it is left alone", model=name)
        return False
    except SyrinxError as error:
        # Room can be made on a disk without a change to the order, so that is worth another look too.
        again = error.retryable or isinstance(error, (DiskFull, FolderNotWritable))
        log.warning(
            "a recommended model could not be pulled",
            model=name,
            code=error.code,
            reason=error.message,
            tried_again=again,
        )
        return again
    except Exception:
        # Whatever it is: getting a better voice must never end the server that speaks already.
        log.exception("a recommended model could not be pulled", model=name)
        return False
    log.info("a recommended model is installed: the next turn may use it", model=name, folder=str(installed.path))
    return False
