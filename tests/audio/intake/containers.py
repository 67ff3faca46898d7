"""Files as clients send them, made of a person's speech."""

from __future__ import annotations

import io
from typing import Final

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from syrinx.audio.pcm import PcmChunk

KINDS: Final = {
    "webm": ("webm", "libopus", 48_000, "mono"),
    "mkv": ("matroska", "pcm_s16le", 16_000, "stereo"),
    "mp4": ("mp4", "aac", 44_100, "stereo"),
    "m4a": ("ipod", "aac", 44_100, "mono"),
    "mov": ("mov", "pcm_s16le", 16_000, "mono"),
    "ogg": ("ogg", "libopus", 48_000, "stereo"),
    "mp3": ("mp3", "mp3", 44_100, "stereo"),
    "flac": ("flac", "flac", 48_000, "5.1"),
    "aac": ("adts", "aac", 48_000, "mono"),
    "aiff": ("aiff", "pcm_s16be", 22_050, "mono"),
    "avi": ("avi", "mp3", 44_100, "mono"),
    "flv": ("flv", "mp3", 44_100, "mono"),
    "amr": ("amr", "libopencore_amrnb", 8_000, "mono"),
    "wav": ("wav", "pcm_mulaw", 16_000, "mono"),
}
"""By the name that the intake gives: muxer, codec, rate, channels. The WAV is a compressed one."""


def contained(clip: PcmChunk, kind: str) -> bytes:
    muxer, codec, rate_hz, layout = KINDS[kind]
    file = io.BytesIO()
    with av.open(file, "w", format=muxer) as container:
        stream = container.add_stream(codec, rate=rate_hz)
        assert isinstance(stream, AudioStream)
        stream.layout = layout
        sample_format = "fltp" if codec in {"aac", "mp3"} else "s16"
        resampler = av.AudioResampler(format=sample_format, layout=layout, rate=rate_hz)
        channels = len(av.AudioLayout(layout).channels)
        packed = np.repeat(clip.samples(), channels).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
        frame.sample_rate = clip.sample_rate_hz
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return file.getvalue()


FILMS: Final = {
    "mp4": ("mp4", "mpeg4", "aac"),
    "mov": ("mov", "mpeg4", "aac"),
    "avi": ("avi", "mpeg4", "mp3"),
    "webm": ("webm", "libvpx", "libopus"),
    "mkv": ("matroska", "mpeg4", "libopus"),
    "flv": ("flv", "flv", "aac"),
}
"""Muxer, and the codecs of pictures and sound."""


def film(clip: PcmChunk, kind: str) -> bytes:
    """Pictures with the clip as their sound, in stereo at 48 kHz (44.1 in FLV)."""
    muxer, video, audio = FILMS[kind]
    rate_hz = 44_100 if kind == "flv" else 48_000
    file = io.BytesIO()
    with av.open(file, "w", format=muxer) as container:
        pictures = container.add_stream(video, rate=10)
        assert isinstance(pictures, VideoStream)
        pictures.width = pictures.height = 64
        pictures.pix_fmt = "yuv420p"
        sound = container.add_stream(audio, rate=rate_hz)
        assert isinstance(sound, AudioStream)
        sound.layout = "stereo"
        resampler = av.AudioResampler(format=sound.format.name, layout="stereo", rate=rate_hz)
        frame = av.AudioFrame.from_ndarray(clip.samples().reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = clip.sample_rate_hz
        for number in range(round(clip.duration_ms / 100)):
            picture = np.full((64, 64, 3), number * 5 % 256, np.uint8)
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(pictures.encode(None))
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(sound.encode(piece))
        container.mux(sound.encode(None))
    return file.getvalue()


def hours_of_silence(hours: float) -> bytes:
    """As FLAC: some 13 bytes for each 72 ms."""
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=8_000)
        assert isinstance(stream, AudioStream)
        stream.layout = "mono"
        part = np.zeros((1, 8_000 * 12), np.int16)
        for _ in range(round(hours * 300)):
            frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
            frame.sample_rate = 8_000
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def silent_film() -> bytes:
    """An MP4 of pictures only."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


def likeness(one: PcmChunk, other: PcmChunk) -> tuple[float, float]:
    """The best correlation of two clips of one rate, and by how many ms `other` comes later there."""
    a, b = one.samples().astype(np.float64), other.samples().astype(np.float64)
    size = 1 << (a.size + b.size).bit_length()
    correlation = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)))
    best = int(correlation.argmax())
    lag = best if best < size // 2 else best - size
    scale = float(np.sqrt((a**2).sum() * (b**2).sum())) or 1.0
    return float(correlation[best]) / scale, 1000.0 * lag / one.sample_rate_hz
