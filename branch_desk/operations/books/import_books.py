"""Writing a batch of the core system's lines into the books: only what is new or different (F39).

New rows go in at once, by COPY on PostgreSQL; what stands there already is compared first, so
that a second run writes nothing.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from branch_desk.models.account import Account, Holder
from branch_desk.models.base import Base, new_id
from branch_desk.models.member import Member, MemberName, rotations, whole_name
from branch_desk.operations.books.import_rejects import Rejected
from branch_desk.operations.books.import_rows import (
    ACCOUNT_COLUMNS,
    MEMBER_COLUMNS,
    BookKind,
    BookRow,
)


@dataclass(slots=True)
class Stored:
    """What became of a batch."""

    accepted: int = 0
    """New or changed."""
    rejected: list[Rejected] = field(default_factory=list)


def store_members(session: Session, rows: Sequence[BookRow]) -> Stored:
    """Write members and the rotations of their names; a document belongs to one member only."""
    stored = Stored()
    known = _known(session, Member, MEMBER_COLUMNS, rows)
    owners = _owners(session, {row.values[_NUMBER_AT] for row in rows})
    new: list[tuple[Any, ...]] = []
    changed: list[tuple[UUID, tuple[Any, ...]]] = []
    renamed: list[UUID] = []
    names: list[tuple[str, UUID]] = []
    for row in rows:
        number, document = row.values[0], _document(row.values)
        if owners.get(document, number) != number:
            stored.rejected.append(Rejected(row.line, "document_number", "document_taken", row.raw))
            continue
        owners[document] = number
        found = known.get(number)
        if found is None:
            member_id = new_id()
            new.append((member_id, *row.values))
            names += _rotated(row.values, member_id)
            continue
        member_id, before = found
        if before == row.values:
            continue
        changed.append((member_id, row.values))
        if _document(before) != document:
            owners.pop(_document(before), None)
        if _name(before) != _name(row.values):
            renamed.append(member_id)
            names += _rotated(row.values, member_id)
    _update(session, Member, MEMBER_COLUMNS, changed)
    _insert(session, Member, ("id", *MEMBER_COLUMNS), new)
    if renamed:
        session.execute(delete(MemberName).where(MemberName.member_id.in_(renamed)))
    _insert(session, MemberName, ("text", "member_id"), sorted(names))
    stored.accepted = len(new) + len(changed)
    return stored


def store_accounts(session: Session, rows: Sequence[BookRow]) -> Stored:
    """Write accounts with their balances."""
    known = _known(session, Account, ACCOUNT_COLUMNS, rows)
    new = [(new_id(), *row.values) for row in rows if row.values[0] not in known]
    changed = [
        (known[row.values[0]][0], row.values)
        for row in rows
        if row.values[0] in known and known[row.values[0]][1] != row.values
    ]
    _update(session, Account, ACCOUNT_COLUMNS, changed)
    _insert(session, Account, ("id", *ACCOUNT_COLUMNS), new)
    return Stored(len(new) + len(changed))


def store_holders(session: Session, rows: Sequence[BookRow]) -> Stored:
    """Write who holds which account; both must be in the books already."""
    stored = Stored()
    accounts = _ids(session, Account, {row.values[0] for row in rows})
    members = _ids(session, Member, {row.values[1] for row in rows})
    known = {
        (account, member): role
        for account, member, role in session.execute(
            select(Holder.account_id, Holder.member_id, Holder.role).where(
                Holder.account_id.in_(accounts.values())
            )
        )
    }
    new: list[tuple[Any, ...]] = []
    for row in rows:
        number, member_number, role = row.values
        account, member = accounts.get(number), members.get(member_number)
        if account is None:
            stored.rejected.append(Rejected(row.line, "account_number", "unknown_account", row.raw))
        elif member is None:
            stored.rejected.append(Rejected(row.line, "member_number", "unknown_member", row.raw))
        elif (account, member) not in known:
            new.append((account, member, role))
        elif known[account, member] != role:
            stored.accepted += 1
            session.execute(
                update(Holder)
                .where(Holder.account_id == account, Holder.member_id == member)
                .values(role=role)
            )
    _insert(session, Holder, ("account_id", "member_id", "role"), new)
    stored.accepted += len(new)
    return stored


STORES: Final[dict[BookKind, Callable[[Session, Sequence[BookRow]], Stored]]] = {
    BookKind.MEMBERS: store_members,
    BookKind.ACCOUNTS: store_accounts,
    BookKind.HOLDERS: store_holders,
}

_AT: Final = {name: place for place, name in enumerate(MEMBER_COLUMNS)}
_NUMBER_AT: Final = _AT["document_number"]
_DOCUMENT_AT: Final = (_AT["document_type"], _NUMBER_AT, _AT["complement"])
_NAMES_AT: Final = tuple(
    _AT[name] for name in ("first_names", "first_surname", "second_surname", "married_surname")
)


def _document(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(values[place] for place in _DOCUMENT_AT)


def _name(values: tuple[Any, ...]) -> str:
    return values[_AT["company_name"]] or whole_name(*(values[place] for place in _NAMES_AT))


def _rotated(values: tuple[Any, ...], member_id: UUID) -> list[tuple[str, UUID]]:
    return [(text, member_id) for text in rotations(_name(values))]


def _known(
    session: Session,
    table: type[Member | Account],
    columns: Iterable[str],
    rows: Iterable[BookRow],
) -> dict[str, tuple[UUID, tuple[Any, ...]]]:
    wanted = [row.values[0] for row in rows]
    found = session.execute(
        select(table.id, *(getattr(table, name) for name in columns)).where(
            table.number.in_(wanted)
        )
    )
    return {row[1]: (row[0], tuple(row[1:])) for row in found}


def _owners(session: Session, numbers: Collection[str]) -> dict[tuple[Any, ...], str]:
    found = session.execute(
        select(
            Member.number, Member.document_type, Member.document_number, Member.complement
        ).where(Member.document_number.in_(numbers))
    )
    return {tuple(row[1:]): row[0] for row in found}


def _ids(
    session: Session, table: type[Member | Account], numbers: Collection[str]
) -> dict[str, UUID]:
    found = session.execute(select(table.number, table.id).where(table.number.in_(numbers)))
    return {row[0]: row[1] for row in found}


def _table(mapped: type[Base]) -> Table:
    table = mapped.__table__
    assert isinstance(table, Table)
    return table


def _update(
    session: Session,
    mapped: type[Base],
    columns: Sequence[str],
    changed: Sequence[tuple[UUID, tuple[Any, ...]]],
) -> None:
    if not changed:
        return
    table = _table(mapped)
    statement = update(table).where(table.c.id == bindparam("row"))
    session.connection().execute(
        statement.values({name: bindparam(f"new_{name}") for name in columns}),
        [
            {
                "row": row,
                **{f"new_{name}": value for name, value in zip(columns, values, strict=True)},
            }
            for row, values in changed
        ],
    )


def _insert(
    session: Session, mapped: type[Base], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Put in new rows as fast as the database takes them, each value as its column writes it."""
    if not rows:
        return
    table, connection = _table(mapped), session.connection()
    dialect = connection.dialect
    writers = [
        (place, write)
        for place, name in enumerate(columns)
        if (write := table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) is not None
    ]
    written = [list(row) for row in rows]
    for row in written:
        for place, write in writers:
            row[place] = write(row[place])
    if dialect.name == "postgresql":
        _copy(session, table, columns, written)
        return
    statement = insert(table).values({name: bindparam(name) for name in columns})
    compiled = statement.compile(dialect=dialect)
    arranged = itemgetter(*(columns.index(name) for name in compiled.positiontup or ()))
    connection.exec_driver_sql(str(compiled), [arranged(row) for row in written])


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
