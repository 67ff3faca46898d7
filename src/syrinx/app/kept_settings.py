"""What can be set of what is kept: where it lies, whose it is, how much each may ask for, and for how long it stays."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

MOST_DAYS: Final = 36_500
"""A hundred years: dates do not go back as far as some numbers."""


class KeptSettings(BaseSettings):
    """Fields of `Settings`, which gives them their prefix."""

    database_url: SecretStr | None = Field(
        default=None, description="SQLite, PostgreSQL or MariaDB by address; SYRINX_HOME/syrinx.db if unset."
    )
    blobs: str | None = Field(
        default=None, description="Where sound is kept: a folder, or s3://bucket/prefix; SYRINX_HOME/blobs if unset."
    )
    blobs_option: dict[str, SecretStr] = Field(
        default_factory=dict, description="Options of the S3 store: SYRINX_BLOBS_OPTION__ENDPOINT=http://..."
    )

    access: Literal["auto", "keys"] = Field(
        default="auto", description="keys: everybody needs one, also on loopback; auto: off loopback only."
    )
    supabase_url: str | None = Field(default=None, description="Project whose users' JWTs are accepted.")
    jwt_issuer: str | None = Field(default=None, description="Another identity provider's `iss`.")
    jwt_jwks_url: str | None = Field(default=None, description="Where its public keys lie.")
    jwt_audience: str = Field(default="authenticated", description="The `aud` that its tokens must have.")
    jwt_secret: SecretStr | None = Field(default=None, description="Shared secret, for HS256 instead of public keys.")

    requests_per_minute: int | None = Field(default=None, ge=1, description="Of one user; unset: no limit.")
    characters_per_day: int | None = Field(default=None, ge=1, description="Of text spoken; likewise.")
    audio_seconds_per_day: int | None = Field(default=None, ge=1, description="Of recordings and talk; likewise.")
    limits_storage: SecretStr = Field(
        default=SecretStr("memory://"),
        description="Where use is counted: memory://, or redis://host:port for several servers.",
    )

    clone: str = Field(default="auto", description="The engine that learns voices, by name, or auto.")
    consent: Literal["attested", "spoken"] = Field(
        default="attested", description="spoken: no voice is cloned without a phrase read aloud by the person."
    )
    consent_phrase: str | None = Field(
        default=None, description="The words of consent, with places {name} and {words}; ours if unset."
    )
    voices_per_user: int = Field(default=100, ge=0, description="Voices that one person may keep.")

    keep_conversations: bool = Field(default=True, description="false: no talk and no spoken message is kept.")
    conversations_days: int = Field(
        default=0, ge=0, le=MOST_DAYS, description="Days that talks are kept; 0: until deleted."
    )
    voices_days: int = Field(
        default=0, ge=0, le=MOST_DAYS, description="Days after which a voice not used is deleted; 0: never."
    )
    audit_days: int = Field(default=365, ge=1, le=MOST_DAYS, description="Days that the audit log is kept.")
    jobs_days: int = Field(default=30, ge=1, le=MOST_DAYS, description="Days that ended clonings are remembered.")

    watermark: Literal["off", "perth"] = Field(
        default="off", description="perth: an inaudible watermark in all speech; the server does not start without it."
    )
    watermark_python: Path | None = Field(
        default=None, description="Python of the environment that has resemble-perth; this one's if unset."
    )
