"""What the desk reads of a member's money: movements, operations, beneficiaries, schedules (F27).

Each look is recorded with who looked at whose. Of other people's accounts the desk sees the last
four digits.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from branch_desk.models.access import Access
from branch_desk.models.account import Account, AccountKind, Holder, masked
from branch_desk.models.beneficiary import Bank, Beneficiary, BeneficiaryKind
from branch_desk.models.bill import Bill
from branch_desk.models.calendar import cut_off_of
from branch_desk.models.errors import NotFound
from branch_desk.models.event import Event
from branch_desk.models.interbank import InterbankGate
from branch_desk.models.member import Member
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import Operation, OperationKind
from branch_desk.models.parameter import Biller, StarterReason
from branch_desk.models.schedule import (
    HolidayRule,
    Repeat,
    RunStatus,
    Schedule,
    ScheduleRun,
    ScheduleStatus,
)
from branch_desk.models.staff import Role
from branch_desk.operations.enquiries import movement_rows, operation_rows
from branch_desk.operations.enquiries.movement_rows import PAGE, Movement, joined_name
from branch_desk.operations.enquiries.operation_rows import OperationRow
from branch_desk.operations.money import rules
from branch_desk.operations.money.orders import Order
from branch_desk.operations.money.parameters import parameters
from branch_desk.operations.page import Page
from branch_desk.operations.payments.schedules import order_of
from branch_desk.operations.work import Work, allowed

_LOOK: Final = (Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
MOST: Final = 500
"""Beneficiaries and schedules of one member that are listed."""


@dataclass(frozen=True, slots=True)
class BeneficiaryRow:
    """An account the member may send money to."""

    id: UUID
    kind: BeneficiaryKind
    name: str
    bank: str
    """Empty for the cooperative's own."""
    number: str
    """All but the last four digits hidden."""
    account_kind: AccountKind
    currency: Currency
    registered_by: str
    """Name of the person whose user registered it."""
    created_at: datetime
    lowered: Money | None
    """What may leave to it in a day while it is new; None afterwards."""
    lowered_until: datetime | None


@dataclass(frozen=True, slots=True)
class LastRun:
    """What became of the last day of a schedule."""

    due_on: date
    status: RunStatus
    refusal: str
    """Name of the rule that refused it."""


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A payment on the calendar."""

    id: UUID
    kind: OperationKind
    status: ScheduleStatus
    other_name: str
    other_number: str
    money: Money
    repeat: Repeat
    holiday_rule: HolidayRule
    starts_on: date
    until: date | None
    next_on: date | None
    run_on: date | None
    """When the next day is carried out: a business day."""
    last: LastRun | None


@dataclass(frozen=True, slots=True)
class CutOff:
    """Until when transfers to other banks go out, and when they arrive."""

    now: datetime
    at: datetime
    """The next cut-off that is still open."""
    credited_on: date
    """Day on which the other bank credits what is sent now."""


@allowed(*_LOOK)
def movements(
    work: Work, account_id: UUID, after: object | None = None, limit: int = PAGE
) -> Page[Movement]:
    """Read a page of an account's movements, newest first; recorded for each of its holders.

    Raises NotFound.
    """
    account = work.session.execute(
        select(Account.id, Account.kind, Account.currency).where(Account.id == account_id)
    ).one_or_none()
    if account is None:
        raise NotFound(kind="account")
    holders = select(Holder.member_id).where(Holder.account_id == account_id)
    for member_id in work.session.scalars(holders.order_by(Holder.member_id)).all():
        work.record(Event.MOVEMENTS_VIEWED, account_id, member_id=member_id)
    return movement_rows.movements_of(work.session, *account, after, limit)


@allowed(*_LOOK)
def operations(
    work: Work, member_id: UUID, after: object | None = None, limit: int = PAGE
) -> Page[OperationRow]:
    """Read a page of a member's operations: what is under way first, then newest first.

    Raises NotFound.
    """
    _look_at(work, Event.OPERATIONS_VIEWED, member_id)
    whose = [Operation.member_id == member_id]
    return operation_rows.under_way_first(work.session, whose, after, limit)


@allowed(*_LOOK)
def beneficiaries(work: Work, member_id: UUID) -> tuple[BeneficiaryRow, ...]:
    """List a member's registered beneficiaries, by name. Raises NotFound."""
    _look_at(work, Event.BENEFICIARIES_VIEWED, member_id)
    rows = work.session.execute(
        select(Beneficiary, Bank.name, Access.person_name)
        .join(Access, Access.id == Beneficiary.access_id)
        .outerjoin(Bank, Bank.code == Beneficiary.bank_code)
        .where(Beneficiary.member_id == member_id, Beneficiary.removed_at.is_(None))
        .order_by(Beneficiary.name, Beneficiary.id)
        .limit(MOST)
    )
    return tuple(_beneficiary(work, *row) for row in rows)


