"""A schedule's order that names no bill and no instalment: it pays the next one owed (F32, F35).

The member agreed to an amount that is not to be passed, not to the amount itself, which nobody
knows before. Each day of the calendar pays the oldest that is owed on it, one and no more.
"""

from dataclasses import replace

from sqlalchemy import select

from branch_desk.models.bill import Bill, BillStatus
from branch_desk.models.errors import InvalidValue, LimitExceeded, NothingDue
from branch_desk.models.loan import Instalment
from branch_desk.models.money import Money
from branch_desk.models.operation import LIMIT_OF, OperationKind
from branch_desk.operations.money.orders import Order
from branch_desk.operations.payments import payments
from branch_desk.operations.work import Work, allowed


def is_open(order: Order) -> bool:
    """Say whether the order pays what is next, up to its amount."""
    if order.kind is OperationKind.BILL:
        return order.bill_id is None
    return order.kind is OperationKind.LOAN and not order.instalments


@allowed()
def checked(work: Work, order: Order) -> Order:
    """Give an open order as it is kept: a service the user may pay, and a code as it issues them.

    Raises NotGranted, InvalidValue.
    """
    if order.kind is not OperationKind.BILL or not is_open(order):
        return order
    biller = payments.granted_biller(work, order.biller_code)
    if biller.prepaid:
        raise InvalidValue(field="biller", reason="choice")
    return replace(order, client_code=payments.code_of(biller, order.client_code))


@allowed()
def resolved(work: Work, order: Order) -> Order:
    """Name what an open order pays today; others stay as they are.

    Raises NothingDue, LimitExceeded (`cap`) when it is more than the member agreed to.
    """
    if not is_open(order):
        return order
    found = _bill(work, order) if order.kind is OperationKind.BILL else _instalment(work, order)
    if found.money > order.money:
        raise LimitExceeded(
            kind=LIMIT_OF[order.kind], part="cap", limit=order.money, left=order.money, until=None
        )
    return found


def _bill(work: Work, order: Order) -> Order:
    row = work.session.scalars(
        select(Bill)
        .where(
            Bill.biller_code == order.biller_code,
            Bill.client_code == order.client_code,
            Bill.currency == order.money.currency,
            Bill.status == BillStatus.PENDING,
        )
        .order_by(Bill.due_on, Bill.number)
        .limit(1)
    ).first()
    if row is None:
        raise NothingDue(kind="bill")
    money = Money(row.amount, row.currency)
    return replace(order, bill_id=row.id, biller_code="", client_code="", money=money)


def _instalment(work: Work, order: Order) -> Order:
    row = work.session.scalars(
        select(Instalment)
        .where(Instalment.account_id == order.credit_account_id, Instalment.paid_on.is_(None))
        .order_by(Instalment.number)
        .limit(1)
    ).first()
    if row is None:
        raise NothingDue(kind="instalment")
    money = Money(row.capital + row.interest + row.other, order.money.currency)
    return replace(order, instalments=(row.number,), money=money)
