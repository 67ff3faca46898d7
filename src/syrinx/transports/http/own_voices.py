"""Our own dialect for the voices of people: their profiles, the clonings on their way, and the consents."""

from __future__ import annotations

from collections.abc import Collection

from fastapi import APIRouter

from syrinx.accounts import Door
from syrinx.transports.http.consents import consent_routes
from syrinx.transports.http.joining import joined
from syrinx.transports.http.voice_house import VoiceHouse
from syrinx.transports.http.voice_jobs import voice_job_routes
from syrinx.transports.http.voice_profiles import voice_profile_routes


def own_voice_routes(house: VoiceHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    # Fixed paths stand before `/api/voices/{voice_id}`.
    return joined(
        consent_routes(house, door=door, origins=origins),
        voice_job_routes(house, door=door, origins=origins),
        voice_profile_routes(house, door=door, origins=origins),
    )
