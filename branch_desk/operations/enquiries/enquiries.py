"""What a member reads of the own money, through the session's channel and as granted (F8, F27)."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from branch_desk.models.access import GrantedAccount
from branch_desk.models.account import (
    DEBITABLE,
    Account,
    AccountKind,
    AccountStatus,
    Handling,
    Holder,
)
from branch_desk.models.calendar import local_day
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import NotGranted
from branch_desk.models.loan import Instalment
from branch_desk.models.money import Money
from branch_desk.models.operation import Operation
from branch_desk.operations.enquiries import limit_rows, movement_rows, operation_rows
from branch_desk.operations.enquiries.limit_rows import LimitRow
from branch_desk.operations.enquiries.movement_rows import PAGE, Movement
from branch_desk.operations.enquiries.operation_rows import OperationRow
from branch_desk.operations.page import Page
from branch_desk.operations.work import Caller, Work, allowed

MOST_UNDER_WAY: Final = 200


@dataclass(frozen=True, slots=True)
class NextInstalment:
    """What a loan's plan asks for next."""

    number: int
    due_on: date
    money: Money
    """Capital, interest and the rest together."""
    overdue: int
    """How many are past their day, this one among them."""


@dataclass(frozen=True, slots=True)
class Product:
    """An account the user may consult."""

    id: UUID
    number: str
    kind: AccountKind
    handling: Handling
    status: AccountStatus
    debit: bool
    """Money may be sent from it here, by this user alone or with the other holders."""
    balance: Money
    """Of a loan, what is owed."""
    overdraft: Money
    """How far below zero it may go, as agreed."""
    available: Money | None
    """Balance and overdraft together, where money may leave; None elsewhere."""
    next_instalment: NextInstalment | None
    """Of a loan that is not paid off."""


@allowed(Caller.MEMBER, reads=True)
def products(work: Work) -> tuple[Product, ...]:
    """List what the user may consult through this channel, by number (manual: saldos)."""
    rows = work.session.execute(
        select(Account, GrantedAccount.debit)
        .join(GrantedAccount, GrantedAccount.account_id == Account.id)
        .where(*_may_consult(work))
        .order_by(Account.number)
    ).all()
    loans = [row[0] for row in rows if row[0].kind is AccountKind.LOAN]
    due = _next_instalments(work, loans) if loans else {}
    return tuple(_product(account, may, due.get(account.id)) for account, may in rows)


@allowed(Caller.MEMBER, reads=True)
def movements(
    work: Work, account_id: UUID, after: object | None = None, limit: int = PAGE
) -> Page[Movement]:
    """Read a page of an account's movements, newest first; `after` is the `next` of the last.

    Raises NotGranted, for an account that does not exist too.
    """
    account = work.session.execute(
        select(Account.id, Account.kind, Account.currency)
        .join(GrantedAccount, GrantedAccount.account_id == Account.id)
        .where(Account.id == account_id, *_may_consult(work))
    ).one_or_none()
    if account is None:
        raise NotGranted(kind="account")
    return movement_rows.movements_of(work.session, *account, after, limit)


@allowed(Caller.MEMBER, reads=True)
def limits(work: Work) -> tuple[LimitRow, ...]:
    """Give the user's limits, what was used of them, and until when the first days lower them."""
    return limit_rows.limits_of(work, work.access_id)


@allowed(Caller.MEMBER, reads=True)
def operations(work: Work, after: object | None = None, limit: int = PAGE) -> Page[OperationRow]:
    """Read a page of the member's operations, newest first, from accounts the user may consult."""
    return operation_rows.newest(work.session, _own(work), after, limit)


@allowed(Caller.MEMBER, reads=True)
def under_way(work: Work) -> tuple[OperationRow, ...]:
    """List the member's operations of which something is still to come, newest first."""
    waiting = [*_own(work), operation_rows.is_under_way()]
    return operation_rows.newest(work.session, waiting, None, MOST_UNDER_WAY).rows


def _may_consult(work: Work) -> list[ColumnElement[bool]]:
    """Say of Account and GrantedAccount, joined, what this session may look at.

    Who is no holder any more by the core system's books sees nothing, whatever was granted.
    """
    mobile = work.channel is Channel.MOBILE
    return [
        GrantedAccount.access_id == work.access_id,
        GrantedAccount.consult.is_(True),
        (GrantedAccount.mobile if mobile else GrantedAccount.web).is_(True),
        Account.id.in_(select(Holder.account_id).where(Holder.member_id == work.member_id)),
    ]


def _own(work: Work) -> list[ColumnElement[bool]]:
    seen: Select[Any] = (
        select(Account.id)
        .join(GrantedAccount, GrantedAccount.account_id == Account.id)
        .where(*_may_consult(work))
    )
    return [Operation.member_id == work.member_id, Operation.debit_account_id.in_(seen)]


def _product(account: Account, debit: bool, due: NextInstalment | None) -> Product:  # noqa: FBT001  a column
    may = account.kind in DEBITABLE
    joint = account.handling is Handling.JOINT
    return Product(
        id=account.id,
        number=account.number,
        kind=account.kind,
        handling=account.handling,
        status=account.status,
        debit=may and account.status is AccountStatus.ACTIVE and (debit or joint),
        balance=Money(account.balance, account.currency),
        overdraft=Money(account.overdraft, account.currency),
        available=Money(account.balance + account.overdraft, account.currency) if may else None,
        next_instalment=due,
    )


def _next_instalments(work: Work, loans: list[Account]) -> dict[UUID, NextInstalment]:
    today = local_day(work.now)
    unpaid = (
        select(
            Instalment.account_id,
            func.min(Instalment.number).label("number"),
            func.count().filter(Instalment.due_on < today).label("overdue"),
        )
        .where(Instalment.account_id.in_([each.id for each in loans]), Instalment.paid_on.is_(None))
        .group_by(Instalment.account_id)
        .subquery()
    )
    rows = work.session.execute(
        select(Instalment, Account.currency, unpaid.c.overdue)
        .join(
            unpaid,
            (unpaid.c.account_id == Instalment.account_id) & (unpaid.c.number == Instalment.number),
        )
        .join(Account, Account.id == Instalment.account_id)
    )
    return {
        each.account_id: NextInstalment(
            number=each.number,
            due_on=each.due_on,
            money=Money(each.capital + each.interest + each.other, currency),
            overdue=overdue,
        )
        for each, currency, overdue in rows
    }
