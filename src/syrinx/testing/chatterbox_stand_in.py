"""A small Chatterbox server on the loopback interface: it speaks tones as high as the sample that comes with a text.

async with open_chatterbox_stand_in() as server:
    engine.open({"url": server.root})
    server.answer_with(whole({"detail": {"error": {"message": "CUDA out of memory"}}}, status=500))  # once
    assert server.forms[0].field("exaggeration") == "0.5"
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from syrinx.audio.pitch import median_pitch_hz
from syrinx.audio.wav import read_wav, wav_bytes
from syrinx.testing.audio import sine
from syrinx.testing.openai_stand_in import Answer, OpenAiStandIn, SeenRequest, open_stand_in, whole
from syrinx.testing.speech_stand_in import Form, form_of

RATE_HZ: Final = 24_000
CHAR_MS: Final = 50.0
OWN_HZ: Final = 330.0
"""Of its own voice."""
_MOST_CHARS: Final = 3_000
_STEP_BYTES: Final = 4_800


@dataclass(kw_only=True)
class ChatterboxStandIn:
    """What it saw is read from it."""

    key: str = ""
    """What it wants to be sent for everything but its health."""
    status: str = "ready"
    """As /health tells it."""
    server: OpenAiStandIn = field(default_factory=OpenAiStandIn)

    @property
    def root(self) -> str:
        return self.server.url.removesuffix("/v1")

    @property
    def requests(self) -> list[SeenRequest]:
        """All but those for its health."""
        return [request for request in self.server.requests if request.method == "POST"]

    @property
    def forms(self) -> list[Form]:
        """All uploads."""
        return [form_of(request) for request in self.requests if request.path.endswith("/upload")]

    def answer_with(self, *answers: Answer) -> None:
        """The next requests get these; those after them what is usual."""
        self.server.answer_with(*answers)

    def usual_answer(self, request: SeenRequest) -> Answer:
        if self.key and request.path != "/health" and request.headers.get("authorization") != f"Bearer {self.key}":
            return whole({"detail": "wrong token"}, status=401)
        match (request.method, request.path):
            case ("GET", "/health"):
                return whole({"status": self.status, "model_loaded": True, "device": "cpu"})
            case ("POST", "/v1/audio/speech"):
                return _spoken(request.json, OWN_HZ)
            case ("POST", "/v1/audio/speech/upload"):
                form = form_of(request)
                if form.file_field != "voice_file" or not form.file_name.endswith(".wav"):
                    return _refused("a voice_file in a known format is wanted")
                pitch_hz = median_pitch_hz(read_wav(form.content))
                return _spoken({name: values[0] for name, values in form.fields.items()}, pitch_hz or OWN_HZ)
            case _:
                return whole({"detail": "Not Found"}, status=404)


def _spoken(asked: dict[str, Any], pitch_hz: float) -> Answer:
    text = str(asked.get("input", "")).strip()
    if not 0 < len(text) <= _MOST_CHARS:
        return _refused("Input text cannot be empty, nor longer than 3000 characters")
    if not 0.25 <= float(asked.get("exaggeration", 0.5)) <= 2.0:
        return _refused("exaggeration is from 0.25 to 2.0")
    wav = wav_bytes(sine(pitch_hz, duration_ms=len(text) * CHAR_MS, sample_rate_hz=RATE_HZ))
    steps = tuple(wav[at : at + _STEP_BYTES] for at in range(0, len(wav), _STEP_BYTES))
    return Answer(steps=steps, content_type="audio/wav")


def _refused(message: str) -> Answer:
    return whole({"detail": {"error": {"message": message, "type": "invalid_request_error"}}}, status=400)


@asynccontextmanager
async def open_chatterbox_stand_in() -> AsyncGenerator[ChatterboxStandIn, None]:
    """Serve on a free port; leaving ends the server and every connection."""
    stand_in = ChatterboxStandIn()
    async with open_stand_in(stand_in.usual_answer) as server:
        stand_in.server = server
        yield stand_in
