"""What Alembic runs when it is asked for something here: it works on the connection that it is handed."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from syrinx.storage.base import Base
from syrinx.storage.migrations import VERSION_TABLE


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table=VERSION_TABLE,
        # Of the three, MariaDB alone ends a transaction with every change of a table.
        transactional_ddl=connection.dialect.name != "mysql",
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
