"""Sound made into a file that a recogniser elsewhere takes."""

from __future__ import annotations

from typing import Final

from syrinx.audio.encoding import MEDIA_TYPES, open_encoder
from syrinx.audio.pcm import PcmChunk
from syrinx.engines.remote.client import Upload
from syrinx.engines.remote.upload_formats import UploadFormat

_ENDINGS: Final = {"flac": "flac", "opus": "ogg", "wav": "wav"}


def packed(clip: PcmChunk, audio_format: UploadFormat) -> Upload:
    """Blocks: about a millisecond for a second of sound."""
    encoder = open_encoder(audio_format, sample_rate_hz=clip.sample_rate_hz, samples=clip.sample_count)
    try:
        content = encoder.encode(clip) + encoder.finish()
    finally:
        encoder.close()
    return Upload(name=f"audio.{_ENDINGS[audio_format]}", content=content, media_type=MEDIA_TYPES[audio_format])
