"""Opens one engine at a time in an open house and puts it to the test."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from syrinx.app.house import House
from syrinx.app.verification import Hearing, RoundTrip, Speaking, Thinking, Verification, VerifiedKind
from syrinx.app.verification_checks import hear, hear_clips, speak, think
from syrinx.app.verification_verdicts import judge
from syrinx.audio import PcmChunk
from syrinx.engines.abilities import Ability, Clock, measure_llm, measure_stt, measure_tts
from syrinx.engines.contract import Kind
from syrinx.errors import EngineUnavailable, SyrinxError, UnknownEngine, UnknownLanguage
from syrinx.speech.word_errors import word_errors
from syrinx.testing.human_clips import LANGUAGE, HumanClip, longest_clip


class Remember(Protocol):
    """Told of every measurement while the house is open, for whoever keeps them; `engine` is the one that worked."""

    def __call__(self, house: House, kind: Kind, engine: str, ability: Ability) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    engine: Any
    """Of the kind that was asked for."""
    load_s: float
    memory_before_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Tests engines of an open house, one at a time; nothing else should be working meanwhile."""

    house: House
    remote: bool
    remember: Remember | None
    clips: Sequence[HumanClip]
    clock: Clock = time.perf_counter

    async def verify(self, kind: VerifiedKind, name: str | None = None) -> Verification:
        """An engine that cannot be opened, or breaks, fails; raises UnknownEngine for one that does not exist."""
        names: tuple[str, ...] = ()
        try:
            names = (name,) if name else await self.house.engines.in_use(kind)
            if not self.remote and (destination := await self._destination(kind, names[0])):
                return Verification(
                    kind=kind,
                    engine=names[0],
                    title=self.house.engines.info(kind, names[0]).title,
                    verdict="skipped",
                    says=f"not asked, for that would send words to {destination}",
                    remedy="--remote asks it",
                )
            match kind:
                case "stt":
                    return await self._ear(names[0])
                case "tts":
                    return await self._voice(names)
                case "llm":
                    return await self._mind(names[0])
        except UnknownEngine:
            raise
        except SyrinxError as error:
            return Verification(
                kind=kind,
                engine=names[0] if names else "",
                title="",
                verdict="fails",
                says=error.message,
                # One that cannot be opened says itself what would mend it.
                remedy="" if isinstance(error, EngineUnavailable) else "syrinx doctor says what is missing",
            )

    async def _ear(self, name: str) -> Verification:
        async with self._opened("stt", self.house.engines.stt(name)) as opened:
            ear = opened.engine
            found = await hear_clips(ear, self.clips, clock=self.clock)
            languages = ear.capabilities.languages
            language = LANGUAGE if LANGUAGE in languages or not languages else languages[0]
            ability = await measure_stt(ear, longest_clip(self.clips).audio, language=language, clock=self.clock)
            return self._verification("stt", name, opened, ability, found)

    async def _voice(self, names: Sequence[str]) -> Verification:
        """The first of them that speaks the language of a talk, as a talk would take it."""
        language = self.house.settings.language
        for name in names:
            async with self._opened("tts", self.house.engines.tts(name)) as opened:
                voice = opened.engine
                if _primary(language) not in voice.capabilities.languages and name != names[-1]:
                    continue
                clip, found = await speak(voice, language=language)
                ability = await measure_tts(voice, language=language, clock=self.clock)
                found = await self._round_trip(clip, found)
                return self._verification("tts", name, opened, ability, found)
        raise UnknownLanguage(f"no voice speaks {language!r}: SYRINX_LANGUAGE names another language")

    async def _round_trip(self, clip: PcmChunk, found: Speaking) -> Speaking:
        try:
            names = await self.house.engines.in_use("stt")
            if not self.remote and (destination := await self._destination("stt", names[0])):
                return replace(found, no_round_trip=f"the ear would send them to {destination}")
            async with self.house.engines.stt("") as ear:
                if _primary(found.language) not in ear.capabilities.languages:
                    return replace(found, no_round_trip=f"{names[0]} does not understand {found.language}")
                heard = await hear(ear, clip, language=found.language)
        except SyrinxError as error:
            return replace(found, no_round_trip=error.message)
        errors = word_errors(found.text, heard.text, language=found.language)
        return replace(found, round_trip=RoundTrip(ear=heard.engine or names[0], heard=heard.text, errors=errors))

    async def _mind(self, name: str) -> Verification:
        async with self._opened("llm", self.house.engines.llm(name)) as opened:
            found = await think(opened.engine, clock=self.clock)
            ability = await measure_llm(opened.engine, clock=self.clock)
            return self._verification("llm", name, opened, ability, found)

    @asynccontextmanager
    async def _opened(
        self, kind: VerifiedKind, lease: AbstractAsyncContextManager[Any]
    ) -> AsyncGenerator[_Opened, None]:
        before = _resident_bytes()
        begun_s = self.clock()
        async with lease as engine:
            yield _Opened(engine=engine, load_s=self.clock() - begun_s, memory_before_bytes=before)

    def _verification(
        self,
        kind: VerifiedKind,
        name: str,
        opened: _Opened,
        ability: Ability,
        found: Hearing | Speaking | Thinking,
    ) -> Verification:
        """To be called while the engine is open. `name` may stand for the best of an engine's models."""
        working = [each for each in self.house.pool.status() if each.kind == kind and each.leases]
        worked = next((each for each in working if each.name == name), working[-1] if working else None)
        engine = name if worked is None else worked.name
        if self.remember is not None:
            self.remember(self.house, kind, engine, ability)
        after = _resident_bytes()
        before = opened.memory_before_bytes
        grown = None if before is None or after is None else max(0, after - before)
        worker = None if worked is None else worked.worker_memory_bytes
        judgement = judge(kind, ability, found)
        return Verification(
            kind=kind,
            engine=engine,
            title=self.house.engines.info(kind, engine).title,
            verdict=judgement.verdict,
            says=judgement.says,
            remedy=judgement.remedy,
            load_s=opened.load_s,
            memory_bytes=grown if worker is None else worker + (grown or 0),
            in_worker=worked is not None and worked.host == "worker",
            ability=ability,
            found=found,
        )

    async def _destination(self, kind: VerifiedKind, name: str) -> str:
        """Where what is said to this engine goes; "" where it stays on this machine."""
        if kind == "llm":
            choice = await self.house.engines.language_model()
            if choice.engine == name and (choice.destination or "url" in choice.options):
                return choice.destination
        try:
            return "a service elsewhere" if self.house.engines.info(kind, name).remote else ""
        except UnknownEngine:
            return ""  # a model that is not installed, or nothing at all: opening it says which


def _primary(language: str) -> str:
    return language.partition("-")[0].lower()


def _resident_bytes() -> int | None:
    """Memory of this process; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
