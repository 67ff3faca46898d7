"""Engines are loaded once, shared, guarded, and unloaded when nobody has used them for a while."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from importlib.metadata import EntryPoint

import pytest

from syrinx.engines.contract import Availability, EngineInfo, Host, Kind, Options, Patience
from syrinx.engines.guards.breaker import BreakerPolicy
from syrinx.engines.guards.guarded import GuardSettings
from syrinx.engines.guards.streams import RetryPolicy, TimeLimits
from syrinx.engines.metrics import EngineMetrics
from syrinx.engines.pool import EnginePool, PoolSettings
from syrinx.engines.registry import EngineRegistry
from syrinx.engines.stt.contract import HeardAudio, TranscriptionRequest
from syrinx.engines.tts.contract import SpeechRequest, TextToSpeech
from syrinx.errors import (
    ConfigurationError,
    EngineBusy,
    EngineEmpty,
    EngineError,
    EngineResting,
    EngineTimeout,
    EngineUnavailable,
    UnknownEngine,
)
from syrinx.testing.fake_tts import ScriptedTts, TtsScript
from syrinx.testing.providers import FakeProvider
from syrinx.testing.virtual_time import virtual_now_s, virtual_time
from syrinx.testing.worker_engines import ObedientStt


class SlowProvider:
    """Takes its time to open and to close; fails as often as it is told."""

    def __init__(
        self,
        engine: ScriptedTts | None = None,
        *,
        kind: Kind = "tts",
        host: Host = "process",
        max_active: int = 4,
        max_queued: int = 8,
        remote: bool = False,
    ) -> None:
        self.engine = engine or ScriptedTts()
        self.info = EngineInfo(
            name="flute",
            kind=kind,
            title="Flute",
            licence="MIT",
            host=host,
            max_active=max_active,
            max_queued=max_queued,
            remote=remote,
        )
        self.failures: list[Exception] = []
        self.events: list[tuple[float, str]] = []
        self.open_now = 0

    def check(self, options: Options) -> Availability:
        return Availability(available=True)

    @asynccontextmanager
    async def open(self, options: Options) -> AsyncGenerator[ScriptedTts, None]:
        self.events.append((virtual_now_s(), "opening"))
        await asyncio.sleep(2.0)
        if self.failures:
            raise self.failures.pop(0)
        self.open_now += 1
        assert self.open_now == 1
        try:
            yield self.engine
        finally:
            await asyncio.sleep(1.0)
            self.open_now -= 1
            self.events.append((virtual_now_s(), "closed"))


@asynccontextmanager
async def pool_of(
    *providers: SlowProvider | FakeProvider[object], settings: PoolSettings | None = None
) -> AsyncGenerator[EnginePool, None]:
    pool = EnginePool(EngineRegistry(providers, entry_points_=[]), settings)
    try:
        yield pool
    finally:
        await pool.aclose()


async def use(pool: EnginePool, duration_s: float = 0.0) -> None:
    async with pool.lease("tts", "flute"):
        await asyncio.sleep(duration_s)


async def said(engine: TextToSpeech, text: str = "hello there") -> int:
    async with aclosing(engine.synthesize(SpeechRequest(text=text))) as chunks:
        return len([chunk async for chunk in chunks])


@virtual_time
async def test_first_users_share_one_load():
    provider = SlowProvider()
    async with pool_of(provider) as pool:
        await asyncio.gather(*(use(pool, 1.0) for _ in range(5)))
        assert virtual_now_s() == pytest.approx(3.0)
    assert [what for _, what in provider.events] == ["opening", "closed"]


@virtual_time
async def test_a_failed_load_is_raised_to_all_waiting_and_retried_by_the_next():
    provider = SlowProvider()
    provider.failures.append(EngineUnavailable("no reed: cut one"))
    async with pool_of(provider) as pool:
        results = await asyncio.gather(*(use(pool) for _ in range(3)), return_exceptions=True)
        assert [str(result) for result in results] == ["no reed: cut one"] * 3
        assert (pool.status()[0].state, pool.status()[0].last_error) == ("unloaded", "no reed: cut one")
        await use(pool)
        assert (pool.status()[0].state, pool.status()[0].last_error) == ("loaded", "")
    assert [what for _, what in provider.events] == ["opening", "opening", "closed"]


@virtual_time
async def test_an_idle_engine_is_unloaded_and_loaded_again():
    provider = SlowProvider()
    async with pool_of(provider, settings=PoolSettings(idle_unload_s=300.0)) as pool:
        await use(pool)
        await asyncio.sleep(299.0)
        assert pool.status()[0].state == "loaded"
        await asyncio.sleep(3.0)
        assert pool.status()[0].state == "unloaded"
        await use(pool)
    assert provider.events[1] == (pytest.approx(303.0), "closed")
    assert len(provider.events) == 4


@virtual_time
async def test_an_engine_in_use_is_never_unloaded():
    provider = SlowProvider()
    async with pool_of(provider, settings=PoolSettings(idle_unload_s=10.0)) as pool:
        async with pool.lease("tts", "flute"):
            await use(pool, 50.0)
            await asyncio.sleep(100.0)
            assert pool.status()[0].leases == 1
        await asyncio.sleep(9.0)
        await use(pool)
        await asyncio.sleep(9.0)
        assert len(provider.events) == 1


@virtual_time
async def test_a_lease_taken_while_the_engine_is_closing_waits_and_loads_it_anew():
    provider = SlowProvider()
    async with pool_of(provider, settings=PoolSettings(idle_unload_s=10.0)) as pool:
        await use(pool)
        await asyncio.sleep(10.5)
        assert pool.status()[0].state == "unloading"
        await use(pool)
        assert provider.events[1:] == [(pytest.approx(13.0), "closed"), (pytest.approx(13.0), "opening")]


@virtual_time
async def test_who_leaves_while_it_loads_leaves_it_to_the_others_and_to_idleness():
    provider = SlowProvider()
    async with pool_of(provider, settings=PoolSettings(idle_unload_s=10.0)) as pool:
        leaving = asyncio.create_task(use(pool))
        await asyncio.sleep(1.0)
        leaving.cancel()
        await asyncio.wait([leaving])
        await asyncio.sleep(2.0)
        assert pool.status()[0].state == "loaded"
        await asyncio.sleep(11.0)
        assert pool.status()[0].state == "unloaded"


@virtual_time
async def test_closing_the_pool_closes_engines_and_refuses_leases():
    provider = SlowProvider()
    pool = EnginePool(EngineRegistry([provider], entry_points_=[]))
    await use(pool)
    await pool.aclose()
    assert provider.open_now == 0
    with pytest.raises(EngineUnavailable, match="is closing"):
        await use(pool)


@virtual_time
async def test_closing_the_pool_while_an_engine_loads_tells_who_waits():
    pool = EnginePool(EngineRegistry([SlowProvider()], entry_points_=[]))
    waiting = asyncio.create_task(use(pool))
    await asyncio.sleep(1.0)
    await pool.aclose()
    with pytest.raises(EngineUnavailable, match="is closing"):
        await waiting


@virtual_time
async def test_requests_past_the_limits_are_refused_and_counted():
    engine = ScriptedTts(TtsScript(first_chunk_s=3.0))
    metrics = EngineMetrics()
    provider = SlowProvider(engine, max_active=2, max_queued=1)
    pool = EnginePool(EngineRegistry([provider], entry_points_=[]), metrics=metrics)
    async with pool.lease("tts", "flute") as tts:
        results = asyncio.gather(*(said(tts) for _ in range(4)), return_exceptions=True)
        await asyncio.sleep(1.0)
        assert (pool.status()[0].active, pool.status()[0].queued) == (2, 1)
        refused = [result for result in await results if isinstance(result, BaseException)]
    assert [type(error) for error in refused] == [EngineBusy]
    assert engine.most_active == 2
    of_flute = {"kind": "tts", "engine": "flute"}
    count = metrics.collectors.get_sample_value
    assert count("syrinx_engine_requests_total", of_flute | {"outcome": "ok"}) == 3
    assert count("syrinx_engine_requests_total", of_flute | {"outcome": "engine_busy"}) == 1
    await pool.aclose()


@virtual_time
async def test_leased_engines_pass_the_guards_and_give_their_place_back():
    engine = ScriptedTts(
        scripts={"hang": TtsScript(fail="hang"), "empty": TtsScript(fail="empty"), "slow": TtsScript(first_chunk_s=1.0)}
    )
    guards: dict[Kind, GuardSettings] = {
        "tts": GuardSettings(limits=TimeLimits(first_item_s=5.0), retry=RetryPolicy(attempts=2, within_s=4.0))
    }
    provider = SlowProvider(engine, max_active=1)
    async with pool_of(provider, settings=PoolSettings(guards=guards)) as pool, pool.lease("tts", "flute") as tts:
        assert tts.capabilities == engine.capabilities
        assert list(tts.voices) == list(engine.voices)
        with pytest.raises(EngineTimeout, match="flute gave no first item within 5 s"):
            await said(tts, "hang")
        with pytest.raises(EngineEmpty):
            await said(tts, "empty")
        assert [request.text for request in engine.requests] == ["hang", "empty", "empty"]
        async with aclosing(tts.synthesize(SpeechRequest(text="slow"))) as chunks:
            await anext(chunks)
            assert engine.active == 1
        assert engine.active == 0
        assert await said(tts) > 0
        assert pool.status()[0].active == 0


@virtual_time
async def test_an_engine_elsewhere_that_keeps_failing_is_seen_to_rest_also_after_it_was_unloaded():
    engine = ScriptedTts(TtsScript(fail="raise"))
    metrics = EngineMetrics()
    registry = EngineRegistry([SlowProvider(engine, remote=True)], entry_points_=[])
    settings = PoolSettings(
        idle_unload_s=1.0,
        guards={"tts": GuardSettings(retry=RetryPolicy(attempts=1), breaker=BreakerPolicy(failures=2, cool_down_s=60))},
    )
    pool = EnginePool(registry, settings, metrics=metrics)
    try:
        async with pool.lease("tts", "flute") as tts:
            assert pool.status()[0].breaker == "closed"
            for _ in range(2):
                with pytest.raises(EngineError):
                    await said(tts)
        await asyncio.sleep(5.0)
        status = pool.status()[0]
        assert (status.state, status.breaker) == ("unloaded", "open")
        assert status.retry_after_s == pytest.approx(55.0)
        resting = {"kind": "tts", "engine": "flute"}
        assert metrics.collectors.get_sample_value("syrinx_engine_resting", resting) == 1.0
        async with pool.lease("tts", "flute") as tts:
            with pytest.raises(EngineResting):
                await said(tts)
            engine.script = TtsScript()
            await asyncio.sleep(60.0)
            assert await said(tts) > 0
        assert pool.status()[0].breaker == "closed"
        assert metrics.collectors.get_sample_value("syrinx_engine_resting", resting) == 0.0
    finally:
        await pool.aclose()


@virtual_time
async def test_a_provider_may_ask_for_another_patience():
    class Slow(SlowProvider):
        def patience(self, options: Options) -> Patience:
            return Patience(first_item_s=float(options["timeout_s"]))

    settings = PoolSettings(options={("tts", "flute"): {"timeout_s": "50"}})
    slow = Slow(ScriptedTts(TtsScript(first_chunk_s=49.0)))
    async with pool_of(slow, settings=settings) as pool, pool.lease("tts", "flute") as tts:
        assert await said(tts) > 0
        assert pool.status()[0].breaker is None, "an engine in this house has none"


@virtual_time
async def test_an_utterance_is_never_tried_again():
    read: list[str] = []

    async def audio() -> AsyncGenerator[HeardAudio, None]:
        read.append("asked")
        return
        yield

    provider = FakeProvider("stt", "ear", lambda _: ObedientStt())
    async with pool_of(provider) as pool, pool.lease("stt", "ear") as stt:
        with pytest.raises(EngineBusy):
            _ = [one async for one in stt.transcribe(audio(), TranscriptionRequest(hotwords=("busy",)))]
        assert [one.text async for one in stt.transcribe(audio(), TranscriptionRequest())] == ["0"]
    assert read == ["asked"]


@virtual_time
async def test_what_does_not_exist_or_cannot_run_there_is_refused_and_leaves_nothing():
    listener = FakeProvider("vad", "ears", lambda _: object())
    settings = PoolSettings(hosts={("vad", "ears"): "worker", ("tts", "flute"): "worker"})
    async with pool_of(listener, SlowProvider(), settings=settings) as pool:
        with pytest.raises(UnknownEngine, match="there are flute"):
            async with pool.lease("tts", "lute"):
                pass
        with pytest.raises(ConfigurationError, match="run in process"):
            async with pool.lease("vad", "ears"):
                pass
        with pytest.raises(ConfigurationError, match="this process only"):
            async with pool.lease("tts", "flute"):
                pass
        assert [(status.name, status.state) for status in pool.status()] == [("flute", "unloaded")]


async def test_the_pool_runs_engines_in_workers_and_sees_their_memory():
    point = EntryPoint(name="obedient", value="syrinx.testing.worker_engines:tts", group="syrinx.tts")
    settings = PoolSettings(hosts={("tts", "obedient"): "worker"})
    pool = EnginePool(EngineRegistry(entry_points_=[point]), settings)
    try:
        async with pool.lease("tts", "obedient") as tts:
            chunks = [chunk async for chunk in tts.synthesize(SpeechRequest(text="a b"))]
            assert [chunk.words[0].text for chunk in chunks] == ["a", "b"]
            status = pool.status()[0]
            assert status.host == "worker"
            if sys.platform == "linux":
                assert 10_000_000 < (status.worker_memory_bytes or 0) < 300_000_000
    finally:
        await pool.aclose()


def test_who_runs_no_worker_does_not_load_grpc():
    code = "import sys, syrinx.engines.pool, syrinx.engines.guards.fallback; sys.exit('grpc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
