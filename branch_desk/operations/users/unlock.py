"""Unlocking at any branch, and the card that says what a member who cannot enter needs (F21, F23).

Unlocking, a new credential and a new token are three deeds; none of them does another's work.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from branch_desk.models.access import (
    CONTACT_HOURS,
    UNLOCKS_BEFORE_SUPERVISOR,
    UNLOCKS_COUNTED_DAYS,
    Access,
    AccessStatus,
    LockReason,
    Unlock,
)
from branch_desk.models.base import new_id
from branch_desk.models.errors import (
    CheckListIncomplete,
    NotLocked,
    WrongState,
)
from branch_desk.models.event import Event
from branch_desk.models.identity import CheckPoint
from branch_desk.models.staff import Role
from branch_desk.operations.rules import refuse_self_dealing, require_second, stated
from branch_desk.operations.users.attempts import OPEN
from branch_desk.operations.users.credential import find_access, tell
from branch_desk.operations.users.first_steps import device_of
from branch_desk.operations.users.member_sign_in import end_session
from branch_desk.operations.work import Work, allowed

POINTS_NEEDED = frozenset(
    {CheckPoint.ORIGINAL_SEEN, CheckPoint.PHOTO_MATCHES, CheckPoint.SIGNATURE_MATCHES}
)
"""What an officer must have looked at before unlocking."""


class Remedy(StrEnum):
    """What can be done for a member who cannot enter."""

    UNLOCK = "UNLOCK"
    NEW_CREDENTIAL = "NEW_CREDENTIAL"
    NEW_TOKEN = "NEW_TOKEN"  # noqa: S105  a word, not a secret


class Advice(StrEnum):
    """How far a remedy fits."""

    FITS = "FITS"
    """This is what is needed now."""
    IF_LOST = "IF_LOST"
    """Only if the member no longer has it: password forgotten, phone lost."""
    AFTER_UNLOCK = "AFTER_UNLOCK"
    """If the member no longer has it, and only once the user is unlocked."""
    NOT_NEEDED = "NOT_NEEDED"
    IMPOSSIBLE = "IMPOSSIBLE"
    """Not in this state: suspended or closed."""


@dataclass(frozen=True, slots=True)
class Option:
    """A remedy, how far it fits, and why a supervisor must take part."""

    remedy: Remedy
    advice: Advice
    supervisor: str = ""
    """Empty, or a reason as in SupervisorNeeded."""


@dataclass(frozen=True, slots=True)
class PastUnlock:
    """An unlock of the last thirty days."""

    unlocked_at: datetime
    lock_reason: LockReason
    by_member: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Triage:
    """The facts of a user that cannot enter, and what fits."""

    access_id: UUID
    user_name: str
    person_name: str
    document: str
    status: AccessStatus
    locked: bool
    lock_reason: LockReason | None
    locked_at: datetime | None
    locked_from: str
    """Channel and address of the attempt that locked."""
    failed_passwords: int
    failed_pins: int
    failed_codes: int
    failed_answers: int
    password_set: bool
    token_proved: bool
    unlocks: tuple[PastUnlock, ...]
    """Of the last thirty days, newest first."""
    contact_changed_at: datetime | None
    """Only when in the last 72 hours."""
    options: tuple[Option, ...]

    def option(self, remedy: Remedy) -> Option:
        """Give what is said of one remedy."""
        return next(option for option in self.options if option.remedy is remedy)


@allowed(Role.OFFICER, Role.SUPERVISOR)
def triage(work: Work, access_id: UUID) -> Triage:
    """Look at a user that cannot enter: why, since when, from where, and what fits."""
    access = find_access(work, access_id)
    unlocks = _lately(work, access.id)
    device = device_of(work, access.id)
    proved = device is not None and device.confirmed_at is not None
    work.record(Event.ACCESS_VIEWED, access.id, member_id=access.member_id, operation="triage")
    return Triage(
        access_id=access.id,
        user_name=access.user_name,
        person_name=access.person_name,
        document=access.person.split(":", 1)[1],
        status=access.status,
        locked=access.locked_at is not None,
        lock_reason=access.lock_reason,
        locked_at=access.locked_at,
        locked_from=access.locked_from or "",
        failed_passwords=access.failed_passwords,
        failed_pins=access.failed_pins,
        failed_codes=access.failed_codes,
        failed_answers=access.failed_answers,
        password_set=access.password_hash is not None,
        token_proved=proved,
        unlocks=tuple(
            PastUnlock(past.unlocked_at, past.lock_reason, past.staff_id is None, past.reason)
            for past in unlocks
        ),
        contact_changed_at=access.contact_changed_at if _contact_is_new(work, access) else None,
        options=_options(access, proved=proved, supervisor=_why_supervisor(work, access)),
    )


@allowed(Role.OFFICER, Role.SUPERVISOR, fresh=True)
def unlock(work: Work, access_id: UUID, *, reason: str, points: frozenset[CheckPoint]) -> None:
    """Unlock a user whose owner stands here with the card; password and token stay as they are.

    Raises SelfDealing, CheckListIncomplete, ReasonMissing, NotLocked, WrongState,
    SupervisorNeeded (third unlock in 30 days, or contact changed in the last 72 hours: a
    supervisor does it, or countersigns).
    """
    access = find_access(work, access_id, lock=True)
    refuse_self_dealing(work, access.person)
    missing = POINTS_NEEDED - points
    if missing:
        raise CheckListIncomplete(missing=sorted(missing))
    why = stated(reason)
    if access.status not in OPEN:
        raise WrongState(kind="access", current=access.status, target="unlocked")
    if access.locked_at is None or access.lock_reason is None:
        raise NotLocked
    needed = _why_supervisor(work, access)
    if needed and work.actor.role is not Role.SUPERVISOR:
        require_second(work, needed, access.person)
    locked_by = access.lock_reason
    access.locked_at = access.lock_reason = access.locked_from = None
    access.failed_passwords = access.failed_pins = 0
    access.failed_codes = access.failed_answers = 0
    end_session(work, access.id, "locked")
    work.session.add(
        Unlock(
            id=new_id(),
            access_id=access.id,
            staff_id=work.staff_id,
            reason=why,
            evidence=" ".join(sorted(points)),
            lock_reason=locked_by,
            unlocked_at=work.now,
        )
    )
    tell(work, access, "unlocked")
    work.record(
        Event.ACCESS_UNLOCKED,
        access.id,
        member_id=access.member_id,
        reason=why,
        lock_reason=locked_by,
    )


def _lately(work: Work, access_id: UUID) -> list[Unlock]:
    since = work.now - timedelta(days=UNLOCKS_COUNTED_DAYS)
    return list(
        work.session.scalars(
            select(Unlock)
            .where(Unlock.access_id == access_id, Unlock.unlocked_at > since)
            .order_by(Unlock.unlocked_at.desc())
        )
    )


def _contact_is_new(work: Work, access: Access) -> bool:
    changed = access.contact_changed_at
    return changed is not None and work.now - changed < timedelta(hours=CONTACT_HOURS)


def _why_supervisor(work: Work, access: Access) -> str:
    if len(_lately(work, access.id)) >= UNLOCKS_BEFORE_SUPERVISOR:
        return "third_unlock"
    return "contact_changed" if _contact_is_new(work, access) else ""


def _options(access: Access, *, proved: bool, supervisor: str) -> tuple[Option, ...]:
    locked = access.locked_at is not None
    if access.status not in OPEN:
        return tuple(Option(remedy, Advice.IMPOSSIBLE) for remedy in Remedy)
    credential = token = Advice.AFTER_UNLOCK if locked else Advice.IF_LOST
    if not locked and access.password_hash is None:
        credential = Advice.FITS
    if not locked and access.password_hash is not None and not proved:
        token = Advice.FITS
    return (
        Option(
            Remedy.UNLOCK,
            Advice.FITS if locked else Advice.NOT_NEEDED,
            supervisor if locked else "",
        ),
        Option(Remedy.NEW_CREDENTIAL, credential),
        Option(Remedy.NEW_TOKEN, token, "new_token" if proved else ""),
    )
