"""What is kept of people's conversations, on each database: added, changed, listed, found, exported and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from sqlalchemy import func, select
from tests.databases import database

from syrinx.conversation.history import History
from syrinx.conversation.history_tables import ConversationRow, MessageRow
from syrinx.conversation.memory import Remembered
from syrinx.errors import BadInput, NotFound
from syrinx.storage import Database

__all__ = ["database"]

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


class Clock:
    """A minute passes with every look at it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def history(database: Database) -> History:
    return History(database, now=Clock())


def said(turn: int, text: str) -> Remembered:
    return Remembered(turn=turn, role="user", speaker="", text=text, heard=text)


def answered(turn: int, text: str, *, heard: str | None = None, speaker: str = "Syrinx") -> Remembered:
    return Remembered(turn=turn, role="assistant", speaker=speaker, text=text, heard=text if heard is None else heard)


async def keep(history: History, user: str, conversation_id: str, *entries: Remembered, **more: bool | str) -> bool:
    return await history.keep(user, conversation_id, language="en", remembered=entries, **more)  # pyright: ignore[reportArgumentType]


async def texts(history: History, user: str, conversation_id: str) -> list[tuple[int, str, str]]:
    kept = await history.get(user, conversation_id)
    return [(each.turn, each.text, each.heard) for each in kept.messages]


async def rows(database: Database) -> tuple[int, int]:
    async with database.reading() as session:
        conversations = await session.scalar(select(func.count()).select_from(ConversationRow))
        messages = await session.scalar(select(func.count()).select_from(MessageRow))
    return conversations or 0, messages or 0


async def test_turns_are_added_and_changed_in_their_order(history: History) -> None:
    assert await keep(history, "ann", "talk", said(1, "tell me a story"))
    assert await keep(history, "ann", "talk", said(1, "tell me a story about foxes"), begun=True)
    whole = (said(1, "tell me a story about foxes"), answered(1, "Once there was one.", heard="Once"))
    for _ in range(2):  # the same once more changes nothing
        assert await keep(history, "ann", "talk", *whole, said(2, "go on"), begun=True)
    two = (answered(2, "It ran."), answered(2, "Away!", speaker="Ada"))
    assert await keep(history, "ann", "talk", said(2, "go on"), *two, begun=True)
    kept = await history.get("ann", "talk")
    assert [(each.turn, each.role, each.speaker, each.text, each.heard) for each in kept.messages] == [
        (1, "user", "", "tell me a story about foxes", "tell me a story about foxes"),
        (1, "assistant", "Syrinx", "Once there was one.", "Once"),
        (2, "user", "", "go on", "go on"),
        (2, "assistant", "Syrinx", "It ran.", "It ran."),
        (2, "assistant", "Ada", "Away!", "Away!"),
    ]
    assert (kept.summary.title, kept.summary.language, kept.summary.message_count) == ("tell me a story", "en", 5)
    assert kept.summary.created_at == NOON + timedelta(minutes=1)
    assert kept.summary.updated_at == NOON + timedelta(minutes=5)
    assert [each.created_at.tzinfo for each in kept.messages] == [UTC] * 5


async def test_anothers_conversation_is_as_none(history: History) -> None:
    await keep(history, "ann", "talk", said(1, "a secret"))
    told: list[str] = []
    for conversation_id in ("talk", "none", "x" * 100, "no\0name", "..", ""):
        for attempt in (
            history.get("bob", conversation_id),
            history.memory("bob", conversation_id),
            history.rename("bob", conversation_id, "mine"),
            history.delete("bob", conversation_id),
        ):
            with pytest.raises(NotFound) as refused:
                await attempt
            told.append(refused.value.message)
    assert len(set(told)) == 1
    with pytest.raises(NotFound):
        await keep(history, "bob", "talk", said(2, "let me in"))
    assert (await history.list("bob")).conversations == ()
    assert await history.search("bob", "secret") == []
    assert [kept async for kept in history.export("bob")] == []
    assert await history.delete_all("bob") == 0
    assert await texts(history, "ann", "talk") == [(1, "a secret", "a secret")]


async def test_names_are_told_apart_by_every_letter(history: History) -> None:
    await keep(history, "ann", "talk", said(1, "small"))
    await keep(history, "Ann", "TALK", said(1, "large"))
    assert [each.conversation_id for each in (await history.list("ann")).conversations] == ["talk"]
    with pytest.raises(NotFound):
        await history.get("ann", "TALK")
    assert await texts(history, "Ann", "TALK") == [(1, "large", "large")]


