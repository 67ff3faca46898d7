"""What the services that Syrinx stands in for were set by: their variables, under their names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from syrinx.app.far_addresses import server_address
from syrinx.errors import ConfigurationError

ANY_ORIGIN = "*"


class InheritedSettings(BaseSettings):
    """One field per variable: `xtts_store_dir` is XTTS_STORE_DIR."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", case_sensitive=False
    )

    sst_broker_url: str | None = Field(
        default=None, description="Base address of an STT broker or whisper.cpp server: it hears, unless SYRINX_STT."
    )
    sst_request_timeout: float = Field(default=300.0, gt=0, description="Seconds that it may take.")
    tts_broker_url: str | None = Field(
        default=None, description="Base address of a TTS broker or Kokoro server: it speaks, unless SYRINX_TTS."
    )
    tts_request_timeout: float = Field(default=30.0, gt=0, description="Seconds that it may take.")

    database_url: SecretStr | None = Field(default=None, description="As SYRINX_DATABASE_URL.")
    chatterbox_api_url: str | None = Field(
        default=None, description="Base address of a Chatterbox server: it clones voices, unless SYRINX_CLONE."
    )

    xtts_model_dir: str = Field(default="", description="Told by /api/v1/tts/config.")
    xtts_repo_id: str = Field(default="coqui/XTTS-v2", description="Told by /api/v1/tts/config.")
    xtts_default_voice: Path | None = Field(default=None, description="Reference clip of the speaker `default`.")
    xtts_store_dir: Path | None = Field(
        default=None, description="Folder of stored clips; SYRINX_HOME/generated if unset."
    )
    xtts_voice_dir: Path | None = Field(
        default=None, description="Folder of registered voices; SYRINX_HOME/voices if unset."
    )
    xtts_allow_origins: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="As SYRINX_ORIGINS; * only together with SYRINX_TOKEN."
    )
    xtts_use_gpu: bool = Field(default=False, description="Told by /api/v1/tts/config.")

    @field_validator("xtts_allow_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip().rstrip("/") for part in value.split(",") if part.strip()]
        return value

    @field_validator("sst_broker_url", "tts_broker_url", "chatterbox_api_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        return None if value is None else server_address(value)

    @field_validator("xtts_default_voice", "xtts_store_dir", "xtts_voice_dir")
    @classmethod
    def _expand_home(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser()


def read_inherited_settings() -> InheritedSettings:
    """Read the environment and .env. Raises ConfigurationError that names the variable."""
    try:
        return InheritedSettings()
    except ValidationError as invalid:
        findings = [
            f"{'_'.join(str(part) for part in finding['loc']).upper()}: {finding['msg'].removeprefix('Value error, ')}"
            for finding in invalid.errors(include_url=False, include_input=False)
        ]
        raise ConfigurationError("; ".join(findings)) from None
