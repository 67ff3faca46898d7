"""Silero's voice activity detector on onnxruntime, without torch: the frames of all microphones in batches."""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
from collections import deque
from collections.abc import AsyncGenerator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from syrinx.audio.levels import FULL_SCALE
from syrinx.engines.contract import Availability, EngineInfo, Options
from syrinx.engines.vad.contract import FRAME_SAMPLES, SAMPLE_RATE_HZ, VadCapabilities
from syrinx.engines.vad.silero_model import REMEDY, find_model, load_model
from syrinx.engines.vad.slots import CONTEXT_SAMPLES, Slots
from syrinx.errors import BadAudio, ConfigurationError, EngineError

if TYPE_CHECKING:
    import onnxruntime

MAX_BATCH = 128

DEFAULT_GATE_DBFS = -60.0
SETTLED_FRAMES = 62
"""So many frames in a row (2 s) must have been silence to the model before the gate may answer in its place.

The model goes on drifting in a long silence. With this many, human speech after it is heard at the same frame or up to
three frames sooner than without the gate, at -25 to -57 dBFS; with fewer, some is heard a frame or two later.
"""
SETTLED_BELOW = 0.1
FLOOR_FACTOR = 10.0 ** (2.0 / 10.0)
"""In a room with a steady noise the gate stands 2 dB above it: speech that adds less is lost in it for any ear."""
LOUDEST_FLOOR_DBFS = -40.0
"""A noise above this is never gated."""
FLOOR_SHARE = 1.0 / 16.0
"""How fast the floor follows the frames that were silence to the model: about half a second."""
MANY_STREAMS = 8
GATHER_S = 0.004
GOOD_BATCH = 32
"""With more streams than that, frames wait so long for those of others, until they are a good batch: a call for one
frame costs twice its share of a call for thirty, and the way to the thread and back comes on top."""

_TO_FLOAT = np.float32(1 / 32768)
_CLOSED = "the voice activity detector was closed: open it again"


@dataclass(slots=True)
class _Waiting:
    """A frame that waits for its turn in a batch."""

    stream: SileroStream
    resets: int
    """How often the stream had been reset when the frame was given."""
    frame: npt.NDArray[np.float32]
    """Shape (512,), at int16 scale."""
    energy: float
    answer: asyncio.Future[float]


