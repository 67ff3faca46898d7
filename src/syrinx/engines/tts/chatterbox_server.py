"""A Chatterbox server elsewhere, which learns voices: the open ones that take a voice's sample with each text.

They have OpenAI's POST /v1/audio/speech, and beside it POST /v1/audio/speech/upload, a form with the sample as
`voice_file` (https://github.com/travisvn/chatterbox-tts-api).
Options: `url` (http://host:8001), `languages` (tags with commas between; en, as they speak with a sample unless
they are told otherwise), `voices` (names with commas between, where it keeps some of its own), and where needed `key`,
`headers` (a JSON object), `proxy`, `timeout_s` (120: a server without a GPU takes a minute for a long sentence).
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

NAME: Final = "chatterbox_server"
USUAL_URL: Final = "http://127.0.0.1:8001"
AWAY: Final = "Chatterbox service not available"
"""How what people are told begins where it cannot be reached; clients look for these words."""
_TIMEOUT_S: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatterboxSettings:
    remote: RemoteSettings
    languages: tuple[str, ...]
    voices: tuple[str, ...]


def read_settings(options: Options) -> ChatterboxSettings:
    """Raises ConfigurationError that names the option and what would be right."""
    given = known_options(options, NAME, ("languages", "voices"))
    # Its routes are written with /v1, and some write it into the address, too.
    if "url" in given:
        given["url"] = given["url"].rstrip("/").removesuffix("/v1")
    remote = read_remote_settings(
        given, engine=NAME, whose="the Chatterbox server", example=USUAL_URL, timeout_s=_TIMEOUT_S
    )
    languages = read_names(given.get("languages", "")) or ("en",)
    return ChatterboxSettings(
        remote=remote,
        languages=tuple(dict.fromkeys(tag.partition("-")[0].lower() for tag in languages)),
        voices=read_names(given.get("voices", "")) or ("default",),
    )


provider: Final[RemoteProvider[ChatterboxSettings, TextToSpeech]] = RemoteProvider(
    info=EngineInfo(
        name=NAME,
        kind="tts",
        title="Chatterbox server elsewhere",
        licence="Apache-2.0",
        remote=True,
        clones=True,
        # Most make one clip at a time.
        max_active=2,
        max_queued=64,
    ),
    read=read_settings,
    facts=lambda settings: {"address": settings.remote.url},
    patience_with=patience_with_voices,
    opener="syrinx.engines.tts.chatterbox_server_client:open_chatterbox_server",
    health=("/health",),
    away=AWAY,
)
