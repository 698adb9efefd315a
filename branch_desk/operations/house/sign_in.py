"""Staff sign-in, signing in afresh, and locking the desk.

The attempt is counted and committed before the password is looked at, so that neither a crash nor
a hung-up line gives a free guess (R45); the hash is computed between transactions, never in one.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, literal, select, update

from branch_desk.models.base import new_id
from branch_desk.models.credentials import Secret, new_link_token
from branch_desk.models.errors import CodeRefused, FourEyes, NotFound, SignInFailed, WeakPassword
from branch_desk.models.event import Event
from branch_desk.models.keys import token_digest
from branch_desk.models.passwords import (
    STAFF_POLICY,
    STAFF_POLICY_WITHOUT_CODE,
    PersonalWords,
    check,
)
from branch_desk.models.staff import (
    SECOND_FACTOR_ROLES,
    STAFF_ATTEMPTS,
    Role,
    Staff,
    StaffSession,
)
from branch_desk.models.totp import Accepted, TotpSecret, match, uri
from branch_desk.operations.work import (
    Countersign,
    Desk,
    House,
    Work,
    actor_of,
    allowed,
    may_countersign,
)

_EVERYBODY = tuple(Role)
_TOTP_PURPOSE = "staff-totp"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who sits at the desk, as the window needs it."""

    staff_id: UUID
    name: str
    user_name: str
    role: Role
    branch_id: UUID
    branch: str
    branch_code: str
    new_password_needed: bool
    authenticator_needed: bool
    code_wanted: bool
    """An authenticator is proven: its code is asked besides the password."""
    since: datetime


@dataclass(frozen=True, slots=True)
class _Reserved:
    staff_id: UUID
    password_hash: str


def sign_in(
    house: House, user_name: str, password: str, code: str = "", *, desk_name: str = ""
) -> Desk:
    """Open a session for a member of staff; an older one of the same person ends (R12).

    Raises SignInFailed for every reason there is (R2). Takes as long for unknown users.
    """
    folded = _folded(user_name)
    reserved = house.work(lambda work: _reserve(work, folded))
    if reserved is None:
        house.hasher.dummy_verify(password)
        house.work(_note_unknown)
        raise SignInFailed
    right = house.hasher.verify(reserved.password_hash, password)
    token, _ = new_link_token()
    again = (
        house.hasher.hash(password)
        if right and house.hasher.needs_rehash(reserved.password_hash)
        else None
    )
    house.work(
        lambda work: _settle(
            work, reserved.staff_id, right=right, code=code, token=token, desk_name=desk_name
        )
    )
    if again is not None:
        house.work(lambda work: _rehash(work, reserved, again))
    return Desk(house, token.reveal())


def reauthenticate(desk: Desk, password: str, code: str = "") -> None:
    """Give the password (and code) again: fresh for five minutes, and unlocks a locked desk.

    Raises SignInFailed; wrong tries count like those of a sign-in.
    """
    me = desk(whoami)
    reserved = desk.house.work(lambda work: _reserve(work, me.user_name))
    if reserved is None:
        desk.house.hasher.dummy_verify(password)
        raise SignInFailed
    right = desk.house.hasher.verify(reserved.password_hash, password)
    desk.house.work(lambda work: _settle_again(work, reserved.staff_id, right=right, code=code))
    desk(unlock_desk)


def countersign(desk: Desk, user_name: str, password: str, code: str) -> Countersign:
    """Take the word of a second person at this desk; opens no session (R20).

    Only an active supervisor with a proven authenticator can give it. Raises SignInFailed for
    every other reason, wrong tries count like those of a sign-in; FourEyes when it is the person
    who sits at the desk, under whatever user name.
    """
    me = desk(whoami)
    reserved = desk.house.work(lambda work: _reserve(work, _folded(user_name)))
    if reserved is None:
        desk.house.hasher.dummy_verify(password)
        desk.house.work(_note_unknown)
        raise SignInFailed
    right = desk.house.hasher.verify(reserved.password_hash, password)
    word = desk.house.work(
        lambda work: _settle_second(work, reserved.staff_id, me, right=right, code=code)
    )
    if word is None:
        raise FourEyes(reason="same_person")
    return word


def change_password(desk: Desk, old: str, new: str) -> None:
    """Replace one's own password. Raises SignInFailed, WeakPassword."""
    me = desk(whoami)
    problems = check_staff_password(me.role, new, me.name, me.user_name)
    if problems or old == new:
        raise WeakPassword(problems=problems or ("SAME",), field="new_password")
    reserved = desk.house.work(lambda work: _reserve(work, me.user_name))
    if reserved is None:
        raise SignInFailed(field="password")
    right = desk.house.hasher.verify(reserved.password_hash, old)
    # Settled before the session is asked again: a right password on the last try unlocks itself.
    desk.house.work(lambda work: _settle_old(work, reserved.staff_id, right=right))
    desk(store_password, hashed=desk.house.hasher.hash(new))


