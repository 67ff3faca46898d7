"""Models and a running server: what it gets by itself, and what commands bring and take meanwhile."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.app.conftest import CommandLine
from tests.app.serving import serving
from tests.journeys.tiny_models import open_tiny_hub

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")

TOKEN = "hf_s3cret-of-the-test"
NAMES = {"whisper-base", "kokoro", "qwen2.5-0.5b"}


def until(condition: Callable[[], bool], what: str) -> None:
    for _ in range(900):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail(f"{what} did not happen within 90 s")


class Page:
    """What the page asks the server."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def model(self, name: str) -> dict[str, Any]:
        return next(model for model in self._get("/api/models")["models"] if model["name"] == name)

    def in_use(self, name: str) -> bool:
        return bool(self.model(name)["in_use"])

    def voices(self) -> list[str]:
        """The engines whose voices a talk gets."""
        return [engine["name"] for engine in self._get("/api/talk/options")["engines"]["tts"] if engine["chosen"]]

    def remove(self, name: str) -> dict[str, Any]:
        return self._client.delete(f"/api/models/{name}").raise_for_status().json()

    def verify(self, name: str) -> dict[str, Any]:
        return self._client.post(f"/api/models/{name}/verify", json={}).raise_for_status().json()

    def _get(self, path: str) -> dict[str, Any]:
        return self._client.get(path).raise_for_status().json()


@contextmanager
def page_of(address: str) -> Generator[Page, None, None]:
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
        yield Page(client)


def test_a_server_gets_the_recommended_models_and_follows_what_commands_do(tmp_path: Path, syrinx: CommandLine) -> None:
    with open_tiny_hub(tmp_path / "hub") as tiny:
        own = tiny.hub.repositories["tests/kokoro"]
        variables = {**tiny.variables, "SYRINX_HOME": str(tmp_path / "kept"), "HF_TOKEN": TOKEN}

        def command(*arguments: str, **more: str) -> str:
            done = syrinx("models", *arguments, **variables, **more)
            assert done.returncode == 0, done.stderr
            return done.stdout

        with (
            serving(
                tmp_path, python=Path(sys.executable), SYRINX_AUTO_PULL="1", SYRINX_LOG_LEVEL="DEBUG", **variables
            ) as server,
            page_of(server.address) as page,
        ):
            until(lambda: all(page.in_use(name) for name in NAMES), "the use of what is recommended")
            assert "kokoro" in page.voices()

            command("remove", "kokoro", "--yes")
            assert "kokoro" not in page.voices()
            assert page.model("kokoro")["state"] == "available"
            command("pull", "kokoro", "--accept-licence")
            assert page.in_use("kokoro")
            assert page.remove("kokoro")["state"] == "available"
            assert "kokoro" not in page.voices()

            command("adopt", "kokoro", str(own))
            assert page.in_use("kokoro")
            assert page.verify("kokoro") == {"ok": True, "problems": []}
            assert page.remove("kokoro")["state"] == "available"
            assert {file.name for file in own.iterdir()} == {"kokoro-v1.0.onnx", "voices-v1.0.bin"}
            assert server.stop() in {0, -15}
            log = server.log.read_text()
            assert "Traceback" not in log
            assert TOKEN not in log
            assert tiny.hub.storage_url not in log, "the hub signs these addresses"
            assert any(request.headers.get("authorization") == f"Bearer {TOKEN}" for request in tiny.hub.requests)

        offline = syrinx("models", "pull", "kokoro", "--accept-licence", **variables, HF_HUB_OFFLINE="1")
        assert offline.returncode == 1
        assert "syrinx models adopt kokoro FOLDER" in offline.stderr
