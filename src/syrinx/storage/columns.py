"""Kinds of columns that mean the same on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, final

from sqlalchemy import DateTime, Dialect, String, Text, TypeDecorator
from sqlalchemy.types import VARBINARY, TypeEngine


def _mysql() -> ModuleType:
    """Loaded where it is used: its drivers would take their part of every start."""
    from sqlalchemy.dialects import mysql  # noqa: PLC0415

    return mysql


def _long_text(dialect: Dialect) -> TypeEngine[Any]:
    if dialect.name in {"mysql", "mariadb"}:
        return dialect.type_descriptor(_mysql().MEDIUMTEXT(charset="utf8mb4"))
    return dialect.type_descriptor(Text())


@final
class UtcTime(TypeDecorator[datetime]):
    """A moment, to the microsecond; always aware, in UTC. SQLite and MariaDB would lose the zone in silence."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        match dialect.name:
            case "postgresql":
                return dialect.type_descriptor(DateTime(timezone=True))
            case "mysql" | "mariadb":
                return dialect.type_descriptor(_mysql().DATETIME(fsp=6))
            case _:
                return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone: moments are kept in UTC")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@final
class Key(TypeDecorator[str]):
    """Text by which rows are found, up to `length` bytes of UTF-8: compared and ordered byte by byte.

    MariaDB's collations take "A" for "a", and "a " for "a"; PostgreSQL's order depends on the machine.
    """

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        match dialect.name:
            case "postgresql":
                return dialect.type_descriptor(String(self.length, collation="C"))
            case "mysql" | "mariadb":
                return dialect.type_descriptor(VARBINARY(self.length))
            case _:
                return dialect.type_descriptor(String(self.length))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | bytes | None:
        return value.encode() if value is not None and dialect.name in {"mysql", "mariadb"} else value

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return value.decode() if isinstance(value, bytes | bytearray) else value


@final
class LongText(TypeDecorator[str]):
    """Text of any length that a request may have, in every language's letters."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return _long_text(dialect)


@final
class Json(TypeDecorator[Any]):
    """A JSON value, kept as text: nothing is looked for inside it."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return _long_text(dialect)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


__all__ = ["Json", "Key", "LongText", "UtcTime"]
