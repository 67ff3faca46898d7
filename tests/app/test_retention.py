"""What was kept for long enough is deleted, and nothing else is; what cannot be deleted stops nothing else."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from tests.app.scripted_house import by, scripted_house
from tests.voices.cloning_room import order
from tests.voices.test_repository import new_voice

from syrinx.accounts.audit import open_audit
from syrinx.accounts.keys import Keys
from syrinx.app import retention
from syrinx.app.house import House
from syrinx.app.retention import delete_old, keep_no_longer
from syrinx.conversation.history import History
from syrinx.conversation.memory import Remembered
from syrinx.storage import DatabaseUnavailable
from syrinx.voices.clone_jobs import new_job
from syrinx.voices.consent_rows import new_consent
from syrinx.voices.tables import VoiceCloneSessionRow

pytestmark = pytest.mark.usefixtures("clean_environment")

NOW = datetime.now(UTC)
"""The store goes by the clock of its files."""
DAYS: Mapping[str, Any] = {"conversations_days": 10, "voices_days": 20, "audit_days": 30, "jobs_days": 5}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[House, None]:
    async with scripted_house(tmp_path, **DAYS) as opened:
        yield opened


async def keep_talk(house: House, name: str, *, days_ago: float) -> None:
    history = History(house.kept.database, now=lambda: NOW - timedelta(days=days_ago))
    said = Remembered(turn=1, role="user", speaker="", text=name, heard=name)
    await history.keep("ann", name, language="en", remembered=[said])


async def keep_voice(house: House, number: int, *, days_ago: float) -> str:
    voice, then = new_voice(number, user="ann"), NOW - timedelta(days=days_ago)
    profile = replace(voice.profile, created_at=then, updated_at=then)
    return (await house.people.voices.keep(replace(voice, profile=profile))).voice_id


async def note(house: House, subject: str, *, days_ago: float) -> None:
    async with open_audit(house.kept.database, now=lambda: NOW - timedelta(days=days_ago)) as audit:
        audit.note(by("ann"), "voice.made", subject)


async def put_orphan(house: House, *, hours_ago: float) -> str:
    stored = await house.kept.blobs.put(b"sound", purpose="samples", user="ann", media_type="audio/wav")
    then = time.time() - 3600 * hours_ago
    os.utime(Path(house.settings.blobs_address) / stored.key, (then, then))
    return stored.key


async def keep_key(house: House, name: str, *, days_ago: float) -> None:
    """One that was revoked then."""
    keys = Keys(house.kept.database, now=lambda: NOW - timedelta(days=days_ago))
    key, _ = await keys.create("ann", name=name, scopes=["speak"], created_by="ann")
    await keys.revoke(key.key_id)


async def keep_cloning(house: House, name: str, *, days_ago: float) -> None:
    """One that failed then."""
    then = NOW - timedelta(days=days_ago)
    row = new_job(order("ann", name=name), upload_key="", upload_sha256="", at=then)
    row.status, row.upload_path, row.completed_at = "failed", None, then
    async with house.kept.database.transaction() as session:
        session.add(row)


async def keep_consent(house: House, name: str, *, days_ago: float) -> str:
    """One without a voice; the key of its recording."""
    blobs, then = house.kept.blobs, NOW - timedelta(days=days_ago)
    stored = await blobs.put(b"agreed", purpose="consents", user="ann", media_type="audio/wav")
    row = new_consent(
        "ann",
        kind="spoken",
        name=name,
        language="en",
        statement="I agree.",
        evidence_sha256=stored.sha256,
        recording_key=stored.key,
        at=then,
    )
    async with house.kept.database.transaction() as session:
        session.add(row)
        await blobs.record(session, stored)
    return stored.key


async def remembered(house: House) -> dict[str, list[str]]:
    """By their names."""
    database = house.kept.database
    async with database.reading() as session:
        orders = [row.order for row in await session.scalars(select(VoiceCloneSessionRow))]
    return {
        "keys": [each.name for each in await Keys(database).list("ann")],
        "clonings": [each["name"] for each in orders],
        "consents": [each.name for each in await house.people.consents.list("ann") if each.voice_id is None],
    }


async def left(house: House) -> dict[str, list[str]]:
    return {
        "talks": sorted(each.title for each in (await house.kept.history.list("ann")).conversations),
        "voices": sorted(each.voice_id for each in await house.people.voices.list("ann")),
        "events": sorted(each.subject for each in await house.kept.accounts.audit.list()),
    }


async def test_each_kind_is_deleted_after_its_own_days_and_nothing_else_is(house: House) -> None:
    for days_ago in (9.9, 10.1):
        await keep_talk(house, f"talk-{days_ago:g}".replace(".", "-"), days_ago=days_ago)
    young, old = [await keep_voice(house, n, days_ago=days) for n, days in enumerate((19.9, 20.1))]
    for days_ago in (29.9, 30.1):
        await note(house, f"{days_ago:g}", days_ago=days_ago)
    kept, orphan = await put_orphan(house, hours_ago=0.5), await put_orphan(house, hours_ago=2)
    await delete_old(house.settings, house.kept, house.people, now=NOW)
    assert await left(house) == {"talks": ["talk-9-9"], "voices": [young], "events": ["29.9"]}
    profile = await house.people.voices.get("ann", young)
    assert old != young
    there = {key async for key in house.kept.blobs.keys(None) if not key.startswith("store/")}
    assert there == {kept, profile.reference_key, profile.sample_audio_key}
    assert orphan != kept


async def test_keys_clonings_and_consents_without_a_voice_are_deleted_after_their_days(house: House) -> None:
    for keep, days in ((keep_key, 30), (keep_cloning, 5)):
        for name, days_ago in (("young", days - 0.1), ("old", days + 0.1)):
            await keep(house, name, days_ago=days_ago)
    kept, gone = [await keep_consent(house, name, days_ago=days) for name, days in (("young", 19.9), ("old", 20.1))]
    await delete_old(house.settings, house.kept, house.people, now=NOW)
    assert await remembered(house) == {"keys": ["young"], "clonings": ["young"], "consents": ["young"]}
    there = {key async for key in house.kept.blobs.keys(None)}
    assert kept in there
    assert gone not in there


async def test_without_days_talks_and_voices_are_kept_until_they_are_deleted(tmp_path: Path) -> None:
    async with scripted_house(tmp_path) as house:
        await keep_consent(house, "consent", days_ago=5000)
        await keep_talk(house, "talk", days_ago=5000)
        voice = await keep_voice(house, 1, days_ago=5000)
        await delete_old(house.settings, house.kept, house.people, now=NOW)
        assert await left(house) == {"talks": ["talk"], "voices": [voice], "events": []}
        assert (await remembered(house))["consents"] == ["consent"]


async def test_a_voice_that_speaks_is_not_an_old_one(house: House) -> None:
    voice = await keep_voice(house, 1, days_ago=100)
    await house.people.voices.used(voice)
    await delete_old(house.settings, house.kept, house.people, now=NOW)
    assert (await left(house))["voices"] == [voice]


@pytest.mark.parametrize("error", [DatabaseUnavailable("the database is away"), KeyError("a fault of ours")])
async def test_what_cannot_be_deleted_is_told_and_the_rest_is_deleted(
    error: Exception, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: Any, **__: Any) -> int:
        raise error

    monkeypatch.setattr(type(house.kept.accounts.audit), "purge", refused)
    await keep_talk(house, "old", days_ago=11)
    await keep_voice(house, 1, days_ago=21)
    with capture_logs() as logs:
        await delete_old(house.settings, house.kept, house.people, now=NOW)
    assert await left(house) == {"talks": [], "voices": [], "events": []}
    failed = [entry["what"] for entry in logs if entry["event"] == "what is old could not be deleted"]
    assert failed == ["audit events"]


async def test_it_goes_on_hour_after_hour_also_after_a_fault(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    passed = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 4:
            passed.set()
            await asyncio.Event().wait()

    async def broken(*_: Any, **__: Any) -> int:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(retention, "sleep", sleep)
    monkeypatch.setattr(retention, "sweep", broken)
    task = asyncio.create_task(keep_no_longer(house.settings, house.kept, house.people))
    async with asyncio.timeout(10):
        await passed.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert waited == [retention.FIRST_AFTER_S, *[retention.EVERY_S] * 3]
