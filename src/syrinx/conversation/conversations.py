"""All conversations that are open: begun, found again after a lost socket, and ended when nobody comes back."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from syrinx.accounts import LOCAL_USER
from syrinx.conversation.conversation import CloseReason, Conversation
from syrinx.errors import EngineBusy, NotFound

_log = logging.getLogger(__name__)


class Conversations:
    """Made by `open_conversations`, which owns the tasks. Where room is needed, the one left for longest is ended."""

    def __init__(self, tasks: asyncio.TaskGroup, *, resume_s: float, max_open: int) -> None:
        self._tasks = tasks
        self._resume_s = resume_s
        self._max_open = max_open
        self._open: dict[str, Conversation] = {}
        self._left: dict[str, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._open)

    def create(self, make: Callable[[], Conversation]) -> Conversation:
        """Run the conversation that `make` makes, which has a reader from now on; or go on with the one that is open
        already and is the same: of two who come for a kept one at once, the second takes it over.

        Raises EngineBusy when as many are open as may be and none of them has been left.
        """
        if len(self._open) >= self._max_open and not self._end_the_longest_left():
            message = f"{self._max_open} conversations are open, as many as may be: come back in a moment"
            raise EngineBusy(message, retry_after_s=30.0)
        conversation = make()
        present = self._of(conversation.user, conversation.id)
        if present is not None:
            self._take_up(present)
            return present
        # One of that id that is closing by itself may have been left, and its time must not count for this one.
        if (timer := self._left.pop(conversation.id, None)) is not None:
            timer.cancel()
        self._open[conversation.id] = conversation
        self._tasks.create_task(self._host(conversation))
        return conversation

    def resume(self, conversation_id: str, token: str, *, user: str = LOCAL_USER) -> Conversation:
        """Take a conversation of that user up again, or over from its present reader, who gets TakenOver.

        Raises NotFound, in the same words, when there is none such, and when it or the token is another's.
        """
        conversation = self._of(user, conversation_id)
        expected = conversation.resume_token if conversation is not None else ""
        same = hmac.compare_digest(expected.encode(), token.encode())
        if conversation is None or not same:
            raise NotFound("there is no such conversation to go on with: say hello without conversation_id")
        self._take_up(conversation)
        return conversation

    def resume_kept(self, conversation_id: str, *, user: str) -> Conversation | None:
        """Likewise, without its token, one that is open here and of which something is kept: whoever may read that
        may go on with it. None where there is none."""
        conversation = self._of(user, conversation_id)
        if conversation is None or not conversation.keeping.begun:
            return None
        self._take_up(conversation)
        return conversation

    def _of(self, user: str, conversation_id: str) -> Conversation | None:
        conversation = self._open.get(conversation_id)
        is_theirs = conversation is not None and conversation.user == user and conversation.close_reason is None
        return conversation if is_theirs else None

    def _take_up(self, conversation: Conversation) -> None:
        timer = self._left.pop(conversation.id, None)
        if timer is not None:
            timer.cancel()
        else:
            conversation.detach()
        conversation.attach()

    def leave(self, conversation: Conversation) -> None:
        """Its socket was lost: it is kept for `resume_s`, then closed."""
        if self._open.get(conversation.id) is not conversation or conversation.id in self._left:
            return
        conversation.detach()
        loop = asyncio.get_running_loop()
        self._left[conversation.id] = loop.call_later(self._resume_s, self._end, conversation, "expired")

    def close_all(self) -> None:
        for conversation in list(self._open.values()):
            self._end(conversation, "stopping")

    def _end_the_longest_left(self) -> bool:
        for conversation_id in self._left:
            self._end(self._open[conversation_id], "expired")
            return True
        return False

    def _end(self, conversation: Conversation, reason: CloseReason) -> None:
        conversation.close(reason)
        self._forget(conversation)

    def _forget(self, conversation: Conversation) -> None:
        if self._open.get(conversation.id) is not conversation:
            return
        del self._open[conversation.id]
        timer = self._left.pop(conversation.id, None)
        if timer is not None:
            timer.cancel()

    async def _host(self, conversation: Conversation) -> None:
        """Run one to its end; a fault in it is logged and ends it alone."""
        try:
            await conversation.run()
        except Exception:  # noqa: BLE001 - logged with its trace; the other conversations must go on
            _log.exception("a conversation was ended by a fault in the server")
        finally:
            self._forget(conversation)


@asynccontextmanager
async def open_conversations(*, resume_s: float = 120.0, max_open: int = 1000) -> AsyncGenerator[Conversations, None]:
    """Leaving the context closes all conversations and waits until nothing of them is left."""
    async with asyncio.TaskGroup() as tasks:
        conversations = Conversations(tasks, resume_s=resume_s, max_open=max_open)
        try:
            yield conversations
        finally:
            conversations.close_all()
