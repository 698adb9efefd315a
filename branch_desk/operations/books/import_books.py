"""Writing a batch of the core system's lines into the books: only what is new or different (F39).

New rows go in at once, by COPY on PostgreSQL; what stands there already is compared first, so
that a second run writes nothing.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from branch_desk.models.account import Account, Holder
from branch_desk.models.base import new_id
from branch_desk.models.member import Member, MemberName, rotations, whole_name
from branch_desk.operations.books.import_accounts import store_accounts
from branch_desk.operations.books.import_bills import store_bills
from branch_desk.operations.books.import_loans import store_instalments, store_loans
from branch_desk.operations.books.import_rows import MEMBER_COLUMNS, BookKind, BookRow
from branch_desk.operations.books.import_tables import (
    Stored,
    among,
    ids_of,
    insert_rows,
    update_rows,
)


def store_members(session: Session, rows: Sequence[BookRow], _at: datetime) -> Stored:
    """Write members and the rotations of their names; a document belongs to one member only."""
    stored = Stored()
    known = _known(session, rows)
    owners = _owners(session, {row.values[_NUMBER_AT] for row in rows})
    new: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    renamed: list[UUID] = []
    names: list[tuple[str, UUID]] = []
    for row in rows:
        number, document = row.values[0], _document(row.values)
        if owners.get(document, number) != number:
            stored.refuse(row, "document_number", "document_taken")
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
        changed.append((member_id, *row.values))
        if _document(before) != document:
            owners.pop(_document(before), None)
        if _name(before) != _name(row.values):
            renamed.append(member_id)
            names += _rotated(row.values, member_id)
    update_rows(session, Member, MEMBER_COLUMNS, changed)
    insert_rows(session, Member, ("id", *MEMBER_COLUMNS), new)
    if renamed:
        session.execute(delete(MemberName).where(MemberName.member_id.in_(renamed)))
    insert_rows(session, MemberName, ("text", "member_id"), sorted(names))
    stored.accepted = len(new) + len(changed)
    return stored


def store_holders(session: Session, rows: Sequence[BookRow], _at: datetime) -> Stored:
    """Write who holds which account; both must be in the books already."""
    stored = Stored()
    accounts = ids_of(session, Account, {row.values[0] for row in rows})
    members = ids_of(session, Member, {row.values[1] for row in rows})
    known = {
        (account, member): role
        for account, member, role in session.execute(
            select(Holder.account_id, Holder.member_id, Holder.role).where(
                among(session, Holder.account_id, accounts.values())
            )
        )
    }
    new: list[tuple[Any, ...]] = []
    for row in rows:
        number, member_number, role = row.values
        account, member = accounts.get(number), members.get(member_number)
        if account is None:
            stored.refuse(row, "account_number", "unknown_account")
        elif member is None:
            stored.refuse(row, "member_number", "unknown_member")
        elif (account, member) not in known:
            new.append((account, member, role))
        elif known[account, member] != role:
            stored.accepted += 1
            session.execute(
                update(Holder)
                .where(Holder.account_id == account, Holder.member_id == member)
                .values(role=role)
            )
    insert_rows(session, Holder, ("account_id", "member_id", "role"), new)
    stored.accepted += len(new)
    return stored


STORES: Final[dict[BookKind, Callable[[Session, Sequence[BookRow], datetime], Stored]]] = {
    BookKind.MEMBERS: store_members,
    BookKind.ACCOUNTS: store_accounts,
    BookKind.HOLDERS: store_holders,
    BookKind.LOANS: store_loans,
    BookKind.INSTALMENTS: store_instalments,
    BookKind.BILLS: store_bills,
}
"""What writes a batch of each file; the instant is that of its transaction."""

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


def _known(session: Session, rows: Iterable[BookRow]) -> dict[str, tuple[UUID, tuple[Any, ...]]]:
    wanted = [row.values[0] for row in rows]
    found = session.execute(
        select(Member.id, *(getattr(Member, name) for name in MEMBER_COLUMNS)).where(
            among(session, Member.number, wanted)
        )
    )
    return {row[1]: (row[0], tuple(row[1:])) for row in found}


def _owners(session: Session, numbers: Collection[str]) -> dict[tuple[Any, ...], str]:
    found = session.execute(
        select(
            Member.number, Member.document_type, Member.document_number, Member.complement
        ).where(among(session, Member.document_number, numbers))
    )
    return {tuple(row[1:]): row[0] for row in found}
