"""Models over HTTP: what there is, getting one, giving up, removing and checking it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from syrinx.accounts import Door
from syrinx.engines.models import ModelKind, ModelState, Stage
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.errors import ErrorBody
from syrinx.transports.http.refusals import refusal

_ENTRY: dict[str, Any] = {
    "name": "whisper-base",
    "engine": "whisper",
    "kind": "stt",
    "title": "Whisper base",
    "good_for": "Understands 99 languages well on most laptops.",
    "languages": ["de", "en"],
    "size_bytes": 147951465,
    "memory_bytes": 400000000,
    "licence": {
        "id": "MIT",
        "name": "MIT licence",
        "url": "https://opensource.org/license/mit",
        "summary": "Free for any use.",
    },
    "repository": "Systran/faster-whisper-base",
    "hosts": ["huggingface.co"],
    "revision": "main",
    "preference": 60,
    "state": "pulling",
    "progress": {
        "stage": "downloading",
        "done_bytes": 73400320,
        "total_bytes": 147951465,
        "bytes_per_s": 6000000.0,
        "seconds_left": 12.4,
    },
    "failure": None,
    "problem": "",
    "partial_bytes": 0,
    "in_use": False,
    "adopted": False,
    "ability": None,
    "measuring": False,
    "recommended": True,
}


class LicenceEntry(BaseModel):
    id: str = Field(description="SPDX, or LicenseRef-... where SPDX has none. What `accept_licence` takes.")
    name: str
    url: str
    summary: str = Field(description="What it allows and asks, for a person.")


class ProgressEntry(BaseModel):
    stage: Stage = Field(description="waiting: for the hub or another process; checking: comparing with checksums.")
    done_bytes: int = Field(description="What earlier pulls had fetched included.")
    total_bytes: int
    bytes_per_s: float | None
    seconds_left: float | None


class AbilityEntry(BaseModel):
    """How fast it proved on this machine."""

    real_time_factor: float | None = Field(description="Time of work over time of sound; null for kind llm.")
    first_ms: float = Field(description="Until the words (stt), the first sound (tts), the first word (llm).")
    tokens_per_s: float | None = Field(default=None, description="Of kind llm; null for the others.")
    fast_enough: bool = Field(description="For a talk; what is not is not used by itself.")


class ModelEntry(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": _ENTRY})

    name: str
    engine: str
    kind: ModelKind
    title: str
    good_for: str
    languages: list[str] = Field(description="BCP 47 primary tags.")
    size_bytes: int = Field(description="Of its files together.")
    memory_bytes: int = Field(description="About what it takes when loaded.")
    licence: LicenceEntry
    repository: str
    hosts: list[str] = Field(description="Whose servers its files are fetched from.")
    revision: str
    preference: int = Field(description="`auto` takes the highest that is installed and fast enough here.")
    state: ModelState
    progress: ProgressEntry | None = Field(description="While it is being pulled.")
    failure: ErrorBody | None = Field(description="Why the last pull ended without it, and what to do.")
    problem: str = Field(
        description="What is wrong with a damaged one, or why an installed one could not be tried; empty otherwise."
    )
    partial_bytes: int = Field(description="Fetched by a pull that did not finish: the next one goes on from there.")
    in_use: bool
    adopted: bool = Field(description="The files lie in a folder of the user's own, which is never deleted.")
    ability: AbilityEntry | None
    measuring: bool = Field(description="Whether its speed is being measured, or is about to be.")
    recommended: bool = Field(description="The one of its kind for this machine and the default language.")


class ModelList(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "models": [_ENTRY],
                "folder": "/home/me/.local/share/syrinx/models",
                "free_bytes": 52000000000,
                "hub": "https://huggingface.co",
                "offline": False,
            }
        }
    )

    models: list[ModelEntry]
    folder: str
    free_bytes: int | None = Field(description="Null where the system does not tell.")
    hub: str = Field(description="Where models come from.")
    offline: bool = Field(description="Whether the settings forbid to ask the hub.")


class PullOrder(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"accept_licence": "MIT"}})

    accept_licence: str | None = Field(
        default=None, description="The `id` of the model's licence, which the person has seen and accepts."
    )


class VerifyOrder(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {}})


class Verification(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {"ok": True, "problems": []}})

    ok: bool
    problems: list[str] = Field(description="One sentence each.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHouse:
    """What these routes need of the house; wired by the app.

    All but `list` take a model's name and raise UnknownModel for one that is not in the catalogue.
    """

    list: Callable[[], Awaitable[ModelList]]
    pull: Callable[[str, str | None], Awaitable[ModelEntry]]
    """Name and accepted licence's id; starts or joins a pull and does not wait for its end."""
    cancel: Callable[[str], Awaitable[ModelEntry]]
    remove: Callable[[str], Awaitable[ModelEntry]]
    verify: Callable[[str], Awaitable[Verification]]


