"""The rules of an order, on plain values that are locked: what may be debited, and how much.

Nothing here reads or writes: the situation says all, and each rule raises its own refusal.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from branch_desk.models.access import AccessStatus
from branch_desk.models.account import DEBITABLE, AccountKind, AccountStatus, Handling, masked
from branch_desk.models.calendar import local_day, next_business_day, value_date
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import (
    AccountUnfit,
    CurrencyDiffers,
    LimitExceeded,
    NotEnoughFunds,
    NotFound,
    NotGranted,
    PromiseChanged,
    WrongState,
)
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import LIMIT_OF, OperationKind
from branch_desk.models.parameter import StarterReason
from branch_desk.operations.money.orders import Order
from branch_desk.operations.money.parameters import Parameters
from branch_desk.operations.money.situation import Limit, Payee, Side, Situation

_LOANS: Final = frozenset({AccountKind.LOAN})
_TO_ACCOUNTS: Final = frozenset({OperationKind.OWN, OperationKind.THIRD_PARTY, OperationKind.LOAN})
_OUTSIDE: Final = frozenset(
    {
        OperationKind.THIRD_PARTY,
        OperationKind.OTHER_BANK,
        OperationKind.BILL,
        OperationKind.TOP_UP,
    }
)
"""Kinds by which money leaves the member: those the first days keep low (F25)."""


@dataclass(frozen=True, slots=True)
class Used:
    """What the user's limit row says after the operation."""

    day: date
    in_day: int
    count: int
    in_month: int


def still_active(situation: Situation) -> None:
    """Refuse what was confirmed by a user who has been suspended or closed since.

    A locked one's stands: a lock keeps strangers out, it does not undo what was agreed.
    """
    if situation.status is not AccessStatus.ACTIVE:
        raise WrongState(kind="access", current=situation.status, target=AccessStatus.ACTIVE)


def may_debit(order: Order, situation: Situation, channel: Channel) -> None:
    """Refuse an account that is not the user's to debit, here and so (F8).

    A joint account («conjunta») may be debited by all its holders together, whose signatures are
    counted elsewhere; consulting it is enough to begin.
    """
    account = situation.debit
    joint = account.handling is Handling.JOINT
    if not account.held or not (account.debit or (joint and account.consult)):
        raise NotGranted(kind="account", field="debit_account")
    if not _through(account, channel, situation):
        raise NotGranted(kind="channel", field="debit_account")
    if account.kind not in DEBITABLE:
        raise AccountUnfit(account=masked(account.number), reason="kind", field="debit_account")
    if account.status is not AccountStatus.ACTIVE:
        raise AccountUnfit(
            account=masked(account.number), reason="not_active", field="debit_account"
        )
    if account.currency is not order.money.currency:
        raise CurrencyDiffers(currency=order.money.currency, wanted=account.currency)


def may_credit(order: Order, situation: Situation) -> None:
    """Refuse a payee that is not registered, not the member's, not fit, or of another currency."""
    if order.kind in (OperationKind.THIRD_PARTY, OperationKind.OTHER_BANK):
        _registered(order, situation.payee)
    if order.kind in _TO_ACCOUNTS:
        _may_receive(order, situation)


def _registered(order: Order, payee: Payee | None) -> None:
    inside = order.kind is OperationKind.THIRD_PARTY
    if payee is None or payee.removed_at is not None or inside is (payee.account_id is None):
        raise NotFound(kind="beneficiary", field="beneficiary")
    if payee.currency is not order.money.currency:
        raise CurrencyDiffers(currency=order.money.currency, wanted=payee.currency)


def _may_receive(order: Order, situation: Situation) -> None:
    account = situation.credit
    if account is None or account.id == situation.debit.id:
        raise NotFound(kind="account", field="credit_account")
    if order.kind is not OperationKind.THIRD_PARTY and not account.held:
        raise NotFound(kind="account", field="credit_account")
    wanted = _LOANS if order.kind is OperationKind.LOAN else DEBITABLE
    if account.kind not in wanted:
        raise AccountUnfit(account=masked(account.number), reason="kind", field="credit_account")
    if account.status is AccountStatus.CLOSED:
        raise AccountUnfit(
            account=masked(account.number), reason="not_active", field="credit_account"
        )
    if account.currency is not order.money.currency:
        raise CurrencyDiffers(currency=order.money.currency, wanted=account.currency)


