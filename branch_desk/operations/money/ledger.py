"""Whether the books balance: every account, every operation, every reversal against its postings.

Each question is one statement, so that it sees one instant while members go on moving money.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    SQLColumnExpression,
    and_,
    case,
    cast,
    exists,
    func,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from branch_desk.models.account import Account, AccountKind
from branch_desk.models.calendar import local_day
from branch_desk.models.database import unhurried
from branch_desk.models.ledger import Posting, PostingKind
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import Operation, OperationStatus
from branch_desk.models.staff import Role
from branch_desk.operations.work import Caller, Work, allowed

_SHOWN: Final = 20
"""How many of a kind are named; all are counted."""
_ADJUSTED_DAYS: Final = 31
"""How far back the core system's adjustments are listed."""
_LAST_DIGITS: Final = 4
_NOT_MOVED: Final = (OperationStatus.WAITING, OperationStatus.CANCELLED, OperationStatus.LAPSED)
_RETURNED: Final = (OperationStatus.REJECTED, OperationStatus.FAILED)
_OF_THE_BOOKS: Final = (PostingKind.OPENING, PostingKind.ADJUSTMENT)


@dataclass(frozen=True, slots=True)
class DifferingAccount:
    """An account whose balance is not what its postings make."""

    number: str
    """Only the last four digits."""
    balance: Money
    posted: Money
    """What the postings make of it."""


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What the core system's files corrected on a day, in one currency."""

    day: date
    """In La Paz."""
    count: int
    to_members: Money
    from_members: Money


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What the check found. Of each kind the first twenty are named."""

    accounts: int
    postings: int
    operations: int
    differing: tuple[DifferingAccount, ...]
    differing_count: int
    overdrawn: tuple[str, ...]
    """Numbers of accounts below what was agreed, only their last four digits."""
    unbalanced: tuple[Money, ...]
    """By currency, what members' and the house's accounts together are off zero."""
    wrong_operations: tuple[UUID, ...]
    """Operations whose postings do not move or give back what they say."""
    wrong_entries: tuple[UUID, ...]
    """Entries that move money for no operation."""
    wrong_reversals: tuple[UUID, ...]
    """Entries that take back something else than what they name."""
    adjusted: tuple[Adjusted, ...]
    """Of the last 31 days, newest first. No fault: the core system is right."""

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not (
            self.differing
            or self.overdrawn
            or self.unbalanced
            or self.wrong_operations
            or self.wrong_entries
            or self.wrong_reversals
        )


@dataclass(frozen=True, slots=True)
class HouseBalance:
    """What stands in one of the house's accounts."""

    account: str
    balance: Money
    """Credits less debits."""


@allowed(Caller.SYSTEM, Role.AUDITOR, reads=True)
def check(work: Work) -> LedgerCheck:
    """Check the whole ledger; on a large one this takes its time."""
    _without_hurry(work)
    differing, count = _differing(work)
    return LedgerCheck(
        accounts=_count(work, Account.id),
        postings=_count(work, Posting.entry_id),
        operations=_count(work, Operation.id),
        differing=differing,
        differing_count=count,
        overdrawn=_overdrawn(work),
        unbalanced=_unbalanced(work),
        wrong_operations=_wrong_operations(work),
        wrong_entries=_wrong_entries(work),
        wrong_reversals=_wrong_reversals(work),
        adjusted=_adjusted(work),
    )


@allowed(Caller.SYSTEM, Role.AUDITOR, reads=True)
def house_balances(work: Work) -> tuple[HouseBalance, ...]:
    """Sum up each of the house's accounts, by name and currency."""
    _without_hurry(work)
    legs = union_all(
        select(
            Posting.credit_house.label("house"), Posting.currency, Posting.amount.label("amount")
        ).where(Posting.credit_house.is_not(None)),
        select(
            Posting.debit_house.label("house"), Posting.currency, (-Posting.amount).label("amount")
        ).where(Posting.debit_house.is_not(None)),
    ).subquery()
    rows = work.session.execute(
        select(legs.c.house, legs.c.currency, _sum(legs.c.amount))
        .group_by(legs.c.house, legs.c.currency)
        .order_by(legs.c.house, legs.c.currency)
    )
    return tuple(HouseBalance(row[0], Money(row[2], row[1])) for row in rows)


def _without_hurry(work: Work) -> None:
    # A desk's statements are cut off after seconds: this one reads every posting there is.
    unhurried(work.session)


def _count(work: Work, column: Any) -> int:  # noqa: ANN401  a column of any type
    return work.session.scalar(select(func.count(column))) or 0


def _sum(amount: SQLColumnExpression[Any]) -> ColumnElement[int]:
    # PostgreSQL adds whole numbers up to a decimal one.
    return func.coalesce(cast(func.sum(amount), BigInteger), 0)


def _differing(work: Work) -> tuple[tuple[DifferingAccount, ...], int]:
    credited, debited = (
        select(side.label("account_id"), _sum(Posting.amount).label("amount"))
        .where(side.is_not(None))
        .group_by(side)
        .subquery()
        for side in (Posting.credit_account_id, Posting.debit_account_id)
    )
    more = func.coalesce(credited.c.amount, 0) - func.coalesce(debited.c.amount, 0)
    posted = case((Account.kind == AccountKind.LOAN, -more), else_=more)
    rows = work.session.execute(
        select(Account.number, Account.balance, Account.currency, posted, func.count().over())
        .outerjoin(credited, credited.c.account_id == Account.id)
        .outerjoin(debited, debited.c.account_id == Account.id)
        .where(Account.balance != posted)
        .order_by(Account.number)
        .limit(_SHOWN)
    ).all()
    found = tuple(
        DifferingAccount(_masked(row[0]), Money(row[1], row[2]), Money(row[3], row[2]))
        for row in rows
    )
    return found, rows[0][4] if rows else 0


