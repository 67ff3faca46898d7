"""Plays a clip on this machine's loudspeaker through whichever player the system has."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from syrinx.audio import wav_bytes
from syrinx.audio.pcm import PcmChunk
from syrinx.errors import SyrinxError

PLAYERS: tuple[tuple[str, ...], ...] = (
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
    ("afplay",),
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
)
"""Commands that take a WAV file: PipeWire, PulseAudio, ALSA, macOS, FFmpeg."""


class NoLoudspeaker(SyrinxError):
    """No player was found, or none could play."""

    code = "no_loudspeaker"


async def play(clip: PcmChunk) -> None:
    """Play to the end; cancelling stops the sound. Raises NoLoudspeaker."""
    found = [command for command in PLAYERS if shutil.which(command[0])]
    if not found:
        names = ", ".join(command[0] for command in PLAYERS)
        raise NoLoudspeaker(f"no player was found ({names}): write a file with --out speech.wav instead")
    with tempfile.TemporaryDirectory(prefix="syrinx-") as folder:
        file = Path(folder) / "speech.wav"
        file.write_bytes(wav_bytes(clip))
        for command in found:
            process = await asyncio.create_subprocess_exec(
                *command, str(file), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
            )
            try:
                if await process.wait() == 0:
                    return
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
    raise NoLoudspeaker(f"{found[-1][0]} could not play: write a file with --out speech.wav instead")
