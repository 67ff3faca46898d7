"""Sound that needs a codec: MP3, Opus, AAC and FLAC through FFmpeg's libraries, each packet sent as it is ready.

Importing this module loads PyAV, which takes a while: `open_encoder` does so only for these formats.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Literal, cast

import av
import numpy as np
from av.audio import AudioStream
from av.container import OutputContainer
from av.error import FFmpegError
from av.packet import Packet

from syrinx.audio import encoding_mp3 as mp3
from syrinx.audio.encoding_wav import SampleCount
from syrinx.audio.pcm import PcmChunk, Samples
from syrinx.audio.resampling import StreamResampler
from syrinx.errors import BadAudio, EncodingFailed

CodedFormat = Literal["mp3", "opus", "aac", "flac"]

AAC_FRAME_SAMPLES: Final = 1024
AAC_PRIMING_SAMPLES: Final = 1024
# Fewer frames than these are not recognised as ADTS by FFmpeg when nothing else tells it the format.
_AAC_FEWEST_FRAMES: Final = 4
_AAC_RATES_HZ: Final = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_OPUS_RATES_HZ: Final = (8_000, 12_000, 16_000, 24_000, 48_000)


def _opus_bit_rate(sample_rate_hz: int) -> int:
    """What listening tests find transparent for mono speech, wide-band and full-band (RFC 7587, section 3.1.1)."""
    return 48_000 if sample_rate_hz > 16_000 else 32_000


def _aac_bit_rate(sample_rate_hz: int) -> int:
    """AAC-LC's usual rate for one channel; below 16 kHz a frame has no room for it."""
    return 64_000 if sample_rate_hz >= 16_000 else 32_000


