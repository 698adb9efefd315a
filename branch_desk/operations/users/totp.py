"""A member's authenticator: its QR, its proof, its doctor, and the check of every code (F17, F18).

The secret is sealed to whoever verifies codes; a desk without that key can hand one out and not
read it again. Codes are judged inside the transaction that counts them: they cost nothing.
"""

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select, update

from branch_desk.models.access import Access, LockReason, TotpDevice
from branch_desk.models.base import new_id
from branch_desk.models.credentials import Secret
from branch_desk.models.errors import (
    AlreadyDone,
    CodeRefused,
    LockedOut,
    NotFound,
    UnlockFirst,
    WrongState,
)
from branch_desk.models.event import Event
from branch_desk.models.staff import Role
from branch_desk.models.totp import (
    ISSUER,
    PERIOD,
    PERIODS,
    Accepted,
    Cause,
    Diagnosis,
    TotpSecret,
    match,
    uri,
)
from branch_desk.models.totp import diagnose as name_cause
from branch_desk.models.totp import resync as find_drift
from branch_desk.operations.rules import refuse_self_dealing, require_second
from branch_desk.operations.users import attempts
from branch_desk.operations.users.attempts import OPEN, Attempt, Origin
from branch_desk.operations.users.credential import find_access, tell
from branch_desk.operations.users.first_steps import activate_when_complete, device_of
from branch_desk.operations.work import Work, allowed

PURPOSE: Final = "member-totp"
"""What a member's authenticator secret is sealed for."""
_UNPROVEN_TRIES = 10
_OLD_ENTRIES = 3
"""So many replaced entries the doctor recognises."""

_TOLD_TO_MEMBERS = frozenset({Cause.MALFORMED, Cause.ALREADY_USED, Cause.TYPED_LATE})
"""What a refused code may reveal away from the desk: no guess may learn a code of later."""


@dataclass(frozen=True, slots=True)
class ProvisionedToken:
    """What the member's screen shows, once."""

    user_name: str
    uri: Secret = field(repr=False)
    """For the QR."""
    key: Secret = field(repr=False)
    """For phones without camera; `grouped()` gives it in fours."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A proven authenticator."""

    period: int
    """Seconds a code of this phone lasts."""
    active: bool
    """Whether this completed the first access."""


@allowed(Role.OFFICER, Role.SUPERVISOR, fresh=True)
def provision(work: Work, access_id: UUID) -> ProvisionedToken:
    """Make a new secret and give it, this once; the old one is dead from here on (R44).

    A second authenticator after a proven one takes a second person (R20).
    Raises SelfDealing, SupervisorNeeded, UnlockFirst, WrongState, FreshSignInNeeded.
    """
    access = find_access(work, access_id, lock=True)
    refuse_self_dealing(work, access.person)
    if access.locked_at is not None:
        raise UnlockFirst
    proven = work.session.scalar(
        select(TotpDevice.id)
        .where(TotpDevice.access_id == access.id, TotpDevice.confirmed_at.is_not(None))
        .limit(1)
    )
    if proven is not None:
        require_second(work, "new_token", access.person)
    return replace_device(work, access)


@allowed(Role.OFFICER, Role.SUPERVISOR)
def confirm(work: Work, access_id: UUID, code: str) -> Confirmed:
    """Prove the authenticator by a code of the phone; finds out the phone's period (R35).

    Raises CodeRefused with the doctor's diagnosis, NotFound, AlreadyDone, NotAVerifier.
    """
    access = find_access(work, access_id, lock=True)
    refuse_self_dealing(work, access.person)
    return prove(work, access, code)


@allowed(Role.OFFICER, Role.SUPERVISOR)
def diagnose(work: Work, access_id: UUID, code: str) -> Diagnosis | None:
    """Try a code that was refused elsewhere and name the cause (F18); None: the code is right.

    It counts like any other try, for a guess could learn from the answer. Raises LockedOut.
    """
    access = find_access(work, access_id, lock=True)
    refuse_self_dealing(work, access.person)
    device = _device(work, access, confirmed=True)
    attempt = _counted(work, access, Origin(work.channel, work.actor.branch_code))
    if _accepted(work, device, code) is not None:
        attempts.succeeded(work, attempt)
        work.record(Event.TOTP_ACCEPTED, access.id, member_id=access.member_id)
        return None
    found = _diagnosed(work, device, code)
    _refused(work, attempt, found)
    return found


