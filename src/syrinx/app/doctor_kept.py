"""What the doctor says of what is kept, of who may ask, of cloning, and of the walls around decoders."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from syrinx.app.findings import Finding
from syrinx.app.house import House
from syrinx.audio.intake import confinement
from syrinx.errors import SyrinxError


async def of_what_is_kept(house: House) -> AsyncGenerator[Finding, None]:
    """Asks the database, and an engine elsewhere that learns voices whether it is there."""
    settings = house.settings
    yield Finding(what="database", verdict="works", says=house.kept.database.shown)
    yield await _who_may_ask(house)
    yield await _cloning(house)
    if settings.watermark != "off":
        yield Finding(what="watermark", verdict="works", says=f"{settings.watermark}, in all that is spoken")
    if await asyncio.to_thread(confinement) == "bubblewrap":
        yield Finding(what="decoders", verdict="works", says="recordings are decoded behind bubblewrap's walls")
    else:
        yield Finding(
            what="decoders",
            verdict="attention",
            says="recordings are decoded in processes with limits, but without walls of their own",
            remedy="apt install bubblewrap (containers may forbid the namespaces that it needs)",
        )


async def _who_may_ask(house: House) -> Finding:
    settings, now = house.settings, datetime.now(UTC)
    if settings.lets_everybody_in:
        return Finding(what="access", verdict="works", says="everybody at this machine, without a key, as one user")
    keys = sum(key.opens(now) for key in await house.kept.accounts.keys.list(None))
    ways = [
        "the operator's token" if settings.operators_token else "",
        "users of an identity provider" if settings.trusts_tokens else "",
        f"{keys} key{'' if keys == 1 else 's'}" if keys else "",
    ]
    if any(ways):
        return Finding(what="access", verdict="works", says=f"by {', '.join(filter(None, ways))}")
    return Finding(
        what="access", verdict="attention", says="nobody has a key", remedy="syrinx keys create NAME, or SYRINX_TOKEN"
    )


async def _cloning(house: House) -> Finding:
    try:
        engine = await house.engines.cloner(house.settings.language)
    except SyrinxError as error:
        return Finding(
            what="cloning", verdict="missing", says=error.message, remedy="SYRINX_CLONE=auto takes the nearest voice"
        )
    if engine is None:
        return Finding(
            what="cloning",
            verdict="attention",
            says="no engine here learns voices: the nearest voice speaks, and is called approximate",
            remedy="CHATTERBOX_API_URL names a server that does",
        )
    elsewhere = house.engines.info("tts", engine).remote
    return Finding(
        what="cloning",
        verdict="attention" if elsewhere else "works",
        says=f"{engine} learns voices{'; samples of them are sent there' if elsewhere else ''}",
        remedy="SYRINX_CLONE=auto without CHATTERBOX_API_URL keeps them here" if elsewhere else "",
    )