def _aac_frames(samples: int, sample_rate_hz: int) -> int:
    del sample_rate_hz
    return max(_AAC_FEWEST_FRAMES, -(-(samples + AAC_PRIMING_SAMPLES) // AAC_FRAME_SAMPLES))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Codec:
    """`rates_hz` None: any. `frames`: of how many whole frames n samples consist; None where the last may be short."""

    name: str
    container: str
    sample_format: str
    rates_hz: tuple[int, ...] | None
    bit_rate: Callable[[int], int] | None
    frames: Callable[[int, int], int] | None = None
    lead_samples: int = 0
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    container_options: Mapping[str, str] = field(default_factory=dict[str, str])
    tag_options: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the container, where there are tags."""


_CODECS: Final[Mapping[CodedFormat, _Codec]] = {
    "mp3": _Codec(
        name="libmp3lame",
        container="mp3",
        sample_format="s16p",
        rates_hz=mp3.SAMPLE_RATES_HZ,
        bit_rate=mp3.bit_rate,
        frames=mp3.frame_count,
        lead_samples=mp3.LEAD_SAMPLES,
        # Without the reservoir a frame does not wait for others' bits (50 ms sooner); level 5 takes half of the time
        # of level 2.
        options={"reservoir": "0", "compression_level": "5"},
        # The muxer would write its own frame of information only where it can seek back.
        container_options={"write_xing": "0"},
    ),
    "opus": _Codec(
        name="libopus",
        container="ogg",
        sample_format="s16",
        rates_hz=_OPUS_RATES_HZ,
        bit_rate=_opus_bit_rate,
        # `audio` over `voip`: the latter's high-pass filter is for microphones, and takes from a deep voice.
        # Level 5 takes a third of the time of 10, for a seventh more bytes.
        options={"application": "audio", "frame_duration": "20", "vbr": "on", "compression_level": "5"},
        # One packet a page, in microseconds: 1.4 KB/s more, and the first 40 ms sooner than with pages of a second.
        container_options={"page_duration": "20000"},
    ),
    "aac": _Codec(
        name="aac",
        container="adts",
        sample_format="fltp",
        rates_hz=_AAC_RATES_HZ,
        bit_rate=_aac_bit_rate,
        frames=_aac_frames,
        tag_options={"write_id3v2": "1"},
    ),
    "flac": _Codec(
        name="flac",
        container="flac",
        sample_format="s16",
        rates_hz=None,
        bit_rate=None,
        # Levels above 2 take blocks of 105 ms instead of 27 ms: a few per cent smaller, and that much later.
        options={"compression_level": "2"},
        container_options={"metadata_header_padding": "0"},
    ),
}


class _Sink:
    """Takes what a muxer writes; has no `seek`, so that none is tried."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def taken(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


class CodedEncoder:
    """One stream through one codec; what FFmpeg cannot do is EncodingFailed."""

    blocks: bool = True

    def __init__(
        self,
        audio_format: CodedFormat,
        *,
        sample_rate_hz: int,
        samples: int | None,
        tags: Mapping[str, str],
        count: SampleCount,
    ) -> None:
        self._codec = codec = _CODECS[audio_format]
        self._count = count
        self._from_hz = sample_rate_hz
        self._rate_hz = next(rate for rate in codec.rates_hz or (sample_rate_hz,) if rate >= sample_rate_hz)
        self._resampler = StreamResampler(sample_rate_hz, self._rate_hz)
        self._sink = _Sink()
        self._head = b""
        self._fed = 0
        self._muxed = 0
        self._most_packets: int | None = None
        with _failures(codec.name):
            self._container: OutputContainer = av.open(
                self._sink,
                "w",
                format=codec.container,
                # Without `bitexact` Ogg's serial number is drawn by chance: the same sound gives the same bytes.
                container_options={
                    "fflags": "+bitexact",
                    "flush_packets": "1",
                    **codec.container_options,
                    **(codec.tag_options if tags else {}),
                },
            )
        try:
            with _failures(codec.name):
                self._stream = self._opened_stream(tags)
                self._container.start_encoding()
        except BaseException:
            self._container.close()
            raise
        self._head = self._sink.taken()
        expected = None if samples is None else self._resampled_count(samples)
        if audio_format == "mp3":
            self._head += mp3.info_frame(self._rate_hz, expected)
        elif audio_format == "flac" and expected is not None:
            self._head = _with_flac_total(self._head, expected)
        if codec.lead_samples:
            self._feed(np.zeros(codec.lead_samples, np.int16))

    def encode(self, chunk: PcmChunk) -> bytes:
        self._count.add(chunk)
        self._feed(self._resampler.feed(chunk).samples())
        return self._taken()

    def finish(self) -> bytes:
        self._count.end()
        try:
            if not self._count.counted:
                raise BadAudio(f"a stream of no sound cannot be made {self._codec.name}: one sample is the least")
            self._feed(self._rest())
            with _failures(self._codec.name):
                self._mux(self._stream.encode(None))
                self._container.close()
        finally:
            self.close()
        return self._taken()

    def close(self) -> None:
        self._count.close()
        # Closing writes a trailer, which nobody reads any more; whether that works is of no interest either.
        with suppress(FFmpegError):
            self._container.close()

    def _opened_stream(self, tags: Mapping[str, str]) -> AudioStream:
        codec = self._codec
        stream = cast(
            "AudioStream", self._container.add_stream(codec.name, rate=self._rate_hz, options=dict(codec.options))
        )
        context = stream.codec_context
        context.layout = "mono"
        context.format = codec.sample_format
        # Threads of the codec's own would hold frames back, and there are as many streams as callers.
        context.thread_count = 1
        if codec.bit_rate is not None:
            context.bit_rate = codec.bit_rate(self._rate_hz)
        # Ogg has its comments with the stream, the others with the file.
        (stream if codec.container == "ogg" else self._container).metadata.update(tags)
        return stream

    def _resampled_count(self, samples: int) -> int:
        """To the nearest sample."""
        return (2 * samples * self._rate_hz + self._from_hz) // (2 * self._from_hz)

    def _rest(self) -> Samples:
        """What the resampler held, to the sample, and silence for a codec that has whole frames only."""
        total = self._codec.lead_samples + self._resampled_count(self._count.counted)
        rest = self._resampler.flush().samples()[: max(0, total - self._fed)]
        missing = total - self._fed - rest.size
        if self._codec.frames is not None:
            frames = self._codec.frames(total - self._codec.lead_samples, self._rate_hz)
            self._most_packets = frames
            missing += max(0, frames * self._stream.codec_context.frame_size - total)
        return np.concatenate([rest, np.zeros(missing, np.int16)])

    def _feed(self, samples: Samples) -> None:
        if not samples.size:
            return
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = self._rate_hz
        frame.pts = self._fed
        self._fed += samples.size
        with _failures(self._codec.name):
            self._mux(self._stream.encode(frame))

    def _mux(self, packets: Iterable[Packet[AudioStream]]) -> None:
        """The encoder may end with more packets than the sound needs; those are nobody's."""
        for packet in packets:
            if self._most_packets is None or self._muxed < self._most_packets:
                self._container.mux(packet)
                self._muxed += 1

    def _taken(self) -> bytes:
        head, self._head = self._head, b""
        return head + self._sink.taken()


def _with_flac_total(header: bytes, samples: int) -> bytes:
    """STREAMINFO's 36 bits of the number of samples, 0 as the muxer writes them (RFC 9639, section 8.2)."""
    if samples >> 36:
        return header
    place = len(b"fLaC") + 4 + 13
    total = (header[place] & 0xF0) << 32 | samples
    return header[:place] + total.to_bytes(5, "big") + header[place + 5 :]


@contextmanager
def _failures(codec_name: str) -> Generator[None]:
    try:
        yield
    except FFmpegError as error:
        raise EncodingFailed(f"the codec {codec_name} failed: {error.strerror}; another format may work") from error
