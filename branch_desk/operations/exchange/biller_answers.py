"""What billers answer to the payments they were handed: confirmed, or failed and returned (F33)."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update

from branch_desk.models.bill import Bill, BillerExport, BillStatus
from branch_desk.models.calendar import local_day
from branch_desk.models.event import Event
from branch_desk.models.operation import Operation, OperationKind, OperationStatus
from branch_desk.operations.exchange.settlement import Party
from branch_desk.operations.work import Work

_BECOMES: Final = {
    OperationStatus.CONFIRMED: BillStatus.PAID,
    OperationStatus.FAILED: BillStatus.PENDING,
}


def _not_handed_over(work: Work, ids: Collection[UUID]) -> frozenset[UUID]:
    """Find payments of days that are not handed over: nobody can know them yet."""
    closed = (
        select(BillerExport.biller_code, func.max(BillerExport.day).label("day"))
        .group_by(BillerExport.biller_code)
        .subquery()
    )
    rows = work.session.execute(
        select(Operation.id, Operation.moved_at, closed.c.day)
        .outerjoin(closed, closed.c.biller_code == Operation.biller_code)
        .where(Operation.id.in_(ids))
    )
    return frozenset(id_ for id_, at, day in rows if day is None or local_day(at) > day)


def _end_bills(work: Work, ids: Collection[UUID], end: OperationStatus) -> None:
    """Let the bills be paid, or owed again."""
    bills = work.session.scalars(
        select(Bill.id)
        .where(
            Bill.id.in_(select(Operation.bill_id).where(Operation.id.in_(ids))),
            Bill.status == BillStatus.TAKEN,
        )
        .order_by(Bill.id)
        .with_for_update(key_share=True)
    ).all()
    work.session.execute(
        update(Bill)
        .where(Bill.id.in_(bills))
        .values(status=_BECOMES[end])
        .execution_options(synchronize_session=False)
    )


OF_BILLERS: Final = Party(
    kinds=frozenset({OperationKind.BILL, OperationKind.TOP_UP}),
    waits=OperationStatus.ACCEPTED,
    good=OperationStatus.CONFIRMED,
    bad=OperationStatus.FAILED,
    unknown="unknown_payment",
    early="not_handed_over",
    good_event=Event.PAYMENTS_CONFIRMED,
    read_event=Event.PAYMENT_ANSWERS_READ,
    not_sent=_not_handed_over,
    ended=_end_bills,
)
