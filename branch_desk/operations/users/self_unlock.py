"""A member unlocks oneself by the secret answer and the mail address (F22, manual).

It takes away a lock by passwords and changes nothing else. Whoever asks gets nothing back: unknown
user, other address, wrong answer, another lock and too many tries are told by neither word nor
time (R48); what was done is told by mail. The question is never shown here.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from branch_desk.models.access import (
    CONTACT_HOURS,
    UNLOCKS_COUNTED_DAYS,
    Access,
    LockReason,
    Unlock,
)
from branch_desk.models.base import new_id
from branch_desk.models.event import Event
from branch_desk.models.member_session import (
    SELF_UNLOCKS,
    TRIES_PER_ADDRESS,
    TRIES_PER_DAY,
    UnlockTry,
)
from branch_desk.models.passwords import plain_answer
from branch_desk.operations.users.attempts import OPEN, Origin
from branch_desk.operations.users.credential import find_access, tell
from branch_desk.operations.users.member_sign_in import act_as, end_session, folded_user_name
from branch_desk.operations.work import House, Work

_LONGEST_ADDRESS = 80


@dataclass(frozen=True, slots=True)
class _Try:
    """A try that was counted."""

    id: UUID
    access_id: UUID | None
    """Whose answer may be judged; unset when nobody's."""
    kept: str | None
    """Hash of that answer."""


def unlock(house: House, user_name: str, answer: str, email: str, origin: Origin) -> None:
    """Unlock a user whom wrong passwords locked, and say so by mail; otherwise do nothing.

    Twice in 30 days, then at the desk. Wrong answers to a member's question are judged five times
    in 24 hours, tries from one network address 20 times in an hour. Gives nothing and raises
    nothing of its own.
    """
    folded = folded_user_name(user_name)
    counted = house.work(lambda work: _reserve(work, folded, email, origin), channel=origin.channel)
    # Once the try is committed: of several at once, the one committed last sees them all.
    judged = house.work(lambda work: _admitted(work, counted, origin), channel=origin.channel)
    plain = plain_answer(answer)
    if judged.kept is None:
        house.hasher.dummy_verify(plain)
        right = False
    else:
        right = house.hasher.verify(judged.kept, plain)
    house.work(lambda work: _settle(work, judged, right=right), channel=origin.channel)


def _reserve(work: Work, user_name: str, email: str, origin: Origin) -> _Try:
    """Count a try: of the member, if there is something to unlock and the mail address is right.

    Who does not know the address thus uses up nobody's five answers, and a try that is not judged
    makes nobody wait longer.
    """
    access = work.session.scalars(select(Access).where(Access.user_name == user_name)).one_or_none()
    whose = new_id() if access is None else access.id
    answers, alone = _wrong_answers(work, whose), _unlocks_alone(work, whose)
    from_there = _tries_from(work, origin)
    counted = _Try(new_id(), None, None)
    if (
        access is not None
        and _same_address(access, email)
        and _may_be_unlocked(work, access, alone)
        and answers < TRIES_PER_DAY
        and from_there < TRIES_PER_ADDRESS
    ):
        counted = _Try(counted.id, access.id, access.answer_hash)
    work.session.add(
        UnlockTry(id=counted.id, access_id=counted.access_id, address=_address(origin), at=work.now)
    )
    return counted


def _admitted(work: Work, counted: _Try, origin: Origin) -> _Try:
    """Say whether a counted try is judged."""
    answers = _wrong_answers(work, counted.access_id or counted.id)
    if answers <= TRIES_PER_DAY and _tries_from(work, origin) <= TRIES_PER_ADDRESS:
        return counted
    return _Try(counted.id, None, None)


def _settle(work: Work, judged: _Try, *, right: bool) -> None:
    access = None if judged.access_id is None else find_access(work, judged.access_id, lock=True)
    if access is not None:
        act_as(work, access)
    alone = _unlocks_alone(work, judged.access_id or judged.id)
    if (
        access is None
        or not right
        or access.answer_hash != judged.kept
        or not _may_be_unlocked(work, access, alone)
    ):
        # Of nobody, unless an answer was judged: people type what they like into the field.
        work.record(
            Event.ACCESS_UNLOCK_FAILED,
            judged.access_id,
            member_id=None if access is None else access.member_id,
        )
        return
    access.locked_at = access.lock_reason = access.locked_from = None
    access.failed_passwords = 0
    end_session(work, access.id, "locked")
    work.session.execute(update(UnlockTry).where(UnlockTry.id == judged.id).values(was_right=True))
    work.session.add(
        Unlock(
            id=new_id(),
            access_id=access.id,
            lock_reason=LockReason.PASSWORD,
            unlocked_at=work.now,
        )
    )
    tell(work, access, "unlocked")
    work.record(
        Event.ACCESS_UNLOCKED,
        access.id,
        member_id=access.member_id,
        lock_reason=LockReason.PASSWORD,
    )


def _may_be_unlocked(work: Work, access: Access, alone: int) -> bool:
    """Tell whether this is a lock the member may take away alone."""
    changed = access.contact_changed_at
    # Who took over the mail shall not unlock by it: then it is a supervisor's (F23).
    settled = changed is None or work.now - changed >= timedelta(hours=CONTACT_HOURS)
    return (
        access.status in OPEN
        and access.lock_reason is LockReason.PASSWORD
        and access.answer_hash is not None
        and alone < SELF_UNLOCKS
        and settled
    )


def _same_address(access: Access, email: str) -> bool:
    return access.email != "" and access.email == email[:1000].strip().lower()


def _wrong_answers(work: Work, access_id: UUID) -> int:
    counted = (
        select(func.count())
        .select_from(UnlockTry)
        .where(
            UnlockTry.access_id == access_id,
            UnlockTry.at > work.now - timedelta(hours=24),
            UnlockTry.was_right.is_(False),
        )
    )
    return work.session.scalar(counted) or 0


def _tries_from(work: Work, origin: Origin) -> int:
    counted = (
        select(func.count())
        .select_from(UnlockTry)
        .where(
            UnlockTry.address == _address(origin),
            UnlockTry.at > work.now - timedelta(hours=1),
        )
    )
    return work.session.scalar(counted) or 0


def _unlocks_alone(work: Work, access_id: UUID) -> int:
    counted = (
        select(func.count())
        .select_from(Unlock)
        .where(
            Unlock.access_id == access_id,
            Unlock.staff_id.is_(None),
            Unlock.unlocked_at > work.now - timedelta(days=UNLOCKS_COUNTED_DAYS),
        )
    )
    return work.session.scalar(counted) or 0


def _address(origin: Origin) -> str:
    return origin.address[:_LONGEST_ADDRESS]
