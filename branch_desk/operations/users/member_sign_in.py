"""A member signs in: password, then PIN (F20, F26). Three wrong ones in a row lock (manual).

Unknown, wrong, locked and suspended are answered alike, after the same work (R2).
"""

import unicodedata
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update

from branch_desk.models.access import Access, AccessStatus, LockReason
from branch_desk.models.errors import SignInFailed
from branch_desk.models.event import Event
from branch_desk.operations.users import attempts
from branch_desk.operations.users.attempts import Attempt, Origin
from branch_desk.operations.work import Actor, Caller, House, Work, allowed


@dataclass(frozen=True, slots=True)
class PasswordGiven:
    """A member whose password was right; the PIN is still to come."""

    access_id: UUID
    user_name: str
    status: AccessStatus
    security_image: str | None


@dataclass(frozen=True, slots=True)
class _Reserved:
    attempt: Attempt
    kept: str


def password(house: House, user_name: str, given: str, origin: Origin) -> PasswordGiven:
    """Check a password. Raises SignInFailed for every reason there is."""
    # PostgreSQL takes no NUL, not even in a question: such a name is nobody's, like any other.
    folded = unicodedata.normalize("NFC", user_name[:200]).replace("\0", "\ufffd").strip().lower()
    reserved = house.work(
        lambda work: _reserve_password(work, folded, origin), channel=origin.channel
    )
    right = _judged(house, reserved, given)
    again = (
        house.hasher.hash(given)
        if right and reserved is not None and house.hasher.needs_rehash(reserved.kept)
        else None
    )
    return house.work(
        lambda work: _settle_password(work, reserved, right=right, again=again),
        channel=origin.channel,
    )


def pin(house: House, given: PasswordGiven, number: str, origin: Origin) -> None:
    """Check the PIN of a member whose password was right. Raises SignInFailed."""
    reserved = house.work(
        lambda work: _reserve(work, given.access_id, LockReason.PIN, origin),
        channel=origin.channel,
    )
    right = _judged(house, reserved, number)
    house.work(lambda work: _settle_pin(work, reserved, right=right), channel=origin.channel)


@allowed()
def act_as(work: Work, access: Access) -> None:
    """Let the deed be the member's own, now that it is known who it is."""
    work.actor = Actor(
        role=Caller.MEMBER,
        name=access.person_name,
        person=access.person,
        user_name=access.user_name,
        access_id=access.id,
    )


def _judged(house: House, reserved: _Reserved | None, given: str) -> bool:
    if reserved is None:
        house.hasher.dummy_verify(given)
        return False
    return house.hasher.verify(reserved.kept, given)


def _reserve_password(work: Work, user_name: str, origin: Origin) -> _Reserved | None:
    access_id = work.session.scalar(
        select(Access.id).where(
            Access.user_name == user_name,
            Access.status.in_((AccessStatus.ENROLLING, AccessStatus.ACTIVE)),
        )
    )
    if access_id is None:
        return None
    return _reserve(work, access_id, LockReason.PASSWORD, origin)


def _reserve(work: Work, access_id: UUID, reason: LockReason, origin: Origin) -> _Reserved | None:
    kept = Access.password_hash if reason is LockReason.PASSWORD else Access.pin_hash
    is_set = select(Access.id).where(Access.id == access_id, kept.is_not(None))
    if work.session.scalar(is_set) is None:
        return None
    attempt = attempts.reserve(work, access_id, reason, origin)
    if attempt is None:
        return None
    # Read after the count has locked the row: before, it might be an older secret's.
    found = work.session.scalar(select(kept).where(Access.id == access_id))
    return None if found is None else _Reserved(attempt, found)


def _settle_password(
    work: Work, reserved: _Reserved | None, *, right: bool, again: str | None
) -> PasswordGiven:
    access = _settled(work, reserved, right=right)
    if again is not None and reserved is not None:
        # Only over the hash that was verified: a password changed meanwhile stays.
        work.session.execute(
            update(Access)
            .where(Access.id == access.id, Access.password_hash == reserved.kept)
            .values(password_hash=again)
        )
    return PasswordGiven(access.id, access.user_name, access.status, access.security_image)


def _settle_pin(work: Work, reserved: _Reserved | None, *, right: bool) -> None:
    access = _settled(work, reserved, right=right)
    work.record(Event.MEMBER_SIGNED_IN, access.id, member_id=access.member_id)


def _settled(work: Work, reserved: _Reserved | None, *, right: bool) -> Access:
    if reserved is None:
        # Not the name that was typed: people type their password into the wrong field.
        work.record(Event.MEMBER_SIGN_IN_FAILED, None)
        raise SignInFailed
    attempt = reserved.attempt
    passed = right and attempts.succeeded(work, attempt)
    access = work.session.get_one(Access, attempt.access_id)
    act_as(work, access)
    if not passed:
        work.record(
            Event.MEMBER_SIGN_IN_FAILED,
            access.id,
            member_id=access.member_id,
            kind=attempt.reason,
        )
        if not right:
            attempts.note_lock(work, attempt)
        raise SignInFailed
    return access
