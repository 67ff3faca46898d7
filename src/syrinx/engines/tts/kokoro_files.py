"""Which files of a folder are Kokoro's model and voices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from syrinx.errors import EngineUnavailable

REMEDY = "syrinx models pull kokoro"


@dataclass(frozen=True, slots=True, kw_only=True)
class KokoroFiles:
    model: Path
    voices: Path


def find_files(folder: str | None) -> KokoroFiles:
    """Look into the folder, reading no file. Of several models the one with the shortest name is meant: the others are
    called for what was left out of them. Raises EngineUnavailable, saying what is missing and how to get it.
    """
    if not folder:
        raise EngineUnavailable(f"no Kokoro model is installed: {REMEDY}")
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise EngineUnavailable(f"the folder {path} of the Kokoro model is missing: {REMEDY}")
    model = _shortest(path, "*.onnx")
    voices = _shortest(path, "voices*.bin") or _shortest(path, "voices*.npz")
    if model is None or voices is None:
        missing = "model (*.onnx)" if model is None else "voices (voices*.bin or voices*.npz)"
        raise EngineUnavailable(f"{path} holds no {missing} of Kokoro: {REMEDY}")
    return KokoroFiles(model=model, voices=voices)


def _shortest(folder: Path, pattern: str) -> Path | None:
    found = [path for path in folder.glob(pattern) if path.is_file()]
    return min(found, key=lambda path: (len(path.name), path.name), default=None)
