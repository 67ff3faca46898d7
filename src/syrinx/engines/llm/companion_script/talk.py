"""A conversation as the companion's rules see it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from syrinx.engines.llm.contract import Message

DEFAULT_NAME = "Syrinx"
_LONGEST_HEARD = 600
"""Characters of what was said that the rules look at: the last ones."""
_NAMED = re.compile(r"^You are (?!an? |the )([^.,;:!?\n]{1,40})[.,;:!?\n]", re.MULTILINE)
_SPEAKER_MARK = re.compile(r"^\s*\[[^\]\n]{1,60}\]\s*", re.MULTILINE)
# Named one by one: by \w alone the vowel signs of Hindi would count as punctuation.
_PUNCTUATION = re.compile(r"[\s.,;:!…\"“”„«»()\[\]¿¡。、，！—–-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    said: str
    """What the person said last, as it was understood."""
    words: str
    """The same in lower case, without punctuation but for apostrophes and question marks, which stand alone."""
    earlier: tuple[str, ...]
    """The companion's own replies so far, as far as they were heard; marks of the speaker removed."""
    name: str
    """Who the companion is here."""
    now: datetime

    @property
    def is_first(self) -> bool:
        return not self.earlier

    def pick(self, choices: Sequence[str]) -> str:
        """One of them, always the same one for the same talk, and not the one that the last reply held."""
        last = self.earlier[-1] if self.earlier else ""
        fresh = [choice for choice in choices if choice not in last] or list(choices)
        return fresh[crc32(f"{len(self.earlier)} {self.words}".encode()) % len(fresh)]


def read_talk(messages: Sequence[Message], now: datetime) -> Talk:
    """`messages` end with the user's.

    The name is that of a system message in which a line begins "You are NAME." (or with another mark after the name),
    as conversations write it; without one it is Syrinx. Nothing else of a system message is understood.
    """
    name = DEFAULT_NAME
    for message in messages:
        found = _NAMED.search(message.text + "\n") if message.role == "system" else None
        if found is not None:
            name = found.group(1).strip()
    replies = (_SPEAKER_MARK.sub("", message.text).strip() for message in messages if message.role == "assistant")
    # What was said before an answer that nobody heard stands in the same message, on the lines above.
    last_line = messages[-1].text.strip().splitlines()[-1]
    said = _SPEAKER_MARK.sub("", last_line).strip()[-_LONGEST_HEARD:]
    plain = said.lower().replace("’", "'").replace("?", " ? ").replace("？", " ? ")
    return Talk(
        said=said,
        words=_PUNCTUATION.sub(" ", plain).strip(),
        earlier=tuple(reply for reply in replies if reply),
        name=name,
        now=now,
    )
