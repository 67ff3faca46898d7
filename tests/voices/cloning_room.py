"""The rooms of voices, consents and cloning over a database and a folder, with a studio that does as it is told."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from tests.transports.speech_house import ScriptedMedia

from syrinx.audio import PcmChunk, resample, wav_bytes
from syrinx.engines.tts.contract import Cloning
from syrinx.errors import SyrinxError
from syrinx.storage import Base, Database
from syrinx.storage.blobs import Blobs, open_blobs
from syrinx.storage.tables import BlobRow
from syrinx.testing.human_clips import human_clips
from syrinx.voices.clone_studio import CloningSettings
from syrinx.voices.cloning import VoiceCloning, open_cloning
from syrinx.voices.consents import Consents
from syrinx.voices.profile import CloneJob, CloneOrder, VoiceProfile
from syrinx.voices.repository import Voices, open_voices
from syrinx.voices.tables import (
    ConsentPhraseRow,
    VoiceCloneSessionRow,
    VoiceConditioningRow,
    VoiceConsentRow,
    VoiceProfileRow,
)

AT = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
CLONING = Cloning(shortest_s=1.0, best_s=4.0, version="v1")
ATTESTED = "a caller at this machine as user ada"
TABLES: tuple[type[Base], ...] = (
    BlobRow,
    ConsentPhraseRow,
    VoiceCloneSessionRow,
    VoiceConditioningRow,
    VoiceConsentRow,
    VoiceProfileRow,
)


@cache
def human_sample() -> PcmChunk:
    """Somebody reading for some seconds, at 24 kHz."""
    pcm = b"".join(resample(clip.audio, 24_000).pcm for clip in human_clips())
    return PcmChunk(pcm=pcm[: 2 * 24_000 * 8], sample_rate_hz=24_000)


def recording(sample: PcmChunk | None = None) -> io.BytesIO:
    """As a file that was sent."""
    return io.BytesIO(wav_bytes(sample or human_sample()))


def order(user: str = "ada", **changes: Any) -> CloneOrder:
    return replace(CloneOrder(user=user, name="Ada", attested_by=ATTESTED), **changes)


@dataclass(kw_only=True)
class Clock:
    """Stands still until a test moves it on."""

    at: datetime = AT

    def __call__(self) -> datetime:
        return self.at

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(kw_only=True)
class ScriptedStudio:
    """What it "learns" of a voice is the hash of the seconds it was given; all that is asked of it is noted."""

    engine: str | None = "tones"
    cloning: Cloning = CLONING
    says: str = ""
    """What is understood of any recording."""
    fails: dict[str, SyrinxError | Exception] = field(default_factory=dict[str, Any])
    """By the name of the method."""
    held: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    """By the name of the method: it waits for that before it goes on."""
    reached: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    calls: list[str] = field(default_factory=list[str])
    voices: Voices | None = None
    given: list[tuple[PcmChunk, str]] = field(default_factory=list[tuple[PcmChunk, str]])
    """Of each learning: the seconds, and what is said in them."""

    def hold(self, method: str) -> asyncio.Event:
        """Set by the studio once it is there; it goes on when `held[method]` is set."""
        self.held[method] = asyncio.Event()
        self.reached[method] = asyncio.Event()
        return self.reached[method]

    async def cloner(self, language: str) -> str | None:
        await self._asked("cloner")
        return self.engine

    async def wants_transcript(self, engine: str) -> bool:
        return self.cloning.transcript

    async def learn(self, engine: str, profile: VoiceProfile) -> None:
        await self._asked("learn")
        assert self.voices is not None
        await self.voices.conditioning(profile, engine=engine, cloning=self.cloning, make=self.make)

    async def make(self, sample: PcmChunk, transcript: str) -> bytes:
        self.given.append((sample, transcript))
        await self._asked("make")
        return hashlib.sha256(sample.pcm).digest()

    async def speak(self, profile: VoiceProfile, text: str) -> bytes:
        await self._asked("speak")
        return f"MP3 of {profile.voice_id}: {text}".encode()

    async def transcribe(self, sample: PcmChunk, language: str) -> str:
        await self._asked("transcribe")
        return self.says

    async def _asked(self, method: str) -> None:
        self.calls.append(method)
        if method in self.reached:
            self.reached[method].set()
            await self.held[method].wait()
        if method in self.fails:
            raise self.fails[method]


@dataclass(kw_only=True)
class CloningRoom:
    database: Database
    blobs: Blobs
    voices: Voices
    consents: Consents
    cloning: VoiceCloning
    studio: ScriptedStudio
    clock: Clock
    changed: list[tuple[str, str]]
    """What listeners were told."""

    async def cloned(self, user: str = "ada", **changes: Any) -> VoiceProfile:
        job = await self.cloning.begin(recording(), order(user, **changes))
        return await self.cloning.finished(user, job.job_id)

    async def ended_work(self) -> None:
        """Until this server has stopped working at a cloning, whatever came of it."""
        await self.cloning._runner.ended.wait(10.0)

    async def ended(self, user: str, job_id: str) -> CloneJob:
        return [job async for job in self.cloning.follow(user, job_id)][-1]

    async def rows(self) -> dict[str, int]:
        """Of each table that has any."""
        async with self.database.reading() as session:
            counted = {
                table.__tablename__: await session.scalar(select(func.count()).select_from(table)) for table in TABLES
            }
        return {name: count for name, count in counted.items() if count}

    async def blob_keys(self) -> set[str]:
        return {key async for key in self.blobs.keys()}  # noqa: SIM118 - no mapping

    async def comes_to(self, *, rows: dict[str, int], keys: set[str]) -> None:
        """Within some seconds that is all that there is."""
        for _ in range(500):
            if await self.rows() == rows and await self.blob_keys() == keys:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(await self.rows(), await self.blob_keys())

    async def keeps(self, *purposes: str) -> None:
        """Within some seconds the store has one blob for each of these, and no other."""
        found: list[str] = []
        for _ in range(500):
            found = sorted(key.partition("/")[0] for key in await self.blob_keys())
            if found == sorted(purposes):
                return
            await asyncio.sleep(0.01)
        raise AssertionError(found)

    async def nothing_is_left(self) -> bool:
        return not await self.rows() and not await self.blob_keys()


QUICK = CloningSettings(poll_s=0.05, beat_s=0.1, look_s=0.3)


@asynccontextmanager
async def open_cloning_room(
    database: Database,
    folder: Path,
    *,
    studio: ScriptedStudio | None = None,
    settings: CloningSettings = QUICK,
    clock: Clock | None = None,
    statement: str = "",
) -> AsyncGenerator[CloningRoom, None]:
    studio, clock, media = studio or ScriptedStudio(), clock or Clock(), ScriptedMedia()
    changed: list[tuple[str, str]] = []
    async with (
        open_blobs(folder) as blobs,
        open_voices(database, blobs, transcribe=studio.transcribe, now=clock) as voices,
    ):
        studio.voices = voices
        voices.on_change(lambda user, voice_id: changed.append((user, voice_id)))
        consents = Consents(
            database, blobs, voices, open_media=media, transcribe=studio.transcribe, statement=statement, now=clock
        )
        async with open_cloning(
            database, blobs, voices, consents, open_media=media, studio=studio, settings=settings, now=clock
        ) as cloning:
            yield CloningRoom(
                database=database,
                blobs=blobs,
                voices=voices,
                consents=consents,
                cloning=cloning,
                studio=studio,
                clock=clock,
                changed=changed,
            )
        assert media.open == 0
