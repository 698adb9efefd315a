"""Business days, the cut-off of other banks and the days of a schedule."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as hour
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branch_desk.models.calendar import (
    LA_PAZ,
    cut_off_of,
    is_business_day,
    local_day,
    next_business_day,
    on_or_after,
    on_or_before,
    value_date,
)
from branch_desk.models.schedule import Repeat, nth_day

NEW_YEAR, SANTA_CRUZ, CHRISTMAS = date(2027, 1, 1), date(2026, 9, 24), date(2026, 12, 25)
HOLIDAYS = frozenset({date(2026, 1, 1), SANTA_CRUZ, CHRISTMAS, NEW_YEAR})

MONDAY, FRIDAY, SATURDAY = date(2026, 11, 23), date(2026, 11, 27), date(2026, 11, 28)
BEFORE_CHRISTMAS = date(2026, 12, 24)  # a Thursday: Christmas and the weekend follow
BEFORE_SANTA_CRUZ = date(2026, 9, 23)
LAST_OF_YEAR = date(2026, 12, 31)  # a Thursday: New Year and the weekend follow

BEFORE, AT, AFTER = hour(12, 29, 59), hour(12, 30), hour(12, 30, 1)
NEXT_MONDAY = date(2026, 11, 30)

PROMISED = {
    # day: (a second before the cut-off, at it and afterwards)
    MONDAY: (MONDAY, date(2026, 11, 24)),
    FRIDAY: (FRIDAY, NEXT_MONDAY),
    SATURDAY: (NEXT_MONDAY, NEXT_MONDAY),
    BEFORE_CHRISTMAS: (BEFORE_CHRISTMAS, date(2026, 12, 28)),
    CHRISTMAS: (date(2026, 12, 28), date(2026, 12, 28)),
    BEFORE_SANTA_CRUZ: (BEFORE_SANTA_CRUZ, date(2026, 9, 25)),
    SANTA_CRUZ: (date(2026, 9, 25), date(2026, 9, 25)),
    LAST_OF_YEAR: (LAST_OF_YEAR, date(2027, 1, 4)),
}
CASES = [
    (day, at, promised[0] if at is BEFORE else promised[1])
    for day, promised in PROMISED.items()
    for at in (BEFORE, AT, AFTER)
]
ZONES = ("UTC", "America/La_Paz", "Asia/Tokyo", "America/New_York")


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """The machine's own time zone, which must not matter."""
    if not hasattr(time, "tzset"):
        pytest.skip("Windows does not take TZ from the environment")
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize(("day", "at", "promised"), CASES, ids=str)
def test_another_bank_credits_by_the_cut_off_of_a_business_day(
    zone: str, day: date, at: hour, promised: date
) -> None:
    here = datetime.combine(day, at, LA_PAZ)
    assert value_date(here, HOLIDAYS) == promised
    assert value_date(here.astimezone(UTC), HOLIDAYS) == promised
    assert value_date(here.astimezone(), HOLIDAYS) == promised  # as the machine writes it


def test_a_process_in_another_time_zone_promises_the_same() -> None:
    code = (
        "from tests.models.test_calendar import *\n"
        "print([str(value_date(datetime.combine(day, at, LA_PAZ).astimezone(), HOLIDAYS))"
        " for day, at, _ in CASES])"
    )
    said = {
        zone: subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "TZ": zone},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for zone in ZONES
    }
    assert set(said.values()) == {str([str(promised) for _, _, promised in CASES])}


def test_the_house_may_move_its_cut_off() -> None:
    early = hour(9, 0)
    assert value_date(datetime.combine(MONDAY, hour(8, 59, 59), LA_PAZ), HOLIDAYS, early) == MONDAY
    at = datetime.combine(MONDAY, early, LA_PAZ)
    assert value_date(at, HOLIDAYS, early) == date(2026, 11, 24)
    assert cut_off_of(MONDAY, early) == at


def test_the_cut_off_is_half_past_four_in_the_afternoon_utc() -> None:
    for day in (MONDAY, date(2026, 7, 1)):  # no summer time in either half of the year
        assert cut_off_of(day).astimezone(UTC).time() == hour(16, 30)


def test_the_day_in_la_paz_ends_four_hours_after_that_of_utc() -> None:
    assert local_day(datetime(2026, 11, 24, 3, 59, 59, tzinfo=UTC)) == MONDAY
    assert local_day(datetime(2026, 11, 24, 4, 0, tzinfo=UTC)) == date(2026, 11, 24)


def test_a_holiday_is_gone_around_before_or_after() -> None:
    assert on_or_before(CHRISTMAS, HOLIDAYS) == BEFORE_CHRISTMAS
    assert on_or_after(CHRISTMAS, HOLIDAYS) == date(2026, 12, 28)
    for day in (MONDAY, FRIDAY):
        assert on_or_before(day, HOLIDAYS) == on_or_after(day, HOLIDAYS) == day


