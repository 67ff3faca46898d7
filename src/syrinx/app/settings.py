"""Everything that can be set, read once from SYRINX_* variables and a .env file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict, SettingsError

from syrinx.app.inherited_settings import ANY_ORIGIN, InheritedSettings, read_inherited_settings
from syrinx.app.kept_settings import KeptSettings
from syrinx.app.listening_hosts import is_loopback
from syrinx.errors import ConfigurationError

DATABASE_FILE: Final = "syrinx.db"
"""In the home folder, where no other database is named."""


def _default_home() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "syrinx"


class Settings(KeptSettings):
    """One field per SYRINX_ variable: `port` is SYRINX_PORT."""

    model_config = SettingsConfigDict(
        env_prefix="SYRINX_",
        env_file=".env",
        env_file_encoding="utf-8",
        env_nested_delimiter="__",
        env_ignore_empty=True,  # templates and compose files set variables to nothing
        extra="ignore",  # others' variables may begin like ours
    )

    host: str = Field(
        default="127.0.0.1", description="Address to listen on. Any but loopback needs keys or SYRINX_TOKEN."
    )
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    home: Path = Field(default_factory=_default_home, description="Folder for all that Syrinx keeps.")
    token: SecretStr | None = Field(default=None, description="The operator's, which opens everything.")
    origins: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="Web origins, comma-separated, that may connect besides the page itself."
    )
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG to ERROR.")

    language: str = Field(default="en", description="Language of a talk that names none (BCP 47).")
    tts: str = Field(default="auto", description="Voice engine by name, or auto.")
    stt: str = Field(default="auto", description="Ear by name, or auto.")
    llm: str = Field(default="auto", description="Language model engine by name, or auto.")
    vad: str = Field(default="silero", description="Voice activity detector by name.")
    llm_url: str | None = Field(default=None, description="Base address of an OpenAI-compatible service.")
    llm_key: SecretStr | None = Field(default=None, description="Its key.")
    llm_model: str | None = Field(default=None, description="Model to ask for.")
    llm_proxy: str | None = Field(default=None, description="HTTP proxy on the way to it.")
    engine: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="Options of single engines: SYRINX_ENGINE__ESPEAK__HOST=worker sets option host of espeak.",
    )

    models: Path | None = Field(default=None, description="Folder of downloaded models; SYRINX_HOME/models if unset.")
    catalogue: Path | None = Field(default=None, description="File with models of your own, beside ours.")
    auto_pull: bool = Field(
        default=False,
        description="1: get the models recommended for this machine at start, permissive licences only.",
    )

    resume_s: float = Field(default=120, ge=0, le=86_400, description="Seconds that a dropped talk is kept.")
    idle_timeout_s: float = Field(default=900, ge=5, description="Seconds of silence after which a talk is closed.")
    max_talks: int = Field(default=500, ge=1, description="Talks open at once; more are refused.")
    idle_unload_s: float = Field(default=300, ge=0, description="Seconds after which an unused engine is unloaded.")
    speculate: bool = Field(default=True, description="Prepare replies while the end of a turn is being confirmed.")

    speech_chars: int = Field(default=1_000_000, ge=1, description="Characters of text that one request may have.")
    upload_mb: int = Field(default=200, ge=1, le=10_000, description="Megabytes that one recording may have.")
    speech_cache_mb: int = Field(
        default=64, ge=0, description="Megabytes of speech kept to be given again; 0 keeps none."
    )
    inherited: InheritedSettings = Field(
        default_factory=read_inherited_settings, description="Variables of the services that Syrinx stands in for."
    )

    @field_validator("port", mode="before")
    @classmethod
    def _no_service_address(cls, value: object) -> object:
        if isinstance(value, str) and value.startswith(("tcp://", "udp://")):
            raise ValueError(
                f"{value} is what Kubernetes tells of a service named syrinx, not a port from 0 to 65535: "
                "set enableServiceLinks: false, or name the service otherwise"
            )
        return value

    @field_validator("language")
    @classmethod
    def _language_is_one(cls, language: str) -> str:
        if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", language):
            raise ValueError(f"{language!r} is no language: write its BCP 47 tag, for example en or pt-BR")
        return language

    @field_validator("home", "models", "catalogue", "watermark_python")
    @classmethod
    def _expand_home(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser()

    @field_validator("origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("origins")
    @classmethod
    def _no_wildcard_origin(cls, origins: list[str]) -> list[str]:
        if "*" in origins:
            raise ValueError("'*' would let every web page speak through this server: list the origins")
        return [origin.rstrip("/") for origin in origins]

    @field_validator("engine")
    @classmethod
    def _lower_engine_names(cls, engine: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        return {name.lower(): {key.lower(): value for key, value in of.items()} for name, of in engine.items()}

    @model_validator(mode="after")
    def _any_origin_needs_a_token(self) -> Settings:
        if ANY_ORIGIN in self.inherited.xtts_allow_origins and self.lets_everybody_in:
            raise ValueError(
                "XTTS_ALLOW_ORIGINS is '*', which would let every web page speak through this server: "
                "list the origins, or set SYRINX_TOKEN, which pages then have to know"
            )
        return self

    @property
    def operators_token(self) -> str | None:
        return None if self.token is None else self.token.get_secret_value() or None

    @property
    def lets_everybody_in(self) -> bool:
        """Whether who presents nothing is the local user: for a server that only its own machine reaches."""
        return self.access == "auto" and self.on_loopback and self.operators_token is None and not self.trusts_tokens

    @property
    def trusts_tokens(self) -> bool:
        """Whether an identity provider's tokens are accepted."""
        return bool(self.supabase_url or self.jwt_issuer)

    @property
    def database_address(self) -> str:
        given = self.database_url or self.inherited.database_url
        return f"sqlite:///{self.home / DATABASE_FILE}" if given is None else given.get_secret_value()

    @property
    def blobs_address(self) -> str:
        return self.blobs or str(self.home / "blobs")

    @property
    def web_origins(self) -> list[str]:
        """All that may ask besides the server's own page."""
        return [*self.origins, *self.inherited.xtts_allow_origins]

    @property
    def upload_bytes(self) -> int:
        return self.upload_mb * 1_000_000

    @property
    def models_folder(self) -> Path:
        return self.models or self.home / "models"

    @property
    def on_loopback(self) -> bool:
        return is_loopback(self.host)


def read_settings(**overrides: object) -> Settings:
    """Read the environment and .env; `overrides` (from the command line) win. Raises ConfigurationError."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # pyright: ignore[reportArgumentType]
    except SettingsError as invalid:
        raise ConfigurationError(
            f"the variables cannot be read ({invalid}): write options of engines as SYRINX_ENGINE__NAME__OPTION=value"
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(".env is not UTF-8: save it as UTF-8") from None
    except ValidationError as invalid:
        findings = [
            f"{'SYRINX_' + '__'.join(str(part).upper() for part in finding['loc']) + ': ' if finding['loc'] else ''}"
            f"{finding['msg'].removeprefix('Value error, ')}"
            for finding in invalid.errors(include_url=False, include_input=False)
        ]
        raise ConfigurationError("; ".join(findings)) from None


def surroundings() -> Mapping[str, str]:
    """The process environment over .env, for the discovery of language models (OPENROUTER_API_KEY and the like)."""
    kept = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**kept, **os.environ}


def silence_telemetry() -> None:
    """Turn off what libraries would send home; to be called before any of them is imported.

    onnxruntime carries an uploader that is on by default from 1.29.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["DO_NOT_TRACK"] = "1"
    # gRPC's own library prints connection notes to standard error otherwise.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
