"""Kokoro's ONNX model and its voices: found in a folder, loaded into one session, run from several threads.

Import this only when the engine is opened: it loads onnxruntime.
"""

from __future__ import annotations

import os
import threading
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from syrinx.engines.freed_memory import give_back_freed_memory
from syrinx.engines.tts.kokoro_clips import SAMPLE_RATE_HZ, Floats
from syrinx.engines.tts.kokoro_files import REMEDY, KokoroFiles
from syrinx.errors import EngineError, EngineUnavailable

# Read by the library when it is imported; from 1.29 on it would otherwise report home.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import kokoro_onnx
import onnxruntime

STYLE_SIZE = 256


class Stop:
    """Ends the model's runs for one request, the one under way within some ms; may be called from any thread."""

    def __init__(self) -> None:
        self.options = onnxruntime.RunOptions()
        self.is_stopped = False

    def stop(self) -> None:
        self.is_stopped = True
        self.options.terminate = True


class KokoroModel:
    """One session that several threads run at once. All methods block; `close` when no run is under way."""

    def __init__(self, session: StoppableSession, voices_path: Path) -> None:
        self._session = session
        self._kokoro = kokoro_onnx.Kokoro.from_session(session, str(voices_path))
        self._styles = _styles(self._kokoro.voices)
        self.known: frozenset[str] = frozenset(self._kokoro.tokenizer.vocab)
        self.has_times: bool = self._kokoro.has_timings
        # Some exports take whole numbers only, of which 1 is the one that is speech.
        takes_fractions = any(given.name == "speed" and "float" in given.type for given in session.get_inputs())
        self.speeds = (0.5, 2.0) if takes_fractions else (1.0, 1.0)

    @property
    def voice_ids(self) -> Sequence[str]:
        return tuple(self._styles)

    def style(self, shares: Sequence[tuple[str, float]]) -> Floats:
        """The style of a voice or mix of them, a row for each number of phonemes."""
        if len(shares) == 1:
            return self._styles[shares[0][0]]
        weights = np.array([share for _, share in shares], dtype=np.float32)
        rows = min(len(self._styles[voice]) for voice, _ in shares)
        return np.tensordot(weights, np.stack([self._styles[voice][:rows] for voice, _ in shares]), axes=1)

    def speak(self, phonemes: str, *, style: Floats, speed: float, stop: Stop) -> tuple[Floats, list[float]]:
        """The sound of at most 510 phonemes, about -1 to 1, and where each of them begins, in samples.

        There are no beginnings where the model does not tell, nor sound of a run that was stopped. Raises EngineError.
        """
        try:
            with self._session.stoppable(stop):
                audio, _, timings = self._kokoro.create_timed(
                    phonemes, style, speed, is_phonemes=True, trim=False, sentence_pause=0.0, clause_pause=0.0
                )
        except Exception as error:
            if stop.is_stopped:
                return np.zeros(0, dtype=np.float32), []
            raise EngineError(f"Kokoro's model failed: {error}") from error
        if not audio.size or not np.isfinite(audio).all():
            raise EngineError("Kokoro's model gave no sound: its file may be damaged, or made for another device")
        return np.asarray(audio, dtype=np.float32), [timing.start * SAMPLE_RATE_HZ for timing in timings]

    def close(self) -> None:
        """Free the weights; nothing can be spoken any more."""
        del self._session, self._kokoro
        give_back_freed_memory()


class StoppableSession(onnxruntime.InferenceSession):
    """A session whose runs from a thread obey the `Stop` that this thread has set."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._of_thread = threading.local()

    def stoppable(self, stop: Stop) -> _Stopping:
        return _Stopping(self._of_thread, stop)

    def run(self, output_names: Any, input_feed: Any, run_options: Any = None) -> Any:
        stop: Stop | None = getattr(self._of_thread, "stop", None)
        return super().run(output_names, input_feed, stop.options if stop is not None else run_options)


class _Stopping:
    def __init__(self, of_thread: threading.local, stop: Stop) -> None:
        self._of_thread = of_thread
        self._stop = stop

    def __enter__(self) -> None:
        self._of_thread.stop = self._stop

    def __exit__(self, *_: object) -> None:
        self._of_thread.stop = None


def load_model(files: KokoroFiles, *, threads: int, device: str) -> KokoroModel:
    """Load, and speak a word so that the first listener does not wait for what a first run prepares.

    `threads` work on one run together. Raises EngineUnavailable for files that are damaged or not Kokoro's.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    # Otherwise a plan of the memory is kept for each length of text that was ever spoken.
    options.enable_mem_pattern = False
    # Threads that wait would turn in a loop, each for a whole processor.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    try:
        session = StoppableSession(str(files.model), options, providers=_providers(device))
    except Exception as error:
        if isinstance(error, EngineUnavailable):
            raise
        raise EngineUnavailable(f"{files.model} cannot be loaded ({error}): {REMEDY}") from error
    _check_shape(session, files.model)
    try:
        model = KokoroModel(session, files.voices)
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise EngineUnavailable(f"{files.voices} holds no voices that can be read ({error}): {REMEDY}") from error
    try:
        model.speak("həlˈO.", style=model.style([(model.voice_ids[0], 1.0)]), speed=1.0, stop=Stop())
    except EngineError as error:
        raise EngineUnavailable(f"{files.model} does not speak ({error.message}): {REMEDY}") from error
    return model


def _providers(device: str) -> list[str]:
    available = onnxruntime.get_available_providers()
    if device == "cuda" and "CUDAExecutionProvider" not in available:
        raise EngineUnavailable("onnxruntime has no CUDA here: pip install onnxruntime-gpu, or set device to cpu")
    cuda = device != "cpu" and "CUDAExecutionProvider" in available
    return ["CUDAExecutionProvider", "CPUExecutionProvider"] if cuda else ["CPUExecutionProvider"]


def _check_shape(session: onnxruntime.InferenceSession, path: Path) -> None:
    names = {given.name for given in session.get_inputs()}
    if names not in ({"tokens", "style", "speed"}, {"input_ids", "style", "speed"}):
        raise EngineUnavailable(f"{path} has the inputs {', '.join(sorted(names))}, not those of Kokoro: {REMEDY}")


def _styles(voices: Any) -> Mapping[str, Floats]:
    """All voices of the file, which is closed. Raises ValueError for one that is no style of Kokoro's."""
    if not isinstance(voices, np.lib.npyio.NpzFile):
        raise ValueError("it is no collection of voices by name")  # noqa: TRY004 - a file's content, not an argument
    styles: dict[str, Floats] = {}
    with voices:
        for name in voices.files:
            style = cast("Floats", voices[name])
            if style.ndim == 2:
                style = style[:, None, :]
            if style.ndim != 3 or style.shape[1:] != (1, STYLE_SIZE) or not len(style) or style.dtype.kind != "f":
                raise ValueError(f"the voice {name!r} has the shape {style.shape}, where (510, 1, {STYLE_SIZE}) is one")
            styles[name] = style.astype(np.float32)
    if not styles:
        raise ValueError("there is none in it")
    return styles
