"""A user's own pronunciations over HTTP: seeing, replacing and removing them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from syrinx.accounts import Door
from syrinx.errors import BadInput, WrongParameter
from syrinx.speech.pronunciation_book import PronunciationBook
from syrinx.text.pronunciations import (
    LONGEST_IPA,
    LONGEST_SPOKEN,
    LONGEST_WRITTEN,
    MOST_ENTRIES,
    Pronunciation,
    Pronunciations,
)
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import user_of
from syrinx.transports.http.refusals import refusal

_SQL: dict[str, Any] = {"written": "SQL", "spoken": "sequel", "ipa": "", "language": "", "case_sensitive": True}
_TOMATO: dict[str, Any] = {
    "written": "tomato",
    "spoken": "",
    "ipa": "təˈmɑːtəʊ",
    "language": "en",
    "case_sensitive": False,
}


class PronunciationEntry(BaseModel):
    """Has either `spoken` or `ipa`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _SQL})

    written: str = Field(
        min_length=1, max_length=LONGEST_WRITTEN, description="The word or phrase in texts; matched as whole words."
    )
    spoken: str = Field(default="", max_length=LONGEST_SPOKEN, description="What is read instead.")
    ipa: str = Field(
        default="",
        max_length=LONGEST_IPA,
        description="Its sounds in the International Phonetic Alphabet, for voices that take them.",
    )
    language: str = Field(
        default="", pattern=r"^([A-Za-z]{2,3})?$", description="BCP 47 primary tag of texts it is for; empty: all."
    )
    case_sensitive: bool = False


class PronunciationList(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"entries": [_SQL, _TOMATO]}})

    entries: list[PronunciationEntry] = Field(max_length=MOST_ENTRIES)


_NO_TOKEN = refusal("No token, or a wrong one.", "unauthorized", "this server wants a token: ...")
_WRONG_USER = refusal("The user's name cannot be.", "bad_input", "X-Syrinx-User is to be 1 to 64 letters, ...")
_OTHER_PAGE = refusal("Asked by a web page of another origin.", "origin_refused", "pages of ... may not change ...")
_WRONG_ENTRY = refusal(
    "An entry or the user's name cannot be.", "bad_input", "entries.1: the entry for 'SQL' is to have either ..."
)
_TOO_LARGE = refusal("The body is too large.", "too_large", "the body is larger than the 8388608 bytes that ...")
_NO_JSON = refusal("The body is not declared as JSON.", "json_wanted", "... send JSON as application/json")
_WRONG = refusal("Not as described here.", "bad_input", "entries.0.written: Field required")
_DAMAGED = refusal(
    "What is kept cannot be read.", "pronunciations_damaged", "the pronunciations kept in ... are damaged (...): ..."
)

_NOT_KEPT = refusal(
    "The change cannot be written.", "pronunciations_not_kept", "the pronunciations cannot be kept (...): ..."
)


def pronunciation_routes(book: PronunciationBook, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask for changes besides the server's own page."""
    router = APIRouter(
        tags=["speech"],
        dependencies=[Depends(needs("speak", door)), Depends(only_from_known_pages(origins))],
        responses={401: _NO_TOKEN, 422: _WRONG},
    )
    path = "/api/speech/pronunciations"

    @router.get(path, summary="A user's pronunciations", responses={400: _WRONG_USER, 500: _DAMAGED})
    async def pronunciations(user: Annotated[str, Depends(user_of)]) -> PronunciationList:  # pyright: ignore[reportUnusedFunction]
        """What the user behind the request has put in, in the same order; an empty list where there is nothing."""
        return _listed(await book.of(user))

    @router.put(
        path,
        summary="Replace a user's pronunciations",
        responses={400: _WRONG_ENTRY, 403: _OTHER_PAGE, 413: _TOO_LARGE, 415: _NO_JSON, 507: _NOT_KEPT},
    )
    async def replace(user: Annotated[str, Depends(user_of)], wanted: PronunciationList) -> PronunciationList:  # pyright: ignore[reportUnusedFunction]
        """From the next request on, texts of this user are read so. Whatever was kept before is replaced as a whole."""
        return _listed(await book.put(user, _entries(wanted)))

    @router.delete(
        path,
        summary="Remove a user's pronunciations",
        status_code=204,
        responses={400: _WRONG_USER, 403: _OTHER_PAGE, 507: _NOT_KEPT},
    )
    async def remove(user: Annotated[str, Depends(user_of)]) -> None:  # pyright: ignore[reportUnusedFunction]
        """Texts of this user are read as they are written again."""
        await book.remove(user)

    return router


def _entries(wanted: PronunciationList) -> list[Pronunciation]:
    entries: list[Pronunciation] = []
    for place, entry in enumerate(wanted.entries):
        try:
            entries.append(Pronunciation(**entry.model_dump()))
        except BadInput as error:
            name = f"entries.{place}"
            raise WrongParameter(f"{name}: {error.message}", parameter=name) from error
    return entries


def _listed(kept: Pronunciations) -> PronunciationList:
    return PronunciationList.model_validate(kept, from_attributes=True)