def has_funds(order: Order, account: Side) -> None:
    """Refuse what would take the account below zero or its agreed overdraft."""
    if order.money.centavos > account.available:
        raise NotEnoughFunds(available=Money(max(account.available, 0), account.currency))


def within_limits(
    order: Order, situation: Situation, parameters: Parameters, now: datetime
) -> Used:
    """Refuse what is above the user's amounts; gives what will have been used (F9, F25)."""
    limit = situation.limit
    kind = LIMIT_OF[order.kind]
    if limit is None or limit.per_operation == 0:
        raise NotGranted(kind="limit", field="amount")
    amount, currency = order.money.centavos, order.money.currency
    today = local_day(now)
    day, count, month = used_on(limit, today)

    def refuse(part: str, most: int, left: int, until: datetime | None = None) -> LimitExceeded:
        return LimitExceeded(
            kind=kind,
            part=part,
            limit=Money(most, currency),
            left=Money(max(left, 0), currency),
            until=until,
        )

    if amount > limit.per_operation:
        raise refuse("per_operation", limit.per_operation, limit.per_operation)
    if count + 1 > limit.count_per_day:
        raise LimitExceeded(
            kind=kind, part="count_per_day", limit=limit.count_per_day, left=0, until=None
        )
    if day + amount > limit.per_day:
        raise refuse("per_day", limit.per_day, limit.per_day - day)
    if month + amount > limit.per_month:
        raise refuse("per_month", limit.per_month, limit.per_month - month)
    lowered = first_days(order.kind, situation, parameters, currency, now)
    if lowered is not None and day + amount > lowered[0]:
        raise refuse("starter", lowered[0], lowered[0] - day, lowered[1])
    return Used(today, day + amount, count + 1, month + amount)


def first_days(
    kind: OperationKind,
    situation: Situation,
    parameters: Parameters,
    currency: Currency,
    now: datetime,
) -> tuple[int, datetime] | None:
    """Give the daily amount that what is new leaves, and until when; None when nothing is new."""
    if kind not in _OUTSIDE:
        return None
    since = [
        (StarterReason.ENROLMENT, situation.active_since),
        (StarterReason.CONTACT, situation.contact_changed_at),
    ]
    if situation.payee is not None:
        since.append((StarterReason.BENEFICIARY, situation.payee.created_at))
    return parameters.lowered(since, currency, now)


def used_on(limit: Limit, day: date) -> tuple[int, int, int]:
    """Give amount and count used on `day` and the amount used in its month."""
    if limit.day is None or (limit.day.year, limit.day.month) != (day.year, day.month):
        return 0, 0, 0
    if limit.day != day:
        return 0, 0, limit.used_in_month
    return limit.used_in_day, limit.count_in_day, limit.used_in_month


def promise(parameters: Parameters, now: datetime, closed_through: date | None) -> date:
    """Give the day another bank credits what is sent now (F30).

    A day whose batch is closed is never promised, whatever this machine's clock says.
    """
    day = value_date(now, parameters.holidays, parameters.cut_off(now))
    if closed_through is not None and day <= closed_through:
        day = next_business_day(closed_through, parameters.holidays)
    return day


def keeps_promise(order: Order, day: date) -> None:
    """Refuse when the day that was shown is no longer the day it will be."""
    if order.kind is OperationKind.OTHER_BANK and order.promised_on != day:
        raise PromiseChanged(day=day)


def _through(account: Side, channel: Channel, situation: Situation) -> bool:
    if channel is Channel.WEB:
        return account.web and situation.by_web
    if channel is Channel.MOBILE:
        return account.mobile and situation.by_mobile
    return True  # a schedule or a signature's completion: confirmed through a channel before
