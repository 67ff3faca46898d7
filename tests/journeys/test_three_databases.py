"""One person's voice, talk and key on each database: two servers share them, a restart keeps them, nothing stays."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from tests.app.conftest import plain_environment
from tests.app.serving import Served, serving
from tests.databases import bare_url
from tests.journeys.conftest import human, script

from syrinx.app.talk_client import Sound, TalkClient, open_talk
from syrinx.audio import read_wav, wav_bytes
from syrinx.audio.levels import rms_dbfs
from syrinx.testing.human_clips import RECORDINGS

__all__ = ["bare_url"]

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

ONBOARDING = "/api/public/voice/onboarding"
TYPED = "Good evening. Tell me about the sea."
PATIENCE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where servers of one house keep everything."""

    folder: Path
    url: str

    @property
    def blobs(self) -> Path:
        return self.folder / "blobs"

    def files(self) -> list[Path]:
        return [path for path in self.blobs.rglob("*") if path.is_file()]


@asynccontextmanager
async def served(place: Place, name: str) -> AsyncGenerator[Served, None]:
    """A server with a home of its own; others can start at the same moment."""
    folder = place.folder / name
    folder.mkdir(exist_ok=True)
    starting = serving(folder, SYRINX_DATABASE_URL=place.url, SYRINX_BLOBS=str(place.blobs))
    server = await asyncio.to_thread(starting.__enter__)
    try:
        yield server
    finally:
        await asyncio.to_thread(starting.__exit__, None, None, None)


@asynccontextmanager
async def two_at_once(place: Place) -> AsyncGenerator[tuple[Served, Served], None]:
    async with AsyncExitStack() as stack:
        first, second = await asyncio.gather(
            stack.enter_async_context(served(place, "first")), stack.enter_async_context(served(place, "second"))
        )
        yield first, second


def web(server: Served, key: str | None = None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.AsyncClient(base_url=server.address, headers=headers, timeout=PATIENCE_S, trust_env=False)


async def key_from_the_command_line(place: Place, user: str) -> str:
    command = [sys.executable, "-m", "syrinx.app.cli", "keys", "create", "phone", "--user", user]
    environment = {**plain_environment(), "SYRINX_HOME": str(place.folder), "SYRINX_DATABASE_URL": place.url}
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=place.folder, env=environment, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"syx_\w{16}_[\w-]{43}\n", done.stdout)
    return done.stdout.strip()


async def cloned(ann: httpx.AsyncClient) -> dict[str, Any]:
    recording = wav_bytes(script(human("LJ001-0004"), 0.4, human("LJ001-0008")))
    answer = await ann.post(
        f"{ONBOARDING}/clone",
        files={"audio_file": ("recording.wav", recording, "audio/wav")},
        data={"user_id": "ann", "voice_name": "Ännchen 日本", "sample_text": "Hello, this is my cloned voice"},
    )
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    assert base64.b64decode(told["sample_audio"].removeprefix("data:audio/mp3;base64,")).startswith(b"ID3")
    return told


async def spoken(server: Served, key: str, voice_id: str) -> None:
    async with openai.AsyncOpenAI(base_url=f"{server.address}/v1", api_key=key, max_retries=0) as client:
        answer = await client.audio.speech.create(
            model="tts-1", voice={"id": voice_id}, input="The kettle is on.", response_format="wav"
        )
    clip = read_wav(answer.content)
    assert 500 < clip.duration_ms < 5_000
    assert rms_dbfs(clip.samples()) > -40


async def talked(server: Served, key: str, voice_id: str) -> str:
    """A typed turn whose reply sounds; the conversation's id."""
    async with open_talk(server.socket, token=key, voice=voice_id) as talk:
        assert talk.ready["kept"] is True
        await talk.send({"type": "text", "text": TYPED})
        await asyncio.wait_for(answered(talk), PATIENCE_S)
        return str(talk.ready["conversation_id"])


async def answered(talk: TalkClient) -> None:
    """Hear a little of the reply and cut it off there."""
    heard_ms = 0.0
    async with aclosing(talk.received()) as received:
        async for each in received:
            if isinstance(each, Sound):
                if not heard_ms:
                    await talk.send({"type": "tts_interrupt"})
                heard_ms += each.chunk.duration_ms
            elif each["type"] == "audio_stream_stop":
                assert heard_ms > 0
                return
            else:
                assert each["type"] != "error", each


async def kept_talk(ann: httpx.AsyncClient, conversation_id: str, *, messages: int) -> dict[str, Any]:
    """Once so many messages of it are there: what a talk says is kept at the end of its turn."""
    until = time.monotonic() + PATIENCE_S
    while True:
        answer = await ann.get(f"/api/conversations/{conversation_id}")
        if answer.status_code == 200 and len(answer.json()["messages"]) >= messages:
            return answer.json()
        assert time.monotonic() < until, answer.text
        await asyncio.sleep(0.05)


