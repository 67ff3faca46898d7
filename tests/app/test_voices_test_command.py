"""`syrinx voices test`: what it does on a server, what it prints, and with which status it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import typer
from fastapi import APIRouter
from tests.app.paper_console import PaperConsole
from tests.databases import sqlite_database
from tests.transports.voice_house import PERSON, KeysDoor, VoiceServer, voice_server
from typer.testing import CliRunner

from syrinx.app.voice_trial import VoiceTrial, try_voice
from syrinx.app.voices_test_cli import voices_test
from syrinx.audio import wav_bytes
from syrinx.errors import BadInput, EngineError, EngineUnavailable
from syrinx.storage import Database
from syrinx.testing.audio import sine
from syrinx.transports.http.onboarding import onboarding_routes

__all__ = ["sqlite_database"]

SHORT = wav_bytes(sine(200.0, duration_ms=1500.0, sample_rate_hz=24_000))


def health(_house: Any, **_trust: Any) -> APIRouter:
    """As the server has it."""
    router = APIRouter()

    @router.get("/health")
    async def health() -> dict[str, str]:  # pyright: ignore[reportUnusedFunction]
        return {"status": "ok", "version": "0.1.0"}

    return router


@pytest.fixture
async def server(sqlite_database: Database, tmp_path: Path) -> AsyncGenerator[VoiceServer]:
    async with voice_server(sqlite_database, tmp_path, health, onboarding_routes, door=KeysDoor()) as server:
        yield server


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    file = tmp_path / "recording.wav"
    file.write_bytes(PERSON)
    return file


def outcomes(paper: PaperConsole) -> list[tuple[str, str]]:
    """How each step ended."""
    return [(line.split()[1], line.split()[0]) for line in paper.lines]


async def test_a_recording_is_cloned_asked_after_tried_and_deleted(
    server: VoiceServer, recording: Path, tmp_path: Path
) -> None:
    paper, sample = PaperConsole(), tmp_path / "sample.mp3"
    trial = VoiceTrial(recording=recording, address=server.address, token="ann-key", sample_to=sample)
    assert await try_voice(trial, console=paper.console) is True
    assert outcomes(paper) == [(step, "ok") for step in ("health", "clone", "status", "test", "delete")]
    assert "approximate: spoken by alto" in paper.text
    assert "of user ann" in paper.text
    assert sample.read_bytes()[:1] in {b"\xff", b"I"}
    left = await server.left()
    assert (left["voices"], left["consents"]) == (0, 0)


async def test_a_voice_may_be_kept_and_be_somebody_elses(server: VoiceServer, recording: Path) -> None:
    paper = PaperConsole()
    trial = VoiceTrial(recording=recording, address=server.address, token="ops-key", user_id="bob", keep=True)
    assert await try_voice(trial, console=paper.console) is True
    (profile,) = await server.voices.list("bob")
    assert paper.lines[-1] == f"kept   {profile.voice_id}"


async def test_a_voice_that_cannot_speak_is_deleted_all_the_same(server: VoiceServer, recording: Path) -> None:
    paper = PaperConsole()
    server.speech.narrator.refusal = EngineUnavailable("Chatterbox service not available: start it")
    trial = VoiceTrial(recording=recording, address=server.address, token="ann-key")
    assert await try_voice(trial, console=paper.console) is False
    assert outcomes(paper)[2:] == [("status", "ok"), ("test", "failed"), ("delete", "ok")]
    assert "503: Chatterbox service not available" in paper.text
    assert (await server.left())["voices"] == 0


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (EngineError("GPU out of memory: restart it"), "503: GPU out of memory"),
        (None, "400: Audio too short"),
    ],
)
async def test_a_recording_that_is_refused_ends_it(
    server: VoiceServer, recording: Path, failure: EngineError | None, says: str
) -> None:
    paper = PaperConsole()
    server.studio.refusal = failure
    if failure is None:
        await asyncio.to_thread(recording.write_bytes, SHORT)
    trial = VoiceTrial(recording=recording, address=server.address, token="ann-key")
    assert await try_voice(trial, console=paper.console) is False
    assert outcomes(paper) == [("health", "ok"), ("clone", "failed")]
    assert says in paper.text


async def test_a_key_that_is_wrong_is_told(server: VoiceServer, recording: Path) -> None:
    paper = PaperConsole()
    trial = VoiceTrial(recording=recording, address=server.address)
    assert await try_voice(trial, console=paper.console) is False
    assert "401: this server wants a key" in paper.text


async def test_a_server_that_is_not_there_is_told(recording: Path) -> None:
    paper = PaperConsole()
    trial = VoiceTrial(recording=recording, address="http://127.0.0.1:9")
    assert await try_voice(trial, console=paper.console) is False
    assert outcomes(paper) == [("health", "failed")]
    assert "syrinx serve" in paper.text


@pytest.mark.parametrize("address", ["example", "ftp://127.0.0.1", "http://", "http://127.0.0.1:port", "http://[::1"])
async def test_what_is_no_address_is_refused(address: str, recording: Path) -> None:
    with pytest.raises(BadInput, match="one is http://127"):
        await try_voice(VoiceTrial(recording=recording, address=address), console=PaperConsole().console)


async def test_no_proxy_stands_between_this_machine_and_itself(
    server: VoiceServer, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    trial = VoiceTrial(recording=recording, address=server.address, token="ann-key")
    assert await try_voice(trial, console=PaperConsole().console) is True


async def test_a_file_that_is_not_there_is_told(server: VoiceServer, tmp_path: Path) -> None:
    paper = PaperConsole()
    trial = VoiceTrial(recording=tmp_path / "none.wav", address=server.address, token="ann-key")
    assert await try_voice(trial, console=paper.console) is False
    assert "none.wav: No such file or directory" in paper.text


async def test_the_command_ends_with_a_status(server: VoiceServer, recording: Path) -> None:
    app = typer.Typer()
    app.command()(voices_test)
    given = [str(recording), "--api-url", server.address, "--key"]
    well = await asyncio.to_thread(CliRunner().invoke, app, [*given, "ann-key"])
    assert well.exit_code == 0, well.output
    wrong = await asyncio.to_thread(CliRunner().invoke, app, [*given, "no-key"])
    assert wrong.exit_code == 1
