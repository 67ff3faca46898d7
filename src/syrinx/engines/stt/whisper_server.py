"""whisper.cpp's HTTP server, or a broker in front of one: POST /inference.

Options: `url` (http://host:8082, a broker's http://host:9082), and where needed `key`, `headers` (a JSON object),
`proxy`, `timeout_s` (300, for one piece of a recording) and `temperature_inc`, by how much it grows when the server
doubts what it understood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from syrinx.engines.contract import EngineInfo, Options
from syrinx.engines.remote.patience import patience_with_ears
from syrinx.engines.remote.provider import RemoteProvider
from syrinx.engines.remote.settings import RemoteSettings, known_options, read_remote_settings
from syrinx.engines.stt.contract import SpeechToText
from syrinx.errors import ConfigurationError

NAME: Final = "whisper_server"
_TIMEOUT_S: Final = 300.0
"""As the brokers of old waited (SST_REQUEST_TIMEOUT)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperServerSettings:
    remote: RemoteSettings
    temperature_inc: float | None
    """None leaves it to the server."""


def read_settings(options: Options) -> WhisperServerSettings:
    """Raises ConfigurationError that names the option and what would be right."""
    given = known_options(options, NAME, ("temperature_inc",))
    remote = read_remote_settings(
        given, engine=NAME, whose="the whisper.cpp server", example="http://127.0.0.1:8082", timeout_s=_TIMEOUT_S
    )
    text = given.get("temperature_inc", "")
    try:
        step = float(text) if text else None
    except ValueError:
        step = -1.0
    if step is not None and not 0 <= step <= 1:
        raise ConfigurationError("the option 'temperature_inc' is a number from 0 to 1")
    return WhisperServerSettings(remote=remote, temperature_inc=step)


provider: Final[RemoteProvider[WhisperServerSettings, SpeechToText]] = RemoteProvider(
    info=EngineInfo(
        name=NAME,
        kind="stt",
        title="A whisper.cpp server, or a broker in front of one",
        licence="Apache-2.0",
        remote=True,
        # The server decodes one request at a time; what waits here is shared fairly.
        max_active=4,
        max_queued=64,
    ),
    read=read_settings,
    facts=lambda settings: {"address": settings.remote.url},
    patience_with=patience_with_ears,
    opener="syrinx.engines.stt.whisper_server_client:open_whisper_server",
    # Older servers have neither of the first two routes; a broker has the second.
    health=("/health", "/healthz", "/"),
    # A broker's and a Syrinx's.
    guarded=("/info", "/v1/models"),
)
