"""The one history of all tables, of whatever noun: each revision a file in `versions`, written by hand.

A revision names every change on its own and never asks the models, which go on changing. On MariaDB each statement
stands by itself, so a revision that was broken off there is begun again: it passes over what it has done already.
"""

from typing import Final

HEAD: Final = "0001"
"""The last revision, known without Alembic so that a server whose database is up to date never loads it."""
VERSION_TABLE: Final = "syrinx_version"
"""Not Alembic's usual name: the database may be another program's too, which may use Alembic as well."""

__all__ = ["HEAD", "VERSION_TABLE"]
