"""Narrations that have been made, kept for whoever asks for the same again."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from syrinx.speech.narration import NarratedSound, NarratedWords, NarrationEvent

LARGEST_SHARE: Final = 4
"""No narration takes more than this part of the cache, so that a long one does not put out all others."""
_EVENT_BYTES: Final = 300
"""About what an event and its place take beside its sound (measured with `tracemalloc` on CPython 3.11)."""
_WORD_BYTES: Final = 250


def event_bytes(event: NarrationEvent) -> int:
    """About how much memory it takes."""
    match event:
        case NarratedSound():
            return _EVENT_BYTES + len(event.chunk.pcm)
        case NarratedWords():
            return _EVENT_BYTES + _WORD_BYTES * len(event.words)
        case _:
            return _EVENT_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    events: tuple[NarrationEvent, ...]
    size_bytes: int
    voice: str


class SpeechCache:
    """Keeps at most `capacity_bytes`; what was not asked for the longest goes first. 0 keeps nothing."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity_bytes = capacity_bytes
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def largest_bytes(self) -> int:
        """The largest narration that is kept."""
        return self._capacity_bytes // LARGEST_SHARE

    def get(self, key: bytes) -> tuple[NarrationEvent, ...] | None:
        """All events of a narration, which counts as asked for."""
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries.move_to_end(key)
        return found.events

    def put(self, key: bytes, events: tuple[NarrationEvent, ...], size_bytes: int, *, voice: str = "") -> None:
        """Keep it, if it is not too large; `size_bytes` is the sum of `event_bytes`. `voice` has spoken it."""
        if size_bytes > self.largest_bytes:
            return
        self.drop(key)
        self._entries[key] = _Entry(events=events, size_bytes=size_bytes, voice=voice)
        self.size_bytes += size_bytes
        while self.size_bytes > self._capacity_bytes:
            _, dropped = self._entries.popitem(last=False)
            self.size_bytes -= dropped.size_bytes

    def drop(self, key: bytes) -> None:
        """Forget it, if it is there."""
        dropped = self._entries.pop(key, None)
        if dropped is not None:
            self.size_bytes -= dropped.size_bytes

    def forget(self, voice: str) -> None:
        """All that this voice has spoken."""
        for key in [key for key, entry in self._entries.items() if entry.voice == voice]:
            self.drop(key)
