"""Talks that are kept as they go on: in the background, in order, and never in the talk's way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.conversation.talk import STORY, FakeEngines, Talk, llm_saying, open_talk

from syrinx.conversation import ConversationSettings, Memory, Remembered, SettingsChange
from syrinx.conversation.events import AudioStarted, AudioStopped, Notice
from syrinx.conversation.keeping import KEEP_WITHIN_S, MOST_WAITING_TURNS, Keeping
from syrinx.errors import SyrinxError
from syrinx.testing.virtual_time import virtual_now_s, virtual_time


class Shelf:
    """Keeps in memory what a talk has it keep, as `History.keep` would, after `takes_s`."""

    def __init__(self, *, takes_s: float = 0.0) -> None:
        self.takes_s = takes_s
        self.failing: Exception | None = None
        self.kept: dict[tuple[str, int, str, int], Remembered] | None = None
        """None where there is no such conversation."""
        self.writes: list[list[str]] = []
        """The texts of each write that came to its end."""
        self.language = ""
        self.under_way = 0

    async def __call__(
        self,
        conversation_id: str,
        *,
        language: str,
        remembered: Sequence[Remembered],
        talk: str,
        begun: bool,
        anew: bool,
    ) -> bool:
        assert not self.under_way, "two writes at once"
        self.under_way += 1
        try:
            await asyncio.sleep(self.takes_s)
        finally:
            self.under_way -= 1
        if self.failing is not None:
            raise self.failing
        if self.kept is None and begun:
            return False
        if anew:
            self.kept = None
        self.writes.append([entry.text for entry in remembered])
        for entry in remembered:
            self.kept = self.kept or {}
            place = sum(
                other is not entry and other.turn == entry.turn for other in remembered[: remembered.index(entry)]
            )
            self.kept[talk, entry.turn, entry.role, place] = entry
        self.language = language
        return True

    @property
    def heard(self) -> list[tuple[int, str, str]]:
        return [(entry.turn, entry.role, entry.heard) for entry in (self.kept or {}).values()]


def away() -> SyrinxError:
    return SyrinxError("the database is not reached", code="database_unavailable", retryable=True)


def notices(talk: Talk) -> list[str]:
    return [notice.code for notice in talk.all(Notice)]


async def turn(talk: Talk, text: str) -> None:
    count = len(talk.all(AudioStopped))
    await talk.says(text)
    await talk.until(AudioStopped, count=count + 1)
    await talk.passes(0.1)


@virtual_time
async def test_each_turn_is_kept_with_what_was_heard_of_its_reply() -> None:
    shelf = Shelf()
    async with open_talk(FakeEngines(llm=llm_saying("Good morning.", STORY)), keep=shelf) as talk:
        await turn(talk, "hello")
        assert shelf.heard == [(1, "user", "hello"), (1, "assistant", "Good morning.")]
        await talk.says("tell me a story")
        await talk.until(AudioStarted, count=2)
        await talk.passes(2)
        assert shelf.heard[2:] == [(2, "user", "tell me a story")]
        talk.conversation.interrupt()
        await talk.passes(0.1)
        *_, (_, _, heard) = shelf.heard
        assert STORY.startswith(heard)
        assert 20 <= len(heard) <= 60
        assert shelf.language == "en"
        assert talk.conversation.keeping.begun


@virtual_time
async def test_a_slow_shelf_delays_no_turn_and_gets_what_waited_in_one() -> None:
    async def times(shelf: Shelf | None) -> list[float]:
        async with open_talk(FakeEngines(llm=llm_saying("Yes.")), keep=shelf) as talk:
            began = virtual_now_s()
            for number in range(4):
                await turn(talk, f"number {number}")
            return [seen.at_ms - 1000 * began for seen in talk.seen if isinstance(seen.event, AudioStopped)]

    shelf = Shelf(takes_s=4.0)
    assert await times(shelf) == pytest.approx(await times(None))
    assert [said for _, role, said in shelf.heard if role == "user"] == [f"number {n}" for n in range(4)]
    assert len(shelf.writes) < 6


@virtual_time
async def test_what_is_said_last_is_kept_when_the_talk_closes() -> None:
    shelf = Shelf(takes_s=0.5)
    async with open_talk(FakeEngines(llm=llm_saying(STORY)), keep=shelf) as talk:
        await talk.says("tell me a story")
        await talk.until(AudioStarted)
        await talk.passes(2)
    (_, _, said), (_, _, heard) = shelf.heard
    assert said == "tell me a story"
    assert 20 <= len(heard) <= 60


@virtual_time
async def test_while_nothing_can_be_kept_the_talk_goes_on_and_the_next_turn_keeps_it_all() -> None:
    shelf = Shelf()
    async with open_talk(FakeEngines(llm=llm_saying("Yes.")), keep=shelf) as talk:
        shelf.failing = away()
        await turn(talk, "one")
        await turn(talk, "two")
        assert shelf.kept is None
        assert notices(talk) == ["talk_not_kept"]
        assert "database is not reached" in talk.all(Notice)[0].message
        shelf.failing = None
        await turn(talk, "three")
        assert [said for _, role, said in shelf.heard if role == "user"] == ["one", "two", "three"]
        shelf.failing = away()
        await turn(talk, "four")
        assert notices(talk) == ["talk_not_kept"] * 2
        shelf.failing = None
    assert [said for _, role, said in shelf.heard if role == "user"][-1] == "four"


@virtual_time
async def test_a_shelf_that_does_not_answer_or_breaks_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf(takes_s=100.0)
    async with open_talk(FakeEngines(llm=llm_saying("Yes.")), keep=shelf) as talk:
        await talk.says("one")
        notice = await talk.until(Notice, within_s=KEEP_WITHIN_S + 1)
        assert "no answer" in notice.message
        shelf.takes_s, shelf.failing = 0.0, ZeroDivisionError("a secret")
        await turn(talk, "two")
        assert notices(talk) == ["talk_not_kept"]
        assert "could not be kept" in caplog.text
        shelf.failing = None
        await turn(talk, "three")
    assert [said for _, role, said in shelf.heard if role == "user"] == ["one", "two", "three"]


@virtual_time
async def test_a_talk_that_was_deleted_is_not_kept_any_more() -> None:
    shelf = Shelf()
    async with open_talk(FakeEngines(llm=llm_saying("Yes.")), keep=shelf) as talk:
        await turn(talk, "one")
        shelf.kept = None
        await turn(talk, "two")
        assert not talk.conversation.keeping.able
        await turn(talk, "three")
        assert shelf.kept is None
        assert notices(talk) == []
        assert talk.remembered()[-2:] == [("user", "three"), ("assistant", "Yes.")]


@virtual_time
async def test_what_is_forgotten_is_removed_from_what_is_kept() -> None:
    shelf = Shelf()
    async with open_talk(FakeEngines(llm=llm_saying("Yes.")), keep=shelf) as talk:
        await turn(talk, "a secret")
        talk.conversation.reset()
        await talk.passes(0.1)
        assert shelf.kept is None
        await turn(talk, "another beginning")
        assert shelf.heard == [(2, "user", "another beginning"), (2, "assistant", "Yes.")]
        shelf.failing = away()
        await turn(talk, "unkept")
        talk.conversation.reset()
        await talk.passes(0.1)
        shelf.failing = None
    assert shelf.kept is None


@virtual_time
async def test_what_is_forgotten_while_it_is_being_written_does_not_come_back() -> None:
    shelf = Shelf(takes_s=2.0)
    async with open_talk(FakeEngines(llm=llm_saying("Yes.")), keep=shelf) as talk:
        await talk.says("a secret")
        await talk.passes(0.1)
        assert shelf.under_way
        shelf.failing = away()
        talk.conversation.reset()
        await talk.passes(3)
        shelf.failing = None
    assert shelf.kept is None


@virtual_time
async def test_a_talk_is_kept_only_while_that_is_wanted() -> None:
    shelf = Shelf()
    settings = ConversationSettings(barge_in=True, keep=False)
    async with open_talk(FakeEngines(llm=llm_saying("Yes.")), keep=shelf, settings=settings) as talk:
        await turn(talk, "between us")
        await talk.conversation.change(SettingsChange(keep=True))
        await turn(talk, "for the record")
        await talk.conversation.change(SettingsChange(keep=False))
        await turn(talk, "between us again")
    assert [said for _, role, said in shelf.heard if role == "user"] == ["for the record"]


@virtual_time
async def test_a_talk_goes_on_with_what_was_kept_of_it() -> None:
    before = Memory()
    before.said(7, "my name is Ann")
    shelf = Shelf()
    shelf.kept = {}
    engines = FakeEngines(llm=llm_saying("Ann."))
    async with open_talk(engines, keep=shelf, memory=before, conversation_id="kept-before") as talk:
        assert talk.conversation.id == "kept-before"
        await turn(talk, "what is my name")
        assert [message.text for message in engines.llm_engine.requests[-1].messages][1:] == [
            "my name is Ann\nwhat is my name"
        ]
    assert shelf.heard == [(8, "user", "what is my name"), (8, "assistant", "Ann.")]


async def test_turns_that_can_never_be_kept_do_not_pile_up_without_end() -> None:
    shelf = Shelf()
    shelf.failing = away()
    told: list[Notice] = []
    keeping = Keeping(shelf, "talk", begun=False, wanted=lambda: True, language=lambda: "en", tell=told.append)
    for number in range(MOST_WAITING_TURNS + 10):
        keeping.note([Remembered(turn=number, role="user", speaker="", text=str(number), heard=str(number))])
    await keeping.aclose()
    shelf.failing = None
    await keeping.aclose()
    assert [text for write in shelf.writes for text in write] == [str(n) for n in range(10, MOST_WAITING_TURNS + 10)]
    assert len(told) == 1
