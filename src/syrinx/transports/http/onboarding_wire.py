"""What the voice onboarding API sends: its bodies, and how its requests are described."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from syrinx.speech.narration import VoiceMatch
from syrinx.transports.http.uploads import RECORDING_FILE
from syrinx.transports.http.voice_house import SpokenBy
from syrinx.voices.profile import CloneJob, VoiceProfile

_MATCH: Final[dict[str, Any]] = {"voice_match": "approximate", "nearest_voice": "slt"}
_SPOKEN: Final = "data:audio/mp3;base64,SUQzBAAAAAAA..."
_JOB: Final = "job_0f1e2d3c4b5a6978"
_VOICE: Final = "voice_a1b2c3d4e5f6"
_MATCH_MEANING: Final = "`approximate`: no engine here learned the voice, the one that comes nearest speaks."
_NEAREST_MEANING: Final = "The engine's voice that speaks for it; null where it is learned, or nobody here can."

JOBS_PATH: Final = "/api/public/voice/onboarding/jobs"


class ClonedVoice(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "success": True,
                "voice_id": _VOICE,
                "voice_name": "My Voice",
                "sample_text": "Hello, this is my cloned voice",
                "sample_audio": _SPOKEN,
                **_MATCH,
                "advice": ["Six seconds are little: engines learn better from ten to twenty."],
            }
        }
    )

    success: Literal[True] = True
    voice_id: str
    voice_name: str
    sample_text: str
    sample_audio: str = Field(description="`sample_text` in this voice: MP3 as a data: URL, marked as synthetic.")
    voice_match: VoiceMatch = Field(description=_MATCH_MEANING)
    nearest_voice: str | None = Field(description=_NEAREST_MEANING)
    advice: list[str] = Field(description="What the checks of the recording found, in plain words.")


class BegunCloning(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "success": True,
                "jobId": _JOB,
                "status": "pending",
                "statusUrl": f"{JOBS_PATH}/{_JOB}/status",
            }
        }
    )

    success: Literal[True] = True
    jobId: str  # noqa: N815 - as its clients read it
    status: Literal["pending", "processing", "completed", "failed"]
    statusUrl: str  # noqa: N815


class CloningStatus(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "jobId": _JOB,
                "status": "failed",
                "voiceId": None,
                "error": "Audio too short: 1.2 s, a sample of a voice needs 2 seconds at least",
                "errorCode": "bad_audio",
                "retryable": False,
                "stage": "checking",
                "progress": 0.3,
                "createdAt": "2026-11-21T20:15:00Z",
                "completedAt": "2026-11-21T20:15:02Z",
                "processingTimeSeconds": 1.9,
                "audioDurationSeconds": 1.2,
            }
        }
    )

    jobId: str  # noqa: N815
    status: Literal["pending", "processing", "completed", "failed"] = Field(
        description="One that was cancelled has failed, with the code `cancelled`."
    )
    voiceId: str | None  # noqa: N815
    error: str | None
    errorCode: str | None  # noqa: N815
    retryable: bool = Field(description="Whether the same recording may succeed later.")
    stage: str
    progress: float = Field(ge=0.0, le=1.0)
    createdAt: datetime  # noqa: N815
    completedAt: datetime | None  # noqa: N815
    processingTimeSeconds: float | None  # noqa: N815
    audioDurationSeconds: float | None  # noqa: N815


class VoiceStatus(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "voice_id": _VOICE,
                "voice_name": "My Voice",
                "created_at": "2026-11-21T20:15:02Z",
                "updated_at": "2026-11-21T20:15:02Z",
                "last_used_at": None,
                "is_active": True,
                "is_verified": False,
                "user_id": "user123",
                "language": "en",
                "sample_text": "Hello, this is my cloned voice",
                "audio_duration_seconds": 12.4,
                "settings": {"pitch_semitones": 0.0, "pace": 1.0, "warmth": 0.0},
                **_MATCH,
            }
        }
    )

    voice_id: str
    voice_name: str
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None
    is_active: bool
    is_verified: bool = Field(description="Whether the person spoke their consent themselves.")
    user_id: str
    language: str = Field(description="BCP 47.")
    sample_text: str
    audio_duration_seconds: float = Field(description="Of the sample that is kept.")
    settings: dict[str, float]
    voice_match: VoiceMatch = Field(description=_MATCH_MEANING)
    nearest_voice: str | None = Field(description=_NEAREST_MEANING)


class TestedVoice(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {"success": True, "voice_id": _VOICE, "text": "Good morning.", "audio": _SPOKEN, **_MATCH}
        }
    )

    success: Literal[True] = True
    voice_id: str
    text: str
    audio: str = Field(description="MP3 as a data: URL, marked as synthetic.")
    voice_match: VoiceMatch = Field(description=_MATCH_MEANING)
    nearest_voice: str | None = Field(description=_NEAREST_MEANING)


class DeletedVoice(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"example": {"success": True, "message": f"{_VOICE} and all that was kept of it are deleted"}}
    )

    success: Literal[True] = True
    message: str


CLONE_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["audio_file"],
                    "properties": {
                        "audio_file": {**RECORDING_FILE, "description": "Audio or video, 2 s to 5 min, up to 50 MB."},
                        "user_id": {
                            "type": "string",
                            "description": "Whose voice it is to be: the caller's own, if left out. Operators may name "
                            "anybody.",
                        },
                        "voice_name": {"type": "string", "default": "My Voice"},
                        "sample_text": {
                            "type": "string",
                            "description": "To be spoken with the new voice; a sentence of the server's, if left out.",
                        },
                        "language": {
                            "type": "string",
                            "description": "BCP 47, of the recording and the sample; the server's own, if left out.",
                        },
                        "transcript": {
                            "type": "string",
                            "description": "What is said in the recording; listened to where an engine wants to know, "
                            "if left out.",
                        },
                        "consent_id": {
                            "type": "string",
                            "description": "A consent that the person spoke before. Without one the request is "
                            "recorded as its caller's statement, under the published terms, that the speaker agrees.",
                        },
                    },
                },
                "example": {
                    "audio_file": "(bytes)",
                    "user_id": "user123",
                    "voice_name": "My Voice",
                    "sample_text": "Hello, this is my cloned voice",
                },
            }
        },
    }
}


def text_body(*names: str, required: bool, example: dict[str, str]) -> dict[str, Any]:
    """How a body is described that may be a form of either kind or JSON."""
    schema: dict[str, Any] = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    if required:
        schema["required"] = list(names)
    media = {"schema": schema, "example": example}
    kinds = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
    return {"requestBody": {"required": required, "content": dict.fromkeys(kinds, media)}}


def job_status(job: CloneJob) -> Literal["pending", "processing", "completed", "failed"]:
    return "failed" if job.status == "cancelled" else job.status


def cloning_status(job: CloneJob) -> CloningStatus:
    cancelled = job.status == "cancelled"
    return CloningStatus(
        jobId=job.job_id,
        status=job_status(job),
        voiceId=job.voice_id,
        error="the cloning was cancelled" if cancelled else job.error_message or None,
        errorCode="cancelled" if cancelled else job.error_code or None,
        retryable=job.error_retryable,
        stage=job.stage,
        progress=job.progress,
        createdAt=job.created_at,
        completedAt=job.completed_at,
        processingTimeSeconds=job.processing_time_s,
        audioDurationSeconds=job.audio_duration_s,
    )


def voice_status(profile: VoiceProfile, by: SpokenBy) -> VoiceStatus:
    settings = profile.settings
    return VoiceStatus(
        voice_id=profile.voice_id,
        voice_name=profile.name,
        created_at=profile.created_at,
        updated_at=profile.updated_at,
        last_used_at=profile.last_used_at,
        is_active=profile.is_active,
        is_verified=profile.is_verified,
        user_id=profile.user,
        language=profile.language,
        sample_text=profile.sample_text,
        audio_duration_seconds=round(profile.duration_ms / 1000.0, 3),
        settings={
            "pitch_semitones": settings.pitch_semitones,
            "pace": settings.pace,
            "warmth": settings.warmth,
        },
        voice_match=by.match,
        nearest_voice=by.nearest,
    )
