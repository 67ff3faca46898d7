"""A text spoken as a stream of sound, as the voice API and Kokoro's server are asked for it."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Request
from fastapi.responses import Response
from pydantic import ConfigDict, Field

from syrinx.audio.encoding import AUDIO_FORMATS, MEDIA_TYPES, AudioFormat
from syrinx.transports.http.sounding import begun, sound_response
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.voice_wire import SynthesizeOrder, narration_request

STREAM_ANSWER: Final[dict[str, Any]] = {
    "description": "The sound, as it is made.",
    "content": {each: {"schema": {"type": "string", "format": "binary"}} for each in sorted(set(MEDIA_TYPES.values()))},
}
"""For `responses` of a route that answers with `answered_stream`."""


class StreamOrder(SynthesizeOrder):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"text": "Hello world", "voice": "af_heart", "format": "mp3"}}
    )

    format: AudioFormat | None = Field(
        default=None, description="Without one `Accept` decides (audio/mpeg, audio/ogg, ...), and else it is WAV."
    )


async def answered_stream(
    house: SpeechHouse, order: StreamOrder, request: Request, *, accept: str, user: str
) -> Response:
    """Sound in the format asked for, sent as it is made and ended when the client leaves.

    All that can be refused is refused before: raises what the narrator raises.
    """
    wanted = await narration_request(house, order, user=user)
    narration = await begun(house.narrate, wanted, request.receive)
    return await sound_response(narration, order.format or accepted_format(accept))


def accepted_format(accept: str) -> AudioFormat:
    """The format that an `Accept` header likes best among those there are (RFC 9110, 12.5.1); WAV where it names none.

    Nothing is refused for its sake: clients that read nothing of it send the most curious ones.
    """
    known: dict[str, AudioFormat] = {MEDIA_TYPES[each]: each for each in AUDIO_FORMATS}
    known |= _OTHER_TYPES
    best: tuple[float, AudioFormat] = (0.0, "wav")
    for part in accept.split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((_weight(each[2:]) for each in parameters if each.startswith("q=")), 1.0)
        if media_type in known and weight > best[0]:
            best = (weight, known[media_type])
    return best[1]


_OTHER_TYPES: Final[dict[str, AudioFormat]] = {
    "audio/mp3": "mp3",
    "audio/opus": "opus",
    "audio/x-flac": "flac",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/aacp": "aac",
}


def _weight(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
