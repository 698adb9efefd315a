"""The one way members' money moves: preview an order, confirm it with a code, have it carried out.

A confirmation binds the code to the hash of the exact order that was shown. The order's key is its
operation's id: sent again with the same data, the same answer comes; with other data it is refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from branch_desk.models.access import Access
from branch_desk.models.database import TryAgain
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import (
    DatabaseUnreachable,
    DomainError,
    KeyUsed,
    NotWhatWasShown,
    OutcomeUnknown,
    SessionEnded,
)
from branch_desk.models.event import Event
from branch_desk.models.money import Money
from branch_desk.models.operation import BEGINS_AS, Operation, OperationKind, OperationStatus
from branch_desk.models.totp import Accepted, TotpSecret, match
from branch_desk.operations.chains import Record
from branch_desk.operations.money import moving, rules, signing
from branch_desk.operations.money.moving import Move
from branch_desk.operations.money.orders import Order, cleaned, digest
from branch_desk.operations.money.parameters import parameters
from branch_desk.operations.money.plans import Plan, Planner, between_accounts, to_other_bank
from branch_desk.operations.money.situation import Known, Situation, look
from branch_desk.operations.payments.loans import pay_instalments
from branch_desk.operations.payments.payments import pay_bill, top_up
from branch_desk.operations.portal import Portal
from branch_desk.operations.users import totp
from branch_desk.operations.users.attempts import Origin
from branch_desk.operations.work import Caller, Work, allowed

PLANNERS: Final[dict[OperationKind, Planner]] = {
    OperationKind.OWN: between_accounts,
    OperationKind.THIRD_PARTY: between_accounts,
    OperationKind.OTHER_BANK: to_other_bank,
    OperationKind.LOAN: pay_instalments,
    OperationKind.BILL: pay_bill,
    OperationKind.TOP_UP: top_up,
}
_ASKED_AGAIN: Final = 5


@dataclass(frozen=True, slots=True)
class Preview:
    """What the member is shown before the code is asked for."""

    order: Order
    """As it is to be sent: texts cleaned, the promised day filled in."""
    sha256: str
    """Of all of it: what the code will bind to."""
    signers: int
    """How many must sign, the one who orders included."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The answer to an order: its operation as it stands."""

    id: UUID
    status: OperationStatus
    money: Money
    created_at: datetime
    value_date: date | None
    """Day on which another bank credits it."""


@allowed(Caller.MEMBER, opens=True, reads=True)
def preview(work: Work, order: Order) -> Preview:
    """Check an order as it stands now and give what is to be confirmed.

    Raises InvalidValue, NotGranted, NotFound, AccountUnfit, CurrencyDiffers, NotEnoughFunds,
    LimitExceeded.
    """
    order = cleaned(order)
    situation = look(work, order)
    order = _with_promise(work, order, situation)
    _judged(work, order, situation, work.channel)
    needed = signing.needed(work, situation)
    return Preview(order, digest(order.payload()), needed.count)


@allowed(Caller.MEMBER, opens=True)
def place(work: Work, order: Order, *, shown_sha256: str, code: str) -> Placed:
    """Carry an order out, or let it wait for the other signatures; the code is used up.

    The same order with the same key gives the same answer and moves nothing again. Raises what
    `preview` does, and NotWhatWasShown, KeyUsed, PromiseChanged, CodeRefused, LockedOut.
    """
    order = cleaned(order)
    payload = order.payload()
    sha256 = digest(payload)
    situation = look(work, order)
    if situation.known is not None:
        return _again(order, situation, sha256)
    if sha256 != shown_sha256:
        raise NotWhatWasShown
    with _unless_done(work, order.key):
        plan, used = _judged(work, order, situation, work.channel)
        needed = signing.needed(work, situation)
        step = accept_code(work, situation, code)
    waits = needed.count > 1
    status = OperationStatus.WAITING if waits else BEGINS_AS[order.kind]
    columns = _columns(work, order, situation, plan, status) | {
        "payload": payload,
        "payload_sha256": sha256,
        "totp_step": step,
    }
    if waits:
        columns |= {"expires_at": signing.deadline(work)}
        del columns["moved_at"]
    else:
        plan.after(work)
    moving.write(
        work,
        Move(
            operation=columns,
            currency=order.money.currency,
            lines=() if waits else plan.lines,
            record=_record(order, situation, sha256, waits=waits),
            limit=situation.limit,
            used=None if waits else used,
            device_id=situation.device.id,
            step=step,
        ),
        last=not waits and plan.then is None,
    )
    if waits:
        signing.begin(work, order.key, situation, step, needed)
    elif plan.then is not None:
        plan.then(work)
    return Placed(order.key, status, order.money, work.now, plan.columns.get("value_date"))


