"""A real server on a loopback socket over a speech house of scripted fakes, and what a test asks of it afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import uvicorn
from fastapi import APIRouter, FastAPI

from syrinx.audio import PcmChunk, read_wav, resample, wav_bytes
from syrinx.engines.tts.contract import Voice
from syrinx.errors import BadAudio, SyrinxError
from syrinx.speech.narration import Narrate
from syrinx.speech.recordings import TranscribeRecording
from syrinx.testing.audio import sine
from syrinx.testing.fake_speech import ScriptedNarrator, ScriptedTranscriber
from syrinx.text.pronunciations import NO_PRONUNCIATIONS, Pronunciations
from syrinx.transports.http.errors import add_error_handling
from syrinx.transports.http.request_ids import RequestIds
from syrinx.transports.http.speech_house import (
    OfferedEngine,
    OfferedVoice,
    SpeechHealth,
    SpeechHouse,
    SpeechKind,
    SpeechLimits,
)

ALTO = Voice(id="alto", name="Alto", language="en-US", gender="female", aliases=("alloy", "nova", "af_heart", "af"))
TENOR = Voice(id="tenor", name="Tenor", language="en-GB", gender="male", aliases=("fable", "bm"))
CELESTE = Voice(id="celeste", name="Céleste", language="fr-FR", gender="female")


@dataclass(kw_only=True)
class ScriptedMedia:
    """Opens WAV files in this process and nothing else; `error` is raised once their sound has been read."""

    chunk_ms: float = 100.0
    chunk_s: float = 0.0
    """Slept before each chunk."""
    error: SyrinxError | None = None
    open: int = 0
    opened: int = 0

    @asynccontextmanager
    async def __call__(self, file: BinaryIO, *, sample_rate_hz: int = 16_000) -> AsyncGenerator[ScriptedFile, None]:
        raw = file.read()
        if not raw.startswith(b"RIFF"):
            raise BadAudio("this is no sound that can be read: send WAV, MP3, OGG, WebM, MP4, FLAC or AMR")
        sound = resample(read_wav(raw), sample_rate_hz)
        self.open += 1
        self.opened += 1
        try:
            yield ScriptedFile(sound=sound, media=self)
        finally:
            self.open -= 1


@dataclass(frozen=True, kw_only=True)
class ScriptedFile:
    sound: PcmChunk
    media: ScriptedMedia

    @property
    def container(self) -> str:
        return "wav"

    @property
    def duration_ms(self) -> float | None:
        return self.sound.duration_ms

    async def chunks(self) -> AsyncGenerator[PcmChunk, None]:
        frame = 2 * round(self.media.chunk_ms * self.sound.sample_rate_hz / 1000)
        for start in range(0, len(self.sound.pcm), frame):
            await asyncio.sleep(self.media.chunk_s)
            yield PcmChunk(pcm=self.sound.pcm[start : start + frame], sample_rate_hz=self.sound.sample_rate_hz)
        if self.media.error is not None:
            raise self.media.error


def _engine(kind: SpeechKind, name: str, **facts: Any) -> OfferedEngine:
    wanted: dict[str, Any] = {"available": True, "in_use": False, "remote": False, "languages": ("en",), **facts}
    return OfferedEngine(kind=kind, name=name, title=name.title(), **wanted)


@dataclass(kw_only=True)
class ScriptedHouse:
    """What the server is asked for lands here; every part may be replaced by a real one."""

    narrator: ScriptedNarrator = field(default_factory=ScriptedNarrator)
    transcriber: ScriptedTranscriber = field(default_factory=ScriptedTranscriber)
    media: ScriptedMedia = field(default_factory=ScriptedMedia)
    voices: list[OfferedVoice] = field(
        default_factory=lambda: [
            OfferedVoice(voice=ALTO, engine="tones"),
            OfferedVoice(voice=TENOR, engine="tones"),
            OfferedVoice(voice=CELESTE, engine="bells"),
        ]
    )
    engines: list[OfferedEngine] = field(
        default_factory=lambda: [
            _engine("tts", "tones", in_use=True),
            _engine("tts", "bells", languages=("fr",)),
            _engine("tts", "far", available=False, remote=True, languages=()),
            _engine("stt", "ear", in_use=True),
            _engine("stt", "whisper-base", languages=("de", "en")),
        ]
    )
    health: dict[SpeechKind, SpeechHealth] = field(
        default_factory=lambda: {
            "tts": SpeechHealth(engine="tones", title="Tones", address="", healthy=True, reason=""),
            "stt": SpeechHealth(engine="ear", title="Ear", address="", healthy=True, reason=""),
        }
    )
    pronunciations: dict[str, Pronunciations] = field(default_factory=dict[str, Pronunciations])
    """By user."""
    limits: SpeechLimits = field(default_factory=SpeechLimits)
    language: str = "en"

    def opened(self, *, narrate: Narrate | None = None, transcribe: TranscribeRecording | None = None) -> SpeechHouse:
        async def voices() -> Sequence[OfferedVoice]:
            return self.voices

        async def engines(kind: SpeechKind) -> Sequence[OfferedEngine]:
            return [each for each in self.engines if each.kind == kind]

        def names(kind: SpeechKind) -> list[str]:
            return [each.name for each in self.engines if each.kind == kind]

        async def health(kind: SpeechKind) -> SpeechHealth:
            return self.health[kind]

        async def pronunciations(user: str) -> Pronunciations:
            return self.pronunciations.get(user, NO_PRONUNCIATIONS)

        return SpeechHouse(
            narrate=narrate or self.narrator,
            transcribe=transcribe or self.transcriber,
            open_media=self.media,
            voices=voices,
            engines=engines,
            names=names,
            health=health,
            pronunciations=pronunciations,
            limits=self.limits,
            language=self.language,
        )

    @property
    def at_work(self) -> int:
        """Narrations, transcriptions and files that are open."""
        narrations = sum(not each.closed for each in self.narrator.begun)
        return narrations + self.transcriber.active + self.media.open

    async def nothing_left(self) -> None:
        """Wait until nothing is open any more."""
        await until(lambda: not self.at_work)


async def until(true: Callable[[], bool], *, within_s: float = 10.0) -> None:
    """Wait until it is; for what tells nobody when it changes."""
    for _ in range(round(within_s / 0.01)):
        if true():
            return
        await asyncio.sleep(0.01)
    assert true()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechServer:
    address: str
    port: int
    house: ScriptedHouse


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals are the test runner's."""
        yield