@allowed(*_LOOK)
def schedules(work: Work, member_id: UUID) -> tuple[ScheduleRow, ...]:
    """List a member's schedules, the next to run first, ended ones last. Raises NotFound."""
    _look_at(work, Event.SCHEDULES_VIEWED, member_id)
    found = work.session.scalars(
        select(Schedule)
        .where(Schedule.member_id == member_id)
        .order_by(Schedule.run_on.is_(None), Schedule.run_on, Schedule.created_at.desc())
        .limit(MOST)
    ).all()
    orders = {each.id: order_of(each) for each in found}
    others = _others(work, list(orders.values()))
    runs = _last_runs(work, member_id)
    return tuple(_schedule(each, orders[each.id], others, runs.get(each.id)) for each in found)


@allowed(*_LOOK, reads=True)
def cut_off(work: Work) -> CutOff:
    """Say until when transfers to other banks go out, and when what is sent now arrives."""
    known = parameters(work)
    closed = work.session.scalar(select(InterbankGate.closed_through))
    day = rules.promise(known, work.now, closed)
    return CutOff(work.now, cut_off_of(day, known.cut_off(work.now)), day)


def _look_at(work: Work, event: Event, member_id: UUID) -> None:
    if work.session.scalar(select(Member.id).where(Member.id == member_id)) is None:
        raise NotFound(kind="member")
    work.record(event, member_id, member_id=member_id)


def _beneficiary(work: Work, row: Beneficiary, bank: str | None, by: str) -> BeneficiaryRow:
    new = parameters(work).lowered(
        [(StarterReason.BENEFICIARY, row.created_at)], row.currency, work.now
    )
    return BeneficiaryRow(
        id=row.id,
        kind=row.kind,
        name=row.name,
        bank=bank or "",
        number=masked(row.number),
        account_kind=row.account_kind,
        currency=row.currency,
        registered_by=by,
        created_at=row.created_at,
        lowered=Money(new[0], row.currency) if new else None,
        lowered_until=new[1] if new else None,
    )


def _others(work: Work, orders: list[Order]) -> dict[UUID | str, tuple[str, str]]:
    """Name whom the orders go to, by the id or code they carry."""
    found: dict[UUID | str, tuple[str, str]] = {}
    ids = {each.beneficiary_id for each in orders}
    for id_, name, number, bank in work.session.execute(
        select(Beneficiary.id, Beneficiary.name, Beneficiary.number, Bank.name)
        .outerjoin(Bank, Bank.code == Beneficiary.bank_code)
        .where(Beneficiary.id.in_(ids))
    ):
        found[id_] = joined_name(name, bank), masked(number)
    ids = {each.credit_account_id for each in orders}
    for id_, number in work.session.execute(
        select(Account.id, Account.number).where(Account.id.in_(ids))
    ):
        found[id_] = "", masked(number)
    ids = {each.bill_id for each in orders}
    for id_, name, client in work.session.execute(
        select(Bill.id, Biller.name, Bill.client_code)
        .join(Biller, Biller.code == Bill.biller_code)
        .where(Bill.id.in_(ids))
    ):
        found[id_] = name, masked(client)
    codes = {each.biller_code for each in orders}
    for code, name in work.session.execute(
        select(Biller.code, Biller.name).where(Biller.code.in_(codes))
    ):
        found[code] = name, ""
    return found


def _last_runs(work: Work, member_id: UUID) -> dict[UUID, ScheduleRun]:
    newest = (
        select(ScheduleRun.schedule_id, func.max(ScheduleRun.due_on).label("due_on"))
        .join(Schedule, Schedule.id == ScheduleRun.schedule_id)
        .where(Schedule.member_id == member_id)
        .group_by(ScheduleRun.schedule_id)
        .subquery()
    )
    rows = work.session.scalars(
        select(ScheduleRun).join(
            newest,
            (newest.c.schedule_id == ScheduleRun.schedule_id)
            & (newest.c.due_on == ScheduleRun.due_on),
        )
    )
    return {row.schedule_id: row for row in rows}


def _schedule(
    row: Schedule,
    order: Order,
    others: dict[UUID | str, tuple[str, str]],
    run: ScheduleRun | None,
) -> ScheduleRow:
    who = order.beneficiary_id or order.credit_account_id or order.bill_id
    name, number = others.get(who or order.biller_code, ("", ""))
    return ScheduleRow(
        id=row.id,
        kind=row.kind,
        status=row.status,
        other_name=name,
        other_number=number or masked(order.client_code),
        money=order.money,
        repeat=row.repeat,
        holiday_rule=row.holiday_rule,
        starts_on=row.starts_on,
        until=row.until,
        next_on=row.next_on,
        run_on=row.run_on,
        last=None if run is None else LastRun(run.due_on, run.status, run.refusal),
    )
