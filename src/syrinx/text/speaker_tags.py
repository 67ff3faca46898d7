"""Speaker tags in a reply: `[SPEAKER0]` or `[Ana]` in front of what that character says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_NUMBERED: Final = re.compile(r"SPEAKER\d{1,3}", re.IGNORECASE)
_NUMBERED_PREFIX: Final = re.compile(r"S(?:P(?:E(?:A(?:K(?:E(?:R\d{0,3})?)?)?)?)?)?", re.IGNORECASE)


class SpeakerTagParser:
    """Splits a stream of reply text at its speaker tags, wherever the deltas are cut.

    Tags are `[SPEAKER<n>]` and `[<name>]` for each of `names`, in any case; a link `[Ana](...)` is none. Only what may
    still become a tag is held back. Tags and the white space behind them are left out of the text.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = {name.casefold(): name for name in names}
        self._held = ""
        self._speaker: str | None = None
        self._is_behind_tag = False

    def feed(self, delta: str) -> list[tuple[str | None, str]]:
        """What is now certain, as (speaker, text) in order, no text empty; the speaker is None before any tag."""
        return self._advance(self._held + delta, final=False)

    def flush(self) -> list[tuple[str | None, str]]:
        """What was held back, at the end of the stream."""
        return self._advance(self._held, final=True)

    def _advance(self, text: str, *, final: bool) -> list[tuple[str | None, str]]:
        pieces: list[tuple[str | None, str]] = []
        self._held = ""
        at = 0
        while at < len(text):
            opened = text.find("[", at)
            if opened < 0:
                self._append(pieces, text[at:])
                break
            self._append(pieces, text[at:opened])
            closed = text.find("]", opened)
            inner = text[opened + 1 : closed if closed >= 0 else len(text)]
            is_undecided = closed < 0 or closed + 1 == len(text)
            if is_undecided and not final and self._may_be_tag(inner, is_closed=closed >= 0):
                self._held = text[opened:]
                break
            speaker = self._speaker_named(inner) if closed >= 0 and text[closed + 1 : closed + 2] != "(" else None
            if speaker is None:
                self._append(pieces, "[")
                at = opened + 1
            else:
                self._speaker, self._is_behind_tag = speaker, True
                at = closed + 1
        return pieces

    def _append(self, pieces: list[tuple[str | None, str]], text: str) -> None:
        if self._is_behind_tag:
            text = text.lstrip()
            self._is_behind_tag = not text
        if not text:
            return
        if pieces and pieces[-1][0] == self._speaker:
            text = pieces.pop()[1] + text
        pieces.append((self._speaker, text))

    def _speaker_named(self, inner: str) -> str | None:
        known = self._names.get(inner.casefold())
        if known is not None:
            return known
        return inner.upper() if _NUMBERED.fullmatch(inner) else None

    def _may_be_tag(self, inner: str, *, is_closed: bool) -> bool:
        if is_closed:
            return self._speaker_named(inner) is not None
        folded = inner.casefold()
        return (
            not inner
            or _NUMBERED_PREFIX.fullmatch(inner) is not None
            or any(name.startswith(folded) for name in self._names)
        )
