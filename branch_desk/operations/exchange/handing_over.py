"""Handing a day's payments to their billers, once the day is over in La Paz (F33).

A biller's row is held alone while its day is handed over, and every payment holds it shared: who
began to pay before midnight and was not done is waited for, and belongs to the day that is closed.
One transaction writes a biller's day, its file before the row that closes it: killed between the
two, the next run writes the same bytes again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final

from sqlalchemy import ColumnElement, SQLColumnExpression, func, select

from branch_desk.models.bill import Bill, BillerExport
from branch_desk.models.calendar import LA_PAZ, local_day
from branch_desk.models.errors import PaymentsDiffer
from branch_desk.models.event import Event
from branch_desk.models.ledger import Posting, PostingKind, biller_account
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import Operation, OperationStatus
from branch_desk.models.parameter import Biller
from branch_desk.operations.exchange.batches import unhurried
from branch_desk.operations.exchange.gateway import BillerGateway, Payment, Sheet
from branch_desk.operations.exchange.outgoing import harmless
from branch_desk.operations.work import Caller, House, Work, allowed

_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A sheet that was given to its biller."""

    sheet: Sheet
    count: int
    total: Money
    sha256: str


def hand_over_due(house: House, gateway: BillerGateway) -> tuple[HandedOver, ...]:
    """Hand over every day that is over, biller by biller, the oldest day first.

    What another machine is handing over just now is waited for and not done twice. Raises OSError,
    PaymentsDiffer when payments and postings do not tell the same sum; then nothing of that
    biller's day is closed.
    """
    done: list[HandedOver] = []
    for code in house.job(due):
        while written := house.work(partial(_hand_over_next, code=code, gateway=gateway)):
            done += written
    return tuple(done)


@allowed(Caller.SYSTEM, reads=True)
def due(work: Work) -> tuple[str, ...]:
    """List the billers that have payments of a day that is over and not handed over."""
    closed = {
        row[0]: row[1]
        for row in work.session.execute(
            select(BillerExport.biller_code, func.max(BillerExport.day)).group_by(
                BillerExport.biller_code
            )
        )
    }
    latest = work.session.execute(
        select(Biller.code, func.max(Operation.moved_at))
        .join(Operation, Operation.biller_code == Biller.code)
        .where(
            Operation.status == OperationStatus.ACCEPTED,
            Operation.moved_at < _begin_of(local_day(work.now)),
        )
        .group_by(Biller.code)
        .order_by(Biller.code)
    )
    return tuple(code for code, at in latest if at and local_day(at) > closed.get(code, date.min))


def _hand_over_next(work: Work, code: str, gateway: BillerGateway) -> tuple[HandedOver, ...]:
    """Hand over the oldest of a biller's days that are over; nothing when there is none."""
    held = select(Biller.code).where(Biller.code == code).with_for_update(key_share=True)
    work.session.execute(held).one()
    unhurried(work.session)
    day = _oldest(work, code)
    if day is None:
        return ()
    return tuple(
        _written(work, Sheet(code, day, currency), count, total, gateway)
        for currency, count, total in _totals(work, code, day)
    )


def _oldest(work: Work, code: str) -> date | None:
    closed = work.session.scalar(
        select(func.max(BillerExport.day)).where(BillerExport.biller_code == code)
    )
    query = select(func.min(Operation.moved_at)).where(
        Operation.status == OperationStatus.ACCEPTED,
        Operation.biller_code == code,
        Operation.moved_at < _begin_of(local_day(work.now)),
    )
    if closed is not None:
        query = query.where(Operation.moved_at >= _begin_of(closed + timedelta(days=1)))
    first = work.session.scalar(query)
    return None if first is None else local_day(first)


def _totals(work: Work, code: str, day: date) -> list[tuple[Currency, int, int]]:
    """Sum up a day's payments by currency. Raises PaymentsDiffer when the ledger disagrees."""

    def summed(
        amount: SQLColumnExpression[int], *where: ColumnElement[bool]
    ) -> dict[Currency, tuple[int, int]]:
        query = select(Operation.currency, func.count(), func.sum(amount)).where(*_of(code, day))
        if where:
            query = query.join(Posting, Posting.entry_id == Operation.id).where(*where)
        query = query.group_by(Operation.currency).order_by(Operation.currency)
        return {row[0]: (row[1], int(row[2])) for row in work.session.execute(query)}

    ordered = summed(Operation.amount)
    posted = summed(
        Posting.amount,
        Posting.kind == PostingKind.PAYMENT,
        Posting.credit_house == biller_account(code),
        Posting.debit_account_id == Operation.debit_account_id,
        Posting.currency == Operation.currency,
    )
    for currency, sums in ordered.items():
        if posted.get(currency) != sums:
            raise PaymentsDiffer(biller=code, day=day, currency=currency)
    return [(currency, *sums) for currency, sums in ordered.items()]


def _written(
    work: Work, sheet: Sheet, count: int, total: int, gateway: BillerGateway
) -> HandedOver:
    def counted() -> Iterator[Payment]:
        lines = amount = 0
        for payment, centavos in _payments(work, sheet):
            lines += 1
            amount += centavos
            yield payment
        if (lines, amount) != (count, total):  # before the file gets its name
            raise PaymentsDiffer(biller=sheet.biller, day=sheet.day, currency=sheet.currency)

    sha256 = gateway.hand_over(sheet, counted())
    work.session.add(
        BillerExport(
            biller_code=sheet.biller,
            day=sheet.day,
            currency=sheet.currency,
            written_at=work.now,
            count=count,
            total=total,
            sha256=sha256,
        )
    )
    work.record(
        Event.PAYMENTS_HANDED_OVER,
        None,
        biller=sheet.biller,
        day=sheet.day,
        currency=sheet.currency,
        count=count,
        amount=total,
        sha256=sha256,
    )
    return HandedOver(sheet, count, Money(total, sheet.currency), sha256)


def _payments(work: Work, sheet: Sheet) -> Iterator[tuple[Payment, int]]:
    rows = work.session.execute(
        select(
            Operation.id,
            Operation.moved_at,
            Operation.kind,
            Operation.client_code,
            Bill.number,
            Bill.period,
            Operation.amount,
        )
        .outerjoin(Bill, Bill.id == Operation.bill_id)
        .where(*_of(sheet.biller, sheet.day), Operation.currency == sheet.currency)
        .order_by(Operation.moved_at, Operation.id),
        execution_options={"yield_per": _AT_ONCE},
    )
    for id_, at, kind, client, number, period, amount in rows:
        assert at is not None  # it moved, and
        assert client is not None  # to a client of the biller's
        payment = Payment(
            operation_id=str(id_),
            paid_at=at.astimezone(LA_PAZ).isoformat(timespec="seconds"),
            kind=kind.value,
            client_code=client,
            bill_id=number or "",
            period=harmless(period or ""),
            currency=sheet.currency.value,
            amount=f"{amount // 100}.{amount % 100:02}",
        )
        yield payment, amount


def _of(code: str, day: date) -> tuple[ColumnElement[bool], ...]:
    # Nothing of a day is answered before the day is handed over: all of it is still ACCEPTED.
    return (
        Operation.status == OperationStatus.ACCEPTED,
        Operation.biller_code == code,
        Operation.moved_at >= _begin_of(day),
        Operation.moved_at < _begin_of(day + timedelta(days=1)),
    )


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, time(), LA_PAZ)
