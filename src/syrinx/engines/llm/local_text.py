"""The text of a model's tokens as they come: whole characters only, and nothing of the marks between turns."""

from __future__ import annotations

from tokenizers import Tokenizer

_BROKEN = "\ufffd"
_LONGEST_CHARACTER_TOKENS = 8
"""A character of four bytes takes at most four tokens; what is not whole after twice as many never will be."""


class TokenText:
    """Text of one reply. A token's text depends on those before it, so a few of these are decoded along with it."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._told: list[int] = []
        """The last tokens whose text has been given out."""
        self._waiting: list[int] = []

    def feed(self, token_id: int) -> str:
        """What can be said now: nothing while a character is incomplete, and for marks of turns."""
        self._waiting.append(token_id)
        text = self._new_text()
        if text.endswith(_BROKEN) and len(self._waiting) < _LONGEST_CHARACTER_TOKENS:
            return ""
        # After a mark, which has no text, the words before it still decide whether a space comes next.
        self._told, self._waiting = self._waiting if text else self._told, []
        return text.replace(_BROKEN, "")

    def finish(self) -> str:
        """What was held back: the reply ended within a character, of which nothing is given out."""
        text = self._new_text() if self._waiting else ""
        self._waiting = []
        return text.replace(_BROKEN, "")

    def _new_text(self) -> str:
        before = self._tokenizer.decode(self._told, skip_special_tokens=True)
        both = self._tokenizer.decode([*self._told, *self._waiting], skip_special_tokens=True)
        return both[len(before) :]
