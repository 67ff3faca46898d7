"""The synthesis service over the engine that comes with Syrinx."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from syrinx.app.server import open_server
from syrinx.app.settings import Settings
from syrinx.audio import read_wav, wav_bytes
from syrinx.audio.pitch import median_pitch_hz
from syrinx.testing.human_clips import longest_clip

ORDERS: tuple[dict[str, Any], ...] = (
    {"text": "Hello from our AI server!", "language": "en", "speaker_id": "default"},
    {"text": "Bonjour, tout le monde. Il est cinq heures.", "language": "fr"},
    {"text": "Follow this voice.", "speaker_wav_base64": base64.b64encode(wav_bytes(longest_clip().audio)).decode()},
)


@asynccontextmanager
async def speaking(folder: Path) -> AsyncGenerator[httpx.AsyncClient]:
    """Nothing is kept in memory for who asks again: what comes is made anew."""
    wanted: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 0,
        "tts": "espeak",
        "home": folder,
        "speech_cache_mb": 0,
        "_env_file": None,
    }
    async with open_server(Settings(**wanted)) as address, httpx.AsyncClient(base_url=address, timeout=60.0) as web:
        yield web


async def spoken(web: httpx.AsyncClient, order: dict[str, Any]) -> bytes:
    answer = await web.post("/api/v1/tts/synthesize", json=order)
    assert answer.status_code == 200, answer.text
    return base64.b64decode(answer.json()["audio_base64"])


async def test_the_same_request_gives_the_same_bytes_also_after_a_new_start(tmp_path: Path) -> None:
    async with speaking(tmp_path) as web:
        first = [await spoken(web, order) for order in ORDERS]
        again = [await spoken(web, order) for order in reversed(ORDERS)]
    assert again[::-1] == first
    async with speaking(tmp_path) as web:
        assert [await spoken(web, order) for order in ORDERS] == first
    assert len(set(first)) == len(ORDERS)


async def test_a_sample_of_a_woman_is_followed_by_a_voice_of_about_her_pitch(tmp_path: Path) -> None:
    sample_hz = median_pitch_hz(longest_clip().audio)
    async with speaking(tmp_path) as web:
        heard_hz = median_pitch_hz(read_wav(await spoken(web, {**ORDERS[2], "text": "This is how I sound."})))
    assert sample_hz
    assert heard_hz
    # Within three semitones: another text has another melody.
    assert 0.84 < heard_hz / sample_hz < 1.19
