"""The synthesis service: words to WAV in the voice of a speaker who is known by name or by a sample."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from syrinx.accounts import Caller, Door
from syrinx.audio import PcmChunk
from syrinx.audio.synthetic_mark import marked_wav
from syrinx.speech.narration import NarratedSound, NarrationRequest, VoiceMatch
from syrinx.text.languages import base_language
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import the_caller, user_of
from syrinx.transports.http.detail_errors import detail_refusals
from syrinx.transports.http.language_names import LANGUAGE_NAMES
from syrinx.transports.http.leaving import while_connected
from syrinx.transports.http.sounding import MATCH_HEADER, speech_headers
from syrinx.transports.http.speakers import DEFAULT_SPEAKER, Fetch, Speaker, Speakers
from syrinx.transports.http.speech_house import OfferedVoice, SpeechHouse
from syrinx.transports.http.voice_house import VOICE_BASE64_BYTES, VoiceHouse, attestation_of
from syrinx.transports.http.waited_cloning import cloned
from syrinx.voices import GuardedFetch
from syrinx.voices.errors import NotKept
from syrinx.voices.kept_clips import keep_clip
from syrinx.voices.profile import CloneOrder, VoiceProfile
from syrinx.voices.profile_checks import LONGEST_NAME

VOICES_PATH: Final = "/api/v1/tts/voices"
SYNTHESIZE_PATH: Final = "/api/v1/tts/synthesize"
BODY_BYTES: Final = VOICE_BASE64_BYTES
"""Of the bodies of both."""

_LONGEST_TEXT: Final = 800
_LONGEST_ADDRESS: Final = 2000

_VOICE: dict[str, Any] = {"voice_id": "voice_3f9a1c0b7d2e", "display_name": "Ada", "language": "en"}
_CONFIG: dict[str, Any] = {
    "model_repo": "coqui/XTTS-v2",
    "model_dir": "/srv/models/coqui_xtts_v2",
    "languages": [{"id": "en", "label": "English"}],
    "voices": [{"voice_id": "default", "display_name": "Default", "language": "en"}, _VOICE],
    "defaults": {"language": "en", "speaker_id": "default", "format": "wav", "store_generated_audio": False},
    "engine": "espeak-ng (basic, built in)",
    "clones": False,
    "use_gpu": False,
}
_ORDER: dict[str, Any] = {"text": "Hello from our AI server!", "language": "en", "speaker_id": "default"}
_SPEECH: dict[str, Any] = {
    "format": "wav",
    "sample_rate": 24000,
    "audio_base64": "UklGRiY...",
    "duration_seconds": 1.9,
    "engine": "espeak",
    "voice": "gmw/en-US",
    "voice_match": "exact",
    "stored_as": None,
    "not_applied": [],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisServiceSettings:
    model_repo: str
    model_dir: str
    """Both only told: what speaks is the engine in use."""
    use_gpu: bool
    """Likewise."""
    default_voice: Path | None
    """A clip of the speaker "default"; None leaves that to the engine."""
    store_folder: Path
    """Where clips are kept when that is asked for; never under what is served."""


class _Sampled(BaseModel):
    """What may come with a sample of a voice, as base64 or by its address, and not both."""

    speaker_wav_base64: str | None = Field(
        default=None, max_length=BODY_BYTES, description="WAV or any other recording, 2 s to 5 min."
    )
    speaker_wav_url: str | None = Field(
        default=None,
        max_length=_LONGEST_ADDRESS,
        description="Where such a recording lies: http or https, on the public internet.",
        examples=["https://example.com/ada.wav"],
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.speaker_wav_base64 is not None and self.speaker_wav_url is not None:
            raise ValueError("speaker_wav_base64 and speaker_wav_url are both given: send one of them")
        return self

    @property
    def sampled(self) -> bool:
        return self.speaker_wav_base64 is not None or self.speaker_wav_url is not None


class RegisterOrder(_Sampled):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"display_name": "Ada", "language": "en", "speaker_wav_base64": "UklGRiY..."}},
    )

    display_name: str | None = Field(default=None, min_length=1, max_length=LONGEST_NAME)
    language: str | None = Field(default=None, min_length=2, max_length=35, description="BCP 47; null: the server's.")

    @model_validator(mode="after")
    def _one_at_least(self) -> Self:
        if not self.sampled:
            raise ValueError("a sample is missing: send speaker_wav_base64 or speaker_wav_url")
        return self


class SpeechOrder(_Sampled):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _ORDER})

    text: str = Field(min_length=1, max_length=_LONGEST_TEXT)
    language: str = Field(default="en", min_length=2, max_length=35, description="BCP 47.")
    speaker_id: str = Field(
        default=DEFAULT_SPEAKER,
        min_length=1,
        max_length=256,
        description="Of one of the caller's voices or of the engines', or `default`.",
    )
    store_generated_audio: bool = Field(default=False, description="Whether the server keeps the clip.")

    @model_validator(mode="after")
    def _one_speaker(self) -> Self:
        if self.sampled and self.speaker_id != DEFAULT_SPEAKER:
            raise ValueError("speaker_id and a sample name two speakers: send one of them")
        return self


class ServiceVoice(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": _VOICE})

    voice_id: str
    display_name: str
    language: str = Field(description="BCP 47.")


class ServiceVoices(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {"voices": [_VOICE]}})

    voices: list[ServiceVoice] = Field(description="`default`, the caller's own, and those of the engines.")


class RegisteredHere(ServiceVoice):
    model_config = ConfigDict(
        json_schema_extra={"example": {**_VOICE, "voice_match": "approximate", "nearest_voice": "slt"}}
    )

    voice_match: VoiceMatch = Field(description="`approximate`: no engine here learned it.")
    nearest_voice: str | None = Field(description="The engine's voice that speaks for it; null where it was learned.")


class ServiceLanguage(BaseModel):
    id: str = Field(description="BCP 47 primary tag.", examples=["en"])
    label: str = Field(examples=["English"])


class ServiceDefaults(BaseModel):
    language: str
    speaker_id: str
    format: Literal["wav"]
    store_generated_audio: bool


class ServiceConfig(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": _CONFIG})

    model_repo: str = Field(description="As set by XTTS_REPO_ID; `engine` tells what speaks in truth.")
    model_dir: str = Field(description="As set by XTTS_MODEL_DIR.")
    languages: list[ServiceLanguage]
    voices: list[ServiceVoice]
    defaults: ServiceDefaults
    engine: str = Field(description="What speaks.")
    clones: bool = Field(description="Whether it learns a voice from a sample; else the nearest voice speaks for it.")
    use_gpu: bool = Field(description="As set by XTTS_USE_GPU; the engines in use decide for themselves.")


class ServiceSpeech(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": _SPEECH})

    format: Literal["wav"]
    sample_rate: int
    audio_base64: str = Field(description="A whole WAV file, mono, 16 bits. The same request gives the same bytes.")
    duration_seconds: float
    engine: str
    voice: str = Field(description="The voice that spoke; empty where it was the engine's default.")
    voice_match: VoiceMatch = Field(description="`approximate`: the engine's voice that comes nearest spoke.")
    stored_as: str | None = Field(description="The name of the kept clip, made of its content; null when not kept.")
    not_applied: list[str] = Field(description="What was asked for and the engine cannot do.")


def synthesis_service_routes(
    people: VoiceHouse,
    settings: SynthesisServiceSettings,
    *,
    door: Door,
    origins: Collection[str],
    fetch: Fetch | None = None,
) -> APIRouter:
    """`origins` are those of web pages that may ask besides the server's own page."""
    router = APIRouter(
        tags=["synthesis service"],
        dependencies=[Depends(needs("speak", door)), Depends(only_from_known_pages(origins))],
    )
    house = people.speech
    speakers = Speakers(house, people.voices, fetch or GuardedFetch(), default_clip=settings.default_voice)
    everything = detail_refusals(400, 401, 403, 404, 413, 415, 422, 429, 500, 502, 503, 504, 507)

    async def all_voices(user: str) -> list[ServiceVoice]:
        default = ServiceVoice(voice_id=DEFAULT_SPEAKER, display_name="Default", language=house.language)
        own = [_as_told(each) for each in await people.voices.list(user)]
        engines = [
            ServiceVoice(voice_id=each.voice.id, display_name=each.voice.name, language=each.voice.language)
            for each in await house.voices()
            if each.voice.id != DEFAULT_SPEAKER
        ]
        return [default, *own, *engines]

    @router.get(
        "/api/v1/tts/config", summary="Languages, voices and defaults", responses=detail_refusals(400, 401, 503)
    )
    async def config(user: Annotated[str, Depends(user_of)]) -> ServiceConfig:  # pyright: ignore[reportUnusedFunction]
        """What may be asked for; and what speaks in truth, whatever model the settings name."""
        engines = await house.engines("tts")
        speaking = [each.title for each in engines if each.in_use]
        return ServiceConfig(
            model_repo=settings.model_repo,
            model_dir=settings.model_dir,
            languages=_languages(await house.voices()),
            voices=await all_voices(user),
            defaults=ServiceDefaults(
                language="en", speaker_id=DEFAULT_SPEAKER, format="wav", store_generated_audio=False
            ),
            engine=", ".join(speaking) or "none",
            clones=any(each.clones and each.available for each in engines),
            use_gpu=settings.use_gpu,
        )

    @router.get(VOICES_PATH, summary="Voices that may be named", responses=detail_refusals(400, 401, 503))
    async def voices(user: Annotated[str, Depends(user_of)]) -> ServiceVoices:  # pyright: ignore[reportUnusedFunction]
        """What `speaker_id` takes."""
        return ServiceVoices(voices=await all_voices(user))

    @router.post(
        VOICES_PATH,
        summary="Register a voice",
        status_code=201,
        dependencies=[Depends(needs("voices", door))],
        responses=everything,
    )
    async def register(  # pyright: ignore[reportUnusedFunction]
        order: RegisterOrder, request: Request, response: Response, caller: Annotated[Caller, Depends(the_caller)]
    ) -> RegisteredHere:
        """Makes a voice of the caller's of a sample. Whoever sends one states by it, under the published terms, that
        the speaker agrees, which is recorded with it. Where no engine here learns voices, the nearest speaks for it,
        which `voice_match` tells."""
        language = order.language or house.language
        wanted = CloneOrder(
            user=caller.user,
            name=order.display_name or "Voice",
            language=language,
            source="registry",
            attested_by=attestation_of(caller),
        )
        async with AsyncExitStack() as resources:
            async with while_connected(request.receive):
                # What cannot be spoken is refused before anything is fetched or kept.
                await speakers.check(language)
                recording = await resources.enter_async_context(
                    speakers.recording(wav_base64=order.speaker_wav_base64, wav_url=order.speaker_wav_url)
                )
            profile = await resources.enter_async_context(
                cloned(people, recording, wanted, caller=caller, request=request)
            )
            by = await people.match(profile, language)
            response.headers[MATCH_HEADER] = by.match
            told = _as_told(profile)
            return RegisteredHere(**told.model_dump(), voice_match=by.match, nearest_voice=by.nearest)

    @router.post(SYNTHESIZE_PATH, summary="Speak a text as one WAV file", responses=everything)
    async def synthesize(  # pyright: ignore[reportUnusedFunction]
        order: SpeechOrder, request: Request, response: Response, user: Annotated[str, Depends(user_of)]
    ) -> ServiceSpeech:
        """The whole sound at once, as base64 of a WAV file. A sample that comes with the text counts for it alone."""
        async with while_connected(request.receive):
            speaker = await _speaker_of(speakers, order, user=user)
            spoken, sound = await _spoken(house, order, speaker, user=user)
        wav = marked_wav(sound, engine=spoken.body.engine)
        if order.store_generated_audio:
            try:
                spoken.body.stored_as = await keep_clip(settings.store_folder, wav)
            except OSError as failure:
                reason = failure.strerror
                raise NotKept(f"the clip could not be kept ({reason}): ask without store_generated_audio") from failure
        spoken.body.audio_base64 = (await asyncio.to_thread(base64.b64encode, wav)).decode()
        response.headers.update(spoken.headers)
        return spoken.body

    return router


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spoken:
    body: ServiceSpeech
    """Its sound is still to be put in."""
    headers: dict[str, str]


