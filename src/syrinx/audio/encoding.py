"""Sound as clients ask for it: one encoder per stream, in six formats, with the finish that each format needs."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Mapping
from typing import Final, Literal, Protocol

from syrinx.audio.encoding_wav import PlainEncoder, SampleCount, tagged_wav_header
from syrinx.audio.pcm import PcmChunk
from syrinx.errors import BadAudio, BadInput

AudioFormat = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]
"""As OpenAI names them: MP3, Opus in Ogg, AAC in ADTS, FLAC, WAV, and bare s16le."""
AUDIO_FORMATS: Final[tuple[AudioFormat, ...]] = ("mp3", "opus", "aac", "flac", "wav", "pcm")

MEDIA_TYPES: Final[Mapping[AudioFormat, str]] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}

MIN_RATE_HZ: Final = 8_000
MAX_RATE_HZ: Final = 48_000
TAG_NAMES: Final = frozenset({"title", "artist", "album", "comment", "copyright", "date", "genre"})


_CODECS: Final = "syrinx.audio.encoding_av"


class AudioEncoder(Protocol):
    """One stream's; not shared, and free of its codec after `finish` or `close`."""

    @property
    def blocks(self) -> bool:
        """Whether `encode` and `finish` take time in which others should not wait."""
        ...

    def encode(self, chunk: PcmChunk) -> bytes:
        """What can be sent now, which may be nothing. Raises BadAudio on another rate than it was opened at."""
        ...

    def finish(self) -> bytes:
        """The rest; nothing may be encoded after it."""
        ...

    def close(self) -> None:
        """Free everything without finishing; may be called at any time, and again."""
        ...


async def load_codec(audio_format: AudioFormat) -> None:
    """Load what an encoder of that format needs, in a thread: for the first it is a fifth of a second of work."""
    # The class is the module's last: another thread may be halfway through loading it.
    if audio_format not in {"pcm", "wav"} and not hasattr(sys.modules.get(_CODECS), "CodedEncoder"):
        await asyncio.to_thread(importlib.import_module, _CODECS)


def open_encoder(
    audio_format: AudioFormat,
    *,
    sample_rate_hz: int,
    samples: int | None = None,
    tags: Mapping[str, str] | None = None,
) -> AudioEncoder:
    """An encoder for one stream of mono s16le.

    `samples`: how many there are going to be, where that is known; headers are then exact, and another number is
    refused with BadAudio. `tags` (of TAG_NAMES) are written into the container's metadata where it has any: ID3v2 in
    MP3 and before ADTS, Vorbis comments in Opus and FLAC, LIST/INFO in WAV. Bare PCM has none; there they are left out.
    What a decoder gets of n samples:

    - PCM, WAV, FLAC, Opus: n, whether `samples` was given or not (Opus always plays at 48 kHz: n at that rate).
    - MP3: n where `samples` was given. Streamed, players that know LAME's tag leave out the codec's delay, so that the
      sound begins at the first sample; after the n come less than one frame of silence (24 ms, from 32 kHz on 36 ms).
    - AAC: ADTS can tell neither: 1,024 samples of priming, the n, and less than one frame of 1,024 of silence (files
      of less than four frames are filled up to that).

    A rate that the codec does not have is resampled to its next higher one; n is then that stretch at that rate, to
    the nearest sample. MP3, Opus, AAC and FLAC need at least one sample: `finish` raises BadAudio without any; WAV and
    PCM are then empty. Encoding takes up to 15 ms of a processor's time for a second of sound, and blocks; so does
    loading the first codec (see `load_codec`).
    Raises BadAudio on a rate outside 8 to 48 kHz, BadInput on a tag of another name, EncodingFailed when a codec fails.
    """
    if not MIN_RATE_HZ <= sample_rate_hz <= MAX_RATE_HZ:
        raise BadAudio(f"sound of {sample_rate_hz} Hz cannot be encoded: {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz can be")
    if samples is not None and samples < 0:
        raise BadAudio(f"{samples} samples are impossible: the number cannot be negative")
    tags = tags or {}
    if unknown := set(tags) - TAG_NAMES:
        raise BadInput(f"no tag is called {min(unknown)!r}: {', '.join(sorted(TAG_NAMES))} can be written")
    count = SampleCount(sample_rate_hz, samples)
    if audio_format == "pcm":
        return PlainEncoder(b"", count=count)
    if audio_format == "wav":
        return PlainEncoder(tagged_wav_header(sample_rate_hz, samples, tags), count=count)
    # Imported here: it loads FFmpeg's libraries, which neither plain samples nor the server's start should wait for.
    from syrinx.audio.encoding_av import CodedEncoder  # noqa: PLC0415

    return CodedEncoder(audio_format, sample_rate_hz=sample_rate_hz, samples=samples, tags=tags, count=count)
