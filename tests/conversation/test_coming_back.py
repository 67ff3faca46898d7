"""Whole talks whose socket drops, is taken over, or never comes back; and conversations that end."""

from __future__ import annotations

import asyncio

import pytest
from tests.conversation.talk import STORY, FakeEngines, llm_saying, open_talk

from syrinx.conversation import (
    Conversation,
    ConversationRules,
    Conversations,
    ConversationSettings,
    Memory,
    TakenOver,
    TurnRules,
    open_conversations,
)
from syrinx.conversation.events import AudioStarted, AudioStopped, ConversationEvent, Notice, StateChanged
from syrinx.errors import EngineBusy, NotFound
from syrinx.testing.virtual_time import virtual_now_s, virtual_time


@virtual_time
async def test_a_talk_goes_on_after_a_lost_socket_with_what_was_heard() -> None:
    async with open_talk(FakeEngines(llm=llm_saying(STORY, "As I said, a fox."))) as talk:
        await talk.says("tell me a story")
        await talk.until(AudioStarted)
        await talk.passes(2)
        talk.conversation.detach()
        await talk.passes(30)
        assert talk.taken_over
        assert talk.engines.leases == 0
        heard = talk.remembered()[-1][1]
        assert STORY.startswith(heard)
        assert 20 <= len(heard) <= 60
        seen = len(talk.seen)
        talk.conversation.attach()
        reader = asyncio.create_task(talk.read())
        await talk.passes(0.01)
        assert [seen.event for seen in talk.seen[seen:]] == [StateChanged(state="listening", listening=True)]
        await talk.says("what was it about")
        stopped = await talk.until(AudioStopped)
        assert (stopped.turn, stopped.heard) == (2, "As I said, a fox.")
        asked = [message.text for message in talk.engines.llm_engine.requests[-1].messages]
        assert asked[1:] == ["tell me a story", heard, "what was it about"]
        await talk.conversation.aclose()
        await reader


@virtual_time
async def test_what_was_being_said_when_the_socket_dropped_is_not_answered() -> None:
    async with open_talk() as talk:
        await talk.speaks("tell me")
        talk.conversation.detach()
        await talk.passes(5)
        assert not talk.engines.llm_engine.requests
        assert talk.remembered() == []


@virtual_time
async def test_an_idle_talk_is_closed_with_a_notice() -> None:
    async with open_talk(rules=ConversationRules(turns=TurnRules(idle_ms=900_000))) as talk:
        await talk.says("tell me a story")
        await talk.until(AudioStopped)
        notice = await talk.until(Notice, within_s=2000)
        assert notice.code == "idle"
        assert talk.when(Notice) - talk.when(AudioStopped) == pytest.approx(900_000, abs=100)
        await talk.passes(0.1)
        assert talk.conversation.close_reason == "idle"


@virtual_time
async def test_a_reader_that_does_not_read_is_not_waited_for_without_end() -> None:
    engines = FakeEngines()
    conversation = Conversation(engines=engines, clock=virtual_now_s)
    running = asyncio.create_task(conversation.run())
    await asyncio.sleep(0)
    for _ in range(2500):
        conversation.start_listening()
        conversation.stop_listening()
    await asyncio.wait_for(running, 60)
    assert conversation.close_reason == "overrun"
    engines.assert_nothing_left()


@virtual_time
async def test_sound_does_not_pile_up_for_a_reader_that_lags() -> None:
    engines = FakeEngines(llm=llm_saying(STORY * 20, token_ms=0))
    conversation = Conversation(engines=engines, clock=virtual_now_s)
    running = asyncio.create_task(conversation.run())
    await asyncio.sleep(0)
    conversation.say("tell me a long story")
    await asyncio.sleep(100)
    assert conversation._outbox.audio_ms < 8500
    events: list[ConversationEvent] = []
    async for event in conversation.events():
        events.append(event)
        if isinstance(event, AudioStopped):
            break
    assert isinstance(events[-1], AudioStopped)
    assert events[-1].reason == "finished"
    await conversation.aclose()
    await running


@virtual_time
async def test_a_remembered_talk_goes_on_in_a_new_conversation() -> None:
    async with open_talk() as talk:
        await talk.says("tell me a story")
        await talk.until(AudioStopped)
        snapshot = talk.conversation.memory.snapshot()
    async with open_talk(memory=Memory.restored(snapshot)) as talk:
        await talk.says("and then")
        assert (await talk.until(AudioStopped)).turn == 2
        assert len(talk.remembered()) == 4