DAYS = st.dates(date(2025, 1, 1), date(2031, 12, 31))
CALENDARS = st.frozensets(DAYS, max_size=40)
INSTANTS = st.datetimes(datetime(2025, 1, 2), datetime(2031, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001  Hypothesis wants bounds without a zone


@given(INSTANTS, CALENDARS)
def test_what_is_promised_is_a_business_day_and_never_past(
    now: datetime, holidays: frozenset[date]
) -> None:
    promised = value_date(now, holidays)
    assert is_business_day(promised, holidays)
    assert promised >= local_day(now)


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(days=20)), CALENDARS)
def test_who_sends_later_is_not_credited_earlier(
    now: datetime, later: timedelta, holidays: frozenset[date]
) -> None:
    assert value_date(now, holidays) <= value_date(now + later, holidays)


@given(INSTANTS, CALENDARS)
def test_no_earlier_business_day_was_still_open(now: datetime, holidays: frozenset[date]) -> None:
    promised = value_date(now, holidays)
    day = local_day(now)
    while day < promised:
        assert not is_business_day(day, holidays) or now >= cut_off_of(day)
        day += timedelta(days=1)


@given(DAYS, CALENDARS)
def test_the_next_business_day_is_the_first_one(day: date, holidays: frozenset[date]) -> None:
    found = next_business_day(day, holidays)
    assert found > day
    between = (day + timedelta(days=n) for n in range(1, (found - day).days))
    assert is_business_day(found, holidays)
    assert not any(is_business_day(each, holidays) for each in between)


# The days of a schedule


def _first(starts_on: date, repeat: Repeat, count: int) -> list[date | None]:
    return [nth_day(starts_on, repeat, n) for n in range(count)]


def test_the_last_of_a_month_is_the_last_of_every_month() -> None:
    assert _first(date(2027, 1, 31), Repeat.MONTHLY, 5) == [
        date(2027, 1, 31),
        date(2027, 2, 28),
        date(2027, 3, 31),
        date(2027, 4, 30),
        date(2027, 5, 31),
    ]


@pytest.mark.parametrize("starts_on", [date(2027, 10, day) for day in (29, 30, 31)])
def test_a_leap_year_has_its_29th_of_february(starts_on: date) -> None:
    assert nth_day(starts_on, Repeat.MONTHLY, 4) == date(2028, 2, 29)
    assert nth_day(starts_on, Repeat.MONTHLY, 16) == date(2029, 2, 28)
    assert nth_day(starts_on, Repeat.MONTHLY, 17) == date(2029, 3, starts_on.day)


def test_who_begins_on_the_29th_of_february_comes_back_to_it() -> None:
    begun = date(2028, 2, 29)
    assert nth_day(begun, Repeat.MONTHLY, 1) == date(2028, 3, 29)
    assert nth_day(begun, Repeat.MONTHLY, 12) == date(2029, 2, 28)
    assert nth_day(begun, Repeat.MONTHLY, 48) == date(2032, 2, 29)


def test_a_month_after_december_is_january_of_the_next_year() -> None:
    assert nth_day(LAST_OF_YEAR, Repeat.MONTHLY, 1) == date(2027, 1, 31)
    assert nth_day(date(2026, 1, 15), Repeat.MONTHLY, 23) == date(2027, 12, 15)


def test_weeks_go_on_over_the_end_of_a_year() -> None:
    assert nth_day(LAST_OF_YEAR, Repeat.WEEKLY, 1) == date(2027, 1, 7)
    assert nth_day(date(2028, 2, 22), Repeat.WEEKLY, 1) == date(2028, 2, 29)


def test_once_is_once() -> None:
    assert _first(MONDAY, Repeat.ONCE, 3) == [MONDAY, None, None]


@given(DAYS, st.integers(0, 240))
def test_a_monthly_day_stands_in_each_month_once(starts_on: date, n: int) -> None:
    this, after = nth_day(starts_on, Repeat.MONTHLY, n), nth_day(starts_on, Repeat.MONTHLY, n + 1)
    assert this is not None
    assert after is not None
    assert (after.year * 12 + after.month) - (this.year * 12 + this.month) == 1
    assert this.day <= starts_on.day
    assert this.day == starts_on.day or (this + timedelta(days=1)).day == 1


@pytest.mark.parametrize(("day", "holiday"), list(product(PROMISED, (True, False))))
def test_a_weekend_is_no_business_day_and_a_holiday_neither(day: date, holiday: bool) -> None:
    open_ = day.weekday() < 5 and not holiday
    assert is_business_day(day, {day} if holiday else set()) is open_
