"""Voices, clonings and consents as our own dialect tells them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from syrinx.engines.tts.contract import Gender
from syrinx.speech.narration import VoiceMatch
from syrinx.transports.http.refusals import refusal
from syrinx.transports.http.voice_house import SpokenBy
from syrinx.voices import ConsentPhrase
from syrinx.voices.profile import (
    CloneJob,
    Consent,
    ConsentKind,
    JobStatus,
    VoiceProfile,
    VoiceSettings,
    VoiceSource,
)

VOICE_EXAMPLE: Final[dict[str, Any]] = {
    "voice_id": "voice_a1b2c3d4e5f6",
    "name": "My Voice",
    "language": "en",
    "created_at": "2026-11-21T20:15:02Z",
    "updated_at": "2026-11-21T20:15:02Z",
    "last_used_at": None,
    "is_active": True,
    "is_verified": True,
    "settings": {"pitch_semitones": 0.0, "pace": 1.0, "warmth": 0.0},
    "transcript": "The kettle is on.",
    "duration_ms": 12400.0,
    "pitch_hz": 208.4,
    "pace": 4.1,
    "advice": [{"code": "good", "severity": "good", "message": "The recording is good."}],
    "engine": "",
    "sample_text": "Hello, this is my cloned voice",
    "source": "page",
    "consent_id": "cons_a1b2c3d4e5f6",
    "voice_match": "approximate",
    "nearest_voice": "slt",
}
JOB_EXAMPLE: Final[dict[str, Any]] = {
    "job_id": "job_0f1e2d3c4b5a6978",
    "status": "processing",
    "stage": "checking",
    "progress": 0.3,
    "voice_id": None,
    "error": None,
    "created_at": "2026-11-21T20:15:00Z",
    "started_at": "2026-11-21T20:15:00Z",
    "completed_at": None,
    "audio_duration_s": 12.4,
    "processing_time_s": None,
    "advice": [],
}
CONSENT_EXAMPLE: Final[dict[str, Any]] = {
    "consent_id": "cons_a1b2c3d4e5f6",
    "voice_id": "voice_a1b2c3d4e5f6",
    "kind": "spoken",
    "name": "Ada",
    "language": "en",
    "statement": "I agree that my voice is cloned. River, candle, seven.",
    "heard": "i agree that my voice is cloned river candle seven",
    "agreement": 1.0,
    "scope": "speech",
    "terms_version": "2026-11",
    "evidence_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "recorded_at": "2026-11-21T20:14:50Z",
    "revoked_at": None,
    "has_recording": True,
}
_PHRASE: Final[dict[str, Any]] = {
    "phrase_id": "phrase_a1b2c3d4e5f6",
    "phrase": "I agree that my voice is cloned. River, candle, seven.",
    "language": "en",
    "expires_at": "2026-11-21T20:30:00Z",
}
_GALLERY: Final[dict[str, Any]] = {
    "language": "en",
    "label": "English",
    "voices": [{"voice_id": "slt", "name": "Slt", "language": "en-US", "gender": "female", "engine": "flite"}],
}


class SettingsShown(BaseModel):
    """How a person has their voice speak."""

    model_config = ConfigDict(extra="forbid")

    pitch_semitones: float = Field(default=0.0, ge=-6.0, le=6.0, allow_inf_nan=False)
    pace: float = Field(default=1.0, ge=0.5, le=2.0, allow_inf_nan=False)
    warmth: float = Field(default=0.0, ge=-1.0, le=1.0, allow_inf_nan=False)

    @property
    def as_settings(self) -> VoiceSettings:
        return VoiceSettings(pitch_semitones=self.pitch_semitones, pace=self.pace, warmth=self.warmth)


class AdviceShown(BaseModel):
    code: str = Field(description="too_quiet, clipped, noisy, little_speech, two_speakers, short or good.")
    severity: Literal["good", "advice", "refused"]
    message: str = Field(description="What was found and what to do.")


class VoiceShown(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": VOICE_EXAMPLE})

    voice_id: str = Field(description="What `voice` takes, wherever a voice is named.")
    name: str
    language: str = Field(description="BCP 47.")
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None
    is_active: bool = Field(description="Whether it may speak: not, once its consent is revoked.")
    is_verified: bool = Field(description="Whether the person spoke their consent themselves.")
    settings: SettingsShown
    transcript: str = Field(description="What is said in the sample; empty where nobody knows.")
    duration_ms: float = Field(description="Of the sample.")
    pitch_hz: float | None
    pace: float | None = Field(description="Syllables per second while speaking.")
    advice: list[AdviceShown]
    engine: str = Field(description="Which engine learned it; empty where none here can.")
    sample_text: str
    source: VoiceSource
    consent_id: str
    voice_match: VoiceMatch = Field(description="`approximate`: the engine's voice that comes nearest speaks for it.")
    nearest_voice: str | None = Field(description="That voice's id; null where it is learned, or nobody here can.")


class GalleryVoice(BaseModel):
    voice_id: str
    name: str
    language: str
    gender: Gender
    engine: str


class GalleryLanguage(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": _GALLERY})

    language: str = Field(description="BCP 47 primary tag.")
    label: str
    voices: list[GalleryVoice] = Field(description="Heard by POST /api/speech with `voice`.")


class VoicesShown(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "voices": [VOICE_EXAMPLE],
                "gallery": [_GALLERY],
                "verified_only": False,
                "terms_version": "2026-11",
            }
        }
    )

    voices: list[VoiceShown] = Field(description="The caller's own, the newest first.")
    gallery: list[GalleryLanguage] | None = Field(
        default=None, description="The engines' own voices by language, where asked for."
    )
    verified_only: bool = Field(description="Whether a voice is learned only with a consent that the person speaks.")
    terms_version: str = Field(description="Of the terms under which somebody else's consent is attested.")


class VoiceChange(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"name": "Ada", "settings": {"pitch_semitones": -1.0}}}
    )

    name: str | None = Field(default=None, min_length=1, max_length=100)
    settings: SettingsShown | None = Field(default=None, description="As a whole: what is left out in it is as usual.")
    is_active: bool | None = Field(default=None, description="false: it speaks nowhere until it is switched on again.")


class JobErrorShown(BaseModel):
    code: str
    message: str
    retryable: bool


class JobShown(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": JOB_EXAMPLE})

    job_id: str
    status: JobStatus
    stage: str = Field(
        description="waiting, decoding, checking, listening, learning, speaking, storing or done.",
    )
    progress: float = Field(ge=0.0, le=1.0)
    voice_id: str | None = Field(description="Once completed.")
    error: JobErrorShown | None = Field(description="Of one that failed.")
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    audio_duration_s: float | None
    processing_time_s: float | None
    advice: list[AdviceShown] = Field(description="Once the recording has been checked.")


class JobsShown(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {"jobs": [JOB_EXAMPLE]}})

    jobs: list[JobShown] = Field(description="The caller's own, the newest first.")


class PhraseShown(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": _PHRASE})

    phrase_id: str
    phrase: str = Field(description="To be read aloud by the person whose voice it is, as it stands here.")
    language: str = Field(description="Of the phrase; English where there is none in the language asked for.")
    expires_at: datetime


class ConsentShown(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": CONSENT_EXAMPLE})

    consent_id: str
    voice_id: str | None = Field(description="The voice that rests on it; null before there is one.")
    kind: ConsentKind = Field(
        description="`spoken` by the person, in words drawn for it; `recorded`: in OpenAI's fixed words, which may be "
        "an old recording; `attested` by who asked, under the terms."
    )
    name: str
    language: str
    statement: str = Field(description="The words agreed to.")
    heard: str = Field(description="What of them was understood; empty of an attested one.")
    agreement: float | None
    scope: str
    terms_version: str
    evidence_sha256: str
    recorded_at: datetime
    revoked_at: datetime | None
    has_recording: bool


class ConsentsShown(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {"consents": [CONSENT_EXAMPLE]}})

    consents: list[ConsentShown]


def shown_voice(profile: VoiceProfile, by: SpokenBy) -> VoiceShown:
    shared = {
        name: getattr(profile, name)
        for name in VoiceShown.model_fields
        if name not in {"settings", "advice", "voice_match", "nearest_voice"}
    }
    return VoiceShown(
        **shared,
        settings=SettingsShown.model_validate(profile.settings, from_attributes=True),
        advice=[AdviceShown.model_validate(each, from_attributes=True) for each in profile.advice],
        voice_match=by.match,
        nearest_voice=by.nearest,
    )


def shown_job(job: CloneJob) -> JobShown:
    shared = {name: getattr(job, name) for name in JobShown.model_fields if name not in {"error", "advice"}}
    failed = job.status == "failed"
    error = JobErrorShown(code=job.error_code, message=job.error_message, retryable=job.error_retryable)
    return JobShown(
        **shared,
        error=error if failed else None,
        advice=[AdviceShown.model_validate(each, from_attributes=True) for each in job.advice],
    )


def shown_consent(consent: Consent) -> ConsentShown:
    return ConsentShown.model_validate(consent, from_attributes=True)


def shown_phrase(phrase: ConsentPhrase) -> PhraseShown:
    return PhraseShown.model_validate(phrase, from_attributes=True)


VOICE_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: refusal("Something sent cannot be used.", "bad_input", "X-Syrinx-User is to be 1 to 64 letters, ..."),
    401: refusal("No key, or a wrong one.", "unauthorized", "this server wants a key or token: ..."),
    403: refusal("Not for this key, or a web page of another origin.", "forbidden", "this key may not do that: ..."),
    422: refusal("Not as described here.", "bad_input", "name: String should have at least 1 character"),
    429: refusal(
        "Too much was asked for; see Retry-After.", "rate_limited", "more than 60 requests ...", retryable=True
    ),
    503: refusal("What keeps voices cannot be reached.", "database_unavailable", "the database does not answer: ..."),
}
NO_VOICE: Final = refusal("No such voice of the caller's.", "unknown_voice", "there is no voice 'voice_...': ...")
NO_JOB: Final = refusal("No such cloning of the caller's.", "not_found", "there is no cloning 'job_...': ...")
NO_CONSENT: Final = refusal("No such consent of the caller's.", "not_found", "there is no consent 'cons_...': ...")
WRONG_FORM: Final = refusal("The form or what it holds cannot be used.", "bad_audio", "Audio too short: 1.2 s, ...")
FILE_TOO_LARGE: Final = refusal("The file is too large.", "too_large", "File too large: ...")
NO_JSON: Final = refusal("The body is not declared as JSON.", "json_wanted", "... send JSON as application/json")
"""How refusals of our own dialect are described."""