@allowed()
def carry_out(
    work: Work, order: Order, access_id: UUID, *, schedule_id: UUID | None = None
) -> Placed:
    """Carry out an order that was confirmed before: a day of a schedule.

    Same rules and limits, as they are on the day; the key makes it happen once. Raises what
    `place` does except for code and promise: another bank's day is filled in here.
    """
    order = cleaned(order)
    situation = look(work, order, access_id)
    if situation.known is not None:
        return _known(order, situation.known)
    rules.still_active(situation)
    order = _with_promise(work, order, situation)
    with _unless_done(work, order.key):
        plan, used = _judged(work, order, situation, Channel.BRANCH)
    payload = order.payload()
    sha256 = digest(payload)
    plan.after(work)
    columns = _columns(work, order, situation, plan, BEGINS_AS[order.kind]) | {
        "payload": payload,
        "payload_sha256": sha256,
        "schedule_id": schedule_id,
    }
    moving.write(
        work,
        Move(
            operation=columns,
            currency=order.money.currency,
            lines=plan.lines,
            record=_record(order, situation, sha256, waits=False),
            limit=situation.limit,
            used=used,
        ),
    )
    if plan.then is not None:
        plan.then(work)
    return Placed(
        order.key, BEGINS_AS[order.kind], order.money, work.now, plan.columns.get("value_date")
    )


@allowed()
def complete(work: Work, order: Order, operation: Operation) -> None:
    """Move the money of an operation whose last signature is there; same rules, as of now.

    The day promised for another bank is the one from now on, if the cut-off passed meanwhile.
    """
    situation = look(work, order, operation.access_id)
    rules.still_active(situation)
    order = _with_promise(work, order, situation)
    plan, used = _judged(work, order, situation, operation.channel)
    plan.after(work)
    operation.move(BEGINS_AS[order.kind])
    operation.moved_at = work.now
    operation.value_date = plan.columns.get("value_date")
    work.session.flush()
    moving.write(
        work,
        Move(
            operation={"id": operation.id},
            currency=order.money.currency,
            lines=plan.lines,
            record=_record(order, situation, operation.payload_sha256, waits=False),
            limit=situation.limit,
            used=used,
            exists=True,
        ),
    )
    if plan.then is not None:
        plan.then(work)


@allowed(Caller.MEMBER, reads=True)
def outcome(work: Work, key: UUID) -> Placed | None:
    """Tell what became of an order whose answer was lost; None: nothing came of it (R67)."""
    row = work.session.get(Operation, key)
    if row is None or row.access_id != work.access_id:
        return None
    return placed(row)


def submit(portal: Portal, order: Order, shown_sha256: str, code: str) -> Placed:
    """Place an order; when the answer to the COMMIT is lost, find out by the key (R67).

    The order is sent again with the same key: if it was carried out, the same answer comes and
    nothing moves; if not, it is carried out now. Raises what `place` does, and OutcomeUnknown when
    the line breaks again and again, or nobody could be asked: then `outcome` tells, later.
    """
    unknown: OutcomeUnknown | None = None
    for _ in range(_ASKED_AGAIN):
        try:
            return portal(place, order, shown_sha256=shown_sha256, code=code)
        except OutcomeUnknown as lost:
            unknown = lost
        except (DatabaseUnreachable, SessionEnded):
            if unknown is None:
                raise
            break
    assert unknown is not None
    raise unknown