async def said_in_a_message(ann: httpx.AsyncClient, conversation_id: str, voice_id: str) -> None:
    answer = await ann.post(
        "/api/messages/voice",
        params={"conversation_id": conversation_id, "language": "en", "voice": voice_id},
        files={"file": ("message.wav", (RECORDINGS / "LJ001-0008.wav").read_bytes(), "audio/wav")},
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["kept_as"], told["user_id"], told["assistant_voice_match"]) == (conversation_id, "ann", "approximate")
    assert told["text"].strip()
    assert read_wav(base64.b64decode(told["assistant_audio"])).duration_ms > 300


async def all_that_is_anns(ann: httpx.AsyncClient, voice_id: str, conversation_id: str) -> list[Any]:
    """What a restart is to leave as it is; when a voice was used last is written after a while."""
    voices = (await ann.get("/api/voices")).raise_for_status().json()["voices"]
    sample = await ann.get(f"/api/voices/{voice_id}/sample")
    consents = (await ann.get("/api/voices/consents")).raise_for_status().json()["consents"]
    talk = (await ann.get(f"/api/conversations/{conversation_id}")).raise_for_status().json()
    without = [{name: value for name, value in voice.items() if name != "last_used_at"} for voice in voices]
    return [without, sample.raise_for_status().content, consents, talk]


async def exported(ann: httpx.AsyncClient, key: str, voice_id: str) -> None:
    answer = await ann.get("/api/people/me/export")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    endings = {Path(name).suffix for name in found if name.startswith("voices/")}
    assert {".json", ".wav", ".mp3"} <= endings
    whole = b"".join(content for name, content in found.items() if name.endswith(".json"))
    assert voice_id.encode() in whole
    assert json.dumps(TYPED).encode() in whole
    assert key.split("_")[1].encode() in whole, "the key is told of"
    assert key.split("_", 2)[2].encode() not in b"".join(found.values()), "and its secret is not"


async def deleted(server: Served, ann: httpx.AsyncClient, key: str, voice_id: str) -> None:
    gone = await ann.request("DELETE", f"{ONBOARDING}/{voice_id}", data={"user_id": "ann"})
    assert gone.json()["success"] is True
    assert (await ann.get("/api/voices")).json()["voices"] == []
    async with openai.AsyncOpenAI(base_url=f"{server.address}/v1", api_key=key, max_retries=0) as client:
        with pytest.raises(openai.BadRequestError, match="no engine has a voice"):
            await client.audio.speech.create(model="tts-1", voice={"id": voice_id}, input="Anybody?")
    everything = await ann.request("DELETE", "/api/people/me", json={"confirm": "ann"})
    assert everything.status_code == 200, everything.text
    assert everything.json()["deleted"] == {"voices": 0, "conversations": 1, "pronunciations": 0, "keys": 1}
    assert (await ann.get("/api/people/me")).status_code == 401


async def test_what_a_person_has_is_shared_by_servers_outlives_them_and_can_be_taken_along_and_deleted(
    bare_url: str, tmp_path: Path
) -> None:
    place = Place(folder=tmp_path, url=bare_url)
    # The database is empty: both want to make its tables.
    async with two_at_once(place) as (one, other):
        assert sorted(each.log.read_text().count("database migrated") for each in (one, other)) == [0, 1]
        key = await key_from_the_command_line(place, "ann")
        async with web(one, key) as ann, web(other, key) as ann_elsewhere, web(other) as local:
            assert (await ann.get("/api/people/me")).json()["user"] == "ann"
            told = await cloned(ann)
            voice_id = told["voice_id"]
            (voice,) = (await ann_elsewhere.get("/api/voices")).json()["voices"]
            assert (voice["voice_id"], voice["name"]) == (voice_id, "Ännchen 日本")
            assert (await local.get("/api/voices")).json()["voices"] == []
            await spoken(other, key, voice_id)
            talk_id = await talked(one, key, voice_id)
            begun = await kept_talk(ann_elsewhere, talk_id, messages=2)
            assert (begun["messages"][0]["role"], begun["messages"][0]["text"]) == ("user", TYPED)
            await said_in_a_message(ann, talk_id, voice_id)
            await kept_talk(ann_elsewhere, talk_id, messages=4)
            before = await all_that_is_anns(ann, voice_id, talk_id)
    async with served(place, "first") as again, web(again, key) as ann:
        assert await all_that_is_anns(ann, voice_id, talk_id) == before
        await spoken(again, key, voice_id)
        await exported(ann, key, voice_id)
        assert place.files()
        await deleted(again, ann, key, voice_id)
        assert place.files() == []
