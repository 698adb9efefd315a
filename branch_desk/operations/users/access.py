"""An e-banking user: made at the approval, found, shown, suspended and closed (F19, F24)."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from branch_desk.models.access import (
    Access,
    AccessStatus,
    GrantedAccount,
    GrantedBiller,
    GrantedLimit,
    LinkPurpose,
)
from branch_desk.models.base import new_id
from branch_desk.models.enrolment import Enrolment, Representative
from branch_desk.models.event import Event
from branch_desk.models.member import (
    DocumentType,
    Member,
    MemberKind,
    MemberName,
    folded,
    next_key,
)
from branch_desk.models.staff import Role
from branch_desk.operations.rules import refuse_self_dealing, stated
from branch_desk.operations.users import credential, links, member_sign_in, totp
from branch_desk.operations.users.access_file import AccessFile, AccessRow, read_file, row_of
from branch_desk.operations.users.credential import find_access, tell
from branch_desk.operations.users.first_steps import FirstAccessSteps, read_steps
from branch_desk.operations.work import Work, allowed

MOST_FOUND = 50


@dataclass(frozen=True, slots=True)
class _Person:
    """Who gets a user: the member, or one of a company's representatives."""

    person: str
    name: str
    user_name: str
    email: str
    mobile: str
    representative_id: UUID | None = None


@allowed()
def create_for(work: Work, enrolment: Enrolment) -> list[UUID]:
    """Make the users of an approved request, each with what was chosen and one mail (F16).

    A part of the approval: same transaction, no mail is sent here.
    """
    return [_create(work, enrolment, person) for person in _people(enrolment)]