# The conversations that are open.


def begin(conversations: Conversations) -> Conversation:
    return conversations.create(lambda: Conversation(engines=FakeEngines(), clock=virtual_now_s))


@virtual_time
async def test_a_conversation_is_found_again_by_its_id_and_token_alone() -> None:
    async with open_conversations() as conversations:
        conversation = begin(conversations)
        other = begin(conversations)
        conversations.leave(conversation)
        for conversation_id, token in [
            (conversation.id, other.resume_token),
            (conversation.id, ""),
            ("nobody", conversation.resume_token),
            (conversation.id, "é"),
        ]:
            with pytest.raises(NotFound, match="without conversation_id"):
                conversations.resume(conversation_id, token)
        assert conversations.resume(conversation.id, conversation.resume_token) is conversation


@virtual_time
async def test_a_second_socket_takes_the_conversation_over_from_the_first() -> None:
    async with open_conversations() as conversations:
        conversation = begin(conversations)
        first = asyncio.ensure_future(anext(conversation.events()))
        await asyncio.sleep(0)
        assert conversations.resume(conversation.id, conversation.resume_token) is conversation
        with pytest.raises(TakenOver):
            await first
        second = conversation.events()
        conversation.start_listening()
        assert await anext(second) == StateChanged(state="listening", listening=True)
        await second.aclose()


@virtual_time
async def test_a_conversation_to_which_nobody_returns_ends() -> None:
    async with open_conversations(resume_s=120) as conversations:
        conversation = begin(conversations)
        conversations.leave(conversation)
        await asyncio.sleep(119)
        assert len(conversations) == 1
        await asyncio.sleep(2)
        assert len(conversations) == 0
        assert conversation.close_reason == "expired"


@virtual_time
async def test_a_conversation_that_was_taken_up_again_does_not_expire() -> None:
    async with open_conversations(resume_s=120) as conversations:
        conversation = begin(conversations)
        conversations.leave(conversation)
        await asyncio.sleep(100)
        conversations.resume(conversation.id, conversation.resume_token)
        await asyncio.sleep(300)
        assert conversation.close_reason is None


@virtual_time
async def test_one_that_goes_on_with_what_is_just_closing_expires_by_its_own_time() -> None:
    def same() -> Conversation:
        return Conversation(engines=FakeEngines(), clock=virtual_now_s, conversation_id="conversation-1")

    async with open_conversations(resume_s=120) as conversations:
        closing = conversations.create(same)
        conversations.leave(closing)
        closing.close("idle")
        after = conversations.create(same)
        assert after is not closing
        conversations.leave(after)
        await asyncio.sleep(121)
        assert after.close_reason == "expired"


@virtual_time
async def test_only_so_many_are_open_and_those_left_make_room_first() -> None:
    async with open_conversations(max_open=2) as conversations:
        left, kept = begin(conversations), begin(conversations)
        conversations.leave(left)
        third = begin(conversations)
        assert left.close_reason == "expired"
        with pytest.raises(EngineBusy) as refused:
            begin(conversations)
        assert refused.value.retry_after_s > 0
        assert kept.close_reason is third.close_reason is None


@virtual_time
async def test_leaving_closes_all_and_waits_for_them() -> None:
    async with open_conversations() as conversations:
        many = [begin(conversations) for _ in range(5)]
        for conversation in many:
            conversation.say("tell me a story")
        await asyncio.sleep(1)
    assert {conversation.close_reason for conversation in many} == {"stopping"}


@virtual_time
async def test_a_fault_in_one_conversation_ends_it_alone(caplog: pytest.LogCaptureFixture) -> None:
    class Faulty(Conversation):
        async def run(self) -> None:
            await asyncio.sleep(1)
            raise RuntimeError("a bug")

    async with open_conversations() as conversations:
        kept = begin(conversations)
        conversations.create(lambda: Faulty(engines=FakeEngines(), settings=ConversationSettings()))
        await asyncio.sleep(2)
        assert len(conversations) == 1
        assert kept.close_reason is None
    assert "ended by a fault" in caplog.text
