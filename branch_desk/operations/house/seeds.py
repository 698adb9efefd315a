"""What the operations of members stand on, given to a database that lacks it.

A new database gets it with its installation; one that was installed by an older program gets it
after its upgrade, from the upgrade itself or from the next due jobs. What somebody changed since
is left as it is: only what is missing is added.
"""

import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, insert, select

from branch_desk.models.base import new_id
from branch_desk.models.beneficiary import Bank
from branch_desk.models.calendar import Holiday, local_day
from branch_desk.models.event import Event
from branch_desk.models.interbank import InterbankGate
from branch_desk.models.money import Currency
from branch_desk.models.parameter import Policy, PolicyName, StarterLimit, StarterReason
from branch_desk.operations.work import Caller, Work, allowed
from branch_desk.resources import resource

SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""The seeded parameters hold from before the first day."""
CALENDAR_YEARS_AHEAD: Final = 4
"""So many years after the current one the calendar reaches: schedules look ahead."""

Row = dict[str, Any]


@allowed(Caller.SYSTEM)
def fill_missing(work: Work) -> int:
    """Add what is missing, and the calendar's next year when it has come so far; say how much."""
    added = fill(work)
    if added:
        work.record(Event.JOB_DONE, None, job="seeds", count=added)
    return added


@allowed()
def fill(work: Work) -> int:
    """Add what is missing, as part of an installation."""
    added = 0
    for table, missing in (
        (Bank, _banks),
        (Policy, _policies),
        (StarterLimit, _starters),
        (InterbankGate, _gate),
        (Holiday, _calendar),
    ):
        if rows := list(missing(work)):
            # Of two machines the later one waits here, and is then refused as a duplicate.
            work.session.execute(insert(table).values(rows))
            added += len(rows)
    return added


def prepare() -> None:
    """Load what makes the calendar, before a transaction is open: it takes its time."""
    _holidays(SINCE.year)


def seed(name: str) -> dict[str, Any]:
    """Read a file of `resources/seed`."""
    return tomllib.loads(resource(f"seed/{name}.toml").read_text(encoding="utf-8"))


def _banks(work: Work) -> Iterator[Row]:
    known = set(work.session.scalars(select(Bank.code)))
    for position, row in enumerate(seed("banks")["bank"]):
        if row["code"] not in known:
            yield {**row, "position": position, "active": True}


def _policies(work: Work) -> Iterator[Row]:
    known = set(work.session.scalars(select(Policy.name)))
    for name, value in seed("parameters")["policy"].items():
        if PolicyName(name) not in known:
            yield {"name": PolicyName(name), "effective_from": SINCE, "value": value}


def _starters(work: Work) -> Iterator[Row]:
    rows = work.session.execute(select(StarterLimit.reason, StarterLimit.currency))
    known = {(reason, currency) for reason, currency in rows}
    for row in seed("parameters")["starter"]:
        for currency, per_day in row["per_day"].items():
            of = (StarterReason(row["reason"]), Currency(currency))
            if of not in known:
                yield {
                    "id": new_id(),
                    "reason": of[0],
                    "currency": of[1],
                    "hours": row["hours"],
                    "per_day": per_day,
                    "effective_from": SINCE,
                }


def _gate(work: Work) -> Iterator[Row]:
    if work.session.scalar(select(InterbankGate.id)) is None:
        yield {"id": 1, "closed_through": local_day(work.now) - timedelta(days=1)}


def _calendar(work: Work) -> Iterator[Row]:
    """Fill the years after the last one that was ever filled; what people edited stays."""
    this_year = local_day(work.now).year
    last = work.session.scalar(select(func.max(Holiday.day)))
    first = this_year if last is None else last.year + 1
    for year in range(first, this_year + CALENDAR_YEARS_AHEAD + 1):
        for day, name in _holidays(year).items():
            yield {"day": day, "name": name}


def _holidays(year: int) -> dict[date, str]:
    """Give the holidays by law of Santa Cruz de la Sierra, 24 September among them."""
    import holidays  # only here, once a year: it brings all countries of the world

    return dict(holidays.country_holidays("BO", subdiv="S", years=year, language="es"))
