"""A small speech server on the loopback interface: OpenAI's audio routes, whisper.cpp's and the brokers', by script.

async with open_speech_stand_in() as server:
    engine.open({"url": server.url})          # http://127.0.0.1:PORT/v1; `server.root` is without the path
    server.answer_with(whole({"error": "busy"}, status=503))   # once, then as usual again
    assert server.requests[0].json["voice"] == "alloy"

It speaks tones, by voice and as long as the text is, and understands what it is told to (`understands`).
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import av
import numpy as np

from syrinx.audio.pcm import PcmChunk, chunk_of
from syrinx.audio.wav import wav_bytes, wav_header
from syrinx.testing.audio import sine
from syrinx.testing.openai_stand_in import Answer, OpenAiStandIn, SeenRequest, Step, open_stand_in, whole

RATE_HZ: Final = 24_000
CHAR_MS: Final = 50.0
_STEP_BYTES: Final = 4_800
"""A tenth of a second."""

Understand = Callable[[PcmChunk], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A multipart upload as it came."""

    fields: dict[str, list[str]]
    file_name: str
    media_type: str
    content: bytes
    file_field: str = "file"
    """What the form calls the file."""

    def field(self, name: str) -> str | None:
        return self.fields.get(name, [None])[0]


def form_of(request: SeenRequest) -> Form:
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    fields: dict[str, list[str]] = {}
    name, media_type, content, file_field = "", "", b"", ""
    for part in request.body.split(b"--" + boundary)[1:-1]:
        head, _, body = part.removeprefix(b"\r\n").removesuffix(b"\r\n").partition(b"\r\n\r\n")
        headers = head.decode()
        field_name = headers.partition('name="')[2].partition('"')[0]
        if 'filename="' in headers:
            name = headers.partition('filename="')[2].partition('"')[0]
            media_type = headers.lower().partition("content-type:")[2].strip()
            content, file_field = body, field_name
        else:
            fields.setdefault(field_name, []).append(body.decode())
    return Form(fields=fields, file_name=name, media_type=media_type, content=content, file_field=file_field)


def decoded(content: bytes) -> PcmChunk:
    """Any of the uploads as mono at 16 kHz."""
    parts: list[np.ndarray[Any, Any]] = []
    with av.open(io.BytesIO(content), "r") as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        for frame in container.decode(audio=0):
            parts += [each.to_ndarray()[0] for each in resampler.resample(frame)]
        parts += [each.to_ndarray()[0] for each in resampler.resample(None)]
    samples = np.concatenate(parts) if parts else np.zeros(0, np.int16)
    return chunk_of(samples.astype(np.int16), sample_rate_hz=16_000)


