"""Several signatures under one operation: joint accounts and companies that sign by two (F6, F8).

Who orders signs first. The others see the same text, confirm its hash with their own code, and
the last signature moves the money, by the rules as they are then. An operation nobody completes
lapses; until then any of its signers may take it back. None begins that nobody could complete.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm.util import AliasedClass

from branch_desk.models.access import Access, AccessStatus, GrantedAccount
from branch_desk.models.account import Account, Handling, Holder, HolderRole, masked
from branch_desk.models.enrolment import Channel, SigningRule
from branch_desk.models.errors import AccountUnfit
from branch_desk.models.operation import (
    OperationSignature,
)
from branch_desk.models.parameter import PolicyName
from branch_desk.operations.house import outbox
from branch_desk.operations.money.parameters import parameters
from branch_desk.operations.money.situation import Situation
from branch_desk.operations.work import Work, allowed

_COUNTED = (HolderRole.HOLDER, HolderRole.CO_HOLDER)


@dataclass(frozen=True, slots=True)
class Needed:
    """Whose signatures an operation needs."""

    members: frozenset[UUID]
    """One signature of each: the holders of a joint account."""
    persons: int
    """So many different persons of the ordering member."""
    others: tuple[Access, ...] = ()
    """Who can give those that are missing when it begins."""

    @property
    def count(self) -> int:
        """How many signatures in all, the first included."""
        return len(self.members) - 1 + self.persons


@allowed()
def needed(work: Work, situation: Situation) -> Needed:
    """Say whose signatures the situation's debit account and user call for.

    Raises AccountUnfit (`no_other_signer`) when one of them has nobody who could give it: the
    order could only lapse. A locked user counts, for the lock may be gone in time.
    """
    account = situation.debit
    calls_for = wanted(
        work, situation.member_id, situation.signing_rule, account.id, account.handling
    )
    if calls_for.count == 1:
        return calls_for
    missing = set(calls_for.members)
    if calls_for.persons == 1:
        missing.discard(situation.member_id)
    others = _others(work, situation, missing)
    if {each.member_id for each in others} != missing:
        raise AccountUnfit(
            account=masked(account.number), reason="no_other_signer", field="debit_account"
        )
    return replace(calls_for, others=others)


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
    for access in wanted.others:
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


def may_sign(
    signer: type[Access] | AliasedClass[Access], *channels: Channel
) -> ColumnElement[bool]:
    """Say whether a user may sign for an account granted to it, through one of the channels (F8).

    Joined are GrantedAccount and Account. Consulting a joint account is enough: its holders debit
    it together.
    """
    joint = Account.handling == Handling.JOINT
    through = {
        Channel.WEB: and_(GrantedAccount.web, signer.by_web),
        Channel.MOBILE: and_(GrantedAccount.mobile, signer.by_mobile),
    }
    return and_(
        or_(GrantedAccount.debit, and_(GrantedAccount.consult, joint)),
        or_(*(through[each] for each in channels)),
    )


def _others(work: Work, situation: Situation, members: Collection[UUID]) -> tuple[Access, ...]:
    """Give the users of these members, other persons than who orders, that can sign."""
    return tuple(
        work.session.scalars(
            select(Access)
            .join(GrantedAccount, GrantedAccount.access_id == Access.id)
            .join(Account, Account.id == GrantedAccount.account_id)
            .where(
                Account.id == situation.debit.id,
                Access.member_id.in_(members),
                Access.person != situation.person,
                Access.status == AccessStatus.ACTIVE,
                may_sign(Access, Channel.WEB, Channel.MOBILE),
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
