"""What the intake gives: a file from outside whose sound can be read."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from typing import BinaryIO, Protocol

from syrinx.audio.pcm import PcmChunk


class DecodedMedia(Protocol):
    """A file whose beginning has been decoded, so that it is known to be sound."""

    @property
    def container(self) -> str:
        """Its short name: "wav", "mp3", "webm", "ogg", "mp4", "flac", "amr", ..."""
        ...

    @property
    def duration_ms(self) -> float | None:
        """As the container claims; None where it says nothing."""
        ...

    def chunks(self) -> AsyncGenerator[PcmChunk, None]:
        """Mono, at the rate asked for; to be read once. Raises BadAudio where it is damaged or too long."""
        ...


class OpenMedia(Protocol):
    def __call__(self, file: BinaryIO, *, sample_rate_hz: int = 16_000) -> AbstractAsyncContextManager[DecodedMedia]:
        """`file` is read from its beginning. Leaving the context ends the process and leaves nothing behind.

        Raises BadAudio when it is no sound that can be read, with what would be right; TooLarge.
        """
        ...
