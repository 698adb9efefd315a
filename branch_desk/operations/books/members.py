"""Members' records at the desk: lists, and the record behind a document (F4)."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_

from branch_desk.models.access import Access, AccessStatus
from branch_desk.models.account import (
    Account,
    AccountKind,
    AccountStatus,
    Handling,
    Holder,
    HolderRole,
)
from branch_desk.models.errors import NotFound
from branch_desk.models.event import Event
from branch_desk.models.member import (
    Department,
    DocumentType,
    Member,
    MemberKind,
    MemberName,
    document_of,
    name_of,
    next_key,
)
from branch_desk.models.money import Money
from branch_desk.models.staff import Branch, Role
from branch_desk.operations.books.search import READERS, members_named
from branch_desk.operations.books.search_sources import PERSON
from branch_desk.operations.books.typed import read
from branch_desk.operations.page import Page
from branch_desk.operations.work import Work, allowed

PAGE: Final = 100

_OF_ROW: Final = ("id", "number", "kind", *PERSON, "mobile", "email")


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member as a line of a list."""

    id: UUID
    number: str
    kind: MemberKind
    name: str
    document: str
    mobile: str
    email: str
    branch_code: str
    users: int
    """How many e-banking users the member has, closed ones aside."""


@dataclass(frozen=True, slots=True)
class HeldAccount:
    """An account of a member, and the member's part in it."""

    id: UUID
    number: str
    kind: AccountKind
    handling: Handling
    status: AccountStatus
    opened_on: date
    balance: Money
    role: HolderRole
    holders: int
    """How many hold it."""


@dataclass(frozen=True, slots=True)
class MemberUser:
    """An e-banking user of a member."""

    id: UUID
    user_name: str
    person_name: str
    status: AccessStatus
    locked: bool


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """What the cooperative's books say of a member."""

    id: UUID
    number: str
    kind: MemberKind
    document_type: DocumentType
    document_number: str
    complement: str
    issued_in: Department | None
    document_expiry: date | None
    first_names: str
    first_surname: str
    second_surname: str
    married_surname: str
    birth_date: date | None
    company_name: str
    trade_registry: str
    email: str
    mobile: str
    address: str
    name: str
    document: str
    branch_code: str
    accounts: tuple[HeldAccount, ...]
    users: tuple[MemberUser, ...]


@allowed(*READERS, reads=True)
def members(
    work: Work, text: str = "", after: object | None = None, limit: int = PAGE
) -> Page[MemberRow]:
    """List members: by number; with `text`, those whose document, mail or name begins so.

    `after` is the `next` of the page before. Words that stand apart in every name give one page,
    and so do digits that begin no document but a member's number.
    """
    typed = read(text)
    words = " ".join(typed.words)
    digits = typed.digits or typed.card
    if not text.strip():
        source = _by(Member.number)
    elif digits:
        source = _by(Member.document_number, digits)
        if typed.card:
            source = source.where(
                Member.document_number == digits,
                Member.complement >= typed.complement,
                Member.complement < next_key(typed.complement),
            )
    elif typed.document and not words.isalpha():
        source = _by(Member.document_number, typed.document)
    elif typed.email:
        source = _by(Member.email, typed.email)
    elif words:
        source = _by(MemberName.text, words, MemberName.member_id)
    else:
        return Page(())
    key = source.selected_columns
    here = tuple_(key[0], key[1])
    if isinstance(after, tuple):
        source = source.where(here > after)
    keys = work.session.execute(source.order_by(key[0], key[1]).limit(limit + 1)).all()
    following = tuple(keys[limit - 1]) if len(keys) > limit else None
    ids = list(dict.fromkeys(row[1] for row in keys[:limit]))
    if not ids and after is None and typed.digits:
        # Nobody's document: then the number the cooperative knows its members by.
        numbered = _by(Member.number, typed.digits).order_by(Member.number).limit(limit)
        ids = [row[1] for row in work.session.execute(numbered)]
    if not ids and after is None and len(typed.words) > 1:
        ids = members_named(work, typed.words, limit)
    return Page(_rows(work, ids), following)


@allowed(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
def member(work: Work, member_id: UUID) -> MemberRecord:
    """Show a member's record whole; that it was looked at is recorded. Raises NotFound."""
    found = work.session.get(Member, member_id)
    if found is None:
        raise NotFound(kind="member")
    return _shown(work, found)


@allowed(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
def member_match(
    work: Work, document_type: DocumentType, number: str, complement: str = ""
) -> MemberRecord | None:
    """Show the record of whoever has this document, or None; a look is recorded."""
    found = work.session.scalar(
        select(Member).where(
            Member.document_type == document_type,
            Member.document_number == number,
            Member.complement == complement,
        )
    )
    return None if found is None else _shown(work, found)


def _by(column: Any, begin: str = "", owner: Any = Member.id) -> Select[Any]:  # noqa: ANN401  columns
    query = select(column, owner)
    return query.where(column >= begin, column < next_key(begin)) if begin else query


def _rows(work: Work, ids: list[UUID]) -> tuple[MemberRow, ...]:
    users = (
        select(func.count())
        .where(Access.member_id == Member.id, Access.status != AccessStatus.CLOSED)
        .correlate(Member)
        .scalar_subquery()
    )
    # Columns, not objects: a hundred of those cost more than all else a page does.
    found = work.session.execute(
        select(*(getattr(Member, name) for name in _OF_ROW), Branch.code, users.label("users"))
        .join(Branch, Branch.id == Member.branch_id)
        .where(Member.id.in_(ids))
    ).all()
    rows = {
        row.id: MemberRow(
            id=row.id,
            number=row.number,
            kind=row.kind,
            name=name_of(row),
            document=document_of(row),
            mobile=row.mobile,
            email=row.email,
            branch_code=row.code,
            users=row.users,
        )
        for row in found
    }
    return tuple(rows[each] for each in ids if each in rows)


_COPIED: Final = tuple(
    name
    for name in MemberRecord.__dataclass_fields__
    if name not in ("branch_code", "accounts", "users")
)


def _shown(work: Work, found: Member) -> MemberRecord:
    work.record(Event.MEMBER_VIEWED, found.id, member_id=found.id)
    values: dict[str, Any] = {name: getattr(found, name) for name in _COPIED}
    return MemberRecord(
        **values,
        branch_code=work.session.get_one(Branch, found.branch_id).code,
        accounts=_accounts(work, found.id),
        users=_users(work, found.id),
    )


def _accounts(work: Work, member_id: UUID) -> tuple[HeldAccount, ...]:
    everyone = (
        select(func.count())
        .where(Holder.account_id == Account.id)
        .correlate(Account)
        .scalar_subquery()
    )
    rows = work.session.execute(
        select(Account, Holder.role, everyone)
        .join(Holder, Holder.account_id == Account.id)
        .where(Holder.member_id == member_id)
        .order_by(Account.number)
    ).all()
    return tuple(
        HeldAccount(
            id=account.id,
            number=account.number,
            kind=account.kind,
            handling=account.handling,
            status=account.status,
            opened_on=account.opened_on,
            balance=Money(account.balance, account.currency),
            role=role,
            holders=count,
        )
        for account, role, count in rows
    )


def _users(work: Work, member_id: UUID) -> tuple[MemberUser, ...]:
    rows = work.session.scalars(
        select(Access).where(Access.member_id == member_id).order_by(Access.user_name)
    ).all()
    return tuple(
        MemberUser(
            id=row.id,
            user_name=row.user_name,
            person_name=row.person_name,
            status=row.status,
            locked=row.locked_at is not None,
        )
        for row in rows
    )
