"""The mark that says of a clip that no person spoke it: in the container's metadata, where whoever asks finds it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from syrinx.audio.encoding_wav import tagged_wav_header
from syrinx.audio.intake.signatures import HEAD_BYTES, KNOWN, Container, container_of, tag_bytes
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

    Blocks, and loads PyAV. Raises BadAudio for what is none of the containers that are known here.
    """
    import av  # noqa: PLC0415 - a large library, which nothing else here needs
    from av.error import FFmpegError  # noqa: PLC0415

    container = _container(file)
    if container is None:
        raise BadAudio(f"this is no sound that is known, so whether it is marked cannot be told: it must be {KNOWN}")
    # Whatever the file is called and names itself, nothing else is opened, and nothing is decoded.
    options = {"format_whitelist": container.demuxer, "protocol_whitelist": "none", "codec_whitelist": "none"}
    try:
        with av.open(file, "r", format=container.demuxer, metadata_errors="replace", options=options) as opened:
            tags = [opened.metadata, *(stream.metadata for stream in opened.streams)]
    except (FFmpegError, ValueError) as error:
        raise BadAudio("this is no sound or video that can be read, so whether it is marked cannot be told") from error
    for text in (value for each in tags for value in each.values()):
        if found := _MARKED.search(text):
            return SyntheticMark(text=found.group(), engine=found.group(1) or "")
    return None


def _container(file: BinaryIO) -> Container | None:
    """Leaves the file at its beginning."""
    head = file.read(HEAD_BYTES)
    file.seek(tag_bytes(head))
    after_tag = file.read(HEAD_BYTES)
    file.seek(0)
    return container_of(head, after_tag=after_tag)
