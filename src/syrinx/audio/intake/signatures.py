"""Which container a file is, by its first bytes: only what is known here ever reaches a demuxer.

Names and declared types say nothing: a playlist that is called speech.wav would have files and addresses opened that
its sender may not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HEAD_BYTES: Final = 4096
"""So much of a file is looked at."""

KNOWN: Final = "WAV, MP3, OGG, WebM, MP4, M4A, MOV, MKV, FLAC, AAC, AIFF, AMR, AVI or FLV"


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    name: str
    """As people call it, in lower case."""
    demuxer: str
    """As FFmpeg calls what reads it: that one is used and no other is tried."""


_MP3: Final = Container(name="mp3", demuxer="mp3")
_AAC: Final = Container(name="aac", demuxer="aac")
_FLAC: Final = Container(name="flac", demuxer="flac")
_ID3_HEADER_BYTES: Final = 10
_BY_BEGINNING: Final = (
    (b"OggS", Container(name="ogg", demuxer="ogg")),
    (b"fLaC", _FLAC),
    (b"#!AMR\n", Container(name="amr", demuxer="amr")),
    (b"#!AMR-WB\n", Container(name="amr", demuxer="amr")),
    (b"FLV\x01", Container(name="flv", demuxer="flv")),
)
_BY_FORM: Final = {
    (b"RIFF", b"WAVE"): Container(name="wav", demuxer="wav"),
    (b"RF64", b"WAVE"): Container(name="wav", demuxer="wav"),
    (b"RIFF", b"AVI "): Container(name="avi", demuxer="avi"),
    (b"FORM", b"AIFF"): Container(name="aiff", demuxer="aiff"),
    (b"FORM", b"AIFC"): Container(name="aiff", demuxer="aiff"),
}
_ATOMS: Final = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"})
"""A QuickTime file begins with one of these, an MP4 with the first."""


def container_of(head: bytes, *, after_tag: bytes = b"") -> Container | None:
    """`head`: the file's first `HEAD_BYTES`. None where it is nothing that is known here.

    `after_tag`: where the file begins with an ID3 tag (`tag_bytes`), what follows that: MP3s have one, but so may AAC
    and FLAC.
    """
    if head.startswith(b"ID3"):
        return _frames(after_tag) or (_FLAC if after_tag.startswith(b"fLaC") else _MP3)
    for beginning, container in _BY_BEGINNING:
        if head.startswith(beginning):
            return container
    if (form := _BY_FORM.get((head[:4], head[8:12]))) is not None:
        return form
    if head.startswith(b"\x1a\x45\xdf\xa3"):  # EBML (RFC 8794); the document's type stands in its header
        return Container(name="webm" if b"webm" in head[:64] else "mkv", demuxer="matroska")
    if head[4:8] in _ATOMS:
        movie = head[4:8] != b"ftyp" or head[8:12] == b"qt  "
        name = "mov" if movie else "m4a" if head[8:11] == b"M4A" else "mp4"
        return Container(name=name, demuxer="mov")
    return _frames(head)


def tag_bytes(head: bytes) -> int:
    """The length of the ID3v2 tag at the beginning (id3.org, section 3.1); 0 where there is none."""
    if not head.startswith(b"ID3") or len(head) < _ID3_HEADER_BYTES:
        return 0
    length = 0
    for seven_bits in head[6:10]:
        length = length << 7 | seven_bits & 0x7F
    return _ID3_HEADER_BYTES + length


def _frames(head: bytes) -> Container | None:
    """Bare frames of MPEG audio (ISO 11172-3, 2.4.2.3) or of AAC in ADTS (ISO 13818-7, 6.2)."""
    if len(head) < 4 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:
        return _AAC
    is_synchronous = head[1] & 0xE0 == 0xE0
    is_possible = head[1] & 0x18 != 0x08 and head[1] & 0x06 and head[2] & 0xF0 != 0xF0 and head[2] & 0x0C != 0x0C
    return _MP3 if is_synchronous and is_possible else None
