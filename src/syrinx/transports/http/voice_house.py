"""What every dialect that learns and keeps voices needs of the house; wired by the app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from syrinx.accounts import Caller
from syrinx.accounts.audit import Outcome
from syrinx.speech.narration import VoiceMatch
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.voices import Consents, VoiceCloning, Voices
from syrinx.voices.profile import VoiceProfile

VOICE_BYTES: Final = 50 * 1024 * 1024
"""Of a recording that a voice is learned from."""
VOICE_BASE64_BYTES: Final = round(VOICE_BYTES * 1.4)
"""Of a body with one as base64, with line ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenBy:
    """Who speaks for a profile."""

    match: VoiceMatch
    """Whether the voice itself speaks, or one that comes near it."""
    nearest: str | None
    """The id of the engine's voice that speaks for it; None where it is learned, and where nobody speaks for it now."""


class Note(Protocol):
    """Of the audit log: what somebody did, never what was said. Blocks and fails nothing."""

    def __call__(
        self,
        caller: Caller,
        action: str,
        subject: str,
        outcome: Outcome = "done",
        address: str = "",
        **details: float | bool | str,
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceHouse:
    voices: Voices
    consents: Consents
    cloning: VoiceCloning
    match: Callable[[VoiceProfile, str], Awaitable[SpokenBy]]
    """Who speaks for a profile in a language (BCP 47)."""
    speech: SpeechHouse
    audit: Note
    verified_only: bool
    """Whether only consents count that were spoken by the person."""


def attestation_of(caller: Caller) -> str:
    """Who attests that the speaker agrees, in words, for a request that brings no consent."""
    how = {
        "open": "a caller at this machine",
        "token": "the operator",
        "key": f"the caller with key {caller.key_id}",
        "jwt": "the signed-in caller",
        "ticket": "the signed-in caller",
    }[caller.how]
    return f"{how} as user {caller.user}"
