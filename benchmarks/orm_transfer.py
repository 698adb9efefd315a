"""The same transfer as one writes it at first: objects are loaded, changed, and flushed.

Same checks, same rows, same audit record. It locks both accounts in the order of their ids, without
which it would deadlock; limits are summed over the day's and the month's operations.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, time

from sqlalchemy import func, select

from benchmarks.payers import Confirmed, Steps
from branch_desk.models.access import Access, GrantedAccount, GrantedLimit, TotpDevice
from branch_desk.models.account import DEBITABLE, Account, AccountStatus, Holder
from branch_desk.models.beneficiary import Beneficiary
from branch_desk.models.calendar import LA_PAZ, local_day
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import (
    AccountUnfit,
    CodeRefused,
    CurrencyDiffers,
    KeyUsed,
    LimitExceeded,
    NotEnoughFunds,
    NotFound,
    NotGranted,
    NotWhatWasShown,
)
from branch_desk.models.event import Event
from branch_desk.models.ledger import Posting, PostingKind
from branch_desk.models.money import Money
from branch_desk.models.operation import LIMIT_OF, Operation, OperationStatus
from branch_desk.models.parameter import StarterLimit, StarterReason
from branch_desk.models.totp import Accepted, TotpSecret, match
from branch_desk.operations.money.orders import Order, cleaned, digest
from branch_desk.operations.portal import Portal
from branch_desk.operations.users.totp import PURPOSE
from branch_desk.operations.work import Caller, House, Work, allowed


@allowed(Caller.MEMBER)
def transfer(work: Work, order: Order, *, shown_sha256: str, code: str) -> Operation:
    """Carry a transfer to a beneficiary out."""
    order = cleaned(order)
    sha256 = digest(order.payload())
    known = work.session.get(Operation, order.key)
    if known is not None:
        if known.payload_sha256 != sha256:
            raise KeyUsed
        return known
    if sha256 != shown_sha256:
        raise NotWhatWasShown
    debit, credit, payee = _sides(work, order)
    _within_limits(work, order, payee)
    if debit.balance + debit.overdraft < order.money.centavos:
        raise NotEnoughFunds(available=Money(debit.balance, debit.currency))
    step = _code(work, code)
    operation = Operation(
        id=order.key,
        kind=order.kind,
        status=OperationStatus.DONE,
        access_id=work.access_id,
        member_id=work.member_id,
        channel=work.channel,
        debit_account_id=debit.id,
        credit_account_id=credit.id,
        beneficiary_id=payee.id,
        currency=order.money.currency,
        amount=order.money.centavos,
        payload=order.payload(),
        payload_sha256=sha256,
        totp_step=step,
        created_at=work.now,
        moved_at=work.now,
    )
    work.session.add(operation)
    debit.balance -= order.money.centavos
    credit.balance += order.money.centavos
    work.session.add(
        Posting(
            entry_id=order.key,
            position=1,
            kind=PostingKind.TRANSFER,
            at=work.now,
            debit_account_id=debit.id,
            credit_account_id=credit.id,
            currency=order.money.currency,
            amount=order.money.centavos,
            debit_after=debit.balance,
            credit_after=credit.balance,
        )
    )
    work.record(
        Event.OPERATION_PLACED,
        order.key,
        member_id=work.member_id,
        kind=order.kind,
        amount=order.money.centavos,
        currency=order.money.currency,
        payload_sha256=sha256,
    )
    return operation


def _sides(work: Work, order: Order) -> tuple[Account, Account, Beneficiary]:
    payee = work.session.get(Beneficiary, order.beneficiary_id)
    if payee is None or payee.member_id != work.member_id or payee.removed_at is not None:
        raise NotFound(kind="beneficiary")
    locked = {
        account.id: account
        for account in work.session.scalars(
            select(Account)
            .where(Account.id.in_([order.debit_account_id, payee.account_id]))
            .order_by(Account.id)
            .with_for_update(key_share=True)
        )
    }
    debit = locked[order.debit_account_id]
    credit = locked[payee.account_id] if payee.account_id else debit
    granted = work.session.get(GrantedAccount, (work.access_id, debit.id))
    if granted is None or not granted.debit:
        raise NotGranted(kind="account")
    if work.session.get(Holder, (debit.id, work.member_id)) is None:
        raise NotGranted(kind="account")
    access = work.session.get_one(Access, work.access_id)
    web = work.channel is Channel.WEB
    if not (granted.web and access.by_web if web else granted.mobile and access.by_mobile):
        raise NotGranted(kind="channel")
    for account in (debit, credit):
        if account.kind not in DEBITABLE or account.status is not AccountStatus.ACTIVE:
            raise AccountUnfit(account=account.number, reason="kind")
        if account.currency is not order.money.currency:
            raise CurrencyDiffers(currency=order.money.currency, wanted=account.currency)
    return debit, credit, payee


def _within_limits(work: Work, order: Order, payee: Beneficiary) -> None:
    limit = work.session.scalars(
        select(GrantedLimit)
        .where(
            GrantedLimit.access_id == work.access_id,
            GrantedLimit.kind == LIMIT_OF[order.kind],
            GrantedLimit.currency == order.money.currency,
        )
        .with_for_update(key_share=True)
    ).one()
    day = local_day(work.now)
    midnight = datetime.combine(day, time.min, LA_PAZ)
    mine = (
        Operation.access_id == work.access_id,
        Operation.member_id == work.member_id,
        Operation.kind == order.kind,
        Operation.currency == order.money.currency,
    )
    used, count = work.session.execute(
        select(func.coalesce(func.sum(Operation.amount), 0), func.count()).where(
            *mine, Operation.created_at >= midnight
        )
    ).one()
    in_month = work.session.scalar(
        select(func.coalesce(func.sum(Operation.amount), 0)).where(
            *mine, Operation.created_at >= midnight.replace(day=1)
        )
    )
    amount = order.money.centavos
    per_day = min(limit.per_day, _first_days(work, order, payee, limit.per_day))
    if (
        amount > limit.per_operation
        or used + amount > per_day
        or (in_month or 0) + amount > limit.per_month
        or count >= limit.count_per_day
    ):
        raise LimitExceeded(kind=limit.kind, part="per_day", limit=0, left=0, until=None)


def _first_days(work: Work, order: Order, payee: Beneficiary, most: int) -> int:
    access = work.session.get_one(Access, work.access_id)
    began = {
        StarterReason.ENROLMENT: access.active_since,
        StarterReason.CONTACT: access.contact_changed_at,
        StarterReason.BENEFICIARY: payee.created_at,
    }
    for starter in work.session.scalars(
        select(StarterLimit).where(
            StarterLimit.currency == order.money.currency,
            StarterLimit.effective_from <= work.now,
        )
    ):
        since = began[starter.reason]
        if since is not None and (work.now - since).total_seconds() < starter.hours * 3600:
            most = min(most, starter.per_day)
    return most


def _code(work: Work, code: str) -> int:
    device = work.session.scalars(
        select(TotpDevice)
        .where(
            TotpDevice.access_id == work.access_id,
            TotpDevice.revoked_at.is_(None),
            TotpDevice.confirmed_at.is_not(None),
        )
        .with_for_update(key_share=True)
    ).one()
    secret = TotpSecret(work.keys.open_as_verifier(device.secret, purpose=PURPOSE, row=device.id))
    found = match(secret, code, now=work.now, last_step=device.last_step, period=device.period)
    if not isinstance(found, Accepted):
        raise CodeRefused(cause="unknown")
    device.last_step = found.step
    return found.step


def transferring(house: House, clock: Steps, orders: Iterator[Confirmed]) -> Callable[[], None]:
    """Give the deed that sends the next order."""

    def send() -> None:
        each = next(orders)
        clock.stand_at(each.turn)
        Portal(house, each.payer.token)(
            transfer, each.order, shown_sha256=each.sha256, code=each.code
        )

    return send
