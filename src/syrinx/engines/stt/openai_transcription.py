"""Any server that speaks OpenAI's audio transcriptions: OpenAI, Speaches, LocalAI, vLLM, Groq and many more.

Options: `url` (http://host:port/v1), `key`, `model` (whisper-1), and where needed `headers` (a JSON object), `proxy`,
`timeout_s` (300, for one piece of a recording) and `upload`, how sound travels: flac, opus or wav.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from syrinx.engines.contract import EngineInfo, Options
from syrinx.engines.remote.patience import patience_with_ears
from syrinx.engines.remote.provider import RemoteProvider
from syrinx.engines.remote.settings import RemoteSettings, known_options, read_remote_settings
from syrinx.engines.remote.upload_formats import UPLOAD_FORMATS, UploadFormat
from syrinx.engines.stt.contract import SpeechToText
from syrinx.errors import ConfigurationError

NAME: Final = "openai_transcription"
_TIMEOUT_S: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionSettings:
    remote: RemoteSettings
    model: str
    upload: UploadFormat

    @property
    def plain_only(self) -> bool:
        """Whether the model is known to give texts without times: OpenAI's newer ones refuse to."""
        return self.model.startswith("gpt-")


def read_settings(options: Options) -> TranscriptionSettings:
    """Raises ConfigurationError that names the option and what would be right."""
    given = known_options(options, NAME, ("model", "upload"))
    remote = read_remote_settings(
        given,
        engine=NAME,
        whose="the transcription server",
        example="http://127.0.0.1:8000/v1",
        timeout_s=_TIMEOUT_S,
        default_path="/v1",
    )
    upload = given.get("upload") or "flac"
    if upload not in UPLOAD_FORMATS:
        raise ConfigurationError(f"the option 'upload' is {upload[:20]!r}: {', '.join(UPLOAD_FORMATS)} can be sent")
    return TranscriptionSettings(remote=remote, model=given.get("model") or "whisper-1", upload=upload)


provider: Final[RemoteProvider[TranscriptionSettings, SpeechToText]] = RemoteProvider(
    info=EngineInfo(
        name=NAME,
        kind="stt",
        title="A transcription server (OpenAI-compatible)",
        licence="Apache-2.0",
        remote=True,
        max_active=16,
        max_queued=64,
    ),
    read=read_settings,
    facts=lambda settings: {"address": settings.remote.url, "model": settings.model},
    patience_with=patience_with_ears,
    opener="syrinx.engines.stt.openai_transcription_client:open_openai_transcription",
    health=("/models",),
)
