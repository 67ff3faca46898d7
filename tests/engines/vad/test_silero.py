"""Silero: the conformance suite, batching, and the quiet gate proved on people's voices."""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from collections.abc import AsyncGenerator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from syrinx.audio import PcmChunk, clip_to_int16, read_wav, resample
from syrinx.engines.vad import silero, silero_model
from syrinx.engines.vad.silero import SETTLED_FRAMES, SileroStream, SileroVad, provider
from syrinx.errors import ConfigurationError, EngineError, EngineUnavailable
from syrinx.testing.human_clips import RECORDINGS
from syrinx.testing.vad_conformance import QUIET, VadConformance, frames_of, judge

CLIPS = ("LJ001-0002", "LJ001-0008", "LJ001-0004")


@pytest.fixture
def speech() -> PcmChunk:
    return read_wav(RECORDINGS / "LJ001-0008.wav")


@pytest.fixture
async def vad() -> AsyncGenerator[SileroVad, None]:
    async with provider.open({}) as engine:
        yield engine


class TestSileroConforms(VadConformance):
    pass


class TestSileroConformsWithoutItsGate(VadConformance):
    @pytest.fixture
    async def vad(self) -> AsyncGenerator[SileroVad, None]:
        async with provider.open({"gate_dbfs": "off"}) as engine:
            yield engine


def evening(*, gain_db: float, room_dbfs: float | None) -> list[npt.NDArray[np.int16]]:
    """Three sentences by a person with 6 s of the room before, between and after them."""
    pause = np.zeros(6 * 16_000)
    parts = [pause]
    for name in CLIPS:
        said = resample(read_wav(RECORDINGS / f"{name}.wav"), 16_000).samples() * 10.0 ** (gain_db / 20)
        parts += [said, pause]
    sound = np.concatenate(parts)
    if room_dbfs is not None:
        sound += np.random.default_rng(1).standard_normal(sound.size) * 32768 * 10.0 ** (room_dbfs / 20)
    return frames_of(PcmChunk(pcm=clip_to_int16(sound).tobytes(), sample_rate_hz=16_000))


def utterances(probabilities: list[float]) -> list[tuple[int, int]]:
    """First and last frame of each stretch of speech, pauses of up to 20 frames within it passed over."""
    heard = np.flatnonzero(np.array(probabilities) >= 0.5)
    breaks = np.flatnonzero(np.diff(heard) > 20)
    starts = heard[np.concatenate([[0], breaks + 1])]
    ends = heard[np.concatenate([breaks, [-1]])]
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


@pytest.mark.parametrize("room_dbfs", [None, -65.0])
@pytest.mark.parametrize("gain_db", [0.0, -30.0], ids=["normal", "low"])
async def test_the_gate_spares_silence_and_changes_no_decision_on_speech(
    gain_db: float, room_dbfs: float | None
) -> None:
    frames = evening(gain_db=gain_db, room_dbfs=room_dbfs)
    async with provider.open({}) as gated, provider.open({"gate_dbfs": "off"}) as plain:
        with_gate = utterances(await judge(gated.stream(), frames))
        without = utterances(await judge(plain.stream(), frames))
        assert plain.frames_computed == len(frames)
        assert gated.frames_computed < 0.65 * len(frames)
    assert len(with_gate) == len(without) == 3
    for (start, end), (start_without, end_without) in zip(with_gate, without, strict=True):
        # Rather a little sooner than later.
        assert -10 <= start - start_without <= 1
        assert abs(end - end_without) <= 3


@pytest.mark.parametrize(("gain_db", "room_dbfs"), [(0.0, -55.0), (0.0, -45.0), (-15.0, -55.0)])
async def test_the_gate_spares_steady_noise_and_hears_who_speaks_in_it_as_soon(
    gain_db: float, room_dbfs: float
) -> None:
    frames = evening(gain_db=gain_db, room_dbfs=room_dbfs)
    async with provider.open({}) as gated, provider.open({"gate_dbfs": "off"}) as plain:
        with_gate = utterances(await judge(gated.stream(), frames))
        without = utterances(await judge(plain.stream(), frames))
        assert gated.frames_computed < 0.65 * len(frames)
    assert len(with_gate) == len(without) == 3
    for (start, end), (start_without, end_without) in zip(with_gate, without, strict=True):
        assert -10 <= start - start_without <= 1
        assert abs(end - end_without) <= 3


def noise_of(level_dbfs: float, *, frames: int) -> list[npt.NDArray[np.int16]]:
    sound = np.random.default_rng(2).standard_normal(frames * 512) * 32768 * 10.0 ** (level_dbfs / 20)
    return frames_of(PcmChunk(pcm=clip_to_int16(sound).tobytes(), sample_rate_hz=16_000))


async def test_noise_that_grows_is_judged_again_until_the_gate_knows_it(vad: SileroVad) -> None:
    stream = vad.stream()
    await judge(stream, noise_of(-55, frames=200))
    before = vad.frames_computed
    await judge(stream, noise_of(-50, frames=4))
    assert vad.frames_computed == before + 4
    await judge(stream, noise_of(-50, frames=100))
    before = vad.frames_computed
    await judge(stream, noise_of(-50, frames=50))
    assert vad.frames_computed - before <= 5


async def test_a_loud_noise_is_never_passed_by(vad: SileroVad) -> None:
    await judge(vad.stream(), noise_of(-36, frames=150))
    assert vad.frames_computed == 150


async def test_frames_of_many_streams_that_come_within_milliseconds_share_a_batch(
    vad: SileroVad, speech: PcmChunk
) -> None:
    frames = frames_of(speech)[:2]
    streams = [vad.stream() for _ in range(20)]

    async def heard_in_another_turn_of_the_loop(turns: int, stream: SileroStream) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await stream.probability(frames[0])

    await asyncio.gather(*(heard_in_another_turn_of_the_loop(turns, one) for turns, one in enumerate(streams)))
    assert vad.frames_computed == 20
    assert vad.batches_computed <= 3


