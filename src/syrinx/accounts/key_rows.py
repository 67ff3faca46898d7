"""API keys as rows of the database."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from syrinx.accounts.api_key import ApiKey, sha256_of
from syrinx.accounts.caller import SCOPES
from syrinx.accounts.key_limits import KeyLimits
from syrinx.accounts.tables import ApiKeyRow


def limits_json(limits: KeyLimits, counted_as: str) -> dict[str, Any]:
    return {**asdict(limits), "counted_as": counted_as}


def row_of(key: ApiKey, secret: str) -> ApiKeyRow:
    return ApiKeyRow(
        key_id=key.key_id,
        user_id=key.user,
        name=key.name,
        secret_sha256=sha256_of(secret),
        scopes=sorted(key.scopes),
        limits=limits_json(key.limits, key.counted_as),
        created_at=key.created_at,
        created_by=key.created_by,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
        replaced_by=key.replaced_by,
    )


def key_in(row: ApiKeyRow) -> ApiKey:
    limits = dict(row.limits)
    counted_as = limits.pop("counted_as")
    return ApiKey(
        key_id=row.key_id,
        user=row.user_id,
        name=row.name,
        # A later version may have written scopes that this one does not know: they open nothing here.
        scopes=frozenset(each for each in SCOPES if each in row.scopes),
        limits=KeyLimits(**limits),
        counted_as=counted_as,
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        replaced_by=row.replaced_by,
    )
