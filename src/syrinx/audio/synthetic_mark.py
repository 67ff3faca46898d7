"""The mark that says of a clip that no person spoke it: in the container's metadata, where whoever asks finds it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from syrinx.audio.encoding_wav import tagged_wav_header
from syrinx.audio.pcm import PcmChunk
from syrinx.errors import BadAudio

_MARK: Final = "Synthetic speech, made with Syrinx"
_MARKED: Final = re.compile(rf"{re.escape(_MARK)}(?: \(engine ([\w.:+-]+)\))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticMark:
    text: str
    engine: str
    """What spoke it; "" where the mark does not tell."""


def mark_tags(*, engine: str = "") -> Mapping[str, str]:
    """What `open_encoder` takes as tags of synthetic speech. The same engine gives the same mark."""
    named = f" (engine {engine})" if re.fullmatch(r"[\w.:+-]+", engine) else ""
    return {"comment": f"{_MARK}{named}"}


def marked_wav_header(sample_rate_hz: int, samples: int | None, *, engine: str = "") -> bytes:
    """As `wav_header`, with the mark before the samples."""
    return tagged_wav_header(sample_rate_hz, samples, mark_tags(engine=engine))


def marked_wav(clip: PcmChunk, *, engine: str = "") -> bytes:
    """A whole WAV file of synthetic speech."""
    return marked_wav_header(clip.sample_rate_hz, clip.sample_count, engine=engine) + clip.pcm


def read_mark(file: BinaryIO) -> SyntheticMark | None:
    """The mark in a file's metadata; None where it carries none, which does not mean that a person spoke it.

    Blocks, and loads PyAV. Raises BadAudio for what is no audio file.
    """
    import av  # noqa: PLC0415 - a large library, which nothing else here needs
    from av.error import FFmpegError  # noqa: PLC0415

    # By the open file: a name could be an address, or a list of them.
    try:
        with av.open(file, "r", metadata_errors="replace") as container:
            tags = [container.metadata, *(stream.metadata for stream in container.streams)]
    except (FFmpegError, ValueError) as error:
        raise BadAudio("this is no sound or video that can be read, so whether it is marked cannot be told") from error
    for text in (value for each in tags for value in each.values()):
        if found := _MARKED.search(text):
            return SyntheticMark(text=found.group(), engine=found.group(1) or "")
    return None
