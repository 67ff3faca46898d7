"""A small object store of S3's kind on the loopback interface: one bucket in memory, with faults that a test chooses.

with open_s3_stand_in() as s3:
    ...                                        # a client with s3.url, s3.bucket, s3.options
    s3.answer_with(503, times=2)               # then as usual again
    assert s3.objects.keys() == {"sample/ab/abc"}

It knows what a client of blobs needs: PUT, GET, HEAD, DELETE, several at once too, lists (version 2, by pages) and
uploads in parts. Requests must be signed with its key's name; signatures are not worked out again.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape, unescape

BUCKET: Final = "syrinx-blobs"
KEY_ID: Final = "stand-in"
_NAMESPACE: Final = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
_POLL_S: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    content: bytes
    media_type: str
    changed_at: datetime

    @property
    def tag(self) -> str:
        return f'"{hashlib.md5(self.content, usedforsecurity=False).hexdigest()}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRequest:
    method: str
    path: str
    """With what stands after the question mark."""
    headers: Mapping[str, str]
    """Names in lower case."""


@dataclass(slots=True, kw_only=True)
class _Upload:
    key: str
    media_type: str
    parts: dict[int, bytes] = field(default_factory=dict[int, bytes])


class S3StandIn:
    """Made by `open_s3_stand_in`."""

    def __init__(self) -> None:
        self.url = ""
        self.bucket = BUCKET
        self.objects: dict[str, StoredObject] = {}
        """By key; may be changed at any time."""
        self.uploads: dict[str, _Upload] = {}
        """In parts and neither finished nor given up."""
        self.requests: list[SeenRequest] = []
        self.page = 1000
        """So many keys are listed at a time."""
        self._answers: list[int] = []
        self._lock = threading.Lock()

    @property
    def options(self) -> dict[str, str]:
        """Of a client that it lets in."""
        return {
            "endpoint": self.url,
            "region": "eu-test-1",
            "access_key_id": KEY_ID,
            "secret_access_key": "of the stand-in",
            "allow_http": "true",
        }

    def answer_with(self, status: int, *, times: int) -> None:
        """Before anything else, so many requests get that status and no more."""
        with self._lock:
            self._answers.extend([status] * times)

    def taken_answer(self) -> int | None:
        with self._lock:
            return self._answers.pop(0) if self._answers else None

    def keep(self, key: str, content: bytes, media_type: str) -> StoredObject:
        kept = StoredObject(content=content, media_type=media_type, changed_at=datetime.now(UTC))
        self.objects[key] = kept
        return kept


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride] - only _Server makes handlers

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """A test's output is not the place for a log."""

    def _answer(self) -> None:
        s3 = self.server.s3
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        s3.requests.append(SeenRequest(method=self.command, path=self.path, headers=headers))
        address = urlsplit(self.path)
        bucket, _, key = unquote(address.path).removeprefix("/").partition("/")
        asked = {name: values[0] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
        if (status := s3.taken_answer()) is not None:
            self._refuse(status, "SlowDown")
        elif f"Credential={KEY_ID}/" not in headers.get("authorization", ""):
            self._refuse(403, "AccessDenied")
        elif bucket != s3.bucket:
            self._refuse(404, "NoSuchBucket")
        elif not key:
            self._of_bucket(asked, body)
        elif "uploads" in asked or "uploadId" in asked:
            self._in_parts(key, asked, body)
        else:
            self._of_object(key, body)

    def _of_object(self, key: str, body: bytes) -> None:
        s3 = self.server.s3
        found = s3.objects.get(key)
        match self.command:
            case "PUT":
                kept = s3.keep(key, body, self.headers.get("Content-Type", ""))
                self._send(200, b"", {"ETag": kept.tag})
            case "DELETE":
                s3.objects.pop(key, None)
                self._send(204, b"", {})
            case "GET" | "HEAD" if found is None:
                self._refuse(404, "NoSuchKey")
            case "GET" | "HEAD" if found is not None:
                told = {"ETag": found.tag, "Last-Modified": format_datetime(found.changed_at, usegmt=True)}
                self._send(200, found.content, {**told, "Content-Type": found.media_type})
            case _:
                self._refuse(405, "MethodNotAllowed")

    def _of_bucket(self, asked: Mapping[str, str], body: bytes) -> None:
        s3 = self.server.s3
        if self.command == "POST" and "delete" in asked:
            keys = [unescape(key) for key in re.findall(r"<Key>(.*?)</Key>", body.decode(), re.DOTALL)]
            for key in keys:
                s3.objects.pop(key, None)
            deleted = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
            self._send_xml(f"<DeleteResult {_NAMESPACE}>{deleted}</DeleteResult>")
        elif self.command == "GET" and asked.get("list-type") == "2":
            self._list(asked.get("prefix", ""), asked.get("continuation-token", ""))
        else:
            self._refuse(405, "MethodNotAllowed")

    def _list(self, prefix: str, after: str) -> None:
        s3 = self.server.s3
        found = sorted(key for key in s3.objects if key.startswith(prefix) and key > after)
        page, more = found[: s3.page], len(found) > s3.page
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{_moment(s3.objects[key])}</LastModified>"
            f"<ETag>{escape(s3.objects[key].tag)}</ETag><Size>{len(s3.objects[key].content)}</Size></Contents>"
            for key in page
        )
        following = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        self._send_xml(
            f"<ListBucketResult {_NAMESPACE}><Name>{s3.bucket}</Name><Prefix>{escape(prefix)}</Prefix>"
            f"<KeyCount>{len(page)}</KeyCount><MaxKeys>{s3.page}</MaxKeys>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{contents}{following}</ListBucketResult>"
        )

    def _in_parts(self, key: str, asked: Mapping[str, str], body: bytes) -> None:
        s3 = self.server.s3
        if self.command == "POST" and "uploads" in asked:
            number = secrets.token_hex(8)
            s3.uploads[number] = _Upload(key=key, media_type=self.headers.get("Content-Type", ""))
            self._send_xml(
                f"<InitiateMultipartUploadResult {_NAMESPACE}><Bucket>{s3.bucket}</Bucket><Key>{escape(key)}</Key>"
                f"<UploadId>{number}</UploadId></InitiateMultipartUploadResult>"
            )
            return
        upload = s3.uploads.get(asked.get("uploadId", ""))
        if upload is None or upload.key != key:
            self._refuse(404, "NoSuchUpload")
        elif self.command == "PUT":
            upload.parts[int(asked["partNumber"])] = body
            self._send(200, b"", {"ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'})
        elif self.command == "DELETE":
            del s3.uploads[asked["uploadId"]]
            self._send(204, b"", {})
        else:
            wanted = [int(number) for number in re.findall(r"<PartNumber>(\d+)</PartNumber>", body.decode())]
            if wanted != sorted(upload.parts):
                self._refuse(400, "InvalidPart")
                return
            whole = s3.keep(key, b"".join(upload.parts[number] for number in wanted), upload.media_type)
            del s3.uploads[asked["uploadId"]]
            self._send_xml(
                f"<CompleteMultipartUploadResult {_NAMESPACE}><Bucket>{s3.bucket}</Bucket><Key>{escape(key)}</Key>"
                f"<ETag>{escape(whole.tag)}</ETag></CompleteMultipartUploadResult>"
            )

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, f"<Error><Code>{code}</Code></Error>".encode(), {"Content-Type": "application/xml"})

    def _send_xml(self, answer: str) -> None:
        self._send(200, answer.encode(), {"Content-Type": "application/xml"})

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(body)


def _moment(stored: StoredObject) -> str:
    return stored.changed_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, s3: S3StandIn) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.s3 = s3

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, as one does whose upload is cancelled, is no mistake to be printed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def open_s3_stand_in() -> Generator[S3StandIn, None, None]:
    """Serve on a free port from threads of its own; leaving ends them."""
    s3 = S3StandIn()
    server = _Server(s3)
    s3.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_S,), daemon=True)
    thread.start()
    try:
        yield s3
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
