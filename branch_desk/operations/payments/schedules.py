"""Payments put on the calendar: made with a code, carried out by themselves, each day once (F35).

Each of a schedule's days becomes an operation whose key follows from schedule and day, so that it
is carried out once whoever runs the jobs, and how often. Limits and balance are those of the day.
"""

from collections.abc import Container
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import select

from branch_desk.models.access import Access
from branch_desk.models.account import Account, Handling
from branch_desk.models.calendar import LA_PAZ, local_day, on_or_after, on_or_before
from branch_desk.models.enrolment import SigningRule
from branch_desk.models.errors import (
    DomainError,
    InvalidValue,
    KeyUsed,
    NotEnoughFunds,
    NotFound,
    NotGranted,
    NothingDue,
    NotWhatWasShown,
    WrongState,
)
from branch_desk.models.event import Event
from branch_desk.models.schedule import (
    HolidayRule,
    Repeat,
    RunStatus,
    Schedule,
    ScheduleRun,
    ScheduleStatus,
    nth_day,
)
from branch_desk.operations.chains import canonical
from branch_desk.operations.house import outbox
from branch_desk.operations.money import place, rules
from branch_desk.operations.money.orders import Order, cleaned, digest, from_payload
from branch_desk.operations.money.parameters import parameters
from branch_desk.operations.money.situation import look
from branch_desk.operations.payments import next_due
from branch_desk.operations.users import totp
from branch_desk.operations.users.attempts import Origin
from branch_desk.operations.users.credential import find_access
from branch_desk.operations.work import Caller, House, Work, allowed

RUNS_FROM: Final = time(6, 0)
"""Before that hour of La Paz nothing scheduled is carried out."""
TRIED_UNTIL: Final = time(18, 0)
"""Until then an account without enough money is tried again the same day."""
_FURTHEST_DAYS: Final = 2 * 366
_MOST_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An order and its calendar, as the member chose them."""

    key: UUID
    """Made by the client: the schedule's id."""
    order: Order
    starts_on: date
    repeat: Repeat = Repeat.ONCE
    until: date | None = None
    holiday_rule: HolidayRule = HolidayRule.AFTER

    def payload(self) -> str:
        """Write all of it as the one text that is hashed."""
        return canonical(
            {
                "order": self.order.payload(),
                "starts_on": self.starts_on,
                "repeat": self.repeat,
                "until": self.until,
                "holiday_rule": self.holiday_rule,
            }
        )


@dataclass(frozen=True, slots=True)
class ProposalPreview:
    """What the member confirms with a code, and the first days on which money would move."""

    proposal: Proposal
    sha256: str
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A schedule in a list."""

    id: UUID
    order: Order
    starts_on: date
    repeat: Repeat
    until: date | None
    holiday_rule: HolidayRule
    status: ScheduleStatus
    next_on: date | None
    run_on: date | None
    last: tuple[date, RunStatus, str] | None
    """The day that passed last, what became of it, and the refusal's name."""


@allowed(Caller.MEMBER, reads=True)
def preview(work: Work, proposal: Proposal) -> ProposalPreview:
    """Check a schedule and give what is to be confirmed.

    A first day that is to be paid on the business day before it, which has passed already, is
    refused (`starts_on`, `day_before_passed`): paid later it would not be what was asked for.
    Raises InvalidValue, NotGranted, NotFound, AccountUnfit, CurrencyDiffers.
    """
    checked = _checked(work, proposal)
    holidays = parameters(work).holidays
    days = []
    for n in range(3):
        day = nth_day(checked.starts_on, checked.repeat, n)
        if day is None or (checked.until is not None and day > checked.until):
            break
        days.append(_run_on(day, checked.holiday_rule, holidays))
    return ProposalPreview(checked, digest(checked.payload()), tuple(days))


@allowed(Caller.MEMBER)
def make(work: Work, proposal: Proposal, *, shown_sha256: str, code: str) -> UUID:
    """Put an order on the calendar, confirmed with a code; sent again as it was it is the same one.

    Raises what `preview` does, and NotWhatWasShown, KeyUsed, CodeRefused, LockedOut.
    """
    # A twin sent at the same time is waited for, and then found: its code is no wrong one.
    find_access(work, work.access_id, lock=True)
    known = work.session.get(Schedule, proposal.key)
    if known is not None:
        same = known.payload_sha256 == shown_sha256 == digest(proposal.payload())
        if known.access_id != work.access_id or not same:
            raise KeyUsed
        return known.id
    checked = _checked(work, proposal)
    payload = checked.payload()
    sha256 = digest(payload)
    if sha256 != shown_sha256:
        raise NotWhatWasShown
    totp.verify(work, work.access_id, code, origin=Origin(work.channel))
    holidays = parameters(work).holidays
    work.session.add(
        Schedule(
            id=checked.key,
            access_id=work.access_id,
            member_id=work.member_id,
            kind=checked.order.kind,
            payload=payload,
            payload_sha256=sha256,
            starts_on=checked.starts_on,
            repeat=checked.repeat,
            until=checked.until,
            holiday_rule=checked.holiday_rule,
            status=ScheduleStatus.ACTIVE,
            next_on=checked.starts_on,
            run_on=_run_on(checked.starts_on, checked.holiday_rule, holidays),
            created_at=work.now,
        )
    )
    work.record(
        Event.SCHEDULE_MADE,
        checked.key,
        member_id=work.member_id,
        kind=checked.order.kind,
        amount=checked.order.money.centavos,
        currency=checked.order.money.currency,
        payload_sha256=sha256,
    )
    return checked.key


