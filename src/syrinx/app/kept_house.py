"""Opens what is kept: the database, the store of blobs, accounts and the history of talks."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from syrinx.accounts.jwt_settings import JwtSettings, supabase_jwt
from syrinx.accounts.key_limits import KeyLimits
from syrinx.accounts.opening import Accounts, AccountSettings, open_accounts
from syrinx.app.settings import Settings
from syrinx.conversation.history import History
from syrinx.errors import ConfigurationError
from syrinx.storage import Database, open_database
from syrinx.storage.blobs import Blobs, open_blobs


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    database: Database
    blobs: Blobs
    accounts: Accounts
    history: History


@asynccontextmanager
async def open_kept(settings: Settings) -> AsyncGenerator[Kept, None]:
    """Raises ConfigurationError, also where others can reach the server and nobody has a key for it; and
    DatabaseUnavailable."""
    async with AsyncExitStack() as closing:
        database = await closing.enter_async_context(open_database(settings.database_address))
        options = {name: value.get_secret_value() for name, value in settings.blobs_option.items()}
        blobs = await closing.enter_async_context(open_blobs(settings.blobs_address, options=options))
        accounts = await closing.enter_async_context(open_accounts(database, account_settings(settings)))
        await _check_reachable(settings, accounts)
        yield Kept(database=database, blobs=blobs, accounts=accounts, history=History(database))


def account_settings(settings: Settings) -> AccountSettings:
    return AccountSettings(
        token=settings.operators_token,
        open_locally=settings.lets_everybody_in,
        jwt=_jwt(settings),
        limits=KeyLimits(
            requests_per_minute=settings.requests_per_minute,
            characters_per_day=settings.characters_per_day,
            audio_seconds_per_day=settings.audio_seconds_per_day,
        ),
        limits_storage=settings.limits_storage.get_secret_value(),
    )


def _jwt(settings: Settings) -> JwtSettings | None:
    secret = "" if settings.jwt_secret is None else settings.jwt_secret.get_secret_value()
    if settings.supabase_url and settings.jwt_issuer:
        raise ConfigurationError("SYRINX_SUPABASE_URL and SYRINX_JWT_ISSUER name two identity providers: set one")
    if settings.supabase_url:
        if settings.jwt_jwks_url:
            raise ConfigurationError("SYRINX_JWT_JWKS_URL is for SYRINX_JWT_ISSUER: a Supabase project has its own")
        return replace(supabase_jwt(settings.supabase_url, shared_secret=secret), audience=settings.jwt_audience)
    if settings.jwt_issuer:
        return JwtSettings(
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            jwks_url=settings.jwt_jwks_url or "",
            shared_secret=secret,
        )
    if secret or settings.jwt_jwks_url:
        raise ConfigurationError("SYRINX_JWT_ISSUER is missing: whose tokens SYRINX_JWT_... are about cannot be told")
    return None


async def _check_reachable(settings: Settings, accounts: Accounts) -> None:
    if settings.on_loopback or settings.operators_token or settings.trusts_tokens:
        return
    now = datetime.now(UTC)
    if not any(key.opens(now) for key in await accounts.keys.list(None)):
        raise ConfigurationError(
            f"SYRINX_HOST={settings.host} can be reached by others, and nobody has a key: make one with "
            "`syrinx keys create`, set SYRINX_TOKEN, or listen on 127.0.0.1"
        )
