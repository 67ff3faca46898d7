"""What of a conversation a local model reads: its tokens, cut to what fits, and the part that stays the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tokenizers import Tokenizer

from syrinx.engines.llm.chat_template import ChatTemplate
from syrinx.engines.llm.contract import Message
from syrinx.errors import BadInput

_LEAST_PREFIX_TOKENS = 16
"""Less is read in no time."""
_PLACES = ("\u00b6 a", "0 \u00a7")
"""Two first words of the user's that begin differently, to see which tokens the system's message alone decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    prefix: tuple[str, ...]
    """Tokens at its beginning that follow from the system's message alone; () where that is short."""
    rest: tuple[str, ...]
    thinks: bool
    """The template has begun the model's thoughts: its first words are such."""

    @property
    def length(self) -> int:
        return len(self.prefix) + len(self.rest)


class PromptMaker:
    """Not safe to use from several threads at once."""

    def __init__(self, template: ChatTemplate, tokenizer: Tokenizer) -> None:
        self._template = template
        self._tokenizer = tokenizer
        self._prefix_of: tuple[str, tuple[str, ...]] = ("", ())
        marks = [token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special]
        self._marks = re.compile("|".join(re.escape(mark) for mark in marks) or r"(?!)")

    def make(self, messages: Sequence[Message], most_tokens: int) -> Prompt:
        """The system's message and as many of the newest others as fit into `most_tokens`, whole, a user's first.

        A system's message of more than half of that keeps its beginning, and the last message, where it does not fit
        beside it, its end. Raises BadInput where the template alone takes more.
        """
        # Whoever writes the mark that ends a turn must not speak in another's name.
        system, talk = _in_order([replace(message, text=self._marks.sub("", message.text)) for message in messages])
        if not talk:
            raise BadInput("the last message has no words beside marks of turns: say something")
        system = self._beginning(system, most_tokens // 2)
        lengths = [self._count(message.text) for message in talk]
        first = len(talk) - 1
        # Estimated first: to render and read a long history again for every message costs more than to count it once.
        room = most_tokens - self._count(system) - lengths[first]
        while first > 0 and room - lengths[first - 1] >= 0:
            first -= 1
            room -= lengths[first]
        while True:
            while first < len(talk) - 1 and talk[first].role != "user":
                first += 1
            rendered = self._render(system, talk[first:])
            tokens = self._tokens(rendered)
            if len(tokens) <= most_tokens:
                break
            if first < len(talk) - 1:
                first += 1
                continue
            kept = lengths[-1] - (len(tokens) - most_tokens)
            if kept < 1:
                raise BadInput(f"nothing can be said within {most_tokens} tokens: set `context_tokens` higher")
            talk[-1] = Message(role="user", text=self._end(talk[-1].text, kept))
            lengths[-1] = min(kept, lengths[-1] - 1)
        prefix = self._prefix(system)
        if tokens[: len(prefix)] != prefix or len(prefix) == len(tokens):
            prefix = ()
        return Prompt(prefix=prefix, rest=tokens[len(prefix) :], thinks=rendered.rstrip().endswith("<think>"))

    def _render(self, system: str, talk: Sequence[Message]) -> str:
        return self._template.render([Message(role="system", text=system), *talk] if system else talk)

    def _tokens(self, text: str) -> tuple[str, ...]:
        # The template has written the marks that begin a text, where the model wants any.
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).tokens)

    def _count(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _prefix(self, system: str) -> tuple[str, ...]:
        if self._prefix_of[0] != system:
            one, other = (self._tokens(self._render(system, [Message(role="user", text=text)])) for text in _PLACES)
            same = next(i for i, (a, b) in enumerate(zip((*one, ""), (*other, "\n"), strict=False)) if a != b)
            self._prefix_of = (system, one[:same] if same >= _LEAST_PREFIX_TOKENS else ())
        return self._prefix_of[1]

    def _beginning(self, text: str, most_tokens: int) -> str:
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        return text if len(encoded.ids) <= most_tokens else text[: encoded.offsets[most_tokens - 1][1]].rstrip()

    def _end(self, text: str, most_tokens: int) -> str:
        """The last words that fit: the question mostly stands at the end of what somebody says."""
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        kept = text[encoded.offsets[-most_tokens][0] :]
        _, space, words = kept.partition(" ")
        return words.lstrip() if space and words.strip() else kept


def _in_order(messages: Sequence[Message]) -> tuple[str, list[Message]]:
    """The system's words, all of them first, and the talk: without empty messages, each side's in one piece."""
    system = "\n\n".join(message.text.strip() for message in messages if message.role == "system")
    talk: list[Message] = []
    for message in messages:
        if message.role == "system" or not message.text.strip():
            continue
        if talk and talk[-1].role == message.role:
            talk[-1] = Message(role=message.role, text=f"{talk[-1].text}\n{message.text}")
        else:
            talk.append(message)
    return system.strip(), talk
