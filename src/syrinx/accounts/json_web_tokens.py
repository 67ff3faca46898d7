"""JWTs of an identity provider (RFC 7519, 8725): who a person is, told by somebody else whom the settings trust."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import jwt

from syrinx.accounts.caller import LOCAL_USER, PERSONAL_SCOPES, SCOPES, Caller, Scope, is_user
from syrinx.accounts.jwt_settings import JwtSettings
from syrinx.accounts.published_keys import OpenHttp, PublishedKeys
from syrinx.errors import Unauthorized

ASYMMETRIC_ALGORITHMS: Final = ("ES256", "RS256", "EdDSA")
SYMMETRIC_ALGORITHM: Final = "HS256"
_REQUIRED: Final = ("exp", "iat", "iss", "aud", "sub")
_LONGEST: Final = 16 * 1024
_MAPPED: Final = re.compile(r"jwt-[0-9a-f]{32}")


class JsonWebTokens:
    """Made once for one issuer, whose keys it keeps."""

    def __init__(self, settings: JwtSettings, *, http: OpenHttp | None = None) -> None:
        self._settings = settings
        self._published = PublishedKeys(settings.jwks_url, http=http) if settings.jwks_url else None

    async def who(self, token: str) -> Caller:
        """Raises Unauthorized, in the same words whatever is wrong with it, and IdentityProviderAway."""
        try:
            claims = jwt.decode(
                token,
                key=await self._key_for(token),
                algorithms=ASYMMETRIC_ALGORITHMS if self._published else (SYMMETRIC_ALGORITHM,),
                issuer=self._settings.issuer,
                audience=self._settings.audience,
                leeway=self._settings.leeway_s,
                options={"require": list(_REQUIRED), "enforce_minimum_key_length": True},
            )
        except jwt.PyJWTError:
            raise not_valid() from None
        user = _user_of(claims["sub"])
        if user is None:
            raise not_valid()
        until = _over(claims["exp"], leeway_s=self._settings.leeway_s)
        return Caller(user=user, scopes=_scopes_of(claims), how="jwt", until=until)

    async def _key_for(self, token: str) -> jwt.PyJWK | str:
        """Raises PyJWTError, Unauthorized, IdentityProviderAway."""
        if len(token) > _LONGEST:
            raise not_valid()
        if self._published is None:
            return self._settings.shared_secret
        head = jwt.get_unverified_header(token)
        key_id = head.get("kid")
        # Looked at before the provider is asked: what cannot be right makes no work there.
        if head.get("alg") not in ASYMMETRIC_ALGORITHMS or not isinstance(key_id, str):
            raise not_valid()
        key = await self._published.key(key_id)
        if key is None:
            raise not_valid()
        return key


def not_valid() -> Unauthorized:
    return Unauthorized("this token is not valid, or not any more: sign in again")


def _over(timestamp: Any, *, leeway_s: float) -> datetime | None:
    """None for one beyond the calendar's end: then it is not over. The library takes numbers written as text, too."""
    try:
        return datetime.fromtimestamp(int(timestamp) + leeway_s, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _user_of(subject: object) -> str | None:
    """The provider's name for a person, or, where ours cannot be like that, one that no other subject gets.

    None for "local": it is this server's own user, whom no provider may speak for.
    """
    if not isinstance(subject, str) or not subject or subject == LOCAL_USER:
        return None
    if is_user(subject) and not _MAPPED.fullmatch(subject):
        return subject
    return f"jwt-{hashlib.sha256(subject.encode()).hexdigest()[:32]}"


def _scopes_of(claims: Mapping[str, Any]) -> frozenset[Scope]:
    """A person's, or those in `app_metadata.syrinx_scopes`. Never of `user_metadata`, which people write themselves."""
    metadata: object = claims.get("app_metadata")
    if not isinstance(metadata, dict) or "syrinx_scopes" not in metadata:
        return PERSONAL_SCOPES
    listed: object = metadata["syrinx_scopes"]
    # What is no list was meant to be one: nothing is a safer guess than everything that a person may.
    return frozenset(scope for scope in SCOPES if isinstance(listed, list) and scope in listed)