def check_staff_password(role: Role, password: str, name: str, user_name: str) -> tuple[str, ...]:
    """Name what is wrong with a staff password: longer where no code stands beside it (R33)."""
    policy = STAFF_POLICY if role in SECOND_FACTOR_ROLES else STAFF_POLICY_WITHOUT_CODE
    about = PersonalWords(names=tuple(name.split()), user_name=user_name)
    return tuple(check(policy, password, about))


@allowed(*_EVERYBODY, reads=True, unfinished=True, locked=True)
def whoami(work: Work) -> SignedIn:
    """Tell who is signed in, as the database says now."""
    staff = work.session.get_one(Staff, work.staff_id)
    session = work.session.get_one(StaffSession, work.actor.session_id)
    return SignedIn(
        staff_id=staff.id,
        name=staff.full_name,
        user_name=staff.user_name,
        role=staff.role,
        branch_id=staff.branch_id,
        branch=staff.branch.name,
        branch_code=staff.branch.code,
        new_password_needed=staff.must_change_password,
        authenticator_needed=staff.role in SECOND_FACTOR_ROLES and staff.totp_confirmed_at is None,
        code_wanted=staff.totp_confirmed_at is not None,
        since=session.started_at,
    )


@allowed(*_EVERYBODY, unfinished=True, locked=True)
def sign_out(work: Work) -> None:
    """End the session; its token is dead from here on."""
    _end(work, work.staff_id, "signed_out")
    work.record(Event.STAFF_SIGNED_OUT, work.staff_id)


@allowed(*_EVERYBODY, unfinished=True, locked=True)
def lock_desk(work: Work) -> None:
    """Lock the session: until its owner gives the password, no operation passes (R10)."""
    work.session.execute(
        update(StaffSession)
        .where(StaffSession.id == work.actor.session_id, StaffSession.locked_at.is_(None))
        .values(locked_at=work.now)
    )
    work.record(Event.DESK_LOCKED, work.staff_id)


@allowed(*_EVERYBODY, fresh=True, unfinished=True, locked=True)
def unlock_desk(work: Work) -> None:
    """Open a locked session again; only after the password was given (`reauthenticate`)."""
    session = work.session.get_one(StaffSession, work.actor.session_id)
    if session.locked_at is None:
        return
    if session.fresh_at is None or session.fresh_at <= session.locked_at:
        work.record(Event.STAFF_REAUTHENTICATION_FAILED, work.staff_id)
        raise SignInFailed(field="password")
    session.locked_at = None
    work.record(Event.DESK_UNLOCKED, work.staff_id)


@allowed(*_EVERYBODY, unfinished=True)
def store_password(work: Work, *, hashed: str) -> None:
    """Keep one's new password; part of `change_password`, which asked for the old one."""
    staff = work.session.get_one(Staff, work.staff_id, with_for_update=True)
    staff.password_hash = hashed
    staff.password_changed_at = work.now
    staff.must_change_password = False
    work.record(Event.STAFF_PASSWORD_CHANGED, staff.id)


@allowed(*_EVERYBODY, unfinished=True)
def provision_authenticator(work: Work) -> Secret:
    """Make one's own authenticator and give its otpauth URI, once; it replaces an unproven one.

    Raises NotFound when one is already proven: an administrator resets it first.
    """
    staff = work.session.get_one(Staff, work.staff_id, with_for_update=True)
    if staff.totp_confirmed_at is not None:
        raise NotFound(kind="unproven authenticator")
    secret = TotpSecret.new()
    staff.totp_secret = work.keys.seal(secret.raw, purpose=_TOTP_PURPOSE, row=staff.id)
    staff.totp_last_step = None
    work.record(Event.STAFF_TOTP_PROVISIONED, staff.id)
    return Secret(uri(secret, user=staff.user_name, issuer="Branch Desk"))


@allowed(*_EVERYBODY, unfinished=True)
def confirm_authenticator(work: Work, code: str) -> None:
    """Prove one's own authenticator by a code. Raises CodeRefused."""
    staff = work.session.get_one(Staff, work.staff_id, with_for_update=True)
    if not _code_accepted(work, staff, code):
        work.record(Event.STAFF_REAUTHENTICATION_FAILED, staff.id)
        raise CodeRefused(diagnosis=None)
    staff.totp_confirmed_at = work.now
    work.record(Event.STAFF_TOTP_CONFIRMED, staff.id)


def _folded(user_name: str) -> str:
    # PostgreSQL takes no NUL, not even in a question: such a name is nobody's, like any other.
    return unicodedata.normalize("NFC", user_name[:200]).replace("\0", "\ufffd").strip().lower()


