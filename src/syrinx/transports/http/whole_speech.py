"""A whole text spoken into one JSON object: held once, as plain samples, and made base64 only as it is sent."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from syrinx.audio.pcm import BYTES_PER_SAMPLE
from syrinx.audio.synthetic_mark import marked_wav_header
from syrinx.speech.narration import NarratedSound
from syrinx.transports.http.leaving import while_connected
from syrinx.transports.http.sounding import StreamedBody
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.voice_wire import SynthesizedSpeech, SynthesizeOrder, code_of, narration_request

_PIECE_BYTES: Final = 3 * 64 * 1024
"""Of a WAV file, encoded at once; base64 has no seams between multiples of three."""
_FIRST: Final = b'{"audio_base64":"'
"""With this a SynthesizedSpeech begins as JSON."""


class WholeSpeech:
    """What `synthesized` gives; to be written once, for what has been written is forgotten."""

    def __init__(self, facts: SynthesizedSpeech, pieces: deque[bytes], *, engine: str) -> None:
        """`facts` without sound, and the samples of its length and rate."""
        self.facts = facts
        self._pieces = pieces
        self._wav_bytes = sum(map(len, pieces))
        samples = self._wav_bytes // BYTES_PER_SAMPLE
        header = marked_wav_header(facts.audio_sample_rate, samples, engine=engine)
        self._pieces.appendleft(header)
        self._wav_bytes += len(header)
        _, _, self._behind = facts.model_dump_json().encode().partition(_FIRST + b'"')

    @property
    def json_bytes(self) -> int:
        """The length of what `as_json` gives."""
        return len(_FIRST) + (self._wav_bytes + 2) // 3 * 4 + 1 + len(self._behind)

    async def as_json(self) -> AsyncGenerator[bytes, None]:
        """A SynthesizedSpeech in pieces of some 256 KB: a short one in a single piece."""
        waiting = _FIRST
        for encoded in self._base64():
            if len(waiting) > len(_FIRST):
                yield waiting
                waiting = b""
            waiting += encoded
        yield waiting + b'"' + self._behind

    def audio_base64(self) -> str:
        """The whole WAV file. Blocks for some milliseconds a megabyte."""
        return b"".join(self._base64()).decode()

    def _base64(self) -> Iterator[bytes]:
        waiting = bytearray()
        while self._pieces:
            waiting += self._pieces.popleft()
            while len(waiting) >= _PIECE_BYTES:
                yield base64.b64encode(waiting[:_PIECE_BYTES])
                del waiting[:_PIECE_BYTES]
        yield base64.b64encode(waiting)


async def synthesized(house: SpeechHouse, order: SynthesizeOrder, *, user: str) -> WholeSpeech:
    """The whole order as one WAV file. Raises what the narrator raises; cancelling it ends the narration."""
    wanted = await narration_request(house, order, user=user)
    narration = await house.narrate(wanted)
    try:
        async with aclosing(narration.events()) as events:
            pieces = deque([event.chunk.pcm async for event in events if isinstance(event, NarratedSound)])
    finally:
        await narration.aclose()
    samples = sum(map(len, pieces)) // BYTES_PER_SAMPLE
    facts = SynthesizedSpeech(
        audio_base64="",
        audio_sample_rate=narration.sample_rate_hz,
        audio_duration_seconds=round(samples / narration.sample_rate_hz, 6),
        voice=wanted.voice or narration.voice,
        lang_code=order.lang_code or code_of(narration.language),
        speed=order.speed,
        text_length=len(order.text),
        not_applied=list(narration.not_applied),
    )
    return WholeSpeech(facts, pieces, engine=narration.engine)


async def answered(house: SpeechHouse, order: SynthesizeOrder, request: Request, *, user: str) -> Response:
    """A SynthesizedSpeech for a client: ended when it leaves."""
    async with while_connected(request.receive):
        spoken = await synthesized(house, order, user=user)
    headers = {"Content-Length": str(spoken.json_bytes)}
    return StreamedBody(spoken.as_json(), media_type="application/json", headers=headers)
