"""A recording put through the whole voice onboarding of a running server: cloned, asked after, tried and deleted."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console
from rich.markup import escape

from syrinx.app.listening_hosts import is_loopback
from syrinx.errors import BadInput

TRIAL_TEXT: Final = "This is a test of the voice that was learned from the recording."

_BEGINNING: Final = "/api/public/voice/onboarding"
_CLONING_S: Final = 900.0
"""Long recordings, and engines that load their model first, take their time."""
_ANSWER_S: Final = 60.0
_SHOWN_CHARS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceTrial:
    """What is to be tried, and with what."""

    recording: Path
    address: str
    """Of a running server."""
    token: str | None = None
    user_id: str | None = None
    """Whose voice it is to be; None: the caller's own."""
    keep: bool = False
    """Whether the voice stays."""
    sample_to: Path | None = None
    """Where the new voice's sample is written, MP3."""


class StepFailed(Exception):
    """In words for the person at the console."""


@dataclass(slots=True)
class _Steps:
    """What was done, as it is told."""

    console: Console
    failed: list[str] = field(default_factory=list[str])
    told: str = ""
    """Of the step that is being done: what came of it."""

    @asynccontextmanager
    async def step(self, name: str) -> AsyncGenerator[None, None]:
        """Prints the step with its time once it is done; a failure is told and kept, and raised no further."""
        begun = time.perf_counter()
        self.told = ""
        outcome = "[green]ok[/]    "
        try:
            yield
        except (StepFailed, httpx.HTTPError, OSError) as failure:
            outcome = "[bold red]failed[/]"
            self.failed.append(name)
            self.told = _in_words(failure)
        seconds = time.perf_counter() - begun
        self.console.print(f"{outcome} {name:<7} {seconds:6.2f} s  {escape(self.told)}", soft_wrap=True)


async def try_voice(trial: VoiceTrial, *, console: Console) -> bool:
    """Whether all went well: the server answers, the recording becomes a voice, which is known, speaks, and is deleted
    again. A voice that was made is deleted also where a step behind it failed, unless it is to be kept.

    Raises BadInput where the address is none.
    """
    steps = _Steps(console)
    user = {"user_id": trial.user_id} if trial.user_id else {}
    voice_id = ""
    async with _client(trial) as web:
        async with steps.step("health"):
            told = _answer(await web.get("/health"))
            steps.told = f"Syrinx {told.get('version', '?')} at {trial.address}"
        if steps.failed:
            return False
        async with steps.step("clone"):
            told = await _clone(web, trial, user)
            voice_id = str(told["voice_id"])
            steps.told = _spoken_by(f"{voice_id} {told.get('voice_name', '')!r}", told)
            if trial.sample_to is not None:
                size = _write(trial.sample_to, _sound(told, "sample_audio"))
                steps.told += f", sample of {size} bytes in {trial.sample_to}"
        if not voice_id:
            return False
        async with steps.step("status"):
            told = _answer(await web.get(f"{_BEGINNING}/status/{voice_id}"))
            steps.told = f"of user {told.get('user_id', '?')}, made {told.get('created_at', '?')}"
            if not told.get("is_active"):
                raise StepFailed("the voice is not active")
        async with steps.step("test"):
            told = _answer(await web.post(f"{_BEGINNING}/test/{voice_id}", json={"text": TRIAL_TEXT}))
            steps.told = _spoken_by(f"{len(_sound(told, 'audio'))} bytes of MP3", told)
        if trial.keep:
            console.print(f"kept   {voice_id}")
        else:
            async with steps.step("delete"):
                steps.told = str(_answer(await web.delete(f"{_BEGINNING}/{voice_id}", params=user)).get("message", ""))
    return not steps.failed


def _client(trial: VoiceTrial) -> httpx.AsyncClient:
    try:
        address = httpx.URL(trial.address)
    except httpx.InvalidURL:
        address = None
    if address is None or address.scheme not in {"http", "https"} or not address.host:
        raise BadInput(f"{trial.address!r} is no address of a server: one is http://127.0.0.1:8000")
    headers = {"Authorization": f"Bearer {trial.token}"} if trial.token else {}
    # No proxy stands between us and this machine, whatever the environment says.
    return httpx.AsyncClient(
        base_url=address, headers=headers, timeout=_ANSWER_S, trust_env=not is_loopback(address.host)
    )


async def _clone(web: httpx.AsyncClient, trial: VoiceTrial, user: Mapping[str, str]) -> dict[str, Any]:
    with trial.recording.open("rb") as file:
        answer = await web.post(
            f"{_BEGINNING}/clone",
            files={"audio_file": (trial.recording.name, file)},
            data={**user, "voice_name": "Voice test"},
            timeout=httpx.Timeout(_ANSWER_S, read=_CLONING_S),
        )
    told = _answer(answer)
    if not told.get("voice_id"):
        raise StepFailed("the answer names no voice")
    return told


def _answer(answer: httpx.Response) -> dict[str, Any]:
    """Its JSON. Raises StepFailed with the server's own words where it refuses."""
    try:
        body: object = answer.json()
    except ValueError:
        body = None
    told: dict[str, Any] = body if isinstance(body, dict) else {}
    if answer.is_success and told:
        return told
    words = told.get("detail") or told.get("message") or answer.text or answer.reason_phrase
    raise StepFailed(f"{answer.status_code}: {str(words)[:_SHOWN_CHARS]}")


def _sound(told: Mapping[str, Any], name: str) -> bytes:
    """What is in a data: URL. Raises StepFailed where it is no MP3."""
    kind, _, packed = str(told.get(name, "")).partition(",")
    try:
        sound = base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        sound = b""
    if not kind.startswith("data:audio/") or not sound.startswith((b"ID3", b"\xff")):
        raise StepFailed(f"{name} is no MP3 as a data: URL")
    return sound


def _write(path: Path, sound: bytes) -> int:
    return path.write_bytes(sound)


def _spoken_by(what: str, told: Mapping[str, Any]) -> str:
    if told.get("voice_match") != "approximate":
        return what
    return f"{what}, approximate: spoken by {told.get('nearest_voice') or 'the nearest voice'}"


def _in_words(failure: Exception) -> str:
    match failure:
        case httpx.ConnectError():
            return "no server answers there: start one with `syrinx serve`, or name another with --api-url"
        case httpx.TimeoutException():
            return "no answer came in time"
        case OSError():
            return f"{failure.filename or 'a file'}: {failure.strerror or failure}"
        case _:
            return str(failure)[:_SHOWN_CHARS]
