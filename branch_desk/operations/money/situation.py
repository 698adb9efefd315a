"""All that the rules of an order need, read and locked by one statement.

Who orders comes first and is locked first: user and authenticator, so that one user's deeds wait
for each other; then the user's limit, then both accounts in the order of their ids. Nothing with
a foreign key to an account is inserted before, so nobody waits to raise a lock he shares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Row,
    select,
)

from branch_desk.models.access import (
    AccessStatus,
)
from branch_desk.models.account import AccountKind, AccountStatus, Handling
from branch_desk.models.enrolment import SigningRule
from branch_desk.models.errors import NotFound, NotGranted, SessionEnded
from branch_desk.models.member_session import MemberSession
from branch_desk.models.money import Currency
from branch_desk.models.operation import LIMIT_OF, OperationKind, OperationStatus
from branch_desk.operations.money.looking import statement
from branch_desk.operations.money.orders import Order
from branch_desk.operations.portal import require_live
from branch_desk.operations.work import Actor, Caller, Opening, Work, allowed


@dataclass(frozen=True, slots=True)
class Device:
    """The user's proven authenticator, as `models.totp.match` needs it."""

    id: UUID
    secret: bytes
    period: int
    drift_steps: int
    last_step: int | None


@dataclass(frozen=True, slots=True)
class Limit:
    """The user's maximum amounts for this kind and currency, and what was used of them."""

    id: UUID
    per_operation: int
    per_day: int
    per_month: int
    count_per_day: int
    day: date | None
    used_in_day: int
    count_in_day: int
    used_in_month: int


@dataclass(frozen=True, slots=True)
class Side:
    """An account that is to be debited or credited, locked."""

    id: UUID
    number: str
    kind: AccountKind
    currency: Currency
    handling: Handling
    status: AccountStatus
    balance: int
    overdraft: int
    consult: bool
    debit: bool
    web: bool
    mobile: bool
    held: bool
    """The member is one of its holders."""

    @property
    def available(self) -> int:
        """What may leave it, centavos."""
        return self.balance + self.overdraft


@dataclass(frozen=True, slots=True)
class Known:
    """The operation that has the order's key already."""

    access_id: UUID
    payload_sha256: str
    status: OperationStatus
    created_at: datetime
    value_date: date | None


@dataclass(frozen=True, slots=True)
class Payee:
    """The registered beneficiary."""

    id: UUID
    account_id: UUID | None
    currency: Currency
    created_at: datetime
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Situation:
    """One order's world at the moment it is locked."""

    access_id: UUID
    member_id: UUID
    person: str
    status: AccessStatus
    failed_codes: int
    active_since: datetime | None
    contact_changed_at: datetime | None
    signing_rule: SigningRule | None
    by_web: bool
    by_mobile: bool
    device: Device
    limit: Limit | None
    payee: Payee | None
    closed_through: date | None
    """Of the gate to other banks, held shared."""
    known: Known | None
    debit: Side
    credit: Side | None


@allowed()
def look(work: Work, order: Order, access_id: UUID | None = None) -> Situation:
    """Read and lock what the order needs: for the member whose session this is, or for a user.

    Makes the member the actor of an operation that `opens`. Raises SessionEnded, NotFound
    (`token`), NotGranted.
    """
    opening = work.opening
    query = statement(
        by_session=opening is not None and access_id is None,
        gate=order.kind is OperationKind.OTHER_BANK,
        with_clock=opening is not None and opening.database.reads_clock,
    )
    rows = work.unit.connection.execute(
        query,
        {
            "who": opening.digest if opening is not None and access_id is None else access_id,
            "key": order.key,
            "limit_kind": LIMIT_OF[order.kind],
            "limit_currency": order.money.currency,
            "beneficiary": order.beneficiary_id,
            "debit": order.debit_account_id,
            "credit": order.credit_account_id,
        },
    ).all()
    if not rows:
        raise _nobody(work)
    first = rows[0]
    if opening is not None and access_id is None:
        # The last row's clock: by then every lock was there, so that the instants of an
        # account's postings follow each other as the postings do.
        _admit(work, opening, first, rows[-1].now)
    return _situation(order, rows)


def _admit(work: Work, opening: Opening, row: Row[Any], clock: object) -> None:
    """Let the deed be the member's own, if the session is alive."""
    work.now = opening.database.instant(clock)
    work.channel = row.session_channel
    work.actor = Actor(
        role=Caller.MEMBER,
        name=row.person_name,
        person=row.person,
        user_name=row.user_name,
        access_id=row.access_id,
        member_id=row.member_id,
        session_id=row.session_id,
    )
    require_live(
        work.now,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
        expires_at=row.expires_at,
        status=row.access_status,
        locked_at=row.locked_at,
    )


def _situation(order: Order, rows: Sequence[Row[Any]]) -> Situation:
    row = rows[0]
    sides = {each.account_id: _side(each) for each in rows if each.account_id is not None}
    debit = sides.get(order.debit_account_id)
    if debit is None:
        raise NotGranted(kind="account", field="debit_account")
    payee = None
    if row.beneficiary_id is not None:
        payee = Payee(
            row.beneficiary_id,
            row.beneficiary_account_id,
            row.beneficiary_currency,
            row.beneficiary_created_at,
            row.beneficiary_removed_at,
        )
    credit_id = payee.account_id if payee is not None else order.credit_account_id
    return Situation(
        access_id=row.access_id,
        member_id=row.member_id,
        person=row.person,
        status=row.access_status,
        failed_codes=row.failed_codes,
        active_since=row.active_since,
        contact_changed_at=row.contact_changed_at,
        signing_rule=row.signing_rule,
        by_web=row.by_web,
        by_mobile=row.by_mobile,
        device=Device(row.device_id, row.secret, row.period, row.drift_steps, row.last_step),
        limit=None
        if row.limit_id is None
        else Limit(
            row.limit_id,
            row.per_operation,
            row.per_day,
            row.per_month,
            row.count_per_day,
            row.limit_day,
            row.used_in_day,
            row.count_in_day,
            row.used_in_month,
        ),
        payee=payee,
        closed_through=row.closed_through,
        known=None
        if row.known_access_id is None
        else Known(
            row.known_access_id,
            row.known_sha256,
            row.known_status,
            row.known_created_at,
            row.known_value_date,
        ),
        debit=debit,
        credit=sides.get(credit_id) if credit_id is not None else None,
    )


def _side(row: Row[Any]) -> Side:
    return Side(
        id=row.account_id,
        number=row.number,
        kind=row.account_kind,
        currency=row.account_currency,
        handling=row.handling,
        status=row.account_status,
        balance=row.balance,
        overdraft=row.overdraft,
        consult=bool(row.consult),
        debit=bool(row.debit),
        web=bool(row.web),
        mobile=bool(row.mobile),
        held=row.holder_id is not None,
    )


def _nobody(work: Work) -> SessionEnded | NotFound:
    """Say why there is nobody: no such session, or no proven authenticator."""
    opening = work.opening
    if opening is not None:
        known = work.session.scalar(
            select(MemberSession.access_id).where(MemberSession.token_digest == opening.digest)
        )
        if known is None:
            return SessionEnded(reason="unknown")
    return NotFound(kind="token")
