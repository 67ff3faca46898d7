"""Whose JWTs are taken for people: an identity provider with published keys, or one with whom a secret is shared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from syrinx.errors import ConfigurationError, SyrinxError

LEEWAY_S: Final = 30.0
"""By how much clocks may differ."""
SHORTEST_SECRET_BYTES: Final = 32
"""RFC 7518, 3.2: as long as what HMAC-SHA-256 gives."""


class IdentityProviderAway(SyrinxError):
    """Nobody can tell at this time whether a JWT is right (HTTP: 503)."""

    code = "identity_provider_unavailable"
    retryable = True


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtSettings:
    """Has either `jwks_url` or `shared_secret`."""

    issuer: str
    """Must be what `iss` says, to the letter."""
    audience: str
    """Must be, or be among, what `aud` says."""
    jwks_url: str = ""
    """Where the provider publishes its keys: the only address that is ever asked, whatever a token says."""
    shared_secret: str = ""
    """Then tokens are signed with it by HS256, and no others are taken."""
    leeway_s: float = LEEWAY_S

    def __post_init__(self) -> None:
        """Raises ConfigurationError."""
        if not self.issuer or not self.audience:
            raise ConfigurationError("JWTs need an issuer and an audience: tokens made for others would be taken")
        if bool(self.jwks_url) == bool(self.shared_secret):
            raise ConfigurationError("JWTs need either the address of the provider's keys (JWKS) or a shared secret")
        if self.shared_secret and len(self.shared_secret.encode()) < SHORTEST_SECRET_BYTES:
            raise ConfigurationError(f"the shared secret of JWTs is to have {SHORTEST_SECRET_BYTES} bytes or more")
        if self.jwks_url:
            _check_address(self.jwks_url)


def supabase_jwt(url: str, *, shared_secret: str = "") -> JwtSettings:
    """Of the Supabase project at `url` (SUPABASE_URL). `shared_secret`: of older projects, which sign by HS256."""
    base = url.rstrip("/")
    _check_address(base)
    return JwtSettings(
        issuer=f"{base}/auth/v1",
        audience="authenticated",
        jwks_url="" if shared_secret else f"{base}/auth/v1/.well-known/jwks.json",
        shared_secret=shared_secret,
    )


def _check_address(url: str) -> None:
    """Keys that came in the clear would be anybody's; on this machine there is nobody in between."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    loopback = host in {"localhost", "127.0.0.1", "::1"}
    if not host or parts.username or not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        raise ConfigurationError(
            "the address of the identity provider is to be like https://abc.supabase.co: https, and no password in it"
        )
