"""The voices with which the present caller may speak: read from what is kept, and remembered for a moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Final, Protocol

import structlog

from syrinx.accounts import current_caller
from syrinx.engines.tts.contract import Cloning, Voice
from syrinx.errors import SyrinxError
from syrinx.speech.person_voice import Condition, PeopleRead, PersonVoice
from syrinx.storage.errors import DatabaseUnavailable
from syrinx.voices import Voices, gender_of
from syrinx.voices.profile import VoiceProfile

log = structlog.get_logger()

REMEMBERED_S: Final = 1.0
"""After so long what another server changed or deleted is noticed."""
READ_WITHIN_S: Final = 2.0
"""What is to be spoken waits for it."""
_MOST_USERS: Final = 10_000

_DRAFT: Final[ContextVar[PersonVoice | None]] = ContextVar("syrinx_draft_voice", default=None)


class InBackground(Protocol):
    def __call__(self, work: Coroutine[Any, Any, None]) -> None: ...


class KnownPeople:
    """Its `people` is a `speech.People`. It knows nobody before `begin`."""

    def __init__(self) -> None:
        self._voices: Voices | None = None
        self._in_background: InBackground | None = None
        self._known: dict[str, tuple[float, PeopleRead]] = {}
        self._changes = 0

    def begin(self, voices: Voices, in_background: InBackground) -> None:
        """`in_background` runs what nobody waits for: that a voice was used is written down."""
        self._voices = voices
        self._in_background = in_background
        voices.on_change(lambda user, _: self._forget(user))

    async def people(self) -> PeopleRead:
        """Where they cannot be read now, nobody and why, and that for a moment: engines' own voices speak all the
        same, and not each sentence waits for a database that is away."""
        draft = _DRAFT.get()
        if self._voices is None:
            return PeopleRead(() if draft is None else (draft,))
        user = current_caller().user
        known = self._known.get(user)
        if known is None or time.monotonic() - known[0] > REMEMBERED_S:
            known = await self._read(self._voices, user)
        read = known[1]
        return read if draft is None else replace(read, voices=(*read.voices, draft))

    async def _read(self, voices: Voices, user: str) -> tuple[float, PeopleRead]:
        at = time.monotonic()
        changes = self._changes
        profiles: Sequence[VoiceProfile] = ()
        unread: SyrinxError | None = None
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                profiles = await voices.list(user)
        except SyrinxError as error:
            log.warning("the voices of people cannot be read", code=error.code, reason=error.message)
            at, unread = time.monotonic(), error
        except TimeoutError:
            log.warning("the voices of people cannot be read", reason=f"no answer in {READ_WITHIN_S:g} s")
            at, unread = time.monotonic(), DatabaseUnavailable("the database does not answer: try again in a moment")
        found = (at, PeopleRead([self.person(profile) for profile in profiles], unread))
        if len(self._known) >= _MOST_USERS:
            self._known.clear()
        if changes == self._changes:  # else something was deleted, perhaps, while it was read
            self._known[user] = found
        return found

    def _forget(self, user: str) -> None:
        self._changes += 1
        self._known.pop(user, None)

    @contextmanager
    def drafting(self, profile: VoiceProfile) -> Generator[None, None, None]:
        """What is begun within this may speak with a voice that is not kept yet. Entered and left by one task."""
        token = _DRAFT.set(self.person(profile))
        try:
            yield
        finally:
            _DRAFT.reset(token)

    def person(self, profile: VoiceProfile) -> PersonVoice:
        async def conditioning(engine: str, cloning: Cloning, condition: Condition) -> bytes:
            if self._voices is None:
                raise RuntimeError("people are asked before they are known")
            return await self._voices.conditioning(profile, engine=engine, cloning=cloning, make=condition)

        def used() -> None:
            if self._voices is not None and self._in_background is not None:
                self._in_background(self._voices.used(profile.voice_id))

        return PersonVoice(
            voice=Voice(
                id=profile.voice_id,
                name=profile.name,
                language=profile.language,
                gender=gender_of(profile.pitch_hz),
            ),
            pitch_hz=profile.pitch_hz,
            pace=profile.pace,
            settings=profile.settings,
            revision=f"{profile.voice_id} {profile.settings}",
            conditioning=conditioning,
            sample_s=profile.duration_ms / 1000.0,
            used=used,
        )