@allowed(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
def file(work: Work, access_id: UUID) -> AccessFile:
    """Show all of a user; each look is recorded. Raises NotFound."""
    access = find_access(work, access_id)
    work.record(Event.ACCESS_VIEWED, access.id, member_id=access.member_id, operation="file")
    return read_file(work, access)


@allowed(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR, reads=True)
def steps(work: Work, access_id: UUID) -> FirstAccessSteps:
    """Show how far the first access is; asked again and again while the member does it."""
    return read_steps(work, find_access(work, access_id))


@allowed(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR, reads=True)
def find(work: Work, text: str) -> tuple[AccessRow, ...]:
    """Find users by the beginning of user name, document, member number or name; at most 50."""
    plain = " ".join(text[:80].replace("\0", "\ufffd").split())  # PostgreSQL takes no NUL
    if not plain:
        return ()
    found: dict[UUID, None] = {}
    for condition in _conditions(plain):
        room = MOST_FOUND - len(found)
        query = select(Access.id).join(Member, Member.id == Access.member_id).where(condition)
        ids = work.session.scalars(query.order_by(Access.user_name).limit(MOST_FOUND)).all()
        found |= dict.fromkeys(list(dict.fromkeys(ids))[:room])
    rows = work.session.execute(
        select(Access, Member)
        .join(Member, Member.id == Access.member_id)
        .where(Access.id.in_(found))
    )
    by_id = {access.id: row_of(access, member) for access, member in rows}
    return tuple(by_id[each] for each in found)


@allowed(Role.OFFICER, Role.SUPERVISOR, fresh=True)
def suspend(work: Work, access_id: UUID, reason: str) -> None:
    """Stop a user at once: lost phone, fraud, court order (F24).

    Raises WrongState, ReasonMissing, SelfDealing.
    """
    access = _for_change(work, access_id)
    why = stated(reason)
    access.move(AccessStatus.SUSPENDED)
    member_sign_in.end_session(work, access.id, "suspended")
    tell(work, access, "suspended")
    work.record(Event.ACCESS_SUSPENDED, access.id, member_id=access.member_id, reason=why)


@allowed(Role.SUPERVISOR, fresh=True)
def resume(work: Work, access_id: UUID, reason: str) -> None:
    """Let a suspended user work again. Raises WrongState, ReasonMissing, SelfDealing."""
    access = _for_change(work, access_id)
    why = stated(reason)
    access.move(AccessStatus.ACTIVE)
    tell(work, access, "resumed")
    work.record(Event.ACCESS_RESUMED, access.id, member_id=access.member_id, reason=why)


@allowed(Role.SUPERVISOR, fresh=True)
def close(work: Work, access_id: UUID, reason: str) -> None:
    """End a user for good; everything that could open it ends with it.

    Raises WrongState, ReasonMissing, SelfDealing.
    """
    access = _for_change(work, access_id)
    why = stated(reason)
    access.move(AccessStatus.CLOSED)
    member_sign_in.end_session(work, access.id, "closed")
    credential.revoke(work, access.id)
    links.revoke(work, access.id, *LinkPurpose)
    totp.revoke(work, access)
    tell(work, access, "closed")
    work.record(Event.ACCESS_CLOSED, access.id, member_id=access.member_id, reason=why)


def _people(enrolment: Enrolment) -> Iterator[_Person]:
    if enrolment.kind is MemberKind.PERSON:
        yield _Person(
            enrolment.person,
            enrolment.name,
            enrolment.user_name,
            enrolment.email,
            enrolment.mobile,
        )
        return
    for each in enrolment.representatives:
        yield _of(each)


def _of(representative: Representative) -> _Person:
    return _Person(
        representative.person,
        representative.person_name,
        representative.user_name,
        representative.email,
        representative.mobile,
        representative.id,
    )


def _create(work: Work, enrolment: Enrolment, person: _Person) -> UUID:
    access = Access(
        id=new_id(),
        user_name=person.user_name,
        member_id=enrolment.member_id,
        enrolment_id=enrolment.id,
        representative_id=person.representative_id,
        person=person.person,
        person_name=person.name,
        email=person.email,
        mobile=person.mobile,
        signing_rule=enrolment.signing_rule,
        status=AccessStatus.INVITED,
        by_web=enrolment.by_web,
        by_mobile=enrolment.by_mobile,
        created_at=work.now,
    )
    work.session.add(access)
    work.session.flush()
    work.session.add_all(_granted(enrolment, person, access.id))
    work.record(Event.ACCESS_CREATED, access.id, member_id=access.member_id, user=access.user_name)
    links.mail_first(work, access)
    return access.id


def _granted(
    enrolment: Enrolment, person: _Person, access_id: UUID
) -> Iterator[GrantedAccount | GrantedLimit | GrantedBiller]:
    for account in enrolment.accounts:
        yield GrantedAccount(
            access_id=access_id,
            account_id=account.account_id,
            consult=account.consult,
            debit=account.debit,
            web=account.web,
            mobile=account.mobile,
        )
    for limit in enrolment.limits:
        if limit.representative_id == person.representative_id:
            yield GrantedLimit(
                access_id=access_id,
                kind=limit.kind,
                currency=limit.currency,
                per_operation=limit.per_operation,
                per_day=limit.per_day,
                per_month=limit.per_month,
                count_per_day=limit.count_per_day,
            )
    for biller in enrolment.billers:
        yield GrantedBiller(access_id=access_id, biller_code=biller.biller_code)


def _for_change(work: Work, access_id: UUID) -> Access:
    access = find_access(work, access_id, lock=True)
    refuse_self_dealing(work, access.person)
    return access


def _conditions(plain: str) -> Iterator[ColumnElement[bool]]:
    user = plain.lower()
    yield and_(Access.user_name >= user, Access.user_name < next_key(user))
    if any(letter.isdigit() for letter in plain):
        number = plain.upper().replace(" ", "")
        for kind in DocumentType:
            key = f"{kind}:{number}"
            yield and_(Access.person >= key, Access.person < next_key(key))
        yield and_(Member.number >= number, Member.number < next_key(number))
        yield and_(Member.document_number >= number, Member.document_number < next_key(number))
    name = folded(plain)
    if name:
        yield Access.member_id.in_(
            select(MemberName.member_id).where(
                MemberName.text >= name, MemberName.text < next_key(name)
            )
        )
