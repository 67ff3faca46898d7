"""The voices of a person over HTTP, as the page manages them: learned, listed, changed, heard, taken along, deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from syrinx.accounts import Caller, Door
from syrinx.audio import wav_bytes
from syrinx.errors import NotFound, WrongParameter
from syrinx.text.languages import base_language
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import the_caller, user_of
from syrinx.transports.http.form_values import flag_of, only_fields
from syrinx.transports.http.language_names import LANGUAGE_NAMES
from syrinx.transports.http.sounding import MATCH_HEADER
from syrinx.transports.http.speech_house import OfferedVoice
from syrinx.transports.http.uploads import RECORDING_FILE, UploadedForm, read_form
from syrinx.transports.http.voice_export import voice_archive
from syrinx.transports.http.voice_house import VOICE_BYTES, VoiceHouse, attestation_of
from syrinx.transports.http.voice_jobs import VOICE_JOBS_PATH
from syrinx.transports.http.voices_wire import (
    FILE_TOO_LARGE,
    NO_CONSENT,
    NO_JSON,
    NO_VOICE,
    VOICE_REFUSALS,
    WRONG_FORM,
    ConsentShown,
    GalleryLanguage,
    GalleryVoice,
    JobShown,
    VoiceChange,
    VoiceShown,
    VoicesShown,
    shown_consent,
    shown_job,
    shown_voice,
)
from syrinx.voices import is_voice_id
from syrinx.voices.profile import TERMS_VERSION, CloneOrder, VoiceProfile

OWN_VOICES_PATH: Final = "/api/voices"

_FIELDS: Final = ("name", "language", "sample_text", "transcript", "consent_id", "attested")
_DEFAULT_NAME: Final = "My Voice"
_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["recording"],
                    "properties": {
                        "recording": {**RECORDING_FILE, "description": "Audio or video, 2 s to 5 min, up to 50 MB."},
                        "name": {"type": "string", "default": _DEFAULT_NAME},
                        "language": {"type": "string", "description": "BCP 47; the server's own, if left out."},
                        "sample_text": {"type": "string", "description": "To be spoken with the new voice."},
                        "transcript": {"type": "string", "description": "What is said in the recording, if known."},
                        "consent_id": {"type": "string", "description": "The consent that the person spoke."},
                        "attested": {
                            "type": "string",
                            "enum": ["true"],
                            "description": "In its place: the caller states, under the published terms, that the "
                            "speaker agrees.",
                        },
                    },
                },
                "example": {"recording": "(bytes)", "name": "Ada", "language": "en", "consent_id": "cons_a1b2c3d4e5f6"},
            }
        },
    }
}


def _sound(media_type: str, description: str) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}


def voice_profile_routes(house: VoiceHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    router = APIRouter(
        tags=["voices"], dependencies=[Depends(needs("voices", door))], responses={**VOICE_REFUSALS, 404: NO_VOICE}
    )
    form_too = [Depends(only_from_known_pages(origins, json_only=False))]

    async def shown(profile: VoiceProfile) -> VoiceShown:
        return shown_voice(profile, await house.match(profile, profile.language))

    @router.get(OWN_VOICES_PATH, summary="One's own voices")
    async def voices(  # pyright: ignore[reportUnusedFunction]
        user: Annotated[str, Depends(user_of)],
        gallery: Annotated[bool, Query(description="Whether the engines' own voices are wanted, too.")] = False,
        inactive: Annotated[bool, Query(description="Likewise those that speak nowhere any more.")] = False,
    ) -> VoicesShown:
        """The newest first, and who speaks for each."""
        return VoicesShown(
            voices=[await shown(each) for each in await house.voices.list(user, inactive=inactive)],
            gallery=_gallery(await house.speech.voices()) if gallery else None,
            verified_only=house.verified_only,
            terms_version=TERMS_VERSION,
        )

    @router.post(
        OWN_VOICES_PATH,
        summary="Learn a voice",
        status_code=202,
        dependencies=form_too,
        responses={400: WRONG_FORM, 413: FILE_TOO_LARGE},
        openapi_extra=_FORM,
    )
    async def learn(  # pyright: ignore[reportUnusedFunction]
        request: Request, response: Response, caller: Annotated[Caller, Depends(the_caller)]
    ) -> JobShown:
        """Begins; the job's `/events` tell how far it is. Without the person's consent, spoken or attested, no voice is
        learned."""
        async with read_form(request, largest_bytes=VOICE_BYTES, file_fields=("recording",)) as form:
            job = await house.cloning.begin(form.file("recording"), _order(form, caller, house))
        house.audit(caller, "voice.begin", job.job_id)
        response.headers["Location"] = f"{VOICE_JOBS_PATH}/{job.job_id}"
        return shown_job(job)

    @router.get(f"{OWN_VOICES_PATH}/{{voice_id}}", summary="One voice")
    async def voice(  # pyright: ignore[reportUnusedFunction]
        voice_id: str, response: Response, user: Annotated[str, Depends(user_of)]
    ) -> VoiceShown:
        """And who speaks for it."""
        found = await shown(await house.voices.get(user, voice_id))
        response.headers[MATCH_HEADER] = found.voice_match
        return found

    @router.patch(
        f"{OWN_VOICES_PATH}/{{voice_id}}",
        summary="Change a voice",
        dependencies=[Depends(only_from_known_pages(origins))],
        responses={400: WRONG_FORM, 415: NO_JSON},
    )
    async def change(  # pyright: ignore[reportUnusedFunction]
        voice_id: str, wanted: VoiceChange, caller: Annotated[Caller, Depends(the_caller)]
    ) -> VoiceShown:
        """Its name, how it speaks, whether it speaks at all; heard from the next request on."""
        changed = await house.voices.change(
            caller.user,
            voice_id,
            name=wanted.name,
            settings=wanted.settings.as_settings if wanted.settings is not None else None,
            is_active=wanted.is_active,
        )
        house.audit(caller, "voice.change", voice_id)
        return await shown(changed)

    @router.delete(f"{OWN_VOICES_PATH}/{{voice_id}}", summary="Delete a voice", status_code=204, dependencies=form_too)
    async def delete(voice_id: str, caller: Annotated[Caller, Depends(the_caller)]) -> None:  # pyright: ignore[reportUnusedFunction]
        """With its sample, all that engines learned of it, and the consent."""
        await house.voices.delete(caller.user, voice_id)
        house.audit(caller, "voice.delete", voice_id)

    @router.get(
        f"{OWN_VOICES_PATH}/{{voice_id}}/reference",
        summary="What a voice was learned from",
        response_class=Response,
        responses={200: _sound("audio/wav", "The person's own recording: mono, 24 kHz.")},
    )
    async def reference(voice_id: str, user: Annotated[str, Depends(user_of)]) -> Response:  # pyright: ignore[reportUnusedFunction]
        """The person's own speech, as it is kept."""
        sample = await house.voices.sample(await house.voices.get(user, voice_id))
        return Response(await asyncio.to_thread(wav_bytes, sample), media_type="audio/wav", headers=_PRIVATE)

    @router.get(
        f"{OWN_VOICES_PATH}/{{voice_id}}/sample",
        summary="How a voice sounds",
        response_class=Response,
        responses={200: _sound("audio/mpeg", "Its `sample_text`, spoken with it and marked as synthetic.")},
    )
    async def sample(voice_id: str, user: Annotated[str, Depends(user_of)]) -> Response:  # pyright: ignore[reportUnusedFunction]
        """As it was spoken when the voice was learned."""
        profile = await house.voices.get(user, voice_id)
        if profile.sample_audio_key is None:
            raise NotFound(f"{profile.voice_id} has not spoken yet: POST /api/speech has it speak any text")
        by = await house.match(profile, profile.language)
        return Response(
            await house.voices.sample_audio(profile),
            media_type="audio/mpeg",
            headers={**_PRIVATE, "X-Syrinx-Synthetic": "true", MATCH_HEADER: by.match},
        )

    @router.get(
        f"{OWN_VOICES_PATH}/{{voice_id}}/consent", summary="The consent behind a voice", responses={404: NO_CONSENT}
    )
    async def consent(voice_id: str, user: Annotated[str, Depends(user_of)]) -> ConsentShown:  # pyright: ignore[reportUnusedFunction]
        """What words were agreed to, when, and how that is known."""
        profile = await house.voices.get(user, voice_id)
        return shown_consent(await house.consents.get(user, profile.consent_id))

    @router.get(
        f"{OWN_VOICES_PATH}/{{voice_id}}/export",
        summary="Take a voice along",
        response_class=Response,
        responses={200: _sound("application/zip", "What is known, the consent, the recording and the sample.")},
    )
    async def export(voice_id: str, caller: Annotated[Caller, Depends(the_caller)]) -> Response:  # pyright: ignore[reportUnusedFunction]
        """All that is kept of it, in files that any program reads."""
        profile = await house.voices.get(caller.user, voice_id)
        archive = await voice_archive(house, profile, await shown(profile))
        house.audit(caller, "voice.export", voice_id)
        named = {"Content-Disposition": f'attachment; filename="{profile.voice_id}.zip"'}
        return Response(archive, media_type="application/zip", headers={**_PRIVATE, **named})

    return router


