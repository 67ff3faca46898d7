"""OpenAI's `/v1/models`: what requests may name."""

from __future__ import annotations

from typing import Any, Final, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from syrinx.accounts import Door
from syrinx.transports.http.access import needs
from syrinx.transports.http.openai_names import ANY_OTHER, NO_MODEL, NO_TOKEN, STAND_INS, ModelNotFound
from syrinx.transports.http.speech_house import SpeechHouse, SpeechKind

_OWNER: Final = "syrinx"
_MODEL: Final[dict[str, Any]] = {
    "id": "whisper-base",
    "object": "model",
    "created": 0,
    "owned_by": "syrinx",
    "kinds": ["stt"],
    "title": "Whisper base",
    "in_use": True,
    "remote": False,
    "languages": ["de", "en"],
    "stands_for": [],
}
_KINDS: Final[tuple[SpeechKind, ...]] = ("tts", "stt")


class OpenAiModel(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": _MODEL})

    id: str
    object: Literal["model"] = "model"
    created: int = Field(default=0, description="0: when it was made is not known here.")
    owned_by: str = Field(default=_OWNER, description="Who serves it, which is this server.")
    kinds: list[SpeechKind] = Field(description="tts: it speaks; stt: it listens.")
    title: str
    in_use: bool = Field(description="Whether it serves requests that name none.")
    remote: bool = Field(description="Whether what is said leaves this machine.")
    languages: list[str] = Field(description="BCP 47 primary tags; empty where only the opened engine knows.")
    stands_for: list[str] = Field(description="Of OpenAI's names: the engines that answer to it here.")


class OpenAiModelList(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {"object": "list", "data": [_MODEL]}})

    object: Literal["list"] = "list"
    data: list[OpenAiModel]


def openai_model_routes(house: SpeechHouse, *, door: Door) -> APIRouter:
    router = APIRouter(
        tags=["openai"], dependencies=[Depends(needs(None, door))], responses={401: NO_TOKEN, "default": ANY_OTHER}
    )

    @router.get("/v1/models", summary="Models there are (OpenAI)")
    async def models() -> OpenAiModelList:  # pyright: ignore[reportUnusedFunction]
        """What `model` may be, of both kinds: what can be opened here, and OpenAI's names, for which the engines in
        use stand in."""
        return OpenAiModelList(data=[*(await _installed(house)), *(await _stand_ins(house))])

    @router.get("/v1/models/{model:path}", summary="One model (OpenAI)", responses={404: NO_MODEL})
    async def model(model: str) -> OpenAiModel:  # pyright: ignore[reportUnusedFunction]
        """One of the list."""
        for each in [*(await _installed(house)), *(await _stand_ins(house))]:
            if each.id == model:
                return each
        raise ModelNotFound(f"there is no model {model[:60]!r} here: GET /v1/models lists those there are")

    return router


async def _installed(house: SpeechHouse) -> list[OpenAiModel]:
    """Those that can be opened; one that both speaks and listens stands there once."""
    found: dict[str, OpenAiModel] = {}
    for kind in _KINDS:
        for each in await house.engines(kind):
            if not each.available:
                continue
            before = found.get(each.name)
            found[each.name] = OpenAiModel(
                id=each.name,
                kinds=[*(before.kinds if before else ()), kind],
                title=each.title,
                in_use=each.in_use or (before is not None and before.in_use),
                remote=each.remote or (before is not None and before.remote),
                languages=sorted({*each.languages, *(before.languages if before else ())}),
                stands_for=[],
            )
    return list(found.values())


async def _stand_ins(house: SpeechHouse) -> list[OpenAiModel]:
    found: list[OpenAiModel] = []
    for kind in _KINDS:
        in_use = [each for each in await house.engines(kind) if each.in_use]
        found += [
            OpenAiModel(
                id=name,
                kinds=[kind],
                title=f"The {'voice' if kind == 'tts' else 'ear'} in use",
                in_use=True,
                remote=any(each.remote for each in in_use),
                languages=sorted({language for each in in_use for language in each.languages}),
                stands_for=[each.name for each in in_use],
            )
            for name in STAND_INS[kind]
        ]
    return found