def _reserve(work: Work, user_name: str) -> _Reserved | None:
    """Count an attempt before it is judged; None when there is nobody or the user is locked."""
    counted = Staff.failed_attempts + 1
    row = work.session.execute(
        update(Staff)
        .where(
            Staff.user_name == user_name,
            Staff.active,
            Staff.locked_at.is_(None),
            Staff.failed_attempts < STAFF_ATTEMPTS,
        )
        .values(
            failed_attempts=counted,
            locked_at=case((counted >= STAFF_ATTEMPTS, literal(work.now, Staff.locked_at.type))),
        )
        .returning(Staff.id, Staff.password_hash)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return None if row is None else _Reserved(row.id, row.password_hash)


def _note_unknown(work: Work) -> None:
    # Not the name that was typed: people type their password into the wrong field.
    work.record(Event.STAFF_SIGN_IN_FAILED, None)


def _settle(
    work: Work, staff_id: UUID, *, right: bool, code: str, token: Secret, desk_name: str
) -> None:
    staff = work.session.get_one(Staff, staff_id, with_for_update=True)
    if not _accepted(work, staff, right=right, code=code):
        _note_failure(work, staff, Event.STAFF_SIGN_IN_FAILED)
        raise SignInFailed
    staff.failed_attempts = 0
    staff.locked_at = None
    _end(work, staff_id, "newer_session")
    session = StaffSession(
        id=new_id(),
        staff_id=staff_id,
        token_digest=token_digest(token.reveal()),
        started_at=work.now,
        fresh_at=work.now,
        desk_name=desk_name[:80],
    )
    work.session.add(session)
    work.actor = actor_of(staff, session.id)
    work.record(Event.STAFF_SIGNED_IN, staff_id, role=staff.role)


def _settle_again(work: Work, staff_id: UUID, *, right: bool, code: str) -> None:
    staff = work.session.get_one(Staff, staff_id, with_for_update=True)
    if not _accepted(work, staff, right=right, code=code):
        _note_failure(work, staff, Event.STAFF_REAUTHENTICATION_FAILED)
        raise SignInFailed
    staff.failed_attempts = 0
    staff.locked_at = None
    work.session.execute(
        update(StaffSession)
        .where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
        .values(fresh_at=work.now)
    )
    work.actor = actor_of(staff, None)
    work.record(Event.STAFF_REAUTHENTICATED, staff_id)


def _settle_second(
    work: Work, staff_id: UUID, beside: SignedIn, *, right: bool, code: str
) -> Countersign | None:
    """Judge a second person's word; None when it is the first person again."""
    staff = work.session.get_one(Staff, staff_id, with_for_update=True)
    if not may_countersign(staff) or not _accepted(work, staff, right=right, code=code):
        _note_failure(work, staff, Event.STAFF_REAUTHENTICATION_FAILED)
        raise SignInFailed
    staff.failed_attempts = 0
    staff.locked_at = None
    work.actor = actor_of(staff, None)
    if work.session.get_one(Staff, beside.staff_id).person == staff.person:
        work.record(
            Event.REFUSED, staff_id, operation="sign_in.countersign", refusal=FourEyes.__name__
        )
        return None
    work.record(Event.STAFF_COUNTERSIGNED, staff_id, user=beside.user_name)
    return Countersign(staff_id, work.now)


def _settle_old(work: Work, staff_id: UUID, *, right: bool) -> None:
    staff = work.session.get_one(Staff, staff_id, with_for_update=True)
    if not right:
        _note_failure(work, staff, Event.STAFF_REAUTHENTICATION_FAILED)
        raise SignInFailed(field="password")
    staff.failed_attempts = 0
    staff.locked_at = None


def _accepted(work: Work, staff: Staff, *, right: bool, code: str) -> bool:
    if not right or not staff.active:
        return False
    # An unproven authenticator asks for nothing yet: the session can only go and prove it.
    return staff.totp_confirmed_at is None or _code_accepted(work, staff, code)


def _code_accepted(work: Work, staff: Staff, code: str) -> bool:
    if staff.totp_secret is None:
        return False
    raw = work.keys.open(staff.totp_secret, purpose=_TOTP_PURPOSE, row=staff.id)
    found = match(TotpSecret(raw), code, now=work.now, last_step=staff.totp_last_step)
    if not isinstance(found, Accepted):
        return False
    staff.totp_last_step = found.step
    return True


def _note_failure(work: Work, staff: Staff, event: Event) -> None:
    work.actor = actor_of(staff, None)
    work.record(event, staff.id)
    if staff.locked_at is not None:
        work.record(Event.STAFF_LOCKED, staff.id)


def _end(work: Work, staff_id: UUID, reason: str) -> None:
    work.session.execute(
        update(StaffSession)
        .where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
        .values(ended_at=work.now, end_reason=reason)
    )


def _rehash(work: Work, reserved: _Reserved, hashed: str) -> None:
    # Only over the hash that was verified: a password changed meanwhile stays.
    work.session.execute(
        update(Staff)
        .where(Staff.id == reserved.staff_id, Staff.password_hash == reserved.password_hash)
        .values(password_hash=hashed)
    )
    changed = work.session.scalars(select(Staff).where(Staff.id == reserved.staff_id)).one()
    work.record(Event.STAFF_CHANGED, changed.id, field="password_hash")
