"""Bodies with recordings in them: forms, JSON and base64, counted while they arrive."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import json
import tempfile
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, cast

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from syrinx.errors import BadInput, TooLarge, WrongParameter

RECORDING_FILE: Final[dict[str, Any]] = {
    "type": "string",
    "format": "binary",
    "description": "WAV, MP3, OGG, WebM, MP4, FLAC, AMR and others; of a video its sound.",
}
"""How the file of a form is described."""
_IN_MEMORY_BYTES: Final = 1024 * 1024
"""A file up to this size never touches the disk."""
_MOST_TEXT_BYTES: Final = 1024 * 1024
"""Of all text fields together, with the lines between the parts."""
_MOST_PARTS: Final = 100
_SMALL_JSON_BYTES: Final = 64 * 1024
"""So much is parsed where it is: handing it to a thread costs more."""
_URL_SAFE: Final = str.maketrans("-_", "+/")


class UploadedForm:
    """What `read_form` gives, for as long as its context lasts."""

    def __init__(self, fields: dict[str, list[str]], files: dict[str, BinaryIO]) -> None:
        self._fields = fields
        self._files = files

    def __contains__(self, name: str) -> bool:
        """Whether a text field of that name was sent."""
        return name in self._fields

    def field(self, name: str, default: str = "") -> str:
        """The text of a field; of a repeated one the last."""
        return self._fields[name][-1] if name in self._fields else default

    def fields(self, name: str) -> tuple[str, ...]:
        """All texts of a repeated field, whether its name is written with or without brackets ("x[]")."""
        bare = name.removesuffix("[]")
        return (*self._fields.get(bare, ()), *self._fields.get(f"{bare}[]", ()))

    @property
    def texts(self) -> Mapping[str, Sequence[str]]:
        """All text fields under the names that they were sent with, for who refuses what it does not know."""
        return self._fields

    def file(self, name: str) -> BinaryIO:
        """At its beginning. Raises WrongParameter where none was sent."""
        if name not in self._files:
            raise WrongParameter(f"the form has no file: send the recording as the field {name!r}", parameter=name)
        return self._files[name]


@asynccontextmanager
async def read_form(
    request: Request, *, largest_bytes: int, file_fields: Collection[str] = ("file",)
) -> AsyncGenerator[UploadedForm, None]:
    """The multipart form in a request's body; leaving the context removes its files.

    Raises TooLarge as soon as a file turns out to be larger than `largest_bytes`, BadInput for what is no form or
    breaks off, WrongParameter for a file in another field than `file_fields`.
    """
    _check_length(request, largest_bytes + _MOST_TEXT_BYTES, largest_bytes)
    parts = _Parts(largest_bytes=largest_bytes, file_fields=file_fields)
    try:
        parser = MultipartParser(_boundary(request, file_fields), cast("Any", parts.callbacks()))
        try:
            async for piece in request.stream():
                parts.received_bytes += len(piece)
                if parts.received_bytes > largest_bytes + _MOST_TEXT_BYTES:
                    raise too_large(largest_bytes)
                parser.write(piece)
                await parts.written()
        except FormParserError as error:
            raise BadInput("the form is malformed: its parts are not divided by the boundary of the header") from error
        except ClientDisconnect as error:
            raise BadInput("the form breaks off: the client left before its end") from error
        if not parts.complete:
            raise BadInput("the form breaks off before its last boundary: send it whole")
        for file in parts.files.values():
            file.seek(0)
        yield UploadedForm(parts.fields, parts.files)
    finally:
        for file in parts.files.values():
            file.close()


async def read_json(request: Request, *, largest_bytes: int) -> Any:
    """The JSON in a request's body, whatever its Content-Type says. Raises TooLarge while it arrives, BadInput."""
    body = await read_body(request, largest_bytes=largest_bytes)
    if not body.strip():
        raise BadInput("the body is empty: send JSON")
    if len(body) <= _SMALL_JSON_BYTES:
        return _parsed(body)
    return await asyncio.to_thread(_parsed, body)


async def read_body(request: Request, *, largest_bytes: int) -> bytes:
    """All of a request's body. Raises TooLarge while it arrives, BadInput where it breaks off."""
    _check_length(request, largest_bytes, largest_bytes)
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > largest_bytes:
                raise too_large(largest_bytes)
    except ClientDisconnect as error:
        raise BadInput("the body breaks off: the client left before its end") from error
    return bytes(body)


