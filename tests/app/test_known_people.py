"""With which voices of people each caller may speak: their own, as they are now, and without waiting for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.app.scripted_house import by
from tests.databases import sqlite_database
from tests.voices.cloning_room import CloningRoom, open_cloning_room
from tests.voices.test_repository import new_voice

from syrinx.accounts import calling
from syrinx.app import known_people
from syrinx.app.known_people import KnownPeople
from syrinx.storage import Database, DatabaseUnavailable
from syrinx.testing.fake_tts import CLONING
from syrinx.voices.profile import VoiceSettings

__all__ = ["sqlite_database"]


@pytest.fixture
async def room(sqlite_database: Database, tmp_path: Path) -> AsyncGenerator[CloningRoom, None]:
    async with open_cloning_room(sqlite_database, tmp_path) as opened:
        yield opened


def known_in(room: CloningRoom) -> tuple[KnownPeople, list[Coroutine[Any, Any, None]]]:
    known, works = KnownPeople(), list[Coroutine[Any, Any, None]]()

    def in_background(work: Coroutine[Any, Any, None]) -> None:
        works.append(work)

    known.begin(room.voices, in_background)
    return known, works


async def ids(known: KnownPeople, user: str) -> list[str]:
    with calling(by(user)):
        return [person.voice.id for person in (await known.people()).voices]


async def test_each_caller_has_their_own_and_nobody_elses(room: CloningRoom) -> None:
    """ASVS 5.0 V8.2.2: another's voice is not even known."""
    known, _ = known_in(room)
    anns, bobs = [await room.voices.keep(new_voice(n, user=user)) for n, user in enumerate(("ann", "bob"))]
    assert (await ids(known, "ann"), await ids(known, "bob")) == ([anns.voice_id], [bobs.voice_id])
    assert await ids(known, "eve") == []
    assert await ids(KnownPeople(), "ann") == []


async def test_what_is_kept_changed_or_deleted_here_counts_at_once(
    room: CloningRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_people, "REMEMBERED_S", 1000.0)
    known, _ = known_in(room)
    assert await ids(known, "ann") == []
    kept = await room.voices.keep(new_voice(user="ann"))
    with calling(by("ann")):
        (before,) = (await known.people()).voices
        await room.voices.change("ann", kept.voice_id, settings=VoiceSettings(pace=1.2))
        (after,) = (await known.people()).voices
        assert (before.settings.pace, after.settings.pace) == (1.0, 1.2)
        assert before.revision != after.revision
    await room.voices.change("ann", kept.voice_id, is_active=False)
    assert await ids(known, "ann") == []
    await room.voices.change("ann", kept.voice_id, is_active=True)
    assert await ids(known, "ann") == [kept.voice_id]
    await room.voices.delete("ann", kept.voice_id)
    assert await ids(known, "ann") == []


async def test_what_another_server_did_counts_after_a_moment(
    room: CloningRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, _ = known_in(room)
    kept = await room.voices.keep(new_voice(user="ann"))
    assert await ids(known, "ann") == [kept.voice_id]
    async with open_cloning_room(room.database, tmp_path) as elsewhere:
        await elsewhere.voices.delete("ann", kept.voice_id)
    monkeypatch.setattr(known_people, "REMEMBERED_S", 0.0)
    assert await ids(known, "ann") == []


async def test_what_changes_while_it_is_read_is_not_remembered_as_it_was(
    room: CloningRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_people, "REMEMBERED_S", 1000.0)
    known, _ = known_in(room)
    kept = await room.voices.keep(new_voice(user="ann"))
    listing = type(room.voices).list

    async def slow(self: Any, user: str) -> Any:
        found = await listing(self, user)
        if user == "ann":
            monkeypatch.undo()
            monkeypatch.setattr(known_people, "REMEMBERED_S", 1000.0)
            await room.voices.delete("ann", kept.voice_id)
        return found

    monkeypatch.setattr(type(room.voices), "list", slow)
    await ids(known, "ann")
    assert await ids(known, "ann") == []


async def test_nobody_waits_long_or_often_for_a_database_that_is_away(
    room: CloningRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, _ = known_in(room)
    await room.voices.keep(new_voice(user="ann"))
    asked: list[str] = []

    async def hangs(_: Any, user: str) -> Any:
        asked.append(user)
        await asyncio.Event().wait()

    async def refuses(_: Any, user: str) -> Any:
        asked.append(user)
        raise DatabaseUnavailable("it is away")

    monkeypatch.setattr(known_people, "READ_WITHIN_S", 0.05)
    for away in (hangs, refuses):
        asked.clear()
        known, _ = known_in(room)
        monkeypatch.setattr(type(room.voices), "list", away)
        with capture_logs() as logs:
            async with asyncio.timeout(5):
                assert [await ids(known, "ann") for _ in range(3)] == [[], [], []]
        assert asked == ["ann"]
        assert [entry["event"] for entry in logs] == ["the voices of people cannot be read"]
        with calling(by("ann")):
            assert isinstance((await known.people()).unread, DatabaseUnavailable)
        monkeypatch.undo()
        monkeypatch.setattr(known_people, "READ_WITHIN_S", 0.05)
    monkeypatch.setattr(known_people, "REMEMBERED_S", 0.0)
    assert len(await ids(known, "ann")) == 1


async def test_a_draft_is_known_where_it_is_tried_and_nowhere_else(room: CloningRoom) -> None:
    known, _ = known_in(room)
    draft = replace(new_voice(7, user="ann").profile, pitch_hz=210.0)
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def trying() -> list[str]:
        with known.drafting(draft):
            inside.set()
            await go_on.wait()
            return await ids(known, "ann")

    task = asyncio.create_task(trying())
    await inside.wait()
    assert await ids(known, "ann") == []
    go_on.set()
    assert await task == [draft.voice_id]
    assert await ids(known, "ann") == []


async def test_what_is_known_of_a_voice_is_its_profiles_and_that_it_speaks_is_noted(room: CloningRoom) -> None:
    known, works = known_in(room)
    kept = await room.voices.keep(new_voice(user="ann"))
    person = known.person(kept)
    assert (person.voice.name, person.voice.language, person.pitch_hz) == ("Ada", "en-GB", kept.pitch_hz)
    assert person.sample_s == pytest.approx(8.0)

    async def learn(sample: Any, transcript: str) -> bytes:
        return f"{sample.sample_rate_hz} {transcript}".encode()

    assert (await person.conditioning("tones", CLONING, learn)).startswith(b"24000")
    assert person.used is not None
    person.used()
    (noting,) = works
    await noting
    assert (await room.voices.get("ann", kept.voice_id)).last_used_at is not None