def placed(row: Operation) -> Placed:
    """Describe an operation as the answer to its order."""
    return Placed(
        row.id, row.status, Money(row.amount, row.currency), row.created_at, row.value_date
    )


@allowed()
def accept_code(work: Work, situation: Situation, code: str) -> int:
    """Judge the code of a locked authenticator and give its step (R36-R38).

    A wrong one is counted, and committed with its count. Raises CodeRefused, LockedOut.
    """
    device = situation.device
    secret = TotpSecret(
        work.keys.open_as_verifier(device.secret, purpose=totp.PURPOSE, row=device.id)
    )
    found = match(
        secret,
        code,
        now=work.now,
        last_step=device.last_step,
        period=device.period,
        drift_steps=device.drift_steps,
    )
    if not isinstance(found, Accepted):
        # Counts, names the cause and refuses, on the rows that are locked here.
        return totp.verify(work, situation.access_id, code, origin=Origin(work.channel))
    if situation.failed_codes:
        work.session.execute(
            update(Access)
            .where(Access.id == situation.access_id)
            .values(failed_codes=0)
            .execution_options(synchronize_session=False)
        )
    return found.step


def _with_promise(work: Work, order: Order, situation: Situation) -> Order:
    if order.kind is not OperationKind.OTHER_BANK:
        return order
    day = rules.promise(parameters(work), work.now, situation.closed_through)
    return replace(order, promised_on=day)


@contextmanager
def _unless_done(work: Work, key: UUID) -> Iterator[None]:
    """Refuse nothing whose own twin came first: same key, while this one waited for its rows.

    What was locked shows the twin's work (the code used up, the money gone), the operation read
    beside it does not yet. Raises TryAgain: then it is found, and the same answer given (R61).
    """
    try:
        yield
    except DomainError as refusal:
        if work.session.scalar(select(Operation.id).where(Operation.id == key)) is not None:
            raise TryAgain from refusal
        raise


def _judged(
    work: Work, order: Order, situation: Situation, channel: Channel
) -> tuple[Plan, rules.Used]:
    """Ask all the rules; gives what is to be written."""
    known = parameters(work)
    rules.may_debit(order, situation, channel)
    rules.may_credit(order, situation)
    if order.kind is OperationKind.OTHER_BANK:
        rules.keeps_promise(order, rules.promise(known, work.now, situation.closed_through))
    used = rules.within_limits(order, situation, known, work.now)
    rules.has_funds(order, situation.debit)
    return PLANNERS[order.kind](work, order, situation), used


def _again(order: Order, situation: Situation, sha256: str) -> Placed:
    known = situation.known
    assert known is not None
    if known.access_id != situation.access_id or known.payload_sha256 != sha256:
        raise KeyUsed
    return _known(order, known)


def _known(order: Order, known: Known) -> Placed:
    return Placed(order.key, known.status, order.money, known.created_at, known.value_date)


def _columns(
    work: Work, order: Order, situation: Situation, plan: Plan, status: OperationStatus
) -> dict[str, object]:
    given = {
        "id": order.key,
        "kind": order.kind,
        "status": status,
        "access_id": situation.access_id,
        "member_id": situation.member_id,
        "channel": work.channel,
        "debit_account_id": situation.debit.id,
        "credit_account_id": situation.credit.id if situation.credit is not None else None,
        "beneficiary_id": situation.payee.id if situation.payee is not None else None,
        "currency": order.money.currency,
        "amount": order.money.centavos,
        "created_at": work.now,
        "moved_at": work.now,
        **plan.columns,
    }
    return {name: value for name, value in given.items() if value is not None}


def _record(order: Order, situation: Situation, sha256: str, *, waits: bool) -> Record:
    return Record(
        Event.OPERATION_PREPARED if waits else Event.OPERATION_PLACED,
        order.key,
        situation.member_id,
        "",
        {
            "kind": order.kind,
            "amount": order.money.centavos,
            "currency": order.money.currency,
            "payload_sha256": sha256,
        },
    )
