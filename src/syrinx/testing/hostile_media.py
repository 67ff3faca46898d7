"""Thousands of hostile recordings, the same from the same seed: real ones that were mutated, and made ones."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from syrinx.testing.hostile_files import bombs, headers_that_lie, playlists, polyglots

_SIZES: Final = (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 63, (1 << 63) - 1, (1 << 64) - 1)
_NAMED: Final = (
    *(b"fmt ", b"data", b"LIST", b"idx1", b"COMM", b"SSND", b"ftyp", b"moov", b"mdat", b"trak", b"mdhd", b"mvhd"),
    *(b"stbl", b"stsd", b"stsz", b"stco", b"stsc", b"stts", b"esds", b"strh", b"strf", b"movi", b"OpusHead", b"OggS"),
)
"""What sizes and counts stand beside in chunks and boxes."""
_HEAD: Final = 512
"""Where most of what a demuxer believes stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileFile:
    name: str
    """What was done, for a test that fails."""
    content: bytes


def hostile_media(whole: Mapping[str, bytes], *, count: int, seed: int, port: int) -> Iterator[HostileFile]:
    """`count` files: each of the made ones once, the rest mutations of the recordings `whole` (by container).

    `whole` has at least "mp3", "flac" and "ogg". What names an address names 127.0.0.1 and `port`.
    """
    seeded = random.Random(seed)  # noqa: S311 - the same files every time
    made = [*playlists(port), *polyglots(whole, port), *headers_that_lie(whole), *bombs()]
    seeded.shuffle(made)
    for name, content in made[:count]:
        yield HostileFile(name=name, content=content)
    kinds = sorted(whole)
    for number in range(max(0, count - len(made))):
        kind = kinds[number % len(kinds)]
        mutation = seeded.choice(_MUTATIONS)
        other = whole[seeded.choice(kinds)]
        yield HostileFile(
            name=f"{kind}-{mutation.__name__.strip('_')}-{number}",
            content=mutation(seeded, bytearray(whole[kind]), other),
        )


def _place(seeded: random.Random, raw: bytearray) -> int:
    return seeded.randrange(max(1, min(len(raw), seeded.choice((32, 128, _HEAD, 4096, len(raw))))))


def _bits_flipped(seeded: random.Random, raw: bytearray, _other: bytes) -> bytes:
    for _ in range(seeded.choice((1, 4, 32, 256))):
        raw[_place(seeded, raw)] ^= 1 << seeded.randrange(8)
    return bytes(raw)


def _bytes_set(seeded: random.Random, raw: bytearray, _other: bytes) -> bytes:
    for _ in range(seeded.choice((1, 4, 32))):
        raw[_place(seeded, raw)] = seeded.choice((0, 0x7F, 0x80, 0xFF, seeded.randrange(256)))
    return bytes(raw)


def _truncated(seeded: random.Random, raw: bytearray, _other: bytes) -> bytes:
    return bytes(raw[: _place(seeded, raw)])


def _beheaded(seeded: random.Random, raw: bytearray, _other: bytes) -> bytes:
    begin = seeded.randrange(4, 64)
    return bytes(raw[:begin] + raw[begin + seeded.randrange(1, _HEAD) :])


def _spliced(seeded: random.Random, raw: bytearray, other: bytes) -> bytes:
    return bytes(raw[: _place(seeded, raw)]) + other[seeded.randrange(len(other)) :]


def _swapped(seeded: random.Random, raw: bytearray, _other: bytes) -> bytes:
    """Two parts change places."""
    a, b, c = sorted(_place(seeded, raw) for _ in range(3))
    return bytes(raw[:a] + raw[b:c] + raw[a:b] + raw[c:])


def _repeated(seeded: random.Random, raw: bytearray, _other: bytes) -> bytes:
    a, b = sorted(_place(seeded, raw) for _ in range(2))
    return bytes(raw[:b] + raw[a:b][:_HEAD] * seeded.choice((1, 10, 200)) + raw[b:])


def _blanked(seeded: random.Random, raw: bytearray, _other: bytes) -> bytes:
    at = _place(seeded, raw)
    length = seeded.choice((4, 16, 256, 4096))
    raw[at : at + length] = seeded.choice((b"\0", b"\xff")) * len(raw[at : at + length])
    return bytes(raw)


def _noise_put_in(seeded: random.Random, raw: bytearray, _other: bytes) -> bytes:
    at = _place(seeded, raw)
    return bytes(raw[:at]) + seeded.randbytes(seeded.choice((1, 7, 100, 2000))) + bytes(raw[at:])


def _size_replaced(seeded: random.Random, raw: bytearray, _other: bytes) -> bytes:
    """A number anywhere at the beginning, or beside the name of a chunk."""
    for _ in range(seeded.choice((1, 2, 5))):
        size = seeded.choice(_SIZES)
        order, letter = seeded.choice("<>"), "Q" if size > 0xFFFFFFFF else seeded.choice("IQ")
        number = struct.pack(order + letter, size)
        at = _beside_a_name(seeded, raw) if seeded.random() < 0.6 else _place(seeded, raw)
        raw[at : at + len(number)] = number[: len(raw[at : at + len(number)])]
    return bytes(raw)


def _beside_a_name(seeded: random.Random, raw: bytearray) -> int:
    found = [(at, len(name)) for name in _NAMED if (at := raw.find(name)) >= 0]
    if not found:
        return _place(seeded, raw)
    at, length = seeded.choice(found)
    return max(0, at + seeded.choice((-4, length, length + 4, length + 8, length + 12)))


_MUTATIONS: Final[tuple[Callable[[random.Random, bytearray, bytes], bytes], ...]] = (
    _bits_flipped,
    _bytes_set,
    _truncated,
    _beheaded,
    _spliced,
    _swapped,
    _repeated,
    _blanked,
    _noise_put_in,
    _size_replaced,
    _size_replaced,
)
