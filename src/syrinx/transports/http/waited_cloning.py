"""A cloning whose client waits for it: it ends when the client leaves, and then nothing of it is left."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import BinaryIO

from fastapi import Request

from syrinx.accounts import Caller
from syrinx.errors import NotFound
from syrinx.transports.http.leaving import while_connected
from syrinx.transports.http.voice_house import VoiceHouse
from syrinx.voices.cancellation import to_its_end
from syrinx.voices.profile import CloneOrder, VoiceProfile


@asynccontextmanager
async def cloned(
    house: VoiceHouse, recording: BinaryIO, order: CloneOrder, *, caller: Caller, request: Request
) -> AsyncGenerator[VoiceProfile, None]:
    """The profile, once it is there. What stands inside makes the answer of it; until that is made the client may
    leave, or the answer fail: the voice is not kept then.

    The request's body must have been read. Raises what `begin` and the cloning itself raise, and ClientLeft.
    """
    job = await house.cloning.begin(recording, order)
    whole = False
    try:
        async with while_connected(request.receive):
            profile = await house.cloning.finished(order.user, job.job_id)
            yield profile
        whole = True
    finally:
        if not whole:
            await to_its_end(_undone(house, order.user, job.job_id))
    house.audit(caller, "voice.clone", profile.voice_id, seconds=round(profile.duration_ms / 1000.0, 1))


async def _undone(house: VoiceHouse, user: str, job_id: str) -> None:
    """A job that has not ended is ended; a voice that came of it all the same is deleted."""
    try:
        job = await house.cloning.job(user, job_id)
        if not job.ended:
            await house.cloning.cancel(user, job_id)
            # Asked to end, it may be at a step that is not left half-way.
            async for change in house.cloning.follow(user, job_id):
                job = change
        if job.status == "completed" and job.voice_id is not None:
            await house.voices.delete(user, job.voice_id)
    except NotFound:
        return  # somebody else has removed it already
