"""Houses over scripted engines, with a database and blobs of their own in a folder of the test's."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tests.transports.talking_house import echoing

from syrinx.accounts import PERSONAL_SCOPES, Caller
from syrinx.app.house import House, open_house
from syrinx.app.server import open_server
from syrinx.app.settings import Settings
from syrinx.engines.registry import EngineRegistry
from syrinx.engines.tts.contract import Cloning
from syrinx.testing.fake_llm import ScriptedLlm
from syrinx.testing.fake_stt import ScriptedStt, SttScript
from syrinx.testing.fake_tts import ScriptedTts
from syrinx.testing.fake_vad import ScriptedVad
from syrinx.testing.providers import FakeProvider

HEARD = "hello there"
"""What the ear understands of every recording."""


def by(user: str) -> Caller:
    return Caller(user=user, scopes=PERSONAL_SCOPES, how="key")


def settings(home: Path, **given: Any) -> Settings:
    wanted: dict[str, Any] = {"home": home, "llm": "companion", "port": 0, **given}
    return Settings(**wanted)


def registry(*, cloning: Cloning | None = None) -> EngineRegistry:
    """With `cloning` the voice engine learns voices."""
    tones = FakeProvider("tts", "tones", lambda _: ScriptedTts(cloning=cloning))
    tones.info = replace(tones.info, clones=cloning is not None, languages=("en", "de"))
    providers = [
        tones,
        FakeProvider("stt", "ear", lambda _: ScriptedStt((SttScript(text=HEARD),))),
        FakeProvider("vad", "silero", lambda _: ScriptedVad()),
        FakeProvider("llm", "companion", lambda _: ScriptedLlm(echoing)),
    ]
    return EngineRegistry(providers, entry_points_=())


@asynccontextmanager
async def scripted_house(
    home: Path, *, cloning: Cloning | None = None, serving: bool = True, **given: Any
) -> AsyncGenerator[House, None]:
    async with open_house(settings(home, **given), registry=registry(cloning=cloning), serving=serving) as house:
        yield house


@asynccontextmanager
async def scripted_server(home: Path, *, cloning: Cloning | None = None, **given: Any) -> AsyncGenerator[str, None]:
    """The whole server; yields its address."""
    opened = partial(open_house, registry=registry(cloning=cloning))
    async with open_server(settings(home, **given), opened=opened) as address:
        yield address
