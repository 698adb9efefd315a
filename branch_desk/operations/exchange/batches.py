"""Transfers to other banks, gathered at each business day's cut-off, a batch a currency (F30).

A transfer holds the gate's row shared while it is written and never promises a day that is shut;
the shutting holds the row alone, and only while its day moves forward. What is gathered afterwards
can no longer grow. So everything promised for a day is in that day's batch, and the batch is made
once, whatever the clocks of two machines say.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from branch_desk.models import database
from branch_desk.models.base import new_id
from branch_desk.models.calendar import LA_PAZ, on_or_before
from branch_desk.models.database import TryAgain
from branch_desk.models.errors import NotFound, TotalsDiffer
from branch_desk.models.event import Event
from branch_desk.models.interbank import InterbankBatch, InterbankGate
from branch_desk.models.ledger import INTERBANK, Posting, PostingKind
from branch_desk.models.money import Money
from branch_desk.models.operation import Operation, OperationStatus
from branch_desk.models.staff import Role
from branch_desk.operations.money.parameters import Parameters, parameters
from branch_desk.operations.work import Caller, House, Work, allowed

LONGEST_WORK: Final = "10min"
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Batch:
    """The transfers of one day and currency."""

    id: UUID
    day: date
    count: int
    total: Money


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch and what became of it."""

    batch: Batch
    closed_at: datetime
    written_at: datetime | None
    csv_sha256: str
    xml_sha256: str
    """Empty without the ISO 20022 file."""
    credited: int
    rejected: int

    @property
    def open(self) -> int:
        """Transfers the other banks have not answered yet."""
        return self.batch.count - self.credited - self.rejected


def close_due(house: House) -> tuple[Batch, ...]:
    """Close the last business day whose cut-off has passed, and with it all days before.

    Two deeds, so that members' transfers do not wait while thousands are gathered; what was shut
    by a run that died is gathered by the next one. Nothing to do gives nothing; a day without
    transfers is closed without a batch. Raises TotalsDiffer, as `gather` does.
    """
    house.job(shut)
    return house.job(gather)


@allowed(Caller.SYSTEM)
def shut(work: Work) -> None:
    """Let nothing more be promised for the last business day whose cut-off has passed."""
    day = last_cut_off(work.now, parameters(work))
    # Looked at without a lock first: this runs every minute, and members' transfers hold the row.
    if _shut_through(work) >= day:
        return
    gate = work.session.get(InterbankGate, 1, with_for_update=True, populate_existing=True)
    if gate is None:
        raise NotFound(kind="interbank_gate")
    if gate.closed_through >= day:
        return
    gate.closed_through = day
    work.record(Event.DAY_SHUT, None, day=day)


@allowed(Caller.SYSTEM)
def gather(work: Work) -> tuple[Batch, ...]:
    """Put all that was promised until the day that is shut into a batch a currency.

    Nothing is there when another machine did it. Raises TotalsDiffer when transfers and postings
    do not tell the same sum; then nothing is gathered.
    """
    batches = _gathered(work, _shut_through(work))
    for batch in batches:
        work.record(
            Event.BATCH_CLOSED,
            batch.id,
            day=batch.day,
            count=batch.count,
            amount=batch.total.centavos,
            currency=batch.total.currency,
        )
    return batches


@allowed(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR, Caller.SYSTEM, reads=True)
def recent(work: Work) -> tuple[BatchRow, ...]:
    """List the batches, the newest first, with how many transfers were answered."""
    batches = work.session.scalars(
        select(InterbankBatch)
        .order_by(InterbankBatch.day.desc(), InterbankBatch.currency)
        .limit(_SHOWN)
    ).all()
    answered = {
        row.batch_id: row
        for row in work.session.execute(
            select(
                Operation.batch_id,
                _how_many(OperationStatus.CREDITED).label("credited"),
                _how_many(OperationStatus.REJECTED).label("rejected"),
            )
            .where(Operation.batch_id.in_([each.id for each in batches]))
            .group_by(Operation.batch_id)
        )
    }
    return tuple(
        BatchRow(
            batch=described(each),
            closed_at=each.closed_at,
            written_at=each.written_at,
            csv_sha256=each.csv_sha256 or "",
            xml_sha256=each.xml_sha256 or "",
            credited=answered[each.id].credited,
            rejected=answered[each.id].rejected,
        )
        for each in batches
    )


def last_cut_off(now: datetime, known: Parameters) -> date:
    """Give the last business day whose cut-off has passed; at the very second it has."""
    local = now.astimezone(LA_PAZ)
    if local.time() >= known.cut_off(now):
        return on_or_before(local.date(), known.holidays)
    return on_or_before(local.date() - timedelta(days=1), known.holidays)


def described(row: InterbankBatch) -> Batch:
    """Describe a batch as plain values."""
    return Batch(row.id, row.day, row.count, Money(row.total, row.currency))


def unhurried(session: Session) -> None:
    """Let this transaction take longer than a desk's deed may: a batch has many transfers."""
    database.unhurried(session, LONGEST_WORK)


def _shut_through(work: Work) -> date:
    return work.session.scalar(select(InterbankGate.closed_through)) or date.min


def _gathered(work: Work, day: date) -> tuple[Batch, ...]:
    """Put what was promised until `day` into batches: four statements, however many there are."""
    due = (Operation.status == OperationStatus.RECEIVED, Operation.value_date <= day)
    sums = work.session.execute(
        select(Operation.currency, func.count(), func.sum(Operation.amount))
        .where(*due)
        .group_by(Operation.currency)
        .order_by(Operation.currency)
    )
    batches = tuple(
        Batch(new_id(), day, count, Money(int(total), currency)) for currency, count, total in sums
    )
    if not batches:
        return ()
    unhurried(work.session)
    for each in batches:
        _put_down(work, each)
    ids = {each.total.currency.value: each.id for each in batches}
    work.session.execute(
        update(Operation)
        .where(*due)
        .values(
            status=OperationStatus.BATCHED,
            batch_id=case(ids, value=Operation.currency),
        )
        .execution_options(synchronize_session=False)
    )
    _require_ties(work, batches)
    return batches


def _put_down(work: Work, batch: Batch) -> None:
    """Write a batch's row. Raises TryAgain when another machine wrote it while this one waited."""
    row = insert(InterbankBatch).values(
        id=batch.id,
        day=batch.day,
        currency=batch.total.currency,
        count=batch.count,
        total=batch.total.centavos,
        closed_at=work.now,
    )
    try:
        work.session.execute(row)
    except IntegrityError as clash:
        raise TryAgain from clash


def _require_ties(work: Work, batches: tuple[Batch, ...]) -> None:
    """Compare each batch with what the ledger says left the accounts for its transfers."""
    posted = {
        batch_id: (count, int(total))
        for batch_id, count, total in work.session.execute(
            select(Operation.batch_id, func.count(), func.sum(Posting.amount))
            .join(Posting, Posting.entry_id == Operation.id)
            .where(
                Operation.batch_id.in_([each.id for each in batches]),
                Operation.status == OperationStatus.BATCHED,
                Posting.kind == PostingKind.INTERBANK,
                Posting.credit_house == INTERBANK,
                Posting.debit_account_id == Operation.debit_account_id,
                Posting.currency == Operation.currency,
            )
            .group_by(Operation.batch_id)
        )
    }
    for each in batches:
        if posted.get(each.id) != (each.count, each.total.centavos):
            raise TotalsDiffer(day=each.day, currency=each.total.currency)


def _how_many(status: OperationStatus) -> ColumnElement[int]:
    return func.count(case((Operation.status == status, 1)))
