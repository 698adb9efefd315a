"""Payments members put on the calendar, once or repeating (F35)."""

import calendar
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from branch_desk.models.base import Base, new_id
from branch_desk.models.operation import OperationKind


class Repeat(StrEnum):
    """How often."""

    ONCE = "ONCE"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    """On the first day's day of the month; on the last one where a month is too short."""


class HolidayRule(StrEnum):
    """When a payment runs whose day is no business day."""

    BEFORE = "BEFORE"
    """On the business day before it; no schedule begins whose first one has passed already."""
    AFTER = "AFTER"


class ScheduleStatus(StrEnum):
    """Life of a schedule."""

    ACTIVE = "ACTIVE"
    ENDED = "ENDED"
    """Its last day has passed."""
    CANCELLED = "CANCELLED"


class RunStatus(StrEnum):
    """What became of one of its days."""

    DONE = "DONE"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


class Schedule(Base):
    """An order that is carried out by itself, confirmed once with a code."""

    __tablename__ = "schedule"
    __table_args__ = (
        CheckConstraint("until IS NULL OR until >= starts_on", name="until"),
        CheckConstraint("(status = 'ACTIVE') = (next_on IS NOT NULL)", name="next_on"),
        Index(
            "ix_schedule_due",
            "run_on",
            "id",
            sqlite_where=text("status = 'ACTIVE'"),
            postgresql_where=text("status = 'ACTIVE'"),
        ),
        Index("ix_schedule_member", "member_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    """Made by the client: sent twice it is made once."""
    access_id: Mapped[UUID] = mapped_column(ForeignKey("access.id"))
    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"))
    kind: Mapped[OperationKind]
    payload: Mapped[str]
    """Canonical JSON of order and calendar, as confirmed."""
    payload_sha256: Mapped[str]
    starts_on: Mapped[date]
    repeat: Mapped[Repeat]
    until: Mapped[date | None]
    holiday_rule: Mapped[HolidayRule]
    status: Mapped[ScheduleStatus]
    next_on: Mapped[date | None]
    """The next day of the calendar."""
    run_on: Mapped[date | None]
    """When that day is carried out: a business day by the holiday rule."""
    occurrence: Mapped[int] = mapped_column(default=0)
    """How many of its days have passed."""
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ScheduleRun(Base):
    """One day of a schedule: carried out, failed or skipped, once."""

    __tablename__ = "schedule_run"

    schedule_id: Mapped[UUID] = mapped_column(ForeignKey("schedule.id"), primary_key=True)
    due_on: Mapped[date] = mapped_column(primary_key=True)
    status: Mapped[RunStatus]
    at: Mapped[datetime]
    operation_id: Mapped[UUID | None] = mapped_column(ForeignKey("operation.id"))
    refusal: Mapped[str] = mapped_column(default="")
    """Name of the rule that refused it."""


def nth_day(starts_on: date, repeat: Repeat, n: int) -> date | None:
    """Give a schedule's n-th day, from 0; None after the only one."""
    if repeat is Repeat.ONCE:
        return starts_on if n == 0 else None
    if repeat is Repeat.WEEKLY:
        return starts_on + timedelta(weeks=n)
    months = starts_on.year * 12 + starts_on.month - 1 + n
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(starts_on.day, last))
