"""An API key: what is known of it, and the secret by which it is recognised."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from syrinx.accounts.caller import SCOPES, Caller, Scope, is_user
from syrinx.accounts.key_limits import KeyLimits
from syrinx.errors import WrongParameter

LONGEST_NAME: Final = 100
KEY_PREFIX: Final = "syx_"
"""By which a key is known for one, in a log or a repository too."""
_KEY_ID_BYTES: Final = 8
_SECRET_BYTES: Final = 32
_KEY_ID: Final = re.compile(r"[0-9a-f]{16}")
_SECRET: Final = re.compile(r"syx_([0-9a-f]{16})_[A-Za-z0-9_-]{43}")
NO_SECRET_SHA256: Final = hashlib.sha256(b"").hexdigest()
"""Compared with where there is no key of that id."""

KeyState = Literal["live", "replaced", "expired", "revoked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    key_id: str
    """16 hexadecimal digits; no secret."""
    user: str
    name: str
    scopes: frozenset[Scope]
    limits: KeyLimits
    counted_as: str
    """The key whose share it uses up: its own id, or that of the key whose place it took."""
    created_at: datetime
    created_by: str
    """A user, "key:" and the id of a key of the same user, or "command line"."""
    expires_at: datetime | None
    last_used_at: datetime | None
    """To the minute or so."""
    revoked_at: datetime | None
    """From then on it opens nothing; ahead of now in a key that is being replaced."""
    replaced_by: str | None

    @property
    def end(self) -> datetime | None:
        """From when on it opens nothing; None: never."""
        return min((each for each in (self.expires_at, self.revoked_at) if each is not None), default=None)

    def state(self, now: datetime) -> KeyState:
        """ "replaced": it still opens, until `revoked_at`."""
        if self.revoked_at is not None and self.revoked_at <= now:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        return "live" if self.revoked_at is None else "replaced"

    def opens(self, now: datetime) -> bool:
        return self.state(now) in {"live", "replaced"}

    def caller(self) -> Caller:
        return Caller(
            user=self.user,
            scopes=self.scopes,
            how="key",
            key_id=self.key_id,
            limits=self.limits,
            counted_as=self.counted_as,
        )


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_key_id() -> str:
    return secrets.token_hex(_KEY_ID_BYTES)


def is_key_id(text: str) -> bool:
    return _KEY_ID.fullmatch(text) is not None


def new_secret(key_id: str) -> str:
    """256 random bits behind the id (ASVS 5.0 V11.5.1)."""
    return f"{KEY_PREFIX}{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"


def key_id_in(secret: str) -> str | None:
    """The id of the key that this may be the secret of; None where it is no secret of a key."""
    found = _SECRET.fullmatch(secret)
    return found[1] if found else None


def sha256_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def check_user(user: str) -> None:
    if not is_user(user):
        raise WrongParameter(
            "a user's name is to be 1 to 64 letters, digits or ._@-, beginning with a letter or digit", parameter="user"
        )


def checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise WrongParameter(f"a key's name is to be 1 to {LONGEST_NAME} characters of one line", parameter="name")
    return name


def checked_scopes(scopes: Collection[Scope]) -> frozenset[Scope]:
    known = frozenset(scopes)
    if not known or not known <= set(SCOPES):
        raise WrongParameter(f"scopes are to be some of {', '.join(SCOPES)}", parameter="scopes")
    return known
