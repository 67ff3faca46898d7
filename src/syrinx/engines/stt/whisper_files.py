"""What the files of a Whisper model tell before it is loaded: whether they are whole, and what it was taught."""

from __future__ import annotations

import json
import os
import re
import struct
from pathlib import Path
from typing import BinaryIO, Final

_KNOWN_FORMATS: Final = (5, 6)
"""Versions of CTranslate2's binary format whose variables are laid out as `_variables` reads them."""
_MOST_VARIABLES: Final = 100_000
_LAYER: Final = re.compile(r"(encoder|decoder)/layer_(\d+)/")


def broken(folder: Path) -> str:
    """What is wrong with a folder that should hold a model, one clause; "" where all that can be seen is right."""
    if not folder.is_dir():
        return f"{folder} is not a folder"
    # Without tokenizer.json the library would ask the hub for one.
    missing = [name for name in ("model.bin", "config.json", "tokenizer.json") if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in ("vocabulary.json", "vocabulary.txt")):
        missing.append("vocabulary.json")
    if missing:
        return f"{folder} lacks {', '.join(missing)}"
    for name in ("config.json", "tokenizer.json", "preprocessor_config.json"):
        path = folder / name
        try:
            if path.exists() and not isinstance(json.loads(path.read_text(encoding="utf-8")), dict):
                return f"{path} does not hold a JSON object"
        except (OSError, ValueError) as error:
            return f"{path} cannot be read: {error}"
    try:
        kind = _kind(folder / "model.bin")
    except OSError as error:
        return f"{folder / 'model.bin'} cannot be read: {error}"
    return "" if kind == "WhisperSpec" else f"{folder / 'model.bin'} is not a Whisper model of CTranslate2"


def is_distilled(model: Path) -> bool:
    """Whether the decoder was made smaller than the encoder; False where the file does not tell.

    OpenAI's large-v3-turbo (32 and 4 layers) and the Distil-Whispers (2 or 4) were then trained on transcribing alone:
    asked to translate they write something, mostly in the language that is spoken. OpenAI's other models have as many
    layers in both.
    """
    try:
        with model.open("rb") as file:
            layers: dict[str, set[int]] = {"encoder": set(), "decoder": set()}
            for name in _variables(file):
                if found := _LAYER.match(name):
                    layers[found[1]].add(int(found[2]))
    except (OSError, ValueError, struct.error):
        return False
    return len(layers["decoder"]) < len(layers["encoder"])


def _kind(model: Path) -> str:
    """The name of the specification, which CTranslate2 writes behind the version of its binary format."""
    with model.open("rb") as file:
        try:
            file.seek(4)
            return _string(file)
        except (ValueError, struct.error):
            return ""


def _variables(file: BinaryIO) -> list[str]:
    """The names of a model's variables; their values are skipped. Raises ValueError where it is no such file."""
    size = os.fstat(file.fileno()).st_size
    (version,) = _read(file, "<I")
    if version not in _KNOWN_FORMATS:
        raise ValueError(f"format {version} is not one of {_KNOWN_FORMATS}")
    _string(file)
    _, count = _read(file, "<II")
    names: list[str] = []
    for _ in range(min(count, _MOST_VARIABLES)):
        names.append(_string(file))
        (rank,) = _read(file, "<B")
        _read(file, f"<{rank}I")
        _, length = _read(file, "<BI")
        if file.seek(length, os.SEEK_CUR) > size:
            raise ValueError("the file ends within a variable")
    return names


def _string(file: BinaryIO) -> str:
    (length,) = _read(file, "<H")
    return file.read(length).rstrip(b"\0").decode("ascii")


def _read(file: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(form, file.read(struct.calcsize(form)))
