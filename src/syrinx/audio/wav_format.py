"""How the samples of a WAV file are written, and how they become mono PCM of 16 bits."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from syrinx.audio.levels import clip_to_int16
from syrinx.audio.pcm import PcmChunk, chunk_of
from syrinx.errors import BadAudio

PCM, FLOAT, EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
"""Format tags (mmreg.h)."""
_READABLE = "8, 16, 24 or 32-bit integers or 32 or 64-bit floats can be read"


class CompressedWav(BadAudio):
    """A WAV file whose samples are not written plainly: a decoder is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WavFormat:
    """What a `fmt ` chunk says; `tag` is already resolved where the format is extensible."""

    tag: int
    channels: int
    sample_rate_hz: int
    bits: int

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.bits // 8


def wav_format(body: bytes) -> WavFormat:
    """Of the body of a `fmt ` chunk. Raises CompressedWav where it is no plain PCM, BadAudio where it is broken."""
    if len(body) < 16:
        raise BadAudio(f"the WAV file's format has {len(body)} bytes, at least 16 are needed")
    tag, channels, sample_rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == EXTENSIBLE:
        if len(body) < 26:
            raise BadAudio(f"the WAV file's extensible format has {len(body)} bytes, at least 26 are needed")
        # The sub-format's GUID begins with the tag that a plain header would carry.
        (tag,) = struct.unpack_from("<H", body, 24)
    if (tag, bits) not in {(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64)}:
        raise CompressedWav(f"WAV samples of {bits} bits in encoding {tag:#06x} cannot be read: {_READABLE}")
    if not channels or not sample_rate_hz:
        raise BadAudio(f"the WAV file claims {channels} channels at {sample_rate_hz} Hz: both must be positive")
    return WavFormat(tag=tag, channels=channels, sample_rate_hz=sample_rate_hz, bits=bits)


def mono_of(data: bytes, form: WavFormat) -> PcmChunk:
    """Whole frames as mono, several channels averaged."""
    if (form.tag, form.bits, form.channels) == (PCM, 16, 1):
        return PcmChunk(pcm=data, sample_rate_hz=form.sample_rate_hz)
    samples = _at_int16_scale(data, form)
    mixed = samples.reshape(-1, form.channels).mean(axis=1)
    return chunk_of(clip_to_int16(mixed), sample_rate_hz=form.sample_rate_hz)


def _at_int16_scale(data: bytes, form: WavFormat) -> npt.NDArray[np.float32]:
    if form.tag == FLOAT:
        floats = np.frombuffer(data, "<f4" if form.bits == 32 else "<f8").astype(np.float32)
        return np.nan_to_num(floats, nan=0.0, posinf=1.0, neginf=-1.0) * np.float32(32768.0)
    if form.bits == 8:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128.0) * 256.0
    if form.bits == 16:
        return np.frombuffer(data, "<i2").astype(np.float32)
    if form.bits == 32:
        return np.frombuffer(data, "<i4").astype(np.float32) / 65536.0
    # 24 bits: each sample becomes the upper three bytes of a 32-bit one.
    wide = np.zeros((len(data) // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    return wide.reshape(-1).view("<i4").astype(np.float32) / 65536.0
