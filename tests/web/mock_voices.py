"""A scripted server for the Voices view: profiles, consents, and clonings that go on as far as a test lets them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from .mock_speech import PAUSE_MS, RATE_HZ, tone, wav_of

Message = dict[str, Any]

PHRASE = "I agree that Syrinx makes a voice of mine. River, candle, seven."
MADE_AT = "2026-11-21T20:15:02Z"
GOOD: Message = {"code": "good", "severity": "good", "message": "The recording is good."}
NOISY: Message = {
    "code": "noisy", "severity": "advice",
    "message": "There is noise behind your voice. Record again in a quieter room, nearer to the microphone.",
}  # fmt: skip


def spoken_wav() -> bytes:
    """A sentence of tones, with pauses for a waveform to show."""
    rest = b"\0\0" * round(RATE_HZ * PAUSE_MS / 1000)
    return wav_of(b"".join(tone(160 + 60 * (place % 3), 140 + 30 * (place % 4)) + rest for place in range(8)))


def voice(number: int, name: str, **facts: Any) -> Message:
    digits = f"{number:012x}"
    about: Message = {
        "voice_id": f"voice_{digits}", "name": name, "language": "en", "created_at": MADE_AT, "updated_at": MADE_AT,
        "last_used_at": None, "is_active": True, "is_verified": True,
        "settings": {"pitch_semitones": 0.0, "pace": 1.0, "warmth": 0.0}, "transcript": "", "duration_ms": 12_400.0,
        "pitch_hz": 208.4, "pace": 4.1, "advice": [GOOD], "engine": "", "sample_text": "Hello, this is my voice.",
        "source": "page", "consent_id": f"cons_{digits}", "voice_match": "approximate", "nearest_voice": "slt",
    }  # fmt: skip
    return {**about, **facts}


def consent(number: int, **facts: Any) -> Message:
    digits = f"{number:012x}"
    about: Message = {
        "consent_id": f"cons_{digits}", "voice_id": f"voice_{digits}", "kind": "spoken", "name": "", "language": "en",
        "statement": PHRASE, "heard": PHRASE.lower(), "agreement": 0.92, "scope": "speech", "terms_version": "2026-11",
        "evidence_sha256": "9f" * 32, "recorded_at": MADE_AT, "revoked_at": None, "has_recording": True,
    }  # fmt: skip
    return {**about, **facts}


class MockVoices:
    """Methods and attributes are the test's; a cloning goes on by `advance`."""

    def __init__(self) -> None:
        self.voices: list[Message] = []
        self.consents: dict[str, Message] = {}
        self.job: Message | None = None
        self.verified_only = False
        self.asked: list[tuple[str, str, Message]] = []
        """Method, path and body of what would change something; of a form its texts, and its file's size as `bytes`."""
        self.refusals: list[tuple[int, Message]] = []
        """What the next requests that would change something are answered with."""
        self._wanted: Message = {}
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, name: str, **facts: Any) -> Message:
        made = voice(len(self.voices) + 1, name, **facts)
        self.voices.insert(0, made)
        kind = "spoken" if made["is_verified"] else "attested"
        self.consents[made["consent_id"]] = consent(len(self.voices), kind=kind)
        return made

    def advance(self, stage: str, progress: float, **facts: Any) -> None:
        assert self.job is not None, "no cloning has begun"
        assert self._loop is not None
        self.job = {**self.job, "status": "processing", "stage": stage, "progress": progress, **facts}
        self._loop.call_soon_threadsafe(self._changed.set)

    def complete(self) -> None:
        made = self.add(self._wanted["name"], is_verified="consent_id" in self._wanted)
        self.advance("done", 1.0, status="completed", voice_id=made["voice_id"])

    def fail(self, code: str, message: str, **facts: Any) -> None:
        error = {"code": code, "message": message, "retryable": False}
        self.advance("checking", 0.3, status="failed", error=error, **facts)

    def changes(self, method: str) -> list[tuple[str, Message]]:
        return [(path, body) for verb, path, body in list(self.asked) if verb == method]

    def routes(self) -> list[Route]:
        return [
            Route("/api/voices", self._list),
            Route("/api/voices", self._begin, methods=["POST"]),
            Route("/api/voices/consent-phrase", self._phrase),
            Route("/api/voices/consents", self._consent, methods=["POST"]),
            Route("/api/voices/consents/{id}/revoke", self._revoke, methods=["POST"]),
            Route("/api/voices/jobs/{id}", self._job, methods=["GET", "DELETE"]),
            Route("/api/voices/jobs/{id}/events", self._events),
            Route("/api/voices/{id}", self._voice, methods=["PATCH", "DELETE"]),
            Route("/api/voices/{id}/sample", self._sample),
            Route("/api/voices/{id}/consent", self._consent_of),
            Route("/api/voices/{id}/export", self._export),
        ]

    async def _note(self, request: Request) -> Response | None:
        """Notes what was asked; the refusal that it is to be answered with."""
        body: Message = {}
        if request.headers.get("content-type", "").startswith("multipart/"):
            async with request.form() as form:
                for name, value in form.items():
                    body[name] = value if isinstance(value, str) else len(await value.read())
        elif await request.body():
            body = await request.json()
        self.asked.append((request.method, request.url.path, body))
        if not self.refusals:
            return None
        status, told = self.refusals.pop(0)
        return JSONResponse(told, status_code=status)

    async def _list(self, request: Request) -> Response:
        shown = [one for one in self.voices if one["is_active"] or "inactive" in request.query_params]
        told = {"voices": shown, "gallery": None, "verified_only": self.verified_only, "terms_version": "2026-11"}
        return JSONResponse(told)

    async def _begin(self, request: Request) -> Response:
        if (refused := await self._note(request)) is not None:
            return refused
        self._loop = asyncio.get_running_loop()
        self._wanted = self.asked[-1][2]
        self.job = {
            "job_id": "job_0f1e2d3c4b5a6978", "status": "pending", "stage": "waiting", "progress": 0.0,
            "voice_id": None, "error": None, "created_at": MADE_AT, "started_at": None, "completed_at": None,
            "audio_duration_s": None, "processing_time_s": None, "advice": [],
        }  # fmt: skip
        return JSONResponse(self.job, status_code=202)

    async def _phrase(self, request: Request) -> Response:
        language = request.query_params["language"]
        told = {"phrase_id": "phrase_1", "phrase": PHRASE, "language": language, "expires_at": MADE_AT}
        return JSONResponse(told)

    async def _consent(self, request: Request) -> Response:
        if (refused := await self._note(request)) is not None:
            return refused
        given = consent(99, voice_id=None, heard="i agree that syrinx makes voice of mine river candle seven")
        return JSONResponse(given, status_code=201)

    async def _revoke(self, request: Request) -> Response:
        if (refused := await self._note(request)) is not None:
            return refused
        revoked = self.consents[request.path_params["id"]]
        revoked["revoked_at"] = MADE_AT
        for one in self.voices:
            one["is_active"] = one["is_active"] and one["consent_id"] != revoked["consent_id"]
        return JSONResponse(revoked)

    async def _job(self, request: Request) -> Response:
        if self.job is None:
            return JSONResponse({"code": "unknown_job", "message": "no such job", "retryable": False}, status_code=404)
        if request.method == "DELETE":
            await self._note(request)
            self.advance("waiting", 0.0, status="cancelled")
        return JSONResponse(self.job)

    async def _events(self, _request: Request) -> Response:
        self._loop = asyncio.get_running_loop()
        return StreamingResponse(self._told(), media_type="text/event-stream")

    async def _told(self) -> AsyncGenerator[bytes, None]:
        while True:
            self._changed.clear()
            job = self.job
            assert job is not None
            yield f"event: job\ndata: {json.dumps(job)}\n\n".encode()
            if job["status"] in {"completed", "failed", "cancelled"}:
                return
            if job is self.job:
                await self._changed.wait()

    async def _voice(self, request: Request) -> Response:
        if (refused := await self._note(request)) is not None:
            return refused
        place = next(at for at, one in enumerate(self.voices) if one["voice_id"] == request.path_params["id"])
        if request.method == "DELETE":
            del self.voices[place]
            return Response(status_code=204)
        self.voices[place] = {**self.voices[place], **self.asked[-1][2]}
        return JSONResponse(self.voices[place])

    async def _sample(self, _request: Request) -> Response:
        return Response(spoken_wav(), media_type="audio/wav")

    async def _consent_of(self, request: Request) -> Response:
        found = next(one for one in self.voices if one["voice_id"] == request.path_params["id"])
        return JSONResponse(self.consents[found["consent_id"]])

    async def _export(self, _request: Request) -> Response:
        return Response(b"PK\5\6" + b"\0" * 18, media_type="application/zip")
