"""OpenAI's audio API: speech, transcription, translation, models."""

from __future__ import annotations

from collections.abc import Collection

from fastapi import APIRouter

from syrinx.accounts import Door
from syrinx.transports.http.joining import joined
from syrinx.transports.http.openai_models import openai_model_routes
from syrinx.transports.http.openai_speech import openai_speech_routes
from syrinx.transports.http.openai_transcription import openai_transcription_routes
from syrinx.transports.http.speech_house import SpeechHouse


def openai_routes(house: SpeechHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    return joined(
        openai_speech_routes(house, door=door, origins=origins),
        openai_transcription_routes(house, door=door, origins=origins),
        openai_model_routes(house, door=door),
    )
