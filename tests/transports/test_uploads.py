"""Uploads are counted while they arrive, leave no file behind, and say what would have been right."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import AsyncGenerator, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from syrinx.errors import BadInput, TooLarge, WrongParameter
from syrinx.transports.http.uploads import decode_base64_audio, read_form, read_json

BOUNDARY = "xoxo"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def part(name: str, content: bytes, *, filename: str | None = None) -> bytes:
    named = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def form_of(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


class Sent:
    """A request whose body comes in pieces; counts those that were taken."""

    def __init__(self, pieces: Iterable[bytes], *, headers: dict[str, str], breaks_off: bool = False) -> None:
        self.taken = 0
        self._messages = self._going(list(pieces), breaks_off=breaks_off)
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self.request = Request({"type": "http", "method": "POST", "headers": raw}, self._receive)

    async def _receive(self) -> dict[str, Any]:
        return await anext(self._messages)

    async def _going(self, pieces: list[bytes], *, breaks_off: bool) -> AsyncGenerator[dict[str, Any], None]:
        for piece in pieces:
            self.taken += 1
            yield {"type": "http.request", "body": piece, "more_body": True}
        yield {"type": "http.disconnect"} if breaks_off else {"type": "http.request", "body": b"", "more_body": False}


def sent(body: bytes, *, content_type: str = FORM, size: int = 1000, **headers: str) -> Request:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return Sent(pieces, headers={"content-type": content_type, **headers}).request


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_a_form_gives_its_file_and_its_fields_however_it_is_cut(size: int) -> None:
    raw = bytes(range(256)) * 8 + b"\r\n--xox"
    body = form_of(
        part("language", b"de"),
        part("file", raw, filename="a b.wav"),
        part("timestamp_granularities[]", b"word"),
        part("timestamp_granularities[]", b"segment"),
        part("prompt", "Grüße".encode()),
    )
    async with read_form(sent(body, size=size), largest_bytes=10_000) as form:
        assert form.file("file").read() == raw
        assert form.field("language") == "de"
        assert form.field("prompt") == "Grüße"
        assert form.field("task", "transcribe") == "transcribe"
        assert form.fields("timestamp_granularities") == ("word", "segment")
        assert form.fields("timestamp_granularities[]") == ("word", "segment")
        assert "language" in form
        assert "task" not in form


async def test_a_file_without_a_name_of_its_own_is_a_file() -> None:
    async with read_form(sent(form_of(part("file", b"RIFF"))), largest_bytes=100) as form:
        assert form.file("file").read() == b"RIFF"


async def test_a_large_file_goes_to_the_disk_and_is_gone_afterwards() -> None:
    before = open_files()
    raw = os.urandom(3_000_000)
    async with read_form(sent(form_of(part("file", raw, filename="x")), size=65_536), largest_bytes=4_000_000) as form:
        assert open_files() > before
        file = form.file("file")
        assert file.read() == raw
    assert file.closed
    assert open_files() == before


async def test_the_file_goes_also_when_the_work_on_it_fails() -> None:
    body = form_of(part("file", bytes(2_000_000), filename="x"))
    before = open_files()
    with pytest.raises(ZeroDivisionError):
        async with read_form(sent(body, size=65_536), largest_bytes=4_000_000):
            raise ZeroDivisionError
    assert open_files() == before


async def test_what_is_too_large_is_refused_before_all_of_it_is_read() -> None:
    body = form_of(part("file", bytes(3_000_000), filename="x"))
    pieces = [body[at : at + 65_536] for at in range(0, len(body), 65_536)]
    upload = Sent(pieces, headers={"content-type": FORM})
    before = open_files()
    with pytest.raises(TooLarge, match="2000000 bytes"):
        async with read_form(upload.request, largest_bytes=2_000_000):
            pass
    assert upload.taken < 35 < len(pieces)
    assert open_files() == before


async def test_what_says_that_it_is_too_large_is_not_read_at_all() -> None:
    for lie in ("99999999999", "9" * 400):
        upload = Sent([b"x"], headers={"content-type": FORM, "content-length": lie})
        with pytest.raises(TooLarge):
            async with read_form(upload.request, largest_bytes=1000):
                pass
        assert upload.taken == 0


async def test_bytes_around_the_parts_count_as_well() -> None:
    upload = Sent([bytes(65_536)] * 100, headers={"content-type": FORM})
    with pytest.raises((TooLarge, BadInput)):
        async with read_form(upload.request, largest_bytes=1000):
            pass
    assert upload.taken < 30


@pytest.mark.parametrize(
    ("body", "content_type", "told"),
    [
        (b"{}", "application/json", "multipart/form-data"),
        (b"", "", "of no stated type"),
        (form_of(part("file", b"x")), "multipart/form-data", "boundary"),
        (form_of(part("file", b"x")), "multipart/form-data; boundary=" + "b" * 71, "boundary"),
        (form_of(part("file", b"x"))[:-10], FORM, "breaks off"),
        (b"no form at all", FORM, "malformed"),
        (b"", FORM, "breaks off"),
        (f"--{BOUNDARY}\r\nContent-Type: a/b\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(), FORM, "no name"),
        (form_of(*[part(f"f{n}", b"x") for n in range(101)]), FORM, "100 parts"),
        (form_of(part("file", b"x"), part("file", b"y")), FORM, "several files"),
        (form_of(part("audio", b"x", filename="a.wav")), FORM, "as the field 'file'"),
    ],
)
async def test_what_is_no_form_is_refused_with_what_would_be_right(body: bytes, content_type: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        async with read_form(sent(body, content_type=content_type), largest_bytes=1000):
            pass


async def test_too_much_text_is_refused() -> None:
    with pytest.raises(TooLarge):
        async with read_form(sent(form_of(part("prompt", bytes(1_100_000))), size=65_536), largest_bytes=10_000_000):
            pass


async def test_a_missing_file_is_named() -> None:
    async with read_form(sent(form_of(part("language", b"en"))), largest_bytes=1000) as form:
        with pytest.raises(WrongParameter, match="'file'") as raised:
            form.file("file")
    assert raised.value.parameter == "file"


async def test_a_client_that_leaves_ends_the_reading() -> None:
    upload = Sent([form_of(part("file", b"x"))[:40]], headers={"content-type": FORM}, breaks_off=True)
    with pytest.raises(BadInput, match="left"):
        async with read_form(upload.request, largest_bytes=1000):
            pass


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "", "multipart/form-data"])
async def test_json_is_read_whatever_it_is_called(content_type: str) -> None:
    assert await read_json(sent(b'{"a": [1, NaN]}', content_type=content_type), largest_bytes=100) is not None


async def test_long_json_is_read() -> None:
    body = json.dumps({"audio_base64": "A" * 200_000}).encode()
    assert len((await read_json(sent(body), largest_bytes=300_000))["audio_base64"]) == 200_000


@pytest.mark.parametrize("body", [b"", b"  ", b"{", b'"\xff"', b"[" * 100_000, b"{'a': 1}"])
async def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        await read_json(sent(body), largest_bytes=1_000_000)


async def test_json_that_is_too_large_is_refused_before_all_of_it_is_read() -> None:
    upload = Sent([b" " * 1000] * 100, headers={})
    with pytest.raises(TooLarge):
        await read_json(upload.request, largest_bytes=5000)
    assert upload.taken == 6


@given(st.binary(min_size=1, max_size=200), st.booleans(), st.booleans(), st.sampled_from(["", "\n", " "]))
def test_base64_is_read_as_clients_write_it(raw: bytes, url_safe: bool, padded: bool, between: str) -> None:
    text = (base64.urlsafe_b64encode if url_safe else base64.b64encode)(raw).decode()
    text = between.join(text if padded else text.rstrip("="))
    for written in (text, f"data:audio/webm;codecs=opus;base64,{text}"):
        with decode_base64_audio(written, largest_bytes=200) as file:
            assert file.read() == raw


@pytest.mark.parametrize(
    "text", ["", "  ", "=", "a", "!!!!", "ä" * 8, "data:audio/wav,hello", "data:audio/wav;base64", "QUJD$"]
)
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        decode_base64_audio(text, largest_bytes=100)


def test_base64_of_too_much_is_refused() -> None:
    with pytest.raises(TooLarge):
        decode_base64_audio("QUJD" * 100, largest_bytes=299)