def decode_base64_audio(text: str, *, largest_bytes: int) -> BinaryIO:
    """A file in memory, at its beginning, out of base64 as clients write it: as a data: URL or bare, in lines, in the
    alphabet for URLs, without padding.

    Blocks for some milliseconds a megabyte. Raises BadInput for what is none, TooLarge.
    """
    if text[:5].lower() == "data:":
        kind, comma, text = text.partition(",")
        if not comma or not kind.lower().rstrip().endswith(";base64"):
            raise BadInput("the data: URL of the recording is not base64: it begins like data:audio/wav;base64,...")
    packed = "".join(text.split()).translate(_URL_SAFE).rstrip("=")
    if len(packed) * 3 // 4 > largest_bytes:
        raise too_large(largest_bytes)
    try:
        raw = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput("the recording is no base64: encode the bytes of the file, with or without data:...,") from error
    if not raw:
        raise BadInput("the recording is empty: send the bytes of a file as base64")
    return io.BytesIO(raw)


@dataclass(slots=True)
class _Part:
    disposition: bytes = b""
    name: str = ""
    text: bytearray | None = None
    file: BinaryIO | None = None


@dataclass(slots=True, kw_only=True)
class _Parts:
    """Takes what the parser finds. `written` is to be awaited after each piece: files may be on disk."""

    largest_bytes: int
    file_fields: Collection[str]
    fields: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    files: dict[str, BinaryIO] = field(default_factory=dict[str, BinaryIO])
    complete: bool = False
    received_bytes: int = 0
    _part: _Part = field(default_factory=_Part)
    _count: int = 0
    _text_bytes: int = 0
    _file_bytes: int = 0
    _header: bytes = b""
    _value: bytes = b""
    _waiting: list[tuple[BinaryIO, bytes]] = field(default_factory=list[tuple[BinaryIO, bytes]])

    def callbacks(self) -> dict[str, Any]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    async def written(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self._file_bytes <= _IN_MEMORY_BYTES:
            _write(waiting)
        elif waiting:
            # Not left in the middle: a thread must not write into a file that was closed.
            work = asyncio.ensure_future(asyncio.to_thread(_write, waiting))
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                await asyncio.wait([work])
                raise

    def _begin(self) -> None:
        self._part = _Part()
        self._count += 1
        if self._count > _MOST_PARTS:
            raise BadInput(
                f"the form has more than {_MOST_PARTS} parts: send the file and the fields that are described"
            )

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._part.disposition = self._value
        self._header = self._value = b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._part.disposition)
        if b"name" not in options:
            raise BadInput("a part of the form has no name: give each a Content-Disposition with name=...")
        name = self._part.name = options[b"name"].decode("utf-8", "replace")
        if name in self.file_fields:
            if name in self.files:
                raise WrongParameter(f"the form has several files {name!r}: send one at a time", parameter=name)
            # Kept until the form is left, not until this block is.
            self._part.file = self.files[name] = cast(
                "BinaryIO",
                tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES),  # noqa: SIM115
            )
        elif b"filename" in options:
            wanted = " or ".join(repr(each) for each in self.file_fields)
            instead = f"send the recording as the field {wanted}" if wanted else "send it as text"
            raise WrongParameter(f"{name[:40]!r} may not be a file: {instead}", parameter=name)
        else:
            self._part.text = bytearray()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part.file is not None:
            self._file_bytes += end - start
            if self._file_bytes > self.largest_bytes:
                raise too_large(self.largest_bytes)
            self._waiting.append((self._part.file, data[start:end]))
        elif self._part.text is not None:
            self._text_bytes += end - start
            if self._text_bytes > _MOST_TEXT_BYTES:
                raise TooLarge(f"the fields of the form have more than {_MOST_TEXT_BYTES} bytes: send less text")
            self._part.text += data[start:end]

    def _part_end(self) -> None:
        if self._part.text is not None:
            self.fields.setdefault(self._part.name, []).append(self._part.text.decode("utf-8", "replace"))

    def _end(self) -> None:
        self.complete = True


def _write(waiting: list[tuple[BinaryIO, bytes]]) -> None:
    for file, data in waiting:
        file.write(data)


def _boundary(request: Request, file_fields: Collection[str]) -> bytes:
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    if media_type.lower() != b"multipart/form-data":
        wanted = " and ".join(repr(each) for each in file_fields)
        shown = media_type.decode("latin-1")[:60] or "of no stated type"
        raise BadInput(f"the body is {shown}: send multipart/form-data with the recording as the field {wanted}")
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= 70:  # RFC 2046, 5.1.1
        raise BadInput("the Content-Type names no boundary: multipart/form-data; boundary=... divides the parts")
    return boundary


def _check_length(request: Request, most: int, largest_bytes: int) -> None:
    """Refuse at once what says itself that it is too large; what says otherwise is counted all the same."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > most:
        raise too_large(largest_bytes)


def too_large(largest_bytes: int) -> TooLarge:
    """The refusal of an upload, in words that clients of the voice onboarding API know."""
    return TooLarge(
        f"File too large: the upload is larger than {largest_bytes} bytes, send a shorter recording, or compress it"
    )


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the body is no JSON: {str(error)[:100]}") from error
