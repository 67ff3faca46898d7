"""What runs in the throwaway process: one file from outside is decoded, within limits that cannot be lifted again.

It is started by its path and knows nothing of Syrinx: it needs the standard library and PyAV. It takes a socket as its
input, over which one job comes with the file, and writes messages to its output: a letter, the length of what follows
(4 bytes, big-endian), and that.

    O  JSON {"duration_ms": number or null}: the file is open
    A  some s16le mono at the rate asked for
    E  one word: why it cannot be read, or not further ("no_sound", "unsupported", "damaged")
    Z  nothing: that was all
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable, Generator, Iterator
from typing import Any, Final

import av.logging

# Loaded now, for later nothing can be opened: PyAV would do it only when a file has pictures or lines of text in it.
import av.subtitles.codeccontext  # pyright: ignore[reportUnusedImport]
import av.subtitles.stream  # pyright: ignore[reportUnusedImport]
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.container import open as open_container
from av.error import EOFError as EndOfStream
from av.error import FFmpegError

OPENED, AUDIO, FAILED, ENDED = b"O", b"A", b"E", b"Z"
HEADER: Final = struct.Struct(">cI")

_CODECS: Final = frozenset(
    {
        *("aac", "aac_latm", "ac3", "eac3", "alac", "flac", "mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float"),
        *("opus", "libopus", "vorbis", "libvorbis", "speex", "libspeex", "amrnb", "amrwb", "nellymoser", "gsm_ms"),
        *("libopencore_amrnb", "libopencore_amrwb", "adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_swf"),
        *("pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be"),
        *("pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be", "pcm_alaw", "pcm_mulaw", "adpcm_g726", "wmav1", "wmav2"),
    }
)
"""What these containers hold in practice. Pictures are never decoded, not even to learn their size."""
_LEAST_RATE_HZ: Final = 1_000
_MOST_RATE_HZ: Final = 768_000
_MESSAGE_MS: Final = 250
_MOST_BAD_PACKETS: Final = 50
"""So many may be damaged before more than that must have been sound."""
_GAP_S: Final = (0.06, 60.0)
"""A pause of that length between two frames of a recording was left out by its maker, and is put back as silence."""
_KEEPS_TIME: Final = frozenset({"matroska"})
"""Containers in which the frames' times are the recording's clock, as browsers write them."""
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38

Send = Callable[[bytes, bytes], None]


class Unreadable(Exception):
    """`str()` is the word to be told."""


def confine(parent_pid: int, *, memory_bytes: int, cpu_s: int) -> None:
    """Give up, for good, what decoding does not need; end with the parent."""
    import resource  # noqa: PLC0415 - Unix only, as is this; the module can be imported anywhere

    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 16),
        (resource.RLIMIT_CORE, 0),
        (getattr(resource, "RLIMIT_NPROC", None), 0),
    ):
        if limit is not None:
            with contextlib.suppress(ValueError, OSError):  # a lower limit was set by whoever started the server
                resource.setrlimit(limit, (value, value))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)


def open_no_more() -> None:
    """Give up, for good, to open files and sockets: what is open stays so, and no descriptor is left for another."""
    import resource  # noqa: PLC0415 - Unix only

    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


class FileAt:
    """A file by its descriptor, which has no name that a demuxer could take for an address."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size
        self._at = 0

    def read(self, size: int) -> bytes:
        piece = os.pread(self._descriptor, size, self._at)
        self._at += len(piece)
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at


