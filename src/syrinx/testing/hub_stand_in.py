"""A small model hub on the loopback interface: folders served as repositories, with faults that a test chooses.

with open_hub_stand_in({"people/whisper": folder}) as hub:
    hub.break_with(Cut(file="model.bin", after_bytes=1000, times=1))
    ...                                   # pull from hub.url
    assert hub.bytes_served("model.bin") == size
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "5eed" * 10
"""What every revision of every repository is resolved to, unless a test changes `HubStandIn.commit`."""

_LARGE_SUFFIXES = frozenset({".bin", ".onnx", ".npz", ".safetensors"})
_CHUNK_BYTES = 64 * 1024
_POLL_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong when `file` is asked for; of several that fit, each kind's first counts."""

    file: str = "*"
    """Its path in the repository; * stands for all."""
    times: int | None = None
    """How many answers it spoils; None: all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(Fault):
    """The connection breaks after so many bytes of the answer's body."""

    after_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrupt(Fault):
    """One byte of the body is another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Fault):
    """Nothing more is sent after so many bytes until the test sets `until`; `reached` tells when that is."""

    after_bytes: int = 0
    until: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Fault):
    """An answer of that status, with the hub's `X-Error-Code` where one is given (GatedRepo, RepoNotFound ...)."""

    status: int
    error_code: str = ""
    only_get: bool = False
    """True: questions about the file are still answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongSize(Fault):
    """The hub declares this size; the file is as it is."""

    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRedirect(Fault):
    """Who asks for a large file is sent to the storage without a word about it, as some mirrors do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRanges(Fault):
    """Every answer is the whole file, whatever part was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoDigest(Fault):
    """Answers carry an entity tag that is no checksum, as a plain file server's do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRequest:
    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    file: str
    """The file's path in its repository; "" where none was asked for."""
    storage: bool
    """True: asked at the address to which the hub sends people for large files."""


