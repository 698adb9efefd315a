"""Members' transfers and payments as lines of a list, with whom they go to and how they stand."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, select, tuple_
from sqlalchemy.orm import Session, aliased

from branch_desk.models.access import Access
from branch_desk.models.account import Account, masked
from branch_desk.models.beneficiary import Bank, Beneficiary
from branch_desk.models.enrolment import Channel
from branch_desk.models.money import Money
from branch_desk.models.operation import UNDER_WAY, Operation, OperationKind, OperationStatus
from branch_desk.models.parameter import Biller
from branch_desk.operations.enquiries.movement_rows import joined_name
from branch_desk.operations.page import Page


@dataclass(frozen=True, slots=True)
class OperationRow:
    """A transfer or payment."""

    id: UUID
    kind: OperationKind
    status: OperationStatus
    channel: Channel
    ordered_by: str
    """Name of the person whose user ordered it."""
    scheduled: bool
    """A schedule carried it out."""
    debit_number: str
    """The member's own account, whole."""
    other_name: str
    other_number: str
    """All but the last four digits hidden."""
    money: Money
    concept: str
    created_at: datetime
    moved_at: datetime | None
    """When the money moved; None while it waits for signatures, or when it never did."""
    ended_at: datetime | None
    expires_at: datetime | None
    """Until when the others may sign."""
    value_date: date | None
    """Day on which the other bank was promised to credit it."""
    answer: str
    """What the other bank or the biller said."""

    @property
    def under_way(self) -> bool:
        """Something is still to come."""
        return self.status in UNDER_WAY


def is_under_way() -> ColumnElement[bool]:
    """Say that something of an operation is still to come, as the partial indexes say it.

    Written out in their order: SQLite uses such an index only for its very words.
    """
    states = [each for each in OperationStatus if each in UNDER_WAY]
    return Operation.status.in_(
        bindparam("under_way", states, expanding=True, literal_execute=True)
    )


def newest(
    session: Session, where: Sequence[ColumnElement[bool]], after: object | None, limit: int
) -> Page[OperationRow]:
    """Read a page of the operations that meet the conditions, newest first."""
    query = _rows().where(*where)
    if isinstance(after, tuple):
        query = query.where(tuple_(Operation.created_at, Operation.id) < after)
    rows = session.execute(_ordered(query).limit(limit + 1)).all()
    found = tuple(_row(row) for row in rows[:limit])
    last = found[-1] if len(rows) > limit else None
    return Page(found, (last.created_at, last.id) if last else None)


def under_way_first(
    session: Session, where: Sequence[ColumnElement[bool]], after: object | None, limit: int
) -> Page[OperationRow]:
    """Read a page of operations: what still has to come, then what has ended, newest first."""
    ended, place = (after[0], after[1:] or None) if isinstance(after, tuple) else (False, None)
    waiting: Page[OperationRow] = Page(())
    if not ended:
        waiting = newest(session, [*where, is_under_way()], place, limit)
        if waiting.next is not None:
            return Page(waiting.rows, (False, *waiting.next))
        place = None
    room = limit - len(waiting.rows)
    if room == 0:
        return Page(waiting.rows, (True,))
    rest = newest(session, [*where, Operation.status.not_in(UNDER_WAY)], place, room)
    return Page(waiting.rows + rest.rows, (True, *rest.next) if rest.next is not None else None)


_Credit = aliased(Account)


def _rows() -> Select[Any]:
    columns: list[Any] = [
        Operation,
        Account.number.label("debit_number"),
        Access.person_name,
        _Credit.number.label("credit_number"),
        Beneficiary.number.label("payee_number"),
        Beneficiary.name.label("payee"),
        Bank.name.label("bank"),
        Biller.name.label("biller"),
    ]
    return (
        select(*columns)
        .join(Account, Account.id == Operation.debit_account_id)
        .join(Access, Access.id == Operation.access_id)
        .outerjoin(_Credit, _Credit.id == Operation.credit_account_id)
        .outerjoin(Beneficiary, Beneficiary.id == Operation.beneficiary_id)
        .outerjoin(Bank, Bank.code == Beneficiary.bank_code)
        .outerjoin(Biller, Biller.code == Operation.biller_code)
    )


def _ordered(query: Select[Any]) -> Select[Any]:
    return query.order_by(Operation.created_at.desc(), Operation.id.desc())


def _row(row: Any) -> OperationRow:  # noqa: ANN401  a row
    made: Operation = row[0]
    return OperationRow(
        id=made.id,
        kind=made.kind,
        status=made.status,
        channel=made.channel,
        ordered_by=row.person_name,
        scheduled=made.schedule_id is not None,
        debit_number=row.debit_number,
        other_name=joined_name(row.payee, row.bank or row.biller),
        other_number=masked(row.payee_number or row.credit_number or made.client_code or ""),
        money=Money(made.amount, made.currency),
        concept=json.loads(made.payload).get("concept", ""),
        created_at=made.created_at,
        moved_at=made.moved_at,
        ended_at=made.ended_at,
        expires_at=made.expires_at,
        value_date=made.value_date,
        answer=made.answer,
    )
