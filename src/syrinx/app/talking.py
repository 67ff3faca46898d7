"""What `syrinx talk` does: plays a recording to a server as a microphone would, and prints what happens."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.markup import escape

from syrinx.app.server import open_server
from syrinx.app.settings import Settings
from syrinx.app.talk_client import ConnectionLost, Sound, TalkClient, open_talk
from syrinx.audio import read_wav, resample, write_wav
from syrinx.audio.pcm import PcmChunk
from syrinx.errors import BadInput, SyrinxError

RATE_HZ: Final = 16_000
TRAILING_SILENCE_MS: Final = 2_000
QUIET_END_S: Final = 3.0
"""After the recording the talk is over when this long nothing was said, thought or heard."""
LONGEST_REPLY_S: Final = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkPlan:
    recording: Path
    barge_in: bool = False
    voice: str | None = None
    language: str | None = None
    reply_to: Path | None = None
    """WAV file for the sound of the replies, one after the other."""
    as_json: bool = False


@dataclass(slots=True)
class _Talk:
    """What is known of the talk while it runs."""

    plan: TalkPlan
    out: Console
    began: float = field(default_factory=time.monotonic)
    state: str = "listening"
    quiet_since: float | None = None
    sound: list[PcmChunk] = field(default_factory=list[PcmChunk])
    failures: int = 0


async def talk(settings: Settings, plan: TalkPlan, *, server: str | None, token: str | None, out: Console) -> None:
    """Hold the talk until the last reply has been heard.

    Without `server` one is started in this process. Raises BadInput when the recording cannot be read, ConnectionLost,
    and TalkFailed when any turn of it failed.
    """
    try:
        clip = resample(read_wav(plan.recording), RATE_HZ)
    except OSError as error:
        raise BadInput(f"{plan.recording} cannot be read: {error.strerror}") from error
    if server is not None:
        await _hold(plan, clip, server, token=token, out=out)
        return
    async with open_server(settings.model_copy(update={"host": "127.0.0.1", "port": 0})) as address:
        own = settings.token.get_secret_value() if settings.token else None
        await _hold(plan, clip, address, token=own, out=out)


class TalkFailed(SyrinxError):
    """The talk was held, and something in it failed."""

    code = "talk_failed"


async def _hold(plan: TalkPlan, clip: PcmChunk, address: str, *, token: str | None, out: Console) -> None:
    wanted: dict[str, Any] = {"token": token, "voice": plan.voice, "language": plan.language, "barge_in": plan.barge_in}
    hello = {name: value for name, value in wanted.items() if value is not None}
    talked = _Talk(plan=plan, out=out)
    socket_address = f"{address.rstrip('/').replace('http', 'ws', 1)}/ws"
    async with open_talk(socket_address, **hello) as client:
        _print_event(talked, client.ready)
        following = asyncio.create_task(_follow(client, talked))
        try:
            await client.send({"type": "start_listening"})
            await client.speak(clip, then_silence_ms=TRAILING_SILENCE_MS)
            await _until_quiet(talked, following)
        finally:
            following.cancel()
            await asyncio.wait([following])
        if not following.cancelled() and (lost := following.exception()):
            raise lost
    if plan.reply_to is not None and talked.sound:
        try:
            write_wav(plan.reply_to, talked.sound)
        except OSError as error:
            raise BadInput(f"{plan.reply_to} cannot be written: {error.strerror}") from error
    if talked.failures:
        raise TalkFailed(f"{talked.failures} errors happened in this talk: they are printed above")


async def _follow(client: TalkClient, talked: _Talk) -> None:
    async for received in client.received():
        if isinstance(received, Sound):
            talked.sound.append(received.chunk)
            continue
        if received["type"] == "state":
            talked.state = received["state"]
            talked.quiet_since = time.monotonic() if talked.state in {"listening", "idle"} else None
        if received["type"] == "error":
            talked.failures += 1
        _print_event(talked, received)


async def _until_quiet(talked: _Talk, following: asyncio.Task[None]) -> None:
    """Wait for the last reply; a reply that never ends is left after LONGEST_REPLY_S."""
    talked.quiet_since = talked.quiet_since or (time.monotonic() if talked.state in {"listening", "idle"} else None)
    deadline = time.monotonic() + LONGEST_REPLY_S
    while not following.done() and time.monotonic() < deadline:
        if talked.quiet_since is not None and time.monotonic() - talked.quiet_since > QUIET_END_S:
            return
        await asyncio.sleep(0.1)
    if not following.done():
        raise ConnectionLost(f"the talk did not come to an end within {LONGEST_REPLY_S:.0f} s")


def _print_event(talked: _Talk, message: dict[str, Any]) -> None:
    at_s = time.monotonic() - talked.began
    if talked.plan.as_json:
        talked.out.print(
            json.dumps({"at_s": round(at_s, 3), **message}, ensure_ascii=False), soft_wrap=True, markup=False
        )
        return
    line = _described(message)
    if line:
        talked.out.print(f"[dim]{at_s:7.2f} s[/]  {line}", soft_wrap=True)


def _described(message: dict[str, Any]) -> str:
    """One line for people, "" for what only programs want."""
    match message["type"]:
        case "ready":
            engines = message["engines"]
            return "  ".join(f"[dim]{kind}[/] {escape(engines[kind]['title'])}" for kind in ("stt", "llm", "tts"))
        case "state":
            return f"[cyan]{message['state']}[/]{'' if message['listening'] else ' [dim](not listening)[/]'}"
        case "transcript":
            return f"[bold]you[/]  {escape(message['text'])}{'' if message['final'] else ' [dim]...[/]'}"
        case "sentence":
            return f"[bold magenta]{escape(message['speaker'])}[/]  {escape(message['text'].strip())}"
        case "audio_stream_stop":
            return f"[dim]sound {message['reason']} after {message['played_ms'] / 1000:.1f} s[/]"
        case "metrics":
            stages = "  ".join(f"{stage} {ms:.0f} ms" for stage, ms in message["ms"].items())
            return f"[dim]{stages}[/]"
        case "notice" | "error":
            return f"[yellow]{message['code']}[/]: {escape(message['message'])}"
        case _:
            return ""
