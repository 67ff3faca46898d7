"""A server of the dialects that learn voices, over the real rooms on SQLite and a folder, with a scripted studio."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
from fastapi import APIRouter
from sqlalchemy import func, select
from tests.transports.speech_house import ScriptedHouse, speech_server

from syrinx.accounts import (
    EVERY_SCOPE,
    PERSONAL_SCOPES,
    Caller,
    Door,
    OpenDoor,
    Scope,
)
from syrinx.accounts.audit import Outcome
from syrinx.accounts.doors import acting_for, credential_wanted
from syrinx.audio import PcmChunk, chunk_of, read_wav, wav_bytes
from syrinx.audio.encoding import load_codec, open_encoder
from syrinx.errors import SyrinxError
from syrinx.speech.narration import VoiceMatch
from syrinx.storage import Base, Blobs, Database, open_blobs
from syrinx.testing.audio import sine
from syrinx.testing.human_clips import RECORDINGS
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.voice_house import SpokenBy, VoiceHouse
from syrinx.voices import CloningSettings, Consents, VoiceCloning, Voices, open_cloning, open_voices
from syrinx.voices.profile import VoiceProfile
from syrinx.voices.tables import VoiceCloneSessionRow, VoiceConsentRow, VoiceProfileRow

PERSON_S: Final = 2.6


def _beginning(clip: PcmChunk, seconds: float) -> bytes:
    kept = clip.samples()[: round(seconds * clip.sample_rate_hz)]
    return wav_bytes(chunk_of(kept, sample_rate_hz=clip.sample_rate_hz))


PERSON: Final = _beginning(read_wav(RECORDINGS / "LJ001-0004.wav"), PERSON_S)
"""A person reading, no longer than need be: every second of it is worked at in many tests."""
ORIGINS: Final = ("https://app.example",)
_TLS: Final = ssl.create_default_context()
"""Made once: reading all certificates for each client takes a tenth of a second."""
NOTHING: Final = {"blobs": 0, "voices": 0, "consents": 0, "jobs": 0}
QUICK: Final = CloningSettings(beat_s=0.05, look_s=0.2, poll_s=0.02)


def key(user: str) -> dict[str, str]:
    """What `user` sends to be known."""
    return {"Authorization": f"Bearer {user}-key"}


class KeysDoor:
    """Knows ann and bob, who are people; kay, who may only speak; and ops, who runs the server."""

    _SCOPES: Mapping[str, frozenset[Scope]] = {
        "ann": PERSONAL_SCOPES,
        "bob": PERSONAL_SCOPES,
        "kay": frozenset({"speak"}),
        "ops": EVERY_SCOPE,
    }

    async def who(self, credential: str | None, *, on_behalf_of: str | None = None) -> Caller:
        user = (credential or "").removesuffix("-key")
        if user not in self._SCOPES:
            raise credential_wanted()
        return acting_for(Caller(user=user, scopes=self._SCOPES[user], how="key", key_id=f"k-{user}"), on_behalf_of)

    async def still_opens(self, caller: Caller) -> bool:
        del caller
        return True


@dataclass(kw_only=True)
class ScriptedStudio:
    """Learns nothing and speaks a tone; what it hears is what the test says. `hold` keeps it speaking."""

    engine: str | None = None
    heard: str = "hello there"
    refusal: SyrinxError | None = None
    """Raised by `speak`."""
    missing: SyrinxError | None = None
    """Raised by `cloner`."""
    hold: asyncio.Event | None = None
    speaking: asyncio.Event = field(default_factory=asyncio.Event)
    spoken: list[str] = field(default_factory=list[str])

    async def cloner(self, language: str) -> str | None:
        if self.missing is not None:
            raise self.missing
        return self.engine

    async def wants_transcript(self, engine: str) -> bool:
        return False

    async def learn(self, engine: str, profile: VoiceProfile) -> None:
        return

    async def speak(self, profile: VoiceProfile, text: str) -> bytes:
        self.spoken.append(text)
        self.speaking.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.refusal is not None:
            raise self.refusal
        return await mp3(sine(220.0, duration_ms=300.0, sample_rate_hz=24_000))

    async def transcribe(self, sample: PcmChunk, language: str) -> str:
        return self.heard


async def mp3(sound: PcmChunk) -> bytes:
    await load_codec("mp3")
    encoder = open_encoder("mp3", sample_rate_hz=sound.sample_rate_hz)
    try:
        return encoder.encode(sound) + encoder.finish()
    finally:
        encoder.close()


def long_wav(size_bytes: int) -> bytes:
    """A WAV file of that size, of noise."""
    noise = np.random.default_rng(3).integers(-2000, 2000, size_bytes // 2, dtype=np.int16)
    return wav_bytes(chunk_of(noise, sample_rate_hz=48_000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    user: str
    action: str
    subject: str
    outcome: str


@dataclass(kw_only=True)
class VoiceServer:
    web: httpx.AsyncClient
    address: str
    port: int
    speech: ScriptedHouse
    house: VoiceHouse
    voices: Voices
    consents: Consents
    cloning: VoiceCloning
    studio: ScriptedStudio
    database: Database
    blobs: Blobs
    noted: list[Noted]

    async def clone(
        self, user: str | None = None, fields: Mapping[str, str] | None = None, *, sound: bytes = PERSON
    ) -> httpx.Response:
        """By the onboarding API; as `user`, or as nobody."""
        return await self.web.post(
            "/api/public/voice/onboarding/clone",
            files={"audio_file": ("recording.wav", sound)},
            data=dict(fields or {}),
            headers=key(user) if user else {},
        )

    async def cloned(self, user: str | None = None, **fields: str) -> str:
        """The id of a new voice of the user's."""
        answer = await self.clone(user, fields)
        assert answer.status_code == 200, answer.text
        return answer.json()["voice_id"]

    async def consent(self, user: str, *, name: str = "Ann") -> str:
        """The id of a consent that the user spoke, of a server with `consent_routes`."""
        phrase = (await self.web.get("/api/voices/consent-phrase", headers=key(user))).json()
        self.studio.heard = phrase["phrase"]
        answer = await self.web.post(
            "/api/voices/consents",
            data={"phrase_id": phrase["phrase_id"], "name": name},
            files={"recording": ("r.wav", PERSON)},
            headers=key(user),
        )
        assert answer.status_code == 201, answer.text
        return answer.json()["consent_id"]

    async def nothing_is_left(self) -> None:
        """No voices, consents and blobs, which go a moment after the rows that wanted them."""
        for _ in range(100):
            if {**await self.left(), "jobs": 0} == NOTHING:
                return
            await asyncio.sleep(0.02)
        assert {**await self.left(), "jobs": 0} == NOTHING

    async def left(self) -> dict[str, int]:
        """What is kept: rows, and blobs in the store."""
        stored = self.blobs.keys()
        found: dict[str, int] = {"blobs": len([each async for each in stored])}
        counted: Mapping[str, type[Base]] = {
            "voices": VoiceProfileRow,
            "consents": VoiceConsentRow,
            "jobs": VoiceCloneSessionRow,
        }
        async with self.database.reading() as session:
            for name, table in counted.items():
                found[name] = await session.scalar(select(func.count()).select_from(table)) or 0
        return found


