"""An environment without anybody's settings, and the command line as a process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CommandLine = Callable[..., "subprocess.CompletedProcess[str]"]


def plain_environment() -> dict[str, str]:
    """The process environment without settings of Syrinx, keys of language models and a proxy."""
    return {
        name: value
        for name, value in os.environ.items()
        if not re.match(r"SYRINX_|O\w+_API_KEY|OLLAMA|.*_proxy$", name, re.IGNORECASE)
    }


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Run in an empty folder, without variables of Syrinx; returns the folder, for a .env."""
    for name in set(os.environ) - set(plain_environment()):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def syrinx(tmp_path: Path) -> CommandLine:
    """Run a command as a person would, in an empty folder; keyword arguments are variables of the environment."""

    def run(
        *arguments: str, stdin: str = "", timeout_s: float = 60.0, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        # Port 9 answers nobody: a local Ollama of the developer's must not decide a test.
        environment = {**plain_environment(), "OLLAMA_HOST": "127.0.0.1:9", "SYRINX_HOME": str(tmp_path), **variables}
        return subprocess.run(
            [sys.executable, "-m", "syrinx.app.cli", *arguments],
            cwd=tmp_path,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    return run
