"""Synthetic speech says what it is, in every container that has room for it, and is no longer for that."""

from __future__ import annotations

import io
import socket
from contextlib import suppress
from pathlib import Path

import pytest
from tests.audio.intake.containers import KINDS, contained

from syrinx.audio import read_wav
from syrinx.audio.encoding import AudioFormat, open_encoder
from syrinx.audio.synthetic_mark import mark_tags, marked_wav, read_mark
from syrinx.errors import BadAudio
from syrinx.testing.audio import sine
from syrinx.testing.hostile_files import playlists

SOUND = sine(330.0, duration_ms=700, sample_rate_hz=24_000)


@pytest.mark.parametrize("known", [True, False], ids=["length-known", "streamed"])
@pytest.mark.parametrize("audio_format", ["mp3", "opus", "aac", "flac", "wav"])
def test_a_marked_clip_is_known_again(audio_format: AudioFormat, known: bool) -> None:
    samples = SOUND.sample_count if known else None
    encoder = open_encoder(audio_format, sample_rate_hz=24_000, samples=samples, tags=mark_tags(engine="kokoro-v1.0"))
    raw = encoder.encode(SOUND) + encoder.finish()
    mark = read_mark(io.BytesIO(raw))
    assert mark is not None
    assert mark.engine == "kokoro-v1.0"
    assert mark.text == "Synthetic speech, made with Syrinx (engine kokoro-v1.0)"


def test_what_is_not_marked_is_not_said_to_be() -> None:
    encoder = open_encoder("mp3", sample_rate_hz=24_000, tags={"comment": "Read by a person"})
    assert read_mark(io.BytesIO(encoder.encode(SOUND) + encoder.finish())) is None


def test_a_marked_wav_holds_the_same_samples() -> None:
    raw = marked_wav(SOUND, engine="flite")
    assert read_wav(raw) == SOUND
    mark = read_mark(io.BytesIO(raw))
    assert mark is not None
    assert mark.engine == "flite"


def test_an_engines_name_that_could_be_anything_is_left_out() -> None:
    assert mark_tags(engine="a) and more (") == mark_tags()


LISTS = [content for name, content in playlists(9) if not name.startswith(("mov", "mkv"))]


@pytest.mark.parametrize("raw", [b"", b"no sound at all", *LISTS])
def test_of_what_is_no_sound_nothing_is_claimed(raw: bytes) -> None:
    with pytest.raises(BadAudio, match="whether it is marked cannot be told"):
        read_mark(io.BytesIO(raw))


@pytest.mark.parametrize("kind", KINDS)
def test_every_container_that_is_known_is_read(kind: str) -> None:
    assert read_mark(io.BytesIO(contained(SOUND, kind))) is None


@pytest.mark.parametrize(("name", "content"), [(name, content) for name, content in playlists(9) if "-http" in name])
def test_what_names_other_places_is_read_without_going_there(name: str, content: bytes, tmp_path: Path) -> None:
    # By its name, FFmpeg would take it for what it says it is.
    file = tmp_path / f"clip.{name.split('-', maxsplit=1)[0]}"
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.socket(type=socket.SOCK_DGRAM) as receiving,
    ):
        port = listening.getsockname()[1]
        receiving.bind(("127.0.0.1", port))
        listening.setblocking(False)
        receiving.setblocking(False)
        file.write_bytes(dict(playlists(port))[name])
        with file.open("rb") as opened, suppress(BadAudio):
            assert read_mark(opened) is None
        with pytest.raises(BlockingIOError):
            listening.accept()
        with pytest.raises(BlockingIOError):
            receiving.recv(1)
