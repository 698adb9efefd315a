"""The other signatures: what waits for one, signing, taking back, letting lapse (F6, F8)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from branch_desk.models.access import Access, GrantedAccount
from branch_desk.models.account import Account
from branch_desk.models.errors import NotASigner, NotFound, NotWhatWasShown, WrongState
from branch_desk.models.event import Event
from branch_desk.models.operation import (
    Operation,
    OperationSignature,
    OperationStatus,
)
from branch_desk.operations.money.orders import Order, from_payload
from branch_desk.operations.money.place import complete
from branch_desk.operations.money.signing import Needed, may_sign, put_down, wanted
from branch_desk.operations.users import totp
from branch_desk.operations.users.attempts import Origin
from branch_desk.operations.work import Caller, Work, allowed

_MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """An operation that waits for this member's signature, with all that is to be confirmed."""

    id: UUID
    order: Order
    sha256: str
    ordered_by: str
    signed_by: tuple[str, ...]
    needed: int
    created_at: datetime
    expires_at: datetime


@allowed(Caller.MEMBER, reads=True)
def waiting(work: Work) -> tuple[Waiting, ...]:
    """List what waits for this user's signature, the oldest first."""
    rows = work.session.execute(
        select(Operation, Access.person_name)
        .join(Access, Access.id == Operation.access_id)
        .where(
            Operation.status == OperationStatus.WAITING,
            Operation.expires_at > work.now,
            _may_sign_for(work, Operation.debit_account_id),
        )
        .order_by(Operation.created_at, Operation.id)
        .limit(_MOST_AT_ONCE)
    ).all()
    found = []
    for operation, name in rows:
        wanted = _needed_for(work, operation)
        signed = _signatures(work, operation.id)
        if _missing(work, wanted, operation, signed):
            found.append(_waiting(operation, name, wanted, signed))
    return tuple(found)


@allowed(Caller.MEMBER)
def sign(work: Work, operation_id: UUID, *, shown_sha256: str, code: str) -> OperationStatus:
    """Sign an operation another began; the last signature carries it out.

    Raises NotFound, NotASigner, NotWhatWasShown, CodeRefused, LockedOut, WrongState (lapsed or
    taken back), and what the rules say at the moment the money would move.
    """
    operation = _locked(work, operation_id)
    if not work.session.scalar(select(_may_sign_for(work, operation.debit_account_id))):
        raise NotFound(kind="operation")
    wanted = _needed_for(work, operation)
    signed = _signatures(work, operation_id)
    if not _missing(work, wanted, operation, signed):
        raise NotASigner
    if operation.payload_sha256 != shown_sha256:
        raise NotWhatWasShown
    step = totp.verify(work, work.access_id, code, origin=Origin(work.channel))
    put_down(work, operation_id, work.access_id, work.member_id, work.actor.person, step)
    work.session.flush()
    work.record(
        Event.OPERATION_SIGNED,
        operation_id,
        member_id=operation.member_id,
        payload_sha256=operation.payload_sha256,
    )
    if len(signed) + 1 >= wanted.count:
        complete(work, from_payload(operation_id, operation.payload), operation)
    return operation.status


@allowed(Caller.MEMBER)
def cancel(work: Work, operation_id: UUID) -> None:
    """Take back an operation that still waits: whoever ordered or signed it may.

    Raises NotFound, NotASigner, WrongState.
    """
    operation = _locked(work, operation_id)
    if work.actor.person not in {each.person for each in _signatures(work, operation_id)}:
        raise NotASigner
    operation.move(OperationStatus.CANCELLED)
    operation.ended_at = work.now
    work.record(Event.OPERATION_CANCELLED, operation_id, member_id=operation.member_id)


@allowed(Caller.SYSTEM)
def lapse_due(work: Work) -> int:
    """End the operations whose other signatures did not come in time."""
    rows = work.session.scalars(
        select(Operation)
        .where(Operation.status == OperationStatus.WAITING, Operation.expires_at <= work.now)
        .order_by(Operation.id)
        .limit(_MOST_AT_ONCE)
        .with_for_update(key_share=True, skip_locked=True)
    ).all()
    for operation in rows:
        operation.move(OperationStatus.LAPSED)
        operation.ended_at = work.now
        work.record(Event.OPERATION_LAPSED, operation.id, member_id=operation.member_id)
    return len(rows)


def _may_sign_for(
    work: Work, account_id: UUID | InstrumentedAttribute[UUID]
) -> ColumnElement[bool]:
    """Say whether this user may debit the account here, a joint one together with others (F8)."""
    signer = aliased(Access)
    return (
        select(GrantedAccount.account_id)
        .join(Account, Account.id == GrantedAccount.account_id)
        .join(signer, signer.id == GrantedAccount.access_id)
        .where(
            GrantedAccount.account_id == account_id,
            GrantedAccount.access_id == work.access_id,
            may_sign(signer, work.channel),
        )
        .exists()
    )


def _needed_for(work: Work, operation: Operation) -> Needed:
    account = work.session.get_one(Account, operation.debit_account_id)
    rule = work.session.scalar(select(Access.signing_rule).where(Access.id == operation.access_id))
    return wanted(work, operation.member_id, rule, account.id, account.handling)


def _signatures(work: Work, operation_id: UUID) -> list[OperationSignature]:
    return list(
        work.session.scalars(
            select(OperationSignature)
            .where(OperationSignature.operation_id == operation_id)
            .order_by(OperationSignature.signed_at)
        )
    )


def _missing(
    work: Work, wanted: Needed, operation: Operation, signed: list[OperationSignature]
) -> bool:
    """Say whether this user's signature is one of those still missing."""
    if work.member_id not in wanted.members:
        return False
    if work.actor.person in {each.person for each in signed}:
        return False
    of_member = sum(each.member_id == work.member_id for each in signed)
    return of_member < (wanted.persons if work.member_id == operation.member_id else 1)


def _waiting(
    operation: Operation, name: str, wanted: Needed, signed: list[OperationSignature]
) -> Waiting:
    assert operation.expires_at is not None
    return Waiting(
        id=operation.id,
        order=from_payload(operation.id, operation.payload),
        sha256=operation.payload_sha256,
        ordered_by=name,
        signed_by=tuple(each.person for each in signed),
        needed=wanted.count,
        created_at=operation.created_at,
        expires_at=operation.expires_at,
    )


def _locked(work: Work, operation_id: UUID) -> Operation:
    """Lock the users first, in the order of their ids, then the operation.

    Two who sign each other's operations at once must not wait crosswise.
    """
    ordered_by = work.session.scalar(
        select(Operation.access_id).where(Operation.id == operation_id)
    )
    if ordered_by is None:
        raise NotFound(kind="operation")
    work.session.execute(
        select(Access.id)
        .where(Access.id.in_({ordered_by, work.access_id}))
        .order_by(Access.id)
        .with_for_update(key_share=True)
    )
    operation = work.session.scalars(
        select(Operation).where(Operation.id == operation_id).with_for_update(key_share=True)
    ).one()
    members = _needed_for(work, operation).members
    if work.member_id not in members:
        raise NotFound(kind="operation")
    expired = operation.expires_at is not None and operation.expires_at <= work.now
    if operation.status is not OperationStatus.WAITING or expired:
        raise WrongState(kind="operation", current=operation.status, target="signed")
    return operation
