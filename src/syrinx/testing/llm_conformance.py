"""What every language model must do: subclass, give the fixture `llm`, and pytest runs the suite over it.

    class TestMyModel(LlmConformance):
        @pytest.fixture
        async def llm(self):
            async with provider.open(OPTIONS) as engine:
                yield engine

The engine answers real requests during the suite. Where the model is remote, let it speak to a stand-in
(`syrinx.testing.openai_stand_in`) whose answers have at least three deltas.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from syrinx.engines.llm.contract import LanguageModel, Message, ReplyRequest
from syrinx.errors import BadInput

PATIENCE_S = 30.0


def ask(text: str, *, language: str = "en", system: str | None = None) -> ReplyRequest:
    """A conversation of one user message, with a system message before it where given."""
    instructions = () if system is None else (Message(role="system", text=system),)
    return ReplyRequest(messages=(*instructions, Message(role="user", text=text)), language=language)


async def said_by(llm: LanguageModel, request: ReplyRequest) -> str:
    async with asyncio.timeout(PATIENCE_S), aclosing(llm.reply(request)) as reply:
        return "".join([delta.text async for delta in reply])


class LlmConformance:
    request_text = "Tell me a story."
    """Asked by the suite; its reply must have at least three deltas."""

    async def test_it_names_its_model(self, llm: LanguageModel) -> None:
        assert llm.capabilities.model

    async def test_a_reply_comes_in_several_deltas_none_of_them_empty(self, llm: LanguageModel) -> None:
        async with asyncio.timeout(PATIENCE_S), aclosing(llm.reply(ask(self.request_text))) as reply:
            deltas = [delta.text async for delta in reply]
        assert len(deltas) >= 3
        assert all(deltas)
        assert "".join(deltas).strip()

    async def test_a_conversation_with_a_system_message_and_a_past_is_answered(self, llm: LanguageModel) -> None:
        past = (
            Message(role="system", text="You are Wren, a quiet voice."),
            Message(role="user", text="Hello."),
            Message(role="assistant", text="Hello, it is good to hear you."),
            Message(role="user", text=self.request_text),
        )
        assert (await said_by(llm, ReplyRequest(messages=past))).strip()

    async def test_an_empty_conversation_is_refused(self, llm: LanguageModel) -> None:
        await self._is_refused(llm, ReplyRequest(messages=()))

    async def test_a_conversation_whose_last_word_is_not_the_users_is_refused(self, llm: LanguageModel) -> None:
        past = (Message(role="user", text="Hello."), Message(role="assistant", text="Hello."))
        await self._is_refused(llm, ReplyRequest(messages=past))

    async def test_closing_a_reply_ends_it_and_the_next_one_is_whole(self, llm: LanguageModel) -> None:
        async with asyncio.timeout(PATIENCE_S):
            reply = llm.reply(ask(self.request_text))
            await anext(reply)
            await reply.aclose()
            assert [delta async for delta in reply] == []
        assert (await said_by(llm, ask(self.request_text))).strip()

    async def test_a_cancelled_reader_stays_cancelled(self, llm: LanguageModel) -> None:
        begun = asyncio.Event()

        async def read() -> None:
            async with aclosing(llm.reply(ask(self.request_text))) as reply:
                async for _ in reply:
                    begun.set()
                    await asyncio.Event().wait()

        reading = asyncio.create_task(read())
        async with asyncio.timeout(PATIENCE_S):
            await begun.wait()
            reading.cancel()
            await asyncio.wait((reading,))
        assert reading.cancelled()

    async def test_replies_at_once_do_not_disturb_each_other(self, llm: LanguageModel) -> None:
        async with asyncio.TaskGroup() as group:
            replies = [group.create_task(said_by(llm, ask(self.request_text))) for _ in range(8)]
            left = llm.reply(ask(self.request_text))
            await anext(left)
            await left.aclose()
        assert all(reply.result().strip() for reply in replies)

    async def _is_refused(self, llm: LanguageModel, request: ReplyRequest) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S), aclosing(llm.reply(request)) as reply:
                await anext(reply, None)
        except BadInput:
            return
        raise AssertionError("a conversation that cannot be answered was answered")
