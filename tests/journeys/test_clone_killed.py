"""A server is killed in the middle of a cloning: the next on the same home ends it, whole or with a clear failure."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.app.serving import Served, alive, serving
from tests.journeys.conftest import human, script

from syrinx.audio.encoding import open_encoder
from syrinx.storage import open_blobs, open_database
from syrinx.storage.sweeping import sweep

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

STAGES = ("waiting", "decoding", "checking", "listening", "learning", "speaking", "storing", "done")
SENTENCE = "Rain runs down the window, and nobody minds how late it has become. "
PATIENCE_S = 90


class Kept:
    """What lies in a server's home, looked at past the server."""

    def __init__(self, home: Path) -> None:
        self.database = home / "syrinx.db"
        self.blobs = home / "blobs"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.database, timeout=10) as connection:
            return connection.execute(query).fetchall()

    def change(self, statement: str) -> None:
        with sqlite3.connect(self.database, timeout=10) as connection:
            assert connection.execute(statement).rowcount == 1

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT COUNT(*) FROM {table}")[0][0])  # noqa: S608 - our own names

    def let_the_lease_run_out(self) -> None:
        """As after half a minute without a server."""
        self.change("UPDATE voice_clone_sessions SET claimed_until = '2001-01-01 00:00:00.000000'")

    def files(self) -> set[str]:
        return {path.relative_to(self.blobs).as_posix() for path in self.blobs.rglob("*") if path.is_file()}

    async def swept(self) -> None:
        """As the server does in time: what no row wants is removed from the store."""
        async with open_database(f"sqlite:///{self.database}") as database, open_blobs(self.blobs) as blobs:
            await sweep(database, blobs, older_than_s=0)


def begin(server: Served) -> str:
    """A cloning that takes its time, for recording and sample text are long: the id of the job."""
    reading = script(human("LJ001-0004"), 0.5, human("LJ001-0008"), 0.5, human("LJ001-0002"), 0.7)
    whole = script(*[reading] * int(120_000 // reading.duration_ms))
    encoder = open_encoder("mp3", sample_rate_hz=whole.sample_rate_hz, samples=whole.sample_count)
    answer = httpx.post(
        f"{server.address}/api/voices",
        files={"recording": ("recording.mp3", encoder.encode(whole) + encoder.finish(), "audio/mpeg")},
        data={"name": "Linda", "attested": "true", "sample_text": SENTENCE * 10},
        timeout=PATIENCE_S,
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def kill_at(server: Served, kept: Kept, stage: str) -> None:
    """SIGKILL as soon as the cloning is there; nothing of the server outlives it."""
    until = time.monotonic() + PATIENCE_S
    while True:
        ((status, at),) = kept.rows("SELECT status, stage FROM voice_clone_sessions")
        assert status in {"pending", "processing"}, (status, at)
        if STAGES.index(at) >= STAGES.index(stage):
            break
        assert time.monotonic() < until, f"still {at}"
        time.sleep(0.002)
    family = server.family()
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(20)
    ((status, at),) = kept.rows("SELECT status, stage FROM voice_clone_sessions")
    assert status == "processing", f"it was killed too late, {at}"
    while left := [pid for pid in family if alive(pid)]:
        assert time.monotonic() < until, f"{len(left)} processes go on"
        time.sleep(0.02)


def ended(server: Served, job_id: str) -> dict[str, Any]:
    until = time.monotonic() + PATIENCE_S
    while True:
        answer = httpx.get(f"{server.address}/api/voices/jobs/{job_id}", timeout=PATIENCE_S)
        job: dict[str, Any] = answer.raise_for_status().json()
        if job["status"] not in {"pending", "processing"}:
            return job
        assert time.monotonic() < until, job
        time.sleep(0.05)


def test_killed_twice_the_cloning_is_whole_in_the_end_and_nothing_else_is_left(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    kept = Kept(tmp_path / "kept")
    with serving(tmp_path, TMPDIR=str(temporary)) as server:
        job_id = begin(server)
        kill_at(server, kept, "decoding")
    assert kept.count("voice_profiles") == 0
    kept.let_the_lease_run_out()
    with serving(tmp_path, TMPDIR=str(temporary)) as server:
        kill_at(server, kept, "speaking")
    assert (kept.count("voice_profiles"), kept.count("voice_consents")) == (0, 0), "no half voice"
    kept.let_the_lease_run_out()
    with serving(tmp_path, TMPDIR=str(temporary)) as server:
        job = ended(server, job_id)
        assert job["status"] == "completed", job
        voices = httpx.get(f"{server.address}/api/voices").json()["voices"]
        assert [(voice["voice_id"], voice["name"]) for voice in voices] == [(job["voice_id"], "Linda")]
        speech = httpx.post(
            f"{server.address}/api/speech", json={"text": "Hello.", "voice": job["voice_id"]}, timeout=PATIENCE_S
        )
        assert speech.status_code == 200, speech.text
    asyncio.run(kept.swept())
    ((reference, sample),) = kept.rows("SELECT reference_audio_path, sample_audio_path FROM voice_profiles")
    assert kept.files() == {reference, sample} == {row[0] for row in kept.rows("SELECT key FROM blobs")}
    assert kept.count("voice_consents") == 1
    assert [path.name for path in temporary.rglob("*") if path.is_file()] == []


def test_killed_once_too_often_the_cloning_has_failed_and_says_so(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept")
    with serving(tmp_path) as server:
        job_id = begin(server)
        kill_at(server, kept, "checking")
    kept.let_the_lease_run_out()
    kept.change("UPDATE voice_clone_sessions SET attempts = 3")  # as if it had been so twice before
    with serving(tmp_path) as server:
        job = ended(server, job_id)
        assert (job["status"], job["error"]["code"]) == ("failed", "clone_interrupted")
        assert "send the recording again" in job["error"]["message"]
        assert httpx.get(f"{server.address}/api/voices").json()["voices"] == []
        assert kept.files() == set(), "the recording that was sent is gone"
    asyncio.run(kept.swept())
    assert {each: kept.count(each) for each in ("voice_profiles", "voice_consents", "blobs")} == {
        "voice_profiles": 0,
        "voice_consents": 0,
        "blobs": 0,
    }
