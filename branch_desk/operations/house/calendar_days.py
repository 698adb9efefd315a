"""The days on which the cooperative is closed: read, declared, taken back.

The law's holidays come by themselves (`seeds`); what a decree adds or moves is written here.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import extract, func, select

from branch_desk.models.calendar import Holiday, local_day
from branch_desk.models.errors import InvalidValue, NotFound
from branch_desk.models.event import Event
from branch_desk.models.staff import Role
from branch_desk.models.validation import required_text
from branch_desk.operations.work import Caller, Work, allowed


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A holiday."""

    day: date
    name: str


@allowed(Role.ADMINISTRATOR, Caller.SYSTEM, reads=True)
def days(work: Work, year: int | None = None) -> tuple[CalendarDay, ...]:
    """List the holidays of a year, by default of the current one in La Paz."""
    year = local_day(work.now).year if year is None else year
    found = select(Holiday).where(extract("year", Holiday.day) == year)
    rows = work.session.scalars(found.order_by(Holiday.day))
    return tuple(CalendarDay(row.day, row.name) for row in rows)


@allowed(Role.ADMINISTRATOR, fresh=True)
def add(work: Work, day: date, name: str) -> None:
    """Declare a holiday, from today to the end of the calendar; a day that is one is renamed.

    Raises InvalidValue for another day, or without a name.
    """
    name = required_text("holiday_name", name)
    _require_to_come(work, day)
    last = work.session.scalar(select(func.max(Holiday.day)))
    if last is None or day.year > last.year:
        # Else the law's holidays of a year that was not filled yet would be left out.
        raise InvalidValue(field="day", reason="too_far")
    known = work.session.get(Holiday, day)
    if known is not None:
        work.session.delete(known)  # the program's role adds and deletes, and rewrites nothing
        work.session.flush()
    work.session.add(Holiday(day=day, name=name))
    work.record(Event.CALENDAR_DAY_ADDED, None, reason=name, day=day.isoformat())


@allowed(Role.ADMINISTRATOR, fresh=True)
def remove(work: Work, day: date) -> None:
    """Make a holiday a working day again. Raises InvalidValue for a past day, NotFound."""
    _require_to_come(work, day)
    known = work.session.get(Holiday, day)
    if known is None:
        raise NotFound(kind="holiday")
    work.session.delete(known)
    work.record(Event.CALENDAR_DAY_REMOVED, None, reason=known.name, day=day.isoformat())


def _require_to_come(work: Work, day: date) -> None:
    # What was promised and carried out by a day's calendar must not look otherwise later.
    if day < local_day(work.now):
        raise InvalidValue(field="day", reason="too_old")