class HubStandIn:
    """Large files (by suffix) are redirected to a storage of another address, as the hub does."""

    def __init__(self, repositories: Mapping[str, Path], faults: Sequence[Fault]) -> None:
        self.repositories = dict(repositories)
        """By `owner/name`; may be changed at any time."""
        self.renamed: dict[str, str] = {}
        """Old names of repositories, and where people are sent who ask for them."""
        self.commit = COMMIT
        self.url = ""
        self.storage_url = ""
        self.requests: list[SeenRequest] = []
        self.closing = threading.Event()
        self._faults: list[tuple[Fault, int]] = []
        self._served: dict[str, int] = {}
        self._lock = threading.Lock()
        self.break_with(*faults)

    def break_with(self, *faults: Fault) -> None:
        """From now on these go wrong, and nothing else."""
        with self._lock:
            self._faults = [(fault, 0) for fault in faults]

    def bytes_served(self, file: str | None = None) -> int:
        """Of bodies, to whoever asked, so far: of that file, or of all."""
        with self._lock:
            return sum(self._served.values()) if file is None else self._served.get(file, 0)

    def asked_for(self, file: str, *, method: str = "GET") -> int:
        """How many requests there were for the file's content, redirects not counted."""
        requests = tuple(self.requests)
        large = Path(file).suffix in _LARGE_SUFFIXES
        return sum(seen.method == method and seen.file == file and seen.storage == large for seen in requests)

    def taken(self, kind: type[Fault], file: str) -> Fault | None:
        """The fault of that kind for this file, counted as one of its times."""
        with self._lock:
            for index, (fault, used) in enumerate(self._faults):
                fits = type(fault) is kind and fault.file in {"*", file}
                if fits and (fault.times is None or used < fault.times):
                    self._faults[index] = (fault, used + 1)
                    return fault
        return None

    def served(self, file: str, count: int) -> None:
        with self._lock:
            self._served[file] = self._served.get(file, 0) + count

    def find(self, repository: str, file: str) -> Path | None:
        folder = self.repositories.get(repository)
        if folder is None or not file or ".." in file.split("/"):
            return None
        path = folder / file
        return path if path.is_file() else None


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def git_blob_sha1_of(path: Path) -> str:
    """How git, and the hub for its small files, names a content."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride] - only _Server makes handlers

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """A test's output is not the place for a log."""

    def _answer(self) -> None:
        hub = self.server.hub
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        if self.server.storage:
            repository, file = "/".join(parts[:2]), "/".join(parts[2:])
        elif parts[:2] == ["api", "models"]:
            repository, file = "/".join(parts[2:4]), ""
        else:
            repository, file = "/".join(parts[:2]), "/".join(parts[4:])
        headers = {name.lower(): value for name, value in self.headers.items()}
        hub.requests.append(
            SeenRequest(method=self.command, path=self.path, headers=headers, file=file, storage=self.server.storage)
        )
        status = hub.taken(Status, file)
        if isinstance(status, Status) and not (status.only_get and self.command == "HEAD"):
            self._refuse(status.status, status.error_code)
        elif not self.server.storage and repository in hub.renamed:
            self._redirect(self.path.replace(repository, hub.renamed[repository], 1), {})
        elif repository not in hub.repositories:
            # The hub does not tell strangers which repositories exist.
            self._refuse(401, "RepoNotFound")
        elif not file:
            self._tell(repository)
        elif (path := hub.find(repository, file)) is None:
            self._refuse(404, "EntryNotFound")
        elif self.server.storage or path.suffix not in _LARGE_SUFFIXES:
            self._send_file(file, path)
        else:
            wrong = hub.taken(WrongSize, file)
            size = wrong.size_bytes if isinstance(wrong, WrongSize) else path.stat().st_size
            linked = {"X-Linked-ETag": self._tag(file, path), "X-Linked-Size": str(size)}
            plain = hub.taken(PlainRedirect, file) is not None
            self._redirect(f"{hub.storage_url}/{repository}/{file}", {} if plain else linked)

    def _tag(self, file: str, path: Path) -> str:
        if self.server.hub.taken(NoDigest, file):
            return '"5f3c-1"'
        digest = sha256_of(path) if path.suffix in _LARGE_SUFFIXES else git_blob_sha1_of(path)
        return f'"{digest}"'

    def _tell(self, repository: str) -> None:
        folder = self.server.hub.repositories[repository]
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        told = {"id": repository, "sha": self.server.hub.commit, "siblings": [{"rfilename": file} for file in files]}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _refuse(self, status: int, error_code: str) -> None:
        self.send_response(status)
        if error_code:
            self.send_header("X-Error-Code", error_code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _redirect(self, location: str, headers: Mapping[str, str]) -> None:
        self.send_response(302)
        for name, value in {**headers, "Location": location, "X-Repo-Commit": self.server.hub.commit}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_file(self, file: str, path: Path) -> None:
        hub = self.server.hub
        content = path.read_bytes()
        first = 0 if hub.taken(NoRanges, file) else self._first_byte()
        if first >= len(content) > 0:
            self._refuse(416, "")
            return
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.send_header("ETag", self._tag(file, path))
        self.send_header("X-Repo-Commit", hub.commit)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        if self.command == "GET":
            self._send_body(file, content[first:])

    def _first_byte(self) -> int:
        asked = self.headers.get("Range", "")
        return int(asked.removeprefix("bytes=").partition("-")[0] or 0) if asked.startswith("bytes=") else 0

    def _send_body(self, file: str, body: bytes) -> None:
        hub = self.server.hub
        if hub.taken(Corrupt, file) and body:
            body = body[:-1] + bytes([body[-1] ^ 0xFF])
        cut, hold = hub.taken(Cut, file), hub.taken(Hold, file)
        end = min(len(body), cut.after_bytes) if isinstance(cut, Cut) else len(body)
        stop = min(end, hold.after_bytes) if isinstance(hold, Hold) else end
        try:
            self._send_part(file, body[:stop])
            if isinstance(hold, Hold):
                hold.reached.set()
                while not hold.until.wait(_POLL_S) and not hub.closing.is_set():
                    pass
                self._send_part(file, body[stop:end])
        except OSError:
            self.close_connection = True  # the client has gone
            return
        if end < len(body):
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def _send_part(self, file: str, part: bytes) -> None:
        for first in range(0, len(part), _CHUNK_BYTES):
            chunk = part[first : first + _CHUNK_BYTES]
            self.wfile.write(chunk)
            self.server.hub.served(file, len(chunk))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, hub: HubStandIn, *, storage: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub
        self.storage = storage
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, as one does whose pull is cancelled, is no mistake to be printed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def open_hub_stand_in(
    repositories: Mapping[str, Path], *, faults: Sequence[Fault] = ()
) -> Generator[HubStandIn, None, None]:
    """Serve on free ports from threads of its own; leaving ends them, and lets go of all that a Hold keeps."""
    hub = HubStandIn(repositories, faults)
    servers = (_Server(hub, storage=False), _Server(hub, storage=True))
    hub.url, hub.storage_url = (server.url for server in servers)
    threads = [threading.Thread(target=server.serve_forever, args=(_POLL_S,), daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield hub
    finally:
        hub.closing.set()
        for server in servers:
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join()
