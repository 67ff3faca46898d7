from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from syrinx.engines.llm.contract import Message, ReplyRequest
from syrinx.errors import BadInput, EngineError
from syrinx.testing.fake_llm import LlmScript, ScriptedLlm, saying


def request(text: str = "hello", *, max_tokens: int | None = None) -> ReplyRequest:
    return ReplyRequest(messages=(Message(role="user", text=text),), max_tokens=max_tokens)


async def said_by(llm: ScriptedLlm, asked: ReplyRequest | None = None) -> list[str]:
    return [delta.text async for delta in llm.reply(asked or request())]


async def test_replies_follow_the_scripts_in_order_and_the_last_one_stays() -> None:
    llm = ScriptedLlm((saying("One two."), saying("Three.")))
    assert ["".join(await said_by(llm)) for _ in range(3)] == ["One two.", "Three.", "Three."]
    assert len(llm.requests) == 3


async def test_a_function_chooses_the_script_by_the_request() -> None:
    llm = ScriptedLlm(lambda asked: saying(f"You said {asked.messages[-1].text}."))
    assert await said_by(llm, request("tea")) == ["You", " said", " tea."]
    assert llm.requests == [request("tea")]


async def test_the_pace_is_that_of_the_injected_clock() -> None:
    slept: list[float] = []

    async def sleep(delay_s: float) -> None:
        slept.append(delay_s)

    llm = ScriptedLlm((saying("a b c"),), first_token_ms=200, token_ms=25, sleep=sleep)
    await said_by(llm)
    assert slept == [0.2, 0.025, 0.025]


async def test_it_raises_after_as_many_deltas_as_its_script_says() -> None:
    llm = ScriptedLlm((LlmScript(deltas=("a", "b", "c"), failure="raises", failure_after=2),))
    reply = llm.reply(request())
    assert [(await anext(reply)).text, (await anext(reply)).text] == ["a", "b"]
    with pytest.raises(EngineError):
        await anext(reply)
    assert (llm.active, llm.closed_early) == (0, 0)


async def test_a_failure_before_the_first_delta_takes_the_time_of_the_first_delta() -> None:
    slept: list[float] = []

    async def sleep(delay_s: float) -> None:
        slept.append(delay_s)

    llm = ScriptedLlm((LlmScript(failure="raises"),), first_token_ms=200, token_ms=25, sleep=sleep)
    with pytest.raises(EngineError):
        await said_by(llm)
    assert slept == [0.2]


async def test_an_empty_reply_ends_without_an_error() -> None:
    llm = ScriptedLlm((LlmScript(deltas=("never", "said"), failure="empty"),))
    assert await said_by(llm) == []
    assert llm.closed_early == 0


async def test_a_hanging_reply_ends_when_it_is_cancelled_and_is_counted() -> None:
    llm = ScriptedLlm((LlmScript(deltas=("a",), failure="hangs", failure_after=1),))
    reading = asyncio.create_task(said_by(llm))
    await asyncio.wait((reading,), timeout=0)
    assert (llm.active, reading.done()) == (1, False)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert (llm.active, llm.closed_early) == (0, 1)


async def test_a_reply_closed_early_is_counted() -> None:
    llm = ScriptedLlm((saying("a b c"),))
    async with aclosing(llm.reply(request())) as reply:
        await anext(reply)
    assert (llm.active, llm.closed_early) == (0, 1)


async def test_a_limit_on_tokens_cuts_the_reply() -> None:
    assert await said_by(ScriptedLlm((saying("a b c"),)), request(max_tokens=2)) == ["a", " b"]


async def test_an_empty_conversation_is_refused_and_not_recorded() -> None:
    llm = ScriptedLlm((saying("a"),))
    with pytest.raises(BadInput, match="at least one message"):
        await said_by(llm, ReplyRequest(messages=()))
    assert llm.requests == []


def test_a_fake_without_scripts_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one script"):
        ScriptedLlm(())