def _overdrawn(work: Work) -> tuple[str, ...]:
    query = select(Account.number).where(
        Account.kind != AccountKind.LOAN, Account.balance < -Account.overdraft
    )
    return tuple(map(_masked, work.session.scalars(query.order_by(Account.number).limit(_SHOWN))))


def _unbalanced(work: Work) -> tuple[Money, ...]:
    """Add up what members have and what the house's accounts hold: together nothing."""
    owned = case((Account.kind == AccountKind.LOAN, -Account.balance), else_=Account.balance)
    legs = union_all(
        select(Account.currency, owned.label("amount")),
        select(Posting.currency, Posting.amount).where(Posting.credit_house.is_not(None)),
        select(Posting.currency, -Posting.amount).where(Posting.debit_house.is_not(None)),
    ).subquery()
    total = _sum(legs.c.amount)
    rows = work.session.execute(
        select(legs.c.currency, total).group_by(legs.c.currency).having(total != 0)
    )
    return tuple(Money(row[1], Currency(row[0])) for row in rows)


def _wrong_operations(work: Work) -> tuple[UUID, ...]:
    """Find operations that did not move their amount from their account, or give it back."""
    back = aliased(Posting)
    of_the_order = and_(
        Posting.debit_account_id == Operation.debit_account_id,
        Posting.currency == Operation.currency,
        or_(
            Posting.kind != PostingKind.TRANSFER,
            Operation.credit_account_id.is_(None),
            Posting.credit_account_id == Operation.credit_account_id,
        ),
    )
    moved = case((Operation.status.in_(_NOT_MOVED), 0), else_=Operation.amount)
    returned = case((Operation.status.in_(_RETURNED), Operation.amount), else_=0)
    query = (
        select(Operation.id)
        .outerjoin(Posting, Posting.entry_id == Operation.id)
        .outerjoin(
            back,
            and_(back.reverses_id == Posting.entry_id, back.position == Posting.position),
        )
        .group_by(Operation.id)
        .having(
            or_(
                _sum(Posting.amount) != moved,
                _sum(case((of_the_order, Posting.amount), else_=0)) != moved,
                _sum(back.amount) != returned,
            )
        )
        .order_by(Operation.id)
        .limit(_SHOWN)
    )
    return tuple(work.session.scalars(query))


def _wrong_entries(work: Work) -> tuple[UUID, ...]:
    """Find what moved money and is neither an operation's, nor a reversal, nor the books'."""
    query = select(Posting.entry_id).where(
        Posting.kind.not_in((*_OF_THE_BOOKS, PostingKind.REVERSAL)),
        not_(exists().where(Operation.id == Posting.entry_id)),
    )
    return tuple(
        work.session.scalars(query.distinct().order_by(Posting.entry_id).limit(_SHOWN)).all()
    )


def _wrong_reversals(work: Work) -> tuple[UUID, ...]:
    """Find what takes back another amount, or does not give it back whence it came."""
    taken = aliased(Posting)
    mirrors = and_(
        Posting.amount == taken.amount,
        Posting.currency == taken.currency,
        Posting.debit_account_id.is_not_distinct_from(taken.credit_account_id),
        Posting.debit_house.is_not_distinct_from(taken.credit_house),
        Posting.credit_account_id.is_not_distinct_from(taken.debit_account_id),
        Posting.credit_house.is_not_distinct_from(taken.debit_house),
    )
    query = (
        select(Posting.entry_id)
        .join(
            taken,
            and_(taken.entry_id == Posting.reverses_id, taken.position == Posting.position),
        )
        .where(Posting.kind == PostingKind.REVERSAL, not_(mirrors))
    )
    return tuple(
        work.session.scalars(query.distinct().order_by(Posting.entry_id).limit(_SHOWN)).all()
    )


def _adjusted(work: Work) -> tuple[Adjusted, ...]:
    since = work.now - timedelta(days=_ADJUSTED_DAYS)
    rows = work.session.execute(
        # By entry: a batch of the import is one, so that few rows come of many postings.
        select(
            Posting.at,
            Posting.currency,
            func.count(),
            _sum(case((Posting.credit_account_id.is_not(None), Posting.amount), else_=0)),
            _sum(case((Posting.debit_account_id.is_not(None), Posting.amount), else_=0)),
        )
        .where(Posting.kind == PostingKind.ADJUSTMENT, Posting.at >= since)
        .group_by(Posting.entry_id, Posting.at, Posting.currency)
    )
    sums: dict[tuple[date, Currency], list[int]] = defaultdict(lambda: [0, 0, 0])
    for at, currency, *counted in rows:
        total = sums[local_day(at), currency]
        for place, each in enumerate(counted):
            total[place] += each
    return tuple(
        Adjusted(day, count, Money(to_members, currency), Money(from_members, currency))
        for (day, currency), (count, to_members, from_members) in sorted(sums.items(), reverse=True)
    )


def _masked(number: str) -> str:
    return "•" * (len(number) - _LAST_DIGITS) + number[-_LAST_DIGITS:]