async def _speaker_of(speakers: Speakers, order: SpeechOrder, *, user: str) -> Speaker:
    if order.sampled:
        return await speakers.sampled(
            wav_base64=order.speaker_wav_base64, wav_url=order.speaker_wav_url, language=order.language
        )
    return await speakers.named(order.speaker_id, user=user, language=order.language)


async def _spoken(house: SpeechHouse, order: SpeechOrder, speaker: Speaker, *, user: str) -> tuple[_Spoken, PcmChunk]:
    # A language that nobody sent does not keep a voice of another one from speaking.
    own_language = not speaker.is_nearest and speaker.voice is not None and "language" not in order.model_fields_set
    narration = await house.narrate(
        NarrationRequest(
            text=order.text,
            language=None if own_language else order.language,
            voice=speaker.voice,
            pitch_semitones=speaker.pitch_semitones,
            pronunciations=await house.pronunciations(user),
        )
    )
    try:
        async with aclosing(narration.events()) as events:
            pieces = [event.chunk.pcm async for event in events if isinstance(event, NarratedSound)]
    finally:
        await narration.aclose()
    sound = PcmChunk(pcm=b"".join(pieces), sample_rate_hz=narration.sample_rate_hz)
    match: VoiceMatch = "approximate" if speaker.is_nearest else narration.voice_match
    body = ServiceSpeech(
        format="wav",
        sample_rate=sound.sample_rate_hz,
        audio_base64="",
        duration_seconds=round(sound.duration_ms / 1000.0, 6),
        engine=narration.engine,
        voice=narration.voice,
        voice_match=match,
        stored_as=None,
        not_applied=list(narration.not_applied),
    )
    return _Spoken(body=body, headers={**speech_headers(narration), MATCH_HEADER: match}), sound


def _as_told(profile: VoiceProfile) -> ServiceVoice:
    return ServiceVoice(voice_id=profile.voice_id, display_name=profile.name, language=profile.language)


def _languages(voices: Sequence[OfferedVoice]) -> list[ServiceLanguage]:
    """Each once, by its label; a language without a name of its own is told by its first voice's."""
    labels: dict[str, str] = {}
    for each in voices:
        tag = base_language(each.voice.language)
        labels.setdefault(tag, LANGUAGE_NAMES.get(tag, each.voice.name))
    return [ServiceLanguage(id=tag, label=label) for tag, label in sorted(labels.items(), key=lambda item: item[1])]
