"""Where blobs lie: a folder of this machine, or a bucket of S3's kind."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from obstore.exceptions import BaseError as ObstoreError
from obstore.store import LocalStore, S3Store

from syrinx.errors import ConfigurationError, DiskRefused

if TYPE_CHECKING:
    from obstore.store import S3Credential  # not there at run time

_KEYS: Final = ("access_key_id", "secret_access_key")
_TEXT_OPTIONS: Final = frozenset({"endpoint", "region", "session_token", *_KEYS})
_YES_NO_OPTIONS: Final = frozenset({"allow_http", "virtual_hosted_style_request"})
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_UNFINISHED: Final = re.compile(r".*#[0-9]+")
"""How obstore calls what it is writing, beside what it will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobStore:
    """Made by `open_local` and `open_s3`."""

    objects: LocalStore | S3Store
    shown: str
    """For people and logs."""
    folder: Path | None = None
    """Of one on this machine."""

    async def settle(self, key: str) -> None:
        """What has been put is on the disk, and only its owner can read it. A bucket sees to that by itself."""
        if self.folder is not None:
            await asyncio.to_thread(_settle, self.folder / key)

    async def clear(self, *, older_than_s: float) -> None:
        """Remove what somebody began to write as long ago and never finished."""
        if self.folder is not None:
            await asyncio.to_thread(_clear, self.folder, time.time() - older_than_s)


async def open_local(folder: Path) -> BlobStore:
    """The folder is made where it is missing, and nobody else gets into it. Raises DiskRefused."""
    try:
        whole = await asyncio.to_thread(_make, folder)
        return BlobStore(objects=LocalStore(whole), shown=f"the folder {whole}", folder=whole)
    except (OSError, ObstoreError) as refused:
        reason = getattr(refused, "strerror", None) or str(refused).splitlines()[0]
        raise DiskRefused(f"blobs cannot be kept in the folder {folder}: {reason}") from refused


def open_s3(bucket: str, prefix: str, options: Mapping[str, str]) -> BlobStore:
    """Raises ConfigurationError; whether the bucket is there is found out when it is used."""
    given = {name.lower().removeprefix("aws_"): value for name, value in options.items()}
    if unknown := sorted(set(given) - _TEXT_OPTIONS - _YES_NO_OPTIONS):
        known = ", ".join(sorted(_TEXT_OPTIONS | _YES_NO_OPTIONS))
        raise ConfigurationError(
            f"a store of S3's kind has no option {', '.join(name[:40] for name in unknown)}: it has {known}"
        )
    if not _BUCKET.fullmatch(bucket):
        raise ConfigurationError("a store of S3's kind is given as s3://bucket/prefix, with the bucket's own name")
    if missing := [name for name in _KEYS if not given.get(name)]:
        # Without them the library would ask the network for keys, unasked.
        raise ConfigurationError(f"the store s3://{bucket} needs its options {' and '.join(missing)}")
    yes_no = {name: _yes(name, given[name]) for name in _YES_NO_OPTIONS if name in given}
    endpoint = given.get("endpoint", "")
    if endpoint.startswith("http://") and not yes_no.get("allow_http"):
        raise ConfigurationError("the store's endpoint is not encrypted: give https://, or the option allow_http=true")
    region = given.get("region") or "us-east-1"
    # The library reads the variables of other programs where it is not told otherwise: nothing is left to them.
    config: dict[str, Any] = {
        "region": region,
        "aws_endpoint_url_s3": endpoint or f"https://s3.{region}.amazonaws.com",
        "virtual_hosted_style_request": yes_no.get("virtual_hosted_style_request", False),
        "skip_signature": False,
    }
    credential: S3Credential = {
        "access_key_id": given["access_key_id"],
        "secret_access_key": given["secret_access_key"],
        "token": given.get("session_token") or None,
        "expires_at": None,
    }
    try:
        objects = S3Store(
            bucket,
            prefix=prefix or None,
            config=config,  # pyright: ignore[reportArgumentType] - it knows one more name than it declares
            credential_provider=lambda: credential,
            client_options={
                "allow_http": yes_no.get("allow_http", False),
                "connect_timeout": timedelta(seconds=10),
                "timeout": timedelta(seconds=120),
            },
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
        )
    except (ObstoreError, ValueError) as refused:
        raise ConfigurationError(
            f"the store s3://{bucket} cannot be opened: {str(refused).splitlines()[0]}"
        ) from refused
    return BlobStore(objects=objects, shown=f"the store s3://{bucket}/{prefix}")


def _yes(name: str, value: str) -> bool:
    match value.strip().lower():
        case "true" | "1" | "yes" | "on":
            return True
        case "false" | "0" | "no" | "off" | "":
            return False
        case _:
            raise ConfigurationError(f"the store's option {name} is true or false")


def _make(folder: Path) -> Path:
    whole = folder.expanduser().absolute()
    whole.mkdir(mode=0o700, parents=True, exist_ok=True)
    whole.chmod(0o700)
    return whole


def _settle(file: Path) -> None:
    file.chmod(0o600)
    for path in (file, file.parent, file.parent.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _clear(folder: Path, before: float) -> None:
    for file in folder.glob("*/*/*"):
        if _UNFINISHED.fullmatch(file.name):
            try:
                if file.stat().st_mtime < before:
                    file.unlink()
            except FileNotFoundError:
                continue  # finished in between


__all__ = ["BlobStore", "open_local", "open_s3"]