Dialect = Callable[..., APIRouter]
"""As `onboarding_routes`."""


@asynccontextmanager
async def voice_server(
    database: Database,
    folder: Path,
    *dialects: Dialect,
    door: Door | None = None,
    settings: CloningSettings = QUICK,
    speech: ScriptedHouse | None = None,
) -> AsyncGenerator[VoiceServer, None]:
    """Of these dialects, for as long as the context lasts. Without a door everybody is let in."""
    shown = door or OpenDoor()
    studio, speech, noted = ScriptedStudio(), speech or ScriptedHouse(), list[Noted]()

    async def match(profile: VoiceProfile, language: str) -> SpokenBy:
        exact: VoiceMatch = "exact" if profile.engine else "approximate"
        return SpokenBy(match=exact, nearest=None if profile.engine else "alto")

    def note(
        caller: Caller,
        action: str,
        subject: str,
        outcome: Outcome = "done",
        address: str = "",
        **details: float | bool | str,
    ) -> None:
        noted.append(Noted(user=caller.user, action=action, subject=subject, outcome=outcome))

    async with AsyncExitStack() as closing:
        blobs = await closing.enter_async_context(open_blobs(folder / "blobs"))
        voices = await closing.enter_async_context(open_voices(database, blobs))
        consents = Consents(database, blobs, voices, open_media=speech.media, transcribe=studio.transcribe)
        cloning = await closing.enter_async_context(
            open_cloning(database, blobs, voices, consents, open_media=speech.media, studio=studio, settings=settings)
        )

        def house_of(made: SpeechHouse) -> VoiceHouse:
            return VoiceHouse(
                voices=voices,
                consents=consents,
                cloning=cloning,
                match=match,
                speech=made,
                audit=note,
                verified_only=settings.verified_only,
            )

        house = house_of(speech.opened())

        def routes_of(dialect: Dialect) -> Callable[[SpeechHouse], APIRouter]:
            return lambda made: dialect(house_of(made), door=shown, origins=ORIGINS)

        server = await closing.enter_async_context(speech_server(*map(routes_of, dialects), house=speech))
        web = await closing.enter_async_context(httpx.AsyncClient(base_url=server.address, timeout=30.0, verify=_TLS))
        yield VoiceServer(
            web=web,
            address=server.address,
            port=server.port,
            speech=speech,
            house=house,
            voices=voices,
            consents=consents,
            cloning=cloning,
            studio=studio,
            database=database,
            blobs=blobs,
            noted=noted,
        )


def refused(answer: httpx.Response, status: int, code: str) -> str:
    """The words of a refusal, in whichever family's shape it is."""
    body: dict[str, Any] = answer.json()
    told = body.get("error", body)
    assert (answer.status_code, told["code"]) == (status, code), body
    return told.get("detail") or told["message"]
