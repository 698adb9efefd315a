"""Rules that several operations share: whom an officer may not serve, what a reason is.

They are marked as open to nobody: parts of operations, not deeds of their own.
"""

from sqlalchemy import select

from branch_desk.models.errors import ReasonMissing, SelfDealing, SupervisorNeeded
from branch_desk.models.staff import Staff, StaffRelative
from branch_desk.models.validation import clean_text
from branch_desk.operations.work import Actor, Work, allowed

REASON_LETTERS = 10


@allowed()
def refuse_self_dealing(work: Work, *persons: str) -> None:
    """Refuse to serve oneself or a declared relative, whichever user name declared it (F7).

    `persons` are keys as of `models.member.person_key`. Raises SelfDealing.
    """
    _refuse_related(work, work.actor, *persons)


@allowed()
def require_second(work: Work, reason: str, *persons: str) -> None:
    """Refuse what one person does alone, a supervisor's own deed included (R20).

    The second person serves neither self nor relatives. Raises SupervisorNeeded, SelfDealing.
    """
    if work.second is None:
        raise SupervisorNeeded(reason=reason)
    _refuse_related(work, work.second, *persons)


def _refuse_related(work: Work, who: Actor, *persons: str) -> None:
    if who.staff_id is None:
        return
    if who.person in persons:
        raise SelfDealing(relation="self")
    # A person with two user names has declared the relatives of both.
    relation = work.session.scalar(
        select(StaffRelative.relation)
        .join(Staff, Staff.id == StaffRelative.staff_id)
        .where(Staff.person == who.person, StaffRelative.person.in_(persons))
        .limit(1)
    )
    if relation is not None:
        raise SelfDealing(relation=relation)


def stated(reason: str) -> str:
    """Give a reason as it is kept.

    Raises ReasonMissing below ten letters, InvalidValue for characters nobody sees (R86).
    """
    plain = clean_text("reason", reason)
    if sum(letter.isalpha() for letter in plain) < REASON_LETTERS:
        raise ReasonMissing
    return plain