class _ToMono:
    """Frames of any format to s16le mono at one rate; a stream that changes its format goes on without a seam."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._format: tuple[str, str, int] | None = None
        self._narrowed: AudioResampler | None = None
        self._mixed: AudioResampler | None = None

    def feed(self, frame: AudioFrame) -> Iterator[bytes]:
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._format:
            yield from self.flush()
            if not _LEAST_RATE_HZ <= frame.sample_rate <= _MOST_RATE_HZ:
                raise Unreadable("unsupported")
            self._format = kind
            # To 16 bits first: only between integers does FFmpeg mix channels so that nothing gets louder.
            self._narrowed = AudioResampler(format="s16p", layout=frame.layout, rate=frame.sample_rate)
            self._mixed = AudioResampler(format="s16", layout="mono", rate=self._rate_hz)
        frame.pts = None
        yield from self._through(frame)

    def flush(self) -> Iterator[bytes]:
        if self._narrowed is not None and self._mixed is not None:
            yield from self._through(None)
            for mono in self._mixed.resample(None):
                yield _bytes_of(mono)
        self._narrowed = self._mixed = self._format = None

    def _through(self, frame: AudioFrame | None) -> Iterator[bytes]:
        if self._narrowed is not None and self._mixed is not None:
            for narrowed in self._narrowed.resample(frame):
                narrowed.pts = None
                for mono in self._mixed.resample(narrowed):
                    yield _bytes_of(mono)


def _bytes_of(frame: AudioFrame) -> bytes:
    return bytes(frame.planes[0])[: 2 * frame.samples]  # without what rows are padded with


def decode(file: Any, *, demuxer: str, rate_hz: int, send: Send) -> None:
    """Send all that is in the file; `file` has read, seek and tell. Raises Unreadable."""
    try:
        _decode(file, demuxer=demuxer, rate_hz=rate_hz, send=send)
    except (FFmpegError, ValueError, OverflowError, NotImplementedError) as error:
        # What PyAV makes of numbers that cannot be, wherever they stand: channels, rates, lengths.
        raise Unreadable("damaged") from error


def _decode(file: Any, *, demuxer: str, rate_hz: int, send: Send) -> None:
    with contextlib.ExitStack() as closing:
        try:
            container = closing.enter_context(_opened(file, demuxer))
        except (FFmpegError, ValueError, UnicodeError) as error:
            raise Unreadable("damaged") from error
        if not container.streams.audio:
            raise Unreadable("no_sound")
        stream = container.streams.best("audio") or container.streams.audio[0]
        if not isinstance(stream, AudioStream) or _codec(stream) not in _CODECS:
            raise Unreadable("unsupported")
        stream.codec_context.thread_count = 1
        send(OPENED, json.dumps({"duration_ms": _duration_ms(container, stream)}).encode())
        waiting = bytearray()
        most = 2 * rate_hz * _MESSAGE_MS // 1000
        for piece in _mono(container, stream, rate_hz, keeps_time=demuxer in _KEEPS_TIME):
            waiting += piece
            while len(waiting) >= most:
                send(AUDIO, bytes(waiting[:most]))
                del waiting[:most]
        if waiting:
            send(AUDIO, bytes(waiting))


def _opened(file: Any, demuxer: str) -> InputContainer:
    own_names = "mov,mp4,m4a,3gp,3g2,mj2" if demuxer == "mov" else demuxer
    options = {
        "format_whitelist": own_names,
        "protocol_whitelist": "none",
        "codec_whitelist": ",".join(sorted(_CODECS)),
    }
    opened = open_container(file, mode="r", format=demuxer, metadata_errors="replace", options=options)
    if not isinstance(opened, InputContainer):
        raise Unreadable("damaged")
    return opened


def _codec(stream: AudioStream) -> str:
    """ "" where FFmpeg has none for it."""
    context = stream.codec_context
    return "" if context is None else context.name  # pyright: ignore[reportUnnecessaryComparison]


def _duration_ms(container: InputContainer, stream: AudioStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(1000 * stream.duration * stream.time_base)
    return container.duration / 1000 if container.duration else None


def _mono(container: InputContainer, stream: AudioStream, rate_hz: int, *, keeps_time: bool) -> Iterator[bytes]:
    to_mono = _ToMono(rate_hz)
    expected_s: float | None = None
    for frame in _frames(container, stream):
        at_s = frame.time if keeps_time else None
        if at_s is not None and expected_s is not None and _GAP_S[0] < at_s - expected_s < _GAP_S[1]:
            yield bytes(2 * round((at_s - expected_s) * rate_hz))
        else:
            at_s = expected_s if expected_s is not None else at_s
        if at_s is not None and frame.sample_rate:
            expected_s = at_s + frame.samples / frame.sample_rate
        yield from to_mono.feed(frame)
    yield from to_mono.flush()


def _frames(container: InputContainer, stream: AudioStream) -> Generator[AudioFrame, None, None]:
    """What can be decoded; damaged packets are passed over, as players do, while most are sound."""
    good = bad = 0
    try:
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except EndOfStream:
                continue
            except FFmpegError:
                bad += 1
                if bad > max(good, _MOST_BAD_PACKETS):
                    raise
                continue
            good += bool(frames)
            yield from frames
    except (FFmpegError, ValueError) as error:
        raise Unreadable("damaged") from error
    if bad > good:
        raise Unreadable("damaged")


def main(arguments: list[str]) -> None:
    parent_pid, memory_bytes, cpu_s = map(int, arguments)
    av.logging.set_level(None)
    confine(parent_pid, memory_bytes=memory_bytes, cpu_s=cpu_s)
    with socket.socket(fileno=0) as orders:
        job, descriptors, _, _ = socket.recv_fds(orders, 4096, 1)
    if not job or not descriptors:
        return  # it was kept ready and is not needed
    order = json.loads(job)
    open_no_more()

    def send(letter: bytes, body: bytes) -> None:
        message = memoryview(HEADER.pack(letter, len(body)) + body)
        while message:
            message = message[os.write(1, message) :]

    try:
        decode(FileAt(descriptors[0]), demuxer=order["demuxer"], rate_hz=order["rate_hz"], send=send)
    except Unreadable as error:
        send(FAILED, str(error).encode())
    except MemoryError:
        send(FAILED, b"damaged")
    else:
        send(ENDED, b"")


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):  # nobody wants it any more
        main(sys.argv[1:])
    # Nothing here needs to be put in order, and a library that hangs in doing so must not keep this process.
    os._exit(0)