async def test_the_gate_waits_until_the_model_has_settled() -> None:
    async with provider.open({}) as vad:
        stream = vad.stream()
        await judge(stream, [QUIET] * (SETTLED_FRAMES + 40))
        assert SETTLED_FRAMES <= vad.frames_computed <= SETTLED_FRAMES + 20
        before = vad.frames_computed
        stream.reset()
        await judge(stream, [QUIET] * 5)
        assert vad.frames_computed == before + 5


async def test_frames_waiting_at_the_same_moment_go_into_one_batch(vad: SileroVad, speech: PcmChunk) -> None:
    frames = frames_of(speech)[:10]
    streams = [vad.stream() for _ in range(100)]
    await asyncio.gather(*(judge(stream, frames) for stream in streams))
    assert vad.frames_computed == 1000
    assert vad.batches_computed <= 20


async def test_more_than_a_batch_are_all_answered(vad: SileroVad, speech: PcmChunk) -> None:
    frames = frames_of(speech)[:3]
    streams = [vad.stream() for _ in range(300)]
    heard = np.array(await asyncio.gather(*(judge(stream, frames) for stream in streams)))
    assert np.abs(heard - heard[0]).max() < 1e-3
    assert vad.batches_computed >= 8
    for stream in streams:
        stream.close()
    assert vad.slots.in_use == 0


class Held:
    """A model that answers only when it is let go."""

    def __init__(self, session: Any) -> None:
        self.begun = threading.Event()
        self.let_go = threading.Event()
        self._session = session

    def run(self, *given: Any) -> Any:
        self.begun.set()
        assert self.let_go.wait(10)
        return self._session.run(*given)


async def test_a_reset_while_a_frame_is_computed_forgets_that_frame_too(vad: SileroVad, speech: PcmChunk) -> None:
    frames = frames_of(speech)[20:30]
    stream = vad.stream()
    expected = await judge(stream, frames)
    session = vad._session
    held = Held(session)
    vad._session = held  # pyright: ignore[reportAttributeAccessIssue]
    being_computed = asyncio.create_task(stream.probability(frames[0]))
    assert await asyncio.to_thread(held.begun.wait, 10)
    waiting = asyncio.create_task(stream.probability(frames[1]))
    await asyncio.sleep(0)
    stream.reset()
    held.let_go.set()
    assert 0.0 < await being_computed <= 1.0
    assert await waiting == 0.0
    vad._session = session
    assert np.allclose(await judge(stream, frames), expected, atol=1e-4)


async def test_a_frame_after_a_cancelled_one_keeps_the_order(vad: SileroVad, speech: PcmChunk) -> None:
    frames = frames_of(speech)[20:30]
    stream = vad.stream()
    expected = await judge(stream, frames)
    stream.reset()
    first = asyncio.create_task(stream.probability(frames[0]))
    await asyncio.sleep(0)
    first.cancel()
    assert np.allclose(await judge(stream, frames[1:]), expected[1:], atol=1e-4)


async def test_a_stream_closed_while_its_frame_waits_is_told(vad: SileroVad) -> None:
    stream = vad.stream()
    waiting = asyncio.create_task(stream.probability(QUIET))
    await asyncio.sleep(0)
    stream.close()
    with pytest.raises(EngineError, match="closed"):
        await waiting


async def test_a_failing_model_is_reported_to_each_and_may_recover(vad: SileroVad) -> None:
    class Broken:
        def run(self, *_: Any) -> Any:
            raise RuntimeError("out of memory")

    session, vad._session = vad._session, Broken()  # pyright: ignore[reportAttributeAccessIssue]
    streams = [vad.stream() for _ in range(3)]
    answers = await asyncio.gather(*(stream.probability(QUIET) for stream in streams), return_exceptions=True)
    assert [type(answer) for answer in answers] == [EngineError] * 3
    assert "out of memory" in str(answers[0])
    vad._session = session
    assert await streams[0].probability(QUIET) < 0.5


async def test_a_closed_detector_answers_all_that_wait_and_leaves_no_thread() -> None:
    async with provider.open({}) as vad:
        streams = [vad.stream() for _ in range(200)]
        waiting = [asyncio.create_task(stream.probability(QUIET)) for stream in streams]
        await asyncio.sleep(0)
    for answer in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(answer, float | EngineError)
    with pytest.raises(EngineError, match="closed"):
        await streams[0].probability(QUIET)
    with pytest.raises(EngineError, match="closed"):
        vad.stream()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("silero")]


@pytest.mark.parametrize("options", [{"gate_dbfs": "-20"}, {"gate_dbfs": "nan"}, {"gate_dbfs": "yes"}, {"gate": "off"}])
async def test_impossible_options_are_refused(options: dict[str, str]) -> None:
    assert not provider.check(options).available
    with pytest.raises(ConfigurationError, match="gate_dbfs"):
        async with provider.open(options):
            pass


async def test_without_the_model_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silero, "find_model", lambda: None)
    monkeypatch.setattr(silero_model, "find_model", lambda: None)
    assert provider.check({}).remedy == "pip install --no-deps silero-vad"
    with pytest.raises(EngineUnavailable, match="pip install --no-deps silero-vad"):
        async with provider.open({}):
            pass


async def test_neither_torch_nor_the_package_is_imported(vad: SileroVad) -> None:
    import sys

    assert vad.capabilities.max_batch == 128
    assert "silero_vad" not in sys.modules
    assert "torch" not in sys.modules
    assert importlib.util.find_spec("silero_vad") is not None
