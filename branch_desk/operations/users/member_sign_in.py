"""A member signs in: user, password and security image, PIN (F20, F26).

Three wrong ones in a row lock (manual). Unknown, wrong, locked and suspended are answered alike,
after the same work (R2). A session is a row; it ends by time, by signing out, by a newer one, by a
new password, and at once when the user is locked, suspended or closed (R7, R12).
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from branch_desk.models.access import SECURITY_IMAGES, Access, AccessStatus, LockReason
from branch_desk.models.base import new_id
from branch_desk.models.credentials import Secret, new_link_token
from branch_desk.models.errors import SignInFailed
from branch_desk.models.event import Event
from branch_desk.models.member_session import MEMBER_SESSION_MINUTES, MemberSession
from branch_desk.operations.users import attempts
from branch_desk.operations.users.attempts import Attempt, Origin
from branch_desk.operations.work import Actor, Caller, House, Work, allowed

PIN_MINUTES = 5
"""So long after the password the PIN is waited for; no sheet says how long."""
_DECOY = "security-image"


@dataclass(frozen=True, slots=True)
class SecurityImage:
    """The picture shown beside the field of the password."""

    user_name: str
    """As it was typed, in the one form it is looked up by."""
    name: str
    """One of SECURITY_IMAGES: the member's own, or a decoy where there is nobody to show it to."""


@dataclass(frozen=True, slots=True)
class PasswordGiven:
    """A member whose password was right; the PIN is still to come."""

    access_id: UUID
    user_name: str
    status: AccessStatus
    security_image: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class _Reserved:
    attempt: Attempt
    kept: str


def folded_user_name(typed: str) -> str:
    """Give the one form in which a user name is looked up."""
    # PostgreSQL takes neither a NUL nor half a character, not even in a question: such a name is
    # nobody's, like any other.
    whole = typed[:200].replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFC", whole).strip().lower()


def begin(house: House, user_name: str, origin: Origin) -> SecurityImage:
    """Give the picture of an active user, and of anybody else a decoy that never moves (F26).

    Both are looked up and drawn for every name, so that the answer takes as long.
    """
    folded = folded_user_name(user_name)
    lot = int.from_bytes(house.keys.digest(_DECOY, folded.encode()))
    decoy = SECURITY_IMAGES[lot % len(SECURITY_IMAGES)]
    chosen = house.work(
        lambda work: work.session.scalar(
            select(Access.security_image).where(
                Access.user_name == folded, Access.status == AccessStatus.ACTIVE
            )
        ),
        channel=origin.channel,
        reads=True,
    )
    return SecurityImage(folded, chosen or decoy)


def password(house: House, user_name: str, given: str, origin: Origin) -> PasswordGiven:
    """Check a password. Raises SignInFailed for every reason there is."""
    folded = folded_user_name(user_name)
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


def pin(house: House, given: PasswordGiven, number: str, origin: Origin) -> Secret:
    """Check the PIN of a member whose password was right, and open a session: gives its token.

    A session that was open elsewhere ends (R12). Raises SignInFailed, also when the password was
    given too long ago or is another one by now, and while the first access is not finished.
    """
    reserved = house.work(lambda work: _reserve_pin(work, given, origin), channel=origin.channel)
    right = _judged(house, reserved, number)
    return house.work(
        lambda work: _settle_pin(work, reserved, origin, right=right), channel=origin.channel
    )


def prove_password(house: House, access_id: UUID, given: str, origin: Origin) -> None:
    """Check the password of a member who is signed in already; wrong ones count like any other.

    Raises SignInFailed.
    """
    reserved = house.work(
        lambda work: _reserve(work, access_id, LockReason.PASSWORD, origin),
        channel=origin.channel,
    )
    right = _judged(house, reserved, given)
    # By the house: at the last attempt the lock stands meanwhile, and would shut the session out.
    house.work(lambda work: _settled(work, reserved, right=right), channel=origin.channel)


@allowed(Caller.MEMBER)
def sign_out(work: Work) -> None:
    """End the member's session."""
    end_session(work, work.access_id, "signed_out")
    work.record(Event.MEMBER_SIGNED_OUT, work.access_id, member_id=work.member_id)


@allowed()
def end_session(work: Work, access_id: UUID, reason: str, *, but: UUID | None = None) -> None:
    """End the member's live session, unless it is the one of id `but`."""
    work.session.execute(
        update(MemberSession)
        .where(
            MemberSession.access_id == access_id,
            MemberSession.ended_at.is_(None),
            *(() if but is None else (MemberSession.id != but,)),
        )
        .values(ended_at=work.now, end_reason=reason)
        .execution_options(synchronize_session=False)
    )


@allowed()
def act_as(work: Work, access: Access) -> None:
    """Let the deed be the member's own, now that it is known who it is."""
    work.actor = Actor(
        role=Caller.MEMBER,
        name=access.person_name,
        person=access.person,
        user_name=access.user_name,
        access_id=access.id,
        member_id=access.member_id,
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


def _reserve_pin(work: Work, given: PasswordGiven, origin: Origin) -> _Reserved | None:
    still_good = work.session.scalar(
        select(Access.id).where(
            Access.id == given.access_id,
            Access.status == AccessStatus.ACTIVE,
            Access.password_changed_at <= given.at,
        )
    )
    if still_good is None or work.now - given.at > timedelta(minutes=PIN_MINUTES):
        return None
    return _reserve(work, given.access_id, LockReason.PIN, origin)


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
    return PasswordGiven(
        access.id, access.user_name, access.status, access.security_image, work.now
    )


def _settle_pin(work: Work, reserved: _Reserved | None, origin: Origin, *, right: bool) -> Secret:
    access = _settled(work, reserved, right=right)
    end_session(work, access.id, "newer")
    token, digest = new_link_token()
    work.session.add(
        MemberSession(
            id=new_id(),
            access_id=access.id,
            token_digest=digest,
            channel=origin.channel,
            address=origin.address[:80],
            started_at=work.now,
            expires_at=work.now + timedelta(minutes=MEMBER_SESSION_MINUTES),
        )
    )
    work.record(Event.MEMBER_SIGNED_IN, access.id, member_id=access.member_id)
    return token


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