async def test_the_list_is_read_page_by_page(history: History, database: Database) -> None:
    same_time = History(database, now=lambda: NOON)
    for number in range(5):
        await keep(same_time, "ann", f"same-{number}", said(1, f"number {number}"))
    for number in range(2):
        await keep(history, "ann", f"later-{number}", said(1, f"later {number}"))
    seen: list[str] = []
    before: str | None = None
    pages = 0
    while pages == 0 or before is not None:
        page = await history.list("ann", before=before, limit=3)
        seen += [each.conversation_id for each in page.conversations]
        before = page.before
        pages += 1
    assert seen == ["later-1", "later-0", "same-4", "same-3", "same-2", "same-1", "same-0"]
    assert pages == 3
    for wrong in ("", "x", "1", "1.", "99999999999999999999.a", "1.a b", "999999999999999999.a"):
        with pytest.raises(BadInput, match="before"):
            await history.list("ann", before=wrong)


SOUGHT: Sequence[tuple[str, str, str | None]] = (
    ("It costs 100% of it", "100%", "100%"),
    ("It costs 100 of it", "100% of", None),
    ("snake_case", "e_c", "e_c"),
    ("snakeXcase", "eXc_", None),
    ("What? [really] *yes* \\o/ (a|b)^2 $1.50 {x} !bang 'q'", "[REALLY] *Yes* \\o/ (a|b)^2 $1.50 {x} !BANG 'Q'", "[r"),
    ("what really", "[r]eally", None),
    ("abc", "a.c", None),
    ("Ein Äpfelchen", "äPFELc", "Äpfelc"),
    ("Ein Apfel", "n Äpfel", None),
    ("café", "cafe", None),
    ("Привет, мир", "ПРИВЕТ", "Привет"),
    ("你好世界", "好世", "好世"),
    ("a fox 🦊 ran", "🦊 RAN", "🦊 ran"),
    ("a fox 🦊 ran", "🐺", None),
)
"""A text, what is looked for, and what is found of it."""


async def test_words_are_found_as_they_are_but_for_their_case(history: History) -> None:
    for number, (text, _, _) in enumerate(SOUGHT):
        await keep(history, "ann", f"talk-{number}", said(1, "first"), answered(1, text))
    for number, (text, words, found) in enumerate(SOUGHT):
        places = {each.conversation.conversation_id: each.place for each in await history.search("ann", words)}
        place = places.get(f"talk-{number}")
        if found is None:
            assert place is None, (text, words)
        else:
            assert place is not None, (text, words)
            assert place.excerpt[place.start_char : place.end_char].startswith(found)
            assert place.role == "assistant"


async def test_a_search_finds_the_newest_place_of_the_newest_conversations(history: History) -> None:
    before = "word " * 40
    await keep(history, "ann", "old", said(1, "a fox"), answered(1, f"{before}The FOX sleeps. {before}"))
    await keep(history, "ann", "other", said(1, "weather"), answered(1, "Rain."))
    await keep(history, "ann", "new", said(1, "fox fur"), said(2, "and hounds"))
    await keep(history, "ann", "named", said(1, "no such animal"))
    await history.rename("ann", "named", "My Fox talk")
    found = await history.search("ann", "  fox ")
    assert [each.conversation.conversation_id for each in found] == ["named", "new", "old"]
    assert [each.place.role for each in found] == [None, "user", "assistant"]
    place = found[-1].place
    assert place.excerpt[place.start_char : place.end_char] == "FOX"
    assert place.excerpt.startswith("…")
    assert place.excerpt.endswith("…")
    assert len(place.excerpt) < 140
    kept = await history.get("ann", "old")
    assert place.message_id == kept.messages[1].message_id
    assert len(await history.search("ann", "fox", limit=2)) == 2
    for nothing in ("", "  \n", "x" * 201):
        with pytest.raises(BadInput, match="looked for"):
            await history.search("ann", nothing)


async def test_a_conversation_is_renamed_and_refuses_what_is_no_title(history: History) -> None:
    await keep(history, "ann", "talk", said(1, "hello"))
    renamed = await history.rename("ann", "talk", "  Of\nfoxes \0 ")
    assert renamed.title == "Of foxes"
    for wrong in ("", " ", "x" * 81):
        with pytest.raises(BadInput, match="1 to 80"):
            await history.rename("ann", "talk", wrong)
    await keep(history, "ann", "talk", said(2, "more"), begun=True)
    assert (await history.get("ann", "talk")).summary.title == "Of foxes"


async def test_a_title_is_the_beginning_of_the_first_words(history: History) -> None:
    titles = {
        "word " * 100: "word " * 15 + "word…",
        "字" * 300: "字" * 79 + "…",
        "🦊" * 300: "🦊" * 79 + "…",
        "short\nlines": "short lines",
    }
    for number, (text, title) in enumerate(titles.items()):
        await keep(history, "ann", f"talk-{number}", answered(1, "I begin."), said(1, text))
        assert (await history.get("ann", f"talk-{number}")).summary.title == title


