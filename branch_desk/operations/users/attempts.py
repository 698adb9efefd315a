"""Counted attempts of a member: password, PIN, code and answer, each with its own counter (F20).

An attempt is counted before it is judged, by one guarded UPDATE that also locks when the last one
is used up. So neither a crash between nor twelve desks at once give a free guess (R45); the right
secret takes the count, and the lock its own attempt set, back.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import case, literal, or_, update
from sqlalchemy.orm import InstrumentedAttribute

from branch_desk.models.access import (
    CODE_ATTEMPTS,
    MEMBER_ATTEMPTS,
    Access,
    AccessStatus,
    LockReason,
)
from branch_desk.models.enrolment import Channel
from branch_desk.models.event import Event
from branch_desk.operations.work import Work, allowed

OPEN = frozenset({AccessStatus.INVITED, AccessStatus.ENROLLING, AccessStatus.ACTIVE})
"""States in which a member may prove anything; a suspended or closed user may not."""


@dataclass(frozen=True, slots=True)
class Origin:
    """From where a member tries."""

    channel: Channel
    address: str = ""
    """Network address, or the branch's code."""

    def __str__(self) -> str:
        """As kept in `Access.locked_from`."""
        return f"{self.channel} {self.address[:80]}".strip()


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was counted and now may be judged."""

    access_id: UUID
    member_id: UUID
    reason: LockReason
    is_last: bool


_COUNTERS: dict[LockReason, tuple[InstrumentedAttribute[int], int]] = {
    LockReason.PASSWORD: (Access.failed_passwords, MEMBER_ATTEMPTS),
    LockReason.PIN: (Access.failed_pins, MEMBER_ATTEMPTS),
    LockReason.CODE: (Access.failed_codes, CODE_ATTEMPTS),
    LockReason.ANSWER: (Access.failed_answers, MEMBER_ATTEMPTS),
}


@allowed()
def reserve(work: Work, access_id: UUID, reason: LockReason, origin: Origin) -> Attempt | None:
    """Count an attempt; None when the user is locked, suspended, closed or out of attempts."""
    counter, most = _COUNTERS[reason]
    counted = counter + 1
    last = counted >= most
    row = work.session.execute(
        update(Access)
        .where(
            Access.id == access_id,
            Access.locked_at.is_(None),
            Access.status.in_(OPEN),
            counter < most,
        )
        .values(
            {
                counter: counted,
                Access.locked_at: case((last, literal(work.now, Access.locked_at.type))),
                Access.lock_reason: case((last, literal(reason, Access.lock_reason.type))),
                Access.locked_from: case((last, str(origin)), else_=Access.locked_from),
            }
        )
        .returning(Access.member_id, counter)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        return None
    member_id, count = row
    return Attempt(access_id, member_id, reason, is_last=count >= most)


@allowed()
def succeeded(work: Work, attempt: Attempt) -> bool:
    """Reset the counter; False when another attempt has locked the user meanwhile (R46)."""
    counter, _ = _COUNTERS[attempt.reason]
    not_locked_by_others = (
        or_(Access.locked_at.is_(None), Access.lock_reason == attempt.reason)
        if attempt.is_last
        else Access.locked_at.is_(None)
    )
    reset = work.session.execute(
        update(Access)
        .where(Access.id == attempt.access_id, Access.status.in_(OPEN), not_locked_by_others)
        .values(
            {counter: 0, Access.locked_at: None, Access.lock_reason: None, Access.locked_from: None}
        )
        .returning(Access.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return reset is not None


@allowed()
def note_lock(work: Work, attempt: Attempt) -> None:
    """Record the lock that a wrong last attempt left behind."""
    if attempt.is_last:
        work.record(
            Event.ACCESS_LOCKED,
            attempt.access_id,
            member_id=attempt.member_id,
            lock_reason=attempt.reason,
        )
