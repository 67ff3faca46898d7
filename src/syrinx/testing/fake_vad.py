"""A voice activity detector without a model: it follows a script, or hears speech wherever it is loud."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from syrinx.audio.levels import rms_dbfs
from syrinx.engines.vad.contract import FRAME_SAMPLES, VadCapabilities
from syrinx.errors import BadAudio, EngineError


class ScriptedVad:
    """`script` gives one probability per frame to each new stream, and 0 after its end; without it loudness decides."""

    def __init__(self, script: Iterable[float] | None = None, *, speech_dbfs: float = -40.0) -> None:
        self.capabilities = VadCapabilities(max_batch=1)
        self.open_streams = 0
        self.frames_heard = 0
        self.error: EngineError | None = None
        """Raised by every further frame while set."""
        self.speech_dbfs = speech_dbfs
        self._script = None if script is None else tuple(script)

    def stream(self) -> ScriptedVadStream:
        self.open_streams += 1
        return ScriptedVadStream(self, None if self._script is None else iter(self._script))


class ScriptedVadStream:
    def __init__(self, vad: ScriptedVad, script: Iterator[float] | None) -> None:
        self.resets = 0
        self._vad = vad
        self._script = script
        self._closed = False

    async def probability(self, frame: npt.NDArray[np.int16]) -> float:
        if self._closed:
            raise EngineError("this stream was closed: open another")
        if frame.shape != (FRAME_SAMPLES,):
            raise BadAudio(f"a frame of shape {frame.shape} cannot be judged: ({FRAME_SAMPLES},) is needed")
        if self._vad.error is not None:
            raise self._vad.error
        self._vad.frames_heard += 1
        if self._script is not None:
            return next(self._script, 0.0)
        return 0.95 if rms_dbfs(frame) >= self._vad.speech_dbfs else 0.02

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._vad.open_streams -= 1
