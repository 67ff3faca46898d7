"""Gathers what a talk may name, and what `ready` says of the engines in use."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import syrinx
from syrinx.app.engine_choice import AUTO, ChosenKind
from syrinx.app.house import CHATTERBOX, House
from syrinx.app.model_house import better_options
from syrinx.audio.encoding import AUDIO_FORMATS
from syrinx.conversation import Conversation
from syrinx.conversation.characters import MAX_CHARACTERS
from syrinx.conversation.settings import MAX_TYPED_CHARS
from syrinx.engines.registry import EngineReport
from syrinx.engines.stt.contract import DETECT
from syrinx.engines.tts.contract import Voice
from syrinx.errors import UnknownLanguage
from syrinx.speech import PeopleVoices
from syrinx.transports.http.talk import (
    EngineOption,
    LanguageOption,
    TalkDefaults,
    TalkLimits,
    TalkOptions,
    VoiceOption,
)
from syrinx.transports.messages import INPUT_SAMPLE_RATES_HZ


async def talk_options(house: House) -> TalkOptions:
    """For the present caller, whose own voices come first. Opens the voice engines, to ask for theirs."""
    settings = house.settings
    chosen = await house.engines.chosen()
    async with house.engines.all_voices() as voices, house.engines.stt("") as ear:
        spoken = set(voices.capabilities.languages)
        heard = set(ear.capabilities.languages)
        offered = [
            VoiceOption(
                id=voice.id,
                name=voice.name,
                language=voice.language,
                gender=voice.gender,
                engine=voices.engine_of(voice.id),
                grade=voice.grade,
                aliases=list(voice.aliases),
            )
            for voice in (*_own(voices), *voices.voices)
        ]
        blending = voices.blending
        # Others of these voices speak, too, where they are named or alone have the language.
        with suppress(UnknownLanguage):
            chosen["tts"] = (voices.engine_for(language=settings.language, voice=None),)
    return TalkOptions(
        version=syrinx.__version__,
        voices=offered,
        detects_language=ear.capabilities.detects_language,
        languages=[
            LanguageOption(id=each, hears=each in heard, speaks=each in spoken) for each in sorted(spoken | heard)
        ],
        engines=await _engine_options(house, chosen, blending=blending),
        better=await better_options(house),
        defaults=TalkDefaults(
            language=settings.language, voice=None, tts=settings.tts, stt=settings.stt, llm=settings.llm
        ),
        limits=TalkLimits(
            text_chars=MAX_TYPED_CHARS,
            characters=MAX_CHARACTERS,
            input_sample_rates=list(INPUT_SAMPLE_RATES_HZ),
            speech_chars=settings.speech_chars,
            upload_bytes=settings.upload_bytes,
        ),
        formats=list(AUDIO_FORMATS),
    )


def _own(voices: PeopleVoices) -> list[Voice]:
    """The caller's own voices that an engine here can speak."""
    found: list[Voice] = []
    for person in voices.people:
        with suppress(UnknownLanguage):
            voices.engine_for(language=person.voice.language, voice=person.voice.id)
            found.append(person.voice)
    return found


async def _engine_options(
    house: House, chosen: dict[ChosenKind, tuple[str, ...]], *, blending: frozenset[str]
) -> dict[ChosenKind, list[EngineOption]]:
    reports = [report for report in house.engines.reports() if not _stands_for_models(house, report)]
    learner = await _learner(house)
    listed: dict[ChosenKind, list[EngineOption]] = {}
    for kind in ("stt", "llm", "tts"):
        listed[kind] = [
            await _engine_option(
                house,
                report,
                chosen=report.name in chosen[kind],
                blends=kind == "tts" and report.name in blending,
                learns=kind == "tts" and report.name == learner,
            )
            for report in reports
            if report.kind == kind
        ]
    return listed


def _stands_for_models(house: House, report: EngineReport) -> bool:
    """Whether it is an engine that only runs models, of which some are installed and listed by their own names."""
    return not report.availability.available and house.engines.has_models(report.kind, report.name)


async def _learner(house: House) -> str | None:
    """The engine that learns voices here, well or not: `EngineChoice.cloner` would wait for one elsewhere."""
    settings = house.settings
    if settings.clone != AUTO:
        return settings.clone
    if settings.inherited.chatterbox_api_url is not None:
        return CHATTERBOX
    speaking = await house.engines.in_use("tts")
    return next((name for name in speaking if house.engines.info("tts", name).clones), None)


async def _engine_option(
    house: House, report: EngineReport, *, chosen: bool, blends: bool, learns: bool
) -> EngineOption:
    option = EngineOption(
        name=report.name,
        title=report.info.title if report.info else report.name,
        remote=bool(report.info and report.info.remote),
        destination=_far_end(report),
        available=report.availability.available,
        reason=report.availability.reason,
        remedy=report.availability.remedy,
        chosen=chosen,
        blends=blends,
        learns=learns,
        licence=report.info.licence if report.info else "",
    )
    if report.kind == "llm" and chosen:
        # The same engine speaks to a model next door or far away: only the address tells.
        model = await house.engines.language_model()
        option.title, option.remote, option.destination = model.title, model.leaves_machine, model.destination
    return option


def _far_end(report: EngineReport) -> str:
    """The host that a remote engine sends to, as far as it tells; empty for others."""
    if report.info is None or not report.info.remote:
        return ""
    return urlsplit(report.availability.facts.get("address", "")).hostname or ""


async def engines_in_use(house: House, conversation: Conversation) -> dict[str, Any]:
    """What `ready` says: for each kind the engine that this conversation gets."""
    settings = conversation.settings
    chosen = await house.engines.chosen()
    asked: dict[ChosenKind, str] = {"stt": settings.stt, "llm": settings.llm, "tts": settings.tts}
    model = await house.engines.language_model()
    in_use: dict[str, Any] = {}
    for kind, name in asked.items():
        engine = name if name not in {"", AUTO} else chosen[kind][0]
        if kind == "stt":
            engine = house.engines.ear_for(name, settings.language)
        language = house.settings.language if settings.language == DETECT else settings.language
        if kind == "tts" and name in {"", AUTO}:
            speaker = house.engines.speaker(name, language) if settings.voice is None else None
            if speaker is None:
                async with house.engines.all_voices() as voices:
                    speaker = voices.engine_for(language=language, voice=settings.voice)
            engine = speaker
        info = house.engines.info(kind, engine)
        in_use[kind] = {"name": engine, "title": info.title, "remote": info.remote}
        if kind == "llm" and engine == model.engine:
            in_use[kind] |= {"title": model.title, "remote": model.leaves_machine, "destination": model.destination}
    return in_use
