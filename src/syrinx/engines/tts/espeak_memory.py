"""What a copy of espeak-ng keeps from one utterance to the next, found so that it can be put back.

The library goes on where it stopped with the slow trembling of its voice and with a few numbers of its wave. So equal
requests would sound a little different, and differ in length by some samples. It has no call to begin anew but being
loaded again, which takes longer than most sentences. The variables are therefore looked up in the file's own table of
symbols (ELF; espeak-ng 1.52 as espeakng-loader builds it).
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

_KEPT: Final = ("Flutter_ix", "cycle_count", "amplitude2", "cycle_samples", "phaseinc", "wavephase")
"""Static integers of `wavegen.c`: a compiler adds a number behind those that belong to one function."""
_LANDMARK: Final = "espeak_Synth"
_SYMBOL_TABLE: Final = 2
_OBJECT: Final = 1
_ELSEWHERE: Final = (0, 0xFF00)
"""Sections that are none: undefined, and from there on reserved."""
_SYMBOL: Final = struct.Struct("<IBBHQQ")
_SECTION: Final = struct.Struct("<IIQQQQIIQQ")


class _Symbol(NamedTuple):
    name: str
    address: int
    size: int
    is_data: bool
    """Defined in this file, and no function nor one of each thread's own."""


def remembered(library: ctypes.CDLL, file: Path) -> list[tuple[ctypes.c_int, int]]:
    """The variables with their values as they are now. None where the file has no such table: on other systems, and
    in builds without it, equal requests give equal words and times to a few samples.
    """
    symbols: dict[str, list[_Symbol]] = {}
    for symbol in _symbols(file.read_bytes()):
        symbols.setdefault(symbol.name.partition(".")[0], []).append(symbol)
    landmark = next((symbol for symbol in symbols.get(_LANDMARK, ()) if symbol.name == _LANDMARK), None)
    # A name that two variables have does not tell which of them is meant: writing to a wrong one may crash.
    found = [each[0] for name in _KEPT if len(each := symbols.get(name, [])) == 1]
    fits = all(symbol.is_data and symbol.size == ctypes.sizeof(ctypes.c_int) for symbol in found)
    if landmark is None or len(found) < len(_KEPT) or not fits:
        return []
    # Where the file was loaded: the difference between where a function is and where the file says that it is.
    at = ctypes.cast(library.espeak_Synth, ctypes.c_void_p).value
    base = (at or 0) - landmark.address
    variables = [ctypes.c_int.from_address(base + symbol.address) for symbol in found]
    return [(variable, variable.value) for variable in variables]


def _symbols(elf: bytes) -> Iterator[_Symbol]:
    """The symbols of a 64-bit little-endian ELF file; none for any other."""
    if elf[:6] != b"\x7fELF\x02\x01":
        return
    try:
        (table_at,) = struct.unpack_from("<Q", elf, 0x28)
        entry_size, count = struct.unpack_from("<HH", elf, 0x3A)
        sections = [_SECTION.unpack_from(elf, table_at + entry_size * place) for place in range(count)]
        for _, kind, _, _, offset, size, names, *_ in sections:
            if kind != _SYMBOL_TABLE:
                continue
            names_at = sections[names][4]
            for place in range(offset, offset + size, _SYMBOL.size):
                name, info, _, section, address, length = _SYMBOL.unpack_from(elf, place)
                end = elf.index(b"\0", names_at + name)
                is_data = info & 0xF == _OBJECT and _ELSEWHERE[0] < section < _ELSEWHERE[1]
                yield _Symbol(elf[names_at + name : end].decode("ascii", "replace"), address, length, is_data)
    except (struct.error, IndexError, ValueError, OverflowError):
        return
