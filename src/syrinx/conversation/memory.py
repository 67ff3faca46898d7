"""What a conversation remembers: what the person said, and of the replies what was heard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from syrinx.conversation.heard import HeardPart
from syrinx.engines.llm.contract import Message
from syrinx.errors import BadInput

MAX_MEMORY_MESSAGES: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """One stretch of one speaker. `text` is as written, `heard` what is remembered of it."""

    turn: int
    role: Literal["user", "assistant"]
    speaker: str
    """The character's name; "" for the person."""
    text: str
    heard: str


class Memory:
    """Messages by turn, oldest first, bounded: the oldest are forgotten past either limit."""

    def __init__(self, *, max_messages: int = MAX_MEMORY_MESSAGES, max_chars: int = 32_000) -> None:
        self._max_messages = max_messages
        self._max_chars = max_chars
        self._entries: list[Remembered] = []
        self._noted: Callable[[Sequence[Remembered]], None] | None = None
        self._forgotten: Callable[[], None] | None = None

    @property
    def entries(self) -> tuple[Remembered, ...]:
        return tuple(self._entries)

    def watch(self, *, noted: Callable[[Sequence[Remembered]], None], forgotten: Callable[[], None]) -> None:
        """Have `noted` get all that is remembered of a turn whenever that changes, before any of it is too much; and
        `forgotten` be called when all is forgotten."""
        self._noted = noted
        self._forgotten = forgotten

    def said(self, turn: int, text: str) -> None:
        """Remember what the person said in `turn`, in place of what they had said of it before."""
        self._entries = [entry for entry in self._entries if not (entry.turn == turn and entry.role == "user")]
        self._entries.append(Remembered(turn=turn, role="user", speaker="", text=text, heard=text))
        self._changed(turn)

    def replied(self, turn: int, parts: Sequence[HeardPart]) -> None:
        """Remember of a reply what was heard; parts of which nothing was heard stay for the eye alone."""
        self._entries.extend(
            Remembered(turn=turn, role="assistant", speaker=part.speaker, text=part.text, heard=part.heard)
            for part in parts
            if part.text
        )
        self._changed(turn)

    def forget(self) -> None:
        self._entries.clear()
        if self._forgotten is not None:
            self._forgotten()

    def messages(
        self, *, system: str, turn: int, said: str, tag: Callable[[str], str] | None = None
    ) -> tuple[Message, ...]:
        """The request for a reply to `said`: the system's message, what is remembered, and last what was just said.

        Stretches of one side that follow each other are one message, for some models refuse two user messages in a
        row. `tag` gives the mark that is put before each speaker's words where there are several.
        """
        messages = [Message(role="system", text=system)]
        for entry in self._entries:
            if entry.heard and entry.turn != turn:
                text = tag(entry.speaker) + entry.heard if tag and entry.role == "assistant" else entry.heard
                _append(messages, Message(role=entry.role, text=text))
        _append(messages, Message(role="user", text=said))
        return tuple(messages)

    def snapshot(self) -> list[dict[str, Any]]:
        """All entries as JSON-ready values, for `restored`."""
        return [asdict(entry) for entry in self._entries]

    @classmethod
    def restored(
        cls, snapshot: Sequence[Mapping[str, Any]], *, max_messages: int = MAX_MEMORY_MESSAGES, max_chars: int = 32_000
    ) -> Memory:
        """Raises BadInput on values that `snapshot` did not make."""
        memory = cls(max_messages=max_messages, max_chars=max_chars)
        try:
            memory._entries = [Remembered(**values) for values in snapshot]
        except TypeError as error:
            raise BadInput("a remembered entry has turn, role, speaker, text and heard, and nothing else") from error
        memory._forget_oldest()
        return memory

    @classmethod
    def of(cls, entries: Iterable[Remembered]) -> Memory:
        """Of these, oldest first; what is too much is forgotten already."""
        memory = cls()
        memory._entries = list(entries)
        memory._forget_oldest()
        return memory

    def _changed(self, turn: int) -> None:
        entries = [entry for entry in self._entries if entry.turn == turn]
        if self._noted is not None and entries:
            self._noted(entries)
        self._forget_oldest()

    def _forget_oldest(self) -> None:
        kept = self._entries[-self._max_messages :]
        chars = sum(len(entry.text) for entry in kept)
        first = 0
        while chars > self._max_chars and first < len(kept) - 1:
            chars -= len(kept[first].text)
            first += 1
        # A history that opens with an answer to nothing confuses models.
        while first < len(kept) - 1 and kept[first].role == "assistant" and (first or len(kept) < len(self._entries)):
            first += 1
        self._entries = kept[first:]


def _append(messages: list[Message], message: Message) -> None:
    last = messages[-1]
    if last.role == message.role:
        messages[-1] = Message(role=last.role, text=f"{last.text}\n{message.text}")
    else:
        messages.append(message)
