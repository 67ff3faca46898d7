"""The options of the local language model, read and bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from syrinx.engines.contract import Options
from syrinx.errors import ConfigurationError

DEVICES: Final = ("auto", "cpu", "cuda")
COMPUTE_TYPES: Final = (
    *("auto", "int8", "int8_float32", "int8_float16", "int8_bfloat16"),
    *("int16", "float16", "bfloat16", "float32"),
)
CONTEXT_TOKENS: Final[Mapping[str, int]] = {"cpu": 1_536, "cuda": 4_096}
"""Unless set. While a prompt is read nothing can be cancelled, and the first word waits for it: on two cores half a
billion parameters read 1,000 tokens in 3 s, 1,500 in 5.5 s and 3,000 in 17 s (bench/mind.py)."""
MAX_TOKENS: Final = 512
_KNOWN = ("path", "model", "threads", "compute_type", "device", "context_tokens", "max_tokens")
_LEAST_CONTEXT, _MOST_CONTEXT = 256, 131_072


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings:
    path: Path
    model: str
    """What people and capabilities call it."""
    threads: int | None
    """None: as many as this process may use, at most 8."""
    compute_type: str
    device: str
    context_tokens: int | None
    """Conversation and reply together; None: by the device and the model."""
    max_tokens: int
    """The longest reply, unless a request says otherwise."""


def read_settings(options: Options) -> LocalSettings:
    """Raises ConfigurationError that names the option and what would be right."""
    if unknown := sorted(set(options) - set(_KNOWN)):
        raise ConfigurationError(f"the local engine has no option '{unknown[0]}': its options are {', '.join(_KNOWN)}")
    given = {name: text for name, value in options.items() if (text := value.strip())}
    if "path" not in given:
        raise ConfigurationError("no local language model is installed")
    path = Path(given["path"]).expanduser()
    return LocalSettings(
        path=path,
        model=given.get("model", path.name),
        threads=_number(given, "threads", 1, 256),
        compute_type=_one_of(given, "compute_type", COMPUTE_TYPES),
        device=_one_of(given, "device", DEVICES),
        context_tokens=_number(given, "context_tokens", _LEAST_CONTEXT, _MOST_CONTEXT),
        max_tokens=_number(given, "max_tokens", 1, _MOST_CONTEXT) or MAX_TOKENS,
    )


def _one_of(given: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = given.get(name, allowed[0])
    if value not in allowed:
        raise ConfigurationError(f"`{name}` is one of {', '.join(allowed)}, not '{value}'")
    return value


def _number(given: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 9) or not least <= int(text) <= most:
        raise ConfigurationError(f"`{name}` is a whole number from {least} to {most}, not '{text}'")
    return int(text)
