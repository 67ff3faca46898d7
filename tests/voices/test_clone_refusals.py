from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.databases import sqlite_database
from tests.transports.speech_house import ScriptedMedia
from tests.voices.cloning_room import (
    QUICK,
    ScriptedStudio,
    open_cloning_room,
    order,
    recording,
)

from syrinx.audio import silence, wav_bytes
from syrinx.errors import (
    BadAudio,
    BadInput,
    EngineError,
    EngineTimeout,
    EngineUnavailable,
    QuotaReached,
    RateLimited,
    SyrinxError,
    TooLarge,
    UnknownLanguage,
)
from syrinx.storage import Database
from syrinx.testing.audio import noise, sine
from syrinx.voices.cloning import open_cloning
from syrinx.voices.errors import TooManyVoices, UnknownConsent

__all__ = ["sqlite_database"]


_REFUSED: dict[str, tuple[dict[str, Any], bytes | None, type[SyrinxError], str]] = {
    "no name": ({"name": "  "}, None, BadInput, "1 to 100 characters"),
    "no language": ({"language": "English, please"}, None, BadInput, "BCP 47"),
    "long text": ({"sample_text": "a" * 1001}, None, BadInput, "at most 1000"),
    "no text": ({"sample_text": "a\x00b"}, None, BadInput, "no text"),
    "no consent": ({"attested_by": " "}, None, BadInput, "without a consent"),
    "unknown consent": ({"consent_id": "cons_000000000000"}, None, UnknownConsent, "no consent"),
    "empty": ({}, b"", BadAudio, "empty"),
    "too large": ({}, b"RIFF" * 300_000, TooLarge, "File too large: .* 1 MB"),
}


@pytest.mark.parametrize(("changes", "content", "kind", "says"), _REFUSED.values(), ids=_REFUSED.keys())
async def test_what_can_be_refused_before_the_work_leaves_nothing(
    sqlite_database: Database,
    tmp_path: Path,
    changes: dict[str, Any],
    content: bytes | None,
    kind: type[SyrinxError],
    says: str,
) -> None:
    settings = replace(QUICK, upload_bytes=1024 * 1024)
    async with open_cloning_room(sqlite_database, tmp_path, settings=settings) as room:
        sent = recording() if content is None else io.BytesIO(content)
        with pytest.raises(kind, match=says):
            await room.cloning.begin(sent, order(**changes))
        assert await room.nothing_is_left()
        assert await room.cloning.jobs("ada") == ()


async def test_what_the_voice_is_to_say_is_counted_before_anything_is_kept(
    sqlite_database: Database, tmp_path: Path
) -> None:
    """ASVS 5.0 V2.4.1: what is spoken with a new voice is spoken, whoever begins the work at it."""
    counted: list[str] = []

    async def count(text: str) -> None:
        counted.append(text)
        if len(counted) > 1:
            raise QuotaReached("nothing is left")

    async with (
        open_cloning_room(sqlite_database, tmp_path) as room,
        open_cloning(
            room.database,
            room.blobs,
            room.voices,
            room.consents,
            open_media=ScriptedMedia(),
            studio=room.studio,
            settings=QUICK,
            count=count,
            now=room.clock,
        ) as cloning,
    ):
        with pytest.raises(BadInput):
            await cloning.begin(recording(), order(sample_text="Never.", attested_by=""))
        job = await cloning.begin(recording(), order(sample_text=" Good evening. "))
        await cloning.finished("ada", job.job_id)
        with pytest.raises(QuotaReached):
            await cloning.begin(recording(), order(sample_text="Once more."))
        assert counted == ["Good evening.", "Once more."]
        assert len(await cloning.jobs("ada")) == 1
        await room.keeps("samples", "sample-audio", "conditionings")


async def test_an_engine_that_is_demanded_and_away_is_told_at_once(sqlite_database: Database, tmp_path: Path) -> None:
    studio = ScriptedStudio(fails={"cloner": EngineUnavailable("Chatterbox service not available: no answer")})
    async with open_cloning_room(sqlite_database, tmp_path, studio=studio) as room:
        with pytest.raises(EngineUnavailable, match="Chatterbox service not available"):
            await room.cloning.begin(recording(), order())
        assert await room.nothing_is_left()


_UNUSABLE: dict[str, tuple[bytes, str]] = {
    "no sound": (b"MZ no sound", "no sound that can be read"),
    "short": (wav_bytes(sine(200.0, duration_ms=1900.0)), "Audio too short"),
    "silent": (wav_bytes(silence(duration_ms=3000.0, sample_rate_hz=24_000)), "Audio too quiet"),
}


