"""Takes in voices that were registered before there was a database: each a folder with its sample and its record."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import structlog

from syrinx.audio import PcmChunk, read_wav
from syrinx.audio.pace import syllables_per_second
from syrinx.errors import BadAudio, BadInput, UnknownVoice
from syrinx.storage import Conflict
from syrinx.voices.consent_rows import new_consent
from syrinx.voices.profile import VoiceProfile, VoiceSettings
from syrinx.voices.profile_checks import checked_language, checked_name, is_voice_id
from syrinx.voices.profile_keeping import NewVoice
from syrinx.voices.repository import Voices
from syrinx.voices.sample import check_sample
from syrinx.voices.sample_sentences import sample_sentence

log = structlog.get_logger()

TERMS_BEFORE: Final = "before 2026-11"
"""Under which these were registered."""
_REFERENCE: Final = "reference.wav"
_RECORD: Final = "voice.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Registered:
    profile: VoiceProfile
    sample: PcmChunk
    statement: str
    recorded_at: datetime
    evidence_sha256: str


async def import_registered(folder: Path, voices: Voices, *, user: str = "local") -> int:
    """How many voices under `folder` became that user's; they keep their ids, and their folders go.

    Each is taken in once: one that was taken in already, and perhaps not removed, is not taken in again. What cannot
    be read, or not removed, stays where it is, and is told of.
    """
    taken = 0
    try:
        entries = await asyncio.to_thread(_folders, folder)
    except OSError as unreadable:
        log.warning("registered voices could not be looked for", folder=str(folder), reason=str(unreadable))
        return 0
    for entry in entries:
        try:
            taken += await _take_in(entry, voices, user)
        except (OSError, ValueError, BadAudio, BadInput) as unreadable:
            log.warning("a registered voice could not be taken in", voice=entry.name, reason=str(unreadable))
            continue
        await asyncio.to_thread(_remove, entry)
    return taken


async def _take_in(entry: Path, voices: Voices, user: str) -> bool:
    try:
        await voices.owner_and_profile(entry.name)
    except UnknownVoice:
        found = await asyncio.to_thread(_read, entry, user)
    else:
        return False
    consent = new_consent(
        user,
        kind="attested",
        name=found.profile.name,
        language=found.profile.language,
        statement=found.statement,
        evidence_sha256=found.evidence_sha256,
        at=found.recorded_at,
        terms_version=TERMS_BEFORE,
    )
    try:
        await voices.keep(NewVoice(profile=found.profile, sample=found.sample, consent=consent))
    except Conflict:
        return False  # another server takes them in at this moment
    return True


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(entry for entry in folder.iterdir() if is_voice_id(entry.name) and (entry / _RECORD).is_file())


def _remove(entry: Path) -> None:
    """Whoever deletes the voice later must not leave its sample behind."""
    try:
        shutil.rmtree(entry)
    except FileNotFoundError:
        return  # another server was quicker
    except OSError as refused:
        log.warning(
            "the folder of a registered voice could not be removed: delete it by hand, or the voice is taken in again "
            "after it was deleted",
            folder=str(entry),
            reason=str(refused),
        )


def _read(entry: Path, user: str) -> _Registered:
    """Raises OSError, ValueError, BadAudio, BadInput."""
    record = (entry / _RECORD).read_bytes()
    sample = read_wav(entry / _REFERENCE)
    check_sample(sample)
    fields = _mapping(json.loads(record))
    if fields.get("id") != entry.name:
        raise ValueError(f"{_RECORD} is of another voice")
    consent = _mapping(fields.get("consent"))
    statement, pitch_hz = str(consent.get("statement") or "").strip(), fields.get("pitch_hz")
    if not statement:
        raise ValueError(f"{_RECORD} tells of no consent")
    language = checked_language(str(fields.get("language")))
    created_at = _moment(fields.get("created_at"))
    return _Registered(
        profile=VoiceProfile(
            voice_id=entry.name,
            user=user,
            name=checked_name(str(fields.get("display_name"))),
            language=language,
            created_at=created_at,
            updated_at=created_at,
            last_used_at=None,
            is_active=True,
            is_verified=False,
            settings=VoiceSettings(),
            transcript="",
            duration_ms=sample.duration_ms,
            pitch_hz=float(pitch_hz) if isinstance(pitch_hz, int | float) else None,
            pace=syllables_per_second(sample),
            advice=(),
            engine="",
            sample_text=sample_sentence(language),
            source="registry",
            consent_id="",
            reference_key="",
            sample_audio_key=None,
        ),
        sample=sample,
        statement=statement,
        recorded_at=_moment(consent.get("recorded_at")),
        evidence_sha256=hashlib.sha256(record).hexdigest(),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{_RECORD} is no record of a voice")  # noqa: TRY004 - what a file says is no argument
    return value  # pyright: ignore[reportUnknownVariableType] - JSON


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
