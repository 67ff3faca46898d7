"""Which hub models are pulled from: the variables that its own tools go by, too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from syrinx.engines.models import HubSettings

_TRUE = {"1", "on", "yes", "true"}


def hub_settings(environment: Mapping[str, str]) -> HubSettings:
    """HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE; else the token that `hf auth login` has stored on this machine."""
    endpoint = environment.get("HF_ENDPOINT", "").strip().rstrip("/")
    token = environment.get("HF_TOKEN", "").strip() or _stored_token(environment)
    offline = environment.get("HF_HUB_OFFLINE", "").strip().lower() in _TRUE
    return HubSettings(endpoint=endpoint or HubSettings().endpoint, token=token or None, offline=offline)


def _stored_token(environment: Mapping[str, str]) -> str:
    home = environment.get("HF_HOME", "") or Path(environment.get("XDG_CACHE_HOME", "~/.cache"), "huggingface")
    file = Path(environment.get("HF_TOKEN_PATH", "") or Path(home, "token")).expanduser()
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
