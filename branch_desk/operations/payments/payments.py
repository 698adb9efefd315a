"""Paying services: bills of postpaid ones by id and exact amount, top-ups of prepaid ones (F33).

A payment holds its biller's row shared while it is written, and the handing over of a biller's day
holds it alone: what is in a day's file is all that was paid on that day. A bill is paid once: its
row is locked, and an operation that waits for signatures keeps it for itself.
"""

import re
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select, update

from branch_desk.models.access import GrantedBiller
from branch_desk.models.bill import Bill, BillerExport, BillStatus
from branch_desk.models.calendar import local_day
from branch_desk.models.database import TryAgain
from branch_desk.models.errors import (
    AmountDiffers,
    BelowMinimum,
    BillUnpayable,
    CurrencyDiffers,
    InvalidValue,
    NotFound,
    NotGranted,
)
from branch_desk.models.ledger import PostingKind, biller_account
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import Operation, OperationStatus
from branch_desk.models.parameter import Biller
from branch_desk.models.validation import required_text
from branch_desk.operations.money.moving import Line
from branch_desk.operations.money.orders import Order
from branch_desk.operations.money.plans import Plan
from branch_desk.operations.money.situation import Situation
from branch_desk.operations.work import Caller, Work, allowed

_MOST = 100
"""Bills of one client that are listed."""
_HOLDS = (OperationStatus.WAITING, OperationStatus.ACCEPTED, OperationStatus.CONFIRMED)
"""States of an operation that keep its bill from others."""
_UNPAYABLE = {
    BillStatus.TAKEN: "bill_taken",
    BillStatus.PAID: "bill_paid",
    BillStatus.WITHDRAWN: "bill_withdrawn",
}


@dataclass(frozen=True, slots=True)
class Service:
    """A company whose services the user may pay."""

    code: str
    name: str
    prepaid: bool
    minimum: Money
    """Smallest top-up; nothing where bills are paid."""
    code_mask: str
    """Regular expression a client code matches whole."""


@dataclass(frozen=True, slots=True)
class Category:
    """Services of one kind, as the member chooses among them."""

    name: str
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True)
class PendingBill:
    """A bill that is owed."""

    id: UUID
    biller_code: str
    client_code: str
    number: str
    """The biller's own id of it."""
    period: str
    due_on: date
    overdue: bool
    money: Money
    held: bool
    """Its payment was ordered and waits for signatures: it cannot be paid again meanwhile."""


@allowed(Caller.MEMBER, reads=True)
def billers(work: Work) -> tuple[Category, ...]:
    """List the services the user may pay, by category, in the house's order."""
    found = work.session.scalars(
        select(Biller)
        .join(GrantedBiller, GrantedBiller.biller_code == Biller.code)
        .where(GrantedBiller.access_id == work.access_id, Biller.active)
        .order_by(Biller.position, Biller.code)
    ).all()
    order = list(dict.fromkeys(each.category for each in found))
    by_category = sorted(found, key=lambda each: order.index(each.category))
    return tuple(
        Category(name, tuple(map(_service, rows)))
        for name, rows in groupby(by_category, key=lambda each: each.category)
    )


@allowed(Caller.MEMBER, reads=True)
def pending_bills(work: Work, biller_code: str, client_code: str) -> tuple[PendingBill, ...]:
    """List what a client owes a biller, the oldest first.

    Raises NotGranted, InvalidValue for a client code that is not like the biller's.
    """
    biller = granted_biller(work, biller_code)
    if biller.prepaid:
        raise NotFound(kind="bill")
    held = exists().where(Operation.bill_id == Bill.id, Operation.status.in_(_HOLDS))
    rows = work.session.execute(
        select(Bill, held)
        .where(
            Bill.biller_code == biller.code,
            Bill.client_code == code_of(biller, client_code),
            Bill.status == BillStatus.PENDING,
        )
        .order_by(Bill.due_on, Bill.number)
        .limit(_MOST)
    )
    today = local_day(work.now)
    return tuple(
        PendingBill(
            id=bill.id,
            biller_code=bill.biller_code,
            client_code=bill.client_code,
            number=bill.number,
            period=bill.period,
            due_on=bill.due_on,
            overdue=bill.due_on < today,
            money=Money(bill.amount, bill.currency),
            held=bool(kept),
        )
        for bill, kept in rows
    )


