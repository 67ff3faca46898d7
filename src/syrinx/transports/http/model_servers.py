"""The HTTP APIs of two model servers, whisper.cpp's and Kokoro's, for what was made to speak with those."""

from __future__ import annotations

from collections.abc import Collection

from fastapi import APIRouter

from syrinx.accounts import Door
from syrinx.transports.http.joining import joined
from syrinx.transports.http.kokoro_server import kokoro_server_routes
from syrinx.transports.http.speech_house import SpeechHouse
from syrinx.transports.http.whisper_server import whisper_server_routes


def model_server_routes(house: SpeechHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    return joined(
        whisper_server_routes(house, door=door, origins=origins),
        kokoro_server_routes(house, door=door, origins=origins),
    )
