"""A WAV file that is read while it still arrives."""

from __future__ import annotations

import struct
from typing import Final

from syrinx.audio.pcm import BYTES_PER_SAMPLE, PcmChunk
from syrinx.audio.wav import read_wav
from syrinx.errors import BadAudio, TooLarge

_LARGEST_HEADER_BYTES: Final = 64 << 10
_LARGEST_FILE_BYTES: Final = 256 << 20
_PLAIN: Final = (0x0001, 1, 16)
"""Tag, channels and bits of what can be passed on as it comes: mono s16le."""


class WavStream:
    """Mono s16le is given as it arrives; WAV of another layout at the end, once it can be read as a whole.

    Sizes that a streaming writer could not know mean "until the end". Raises BadAudio on what is no WAV, TooLarge on
    a header or a file past all bounds.
    """

    def __init__(self) -> None:
        self._head = bytearray()
        """All that came, as long as no samples can be passed on."""
        self._rate_hz = 0
        self._plain: bool | None = None
        self._left: int | None = None
        """Bytes of samples still to come; None where nobody knows."""
        self._odd = b""

    def feed(self, data: bytes) -> PcmChunk | None:
        """What can be heard now."""
        if self._plain:
            return self._passed(data)
        self._head += data
        begin = self._begin_of_samples() if self._plain is None else None
        if begin is not None and self._plain:
            samples, self._head = bytes(self._head[begin:]), bytearray()
            return self._passed(samples)
        if len(self._head) > (_LARGEST_HEADER_BYTES if self._plain is None else _LARGEST_FILE_BYTES):
            raise TooLarge("the WAV file that came is larger than any speech: something else was sent")
        return None

    def finish(self) -> PcmChunk | None:
        """The rest."""
        return None if self._plain else read_wav(bytes(self._head))

    def _passed(self, data: bytes) -> PcmChunk | None:
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        data = self._odd + data
        whole = len(data) - len(data) % BYTES_PER_SAMPLE
        self._odd = data[whole:]
        return PcmChunk(pcm=data[:whole], sample_rate_hz=self._rate_hz) if whole else None

    def _begin_of_samples(self) -> int | None:
        """Where they begin; None as long as the header is not complete."""
        head = self._head
        if len(head) >= 4 and not head.startswith(b"RIFF"):
            raise BadAudio("this is not a WAV file, as which it was sent")
        position, form = 12, (0, 0, 0)
        while position + 8 <= len(head):
            name, size = struct.unpack_from("<4sI", head, position)
            position += 8
            if name == b"fmt " and position + 16 <= len(head):
                tag, channels, self._rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", head, position)
                form = (tag, channels, bits)
            if name == b"data":
                self._plain = form == _PLAIN and self._rate_hz > 0
                self._left = None if size in (0, 0xFFFFFFFF) else size
                return position
            position += size + size % 2
        return None
