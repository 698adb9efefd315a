"""A user's maximum amounts in force: chosen, used, and what the first days leave of them (F25)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from branch_desk.models.access import Access, GrantedLimit
from branch_desk.models.calendar import local_day
from branch_desk.models.money import Money
from branch_desk.models.parameter import LimitKind, StarterReason
from branch_desk.operations.money import rules
from branch_desk.operations.money.parameters import parameters
from branch_desk.operations.money.situation import Limit
from branch_desk.operations.work import Work, allowed

_ORDER: Final = list(LimitKind)


@dataclass(frozen=True, slots=True)
class Lowered:
    """What is new lowers the amount of a day, for a while."""

    reasons: tuple[StarterReason, ...]
    per_day: Money
    until: datetime


@dataclass(frozen=True, slots=True)
class LimitRow:
    """Maximum amounts of one kind of operation, and what was used of them."""

    kind: LimitKind
    per_operation: Money
    per_day: Money
    per_month: Money
    count_per_day: int
    used_today: Money
    count_today: int
    used_this_month: Money
    lowered: Lowered | None

    @property
    def left_today(self) -> Money:
        """What may still leave today, by day, month and first days together."""
        most = min(self.per_day, self.lowered.per_day) if self.lowered else self.per_day
        left = min(
            most.centavos - self.used_today.centavos,
            self.per_month.centavos - self.used_this_month.centavos,
        )
        none = self.count_today >= self.count_per_day
        return Money(0 if none else max(left, 0), self.per_day.currency)


@allowed()
def limits_of(work: Work, access_id: UUID) -> tuple[LimitRow, ...]:
    """Give a user's limits as they are at this moment."""
    since = work.session.execute(
        select(Access.active_since, Access.contact_changed_at).where(Access.id == access_id)
    ).one()
    new = (
        (StarterReason.ENROLMENT, since.active_since),
        (StarterReason.CONTACT, since.contact_changed_at),
    )
    limits = work.session.scalars(select(GrantedLimit).where(GrantedLimit.access_id == access_id))
    ordered = sorted(limits, key=lambda each: (each.currency, _ORDER.index(each.kind)))
    return tuple(_row(work, limit, new) for limit in ordered)


def _row(
    work: Work, limit: GrantedLimit, new: tuple[tuple[StarterReason, datetime | None], ...]
) -> LimitRow:
    day, count, month = rules.used_on(
        Limit(
            limit.id,
            limit.per_operation,
            limit.per_day,
            limit.per_month,
            limit.count_per_day,
            limit.day,
            limit.used_in_day,
            limit.count_in_day,
            limit.used_in_month,
        ),
        local_day(work.now),
    )
    return LimitRow(
        kind=limit.kind,
        per_operation=Money(limit.per_operation, limit.currency),
        per_day=Money(limit.per_day, limit.currency),
        per_month=Money(limit.per_month, limit.currency),
        count_per_day=limit.count_per_day,
        used_today=Money(day, limit.currency),
        count_today=count,
        used_this_month=Money(month, limit.currency),
        lowered=_lowered(work, limit, new),
    )


def _lowered(
    work: Work, limit: GrantedLimit, new: tuple[tuple[StarterReason, datetime | None], ...]
) -> Lowered | None:
    # Between own accounts nothing leaves the member's hands: the first days do not matter there.
    if limit.kind is LimitKind.OWN:
        return None
    known = parameters(work)
    found = known.lowered(new, limit.currency, work.now)
    if found is None:
        return None
    reasons = tuple(
        each[0] for each in new if known.lowered([each], limit.currency, work.now) is not None
    )
    return Lowered(reasons, Money(found[0], limit.currency), found[1])