class SileroVad:
    """One model for many microphones, driven by one thread.

    Whatever frames wait when the thread is free go into the next batch, up to `MAX_BATCH`; where there are many streams
    they first wait `GATHER_S` for others. Used from one event loop.

    The quiet gate: on a stream whose last `SETTLED_FRAMES` frames were silence to the model, a frame below `gate_dbfs`
    (root mean square), or below the steady noise of those frames, is answered 0.0 without it, the model's memory of the
    stream left as it was. None turns that off.
    """

    def __init__(self, session: onnxruntime.InferenceSession, *, gate_dbfs: float | None) -> None:
        self.capabilities = VadCapabilities(max_batch=MAX_BATCH)
        self.slots = Slots()
        self.gate_energy = 0.0 if gate_dbfs is None else _energy(gate_dbfs)
        self.frames_computed = 0
        self.batches_computed = 0
        self._session = session
        self._rate = np.array(SAMPLE_RATE_HZ, np.int64)
        self._input = np.zeros((MAX_BATCH, CONTEXT_SAMPLES + FRAME_SAMPLES), np.float32)
        self._waiting: deque[_Waiting] = deque()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="silero")
        self._working = False
        self._closed = False

    def stream(self) -> SileroStream:
        if self._closed:
            raise EngineError(_CLOSED)
        return SileroStream(self, self.slots.take())

    async def aclose(self) -> None:
        """Answer what waits with EngineError, let the batch at work finish, end the thread."""
        self._closed = True
        await asyncio.to_thread(self._executor.shutdown)
        while self._waiting:
            _fail(self._waiting.popleft(), EngineError(_CLOSED))

    def judge(self, stream: SileroStream, frame: npt.NDArray[np.float32], energy: float) -> asyncio.Future[float]:
        """Put a frame at int16 scale in line; the result is the probability."""
        if self._closed:
            raise EngineError(_CLOSED)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[float] = loop.create_future()
        self._waiting.append(_Waiting(stream, stream.resets, frame, energy, answer))
        if not self._working:
            self._working = True
            self._begin_soon(loop)
        return answer

    def _begin_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        # Not at once: frames of other streams that arrive in the same turn of the loop come along.
        if self.slots.in_use <= MANY_STREAMS or len(self._waiting) >= GOOD_BATCH:
            loop.call_soon(self._begin_batch, loop)
        else:
            loop.call_later(GATHER_S, self._begin_batch, loop)

    def _begin_batch(self, loop: asyncio.AbstractEventLoop) -> None:
        batch = self._next_batch()
        if not batch or self._closed:
            self._waiting.extendleft(reversed(batch))
            self._working = False
            return
        for row, waiting in zip(self._input, batch, strict=False):
            np.multiply(waiting.frame, _TO_FLOAT, out=row[CONTEXT_SAMPLES:])
        taken = self.slots.gather([waiting.stream.slot for waiting in batch], self._input)
        feed = {"input": self._input[: len(batch)], "state": taken.state, "sr": self._rate}

        def finish(work: Future[Any]) -> None:
            try:
                probabilities, state = work.result()
                self.slots.scatter(taken, state, self._input)
                self._answer(batch, probabilities[:, 0].tolist())
            except Exception as error:  # noqa: BLE001 - whatever is raised, each microphone is told
                failure = EngineError(f"the voice activity model failed: {error}")
                failure.__cause__ = error
                for waiting in batch:
                    _fail(waiting, failure)
            self._begin_soon(loop)

        work: Future[Any] = self._executor.submit(self._session.run, None, feed)
        work.add_done_callback(lambda done: loop.call_soon_threadsafe(finish, done))

    def _next_batch(self) -> list[_Waiting]:
        """The frames that waited longest, one per stream: a second one of a stream needs the memory of its first."""
        waiting = self._waiting
        batch: list[_Waiting] = []
        later: list[_Waiting] = []
        streams: set[SileroStream] = set()
        while waiting and len(batch) < MAX_BATCH:
            item = waiting.popleft()
            if item.stream.closed:
                _fail(item, EngineError("this stream was closed while a frame was waiting"))
            elif item.resets != item.stream.resets:
                _settle(item, 0.0)  # given before a reset: not to be heard after it
            elif item.stream in streams:
                later.append(item)
            else:
                streams.add(item.stream)
                batch.append(item)
        waiting.extendleft(reversed(later))
        return batch

    def _answer(self, batch: list[_Waiting], probabilities: list[float]) -> None:
        self.frames_computed += len(batch)
        self.batches_computed += 1
        for waiting, probability in zip(batch, probabilities, strict=True):
            stream = waiting.stream
            silent = probability < SETTLED_BELOW and waiting.resets == stream.resets
            if silent:
                stream.settled += 1
                stream.floor_energy += FLOOR_SHARE * (waiting.energy - stream.floor_energy)
            else:
                stream.settled = 0
            _settle(waiting, probability)


