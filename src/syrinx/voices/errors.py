"""What can keep voices, consents and clips from being kept, found or made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from syrinx.errors import BadInput, DiskRefused, NotFound, SyrinxError, UnknownVoice

_SHOWN: Final = 60
"""Characters of an id that somebody made up."""


class NotKept(DiskRefused):
    """The disk refused what was to be kept; nothing of it is there."""

    code = "not_kept"
    retryable = True


class UnknownConsent(NotFound):
    """The user has no consent, or phrase of one, with that id."""

    code = "unknown_consent"


class UnknownJob(NotFound):
    """The user has no cloning with that id."""

    code = "unknown_job"


class TooManyVoices(BadInput):
    """The user has as many voices as one may have; deleting one makes room."""

    code = "too_many_voices"


class TooManyConsents(BadInput):
    """The user has as many recorded consents without a voice as one may have; deleting one makes room."""

    code = "too_many_consents"


class ConsentRefused(BadInput):
    """No voice can rest on that consent: it is revoked, used already, over, or another speaker's."""

    code = "consent_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseWord:
    """A word of a phrase that was read aloud, as it is written there."""

    text: str
    understood: bool


class ConsentNotUnderstood(ConsentRefused):
    """Too little of the phrase was understood; `words` is all of it, in order. Reading it again may do."""

    code = "consent_not_understood"

    def __init__(self, message: str, *, words: tuple[PhraseWord, ...]) -> None:
        super().__init__(message)
        self.words = words


class ConsentInUse(BadInput):
    """A voice rests on the consent, which is therefore not deleted."""

    code = "consent_in_use"


class CloneCancelled(SyrinxError):
    """Somebody asked for the cloning to end; nothing of it is left."""

    code = "clone_cancelled"


class CloneInterrupted(SyrinxError):
    """The server stopped in the middle of the cloning, as often as it was tried; nothing of it is left."""

    code = "clone_interrupted"
    retryable = True


def no_such_voice(voice_id: str) -> UnknownVoice:
    """In these words whether it never was, was deleted, or is another user's."""
    return UnknownVoice(f"no voice {voice_id[:_SHOWN]!r} is among yours: the list of voices names those that are")


def no_such_consent(consent_id: str) -> UnknownConsent:
    return UnknownConsent(
        f"no consent {consent_id[:_SHOWN]!r} is among yours: the list of consents names those that are"
    )


def no_such_job(job_id: str) -> UnknownJob:
    return UnknownJob(f"no cloning {job_id[:_SHOWN]!r} is among yours: the list of jobs names those that are")
