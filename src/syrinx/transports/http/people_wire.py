"""People, keys, tickets and the audit log, as they are written in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from syrinx.accounts import Caller, KeyLimits, Scope
from syrinx.accounts.api_key import LONGEST_NAME, ApiKey, KeyState
from syrinx.accounts.audit import AuditEvent, Outcome
from syrinx.accounts.key_limits import MOST
from syrinx.accounts.keys import LONGEST_OVERLAP_S
from syrinx.accounts.limits import Allowance, Left

_LIMITS: Final[dict[str, Any]] = {
    "requests_per_minute": 60,
    "characters_per_day": 100_000,
    "audio_seconds_per_day": None,
}
_KEY: Final[dict[str, Any]] = {
    "key_id": "0123456789abcdef",
    "user": "ann",
    "name": "kitchen speaker",
    "scopes": ["speak", "listen"],
    "limits": {"requests_per_minute": None, "characters_per_day": None, "audio_seconds_per_day": None},
    "state": "live",
    "created_at": "2026-03-01T09:00:00Z",
    "created_by": "ann",
    "expires_at": "2027-03-01T00:00:00Z",
    "last_used_at": None,
    "ends_at": None,
    "replaced_by": None,
}
_SECRET: Final = "syx_0123456789abcdef_..."  # noqa: S105 - an example of one
_EVENT: Final[dict[str, Any]] = {
    "id": 17,
    "at": "2026-03-01T09:00:00Z",
    "user": "ann",
    "key_id": "",
    "action": "key.created",
    "subject": "0123456789abcdef",
    "outcome": "done",
    "address": "127.0.0.1",
    "details": {"scopes": 2},
}


def _shown_as(example: dict[str, Any], *, strict: bool = False) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": example}, extra="forbid" if strict else "ignore")


class LimitsShown(BaseModel):
    model_config = _shown_as(_LIMITS, strict=True)

    requests_per_minute: int | None = Field(default=None, ge=1, le=MOST)
    characters_per_day: int | None = Field(default=None, ge=1, le=MOST, description="Of text that is spoken.")
    audio_seconds_per_day: int | None = Field(default=None, ge=1, le=MOST, description="Of sound listened to.")

    def read(self) -> KeyLimits:
        return KeyLimits(**self.model_dump())


class LeftShown(BaseModel):
    model_config = _shown_as({"most": 60, "left": 12, "full_again_s": 48.5})

    most: int
    left: int
    full_again_s: float = Field(description="Seconds until all of it is there again, if nothing is used meanwhile.")


class AllowanceShown(BaseModel):
    """null: not limited."""

    model_config = _shown_as(
        {
            "requests": {"most": 60, "left": 12, "full_again_s": 48.5},
            "characters": {"most": 100_000, "left": 91_200, "full_again_s": 30_600.0},
            "audio_seconds": None,
        }
    )

    requests: LeftShown | None = Field(description="Of this minute.")
    characters: LeftShown | None = Field(description="Of this day, which ends at midnight UTC.")
    audio_seconds: LeftShown | None = Field(description="Likewise.")


class Me(BaseModel):
    model_config = _shown_as(
        {
            "user": "ann",
            "scopes": ["speak", "listen", "talk", "voices"],
            "how": "key",
            "key_id": "0123456789abcdef",
            "is_operator": False,
            "limits": _LIMITS,
            "left": {
                "requests": {"most": 60, "left": 12, "full_again_s": 48.5},
                "characters": {"most": 100_000, "left": 91_200, "full_again_s": 30_600.0},
                "audio_seconds": None,
            },
        }
    )

    user: str
    scopes: list[Scope]
    how: Literal["open", "token", "key", "jwt", "ticket"] = Field(description="By what the server knows the caller.")
    key_id: str | None
    is_operator: bool
    limits: LimitsShown = Field(description="What holds for the caller; null: not limited.")
    left: AllowanceShown


class KeyWanted(BaseModel):
    model_config = _shown_as(
        {"name": "kitchen speaker", "scopes": ["speak", "listen"], "expires_at": "2027-03-01T00:00:00Z"}, strict=True
    )

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    scopes: list[Scope] = Field(min_length=1, max_length=20)
    expires_at: AwareDatetime | None = Field(default=None, description="With a time zone; null: never.")
    limits: LimitsShown | None = Field(default=None, description="Set by operators alone; null: as the settings say.")
    user: str | None = Field(default=None, max_length=64, description="Whose it is; operators may name any user.")


class KeyChange(BaseModel):
    model_config = _shown_as({"name": "living room"}, strict=True)

    name: str | None = Field(default=None, min_length=1, max_length=LONGEST_NAME)
    scopes: list[Scope] | None = Field(default=None, min_length=1, max_length=20)
    limits: LimitsShown | None = Field(default=None, description="All three at once; set by operators alone.")


class Rotation(BaseModel):
    model_config = _shown_as({"overlap_s": 3600}, strict=True)

    overlap_s: float = Field(
        default=0, ge=0, le=LONGEST_OVERLAP_S, description="Seconds for which the old key goes on opening."
    )


class KeyShown(BaseModel):
    model_config = _shown_as(_KEY)

    key_id: str
    user: str
    name: str
    scopes: list[Scope]
    limits: LimitsShown = Field(description="Its own; null: as the settings say.")
    state: KeyState = Field(description="replaced: it opens until ends_at.")
    created_at: datetime
    created_by: str = Field(description='A user, "key:" and the id of the key it was made with, or "command line".')
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute or so.")
    ends_at: datetime | None = Field(description="When it was revoked, or is going to be.")
    replaced_by: str | None = Field(description="The id of the key that took its place.")


class KeyMade(BaseModel):
    """The only answer that ever has the secret."""

    model_config = _shown_as({"key": _KEY, "secret": _SECRET})

    key: KeyShown
    secret: str


class KeyList(BaseModel):
    model_config = _shown_as({"keys": [_KEY]})

    keys: list[KeyShown]


class TicketMade(BaseModel):
    model_config = _shown_as({"ticket": "syt_...", "expires_at": "2026-03-01T09:00:30Z"})

    ticket: str
    expires_at: datetime


class AuditEventShown(BaseModel):
    model_config = _shown_as(_EVENT)

    id: int
    at: datetime
    user: str = Field(description="Empty where nobody was known yet.")
    key_id: str
    action: str
    subject: str
    outcome: Outcome
    address: str
    details: dict[str, bool | int | float | str] = Field(
        description="Numbers and codes; `by`: the operator who acted for the user, `token` for the operator's token."
    )


class AuditList(BaseModel):
    model_config = _shown_as({"events": [_EVENT], "next": None})

    events: list[AuditEventShown] = Field(description="The newest first.")
    next: int | None = Field(description="What `before` is to be for those before these; null: there are none.")


class Person(BaseModel):
    model_config = _shown_as({"user": "ann", "keys": 2, "last_used_at": "2026-03-01T09:00:00Z", "has": ["voices"]})

    user: str
    keys: int = Field(description="Those that open.")
    last_used_at: datetime | None = Field(description="When one of the keys was used last.")
    has: list[str] = Field(description="What is kept of this person.")


class PeopleList(BaseModel):
    model_config = _shown_as(
        {"people": [{"user": "ann", "keys": 2, "last_used_at": "2026-03-01T09:00:00Z", "has": ["voices"]}]}
    )

    people: list[Person]


class Confirmation(BaseModel):
    model_config = _shown_as({"confirm": "ann"}, strict=True)

    confirm: str = Field(max_length=64, description="The name of the user of whom everything is to be deleted.")


class Deleted(BaseModel):
    model_config = _shown_as(
        {"user": "ann", "deleted": {"voices": 3, "conversations": 12, "keys": 2}, "audit_kept_days": 365}
    )

    user: str
    deleted: dict[str, int]
    audit_kept_days: int = Field(description="How long the log of what was done stays.")


def shown_limits(limits: KeyLimits) -> LimitsShown:
    return LimitsShown(
        requests_per_minute=limits.requests_per_minute,
        characters_per_day=limits.characters_per_day,
        audio_seconds_per_day=limits.audio_seconds_per_day,
    )


def shown_me(caller: Caller, *, limits: KeyLimits, allowance: Allowance) -> Me:
    return Me(
        user=caller.user,
        scopes=sorted(caller.scopes),
        how=caller.how,
        key_id=caller.key_id or None,
        is_operator=caller.is_operator,
        limits=shown_limits(limits),
        left=AllowanceShown(
            requests=_shown_left(allowance.requests),
            characters=_shown_left(allowance.characters),
            audio_seconds=_shown_left(allowance.audio_seconds),
        ),
    )


def shown_key(key: ApiKey, now: datetime) -> KeyShown:
    return KeyShown(
        key_id=key.key_id,
        user=key.user,
        name=key.name,
        scopes=sorted(key.scopes),
        limits=shown_limits(key.limits),
        state=key.state(now),
        created_at=key.created_at,
        created_by=key.created_by,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        ends_at=key.revoked_at,
        replaced_by=key.replaced_by,
    )


def shown_event(event: AuditEvent) -> AuditEventShown:
    return AuditEventShown.model_validate(event, from_attributes=True)


def _shown_left(left: Left | None) -> LeftShown | None:
    return None if left is None else LeftShown.model_validate(left, from_attributes=True)
