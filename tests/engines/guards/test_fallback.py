"""Another engine answers when the first one fails before its first item."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from syrinx.engines.guards.fallback import Candidate, FellBack, first_that_works
from syrinx.engines.guards.streams import not_empty
from syrinx.engines.llm.contract import Message, ReplyRequest, TextDelta
from syrinx.errors import BadInput, EngineCrashed, EngineEmpty, EngineError
from syrinx.testing.fake_llm import LlmScript, ScriptedLlm, saying
from syrinx.testing.virtual_time import virtual_time

HELLO = ReplyRequest(messages=(Message(role="user", text="Hello?"),))
BROKEN = LlmScript(failure="raises")


def answered(
    *scripts: LlmScript, request: ReplyRequest = HELLO
) -> tuple[AsyncGenerator[TextDelta, None], list[ScriptedLlm], list[FellBack]]:
    """The reply of the first of these models that has one; the models; what was told."""
    models = [ScriptedLlm((script,)) for script in scripts]
    told: list[FellBack] = []
    candidates = [
        Candidate(engine=f"model-{number}", start=lambda model=model: model.reply(request))
        for number, model in enumerate(models)
    ]
    return first_that_works(candidates, on_fallback=told.append), models, told


async def said(reply: AsyncGenerator[TextDelta, None]) -> str:
    return "".join([delta.text async for delta in reply])


@virtual_time
async def test_the_second_answers_and_the_caller_is_told():
    error = EngineCrashed("gone")
    reply, _, told = answered(LlmScript(failure="raises", error=lambda: error), saying("I am here."))
    assert await said(reply) == "I am here."
    assert told == [FellBack(failed="model-0", error=error, instead="model-1")]


@virtual_time
async def test_the_second_is_not_asked_while_the_first_works():
    reply, models, told = answered(saying("Good morning."), saying("I am here."))
    assert await said(reply) == "Good morning."
    assert not told
    assert not models[1].requests


@virtual_time
async def test_after_the_first_item_there_is_no_falling_back():
    reply, models, told = answered(
        LlmScript(deltas=("Good ",), failure="raises", failure_after=1), saying("I am here.")
    )
    with pytest.raises(EngineError):
        await said(reply)
    assert not told
    assert not models[1].requests


@virtual_time
async def test_a_request_that_is_wrong_is_not_handed_on():
    reply, models, told = answered(saying("Yes?"), saying("I am here."), request=ReplyRequest(messages=()))
    with pytest.raises(BadInput):
        await said(reply)
    assert not told
    assert not models[1].requests


@virtual_time
async def test_when_all_fail_the_last_error_is_raised():
    last = EngineError("the last one, too")
    reply, _, told = answered(BROKEN, BROKEN, LlmScript(failure="raises", error=lambda: last))
    with pytest.raises(EngineError, match="the last one, too"):
        await said(reply)
    assert [fell.failed for fell in told] == ["model-0", "model-1"]


@virtual_time
async def test_an_empty_answer_leads_on_only_where_it_is_made_a_failure():
    silent, speaking = ScriptedLlm((LlmScript(),)), ScriptedLlm((saying("I am here."),))
    told: list[FellBack] = []
    candidates = [
        Candidate(engine="silent", start=lambda: not_empty(silent.reply(HELLO), name="silent")),
        Candidate(engine="speaking", start=lambda: speaking.reply(HELLO)),
    ]
    assert await said(first_that_works(candidates, on_fallback=told.append)) == "I am here."
    assert isinstance(told[0].error, EngineEmpty)
    reply, models, _ = answered(LlmScript(), saying("I am here."))
    assert await said(reply) == ""
    assert not models[1].requests


@virtual_time
async def test_closing_the_reply_closes_the_one_that_answers():
    reply, models, _ = answered(BROKEN, saying("I am here."))
    async with aclosing(reply):
        await anext(reply)
        assert models[1].active == 1
    assert models[1].active == 0
    assert models[1].closed_early == 1