_PRIVATE: Final = {"Cache-Control": "no-store", "Content-Encoding": "identity"}
"""Somebody's voice is no cache's; and sound does not compress."""


def _order(form: UploadedForm, caller: Caller, house: VoiceHouse) -> CloneOrder:
    only_fields(form.texts, _FIELDS)
    consent_id = form.field("consent_id")
    attested = flag_of(form.field("attested"), "attested")
    if bool(consent_id) == attested:
        raise WrongParameter(
            "nobody's voice is learned without consent: send either the consent_id of what the person spoke, or "
            "attested=true to state that the speaker agrees",
            parameter="consent_id",
        )
    return CloneOrder(
        user=caller.user,
        name=form.field("name") or _DEFAULT_NAME,
        language=form.field("language") or house.speech.language,
        sample_text=form.field("sample_text"),
        transcript=form.field("transcript"),
        source="page",
        consent_id=consent_id,
        attested_by=attestation_of(caller) if attested else "",
    )


def _gallery(offered: Sequence[OfferedVoice]) -> list[GalleryLanguage]:
    """The engines' own; people's voices are not shown to others, nor twice to themselves."""
    by_language: dict[str, list[GalleryVoice]] = {}
    for each in offered:
        if is_voice_id(each.voice.id):
            continue
        by_language.setdefault(base_language(each.voice.language), []).append(
            GalleryVoice(
                voice_id=each.voice.id,
                name=each.voice.name,
                language=each.voice.language,
                gender=each.voice.gender,
                engine=each.engine,
            )
        )
    shown = [
        GalleryLanguage(language=tag, label=LANGUAGE_NAMES.get(tag, voices[0].name), voices=voices)
        for tag, voices in by_language.items()
    ]
    return sorted(shown, key=lambda each: each.label)
