"""What the desk shows of an e-banking user."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from branch_desk.models.access import (
    Access,
    AccessStatus,
    GrantedAccount,
    GrantedBiller,
    LockReason,
)
from branch_desk.models.account import Account, AccountKind
from branch_desk.models.enrolment import SigningRule
from branch_desk.models.install import Installation
from branch_desk.models.member import Member, MemberKind
from branch_desk.models.money import Currency
from branch_desk.models.parameter import Biller
from branch_desk.operations.enquiries.limit_rows import LimitRow, limits_of
from branch_desk.operations.users.first_steps import FirstAccessSteps, read_steps
from branch_desk.operations.work import Work, allowed


@dataclass(frozen=True, slots=True)
class AccessRow:
    """A user in a list."""

    id: UUID
    user_name: str
    person_name: str
    document: str
    member_id: UUID
    member_number: str
    member_name: str
    is_company: bool
    status: AccessStatus
    locked: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GrantedAccountRow:
    """An account the user may see or debit."""

    number: str
    kind: AccountKind
    currency: Currency
    consult: bool
    debit: bool
    web: bool
    mobile: bool


@dataclass(frozen=True, slots=True)
class AccessFile:
    """All the desk shows of a user."""

    row: AccessRow
    enrolment_id: UUID
    email: str
    mobile: str
    contact_changed_at: datetime | None
    signing_rule: SigningRule | None
    by_web: bool
    by_mobile: bool
    active_since: datetime | None
    locked_at: datetime | None
    lock_reason: LockReason | None
    locked_from: str
    steps: FirstAccessSteps
    accounts: tuple[GrantedAccountRow, ...]
    limits: tuple[LimitRow, ...]
    billers: tuple[str, ...]
    training: bool
    """A user of a practice copy: its papers say that they are worth nothing."""


def row_of(access: Access, member: Member) -> AccessRow:
    """Describe a user for a list."""
    return AccessRow(
        id=access.id,
        user_name=access.user_name,
        person_name=access.person_name,
        document=access.person.split(":", 1)[1],
        member_id=member.id,
        member_number=member.number,
        member_name=member.name,
        is_company=member.kind is MemberKind.COMPANY,
        status=access.status,
        locked=access.locked_at is not None,
        created_at=access.created_at,
    )


@allowed()
def read_file(work: Work, access: Access) -> AccessFile:
    """Put together all of a user."""
    member = work.session.get_one(Member, access.member_id)
    return AccessFile(
        row=row_of(access, member),
        enrolment_id=access.enrolment_id,
        email=access.email,
        mobile=access.mobile,
        contact_changed_at=access.contact_changed_at,
        signing_rule=access.signing_rule,
        by_web=access.by_web,
        by_mobile=access.by_mobile,
        active_since=access.active_since,
        locked_at=access.locked_at,
        lock_reason=access.lock_reason,
        locked_from=access.locked_from or "",
        steps=read_steps(work, access),
        accounts=_accounts(work, access.id),
        limits=limits_of(work, access.id),
        billers=tuple(
            work.session.scalars(
                select(Biller.name)
                .join(GrantedBiller, GrantedBiller.biller_code == Biller.code)
                .where(GrantedBiller.access_id == access.id)
                .order_by(Biller.position)
            )
        ),
        training=work.session.scalars(select(Installation.training)).one(),
    )


def _accounts(work: Work, access_id: UUID) -> tuple[GrantedAccountRow, ...]:
    rows = work.session.execute(
        select(GrantedAccount, Account)
        .join(Account, Account.id == GrantedAccount.account_id)
        .where(GrantedAccount.access_id == access_id)
        .order_by(Account.number)
    )
    return tuple(
        GrantedAccountRow(
            number=account.number,
            kind=account.kind,
            currency=account.currency,
            consult=granted.consult,
            debit=granted.debit,
            web=granted.web,
            mobile=granted.mobile,
        )
        for granted, account in rows
    )
