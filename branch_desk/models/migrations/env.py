"""Run migrations in one transaction, on the address the program passes in."""

from typing import Any

from alembic import context
from sqlalchemy import Connection, create_engine, event, pool

import branch_desk.models.tables  # noqa: F401  every table, for autogenerate
from branch_desk.models.base import Base

config = context.config


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        transactional_ddl=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


engine = create_engine(config.attributes["url"], poolclass=pool.NullPool)
if engine.dialect.name == "sqlite":

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:  # noqa: ANN401  the driver's
        # SQLite would otherwise commit DDL statement by statement: a kill would leave a half.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


with engine.connect() as opened:
    _run(opened)
engine.dispose()