class SileroStream:
    """One microphone's place among the model's memories."""

    __slots__ = ("_passed_by", "_vad", "closed", "floor_energy", "resets", "settled", "slot")

    def __init__(self, vad: SileroVad, slot: int) -> None:
        self._vad = vad
        self.slot = slot
        self.closed = False
        self.resets = 0
        self.settled = 0
        """Frames in a row that were silence to the model."""
        self.floor_energy = 0.0
        """Of a frame of the steady noise, where there is one."""
        self._passed_by: npt.NDArray[np.float32] | None = None
        """The last frame, if the gate answered it."""

    async def probability(self, frame: npt.NDArray[np.int16]) -> float:
        if self.closed:
            raise EngineError("this stream was closed: open another")
        if frame.shape != (FRAME_SAMPLES,) or frame.dtype != np.int16:
            raise BadAudio(
                f"a frame of shape {frame.shape} and type {frame.dtype} cannot be judged: "
                f"({FRAME_SAMPLES},) int16 samples at {SAMPLE_RATE_HZ} Hz are needed"
            )
        wide = frame.astype(np.float32)
        energy = float(np.dot(wide, wide))
        if self.settled >= SETTLED_FRAMES and self._is_nothing(energy):
            self._passed_by = wide
            return 0.0
        if self._passed_by is not None:
            self._vad.slots.keep_context(self.slot, self._passed_by[-CONTEXT_SAMPLES:] * _TO_FLOAT)
            self._passed_by = None
        return await self._vad.judge(self, wide, energy)

    def _is_nothing(self, energy: float) -> bool:
        gate_energy = self._vad.gate_energy
        if not gate_energy:
            return False
        if energy < self.floor_energy:
            # Here the floor only falls: a noise that grows is for the model to judge.
            self.floor_energy += FLOOR_SHARE * (energy - self.floor_energy)
        steady = self.floor_energy <= _LOUDEST_FLOOR_ENERGY and energy < FLOOR_FACTOR * self.floor_energy
        return steady or energy < gate_energy

    def reset(self) -> None:
        if not self.closed:
            self._vad.slots.clear(self.slot)
            self.resets += 1
            self.settled = 0
            self.floor_energy = 0.0
            self._passed_by = None

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._vad.slots.give_back(self.slot)


class SileroProvider:
    """Option `gate_dbfs`: the level of the quiet gate, -60 unless given, or "off"."""

    info = EngineInfo(
        name="silero", kind="vad", title="Silero VAD (built in)", licence="MIT", max_active=4096, max_queued=0
    )

    def check(self, options: Options) -> Availability:
        try:
            _gate_dbfs(options)
        except ConfigurationError as error:
            return Availability(available=False, reason=error.message)
        model = find_model()
        if model is None:
            return Availability(available=False, reason="Silero's ONNX model is not installed", remedy=REMEDY)
        if importlib.util.find_spec("onnxruntime") is None:
            return Availability(available=False, reason="onnxruntime is missing", remedy="pip install onnxruntime")
        return Availability(
            available=True, facts={"model": str(model), "onnxruntime": importlib.metadata.version("onnxruntime")}
        )

    @asynccontextmanager
    async def open(self, options: Options) -> AsyncGenerator[SileroVad, None]:
        gate_dbfs = _gate_dbfs(options)
        vad = SileroVad(await asyncio.to_thread(load_model), gate_dbfs=gate_dbfs)
        try:
            yield vad
        finally:
            await vad.aclose()


provider = SileroProvider()


def _energy(level_dbfs: float) -> float:
    """Of a frame at int16 scale with this root mean square."""
    return FRAME_SAMPLES * 10.0 ** (level_dbfs / 10.0) * FULL_SCALE**2


_LOUDEST_FLOOR_ENERGY = _energy(LOUDEST_FLOOR_DBFS)


def _settle(waiting: _Waiting, probability: float) -> None:
    if not waiting.answer.done():
        waiting.answer.set_result(probability)


def _fail(waiting: _Waiting, error: EngineError) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(error)


def _gate_dbfs(options: Options) -> float | None:
    unknown = set(options) - {"gate_dbfs"}
    if unknown:
        raise ConfigurationError(f"silero has no option {', '.join(sorted(unknown))}: its only one is 'gate_dbfs'")
    given = options.get("gate_dbfs", str(DEFAULT_GATE_DBFS))
    if given == "off":
        return None
    try:
        gate_dbfs = float(given)
    except ValueError:
        gate_dbfs = float("nan")
    if not -120.0 <= gate_dbfs <= -40.0:
        raise ConfigurationError(
            f"silero's option 'gate_dbfs' is {given!r}: 'off' or a level from -120 to -40 is needed"
        )
    return gate_dbfs
