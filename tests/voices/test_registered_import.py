from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.databases import sqlite_database
from tests.voices.cloning_room import human_sample, open_cloning_room

from syrinx.audio import silence, wav_bytes
from syrinx.errors import UnknownVoice
from syrinx.storage import Database
from syrinx.voices.registered_import import TERMS_BEFORE, import_registered

__all__ = ["sqlite_database"]

VOICE_ID = "voice_0123456789ab"


def register(folder: Path, voice_id: str = VOICE_ID, **changes: Any) -> Path:
    """As voices were kept before."""
    entry = folder / voice_id
    entry.mkdir(parents=True)
    (entry / "reference.wav").write_bytes(wav_bytes(human_sample()))
    record = {
        "id": voice_id,
        "display_name": "Ada",
        "language": "en-GB",
        "created_at": "2026-03-01T10:00:00.000+00:00",
        "duration_ms": 8000.0,
        "pitch_hz": 203.5,
        "consent": {"statement": "The speaker agrees.", "recorded_at": "2026-03-01T09:59:00.000+00:00"},
    }
    (entry / "voice.json").write_text(json.dumps(record | changes), encoding="utf-8")
    return entry


async def test_a_registered_voice_becomes_a_profile_with_its_id_and_its_consent(
    sqlite_database: Database, tmp_path: Path
) -> None:
    old = tmp_path / "voices"
    entry = register(old)
    async with open_cloning_room(sqlite_database, tmp_path / "blobs") as room:
        assert await import_registered(old, room.voices) == 1
        (voice,) = await room.voices.list("local")
        assert (voice.voice_id, voice.name, voice.language, voice.source) == (VOICE_ID, "Ada", "en-GB", "registry")
        assert voice.created_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
        assert voice.pitch_hz == pytest.approx(203.5)
        assert voice.pace is not None
        assert not voice.is_verified
        assert await room.voices.sample(voice) == human_sample()
        consent = await room.consents.get("local", voice.consent_id)
        assert (consent.kind, consent.statement) == ("attested", "The speaker agrees.")
        assert consent.recorded_at == datetime(2026, 3, 1, 9, 59, tzinfo=UTC)
        assert consent.terms_version == TERMS_BEFORE
    assert not entry.exists()


async def test_a_voice_that_was_taken_in_and_deleted_does_not_come_back(
    sqlite_database: Database, tmp_path: Path
) -> None:
    old = tmp_path / "voices"
    register(old)
    async with open_cloning_room(sqlite_database, tmp_path / "blobs") as room:
        await import_registered(old, room.voices)
        await room.voices.delete("local", VOICE_ID)
        assert await import_registered(old, room.voices) == 0
        with pytest.raises(UnknownVoice):
            await room.voices.get("local", VOICE_ID)


async def test_a_folder_left_behind_by_a_server_that_was_killed_is_only_removed(
    sqlite_database: Database, tmp_path: Path
) -> None:
    old = tmp_path / "voices"
    register(old)
    async with open_cloning_room(sqlite_database, tmp_path / "blobs") as room:
        await import_registered(old, room.voices)
        entry = register(old)
        assert await import_registered(old, room.voices) == 0
        assert not entry.exists()
        assert len(await room.voices.list("local")) == 1


def _no_sample(entry: Path) -> None:
    (entry / "reference.wav").unlink()


def _silent_sample(entry: Path) -> None:
    (entry / "reference.wav").write_bytes(wav_bytes(silence(duration_ms=3000.0, sample_rate_hz=24_000)))


def _cut_record(entry: Path) -> None:
    (entry / "voice.json").write_text("{")


def _no_mapping(entry: Path) -> None:
    (entry / "voice.json").write_text("[]")


def _change(**changes: Any) -> Callable[[Path], None]:
    def change(entry: Path) -> None:
        record = json.loads((entry / "voice.json").read_text())
        (entry / "voice.json").write_text(json.dumps(record | changes))

    return change


@pytest.mark.parametrize(
    "damage",
    [
        _no_sample,
        _silent_sample,
        _cut_record,
        _no_mapping,
        _change(consent=None),
        _change(consent={"statement": " ", "recorded_at": "2026-03-01"}),
        _change(id="voice_ffffffffffff"),
        _change(created_at="yesterday"),
        _change(display_name=""),
    ],
)
async def test_what_cannot_be_read_stays_and_keeps_no_other_back(
    sqlite_database: Database, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    old = tmp_path / "voices"
    damaged = register(old)
    damage(damaged)
    register(old, "voice_bbbbbbbbbbbb")
    async with open_cloning_room(sqlite_database, tmp_path / "blobs") as room:
        assert await import_registered(old, room.voices, user="ada") == 1
        assert [voice.voice_id for voice in await room.voices.list("ada")] == ["voice_bbbbbbbbbbbb"]
        assert (await room.rows())["blobs"] == len(await room.blob_keys()) == 1
    assert damaged.is_dir()


async def test_a_folder_that_is_not_to_be_removed_is_told_of_and_keeps_nothing_back(
    sqlite_database: Database, tmp_path: Path
) -> None:
    old = tmp_path / "voices"
    elsewhere = register(tmp_path / "elsewhere")
    old.mkdir()
    (old / VOICE_ID).symlink_to(elsewhere)
    register(old, "voice_bbbbbbbbbbbb")
    async with open_cloning_room(sqlite_database, tmp_path / "blobs") as room:
        with capture_logs() as logs:
            assert await import_registered(old, room.voices) == 2
        assert [entry["folder"] for entry in logs if "could not be removed" in entry["event"]] == [str(old / VOICE_ID)]
        assert {voice.voice_id for voice in await room.voices.list("local")} == {VOICE_ID, "voice_bbbbbbbbbbbb"}
    assert [each.name for each in old.iterdir()] == [VOICE_ID]


async def test_a_folder_that_another_server_removed_meanwhile_is_nothing_to_tell_of(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = shutil.rmtree

    def twice(entry: Path) -> None:
        remove(entry)
        remove(entry)

    monkeypatch.setattr(shutil, "rmtree", twice)
    register(tmp_path / "voices")
    async with open_cloning_room(sqlite_database, tmp_path / "blobs") as room:
        with capture_logs() as logs:
            assert await import_registered(tmp_path / "voices", room.voices) == 1
        assert logs == []


async def test_a_folder_that_may_not_be_looked_into_is_told_of(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_folder: Path) -> Iterator[Path]:
        raise PermissionError("Permission denied")

    register(tmp_path / "voices")
    monkeypatch.setattr(Path, "iterdir", refused)
    async with open_cloning_room(sqlite_database, tmp_path / "blobs") as room:
        with capture_logs() as logs:
            assert await import_registered(tmp_path / "voices", room.voices) == 0
    assert [entry["reason"] for entry in logs] == ["Permission denied"]


async def test_other_files_are_let_alone(sqlite_database: Database, tmp_path: Path) -> None:
    (tmp_path / "voices" / ".new-voice_0123456789ab").mkdir(parents=True)
    (tmp_path / "voices" / "notes.txt").write_text("mine")
    async with open_cloning_room(sqlite_database, tmp_path / "blobs") as room:
        assert await import_registered(tmp_path / "voices", room.voices) == 0
        assert await import_registered(tmp_path / "nowhere", room.voices) == 0
    assert len(list((tmp_path / "voices").iterdir())) == 2
