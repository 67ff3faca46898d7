"""A Kokoro server or a broker in front of one: POST /synthesize, and /audio-stream where it has that.

Options: `url` (a broker's http://host:8080, a server's http://host:8081, a Syrinx's http://host:port/api/voice), and
where needed `key`, `voices` (names with commas between, where it does not list them), `headers` (a JSON object),
`proxy`, `timeout_s` (30).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from syrinx.engines.contract import EngineInfo, Options
from syrinx.engines.remote.option_values import read_names
from syrinx.engines.remote.patience import patience_with_voices
from syrinx.engines.remote.provider import RemoteProvider
from syrinx.engines.remote.settings import RemoteSettings, known_options, read_remote_settings
from syrinx.engines.tts.contract import TextToSpeech

NAME: Final = "tts_broker"
_TIMEOUT_S: Final = 30.0
"""As the brokers of old waited (TTS_REQUEST_TIMEOUT)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    remote: RemoteSettings
    voices: tuple[str, ...]
    """() asks the broker."""


def read_settings(options: Options) -> BrokerSettings:
    """Raises ConfigurationError that names the option and what would be right."""
    given = known_options(options, NAME, ("voices",))
    remote = read_remote_settings(
        given, engine=NAME, whose="the speech broker", example="http://127.0.0.1:8080", timeout_s=_TIMEOUT_S
    )
    return BrokerSettings(remote=remote, voices=read_names(given.get("voices", "")))


provider: Final[RemoteProvider[BrokerSettings, TextToSpeech]] = RemoteProvider(
    info=EngineInfo(
        name=NAME,
        kind="tts",
        title="A Kokoro server, or a broker in front of one",
        licence="Apache-2.0",
        remote=True,
        max_active=8,
        max_queued=64,
    ),
    read=read_settings,
    facts=lambda settings: {"address": settings.remote.url},
    patience_with=patience_with_voices,
    opener="syrinx.engines.tts.tts_broker_client:open_tts_broker",
    health=("/healthz", "/health"),
    guarded=("/info", "/voices"),
)
