"""Consent over HTTP: a phrase to be read aloud, the recording of it, and what is kept of both."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from syrinx.accounts import Caller, Door
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import the_caller, user_of
from syrinx.transports.http.form_values import only_fields
from syrinx.transports.http.leaving import while_connected
from syrinx.transports.http.uploads import RECORDING_FILE, read_form
from syrinx.transports.http.voice_house import VOICE_BYTES, VoiceHouse
from syrinx.transports.http.voices_wire import (
    FILE_TOO_LARGE,
    NO_CONSENT,
    VOICE_REFUSALS,
    WRONG_FORM,
    ConsentShown,
    ConsentsShown,
    PhraseShown,
    shown_consent,
    shown_phrase,
)

CONSENTS_PATH: Final = "/api/voices/consents"
_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["phrase_id", "recording"],
                    "properties": {
                        "phrase_id": {"type": "string", "description": "Of the phrase that is read; it counts once."},
                        "recording": {**RECORDING_FILE, "description": "The phrase, read aloud by the person."},
                        "name": {"type": "string", "description": "Whose consent it is, as it is to be listed."},
                    },
                },
                "example": {"phrase_id": "phrase_a1b2c3d4e5f6", "recording": "(bytes)", "name": "Ada"},
            }
        },
    }
}


def consent_routes(house: VoiceHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    router = APIRouter(
        tags=["voices"],
        dependencies=[Depends(needs("voices", door)), Depends(only_from_known_pages(origins, json_only=False))],
        responses=VOICE_REFUSALS,
    )

    @router.get("/api/voices/consent-phrase", summary="A phrase to be read aloud", responses={400: WRONG_FORM})
    async def phrase(  # pyright: ignore[reportUnusedFunction]
        user: Annotated[str, Depends(user_of)],
        language: Annotated[str, Query(max_length=35, description="BCP 47; empty: the server's own.")] = "",
        speaker_name: Annotated[str, Query(max_length=100, description="Where it is to be in the phrase.")] = "",
    ) -> PhraseShown:
        """A new one each time, with words that no older recording has in it. It counts once, and not for long."""
        wanted = language or house.speech.language
        return shown_phrase(await house.consents.phrase(user, language=wanted, speaker_name=speaker_name))

    @router.post(
        CONSENTS_PATH,
        summary="Consent by reading the phrase",
        status_code=201,
        responses={400: WRONG_FORM, 404: NO_CONSENT, 413: FILE_TOO_LARGE},
        openapi_extra=_FORM,
    )
    async def speak(  # pyright: ignore[reportUnusedFunction]
        request: Request, caller: Annotated[Caller, Depends(the_caller)]
    ) -> ConsentShown:
        """The recording is listened to: a refusal says which words were not understood. A voice that is learned with
        this consent is a verified one."""
        async with read_form(request, largest_bytes=VOICE_BYTES, file_fields=("recording",)) as form:
            only_fields(form.texts, ("phrase_id", "name"))
            async with while_connected(request.receive):
                consent = await house.consents.speak(
                    caller.user,
                    phrase_id=form.field("phrase_id"),
                    recording=form.file("recording"),
                    name=form.field("name"),
                )
        house.audit(caller, "consent.record", consent.consent_id)
        return shown_consent(consent)

    @router.get(CONSENTS_PATH, summary="Consents there are")
    async def consents(user: Annotated[str, Depends(user_of)]) -> ConsentsShown:  # pyright: ignore[reportUnusedFunction]
        """The caller's own of every kind, those revoked among them."""
        return ConsentsShown(consents=[shown_consent(each) for each in await house.consents.list(user)])

    @router.get(f"{CONSENTS_PATH}/{{consent_id}}", summary="One consent", responses={404: NO_CONSENT})
    async def consent(consent_id: str, user: Annotated[str, Depends(user_of)]) -> ConsentShown:  # pyright: ignore[reportUnusedFunction]
        """What words were agreed to, when, and how that is known."""
        return shown_consent(await house.consents.get(user, consent_id))

    @router.get(
        f"{CONSENTS_PATH}/{{consent_id}}/recording",
        summary="The consent as it was spoken",
        response_class=Response,
        responses={
            200: {
                "description": "The person's own recording: mono, 24 kHz.",
                "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
            },
            404: NO_CONSENT,
        },
    )
    async def recording(consent_id: str, user: Annotated[str, Depends(user_of)]) -> Response:  # pyright: ignore[reportUnusedFunction]
        """There is none of a consent that was attested."""
        spoken = await house.consents.recording(user, consent_id)
        return Response(spoken, media_type="audio/wav", headers={"Cache-Control": "no-store"})

    @router.post(f"{CONSENTS_PATH}/{{consent_id}}/revoke", summary="Revoke a consent", responses={404: NO_CONSENT})
    async def revoke(  # pyright: ignore[reportUnusedFunction]
        consent_id: str, caller: Annotated[Caller, Depends(the_caller)]
    ) -> ConsentShown:
        """The voice that rests on it speaks nowhere any more, from the next request on. The record stays."""
        revoked = await house.consents.revoke(caller.user, consent_id)
        house.audit(caller, "consent.revoke", consent_id)
        return shown_consent(revoked)

    @router.delete(
        f"{CONSENTS_PATH}/{{consent_id}}", summary="Delete a consent", status_code=204, responses={404: NO_CONSENT}
    )
    async def delete(consent_id: str, caller: Annotated[Caller, Depends(the_caller)]) -> None:  # pyright: ignore[reportUnusedFunction]
        """With its recording. One that a voice rests on goes with that voice."""
        await house.consents.delete(caller.user, consent_id)
        house.audit(caller, "consent.delete", consent_id)

    return router
