"""The voice onboarding API: a recording becomes a voice in one request; voices are asked after, tried and deleted."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Collection, Mapping
from contextlib import aclosing
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import JSONResponse

from syrinx.accounts import Caller, Door, calling
from syrinx.errors import WrongParameter
from syrinx.speech.narration import Narration, NarrationRequest
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.acting import acting_as, sees_all, voice_and_owner
from syrinx.transports.http.callers import the_caller
from syrinx.transports.http.detail_errors import detail_refusals
from syrinx.transports.http.form_values import only_fields
from syrinx.transports.http.leaving import while_connected
from syrinx.transports.http.onboarding_wire import (
    CLONE_FORM,
    JOBS_PATH,
    BegunCloning,
    ClonedVoice,
    CloningStatus,
    DeletedVoice,
    TestedVoice,
    VoiceStatus,
    cloning_status,
    job_status,
    text_body,
    voice_status,
)
from syrinx.transports.http.sounding import MATCH_HEADER, encoded, encoder_for, speech_headers
from syrinx.transports.http.text_fields import text_fields
from syrinx.transports.http.uploads import UploadedForm, read_form
from syrinx.transports.http.voice_house import VOICE_BYTES, VoiceHouse, attestation_of
from syrinx.transports.http.waited_cloning import cloned
from syrinx.voices.profile import CloneJob, CloneOrder

CLONE_PATH: Final = "/api/public/voice/onboarding/clone"
LONGEST_TEST_CHARS: Final = 10_000

_BEGINNING: Final = "/api/public/voice/onboarding"
_FIELDS: Final = ("user_id", "voice_name", "sample_text", "language", "transcript", "consent_id")
_DEFAULT_NAME: Final = "My Voice"
_USER_QUERY: Final[dict[str, Any]] = {
    "name": "user_id",
    "in": "query",
    "required": False,
    "schema": {"type": "string"},
    "description": "Whose voice it is; may come in the form instead.",
}


def onboarding_routes(house: VoiceHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    router = APIRouter(
        tags=["voice onboarding"],
        dependencies=[Depends(needs("voices", door)), Depends(only_from_known_pages(origins, json_only=False))],
        responses=detail_refusals(400, 401, 403, 422),
    )

    @router.post(
        CLONE_PATH,
        summary="Learn a voice from a recording",
        response_model=ClonedVoice,
        responses={
            **detail_refusals(404, 413, 429, 500, 502, 503, 504, 507),
            202: {"model": BegunCloning, "description": "As asked for by `Prefer: respond-async`."},
        },
        openapi_extra=CLONE_FORM,
    )
    async def clone(  # pyright: ignore[reportUnusedFunction]
        request: Request,
        caller: Annotated[Caller, Depends(the_caller)],
        prefer: Annotated[list[str] | None, Header(description="`respond-async`: do not wait for the voice.")] = None,
    ) -> Response:
        """Audio or video in, a voice out, which works at once wherever a voice is named. A client that leaves before
        the answer leaves nothing behind."""
        async with read_form(request, largest_bytes=VOICE_BYTES, file_fields=("audio_file",)) as form:
            order = _order(form, request, caller, house)
            recording = form.file("audio_file")
            acting = acting_as(request, caller, order.user)
            if _at_once(prefer or []):
                job = await house.cloning.begin(recording, order)
                house.audit(acting, "voice.begin", job.job_id)
                return _begun(job)
            async with cloned(house, recording, order, caller=acting, request=request) as profile:
                sound = await house.voices.sample_audio(profile)
                with calling(acting):
                    by = await house.match(profile, profile.language)
                answer = ClonedVoice(
                    voice_id=profile.voice_id,
                    voice_name=profile.name,
                    sample_text=profile.sample_text,
                    sample_audio=await _data_url(sound),
                    voice_match=by.match,
                    nearest_voice=by.nearest,
                    advice=[each.message for each in profile.advice],
                )
        headers = {"X-Syrinx-Synthetic": "true", MATCH_HEADER: by.match}
        return Response(answer.model_dump_json(), media_type="application/json", headers=headers)

    @router.get(
        f"{JOBS_PATH}/{{job_id}}/status",
        summary="How far a cloning is",
        responses=detail_refusals(404),
    )
    async def job_status_of(  # pyright: ignore[reportUnusedFunction]
        job_id: str, request: Request, caller: Annotated[Caller, Depends(the_caller)]
    ) -> CloningStatus:
        """Of a cloning that was not waited for."""
        return cloning_status(
            await house.cloning.job(None if sees_all(request, caller) else caller.user, job_id),
        )

    @router.get(
        f"{_BEGINNING}/status/{{voice_id}}",
        summary="What is known of a voice",
        responses=detail_refusals(404),
    )
    async def status(  # pyright: ignore[reportUnusedFunction]
        voice_id: str, request: Request, response: Response, caller: Annotated[Caller, Depends(the_caller)]
    ) -> VoiceStatus:
        """And who speaks for it."""
        profile, owner = await voice_and_owner(request, caller, house.voices, voice_id)
        with calling(owner):
            by = await house.match(profile, profile.language)
        response.headers[MATCH_HEADER] = by.match
        return voice_status(profile, by)

    @router.post(
        f"{_BEGINNING}/test/{{voice_id}}",
        summary="Have a voice speak a text",
        response_model=TestedVoice,
        responses=detail_refusals(404, 413, 429, 500, 502, 503, 504),
        openapi_extra=text_body("text", required=True, example={"text": "Good morning."}),
    )
    async def test(  # pyright: ignore[reportUnusedFunction]
        voice_id: str, request: Request, caller: Annotated[Caller, Depends(the_caller)]
    ) -> Response:
        """The whole sound at once, in the language of the voice."""
        text = _spoken_text(await text_fields(request, ("text",)))
        profile, owner = await voice_and_owner(request, caller, house.voices, voice_id)
        wanted = NarrationRequest(
            text=text,
            voice=profile.voice_id,
            language=profile.language,
            pronunciations=await house.speech.pronunciations(owner.user),
        )
        with calling(owner):
            async with while_connected(request.receive):
                by = await house.match(profile, profile.language)
                narration = await house.speech.narrate(wanted)
                sound = await _whole(narration)
        answer = TestedVoice(
            voice_id=profile.voice_id,
            text=text,
            audio=await _data_url(sound),
            voice_match=narration.voice_match,
            nearest_voice=by.nearest,
        )
        return Response(answer.model_dump_json(), media_type="application/json", headers=speech_headers(narration))

    @router.delete(
        f"{_BEGINNING}/{{voice_id}}",
        summary="Delete a voice",
        responses=detail_refusals(404),
        openapi_extra={
            **text_body("user_id", required=False, example={"user_id": "user123"}),
            "parameters": [_USER_QUERY],
        },
    )
    async def delete(  # pyright: ignore[reportUnusedFunction]
        voice_id: str, request: Request, caller: Annotated[Caller, Depends(the_caller)]
    ) -> DeletedVoice:
        """With its sample, all that engines learned of it, and the consent. Another user's is as one that there is
        not."""
        fields = await text_fields(request, ("user_id",))
        named = {each for each in (fields.get("user_id", ""), *request.query_params.getlist("user_id")) if each}
        if len(named) > 1:
            raise WrongParameter("user_id names two users: send it once", parameter="user_id")
        profile, owner = await voice_and_owner(request, caller, house.voices, voice_id, user_id="".join(named))
        await house.voices.delete(owner.user, profile.voice_id)
        house.audit(owner, "voice.delete", profile.voice_id)
        return DeletedVoice(message=f"{profile.voice_id} and all that was kept of it are deleted")

    return router


def _order(form: UploadedForm, request: Request, caller: Caller, house: VoiceHouse) -> CloneOrder:
    only_fields(form.texts, _FIELDS)
    consent_id = form.field("consent_id")
    return CloneOrder(
        user=acting_as(request, caller, form.field("user_id")).user,
        name=form.field("voice_name") or _DEFAULT_NAME,
        language=form.field("language") or house.speech.language,
        sample_text=form.field("sample_text"),
        transcript=form.field("transcript"),
        source="onboarding",
        consent_id=consent_id,
        attested_by="" if consent_id else attestation_of(caller),
    )


def _at_once(preferences: Collection[str]) -> bool:
    """Whether the client asks not to wait (RFC 7240, 4.1)."""
    tokens = [token.partition(";")[0].strip().lower() for line in preferences for token in line.split(",")]
    return "respond-async" in tokens


def _begun(job: CloneJob) -> Response:
    status_url = f"{JOBS_PATH}/{job.job_id}/status"
    answer = BegunCloning(jobId=job.job_id, status=job_status(job), statusUrl=status_url)
    return JSONResponse(
        answer.model_dump(),
        status_code=202,
        headers={"Location": status_url, "Preference-Applied": "respond-async", "Retry-After": "1"},
    )


def _spoken_text(fields: Mapping[str, str]) -> str:
    text = fields.get("text", "")
    if not text.strip():
        raise WrongParameter("text is missing: send what the voice is to say", parameter="text")
    if len(text) > LONGEST_TEST_CHARS:
        raise WrongParameter(
            f"text has {len(text)} characters: at most {LONGEST_TEST_CHARS} are spoken to try a voice", parameter="text"
        )
    return text


async def _whole(narration: Narration) -> bytes:
    """All of it as MP3; it is closed then."""
    try:
        encoder = await encoder_for(narration, "mp3")
        async with aclosing(encoded(narration, encoder)) as pieces:
            return b"".join([piece async for piece in pieces])
    finally:
        await narration.aclose()


async def _data_url(mp3: bytes) -> str:
    """As browsers play it; its clients know the type by this name."""
    return f"data:audio/mp3;base64,{(await asyncio.to_thread(base64.b64encode, mp3)).decode()}"
