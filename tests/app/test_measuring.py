"""When a model is measured, by whom, and what follows where that fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise
from pathlib import Path

from tests.app.installed_models import SLOW
from tests.app.test_model_choice import CLIP, Machine, NeedsModel

from syrinx.app.measuring import Measuring, alone_with
from syrinx.app.model_shelf import ModelShelf
from syrinx.audio import PcmChunk
from syrinx.engines.pool import EnginePool
from syrinx.engines.registry import EngineRegistry
from syrinx.engines.stt.contract import SpeechToText, TranscriptionRequest
from syrinx.errors import EngineTimeout, EngineUnavailable
from syrinx.testing.fake_stt import ScriptedStt, SttScript
from syrinx.testing.virtual_time import run_virtual


@asynccontextmanager
async def measuring_on(machine: Machine, shelf: ModelShelf, pool: EnginePool) -> AsyncGenerator[Measuring, None]:
    measuring = Measuring(shelf=shelf, pool=pool, record=machine.abilities, clip=lambda: CLIP)
    task = asyncio.create_task(measuring.run())
    try:
        yield measuring
    finally:
        task.cancel()
        await asyncio.wait([task])


def test_what_may_pass_is_tried_again_ever_more_seldom() -> None:
    machine = Machine()
    tries: list[float] = []

    def busy(_: Mapping[str, str]) -> SpeechToText:
        tries.append(asyncio.get_running_loop().time())
        if len(tries) < 4:
            raise EngineTimeout("the machine has other work")
        return ScriptedStt((SttScript(text="clear"),))

    machine.registry = EngineRegistry([NeedsModel("stt", "whisper", busy)], entry_points_=())
    machine.store.install("whisper-base")

    async def run() -> None:
        async with machine.choice() as (_, shelf, pool), measuring_on(machine, shelf, pool) as measuring:
            await asyncio.sleep(10)
            assert measuring.failure("stt", "whisper-base") == "the machine has other work"
            await asyncio.sleep(600)
            assert measuring.failure("stt", "whisper-base") == ""
            assert shelf.in_real_time("stt", "whisper-base") is not None

    run_virtual(run())
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert [round(wait / 60) for wait in waits] == [1, 2, 4]


def test_a_model_removed_while_it_is_measured_is_tried_anew_when_it_comes_again() -> None:
    machine = Machine()
    opened: list[str] = []

    def open_ear(options: Mapping[str, str]) -> SpeechToText:
        opened.append(options["path"])
        if len(opened) == 1:
            machine.store.here.clear()
            raise EngineUnavailable("model.bin is missing")
        return ScriptedStt((SttScript(text="clear"),))

    machine.registry = EngineRegistry([NeedsModel("stt", "whisper", open_ear)], entry_points_=())
    machine.store.install("whisper-base")

    async def run() -> None:
        async with machine.choice() as (_, shelf, pool), measuring_on(machine, shelf, pool) as measuring:
            await asyncio.sleep(1)
            machine.store.install("whisper-base")
            await asyncio.sleep(10)
            assert measuring.failure("stt", "whisper-base") == ""
            assert shelf.in_real_time("stt", "whisper-base") is not None

    run_virtual(run())


def test_a_model_is_measured_in_a_moment_in_which_no_talk_uses_an_engine() -> None:
    machine = Machine()

    async def run() -> None:
        async with machine.choice() as (_, shelf, pool):
            over = asyncio.Event()

            async def speaking() -> AsyncGenerator[PcmChunk, None]:
                yield CLIP
                await over.wait()

            async def utterance() -> None:
                async with pool.lease("stt", "plain") as ear, aclosing(speaking()) as audio:
                    async for _ in ear.transcribe(audio, TranscriptionRequest()):
                        pass

            hearing = asyncio.create_task(utterance())
            await asyncio.sleep(1)
            async with measuring_on(machine, shelf, pool):
                machine.store.install("kokoro")
                await asyncio.sleep(10)
                assert ("kokoro", "/models/kokoro") not in machine.opened
                over.set()
                await asyncio.sleep(10)
                assert shelf.in_real_time("tts", "kokoro") is not None
            await hearing

    run_virtual(run())


async def test_of_two_processes_one_measures_and_the_other_takes_what_it_found(tmp_path: Path) -> None:
    machine = Machine()
    installed = machine.store.install("whisper-base")
    lock = tmp_path / "home" / ".lock"
    async with machine.choice() as (_, shelf, pool):
        measuring = Measuring(
            shelf=shelf, pool=pool, record=machine.abilities, clip=lambda: CLIP, alone=lambda: alone_with(lock)
        )
        async with alone_with(lock):
            waiting = asyncio.create_task(measuring.measure(installed))
            for _ in range(20):
                await asyncio.sleep(0)
            assert not waiting.done()
            machine.abilities.put("stt", "whisper-base", "1", SLOW)
        assert await waiting == SLOW
    assert not machine.opened


async def test_where_no_lock_can_be_made_nobody_waits(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    async with alone_with(tmp_path / "home" / ".lock"), alone_with(tmp_path / "home" / ".lock"):
        pass
