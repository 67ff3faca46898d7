"""What keeps a voice steady: the last few clips that a character spoke, for engines that take them."""

from __future__ import annotations

from collections import deque
from typing import Final

from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk

MAX_CLIPS: Final = 5
"""Seed 2: the last 3 to 5 chunks."""

MAX_CLIP_MS: Final = 6000.0
"""Of a longer clip the end is kept: what the voice sounded like last."""


class VoiceContext:
    """Clips by character and voice, never mixed; forgotten when another character takes over, or by `clear`.

    Bounded: 5 clips of 6 s per character that speaks within one turn.
    """

    def __init__(self) -> None:
        self._clips: dict[tuple[str, str | None], deque[PcmChunk]] = {}
        self._answering: str | None = None

    def turn_of(self, character: str) -> None:
        """This character answers now; if it is another than before, all that was kept is forgotten."""
        if character != self._answering:
            self.clear()
            self._answering = character

    def add(self, character: str, voice: str | None, clip: PcmChunk) -> None:
        """Keep a finished sentence."""
        if not clip.pcm:
            return
        longest = BYTES_PER_SAMPLE * round(MAX_CLIP_MS * clip.sample_rate_hz / 1000)
        if len(clip.pcm) > longest:
            clip = PcmChunk(pcm=clip.pcm[-longest:], sample_rate_hz=clip.sample_rate_hz)
        self._clips.setdefault((character, voice), deque(maxlen=MAX_CLIPS)).append(clip)

    def clips(self, character: str, voice: str | None) -> tuple[PcmChunk, ...]:
        """Oldest first; none for a voice that has not spoken since the last change."""
        return tuple(self._clips.get((character, voice), ()))

    def clear(self) -> None:
        self._clips.clear()
        self._answering = None