@allowed()
def granted_biller(work: Work, code: str) -> Biller:
    """Give an active biller the acting user may pay. Raises NotGranted, also for no biller."""
    found = work.session.scalar(
        select(Biller)
        .join(GrantedBiller, GrantedBiller.biller_code == Biller.code)
        .where(Biller.code == code, Biller.active, GrantedBiller.access_id == work.access_id)
    )
    if found is None:
        raise NotGranted(kind="biller", field="biller")
    return found


def code_of(biller: Biller, client_code: str) -> str:
    """Give a client code as it is kept. Raises InvalidValue when it does not fit the mask."""
    code = required_text("client_code", client_code)
    if re.fullmatch(biller.code_mask, code, re.ASCII) is None:
        raise InvalidValue(field="client_code", reason="client_code")
    return code


@allowed()
def pay_bill(work: Work, order: Order, situation: Situation) -> Plan:
    """Pay a bill, whole and once (F33).

    Raises NotFound, NotGranted, BillUnpayable, CurrencyDiffers, AmountDiffers.
    """
    code = work.session.scalar(select(Bill.biller_code).where(Bill.id == order.bill_id))
    if code is None:
        raise NotFound(kind="bill", field="bill")
    biller = _held(work, code, situation.access_id)
    bill = work.session.scalars(
        select(Bill)
        .where(Bill.id == order.bill_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    # Asked with both locked: only now nothing of what is asked can change any more.
    ours = Operation.id == order.key
    taken = exists().where(Operation.bill_id == bill.id, Operation.status.in_(_HOLDS), ~ours)
    sent_twice = exists().where(ours, Operation.status != OperationStatus.WAITING)
    late, kept = work.session.execute(
        select(or_(_closed(work, biller.code), sent_twice), taken)
    ).one()
    if late:
        raise TryAgain
    if bill.status is not BillStatus.PENDING or kept:
        raise BillUnpayable(reason=_UNPAYABLE.get(bill.status, "bill_taken"))
    if bill.currency is not order.money.currency:
        raise CurrencyDiffers(currency=order.money.currency, wanted=bill.currency)
    if bill.amount != order.money.centavos:
        raise AmountDiffers(wanted=Money(bill.amount, bill.currency))

    def take(work: Work) -> None:
        work.session.execute(
            update(Bill)
            .where(Bill.id == bill.id)
            .values(status=BillStatus.TAKEN)
            .execution_options(synchronize_session=False)
        )

    plan = _payment(order, situation, biller.code, bill.client_code)
    return replace(plan, after=take)


@allowed()
def top_up(work: Work, order: Order, situation: Situation) -> Plan:
    """Top a prepaid telephone up, from the biller's minimum on, in bolivianos (F33).

    Raises NotGranted, NotFound, InvalidValue, CurrencyDiffers, BelowMinimum.
    """
    biller = _held(work, order.biller_code, situation.access_id)
    if work.session.scalar(select(_closed(work, biller.code))):
        raise TryAgain
    if not biller.prepaid:
        raise NotFound(kind="biller", field="biller")
    code = code_of(biller, order.client_code)
    if order.money.currency is not Currency.BOB:
        raise CurrencyDiffers(currency=order.money.currency, wanted=Currency.BOB)
    if order.money.centavos < biller.minimum:
        raise BelowMinimum(minimum=Money(biller.minimum, Currency.BOB))
    return _payment(order, situation, biller.code, code)


def _payment(order: Order, situation: Situation, biller: str, client: str) -> Plan:
    line = Line(PostingKind.PAYMENT, situation.debit, biller_account(biller), order.money.centavos)
    columns = {"biller_code": biller, "client_code": client, "bill_id": order.bill_id}
    return Plan((line,), columns)


def _held(work: Work, code: str, access_id: UUID) -> Biller:
    """Hold a biller shared, if it is active and granted to the user. Raises NotGranted."""
    found = work.session.scalar(
        select(Biller)
        .join(GrantedBiller, GrantedBiller.biller_code == Biller.code)
        .where(Biller.code == code, Biller.active, GrantedBiller.access_id == access_id)
        .with_for_update(read=True, of=Biller)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotGranted(kind="biller", field="biller")
    return found


def _closed(work: Work, code: str) -> ColumnElement[bool]:
    """Say whether the biller's file of this deed's day is written: then the day is a later one.

    A deed that began before midnight and was held up is begun anew.
    """
    return exists().where(BillerExport.biller_code == code, BillerExport.day >= local_day(work.now))


def _service(row: Biller) -> Service:
    return Service(
        code=row.code,
        name=row.name,
        prepaid=row.prepaid,
        minimum=Money(row.minimum if row.prepaid else 0, Currency.BOB),
        code_mask=row.code_mask,
    )
