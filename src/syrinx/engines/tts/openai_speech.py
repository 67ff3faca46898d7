"""Any server that speaks OpenAI's audio speech: OpenAI, Kokoro-FastAPI, Speaches, LocalAI, another Syrinx, many more.

Options: `url` (http://host:port/v1), `key`, `model` (tts-1), `voices` (names with commas between, where the server does
not list them), `languages` (tags with commas between, where it speaks others than usual), `format`, what it is asked
for: pcm or wav (pcm, and wav where that is refused), `sample_rate_hz` of its pcm (24000), and where needed `headers`
(a JSON object), `proxy`, `timeout_s` (30, to the first sound).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from syrinx.engines.contract import EngineInfo, Options
from syrinx.engines.remote.option_values import read_names
from syrinx.engines.remote.patience import patience_with_voices
from syrinx.engines.remote.provider import RemoteProvider
from syrinx.engines.remote.settings import RemoteSettings, known_options, read_remote_settings
from syrinx.engines.tts.contract import TextToSpeech
from syrinx.errors import ConfigurationError

NAME: Final = "openai_speech"
_TIMEOUT_S: Final = 30.0
_LANGUAGES: Final = (
    "en af ar az be bg bs ca cs cy da de el es et fa fi fr gl he hi hr hu hy id is it ja kk kn ko lt lv mi mk mr ms ne "
    "nl no pl pt ro ru sk sl sr sv sw ta th tl tr uk ur vi zh"
)
"""What OpenAI states of its voices, of which each speaks all."""

SoundFormat = Literal["pcm", "wav"]
SOUND_FORMATS: Final[tuple[SoundFormat, ...]] = ("pcm", "wav")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSettings:
    remote: RemoteSettings
    model: str
    voices: tuple[str, ...]
    """() asks the server."""
    languages: tuple[str, ...]
    """() where its voices tell, else the usual."""
    sound_format: SoundFormat | None
    """None tries."""
    pcm_rate_hz: int

    @property
    def usual_languages(self) -> tuple[str, ...]:
        return tuple(_LANGUAGES.split())


def read_settings(options: Options) -> SpeechSettings:
    """Raises ConfigurationError that names the option and what would be right."""
    given = known_options(options, NAME, ("model", "voices", "languages", "format", "sample_rate_hz"))
    remote = read_remote_settings(
        given,
        engine=NAME,
        whose="the speech server",
        example="http://127.0.0.1:8880/v1",
        timeout_s=_TIMEOUT_S,
        default_path="/v1",
    )
    sound_format = given.get("format") or None
    if sound_format is not None and sound_format not in SOUND_FORMATS:
        raise ConfigurationError(
            f"the option 'format' is {sound_format[:20]!r}: {' or '.join(SOUND_FORMATS)} can be read"
        )
    rate = given.get("sample_rate_hz") or "24000"
    if not rate.isdigit() or not 8_000 <= int(rate) <= 96_000:
        raise ConfigurationError("the option 'sample_rate_hz' is a number from 8000 to 96000")
    return SpeechSettings(
        remote=remote,
        model=given.get("model") or "tts-1",
        voices=read_names(given.get("voices", "")),
        languages=tuple(tag.partition("-")[0].lower() for tag in read_names(given.get("languages", ""))),
        sound_format=sound_format,
        pcm_rate_hz=int(rate),
    )


provider: Final[RemoteProvider[SpeechSettings, TextToSpeech]] = RemoteProvider(
    info=EngineInfo(
        name=NAME,
        kind="tts",
        title="A speech server (OpenAI-compatible)",
        licence="Apache-2.0",
        remote=True,
        max_active=16,
        max_queued=64,
    ),
    read=read_settings,
    facts=lambda settings: {"address": settings.remote.url, "model": settings.model},
    patience_with=patience_with_voices,
    opener="syrinx.engines.tts.openai_speech_client:open_openai_speech",
    health=("/models",),
    guarded=("/audio/voices",),
)
