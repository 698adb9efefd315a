"""Business days of Santa Cruz and the hour until which other banks are credited the same day.

Days are those of La Paz, which knows no summer time. The holidays are a table: what the law adds
or moves is written there, and no program has to be changed for it.
"""

from collections.abc import Container
from datetime import date, datetime, time, timedelta, timezone
from typing import Final

from sqlalchemy.orm import Mapped, mapped_column

from branch_desk.models.base import Base

LA_PAZ: Final = timezone(timedelta(hours=-4), "America/La_Paz")
"""Bolivia's own time all year round; a fixed offset needs no table of time zones."""
CUT_OFF: Final = time(12, 30)
"""Until then transfers to other banks are credited the same business day (manual)."""
_SATURDAY = 5


class Holiday(Base):
    """A day on which the cooperative is closed."""

    __tablename__ = "holiday"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str]


def local_day(now: datetime) -> date:
    """Give the day it is in La Paz."""
    return now.astimezone(LA_PAZ).date()


def is_business_day(day: date, holidays: Container[date]) -> bool:
    """Say whether banks work on that day."""
    return day.weekday() < _SATURDAY and day not in holidays


def next_business_day(day: date, holidays: Container[date]) -> date:
    """Give the first business day after `day`."""
    return on_or_after(day + timedelta(days=1), holidays)


def on_or_after(day: date, holidays: Container[date]) -> date:
    """Give `day` if it is a business day, else the next one."""
    while not is_business_day(day, holidays):
        day += timedelta(days=1)
    return day


def on_or_before(day: date, holidays: Container[date]) -> date:
    """Give `day` if it is a business day, else the one before."""
    while not is_business_day(day, holidays):
        day -= timedelta(days=1)
    return day


def value_date(now: datetime, holidays: Container[date], cut_off: time = CUT_OFF) -> date:
    """Say when another bank credits what is sent now (manual).

    Before the cut-off of a business day that day, at it and later the next one.
    """
    local = now.astimezone(LA_PAZ)
    today = local.date()
    if is_business_day(today, holidays) and local.time() < cut_off:
        return today
    return next_business_day(today, holidays)


def cut_off_of(day: date, cut_off: time = CUT_OFF) -> datetime:
    """Give the instant of a day's cut-off."""
    return datetime.combine(day, cut_off, LA_PAZ)
