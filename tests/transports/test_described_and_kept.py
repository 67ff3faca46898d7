"""The whole description of the HTTP interface put to the test: what it promises is what every route does."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.transports.talking_house import talk_server

from syrinx.testing.hub_stand_in import open_hub_stand_in

pytestmark = pytest.mark.timeout(400)

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "ignored_auth",
    "unsupported_method",
)
EXAMPLES = int(os.environ.get("SYRINX_SCHEMA_EXAMPLES", "2"))
"""Per operation and phase; more find more and take longer."""


async def test_no_route_breaks_or_answers_otherwise_than_described(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """schemathesis makes requests from the description, right and wrong ones, and holds every answer against it."""
    with open_hub_stand_in({}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        finding = await _put_to_the_test(tmp_path)
    assert finding.returncode == 0, finding.stdout[-40_000:] + finding.stderr[-2_000:]


async def _put_to_the_test(folder: Path) -> subprocess.CompletedProcess[str]:
    async with talk_server(token="t0ken-of-the-test", home=folder / "home") as server:
        return await asyncio.to_thread(
            subprocess.run,
            [
                str(Path(sys.executable).parent / "schemathesis"),
                "run",
                f"{server.address}/openapi.json",
                "--header",
                "Authorization: Bearer t0ken-of-the-test",
                "--checks",
                ",".join(CHECKS),
                "--max-examples",
                str(EXAMPLES),
                "--seed",
                "4",
                "--request-timeout",
                "20",
                "--no-color",
            ],
            cwd=folder,
            env={**os.environ, "NO_PROXY": "127.0.0.1", "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "examples")},
            capture_output=True,
            text=True,
            check=False,
        )
