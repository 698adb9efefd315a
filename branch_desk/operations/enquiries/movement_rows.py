"""An account's movements, newest first, as members and the desk read them.

Two ranges of the ledger's indexes, one for each side, each cut to a page before they are put
together: a page costs the same after years.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Subquery, func, literal_column, select, tuple_, union_all
from sqlalchemy.orm import Session

from branch_desk.models.account import Account, AccountKind, masked
from branch_desk.models.beneficiary import Bank, Beneficiary
from branch_desk.models.ledger import Posting, PostingKind, effect
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import Operation, OperationKind
from branch_desk.models.parameter import Biller
from branch_desk.operations.page import Page

PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Movement:
    """A line of an account's statement."""

    entry_id: UUID
    position: int
    at: datetime
    kind: PostingKind
    operation: OperationKind | None
    """What the member ordered; unset for what the core system's books say."""
    concept: str
    other_name: str
    """The beneficiary's name as it was registered, and bank or biller."""
    other_number: str
    """Account or client code of the other side, all but its last four digits hidden."""
    amount: Money
    """Signed: what it did to the balance. Of a loan a payment is negative, it lessens the debt."""
    balance: Money | None
    """Afterwards; None where the ledger does not say."""


def movements_of(
    session: Session,
    account_id: UUID,
    kind: AccountKind,
    currency: Currency,
    after: object | None,
    limit: int,
) -> Page[Movement]:
    """Read a page of an account's movements; `after` is the `next` of the page before."""
    rows = session.execute(_statement(account_id, after, limit)).all()
    found = tuple(_movement(row, kind, currency) for row in rows[:limit])
    last = found[-1] if len(rows) > limit else None
    return Page(found, (last.at, last.entry_id, last.position) if last else None)


def joined_name(*parts: str | None) -> str:
    """Put a person's name and a bank or biller together."""
    return " · ".join(part for part in parts if part)


def _statement(account_id: UUID, after: object | None, limit: int) -> Select[Any]:
    page = _page(account_id, after, limit)
    order = (page.c.at.desc(), page.c.entry_id.desc(), page.c.position.desc())
    return (
        select(
            page,
            Operation.kind.label("ordered"),
            Operation.payload,
            Operation.client_code,
            Account.number,
            Beneficiary.number.label("payee_number"),
            Beneficiary.name.label("payee"),
            Bank.name.label("bank"),
            Biller.name.label("biller"),
        )
        .select_from(page)
        .outerjoin(Operation, Operation.id == func.coalesce(page.c.reverses_id, page.c.entry_id))
        .outerjoin(Account, Account.id == page.c.other_id)
        .outerjoin(Beneficiary, Beneficiary.id == Operation.beneficiary_id)
        .outerjoin(Bank, Bank.code == Beneficiary.bank_code)
        .outerjoin(Biller, Biller.code == Operation.biller_code)
        .order_by(*order)
    )


def _page(account_id: UUID, after: object | None, limit: int) -> Subquery:
    key = (Posting.at, Posting.entry_id, Posting.position)
    sides = []
    for own, other, balance, credited in (
        (Posting.debit_account_id, Posting.credit_account_id, Posting.debit_after, "0"),
        (Posting.credit_account_id, Posting.debit_account_id, Posting.credit_after, "1"),
    ):
        columns: list[Any] = [
            *key,
            Posting.kind,
            Posting.amount,
            Posting.reverses_id,
            other.label("other_id"),
            balance.label("balance"),
            literal_column(credited).label("credited"),
        ]
        side = select(*columns).where(own == account_id)
        if isinstance(after, tuple):
            side = side.where(tuple_(*key) < after)
        side = side.order_by(*(column.desc() for column in key)).limit(limit + 1)
        sides.append(select(side.subquery()))
    both = union_all(*sides).subquery()
    order = (both.c.at.desc(), both.c.entry_id.desc(), both.c.position.desc())
    return select(both).order_by(*order).limit(limit + 1).subquery("page")


def _movement(row: Any, kind: AccountKind, currency: Currency) -> Movement:  # noqa: ANN401  a row
    amount = effect(kind, credited=row.amount) if row.credited else effect(kind, debited=row.amount)
    # What somebody else sent is known by his account alone: whom he called how is his.
    mine = not row.credited or row.reverses_id is not None
    return Movement(
        entry_id=row.entry_id,
        position=row.position,
        at=row.at,
        kind=row.kind,
        operation=row.ordered,
        concept=json.loads(row.payload).get("concept", "") if row.payload else "",
        other_name=joined_name(row.payee, row.bank or row.biller) if mine else "",
        other_number=masked(
            row.number or (row.payee_number if mine else "") or row.client_code or ""
        ),
        amount=Money(amount, currency),
        balance=None if row.balance is None else Money(row.balance, currency),
    )
