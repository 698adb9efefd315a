"""Writing many rows of one table as fast as its database takes them (F39)."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Table,
    any_,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session

from branch_desk.models.account import Account
from branch_desk.models.base import Base
from branch_desk.models.member import Member
from branch_desk.operations.books.import_rejects import Rejected
from branch_desk.operations.books.import_rows import BookRow


@dataclass(slots=True)
class Stored:
    """What became of a batch."""

    accepted: int = 0
    """New or changed."""
    rejected: list[Rejected] = field(default_factory=list)

    def refuse(self, row: BookRow, column: str, reason: str) -> None:
        """Leave a line out, and say why."""
        self.rejected.append(Rejected(row.line, column, reason, row.raw))


def ids_of(
    session: Session, mapped: type[Member | Account], numbers: Collection[str]
) -> dict[str, UUID]:
    """Give the ids of those numbers that are in the books."""
    found = session.execute(
        select(mapped.number, mapped.id).where(among(session, mapped.number, numbers))
    )
    return {row[0]: row[1] for row in found}


def among(
    session: Session, column: InstrumentedAttribute[Any], values: Collection[Any]
) -> ColumnElement[bool]:
    """Ask for any of thousands of values: one list on PostgreSQL, which reads it far faster."""
    if session.get_bind().dialect.name != "postgresql":
        return column.in_(values)
    return column == any_(bindparam(None, list(values), ARRAY(column.type), unique=True))


def locked(query: Select[Any], *order: InstrumentedAttribute[Any]) -> Select[Any]:
    """Lock what a query reads, always in one order, so that nobody waits crosswise."""
    return query.order_by(*order).with_for_update(key_share=True)


def update_rows(
    session: Session,
    mapped: type[Base],
    columns: Sequence[str],
    changed: Sequence[tuple[Any, ...]],
    *,
    key: Sequence[str] = ("id",),
) -> None:
    """Change rows: each is its key's values and then those of `columns`."""
    if not changed:
        return
    table = _table(mapped)
    old = [f"old_{name}" for name in key]
    new = [f"new_{name}" for name in columns]
    statement = (
        update(table)
        .where(*(table.c[name] == bindparam(old_) for name, old_ in zip(key, old, strict=True)))
        .values({name: bindparam(new_) for name, new_ in zip(columns, new, strict=True)})
    )
    names = [*old, *new]
    session.connection().execute(
        statement, [dict(zip(names, values, strict=True)) for values in changed]
    )


def insert_rows(
    session: Session, mapped: type[Base], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Put in new rows, each value as its column writes it: by COPY on PostgreSQL."""
    if not rows:
        return
    table, connection = _table(mapped), session.connection()
    dialect = connection.dialect
    writers = [
        (place, write)
        for place, name in enumerate(columns)
        if (write := table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) is not None
    ]

    def written() -> Iterator[list[Any]]:
        for row in rows:
            values = list(row)
            for place, write in writers:
                values[place] = write(values[place])
            yield values

    if dialect.name == "postgresql":
        _copy(session, table, columns, written())
        return
    statement = insert(table).values({name: bindparam(name) for name in columns})
    compiled = statement.compile(dialect=dialect)
    arranged = itemgetter(*(columns.index(name) for name in compiled.positiontup or ()))
    connection.exec_driver_sql(str(compiled), [arranged(row) for row in written()])


def _table(mapped: type[Base]) -> Table:
    table = mapped.__table__
    assert isinstance(table, Table)
    return table


def _copy(
    session: Session, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    import psycopg
    from psycopg import sql

    command = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    driver: Any = session.connection().connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(command) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        # The driver's own error would pass by what retries and explains those of SQLAlchemy.
        raise DBAPIError.instance(
            "COPY", None, error, psycopg.Error, connection_invalidated=bool(driver.closed)
        ) from error
