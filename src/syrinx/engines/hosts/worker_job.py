"""What a worker is told when it starts. It crosses on the worker's standard input: options may hold keys."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import cast

from syrinx.engines.contract import Kind, Options
from syrinx.errors import ConfigurationError

SOCKET_NAME = "engine.sock"
LONGEST_SOCKET_PATH = 100
"""Bytes; the address of a Unix socket holds 104 on macOS and 108 on Linux."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerJob:
    kind: Kind
    name: str
    provider: str | None
    """"module:attribute"; None looks the name up among the entry points installed beside the worker."""
    options: Options
    parent_pid: int

    def to_line(self) -> bytes:
        return json.dumps(asdict(self) | {"options": dict(self.options)}).encode() + b"\n"

    @staticmethod
    def from_line(line: bytes) -> WorkerJob:
        """Raises ConfigurationError when the line does not say what to do."""
        try:
            content = cast("dict[str, object]", json.loads(line))
            return WorkerJob(
                kind=cast("Kind", content["kind"]),
                name=cast("str", content["name"]),
                provider=cast("str | None", content["provider"]),
                options=cast("Options", content["options"]),
                parent_pid=cast("int", content["parent_pid"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                "a worker is started by the server, which tells it in one line of JSON what to run"
            ) from error
