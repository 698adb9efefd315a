"""Several signatures under one operation: joint accounts and companies that sign by two (F6, F8).

Who orders signs first. The others see the same text, confirm its hash with their own code, and
the last signature moves the money, by the rules as they are then. An operation nobody completes
lapses; until then any of its signers may take it back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from branch_desk.models.access import Access, AccessStatus, GrantedAccount
from branch_desk.models.account import Handling, Holder, HolderRole
from branch_desk.models.enrolment import SigningRule
from branch_desk.models.operation import (
    OperationSignature,
)
from branch_desk.models.parameter import PolicyName
from branch_desk.operations.house import outbox
from branch_desk.operations.money.parameters import parameters
from branch_desk.operations.money.situation import Situation
from branch_desk.operations.work import Work, allowed

_COUNTED = (HolderRole.HOLDER, HolderRole.CO_HOLDER)
_MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Needed:
    """Whose signatures an operation needs."""

    members: frozenset[UUID]
    """One signature of each: the holders of a joint account."""
    persons: int
    """So many different persons of the ordering member."""

    @property
    def count(self) -> int:
        """How many signatures in all, the first included."""
        return len(self.members) - 1 + self.persons


@allowed()
def needed(work: Work, situation: Situation) -> Needed:
    """Say whose signatures the situation's debit account and user call for."""
    account = situation.debit
    return wanted(work, situation.member_id, situation.signing_rule, account.id, account.handling)


@allowed()
def wanted(
    work: Work, member_id: UUID, rule: SigningRule | None, account_id: UUID, handling: Handling
) -> Needed:
    """Say whose signatures call for: all holders of a joint account, two persons of a company."""
    members = frozenset({member_id})
    if handling is Handling.JOINT:
        members |= holders(work, account_id)
    return Needed(members, 2 if rule is SigningRule.JOINT_TWO else 1)


@allowed()
def deadline(work: Work) -> datetime:
    """Give the instant until which the others may sign."""
    hours = parameters(work).policy(PolicyName.SIGNATURE_HOURS, work.now)
    return work.now + timedelta(hours=hours)


@allowed()
def begin(work: Work, key: UUID, situation: Situation, step: int, wanted: Needed) -> None:
    """Put down the first signature and ask the others by mail."""
    put_down(work, key, situation.access_id, situation.member_id, situation.person, step)
    for access in _others(work, situation.debit.id, wanted.members):
        if access.person != situation.person:
            outbox.queue_mail(
                work,
                "signature_wanted",
                access.email,
                {
                    "name": access.person_name,
                    "user": access.user_name,
                    "at": work.now.isoformat(timespec="seconds"),
                    "expires_at": deadline(work).isoformat(timespec="seconds"),
                },
                member_id=access.member_id,
                access_id=access.id,
            )


@allowed()
def holders(work: Work, account_id: UUID) -> frozenset[UUID]:
    """Give the members who hold an account."""
    return frozenset(
        work.session.scalars(
            select(Holder.member_id).where(
                Holder.account_id == account_id, Holder.role.in_(_COUNTED)
            )
        )
    )


def _others(work: Work, account_id: UUID, members: frozenset[UUID]) -> list[Access]:
    return list(
        work.session.scalars(
            select(Access)
            .join(GrantedAccount, GrantedAccount.access_id == Access.id)
            .where(
                GrantedAccount.account_id == account_id,
                Access.member_id.in_(members),
                Access.status == AccessStatus.ACTIVE,
            )
            .order_by(Access.id)
        )
    )


@allowed()
def put_down(
    work: Work, operation_id: UUID, access_id: UUID, member_id: UUID, person: str, step: int
) -> None:
    """Put down one signature."""
    work.session.add(
        OperationSignature(
            operation_id=operation_id,
            access_id=access_id,
            member_id=member_id,
            person=person,
            totp_step=step,
            signed_at=work.now,
        )
    )
