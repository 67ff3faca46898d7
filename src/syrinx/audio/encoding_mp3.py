"""The frame before an MP3's first, in which LAME's convention tells a player what of the sound to leave out."""

from __future__ import annotations

import struct
from typing import Final

# LAME begins with this many samples of its own; a decoder adds 529 more (http://gabriel.mp3-tech.org/mp3infotag.html).
LAME_DELAY_SAMPLES: Final = 576
DECODER_DELAY_SAMPLES: Final = 529
# Silence put before the sound, so that all that is to be left out at the beginning ends with a frame: at 1,152
# samples, one frame or two. FFmpeg loses count where the beginning and the end are cut from the same frame.
LEAD_SAMPLES: Final = 47

SAMPLE_RATES_HZ: Final = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_MPEG_1_FROM_HZ: Final = 32_000
_MPEG_2_FROM_HZ: Final = 16_000
# Where ISO 11172-3 and 13818-3 list a rate, and the bit rate that is used there.
_RATE_PLACES: Final = {44_100: 0, 48_000: 1, 32_000: 2}
_BIT_RATE_PLACES: Final = {96_000: 7, 64_000: 8}
_HAS_FRAMES, _HAS_BYTES = 0x1, 0x2
_UNKNOWN_BYTES: Final = 0xFFFFFFFF


def bit_rate(sample_rate_hz: int) -> int:
    """Constant, so that a player can seek by proportion: twice what speech needs to be understood, in bits a second."""
    return 96_000 if sample_rate_hz >= _MPEG_1_FROM_HZ else 64_000


def frame_samples(sample_rate_hz: int) -> int:
    return 1152 if sample_rate_hz >= _MPEG_1_FROM_HZ else 576


def frame_count(samples: int, sample_rate_hz: int) -> int:
    """How many frames a decoder needs to give the last of `samples`."""
    needed = LEAD_SAMPLES + LAME_DELAY_SAMPLES + DECODER_DELAY_SAMPLES + samples
    return -(-needed // frame_samples(sample_rate_hz))


def info_frame(sample_rate_hz: int, samples: int | None) -> bytes:
    """One frame without sound that tells the delay, and for a known number of samples the frames and the padding.

    Where the number is unknown the size stands at its largest, as in a streamed WAV: FFmpeg and what is built on it
    take a frame that tells no size at all for sound.
    """
    start = LEAD_SAMPLES + LAME_DELAY_SAMPLES
    if samples is None:
        sizes = struct.pack(">II", _HAS_BYTES, _UNKNOWN_BYTES)
        padding = 0
    else:
        frames = frame_count(samples, sample_rate_hz)
        sizes = struct.pack(">II", _HAS_FRAMES, frames)
        padding = frames * frame_samples(sample_rate_hz) - samples - start
    delays = (start << 12 | padding).to_bytes(3, "big")
    mpeg_1 = sample_rate_hz >= _MPEG_1_FROM_HZ
    side_information = bytes(17 if mpeg_1 else 9)
    tag = b"Info" + sizes + b"LAME3.100" + bytes(12) + delays
    size = frame_samples(sample_rate_hz) // 8 * bit_rate(sample_rate_hz) // sample_rate_hz
    return (_frame_header(sample_rate_hz) + side_information + tag).ljust(size, b"\0")


def _frame_header(sample_rate_hz: int) -> bytes:
    """The four bytes of a mono Layer III frame without checksum and padding."""
    if sample_rate_hz >= _MPEG_1_FROM_HZ:
        version, place = 0b11, _RATE_PLACES[sample_rate_hz]
    elif sample_rate_hz >= _MPEG_2_FROM_HZ:
        version, place = 0b10, _RATE_PLACES[2 * sample_rate_hz]
    else:
        version, place = 0b00, _RATE_PLACES[4 * sample_rate_hz]
    layer_3, no_checksum, mono_original = 0b01, 1, 0b11000100
    bits = _BIT_RATE_PLACES[bit_rate(sample_rate_hz)]
    return bytes([0xFF, 0xE0 | version << 3 | layer_3 << 1 | no_checksum, bits << 4 | place << 2, mono_original])