@allowed(Role.SUPERVISOR, fresh=True)
def resync(work: Work, access_id: UUID, first: str, second: str) -> None:
    """Take a drifted phone by two codes in a row, within ten steps (R36); proves it as well.

    Raises CodeRefused, SelfDealing, UnlockFirst, NotFound, NotAVerifier.
    """
    access = find_access(work, access_id, lock=True)
    refuse_self_dealing(work, access.person)
    if access.locked_at is not None:
        raise UnlockFirst
    device = device_of(work, access.id)
    if device is None:
        raise NotFound(kind="token")
    attempt = _counted(work, access, Origin(work.channel, work.actor.branch_code))
    secret = _opened(work, device)
    periods = (device.period,) if device.confirmed_at is not None else PERIODS
    for period in periods:
        found = find_drift(
            secret, first, second, now=work.now, last_step=device.last_step, period=period
        )
        if found is not None:
            drift, step = found
            _advance(work, device, step, period=period, drift_steps=drift)
            attempts.succeeded(work, attempt)
            work.record(Event.TOTP_RESYNCED, access.id, member_id=access.member_id)
            activate_when_complete(work, access)
            return
    refusal = _diagnosed(work, device, second)
    _refused(work, attempt, refusal)
    raise _refusal(refusal)


@allowed()
def verify(work: Work, access_id: UUID, code: str, *, origin: Origin | None = None) -> int:
    """Accept a code of a proven authenticator once, and give its step.

    To be called before anything else is written: a refused code is committed with its count.
    Raises CodeRefused, LockedOut, NotFound, NotAVerifier.
    """
    access = find_access(work, access_id, lock=True)
    device = _device(work, access, confirmed=True)
    attempt = _counted(work, access, origin or Origin(work.channel))
    step = _accepted(work, device, code)
    if step is None:
        found = _diagnosed(work, device, code)
        _refused(work, attempt, found)
        hidden = found if found.cause in _TOLD_TO_MEMBERS else Diagnosis(Cause.UNKNOWN)
        raise _refusal(hidden)
    attempts.succeeded(work, attempt)
    return step


@allowed()
def replace_device(work: Work, access: Access) -> ProvisionedToken:
    """Revoke the user's authenticator and make another, for either door."""
    if access.status not in OPEN:
        raise WrongState(kind="access", current=access.status, target="token")
    old = device_of(work, access.id)
    if old is not None:
        old.revoked_at = work.now
        work.session.flush()
        work.record(Event.TOTP_REVOKED, access.id, member_id=access.member_id)
        if old.confirmed_at is not None:
            tell(work, access, "new_token")
    _count_codes(work, access, 0)
    secret = TotpSecret.new()
    device_id = new_id()
    work.session.add(
        TotpDevice(
            id=device_id,
            access_id=access.id,
            secret=work.keys.seal_to_verifier(secret.raw, purpose=PURPOSE, row=device_id),
            period=PERIOD,
            provisioned_by=work.actor.staff_id,
            provisioned_at=work.now,
        )
    )
    work.record(Event.TOTP_PROVISIONED, access.id, member_id=access.member_id)
    return ProvisionedToken(
        user_name=access.user_name,
        uri=Secret(uri(secret, user=access.user_name, issuer=ISSUER)),
        key=Secret(secret.base32()),
    )


