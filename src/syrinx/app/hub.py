"""Which hub models are pulled from: the variables that its own tools go by, too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from syrinx.engines.models import HubSettings

_TRUE = {"1", "on", "yes", "true"}


def hub_settings(environment: Mapping[str, str]) -> HubSettings:
    """HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE; else the token that `hf auth login` has stored on this machine.

    The stored one is left alone where HF_HUB_DISABLE_IMPLICIT_TOKEN is set, as by the hub's own tools.
    """
    endpoint = environment.get("HF_ENDPOINT", "").strip().rstrip("/")
    token = environment.get("HF_TOKEN", "").strip()
    if not token and not _is_set(environment, "HF_HUB_DISABLE_IMPLICIT_TOKEN"):
        token = _stored_token(environment)
    return HubSettings(
        endpoint=endpoint or HubSettings().endpoint,
        token=token or None,
        offline=_is_set(environment, "HF_HUB_OFFLINE"),
    )


def _is_set(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "").strip().lower() in _TRUE


def _stored_token(environment: Mapping[str, str]) -> str:
    home = environment.get("HF_HOME") or Path(environment.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    try:
        file = Path(environment.get("HF_TOKEN_PATH") or Path(home, "token")).expanduser()
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError, RuntimeError):  # RuntimeError: this user has no home folder
        return ""