@allowed(Caller.MEMBER, reads=True)
def mine(work: Work) -> tuple[ScheduleRow, ...]:
    """List the member's schedules, those that go on first."""
    rows = work.session.scalars(
        select(Schedule)
        .where(Schedule.member_id == work.member_id)
        .order_by(Schedule.run_on.is_(None), Schedule.run_on, Schedule.created_at.desc())
        .limit(_MOST_AT_ONCE)
    )
    return tuple(_row(work, row) for row in rows)


@allowed(Caller.MEMBER)
def skip(work: Work, schedule_id: UUID, due_on: date) -> None:
    """Leave out the schedule's next day, once. Raises NotFound, WrongState (not the next day)."""
    row = _mine(work, schedule_id)
    if row.next_on != due_on:
        raise WrongState(kind="schedule", current=row.status, target=RunStatus.SKIPPED)
    _note(work, row, RunStatus.SKIPPED)
    work.record(Event.SCHEDULE_SKIPPED, row.id, member_id=row.member_id)


@allowed(Caller.MEMBER)
def cancel(work: Work, schedule_id: UUID) -> None:
    """End a schedule; what was carried out stays. Raises NotFound, WrongState."""
    row = _mine(work, schedule_id)
    row.status = ScheduleStatus.CANCELLED
    row.next_on = row.run_on = None
    row.ended_at = work.now
    work.record(Event.SCHEDULE_CANCELLED, row.id, member_id=row.member_id)


def run_due(house: House) -> tuple[int, int]:
    """Carry out what the calendar says for today and earlier: how many were done and failed.

    Every day of a schedule is a transaction of its own. Any number of machines may do it at once.
    """
    done = failed = 0
    for schedule_id in house.job(due):
        # A machine that was off for weeks catches up day by day.
        while (status := house.job(run_one, schedule_id)) is not None:
            done += status is RunStatus.DONE
            failed += status is RunStatus.FAILED
    return done, failed


@allowed(Caller.SYSTEM, reads=True)
def due(work: Work) -> tuple[UUID, ...]:
    """List the schedules that have a day to be carried out."""
    local = work.now.astimezone(LA_PAZ)
    if local.time() < RUNS_FROM:
        return ()
    return tuple(
        work.session.scalars(
            select(Schedule.id)
            .where(Schedule.status == ScheduleStatus.ACTIVE, Schedule.run_on <= local.date())
            .order_by(Schedule.run_on, Schedule.id)
            .limit(_MOST_AT_ONCE)
        )
    )


@allowed(Caller.SYSTEM)
def run_one(work: Work, schedule_id: UUID) -> RunStatus | None:
    """Carry out a schedule's next day if it has come.

    None when there is nothing (more) to do now: not yet due, another machine did it, or the day is
    not over and the account lacks the money or the bill is still to come. A refusal becomes the
    day's outcome, with a mail; nothing else of it stays.
    """
    row = work.session.scalar(
        select(Schedule).where(Schedule.id == schedule_id).with_for_update(key_share=True)
    )
    local = work.now.astimezone(LA_PAZ)
    if row is None or row.next_on is None or row.run_on is None or row.run_on > local.date():
        return None
    order = replace(order_of(row), key=uuid5(row.id, row.next_on.isoformat()))
    try:
        with work.session.begin_nested():
            work.session.connection()  # sets the savepoint now: money moves without the session
            today = next_due.resolved(work, order)
            placed = place.carry_out(work, today, row.access_id, schedule_id=row.id)
            _still_alone(work, row, today)
    except (NotEnoughFunds, NothingDue) as refusal:
        if row.run_on == local.date() and local.time() < TRIED_UNTIL:
            return None
        return _failed(work, row, refusal)
    except DomainError as refusal:
        return _failed(work, row, refusal)
    work.record(Event.SCHEDULE_RUN, row.id, member_id=row.member_id)
    _note(work, row, RunStatus.DONE, operation_id=placed.id)
    return RunStatus.DONE


