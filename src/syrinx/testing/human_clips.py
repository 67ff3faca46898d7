"""A person reading: short recordings that come with Syrinx, for tests, benchmarks and `syrinx verify`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from syrinx.audio import PcmChunk, read_wav, resample

RECORDINGS: Final = Path(__file__).parent / "recordings"
"""Each NAME.wav has what is said in NAME.txt; the licence stands in README.md."""

SAMPLE_RATE_HZ: Final = 16_000
LANGUAGE: Final = "en"
"""What is spoken in all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanClip:
    name: str
    text: str
    """What is said, as written by the makers of the recording."""
    audio: PcmChunk
    """At 16 kHz."""


@cache
def human_clips() -> tuple[HumanClip, ...]:
    """All of them, by name; read from files at the first call, which blocks for some ten milliseconds."""
    return tuple(
        HumanClip(
            name=path.stem,
            text=path.with_suffix(".txt").read_text(encoding="utf-8").strip(),
            audio=resample(read_wav(path), SAMPLE_RATE_HZ),
        )
        for path in sorted(RECORDINGS.glob("*.wav"))
    )


def longest_clip(clips: Sequence[HumanClip] | None = None) -> HumanClip:
    """Some seconds of speech, for measuring how fast an ear is; None chooses among all."""
    return max(human_clips() if clips is None else clips, key=lambda clip: clip.audio.duration_ms)
