"""The host that runs an engine in this process."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from syrinx.engines.contract import Options, Provider
from syrinx.errors import EngineUnavailable, SyrinxError

EngineT = TypeVar("EngineT")


@asynccontextmanager
async def open_in_process(provider: Provider[EngineT], options: Options) -> AsyncGenerator[EngineT, None]:
    """Open the engine here. Raises EngineUnavailable, whatever a stranger's engine raised while it was opened."""
    async with AsyncExitStack() as stack:
        try:
            engine = await stack.enter_async_context(provider.open(options))
        except SyrinxError:
            raise
        except Exception as error:
            message = f"{provider.info.name} cannot be opened: {type(error).__name__}: {error}"
            raise EngineUnavailable(message) from error
        yield engine
