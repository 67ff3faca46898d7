"""What a model thinks aloud before it answers, kept out of what is spoken."""

from __future__ import annotations

_TAGS = ("<think>", "<thinking>")


class ThinkingFilter:
    """Leaves out a `<think>…</think>` or `<thinking>…</thinking>` block at the start of a reply.

    Only there: later on the words may be what the reply is about. Text is held back only while it may still turn out
    to be such a block's beginning. A block that never ends is left out whole.
    """

    def __init__(self) -> None:
        self._held = ""
        self._closing_tag = ""
        self._answering = False
        self.thought = False
        """Whether a block was left out."""

    def feed(self, text: str) -> str:
        """The part of `text`, with what was held back before it, that can be said now."""
        if self._answering:
            return text
        self._held += text
        if self._closing_tag:
            return self._after_thinking()
        start = self._held.lstrip()
        for tag in _TAGS:
            if start.startswith(tag):
                self._closing_tag = tag.replace("<", "</")
                self._held = start[len(tag) :]
                self.thought = True
                return self._after_thinking()
        if not start or any(tag.startswith(start) for tag in _TAGS):
            return ""
        return self._answer(start if self.thought else self._held)

    def finish(self) -> str:
        """What was held back and turns out to be no thinking."""
        return "" if self._answering or self._closing_tag else self._answer(self._held)

    def _after_thinking(self) -> str:
        thinking, found, answer = self._held.partition(self._closing_tag)
        if not found:
            self._held = thinking[-len(self._closing_tag) :]
            return ""
        self._closing_tag = ""
        self._held = answer.lstrip()
        return self._answer(self._held) if self._held else ""

    def _answer(self, text: str) -> str:
        self._answering = True
        self._held = ""
        return text
