"""A scripted server for Speak and Listen: narrations, transcripts, pronunciations, as slow or broken as a test says."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import threading
import wave
from collections.abc import AsyncGenerator, Iterable
from typing import Any, Final

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Message = dict[str, Any]
Event = tuple[str, Message]

RATE_HZ: Final = 24_000
WORD_MS: Final = 260.0
PAUSE_MS: Final = 240.0
CUT: Final = "cut"
"""A step at which the connection breaks off."""
WAIT: Final = "wait"
"""A step that lasts until the test calls `go_on`."""
Step = Event | float | str
"""An event to send, seconds to let pass, or one of the above."""


def tone(duration_ms: float, frequency_hz: float = 220.0, rate_hz: int = RATE_HZ) -> bytes:
    """A syllable: a tone that swells and fades."""
    times = np.arange(round(rate_hz * duration_ms / 1000)) / rate_hz
    swell = np.sin(np.pi * times * 1000 / duration_ms) ** 0.6
    samples = 0.5 * swell * (np.sin(2 * np.pi * frequency_hz * times) + 0.3 * np.sin(5 * np.pi * frequency_hz * times))
    return (samples * 32767 * 0.7).astype("<i2").tobytes()


def sound(pcm: bytes) -> Event:
    return "sound", {"pcm": base64.b64encode(pcm).decode()}


def begun(**facts: Any) -> Event:
    about: Message = {
        "engine": "flite", "voice": "flite:slt", "language": "en-US", "sample_rate": RATE_HZ, "not_applied": [],
        "queued_ms": 0.0, "first_sound_ms": 42.0, "cached": False,
    }  # fmt: skip
    return "begun", {**about, **facts}


def narrated(text: str, *, exact: bool = True, **facts: Any) -> list[Event]:
    """All events of a text in which every word lasts as long as any other."""
    events = [begun(**facts)]
    at_ms = 0.0
    sentences = list(re.finditer(r"[^.!?؟]+[.!?؟]*\s*", text))
    for index, found in enumerate(sentences):
        spoken = found.group().rstrip()
        events.append(("sentence", {"index": index, "text": spoken, "start_char": found.start(), "at_ms": at_ms}))
        words = list(re.finditer(r"\S+", spoken))
        times = [at_ms + number * WORD_MS for number in range(len(words))]
        told = [
            {"text": word.group(), "start_char": found.start() + word.start(), "at_ms": time}
            for word, time in zip(words, times, strict=True)
        ]
        events.append(("words", {"index": index, "exact": exact, "words": told}))
        for number, word in enumerate(words):
            length = WORD_MS * min(1.0, 0.5 + len(word.group()) / 12)
            rest = b"\0\0" * round(RATE_HZ * (WORD_MS - length) / 1000)
            events.append(sound(tone(length, 150 + 60 * (number % 4)) + rest))
        at_ms += len(words) * WORD_MS
        if index < len(sentences) - 1:
            events.append(sound(b"\0\0" * round(RATE_HZ * PAUSE_MS / 1000)))
            at_ms += PAUSE_MS
    return [*events, ("done", {"duration_ms": at_ms, "characters": len(text)})]


def transcript(text: str, *, word_ms: float = 300.0, **facts: Any) -> Message:
    """What `done` tells of a recording in which every word lasts as long as any other; a line is a segment."""
    words: list[Message] = []
    segments: list[Message] = []
    for line in text.splitlines():
        first = len(words)
        for word in line.split():
            start_ms = len(words) * word_ms
            words.append({"text": word, "start_ms": start_ms, "end_ms": start_ms + word_ms})
        segments.append({"text": line, "start_ms": words[first]["start_ms"], "end_ms": words[-1]["end_ms"]})
    about: Message = {
        "text": " ".join(text.splitlines()), "language": "en", "engine": "pocketsphinx", "confidence": None,
        "duration_ms": len(words) * word_ms, "times": "exact", "words": words, "segments": segments, "not_applied": [],
    }  # fmt: skip
    return {**about, **facts}


def understood(done: Message) -> list[Event]:
    """All events of a transcript, heard in four parts."""
    words = done["words"]
    events: list[Event] = [("begun", {"container": "wav", "duration_ms": done["duration_ms"]})]
    for part in range(1, 5):
        heard = words[: len(words) * part // 4]
        stable = " ".join(word["text"] for word in heard[:-2])
        text = " ".join(word["text"] for word in heard)
        told = {"text": text, "stable_chars": len(stable), "heard_ms": heard[-1]["end_ms"] if heard else 0.0,
                "duration_ms": done["duration_ms"]}  # fmt: skip
        events.append(("heard", told))
    return [*events, ("done", done)]


class MockSpeech:
    """Methods and attributes are the test's; without a script every text is narrated at once."""

    def __init__(self) -> None:
        self.script: list[Step] | None = None
        """Steps of the next narrations, instead of what `narrated` makes of the text."""
        self.hearing: list[Step] = list(understood(transcript("The block books came first.\nNothing surpassed them.")))
        """Steps of the next transcripts."""
        self.refusal: tuple[int, Message, dict[str, str]] | None = None
        """What the next request of this house is answered with: status, body, headers."""
        self.orders: list[Message] = []
        """What was asked of /api/speech and /api/speech/marks, in order, with `accept` and `path`."""
        self.uploads: list[Message] = []
        """What was asked of /api/transcripts, with the file's `name` and `bytes`."""
        self.pronunciations: list[Message] = []
        self.left = threading.Event()
        """Set when the page leaves an answer before its end."""
        self._go_on = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def go_on(self) -> None:
        """Ends the wait that goes on or comes next."""
        assert self._loop is not None, "nothing has been asked yet"
        self._loop.call_soon_threadsafe(self._go_on.set)

    def routes(self) -> list[Route]:
        return [
            Route("/api/speech", self._speech, methods=["POST"]),
            Route("/api/speech/marks", self._marks, methods=["POST"]),
            Route("/api/speech/pronunciations", self._pronunciations, methods=["GET", "PUT", "DELETE"]),
            Route("/api/transcripts", self._transcripts, methods=["POST"]),
        ]

    def _refused(self) -> Response | None:
        if self.refusal is None:
            return None
        (status, body, headers), self.refusal = self.refusal, None
        return JSONResponse(body, status_code=status, headers=headers)

    async def _speech(self, request: Request) -> Response:
        order: Message = await request.json()
        accept = request.headers.get("accept", "")
        self.orders.append({**order, "accept": accept, "path": request.url.path})
        if (refused := self._refused()) is not None:
            return refused
        events = narrated(order["text"])
        if accept != "text/event-stream":
            pcm = b"".join(base64.b64decode(data["pcm"]) for name, data in events if name == "sound")
            return Response(wav_of(pcm), media_type="audio/wav")
        return self._stream(events if self.script is None else self.script)

    async def _marks(self, request: Request) -> Response:
        order: Message = await request.json()
        self.orders.append({**order, "accept": "", "path": request.url.path})
        return self._refused() or Response(f"marks as {order['marks']}\n", media_type="text/plain")

    async def _pronunciations(self, request: Request) -> Response:
        if (refused := self._refused()) is not None:
            return refused
        if request.method == "PUT":
            self.pronunciations = (await request.json())["entries"]
        elif request.method == "DELETE":
            self.pronunciations = []
        return JSONResponse({"entries": self.pronunciations})

    async def _transcripts(self, request: Request) -> Response:
        async with request.form() as form:
            file = form["file"]
            assert not isinstance(file, str)
            told = {key: form[key] for key in ("language", "task", "engine")}
            self.uploads.append({**told, "name": file.filename, "bytes": await file.read()})
        return self._refused() or self._stream(self.hearing)

    def _stream(self, steps: Iterable[Step]) -> StreamingResponse:
        self._loop = asyncio.get_running_loop()
        return StreamingResponse(self._played(list(steps)), media_type="text/event-stream")

    async def _played(self, steps: list[Step]) -> AsyncGenerator[bytes, None]:
        ended = False
        try:
            for step in steps:
                if isinstance(step, float):
                    await asyncio.sleep(step)
                elif step == WAIT:
                    await self._go_on.wait()
                    self._go_on.clear()
                elif isinstance(step, tuple):
                    yield f"event: {step[0]}\ndata: {json.dumps(step[1])}\n\n".encode()
                else:
                    ended = True
                    raise ConnectionError(step)
            ended = True
        finally:
            if not ended:
                self.left.set()


def wav_of(pcm: bytes, rate_hz: int = RATE_HZ) -> bytes:
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(pcm)
    return held.getvalue()