Routes = Callable[[SpeechHouse], APIRouter]


@asynccontextmanager
async def speech_server(
    *routes: Routes, house: ScriptedHouse | None = None, opened: SpeechHouse | None = None
) -> AsyncGenerator[SpeechServer, None]:
    """A server of these routes for as long as the context lasts; afterwards nothing is open and no task is left.

    `opened` replaces what `house` would be opened as.
    """
    house = house or ScriptedHouse()
    app = FastAPI()
    add_error_handling(app)
    app.add_middleware(RequestIds)
    for each in routes:
        app.include_router(each(opened or house.opened()))
    before = asyncio.all_tasks()
    listening = socket.socket(proto=socket.IPPROTO_TCP)  # else each small answer waits 40 ms
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2)
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await until(lambda: server.started or serving.done())
        yield SpeechServer(address=f"http://127.0.0.1:{port}", port=port, house=house)
        # What clients have just left is on its way out; what stays is a leak.
        await house.nothing_left()
    finally:
        server.should_exit = True
        await serving
        listening.close()
    # A fixture is left by another task than the one that entered it.
    await until(lambda: not asyncio.all_tasks() - before - {asyncio.current_task()}, within_s=2.0)
    gc.collect(1)  # an abandoned generator would complain now; what a test made is still young


def recording(*, duration_ms: float = 3000.0, sample_rate_hz: int = 16_000) -> bytes:
    """A WAV file with a tone in it."""
    return wav_bytes(sine(440.0, duration_ms=duration_ms, sample_rate_hz=sample_rate_hz))
