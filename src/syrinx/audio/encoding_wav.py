"""Sound that needs no codec: bare samples, and WAV with its length and tags up front."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

from syrinx.audio.pcm import PcmChunk
from syrinx.audio.wav import wav_header
from syrinx.errors import BadAudio

# The first-level identifiers of LIST/INFO (Multimedia Programming Interface and Data Specifications 1.0, chapter 2).
_INFO_NAMES: Final = {
    "title": b"INAM",
    "artist": b"IART",
    "album": b"IPRD",
    "comment": b"ICMT",
    "copyright": b"ICOP",
    "date": b"ICRD",
    "genre": b"IGNR",
}
_FORMAT_END = 36


class SampleCount:
    """Counts one stream's samples against what was promised; refuses another rate than it was opened at."""

    def __init__(self, sample_rate_hz: int, promised: int | None) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._promised = promised
        self._open = True
        self.counted = 0

    def add(self, chunk: PcmChunk) -> None:
        """Raises BadAudio on another rate, on more than was promised, and after the end."""
        if not self._open:
            raise BadAudio("this encoder has finished: a further stream needs one of its own")
        if chunk.sample_rate_hz != self._sample_rate_hz:
            raise BadAudio(f"a chunk of {chunk.sample_rate_hz} Hz in a stream of {self._sample_rate_hz} Hz")
        if self._promised is not None and self.counted + chunk.sample_count > self._promised:
            raise BadAudio(f"more than the {self._promised} samples that were promised")
        self.counted += chunk.sample_count

    def end(self) -> None:
        """Raises BadAudio when fewer came than were promised, and when called again."""
        if not self._open:
            raise BadAudio("this encoder has finished already")
        self._open = False
        if self._promised is not None and self.counted != self._promised:
            raise BadAudio(f"{self.counted} samples came where {self._promised} were promised")

    def close(self) -> None:
        """Nothing more is accepted."""
        self._open = False


class PlainEncoder:
    """A header, which may be empty, and then the samples as they are."""

    blocks: bool = False

    def __init__(self, header: bytes, *, count: SampleCount) -> None:
        self._header = header
        self._count = count

    def encode(self, chunk: PcmChunk) -> bytes:
        self._count.add(chunk)
        return self._taken_header() + chunk.pcm

    def finish(self) -> bytes:
        self._count.end()
        return self._taken_header()

    def close(self) -> None:
        self._count.close()

    def _taken_header(self) -> bytes:
        header, self._header = self._header, b""
        return header


def tagged_wav_header(sample_rate_hz: int, samples: int | None, tags: Mapping[str, str]) -> bytes:
    """A WAV header with a LIST/INFO chunk between the format and the samples, where there are tags."""
    plain = wav_header(sample_rate_hz, samples)
    if not tags:
        return plain
    entries = b"".join(_info_entry(_INFO_NAMES[name], text) for name, text in tags.items())
    listed = b"LIST" + struct.pack("<I", 4 + len(entries)) + b"INFO" + entries
    (riff_bytes,) = struct.unpack_from("<I", plain, 4)
    if samples is not None:
        riff_bytes += len(listed)
    return plain[:4] + struct.pack("<I", riff_bytes) + plain[8:_FORMAT_END] + listed + plain[_FORMAT_END:]


def _info_entry(name: bytes, text: str) -> bytes:
    """One zero-terminated string; chunks begin at even offsets, the padding is not counted."""
    encoded = text.encode() + b"\0"
    return name + struct.pack("<I", len(encoded)) + encoded + b"\0" * (len(encoded) % 2)
