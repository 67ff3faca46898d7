"""API keys over HTTP: one's own, and for operators everybody's."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from syrinx.accounts import Caller, Door
from syrinx.accounts.api_key import utc_now
from syrinx.accounts.key_limits import NO_OWN_LIMITS
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import the_caller
from syrinx.transports.http.people_house import PeopleHouse
from syrinx.transports.http.people_refusals import EVERYWHERE, NO_JSON, NO_SUCH_KEY
from syrinx.transports.http.people_wire import KeyChange, KeyList, KeyMade, KeyShown, KeyWanted, Rotation, shown_key

KeyId = Annotated[str, Path(description="16 hexadecimal digits, as in the list.", examples=["0123456789abcdef"])]


def key_routes(house: PeopleHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask for changes besides the server's own page."""
    router = APIRouter(
        tags=["people"],
        dependencies=[Depends(needs(None, door)), Depends(only_from_known_pages(origins))],
        responses=EVERYWHERE,
    )
    desk = house.accounts.desk

    @router.get("/api/keys", summary="List keys")
    async def keys(  # pyright: ignore[reportUnusedFunction]
        caller: Annotated[Caller, Depends(the_caller)],
        everybody: Annotated[bool, Query(description="Those of all users, for operators.")] = False,
    ) -> KeyList:
        """The newest first, those included that open nothing any more. Their secrets nobody has but who was given
        them."""
        found = await desk.list(caller, of_everybody=everybody)
        return KeyList(keys=[shown_key(key, utc_now()) for key in found])

    @router.post("/api/keys", summary="Make a key", status_code=201, responses=NO_JSON)
    async def create(  # pyright: ignore[reportUnusedFunction]
        request: Request, caller: Annotated[Caller, Depends(the_caller)], wanted: KeyWanted
    ) -> KeyMade:
        """The secret is in this answer and in no other. Nobody makes a key that may do more than they themselves;
        one that is made by means of a key ends with that, and uses up its share."""
        with house.noted(
            request, caller, "key.created", wanted.user or caller.user, scopes=len(wanted.scopes)
        ) as noted:
            key, secret = await desk.create(
                caller,
                user=wanted.user,
                name=wanted.name,
                scopes=wanted.scopes,
                expires_at=wanted.expires_at,
                limits=wanted.limits.read() if wanted.limits else NO_OWN_LIMITS,
            )
            noted.subject = key.key_id
        return KeyMade(key=shown_key(key, utc_now()), secret=secret)

    @router.post("/api/keys/{key_id}/rotate", summary="Replace a key", status_code=201, responses=NO_JSON | NO_SUCH_KEY)
    async def rotate(  # pyright: ignore[reportUnusedFunction]
        request: Request, caller: Annotated[Caller, Depends(the_caller)], key_id: KeyId, wanted: Rotation
    ) -> KeyMade:
        """A key with the same scopes, limits and end, and a new secret. The old one goes on opening for `overlap_s`."""
        with house.noted(request, caller, "key.rotated", key_id, overlap_s=wanted.overlap_s):
            key, secret = await desk.rotate(caller, key_id, overlap_s=wanted.overlap_s)
        return KeyMade(key=shown_key(key, utc_now()), secret=secret)

    @router.patch("/api/keys/{key_id}", summary="Change a key", responses=NO_JSON | NO_SUCH_KEY)
    async def change(  # pyright: ignore[reportUnusedFunction]
        request: Request, caller: Annotated[Caller, Depends(the_caller)], key_id: KeyId, wanted: KeyChange
    ) -> KeyShown:
        """What is null or left out stays as it is."""
        with house.noted(request, caller, "key.changed", key_id):
            key = await desk.change(
                caller,
                key_id,
                name=wanted.name,
                scopes=wanted.scopes,
                limits=wanted.limits.read() if wanted.limits else None,
            )
        return shown_key(key, utc_now())

    @router.delete("/api/keys/{key_id}", summary="Revoke a key", responses=NO_SUCH_KEY)
    async def revoke(  # pyright: ignore[reportUnusedFunction]
        request: Request, caller: Annotated[Caller, Depends(the_caller)], key_id: KeyId
    ) -> KeyShown:
        """It opens nothing any more, nor do keys that were made with it; other servers may take 5 s to know."""
        with house.noted(request, caller, "key.revoked", key_id):
            key = await desk.revoke(caller, key_id)
        return shown_key(key, utc_now())

    return router
