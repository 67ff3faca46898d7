"""Puts together what speaks and listens over HTTP: the house's engines behind what every dialect asks for."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from syrinx.accounts.limits import Limits
from syrinx.app.engine_choice import EngineChoice
from syrinx.app.metering import metered, metered_transcription
from syrinx.app.settings import Settings
from syrinx.audio.intake import IntakeLimits, open_intake
from syrinx.engines.contract import Options, Probing
from syrinx.engines.pool import EnginePool, EngineStatus
from syrinx.engines.registry import EngineKey, EngineRegistry
from syrinx.errors import SyrinxError
from syrinx.speech.narrator import Narrator, open_narrator
from syrinx.speech.pronunciation_book import PronunciationBook, open_pronunciation_book
from syrinx.speech.recordings import Transcriber, TranscribeRecording
from syrinx.transports.http.speech_house import (
    OfferedEngine,
    OfferedVoice,
    SpeechHealth,
    SpeechHouse,
    SpeechKind,
    SpeechLimits,
)
from syrinx.transports.http.synthesis_service import SynthesisServiceSettings

PRONUNCIATIONS_FOLDER: Final = "pronunciations"
VOICES_FOLDER: Final = "voices"
GENERATED_FOLDER: Final = "generated"
"""All in the home folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    house: SpeechHouse
    narrate: Narrator
    transcribe: TranscribeRecording
    """As in `house`, but counted for nobody."""
    book: PronunciationBook
    service: SynthesisServiceSettings


@asynccontextmanager
async def open_speech(
    settings: Settings,
    *,
    engines: EngineChoice,
    pool: EnginePool,
    registry: EngineRegistry,
    options: Mapping[EngineKey, Options],
    limits: Limits,
) -> AsyncGenerator[Speech, None]:
    """`limits` count what is spoken and heard. Leaving the context ends all narrations and decoders."""
    asked = _Asked(engines=engines, pool=pool, registry=registry, options=options, language=settings.language)
    book = open_pronunciation_book(settings.home / PRONUNCIATIONS_FOLDER)
    async with AsyncExitStack() as closing:
        intake = await closing.enter_async_context(open_intake(IntakeLimits(file_bytes=settings.upload_bytes)))
        narrator = await closing.enter_async_context(
            open_narrator(engines.tts, language=settings.language, cache_bytes=settings.speech_cache_mb * 1_000_000)
        )
        transcriber = Transcriber(ear=engines.stt, language=settings.language)
        yield Speech(
            narrate=narrator,
            transcribe=transcriber,
            house=SpeechHouse(
                narrate=metered(narrator, limits),
                transcribe=metered_transcription(transcriber, limits),
                open_media=intake.open,
                voices=asked.voices,
                engines=asked.offered,
                names=engines.names,
                health=asked.health,
                pronunciations=book.of,
                limits=SpeechLimits(text_chars=settings.speech_chars, upload_bytes=settings.upload_bytes),
                language=settings.language,
            ),
            book=book,
            service=SynthesisServiceSettings(
                model_repo=settings.inherited.xtts_repo_id,
                model_dir=settings.inherited.xtts_model_dir,
                use_gpu=settings.inherited.xtts_use_gpu,
                default_voice=settings.inherited.xtts_default_voice,
                store_folder=settings.inherited.xtts_store_dir or settings.home / GENERATED_FOLDER,
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    engines: EngineChoice
    pool: EnginePool
    registry: EngineRegistry
    options: Mapping[EngineKey, Options]
    language: str

    async def voices(self) -> Sequence[OfferedVoice]:
        async with self.engines.all_voices() as voices:
            return [OfferedVoice(voice=voice, engine=voices.engine_of(voice.id)) for voice in voices.voices]

    async def offered(self, kind: SpeechKind) -> Sequence[OfferedEngine]:
        try:
            serving = await self._serving(kind)
        except SyrinxError:
            serving = ()
        return [
            OfferedEngine(
                kind=kind,
                name=report.name,
                title=report.info.title if report.info else report.name,
                available=report.availability.available,
                in_use=report.name in serving,
                remote=bool(report.info and report.info.remote),
                languages=report.info.languages if report.info else (),
                clones=bool(report.info and report.info.clones),
            )
            for report in self.engines.reports()
            if report.kind == kind
        ]

    async def health(self, kind: SpeechKind) -> SpeechHealth:
        """Of the engine that a request in the house's language gets."""
        try:
            name = (await self._serving(kind))[0]
        except SyrinxError as error:
            return SpeechHealth(engine="", title="", address="", healthy=False, reason=error.message)
        provider = self.registry.provider(kind, name)
        options = self.options.get((kind, name), {})
        available = provider.check(options)
        # As the engine has read it, which takes none that holds a password.
        title, address = provider.info.title, available.facts.get("address", "") if provider.info.remote else ""
        reason = "" if available.available else " ".join(filter(None, (available.reason, available.remedy)))
        if not reason and isinstance(provider, Probing):
            reason = (await provider.probe(options)).reason
        if not reason:
            # Though it is well again, or for the first time: what a request would be told now.
            reason = next((_trouble(each) for each in self.pool.status() if (each.kind, each.name) == (kind, name)), "")
        return SpeechHealth(engine=name, title=title, address=address, healthy=not reason, reason=reason)

    async def _serving(self, kind: SpeechKind) -> tuple[str, ...]:
        names = await self.engines.in_use(kind)
        if kind == "tts" and (speaker := self.engines.speaker("", self.language)) is not None:
            return (speaker, *(name for name in names if name != speaker))
        return names


def _trouble(status: EngineStatus) -> str:
    """Why a request to the engine would be refused before it is tried; "" where it would be tried."""
    if status.breaker is not None and status.retry_after_s > 0:
        return f"{status.name} kept failing and is left alone for {max(1, round(status.retry_after_s))} s more"
    return status.last_error
