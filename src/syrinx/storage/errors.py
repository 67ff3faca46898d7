"""What can go wrong with what is kept, and how the drivers of three databases say it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from syrinx.errors import DiskRefused, SyrinxError


class DatabaseUnavailable(SyrinxError):
    """The database is not reached, has gone, or is too busy: nothing of the transaction was kept."""

    code = "database_unavailable"
    retryable = True


class Conflict(SyrinxError):
    """There is such a row already, or the one that this rests on is not there: nothing of the transaction was kept."""

    code = "conflict"


class DamagedBlob(SyrinxError):
    """What the store gave back is not what was kept."""

    code = "damaged_blob"


class StoreUnavailable(SyrinxError):
    """The store of blobs is not reached, or refuses for now."""

    code = "store_unavailable"
    retryable = True


# PostgreSQL says it by SQLSTATE, MariaDB and MySQL by number, SQLite by name.
_CONFLICTS: Final = frozenset(
    {"23503", "23505", 1062, 1451, 1452, 1557, 1586, 1761}
    | {f"SQLITE_CONSTRAINT_{kind}" for kind in ("UNIQUE", "PRIMARYKEY", "FOREIGNKEY", "ROWID")}
)
_GONE: Final = frozenset({"57P01", "57P02", "57P03", "57P05", 1053, 1077, 1080, 1927, 4031, *range(2002, 2014)})
_BUSY: Final = frozenset(
    {"40001", "40P01", "53200", "53300", "55P03", "57014", 1040, 1203, 1205, 1213, 1226, 1969, 3024, 3572}
    | {"SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_BUSY_TIMEOUT", "SQLITE_LOCKED", "SQLITE_LOCKED_SHAREDCACHE"}
)
_FULL: Final = frozenset({"53100", "25006", 1021, 1030, 1114, 1290, 1836, "SQLITE_FULL", "SQLITE_CANTOPEN"})

_REFUSED: Final = frozenset({1044, 1045, 1049, 1130, 1131, 1698, "SQLITE_NOTADB", "SQLITE_CORRUPT"})
_PASSING: Final = ("starting up", "shutting down", "too many", "recovery", "remaining connection slots", "max clients")


def _said(error: DBAPIError) -> str | int | None:
    """The driver's own code of what went wrong; None where it has none."""
    cause = error.orig
    for name in ("sqlite_errorname", "sqlstate"):
        # asyncmy's SQLSTATE is a class of errors too wide to go by: its number comes first.
        if (code := getattr(cause, name, None)) and not (name == "sqlstate" and _number(cause)):
            return str(code)
    return _number(cause)


def _number(cause: BaseException | None) -> int | None:
    first = cause.args[0] if cause is not None and cause.args else None
    return first if isinstance(first, int) else None


def is_conflict(error: DBAPIError) -> bool:
    """Whether a unique or a foreign key was hurt; a missing value is our own mistake, and no conflict."""
    return isinstance(error, IntegrityError) and _said(error) in _CONFLICTS


def is_gone(error: DBAPIError) -> bool:
    """Whether the connection, or the server behind it, is no more, or never was there."""
    said = _said(error)
    if said is None:
        # psycopg has no code for a connection that could not be made.
        return error.connection_invalidated or "connection" in str(error.orig) or "resolve host" in str(error.orig)
    return error.connection_invalidated or said in _GONE or str(said).startswith("08")


def is_refused(error: DBAPIError) -> bool:
    """Whether a server that is there does not let us in, or a file is no database: asking again does not help."""
    said = _said(error)
    if said is None:
        # psycopg has no code for it: what the server said stands behind a word that is not translated by libpq, and
        # of what is said so early these alone pass.
        words = str(error.orig)
        return "FATAL:" in words and not any(passing in words for passing in _PASSING)
    return said in _REFUSED or str(said).startswith(("28", "3D"))


@contextmanager
def told_plainly(place: str) -> Generator[None, None, None]:
    """What a driver raises within becomes an error of ours, where it is no mistake of ours; `place` has no password."""
    try:
        yield
    except NoFreeConnection as error:
        raise DatabaseUnavailable(f"{place} has more to do than it can: try again in a moment") from error
    except DBAPIError as error:
        said = _said(error)
        if is_conflict(error):
            raise Conflict("there is one already, or what it belongs to is not there any more") from error
        if said in _FULL or str(said).startswith(("SQLITE_IOERR", "SQLITE_READONLY")):
            raise DiskRefused(f"{place} could not write: its disk is full, or may not be written to") from error
        if said in _BUSY:
            raise DatabaseUnavailable(f"{place} is too busy: try again in a moment") from error
        if is_gone(error):
            raise DatabaseUnavailable(f"{place} is not reached: try again when it is there") from error
        raise


__all__ = [
    "Conflict",
    "DamagedBlob",
    "DatabaseUnavailable",
    "StoreUnavailable",
    "is_conflict",
    "is_gone",
    "is_refused",
    "told_plainly",
]