@allowed()
def prove(work: Work, access: Access, code: str) -> Confirmed:
    """Accept the first code of a provisioned authenticator, for either door.

    Wrong ones do not lock: there is nothing yet to protect, and the doctor needs several. After
    ten the secret is given up, so that nobody learns its codes from the diagnoses.
    """
    if access.locked_at is not None:
        raise LockedOut
    device = _device(work, access, confirmed=False)
    secret = _opened(work, device)
    for period in PERIODS:
        found = match(secret, code, now=work.now, last_step=None, period=period)
        if isinstance(found, Accepted) and _advance(work, device, found.step, period=period):
            _count_codes(work, access, 0)
            work.record(Event.TOTP_CONFIRMED, access.id, member_id=access.member_id, period=period)
            return Confirmed(period=period, active=activate_when_complete(work, access))
    refusal = _diagnosed(work, device, code)
    _count_codes(work, access, access.failed_codes + 1)
    if access.failed_codes >= _UNPROVEN_TRIES:
        revoke(work, access)
    work.record(Event.TOTP_REFUSED, access.id, member_id=access.member_id, diagnosis=refusal.cause)
    raise _refusal(refusal)


@allowed()
def revoke(work: Work, access: Access) -> None:
    """End the user's authenticator."""
    device = device_of(work, access.id)
    if device is not None:
        device.revoked_at = work.now
        work.record(Event.TOTP_REVOKED, access.id, member_id=access.member_id)


def _count_codes(work: Work, access: Access, count: int) -> None:
    access.failed_codes = count
    work.session.flush()


def _device(work: Work, access: Access, *, confirmed: bool) -> TotpDevice:
    device = device_of(work, access.id)
    if device is None:
        raise NotFound(kind="token")
    if confirmed and device.confirmed_at is None:
        raise NotFound(kind="token")
    if not confirmed and device.confirmed_at is not None:
        raise AlreadyDone(what="token")
    return device


def _counted(work: Work, access: Access, origin: Origin) -> Attempt:
    attempt = attempts.reserve(work, access.id, LockReason.CODE, origin)
    if attempt is None:
        raise LockedOut
    return attempt


def _opened(work: Work, device: TotpDevice) -> TotpSecret:
    return TotpSecret(work.keys.open_as_verifier(device.secret, purpose=PURPOSE, row=device.id))


def _accepted(work: Work, device: TotpDevice, code: str) -> int | None:
    found = match(
        _opened(work, device),
        code,
        now=work.now,
        last_step=device.last_step,
        period=device.period,
        drift_steps=device.drift_steps,
    )
    if not isinstance(found, Accepted):
        return None
    return found.step if _advance(work, device, found.step) else None


def _advance(
    work: Work,
    device: TotpDevice,
    step: int,
    *,
    period: int | None = None,
    drift_steps: int | None = None,
) -> bool:
    """Set the last accepted step, in one statement that only goes forward (R37, R38)."""
    advanced = work.session.execute(
        update(TotpDevice)
        .where(
            TotpDevice.id == device.id,
            TotpDevice.revoked_at.is_(None),
            or_(TotpDevice.last_step.is_(None), TotpDevice.last_step < step),
        )
        .values(
            last_step=step,
            period=device.period if period is None else period,
            drift_steps=device.drift_steps if drift_steps is None else drift_steps,
            confirmed_at=device.confirmed_at or work.now,
        )
        .returning(TotpDevice.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    work.session.refresh(device)
    return advanced is not None


def _diagnosed(work: Work, device: TotpDevice, code: str) -> Diagnosis:
    older = work.session.scalars(
        select(TotpDevice)
        .where(TotpDevice.access_id == device.access_id, TotpDevice.revoked_at.is_not(None))
        .order_by(TotpDevice.revoked_at.desc())
        .limit(_OLD_ENTRIES)
    )
    return name_cause(
        _opened(work, device),
        code,
        now=work.now,
        last_step=device.last_step,
        period=device.period,
        previous=[_opened(work, old) for old in older],
        drift_steps=device.drift_steps,
    )


def _refused(work: Work, attempt: Attempt, found: Diagnosis) -> None:
    work.record(
        Event.TOTP_REFUSED, attempt.access_id, member_id=attempt.member_id, diagnosis=found.cause
    )
    attempts.note_lock(work, attempt)


def _refusal(found: Diagnosis) -> CodeRefused:
    return CodeRefused(diagnosis=found.cause, minutes=found.minutes, period=found.period)