def order_of(row: Schedule) -> Order:
    """Read back the order a schedule carries out."""
    import json

    return from_payload(row.id, json.loads(row.payload)["order"])


def _failed(work: Work, row: Schedule, refusal: DomainError) -> RunStatus:
    name = type(refusal).__name__
    access = work.session.get_one(Access, row.access_id)
    order = order_of(row)
    outbox.queue_mail(
        work,
        "schedule_failed",
        access.email,
        {
            "name": access.person_name,
            "user": access.user_name,
            "day": row.next_on.isoformat() if row.next_on else "",
            "amount": str(order.money),
            "reason": name,
        },
        member_id=row.member_id,
        access_id=row.access_id,
    )
    work.record(Event.SCHEDULE_FAILED, row.id, member_id=row.member_id, refusal=name)
    _note(work, row, RunStatus.FAILED, refusal=name)
    return RunStatus.FAILED


def _note(
    work: Work,
    row: Schedule,
    status: RunStatus,
    *,
    operation_id: UUID | None = None,
    refusal: str = "",
) -> None:
    """Keep what became of the next day, and go on to the one after."""
    work.session.add(
        ScheduleRun(
            schedule_id=row.id,
            due_on=row.next_on,
            status=status,
            at=work.now,
            operation_id=operation_id,
            refusal=refusal,
        )
    )
    row.occurrence += 1
    following = nth_day(row.starts_on, row.repeat, row.occurrence)
    if following is None or (row.until is not None and following > row.until):
        row.status = ScheduleStatus.ENDED
        row.next_on = row.run_on = None
        row.ended_at = work.now
        return
    row.next_on = following
    row.run_on = _run_on(following, row.holiday_rule, parameters(work).holidays)


def _checked(work: Work, proposal: Proposal) -> Proposal:
    today = local_day(work.now)
    if proposal.starts_on < today:
        raise InvalidValue(field="starts_on", reason="past")
    if (proposal.starts_on - today).days > _FURTHEST_DAYS:
        raise InvalidValue(field="starts_on", reason="too_far")
    if proposal.until is not None and proposal.until < proposal.starts_on:
        raise InvalidValue(field="until", reason="before_start")
    if _run_on(proposal.starts_on, proposal.holiday_rule, parameters(work).holidays) < today:
        raise InvalidValue(field="starts_on", reason="day_before_passed")
    if proposal.repeat is Repeat.ONCE and proposal.until is not None:
        proposal = replace(proposal, until=None)
    # Another bank's day is promised when the day comes.
    order = replace(next_due.checked(work, cleaned(proposal.order)), promised_on=None)
    situation = look(work, order, work.access_id)
    rules.may_debit(order, situation, work.channel)
    rules.may_credit(order, situation)
    _require_alone(situation.debit.handling, situation.signing_rule)
    return replace(proposal, order=order)


def _still_alone(work: Work, row: Schedule, order: Order) -> None:
    """Refuse what one person agreed to and several must sign by now; its rows are locked."""
    handling, rule = work.session.execute(
        select(Account.handling, Access.signing_rule)
        .join_from(Access, Account, Account.id == order.debit_account_id)
        .where(Access.id == row.access_id)
    ).one()
    _require_alone(handling, rule)


def _require_alone(handling: Handling, rule: SigningRule | None) -> None:
    """Refuse what several must sign: on its day nobody is there to do it (F6, F8)."""
    if handling is Handling.JOINT or rule is SigningRule.JOINT_TWO:
        raise NotGranted(kind="joint_schedule", field="debit_account")


def _run_on(day: date, rule: HolidayRule, holidays: Container[date]) -> date:
    move = on_or_before if rule is HolidayRule.BEFORE else on_or_after
    return move(day, holidays)


def _mine(work: Work, schedule_id: UUID) -> Schedule:
    row = work.session.scalar(
        select(Schedule)
        .where(Schedule.id == schedule_id, Schedule.member_id == work.member_id)
        .with_for_update(key_share=True)
    )
    if row is None:
        raise NotFound(kind="schedule")
    if row.status is not ScheduleStatus.ACTIVE:
        raise WrongState(kind="schedule", current=row.status, target=ScheduleStatus.CANCELLED)
    return row


def _row(work: Work, row: Schedule) -> ScheduleRow:
    last = work.session.scalars(
        select(ScheduleRun)
        .where(ScheduleRun.schedule_id == row.id)
        .order_by(ScheduleRun.due_on.desc())
        .limit(1)
    ).first()
    return ScheduleRow(
        id=row.id,
        order=order_of(row),
        starts_on=row.starts_on,
        repeat=row.repeat,
        until=row.until,
        holiday_rule=row.holiday_rule,
        status=row.status,
        next_on=row.next_on,
        run_on=row.run_on,
        last=(last.due_on, last.status, last.refusal) if last is not None else None,
    )
