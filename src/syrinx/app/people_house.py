"""Puts together what learns and keeps people's voices."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

import structlog

from syrinx.accounts import OPEN_CALLER, calling
from syrinx.app.engine_choice import EngineChoice
from syrinx.app.kept_house import Kept
from syrinx.app.known_people import InBackground, KnownPeople
from syrinx.app.metering import counting_texts, metered_listening
from syrinx.app.settings import Settings
from syrinx.app.speech_house import VOICES_FOLDER, Speech
from syrinx.app.studio import HouseStudio
from syrinx.errors import UnknownLanguage
from syrinx.transports.http.voice_house import SpokenBy, VoiceHouse
from syrinx.voices import CloningSettings, Consents, VoiceCloning, Voices, open_cloning, open_voices
from syrinx.voices.profile import VoiceProfile
from syrinx.voices.registered_import import import_registered

log = structlog.get_logger()


CLONED_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    voices: Voices
    consents: Consents
    cloning: VoiceCloning
    house: VoiceHouse


@asynccontextmanager
async def open_people(
    settings: Settings,
    *,
    kept: Kept,
    engines: EngineChoice,
    studio: HouseStudio,
    known: KnownPeople,
    speech: Speech,
    in_background: InBackground,
    serving: bool,
) -> AsyncGenerator[People, None]:
    """Leaving the context stops the clonings of this process, which another one, or the next start, takes up.

    Only who is `serving` takes up any: a command that is over in a moment would but interrupt them. The same holds for
    voices that an earlier version kept as files.
    """
    async with AsyncExitStack() as closing:
        voices = await closing.enter_async_context(open_voices(kept.database, kept.blobs, transcribe=studio.transcribe))
        studio.begin(voices)
        known.begin(voices, in_background)
        voices.on_change(lambda _, voice_id: speech.narrate.forget(voice_id))
        consents = Consents(
            kept.database,
            kept.blobs,
            voices,
            open_media=speech.house.open_media,
            transcribe=metered_listening(studio.transcribe, kept.accounts.limits),
            statement=settings.consent_phrase or "",
        )
        if serving:
            await _take_in(settings, voices)
        cloning = await closing.enter_async_context(
            open_cloning(
                kept.database,
                kept.blobs,
                voices,
                consents,
                open_media=speech.house.open_media,
                studio=studio,
                settings=CloningSettings(
                    at_once=CLONED_AT_ONCE if serving else 0,
                    voices_per_user=settings.voices_per_user,
                    verified_only=settings.consent == "spoken",
                ),
                count=counting_texts(kept.accounts.limits),
            )
        )

        async def match(profile: VoiceProfile, language: str) -> SpokenBy:
            # As its owner would hear it.
            with calling(replace(OPEN_CALLER, user=profile.user)):
                async with engines.tts("") as speaking:
                    if not speaking.is_person(profile.voice_id):
                        return SpokenBy(match="approximate", nearest=None)
                    try:
                        kind = speaking.match(profile.voice_id, language)
                        nearest = None if kind == "exact" else speaking.nearest(profile.voice_id, language)
                    except UnknownLanguage:
                        # It was learned when an engine spoke the language: the voice is there all the same.
                        return SpokenBy(match="approximate", nearest=None)
            return SpokenBy(match=kind, nearest=nearest and nearest.id)

        yield People(
            voices=voices,
            consents=consents,
            cloning=cloning,
            house=VoiceHouse(
                voices=voices,
                consents=consents,
                cloning=cloning,
                match=match,
                speech=speech.house,
                audit=kept.accounts.audit.note,
                verified_only=settings.consent == "spoken",
            ),
        )


async def _take_in(settings: Settings, voices: Voices) -> None:
    """Voices that an earlier version kept as files."""
    folder = settings.inherited.xtts_voice_dir or settings.home / VOICES_FOLDER
    taken = await import_registered(folder, voices)
    if taken:
        log.info("voices kept as files were taken in", folder=str(folder), voices=taken)
