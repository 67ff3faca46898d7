"""People and the keys that they come with: who asks, what they may, how much of it, and what is noted down."""

from syrinx.accounts.caller import (
    EVERY_SCOPE,
    LOCAL_USER,
    OPEN_CALLER,
    PERSONAL_SCOPES,
    SCOPES,
    Caller,
    Door,
    Forbidden,
    Scope,
    calling,
    current_caller,
    is_user,
)
from syrinx.accounts.doors import OpenDoor, TokenDoor, door_of
from syrinx.accounts.jwt_settings import IdentityProviderAway, JwtSettings, supabase_jwt
from syrinx.accounts.key_limits import KeyLimits

__all__ = [
    "EVERY_SCOPE",
    "LOCAL_USER",
    "OPEN_CALLER",
    "PERSONAL_SCOPES",
    "SCOPES",
    "Caller",
    "Door",
    "Forbidden",
    "IdentityProviderAway",
    "JwtSettings",
    "KeyLimits",
    "OpenDoor",
    "Scope",
    "TokenDoor",
    "calling",
    "current_caller",
    "door_of",
    "is_user",
    "supabase_jwt",
]
