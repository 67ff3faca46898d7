"""Steps of revisions that mean the same on every database, and can be taken again where one broke off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from alembic import op
from sqlalchemy import Column, inspect
from sqlalchemy.schema import SchemaItem

from syrinx.errors import ConfigurationError

_ON_MARIADB: Final[Mapping[str, Any]] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}
"""Whatever the server's own defaults are: transactions, every language's letters, compared as they are."""


def make_table(name: str, *parts: SchemaItem, indexes: Mapping[str, Sequence[str]] | None = None) -> None:
    """A table with its indexes, the columns of each by its name.

    Raises ConfigurationError where another program has a table of that name here.
    """
    connection = op.get_bind()
    looking = inspect(connection)
    if not looking.has_table(name):
        op.create_table(name, *parts, **_ON_MARIADB)
    else:
        ours = {part.name for part in parts if isinstance(part, Column)}
        there = {column["name"] for column in looking.get_columns(name)}
        if connection.dialect.name != "mysql" or ours != there:
            raise ConfigurationError(
                f"the database has a table {name} already, which is not of this program: give it a database of its own"
            )
    made = {index["name"] for index in inspect(connection).get_indexes(name)}
    for index, columns in (indexes or {}).items():
        if index not in made:
            op.create_index(index, name, list(columns))


def drop_tables(*names: str) -> None:
    """With all that is in them, and their indexes; those that rest on others come first."""
    for name in names:
        op.drop_table(name, if_exists=True)


__all__ = ["drop_tables", "make_table"]
