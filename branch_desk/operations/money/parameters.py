"""The house's dated parameters, as the money rules need them: read seldom, asked often.

They change by a date that is known before (F38), so what was read is good for half a minute; the
reading costs a round trip only then. Holidays come along, whole.
"""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select

from branch_desk.models.calendar import CUT_OFF, Holiday
from branch_desk.models.money import Currency
from branch_desk.models.parameter import Policy, PolicyName, StarterLimit, StarterReason
from branch_desk.operations.work import Work, allowed

_SECONDS: Final = 30.0
_DEFAULTS: Final = {
    PolicyName.CUT_OFF_MINUTE: CUT_OFF.hour * 60 + CUT_OFF.minute,
    PolicyName.SIGNATURE_HOURS: 24,
    PolicyName.INSTALMENTS_AHEAD: 3,
}


@dataclass(frozen=True, slots=True)
class Starter:
    """A low limit of the first hours (F25)."""

    reason: StarterReason
    currency: Currency
    hours: int
    per_day: int
    effective_from: datetime


@dataclass(frozen=True, slots=True)
class Parameters:
    """All of them, with their dates."""

    policies: tuple[tuple[PolicyName, datetime, int], ...]
    starters: tuple[Starter, ...]
    holidays: frozenset[date]

    def policy(self, name: PolicyName, now: datetime) -> int:
        """Give the value in force."""
        known = [(since, value) for named, since, value in self.policies if named is name]
        return max(((s, v) for s, v in known if s <= now), default=(now, _DEFAULTS[name]))[1]

    def cut_off(self, now: datetime) -> clock_time:
        """Give the time of day in La Paz until which other banks are credited the same day."""
        hour, minute = divmod(self.policy(PolicyName.CUT_OFF_MINUTE, now), 60)
        return clock_time(hour, minute)

    def starter(self, reason: StarterReason, currency: Currency, now: datetime) -> Starter | None:
        """Give the low limit in force for a reason."""
        known = [
            each
            for each in self.starters
            if each.reason is reason and each.currency is currency and each.effective_from <= now
        ]
        return max(known, key=lambda each: each.effective_from, default=None)

    def lowered(
        self,
        since: Iterable[tuple[StarterReason, datetime | None]],
        currency: Currency,
        now: datetime,
    ) -> tuple[int, datetime] | None:
        """Give the lowest daily amount that what is new leaves, and when all of it is over."""
        found = []
        for reason, began in since:
            starter = self.starter(reason, currency, now)
            if starter is None or began is None:
                continue
            ends = began + timedelta(hours=starter.hours)
            if now < ends:
                found.append((starter.per_day, ends))
        return (min(f[0] for f in found), max(f[1] for f in found)) if found else None


@allowed()
def parameters(work: Work) -> Parameters:
    """Give the parameters, at most half a minute old."""
    engine = work.unit.connection.engine
    with _lock:
        kept = _kept.get(engine)
    if kept is not None and time.monotonic() - kept[0] < _SECONDS:
        return kept[1]
    made = _read(work.unit.connection)
    with _lock:
        _kept[engine] = (time.monotonic(), made)
    return made


def forget() -> None:
    """Read anew at the next question: somebody changed them just now."""
    with _lock:
        _kept.clear()


_kept: WeakKeyDictionary[Engine, tuple[float, Parameters]] = WeakKeyDictionary()
_lock = threading.Lock()


def _read(connection: Connection) -> Parameters:
    policies = connection.execute(select(Policy.name, Policy.effective_from, Policy.value))
    starters = connection.execute(
        select(
            StarterLimit.reason,
            StarterLimit.currency,
            StarterLimit.hours,
            StarterLimit.per_day,
            StarterLimit.effective_from,
        )
    )
    return Parameters(
        policies=tuple((row[0], row[1], row[2]) for row in policies),
        starters=tuple(Starter(*row) for row in starters),
        holidays=frozenset(connection.scalars(select(Holiday.day))),
    )