@dataclass(kw_only=True)
class SpeechStandIn:
    """What it can do is changed by setting these; what it saw is read from them."""

    understands: Understand = lambda _: "so it is"
    voices: Sequence[str] | None = None
    """What it lists; None has no list."""
    takes_pcm: bool = True
    """Whether speech may be asked for as bare samples."""
    streams: bool = True
    """Whether it has /audio-stream."""
    verbose: bool = True
    """Whether transcripts may have times."""
    remote_status: str = "healthy"
    """Of the server behind it, as a broker's /healthz tells."""
    key: str = ""
    """What it wants to be sent for everything but its health."""
    heard: list[PcmChunk] = field(default_factory=list[PcmChunk])
    """Every upload so far, decoded."""
    server: OpenAiStandIn = field(default_factory=OpenAiStandIn)

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def root(self) -> str:
        return self.server.url.removesuffix("/v1")

    @property
    def requests(self) -> list[SeenRequest]:
        """All but those for lists and health."""
        return [request for request in self.server.requests if request.method == "POST"]

    @property
    def forms(self) -> list[Form]:
        return [form_of(request) for request in self.requests]

    def answer_with(self, *answers: Answer) -> None:
        """The next requests get these; those after them what is usual."""
        self.server.answer_with(*answers)

    def usual_answer(self, request: SeenRequest) -> Answer:
        route = (request.method, request.path.removeprefix("/v1"))
        sent = request.headers.get("authorization")
        if self.key and route[1] not in ("/health", "/healthz") and sent != f"Bearer {self.key}":
            return whole({"detail": f"wrong token: {sent}"}, status=401)
        match route:
            case ("GET", "/models"):
                return whole({"object": "list", "data": [{"id": "tts-1"}, {"id": "whisper-1"}]})
            case ("GET", "/audio/voices" | "/voices") if self.voices is not None:
                return whole({"voices": list(self.voices)})
            case ("GET", "/health"):
                return whole({"status": "ok"})
            case ("GET", "/healthz"):
                return whole({"status": "ok", "remote_status": self.remote_status})
            case ("POST", "/audio/speech"):
                return self._speech(request.json)
            case ("POST", "/audio-stream") if self.streams:
                asked = request.json
                return _streamed(speech(asked["text"], voice=asked["voice"], speed=asked["speed"]), "wav")
            case ("POST", "/synthesize"):
                return _clip(request.json)
            case ("POST", "/audio/transcriptions" | "/audio/translations" | "/inference"):
                return self._transcript(form_of(request))
            case _:
                return whole({"detail": "Not Found"}, status=404)

    def _speech(self, asked: dict[str, Any]) -> Answer:
        sound_format = asked.get("response_format", "mp3")
        if sound_format == "pcm" and not self.takes_pcm:
            return whole({"error": {"message": "pcm is not supported, use wav"}}, status=400)
        return _streamed(speech(asked["input"], voice=asked["voice"], speed=asked.get("speed", 1.0)), sound_format)

    def _transcript(self, form: Form) -> Answer:
        clip = decoded(form.content)
        self.heard.append(clip)
        text = self.understands(clip)
        if form.field("response_format") != "verbose_json":
            return whole({"text": text})
        if not self.verbose:
            return whole({"error": {"message": "response_format 'verbose_json' is not compatible"}}, status=400)
        return whole(verbose(text, duration_ms=clip.duration_ms, language=form.field("language")))


def speech(text: str, *, voice: str, speed: float) -> PcmChunk:
    """A tone for each voice, as long as the text takes."""
    pitch_hz = 120.0 + 20.0 * (sum(voice.encode()) % 12)
    return sine(pitch_hz, duration_ms=max(1, len(text)) * CHAR_MS / speed, sample_rate_hz=RATE_HZ)


def verbose(text: str, *, duration_ms: float, language: str | None) -> dict[str, Any]:
    """A verbose answer whose words follow each other evenly."""
    words = text.split()
    step_s = duration_ms / 1000 / max(1, len(words))
    timed = [
        {"word": word.strip(".,!?"), "start": round(at * step_s, 3), "end": round((at + 1) * step_s, 3)}
        for at, word in enumerate(words)
    ]
    segment = {"id": 0, "start": 0.0, "end": round(duration_ms / 1000, 3), "text": f" {text}", "avg_logprob": -0.25}
    return {
        "task": "transcribe",
        "language": "english" if language in (None, "auto") else language,
        "duration": duration_ms / 1000,
        "text": text,
        "words": timed,
        "segments": [segment] if words else [],
    }


def _streamed(clip: PcmChunk, sound_format: str) -> Answer:
    steps: list[Step] = [wav_header(clip.sample_rate_hz, None)] if sound_format == "wav" else []
    steps += [clip.pcm[at : at + _STEP_BYTES] for at in range(0, len(clip.pcm), _STEP_BYTES)]
    return Answer(steps=tuple(steps), content_type="audio/wav" if sound_format == "wav" else "audio/pcm")


def _clip(asked: dict[str, Any]) -> Answer:
    clip = speech(asked["text"], voice=asked["voice"], speed=asked["speed"])
    content = {
        "audio_base64": base64.b64encode(wav_bytes(clip)).decode(),
        "audio_sample_rate": clip.sample_rate_hz,
        "audio_duration_seconds": clip.duration_ms / 1000,
    }
    return Answer(steps=(json.dumps(content).encode(),), content_type="application/json")


@asynccontextmanager
async def open_speech_stand_in() -> AsyncGenerator[SpeechStandIn, None]:
    """Serve on a free port; leaving ends the server and every connection."""
    stand_in = SpeechStandIn()
    async with open_stand_in(stand_in.usual_answer) as server:
        stand_in.server = server
        yield stand_in
