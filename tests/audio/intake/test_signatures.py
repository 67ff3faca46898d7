"""A file is what its first bytes say, and nothing that is not known is let through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrinx.audio.intake.signatures import container_of, tag_bytes

TAG = b"ID3\x04\0\0" + bytes((0, 0, 2, 1))


@pytest.mark.parametrize(
    ("head", "name", "demuxer"),
    [
        (b"RIFF\0\0\0\0WAVEfmt ", "wav", "wav"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "wav", "wav"),
        (b"RIFF\0\0\0\0AVI LIST", "avi", "avi"),
        (b"FORM\0\0\0\0AIFC", "aiff", "aiff"),
        (b"OggS\0", "ogg", "ogg"),
        (b"fLaC\0", "flac", "flac"),
        (b"#!AMR\n<", "amr", "amr"),
        (b"#!AMR-WB\n<", "amr", "amr"),
        (b"FLV\x01\x05", "flv", "flv"),
        (b"\x1a\x45\xdf\xa3\x9fB\x82\x84webm", "webm", "matroska"),
        (b"\x1a\x45\xdf\xa3\x9fB\x82\x88matroska", "mkv", "matroska"),
        (b"\0\0\0\x18ftypisom", "mp4", "mov"),
        (b"\0\0\0\x18ftypM4A ", "m4a", "mov"),
        (b"\0\0\0\x18ftypqt  ", "mov", "mov"),
        (b"\0\0\0\x08wide\0\0", "mov", "mov"),
        (b"\xff\xfb\x90\x64", "mp3", "mp3"),
        (b"\xff\xf1\x50\x80", "aac", "aac"),
        (TAG, "mp3", "mp3"),
    ],
)
def test_containers_are_known_by_their_beginning(head: bytes, name: str, demuxer: str) -> None:
    found = container_of(head)
    assert found is not None
    assert (found.name, found.demuxer) == (name, demuxer)


@pytest.mark.parametrize(
    ("after", "name"), [(b"\xff\xf1\x50\x80", "aac"), (b"fLaC", "flac"), (b"\xff\xfb\x90\x64", "mp3")]
)
def test_behind_a_tag_stands_what_it_is(after: bytes, name: str) -> None:
    assert tag_bytes(TAG) == 10 + 257
    found = container_of(TAG, after_tag=after)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff",
        b"#EXTM3U\n",
        b"[playlist]\nFile1=http://127.0.0.1/",
        b"ffconcat version 1.0\n",
        b"<?xml version='1.0'?><MPD>",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"\x7fELF",
        b"G@\0\x10" + bytes(184),
    ],
)
def test_playlists_pictures_and_programs_are_none(head: bytes) -> None:
    assert container_of(head) is None


@given(st.binary(max_size=64))
def test_any_bytes_are_judged(head: bytes) -> None:
    found = container_of(head, after_tag=head)
    assert found is None or found.demuxer
    assert tag_bytes(head) >= 0