async def test_what_databases_refuse_is_kept_without_it(history: History) -> None:
    await keep(history, "ann", "talk", said(1, "a\0b"), answered(1, "half \ud83d of one", speaker="A\0"))
    assert [each[1] for each in await texts(history, "ann", "talk")] == ["ab", "half ? of one"]
    await history.keep("ann", "talk", language="en-" + "x" * 100, remembered=[answered(1, "!", speaker="A" * 300)])
    assert (await history.get("ann", "talk")).summary.language == "en-" + "x" * 32
    await keep(history, "ann", "talk", said(2, "long " * 20_000))
    assert len((await texts(history, "ann", "talk"))[-1][1]) == 100_000


async def test_what_is_deleted_stays_deleted(history: History, database: Database) -> None:
    await keep(history, "ann", "one", said(1, "hello"))
    await keep(history, "ann", "two", said(1, "hello"))
    await keep(history, "bob", "three", said(1, "hello"))
    await history.delete("ann", "one")
    assert await keep(history, "ann", "one", said(2, "still here"), begun=True) is False
    with pytest.raises(NotFound):
        await history.delete("ann", "one")
    assert await rows(database) == (2, 2)
    assert await history.delete_all("ann") == 1
    assert await rows(database) == (1, 1)


async def test_what_is_forgotten_is_removed_and_the_rest_begins_anew(history: History, database: Database) -> None:
    await keep(history, "ann", "talk", said(1, "forget this"), answered(1, "Forgotten."))
    await keep(history, "ann", "talk", said(2, "a new beginning"), begun=True, anew=True)
    kept = await history.get("ann", "talk")
    assert (kept.summary.title, len(kept.messages)) == ("a new beginning", 1)
    await keep(history, "ann", "talk", begun=True, anew=True)
    assert await rows(database) == (0, 0)


async def test_the_old_is_purged(history: History, database: Database) -> None:
    for number in range(3):
        await keep(history, "ann", f"talk-{number}", said(1, "hello"))
    await keep(history, "ann", "talk-0", said(2, "still of use"), begun=True)
    assert await history.purge(NOON + timedelta(minutes=4)) == 2
    assert await history.purge(NOON + timedelta(minutes=4)) == 0
    assert await texts(history, "ann", "talk-0") == [(1, "hello", "hello"), (2, "still of use", "still of use")]
    assert await rows(database) == (1, 2)


async def test_a_long_conversation_is_read_from_its_end_and_remembered_as_far_as_fits(history: History) -> None:
    entries: Sequence[Remembered] = [
        each for turn in range(1, 131) for each in (said(turn, f"question {turn}"), answered(turn, f"answer {turn}"))
    ]
    await keep(history, "ann", "talk", *entries)
    kept = await history.get("ann", "talk", limit=3)
    assert [each.text for each in kept.messages] == ["answer 129", "question 130", "answer 130"]
    assert kept.earlier
    more = await history.get("ann", "talk", before=kept.messages[0].message_id, limit=300)
    assert (len(more.messages), more.messages[-1].text, more.earlier) == (257, "question 129", False)
    assert (await history.get("ann", "talk", before="no-such-message")).messages == ()
    memory = await history.memory("ann", "talk")
    assert len(memory.entries) == 200
    assert memory.entries[0].text == "question 31"
    assert memory.entries[-1] == answered(130, "answer 130")


async def test_everything_of_a_user_is_exported(history: History) -> None:
    await keep(history, "ann", "b", said(1, "two"))
    await keep(history, "ann", "a", said(1, "one"), answered(1, "One!"))
    await keep(history, "bob", "c", said(1, "not hers"))
    exported = [kept async for kept in history.export("ann")]
    assert [(kept.summary.conversation_id, len(kept.messages)) for kept in exported] == [("a", 2), ("b", 1)]
    assert sorted(await history.users()) == ["ann", "bob"]


@pytest.mark.parametrize("how", ["the same talk", "two talks"])
async def test_two_servers_write_at_once(database: Database, how: Literal["the same talk", "two talks"]) -> None:
    """Each has a history of its own; a conversation that both begin is there once."""
    servers = [History(database), History(database)]

    async def talks(number: int, history: History) -> None:
        talk = "" if how == "the same talk" else f"stretch-{number}"
        for turn in range(1, 9):
            assert await keep(history, "ann", "talk", said(turn, f"turn {turn}"), talk=talk)

    await asyncio.gather(*(talks(number, history) for number, history in enumerate(servers)))
    kept = await texts(servers[0], "ann", "talk")
    assert await rows(database) == (1, 8 if how == "the same talk" else 16)
    in_order = sorted(kept) if how == "the same talk" else kept
    assert in_order == kept
    assert {turn for turn, *_ in kept} == set(range(1, 9))


async def test_a_delete_while_turns_are_kept_leaves_nothing(history: History, database: Database) -> None:
    await keep(history, "ann", "talk", said(1, "hello"))

    async def go_on() -> None:
        for turn in range(2, 12):
            await keep(history, "ann", "talk", said(turn, "more"), begun=True)

    talking = asyncio.create_task(go_on())
    await asyncio.sleep(0)
    await history.delete("ann", "talk")
    await talking
    assert await rows(database) == (0, 0)
