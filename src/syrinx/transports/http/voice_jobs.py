"""Clonings on their way, over HTTP: how far each is, as a stream of changes too, and an end to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from syrinx.accounts import Caller, Door
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import the_caller, user_of
from syrinx.transports.http.sse import EVENT_SCHEMA, MEDIA_TYPE, Event, event_response
from syrinx.transports.http.voice_house import VoiceHouse
from syrinx.transports.http.voices_wire import NO_JOB, VOICE_REFUSALS, JobShown, JobsShown, shown_job
from syrinx.voices import VoiceCloning

VOICE_JOBS_PATH: Final = "/api/voices/jobs"
_EVENTS: Final = (
    'event: job\ndata: {"job_id":"job_0f1e2d3c4b5a6978","status":"processing","stage":"checking","progress":0.3,'
    '"voice_id":null,...}\n\n'
    'event: job\ndata: {"job_id":"job_0f1e2d3c4b5a6978","status":"completed","stage":"done","progress":1.0,'
    '"voice_id":"voice_a1b2c3d4e5f6",...}\n\n'
)


def voice_job_routes(house: VoiceHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    router = APIRouter(
        tags=["voices"],
        dependencies=[Depends(needs("voices", door)), Depends(only_from_known_pages(origins, json_only=False))],
        responses=VOICE_REFUSALS,
    )

    @router.get(VOICE_JOBS_PATH, summary="Clonings there are")
    async def jobs(user: Annotated[str, Depends(user_of)]) -> JobsShown:  # pyright: ignore[reportUnusedFunction]
        """The caller's own: those on their way, and those that ended not long ago."""
        return JobsShown(jobs=[shown_job(each) for each in await house.cloning.jobs(user)])

    @router.get(f"{VOICE_JOBS_PATH}/{{job_id}}", summary="How far a cloning is", responses={404: NO_JOB})
    async def job(job_id: str, user: Annotated[str, Depends(user_of)]) -> JobShown:  # pyright: ignore[reportUnusedFunction]
        """Now; `/events` tells each change."""
        return shown_job(await house.cloning.job(user, job_id))

    @router.delete(f"{VOICE_JOBS_PATH}/{{job_id}}", summary="Cancel a cloning", responses={404: NO_JOB})
    async def cancel(job_id: str, caller: Annotated[Caller, Depends(the_caller)]) -> JobShown:  # pyright: ignore[reportUnusedFunction]
        """Nothing of it is left. One that has ended stays as it is."""
        cancelled = await house.cloning.cancel(caller.user, job_id)
        house.audit(caller, "voice.cancel", job_id)
        return shown_job(cancelled)

    @router.get(
        f"{VOICE_JOBS_PATH}/{{job_id}}/events",
        summary="Watch a cloning",
        response_class=Response,
        responses={
            404: NO_JOB,
            200: {
                "description": "Events as it goes on.",
                "content": {MEDIA_TYPE: {"schema": EVENT_SCHEMA, "example": _EVENTS}},
            },
        },
    )
    async def events(job_id: str, user: Annotated[str, Depends(user_of)]) -> Response:  # pyright: ignore[reportUnusedFunction]
        """`job` with all that is known of it: at once, with each change, and for the last time when it has ended.
        Leaving ends the watching, not the cloning."""
        await house.cloning.job(user, job_id)  # refused while the status can still say so
        return event_response(_changes(house.cloning, user, job_id))

    return router


async def _changes(cloning: VoiceCloning, user: str, job_id: str) -> AsyncGenerator[Event, None]:
    async with aclosing(cloning.follow(user, job_id)) as changes:
        async for change in changes:
            yield "job", shown_job(change).model_dump(mode="json")
