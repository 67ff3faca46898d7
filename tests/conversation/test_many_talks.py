"""Several talks at once on the same engines: none hears or sees anything of another."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from tests.conversation.talk import FakeEngines, Talk, open_talk

from syrinx.conversation.events import AudioStopped, ReplyDelta, TranscriptUpdated
from syrinx.engines.llm.contract import ReplyRequest
from syrinx.testing.fake_llm import LlmScript, ScriptedLlm, saying
from syrinx.testing.virtual_time import virtual_time


def echo(request: ReplyRequest) -> LlmScript:
    return saying(f"You said {request.messages[-1].text}, and I heard it well. Is there more to say of it?")


@virtual_time
async def test_two_talks_at_once_share_nothing() -> None:
    engines = FakeEngines(llm=ScriptedLlm(echo, first_token_ms=200, token_ms=25))
    async with AsyncExitStack() as stack:
        ada = await stack.enter_async_context(open_talk(engines, shared=True))
        ben = await stack.enter_async_context(open_talk(engines, shared=True))
        await asyncio.gather(ada.says("apples are red"), ben.says("bananas are long"))
        await asyncio.gather(ada.until(AudioStopped), ben.until(AudioStopped))
        for talk, own, foreign in ((ada, "apples", "bananas"), (ben, "bananas", "apples")):
            told = " ".join(
                getattr(event, "text", "") + getattr(event, "delta", "")
                for event in [*talk.all(TranscriptUpdated), *talk.all(ReplyDelta)]
            )
            assert own in told
            assert foreign not in told
            assert foreign not in str(talk.conversation.memory.entries)
        assert ada.conversation.id != ben.conversation.id
        assert ada.conversation.resume_token != ben.conversation.resume_token


async def _three_turns(talk: Talk, number: int) -> None:
    await asyncio.sleep(number * 0.037)
    await talk.says(f"my number is {number}")
    await talk.until(AudioStopped)
    await talk.says(f"again it is {number}")
    await talk.passes(1.0 + number % 7 / 5)
    await talk.says(f"stop I am {number}")
    await talk.until(AudioStopped, count=3)


@virtual_time
async def test_fifty_talks_at_once_finish_and_remember_their_own() -> None:
    engines = FakeEngines(llm=ScriptedLlm(echo, first_token_ms=200, token_ms=25))
    async with AsyncExitStack() as stack:
        talks = [await stack.enter_async_context(open_talk(engines, shared=True)) for _ in range(50)]
        await asyncio.gather(*(_three_turns(talk, number) for number, talk in enumerate(talks)))
        for number, talk in enumerate(talks):
            assert [reason for _, reason in talk.stops()] == ["finished", "interrupted", "finished"]
            said = [entry.heard for entry in talk.conversation.memory.entries if entry.role == "user"]
            assert said == [f"my number is {number}", f"again it is {number}", f"stop I am {number}"]
            assert talk.player.dry_ms < 1
            assert talk.errors() == []
    engines.assert_nothing_left()
