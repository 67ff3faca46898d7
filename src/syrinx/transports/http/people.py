"""Who asks and how much they may, everything about them to take along or to delete, tickets, and the audit log."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from syrinx.accounts import PERSONAL_SCOPES, Caller, Door, Forbidden
from syrinx.accounts.api_key import ApiKey
from syrinx.errors import WrongParameter
from syrinx.transports.http.access import needs, only_from_known_pages
from syrinx.transports.http.callers import the_caller
from syrinx.transports.http.joining import joined
from syrinx.transports.http.people_export import MEDIA_TYPE, archive_response
from syrinx.transports.http.people_house import PeopleHouse
from syrinx.transports.http.people_keys import key_routes
from syrinx.transports.http.people_refusals import EVERYWHERE, NO_JSON, NOT_KEPT
from syrinx.transports.http.people_wire import (
    AuditList,
    Confirmation,
    Deleted,
    Me,
    PeopleList,
    Person,
    TicketMade,
    shown_event,
    shown_me,
)

_MOST_EVENTS: Final = 500
_ARCHIVE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A ZIP file.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


def people_routes(house: PeopleHouse, *, door: Door, origins: Collection[str]) -> APIRouter:
    """`origins` are those of web pages that may ask for changes besides the server's own page."""
    router = APIRouter(
        tags=["people"],
        dependencies=[Depends(needs(None, door)), Depends(only_from_known_pages(origins, json_only=False))],
        responses=EVERYWHERE,
    )
    accounts = house.accounts

    @router.get("/api/people/me", summary="Who asks")
    async def me(caller: Annotated[Caller, Depends(the_caller)]) -> Me:  # pyright: ignore[reportUnusedFunction]
        """Whom the server takes the caller for, what they may do, and how much of it is left."""
        limits = accounts.limits
        return shown_me(caller, limits=limits.of(caller), allowance=await limits.left(caller))

    @router.get(
        "/api/people/me/export",
        summary="Everything about oneself",
        response_class=Response,
        responses=_ARCHIVE | NOT_KEPT,
    )
    async def export(  # pyright: ignore[reportUnusedFunction]
        request: Request, caller: Annotated[Caller, Depends(the_caller)]
    ) -> Response:
        """Voices, consents, recordings, conversations, pronunciations, keys without their secrets, and the audit log:
        JSON and sound in one archive. It takes a key that may do all that a person may."""
        with house.noted(request, caller, "person.exported", caller.user):
            _check_whole(caller)
            return await archive_response(house, caller.user)

    @router.delete(
        "/api/people/me",
        summary="Delete everything about oneself",
        responses=NO_JSON,
        dependencies=[Depends(only_from_known_pages(origins))],
    )
    async def delete(  # pyright: ignore[reportUnusedFunction]
        request: Request, caller: Annotated[Caller, Depends(the_caller)], confirmation: Confirmation
    ) -> Deleted:
        """At once and for ever; `confirm` is to be the name of the user. Keys end last, so that what failed half-way
        can be done again. The log of what was done stays for as long as it does for everybody."""
        with house.noted(request, caller, "person.deleted", caller.user):
            _check_whole(caller)
            if confirmation.confirm != caller.user:
                raise WrongParameter(
                    f"confirm is to be {caller.user!r}, of whom everything is then deleted", parameter="confirm"
                )
            deleted = {each.name: await each.delete(caller.user) for each in house.belongings}
            await accounts.tickets.delete_all(caller.user)
            deleted["keys"] = await accounts.keys.delete_all(caller.user)
        return Deleted(user=caller.user, deleted=deleted, audit_kept_days=house.audit_days)

    @router.post("/api/tickets", summary="A ticket for a socket", status_code=201)
    async def ticket(caller: Annotated[Caller, Depends(the_caller)]) -> TicketMade:  # pyright: ignore[reportUnusedFunction]
        """For browsers, which cannot send a key with a socket: open it with `?ticket=...` within 30 s. It counts once,
        and may what the caller may."""
        made, expires_at = await accounts.tickets.issue(caller)
        return TicketMade(ticket=made, expires_at=expires_at)

    @router.get("/api/audit", summary="What was done")
    async def audit(  # pyright: ignore[reportUnusedFunction]
        caller: Annotated[Caller, Depends(the_caller)],
        everybody: Annotated[bool, Query(description="By all users and by strangers, for operators.")] = False,
        before: Annotated[int | None, Query(ge=1, le=2**62, description="`next` of the answer before.")] = None,
        limit: Annotated[int, Query(ge=1, le=_MOST_EVENTS)] = 100,
    ) -> AuditList:
        """By the caller, or by everybody; the newest first. There are no words and no sound in it."""
        if everybody:
            caller.need("admin")
        events = await accounts.audit.list(None if everybody else caller.user, before=before, limit=limit)
        return AuditList(
            events=[shown_event(event) for event in events], next=events[-1].id if len(events) == limit else None
        )

    @router.get("/api/people", summary="All users", dependencies=[Depends(needs("admin", door))])
    async def people() -> PeopleList:  # pyright: ignore[reportUnusedFunction]
        """For operators: those who have keys, or of whom something is kept."""
        now = datetime.now(UTC)
        keys: dict[str, list[ApiKey]] = {}
        for key in await accounts.keys.list(None):
            keys.setdefault(key.user, []).append(key)
        having = {each.name: await each.users() for each in house.belongings}
        users = sorted(keys.keys() | {user for users in having.values() for user in users})
        return PeopleList(
            people=[
                Person(
                    user=user,
                    keys=sum(key.opens(now) for key in keys.get(user, ())),
                    last_used_at=max(
                        (key.last_used_at for key in keys.get(user, ()) if key.last_used_at), default=None
                    ),
                    has=[name for name, theirs in having.items() if user in theirs],
                )
                for user in users
            ]
        )

    return joined(router, key_routes(house, door=door, origins=origins))


def _check_whole(caller: Caller) -> None:
    """Raises Forbidden for keys that are for less: they must not give away or destroy what they cannot even reach."""
    if not caller.is_operator and not caller.scopes >= PERSONAL_SCOPES:
        raise Forbidden(f"that takes a key with all of the scopes {', '.join(sorted(PERSONAL_SCOPES))}")
