"""OpenAI's custom voices and the consents that they rest on, as its clients send and read them."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from syrinx.accounts import Caller, Door
from syrinx.engines.tts.contract import Gender
from syrinx.errors import BadAudio, NotFound, WrongParameter
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import the_caller, user_of
from syrinx.transports.http.form_values import only_fields
from syrinx.transports.http.joining import joined
from syrinx.transports.http.leaving import while_connected
from syrinx.transports.http.openai_names import ANY_OTHER, NO_TOKEN, OTHER_PAGE, WORK_REFUSALS, refusal
from syrinx.transports.http.sounding import MATCH_HEADER
from syrinx.transports.http.text_fields import text_fields
from syrinx.transports.http.uploads import RECORDING_FILE, read_form
from syrinx.transports.http.voice_house import VOICE_BYTES, VoiceHouse
from syrinx.transports.http.waited_cloning import cloned
from syrinx.voices import gender_of, is_voice_id
from syrinx.voices.profile import CloneOrder, Consent

OPENAI_VOICES_PATH: Final = "/v1/audio/voices"
OPENAI_CONSENTS_PATH: Final = "/v1/audio/voice_consents"

_VOICE_FIELDS: Final = ("name", "consent", "type")
_MADE: Final[dict[str, Any]] = {
    "id": "voice_a1b2c3d4e5f6",
    "created_at": 1795292102,
    "name": "Ada",
    "object": "audio.voice",
    "type": "audio_sample",
}
_CONSENT: Final[dict[str, Any]] = {
    "id": "cons_a1b2c3d4e5f6",
    "created_at": 1795292090,
    "language": "en-US",
    "name": "Ada's consent",
    "object": "audio.voice_consent",
}
_NAMED: Final[dict[str, Any]] = {
    "id": "alto",
    "name": "Alto",
    "language": "en-US",
    "gender": "female",
    "engine": "espeak",
    "aliases": ["alloy"],
}
_TOO_LARGE: Final = refusal("The file is too large.", "too_large", "File too large: ...", kind="invalid_request_error")
_WRONG: Final = refusal(
    "Something sent cannot be used.",
    "bad_audio",
    "Audio too short: 1.2 s, ...",
    kind="invalid_request_error",
    param="audio_sample",
)
_NONE: Final = refusal(
    "No such voice or consent of the caller's.",
    "not_found",
    "there is no consent 'cons_...': ...",
    kind="not_found_error",
)


def _form(example: dict[str, Any], **properties: dict[str, Any]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "required": [name for name in properties if name != "type"],
        "properties": properties,
    }
    content = {"multipart/form-data": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


_VOICE_FORM: Final = _form(
    {"name": "Ada", "audio_sample": "(bytes)", "consent": "cons_a1b2c3d4e5f6"},
    name={"type": "string"},
    audio_sample={**RECORDING_FILE, "description": "Audio or video, 2 s to 5 min, up to 50 MB."},
    consent={"type": "string", "description": "Of POST /v1/audio/voice_consents: the person's own."},
    type={"type": "string", "enum": ["audio_sample"], "default": "audio_sample"},
)
_CONSENT_FORM: Final = _form(
    {"name": "Ada's consent", "language": "en-US", "recording": "(bytes)"},
    name={"type": "string"},
    language={"type": "string", "description": "BCP 47, of the phrase that is read."},
    recording={**RECORDING_FILE, "description": "The consent phrase, read aloud by the person."},
)
_RENAMING: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
                "example": {"name": "Ada's consent"},
            }
        },
    }
}


class MadeVoice(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": _MADE})

    id: str = Field(description="What `voice` takes, as it is or as `{id}`.")
    created_at: int
    name: str
    object: Literal["audio.voice"] = "audio.voice"
    type: Literal["audio_sample"] = "audio_sample"


class DeletedMadeVoice(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"example": {"id": "voice_a1b2c3d4e5f6", "deleted": True, "object": "audio.voice.deleted"}}
    )

    id: str
    deleted: Literal[True] = True
    object: Literal["audio.voice.deleted"] = "audio.voice.deleted"


class VoiceConsent(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": _CONSENT})

    id: str
    created_at: int
    language: str
    name: str
    object: Literal["audio.voice_consent"] = "audio.voice_consent"


class VoiceConsents(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "object": "list",
                "data": [_CONSENT],
                "first_id": _CONSENT["id"],
                "last_id": _CONSENT["id"],
                "has_more": False,
            }
        }
    )

    object: Literal["list"] = "list"
    data: list[VoiceConsent]
    first_id: str | None
    last_id: str | None
    has_more: bool


class DeletedConsent(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"example": {"id": _CONSENT["id"], "deleted": True, "object": "audio.voice_consent"}}
    )

    id: str
    deleted: Literal[True] = True
    object: Literal["audio.voice_consent"] = "audio.voice_consent"


class NamedVoice(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": _NAMED})

    id: str = Field(description="What `voice` takes.")
    name: str
    language: str = Field(description="BCP 47.")
    gender: Gender
    engine: str = Field(description="Empty for a voice of one's own that no engine here learned.")
    aliases: list[str] = Field(description="Other names that `voice` takes for it.")


class NamedVoices(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {"voices": [_NAMED]}})

    voices: list[NamedVoice] = Field(description="The caller's own, then the engines'.")


def openai_voice_routes(house: VoiceHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    everybody = APIRouter(
        tags=["openai"], dependencies=[Depends(needs(None, door))], responses={401: NO_TOKEN, "default": ANY_OTHER}
    )
    router = APIRouter(
        tags=["openai"],
        dependencies=[Depends(needs("voices", door)), Depends(only_from_known_pages(origins, json_only=False))],
        responses={401: NO_TOKEN, 403: OTHER_PAGE, 404: _NONE, "default": ANY_OTHER},
    )

    @everybody.get(OPENAI_VOICES_PATH, summary="Voices there are")
    async def voices(user: Annotated[str, Depends(user_of)]) -> NamedVoices:  # pyright: ignore[reportUnusedFunction]
        """What `voice` may be. OpenAI has no such route; the entries are objects, whose `id` is what counts."""
        own = [
            NamedVoice(
                id=each.voice_id,
                name=each.name,
                language=each.language,
                gender=gender_of(each.pitch_hz),
                engine=each.engine,
                aliases=[],
            )
            for each in await house.voices.list(user)
        ]
        engines = [
            NamedVoice(
                id=each.voice.id,
                name=each.voice.name,
                language=each.voice.language,
                gender=each.voice.gender,
                engine=each.engine,
                aliases=list(each.voice.aliases),
            )
            for each in await house.speech.voices()
            if not is_voice_id(each.voice.id)
        ]
        return NamedVoices(voices=[*own, *engines])

    @router.post(
        OPENAI_VOICES_PATH,
        summary="Learn a voice (OpenAI)",
        responses={**WORK_REFUSALS, 400: _WRONG, 404: _NONE, 413: _TOO_LARGE},
        openapi_extra=_VOICE_FORM,
    )
    async def create(  # pyright: ignore[reportUnusedFunction]
        request: Request, response: Response, caller: Annotated[Caller, Depends(the_caller)]
    ) -> MadeVoice:
        """Waits until the voice is there; a client that leaves before leaves nothing behind. Voices are made of
        recordings here, not of descriptions."""
        async with read_form(request, largest_bytes=VOICE_BYTES, file_fields=("audio_sample",)) as form:
            kind = form.field("type") or "audio_sample"
            if kind != "audio_sample":
                raise WrongParameter(
                    f"type is {kind[:40]!r}: only 'audio_sample' can be made here, of a recording", parameter="type"
                )
            only_fields(form.texts, _VOICE_FIELDS)
            for name in ("name", "consent"):
                _needed(form.field(name), name)
            with _blaming("audio_sample"):
                consent = await house.consents.get(caller.user, form.field("consent"))
                order = CloneOrder(
                    user=caller.user,
                    name=form.field("name"),
                    language=consent.language,
                    source="openai",
                    consent_id=consent.consent_id,
                )
                recording = form.file("audio_sample")
                async with cloned(house, recording, order, caller=caller, request=request) as profile:
                    by = await house.match(profile, profile.language)
                    response.headers[MATCH_HEADER] = by.match
                    return MadeVoice(
                        id=profile.voice_id, created_at=int(profile.created_at.timestamp()), name=profile.name
                    )

    @router.delete(f"{OPENAI_VOICES_PATH}/{{voice_id}}", summary="Delete a voice (OpenAI)")
    async def delete(  # pyright: ignore[reportUnusedFunction]
        voice_id: str, caller: Annotated[Caller, Depends(the_caller)]
    ) -> DeletedMadeVoice:
        """With its sample, all that engines learned of it, and, other than at OpenAI, the consent that it rests on."""
        await house.voices.delete(caller.user, voice_id)
        house.audit(caller, "voice.delete", voice_id)
        return DeletedMadeVoice(id=voice_id)

    @router.post(
        OPENAI_CONSENTS_PATH,
        summary="Record a consent (OpenAI)",
        responses={**WORK_REFUSALS, 400: _WRONG, 413: _TOO_LARGE},
        openapi_extra=_CONSENT_FORM,
    )
    async def record(  # pyright: ignore[reportUnusedFunction]
        request: Request, caller: Annotated[Caller, Depends(the_caller)]
    ) -> VoiceConsent:
        """The person says: "I am the owner of this voice and I consent to OpenAI using this voice to create a synthetic
        voice model", in their language, or the same with Syrinx in OpenAI's place. It is listened to."""
        async with read_form(request, largest_bytes=VOICE_BYTES, file_fields=("recording",)) as form:
            only_fields(form.texts, ("name", "language"))
            for name in ("name", "language"):
                _needed(form.field(name), name)
            with _blaming("recording"):
                async with while_connected(request.receive):
                    consent = await house.consents.record(
                        caller.user,
                        recording=form.file("recording"),
                        name=form.field("name"),
                        language=form.field("language"),
                    )
        house.audit(caller, "consent.record", consent.consent_id)
        return _told(consent)

    @router.get(OPENAI_CONSENTS_PATH, summary="Consents there are (OpenAI)")
    async def consents(  # pyright: ignore[reportUnusedFunction]
        user: Annotated[str, Depends(user_of)],
        after: Annotated[str, Query(max_length=64, description="The id behind which the list goes on.")] = "",
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> VoiceConsents:
        """The caller's own, the newest first, page by page."""
        return _page(await house.consents.list(user), after=after, limit=limit)

    @router.get(f"{OPENAI_CONSENTS_PATH}/{{consent_id}}", summary="One consent (OpenAI)")
    async def consent(consent_id: str, user: Annotated[str, Depends(user_of)]) -> VoiceConsent:  # pyright: ignore[reportUnusedFunction]
        """One of the list."""
        return _told(await house.consents.get(user, consent_id))

    @router.post(
        f"{OPENAI_CONSENTS_PATH}/{{consent_id}}",
        summary="Rename a consent (OpenAI)",
        responses={400: _WRONG},
        openapi_extra=_RENAMING,
    )
    async def rename(  # pyright: ignore[reportUnusedFunction]
        consent_id: str, request: Request, caller: Annotated[Caller, Depends(the_caller)]
    ) -> VoiceConsent:
        """What it is called; nothing else of it changes."""
        fields = await text_fields(request, ("name",))
        return _told(await house.consents.rename(caller.user, consent_id, _needed(fields.get("name", ""), "name")))

    @router.delete(f"{OPENAI_CONSENTS_PATH}/{{consent_id}}", summary="Delete a consent (OpenAI)")
    async def forget(  # pyright: ignore[reportUnusedFunction]
        consent_id: str, caller: Annotated[Caller, Depends(the_caller)]
    ) -> DeletedConsent:
        """With its recording. One that a voice rests on goes with that voice."""
        await house.consents.delete(caller.user, consent_id)
        house.audit(caller, "consent.delete", consent_id)
        return DeletedConsent(id=consent_id)

    return joined(everybody, router)


def _needed(text: str, name: str) -> str:
    if not text.strip():
        raise WrongParameter(f"{name} is missing: send it as a field of the form", parameter=name)
    return text


@contextmanager
def _blaming(parameter: str) -> Generator[None, None, None]:
    """Says of what the recording in `parameter` is refused for that it is about that, as OpenAI's clients read it."""
    try:
        yield
    except BadAudio as error:
        raise WrongParameter(error.message, parameter=parameter, code=error.code) from error


def _told(consent: Consent) -> VoiceConsent:
    return VoiceConsent(
        id=consent.consent_id,
        created_at=int(consent.recorded_at.timestamp()),
        language=consent.language,
        name=consent.name,
    )


def _page(found: Sequence[Consent], *, after: str, limit: int) -> VoiceConsents:
    """Raises NotFound for an `after` that is not in the list."""
    start = 0
    if after:
        places = [place for place, each in enumerate(found) if each.consent_id == after]
        if not places:
            raise NotFound(f"there is no consent {after[:60]!r} to go on behind: leave `after` out to begin anew")
        start = places[0] + 1
    shown = [_told(each) for each in found[start : start + limit]]
    return VoiceConsents(
        data=shown,
        first_id=shown[0].id if shown else None,
        last_id=shown[-1].id if shown else None,
        has_more=len(found) > start + limit,
    )