@pytest.mark.parametrize(("content", "says"), _UNUSABLE.values(), ids=_UNUSABLE.keys())
async def test_a_recording_that_cannot_be_used_fails_the_cloning_and_leaves_only_its_session(
    sqlite_database: Database, tmp_path: Path, content: bytes, says: str
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        job = await room.cloning.begin(io.BytesIO(content), order())
        with pytest.raises(BadAudio, match=says):
            await room.cloning.finished("ada", job.job_id)
        failed = await room.cloning.job("ada", job.job_id)
        assert (failed.status, failed.error_code, failed.error_retryable) == ("failed", "bad_audio", False)
        assert failed.voice_id is None
        await room.comes_to(rows={"voice_clone_sessions": 1}, keys=set())


async def test_a_sample_in_which_nobody_speaks_is_refused_with_the_advice(
    sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path) as room:
        job = await room.cloning.begin(recording(noise(duration_ms=4000.0, amplitude=0.05)), order())
        with pytest.raises(BadAudio):
            await room.cloning.finished("ada", job.job_id)
        failed = await room.cloning.job("ada", job.job_id)
        assert failed.advice[0].severity == "refused"
        assert failed.advice[0].message == failed.error_message


_FAILURES: dict[str, tuple[str, Exception, str, type[SyrinxError]]] = {
    "while learning": (
        "learn",
        EngineError("GPU out of memory: 3 GB wanted", code="gpu_memory"),
        "gpu_memory",
        EngineError,
    ),
    "while speaking": ("speak", UnknownLanguage("no voice speaks 'xx'"), "unknown_language", UnknownLanguage),
    "by a fault": ("speak", ZeroDivisionError("secret words"), "internal", SyrinxError),
}


@pytest.mark.parametrize(("method", "error", "code", "kind"), _FAILURES.values(), ids=_FAILURES.keys())
async def test_a_studio_that_fails_leaves_no_half_voice(
    sqlite_database: Database, tmp_path: Path, method: str, error: Exception, code: str, kind: type[SyrinxError]
) -> None:
    async with open_cloning_room(sqlite_database, tmp_path, studio=ScriptedStudio(fails={method: error})) as room:
        job = await room.cloning.begin(recording(), order())
        with pytest.raises(kind) as told:
            await room.cloning.finished("ada", job.job_id)
        assert told.value.code == code
        assert "secret words" not in told.value.message
        await room.comes_to(rows={"voice_clone_sessions": 1}, keys=set())
        # The house goes on.
        room.studio.fails.clear()
        assert (await room.cloned()).is_active


async def test_an_engine_that_hangs_is_given_up(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path, settings=replace(QUICK, longest_s=0.3)) as room:
        room.studio.hold("learn")
        job = await room.cloning.begin(recording(), order())
        with pytest.raises(EngineTimeout):
            await room.cloning.finished("ada", job.job_id)
        await room.comes_to(rows={"voice_clone_sessions": 1}, keys=set())


async def test_a_user_has_only_so_many_voices(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path, settings=replace(QUICK, voices_per_user=2)) as room:
        first = await room.cloned()
        reached = room.studio.hold("learn")
        job = await room.cloning.begin(recording(), order())
        await reached.wait()
        with pytest.raises(TooManyVoices, match="2 voices are the most"):
            await room.cloning.begin(recording(), order())
        room.studio.held["learn"].set()
        await room.cloning.finished("ada", job.job_id)
        with pytest.raises(TooManyVoices):
            await room.cloning.begin(recording(), order())
        assert (await room.cloned("bob")).user == "bob"
        await room.voices.delete("ada", first.voice_id)
        assert (await room.cloned()).user == "ada"


async def test_a_user_has_only_so_many_clonings_under_way(sqlite_database: Database, tmp_path: Path) -> None:
    async with open_cloning_room(sqlite_database, tmp_path, settings=replace(QUICK, jobs_per_user=2)) as room:
        room.studio.hold("learn")
        jobs = [await room.cloning.begin(recording(), order()) for _ in range(2)]
        with pytest.raises(RateLimited) as refused:
            await room.cloning.begin(recording(), order())
        assert refused.value.retry_after_s
        assert len(await room.blob_keys()) == 2
        room.studio.held["learn"].set()
        for job in jobs:
            await room.cloning.finished("ada", job.job_id)