_NO_TOKEN = refusal("No token, or a wrong one.", "unauthorized", "this server wants a token: ...")
_OTHER_PAGE = refusal("Asked by a web page of another origin.", "origin_refused", "pages of ... may not change ...")
_UNKNOWN = refusal("Not in the catalogue.", "unknown_model", "There is no model 'wisper' in the catalogue. ...")
_NOT_JSON = refusal("The body cannot be read as JSON.", "bad_input", "There was an error parsing the body")
_TOO_LARGE = refusal("The body is too large.", "too_large", "the body is larger than the 8388608 bytes that ...")
_NO_JSON = refusal("The body is not declared as JSON.", "json_wanted", "... send JSON as application/json")
_WRONG = refusal("Not as described here.", "bad_input", "accept_license: Extra inputs are not permitted")
_NOT_HERE = refusal("Not installed, or at work on at the moment.", "model_not_installed", "... is not installed: ...")
_NO_LICENCE = refusal("The licence was not accepted.", "licence_not_accepted", "Whisper base comes under MIT: ...")
_NO_ROOM = refusal("Not enough room on the disk.", "disk_full", "... needs 148 MB, 20 MB are free in ...")
_NO_HUB = refusal("The settings forbid to ask the hub.", "hub_offline", "... cannot be pulled: the settings say ...")


def model_routes(house: ModelHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask for changes besides the server's own page."""
    router = APIRouter(
        tags=["models"],
        dependencies=[Depends(needs(None, door)), Depends(only_from_known_pages(origins))],
        responses={401: _NO_TOKEN, 422: _WRONG},
    )
    changing = [Depends(needs("models", door))]
    change: dict[int | str, dict[str, Any]] = {403: _OTHER_PAGE, 404: _UNKNOWN}
    with_body: dict[int | str, dict[str, Any]] = {**change, 400: _NOT_JSON, 413: _TOO_LARGE, 415: _NO_JSON}

    @router.get("/api/models", summary="Models there are")
    async def models() -> ModelList:  # pyright: ignore[reportUnusedFunction]
        """The whole catalogue with what is here, what is being fetched and what suits this machine."""
        return await house.list()

    @router.post(
        "/api/models/{name}/pull",
        summary="Get a model",
        status_code=202,
        dependencies=changing,
        responses={**with_body, 409: _NO_LICENCE, 503: _NO_HUB, 507: _NO_ROOM},
    )
    async def pull(name: str, order: PullOrder) -> ModelEntry:  # pyright: ignore[reportUnusedFunction]
        """Begins to fetch it, or joins the pull under way; what an earlier one had fetched is not fetched again.

        How far it is and how it ended is told by the list: `progress`, then `state` or `failure`.
        """
        return await house.pull(name, order.accept_licence)

    @router.delete(
        "/api/models/{name}/pull", summary="Give up getting a model", dependencies=changing, responses=change
    )
    async def cancel(name: str) -> ModelEntry:  # pyright: ignore[reportUnusedFunction]
        """Ends the pull. What was fetched stays for the next one."""
        return await house.cancel(name)

    @router.delete(
        "/api/models/{name}", summary="Remove a model", dependencies=changing, responses={**change, 409: _NOT_HERE}
    )
    async def remove(name: str) -> ModelEntry:  # pyright: ignore[reportUnusedFunction]
        """Deletes its files; an adopted folder is only let go of."""
        return await house.remove(name)

    @router.post(
        "/api/models/{name}/verify",
        summary="Check a model",
        dependencies=changing,
        responses={**with_body, 409: _NOT_HERE},
    )
    async def verify(name: str, order: VerifyOrder) -> Verification:  # pyright: ignore[reportUnusedFunction]
        """Compares all its files with their checksums, which takes seconds for each gigabyte."""
        del order
        return await house.verify(name)

    return router
