"""Messages that are sent and answered one at a time, each a turn of a kept conversation: no talk need be open."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from syrinx.conversation.characters import DEFAULT_CHARACTER, Cast
from syrinx.conversation.history import History
from syrinx.conversation.history_records import KeptMessage, message_ids, no_such_conversation
from syrinx.conversation.memory import Memory, Remembered
from syrinx.conversation.settings import MAX_REPLY_CHARS, Engines
from syrinx.engines.llm.contract import ReplyRequest, TextDelta
from syrinx.errors import EngineEmpty, NotFound, NothingUnderstood
from syrinx.text import SentenceSegmenter, SpeakerTagParser

MOST_REPLY_CHARS: Final = 2000
"""A reply to a message ends with the sentence that reaches so many: its sound is sent in one piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenReply:
    text: str
    model: str
    is_language_model: bool
    """False where a script answers, for want of a language model."""


class MessageTurn:
    """What `open_turn` gives: one person's message and the reply to it, kept as they come."""

    def __init__(
        self, history: History | None, user: str, conversation_id: str, *, memory: Memory, begun: bool
    ) -> None:
        self.conversation_id = conversation_id
        """Under which it is kept, where it is."""
        self._history = history
        self._user = user
        self._memory = memory
        self._begun = begun
        self._turn = max((entry.turn for entry in memory.entries), default=0) + 1
        self._talk = secrets.token_hex(8)
        self._said: Remembered | None = None

    @property
    def kept_as(self) -> str:
        """The id in the history; "" where nothing is kept."""
        return "" if self._history is None else self.conversation_id

    async def said(self, text: str, *, language: str) -> KeptMessage:
        """Keep what the person said. Raises NothingUnderstood, and as `History.keep`."""
        if not text.strip():
            raise NothingUnderstood
        self._said = Remembered(turn=self._turn, role="user", speaker="", text=text.strip(), heard=text.strip())
        (kept,) = await self._keep((self._said,), language=language)
        return kept

    async def replied(self, text: str, *, heard: bool, language: str) -> KeptMessage:
        """Keep the reply: not `heard` as long as the person has not got its sound, for the model is to remember no more
        than they know. Raises NotFound where the conversation was deleted meanwhile."""
        assert self._said is not None  # noqa: S101 - a reply is to something
        reply = Remembered(
            turn=self._turn,
            role="assistant",
            speaker=DEFAULT_CHARACTER.name,
            text=text,
            heard=text if heard else "",
        )
        _, kept = await self._keep((self._said, reply), language=language)
        return kept

    async def written_reply(self, engines: Engines, *, language: str) -> WrittenReply:
        """The language model's reply to what was said, by what it remembers of the conversation.

        Raises EngineEmpty where it writes nothing, and whatever its engine raises.
        """
        assert self._said is not None  # noqa: S101 - likewise
        cast = Cast()
        request = ReplyRequest(
            messages=self._memory.messages(
                system=cast.system_prompt(cast.answering(), language=language), turn=self._turn, said=self._said.text
            ),
            language=language,
        )
        written = ""
        async with (
            engines.llm("") as llm,
            aclosing(llm.reply(request)) as deltas,
            aclosing(_sentences(deltas, cast, language=language)) as sentences,
        ):
            able = llm.capabilities
            async for sentence in sentences:
                written += sentence
                if len(written) >= MOST_REPLY_CHARS:
                    break
        if not written.strip():
            raise EngineEmpty("the language model answered nothing: ask again, or choose another one")
        return WrittenReply(text=written.strip(), model=able.model, is_language_model=able.is_language_model)

    async def _keep(self, remembered: tuple[Remembered, ...], *, language: str) -> list[KeptMessage]:
        ids = message_ids(self.conversation_id, self._talk, remembered)
        if self._history is None:
            return [_unkept(message_id, entry) for message_id, entry in zip(ids, remembered, strict=True)]
        is_there = await self._history.keep(
            self._user,
            self.conversation_id,
            language=language,
            remembered=remembered,
            talk=self._talk,
            begun=self._begun,
        )
        if not is_there:
            raise no_such_conversation()
        self._begun = True
        return [await self._history.message(self._user, self.conversation_id, each) for each in ids]


def _unkept(message_id: str, entry: Remembered) -> KeptMessage:
    return KeptMessage(
        message_id=message_id,
        turn=entry.turn,
        role=entry.role,
        speaker=entry.speaker,
        text=entry.text,
        heard=entry.heard,
        created_at=datetime.now(UTC),
    )


async def _sentences(deltas: AsyncIterator[TextDelta], cast: Cast, *, language: str) -> AsyncGenerator[str, None]:
    """The reply without marks of its speaker, as long as a reply may be at all."""
    tags, sentences = SpeakerTagParser(tuple(cast.speaker_names)), SentenceSegmenter(language=language)
    chars = 0
    async for delta in deltas:
        for _, text in tags.feed(delta.text):
            chars += len(text)
            for segment in sentences.feed(text):
                yield segment.text
        if chars >= MAX_REPLY_CHARS:
            break
    rest = "".join(text for _, text in tags.flush())
    for segment in (*sentences.feed(rest), *sentences.flush()):
        yield segment.text


async def open_turn(history: History | None, user: str, named: str | None) -> MessageTurn:
    """The next turn of the user's kept conversation of that name, or the first of a new one. Where there is no history,
    every message is the first, and nothing of it is kept.

    Clients that count their conversations themselves name them as they like: such a name, which is no conversation of
    the user's, stands for one that is theirs alone, whatever others call theirs; the first message begins it.
    """
    if history is None:
        return MessageTurn(None, user, secrets.token_urlsafe(12), memory=Memory(), begun=False)
    if named is None:
        return MessageTurn(history, user, secrets.token_urlsafe(12), memory=Memory(), begun=False)
    for conversation_id in (named, own_name(user, named)):
        try:
            memory = await history.memory(user, conversation_id)
        except NotFound:
            continue
        return MessageTurn(history, user, conversation_id, memory=memory, begun=True)
    return MessageTurn(history, user, own_name(user, named), memory=Memory(), begun=False)


def own_name(user: str, named: str) -> str:
    """The id of the conversation that a user's client calls so."""
    return hashlib.sha256(f"{user}\0{named}".encode()).hexdigest()[:32]
