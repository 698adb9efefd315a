"""The clave inicial: made after the approval, shown once, kept as a hash (F15, R22-R28)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from branch_desk.models.access import (
    CREDENTIAL_HOURS,
    Access,
    AccessStatus,
    Delivery,
    InitialCredential,
    LinkPurpose,
)
from branch_desk.models.base import new_id
from branch_desk.models.credentials import Secret, new_initial_credential
from branch_desk.models.errors import NotFound, UnlockFirst, WrongState
from branch_desk.models.event import Event
from branch_desk.models.member import Member
from branch_desk.models.passwords import PersonalWords
from branch_desk.models.staff import Role, Staff
from branch_desk.operations.house import outbox
from branch_desk.operations.rules import refuse_self_dealing, require_second
from branch_desk.operations.users import links
from branch_desk.operations.users.attempts import OPEN
from branch_desk.operations.work import Desk, Work, allowed

_AGAIN_HOURS = 24
"""A second credential within this time takes a second person (R20)."""


@dataclass(frozen=True, slots=True)
class UnusedCredential:
    """A credential on the list «emitidas sin usar»."""

    access_id: UUID
    user_name: str
    person_name: str
    member_number: str
    issued_at: datetime
    issued_by: str
    expires_at: datetime
    expired: bool
    tries: int


def issue(desk: Desk, access_id: UUID, delivery: Delivery) -> Secret:
    """Make a credential and give it, this once; an older one and its link end.

    The hash is computed between two transactions. Raises SelfDealing, SupervisorNeeded,
    UnlockFirst, WrongState, FreshSignInNeeded.
    """
    credential = new_initial_credential(desk(words_about, access_id))
    desk(keep, access_id, desk.house.hasher.hash(credential.reveal()), delivery)
    return credential


@allowed(Role.OFFICER, Role.SUPERVISOR, fresh=True, reads=True)
def words_about(work: Work, access_id: UUID) -> PersonalWords:
    """Say what a credential of this person may not contain."""
    return personal_words(work, find_access(work, access_id))


@allowed(Role.OFFICER, Role.SUPERVISOR, fresh=True)
def keep(work: Work, access_id: UUID, hashed: str, delivery: Delivery) -> None:
    """Keep a new credential's hash: the second half of `issue`."""
    access = find_access(work, access_id, lock=True)
    refuse_self_dealing(work, access.person)
    if access.status not in OPEN:
        raise WrongState(kind="access", current=access.status, target="credential")
    if access.locked_at is not None:
        raise UnlockFirst
    before = _issued(work, access.id)
    lately = _issued(work, access.id, since=work.now - timedelta(hours=_AGAIN_HOURS))
    if lately:
        require_second(work, "second_credential", access.person)
    revoke(work, access.id)
    work.session.add(
        InitialCredential(
            id=new_id(),
            access_id=access.id,
            hash=hashed,
            issued_by=work.staff_id,
            issued_at=work.now,
            expires_at=work.now + timedelta(hours=CREDENTIAL_HOURS),
            delivery=delivery,
        )
    )
    work.record(Event.CREDENTIAL_ISSUED, access.id, member_id=access.member_id, delivery=delivery)
    links.revoke(work, access.id, LinkPurpose.FIRST_ACCESS)
    again = before > 0 or access.status is not AccessStatus.INVITED
    if again or not links.has_live(work, access.id):
        links.mail_first(work, access)
    if again:
        tell(work, access, "new_credential")


@allowed(Role.OFFICER, Role.SUPERVISOR)
def not_delivered(work: Work, access_id: UUID) -> None:
    """Revoke a credential whose slip did not come out whole (R28). Raises NotFound."""
    access = find_access(work, access_id, lock=True)
    found = work.session.execute(
        update(InitialCredential)
        .where(
            InitialCredential.access_id == access.id,
            InitialCredential.used_at.is_(None),
            InitialCredential.revoked_at.is_(None),
        )
        .values(revoked_at=work.now, delivery=Delivery.FAILED)
        .returning(InitialCredential.id)
    ).one_or_none()
    if found is None:
        raise NotFound(kind="credential")
    work.record(Event.CREDENTIAL_NOT_DELIVERED, access.id, member_id=access.member_id)


@allowed(Role.OFFICER, Role.SUPERVISOR, fresh=True)
def send_link(work: Work, access_id: UUID) -> None:
    """Send the mail «Establecer contraseña» again, with a new link; the older one ends.

    Only while a credential waits to be used. Raises NotFound, SelfDealing, UnlockFirst.
    """
    access = find_access(work, access_id, lock=True)
    refuse_self_dealing(work, access.person)
    if access.locked_at is not None:
        raise UnlockFirst
    if access.status is not AccessStatus.INVITED and not _waiting(work, access.id):
        raise NotFound(kind="credential")
    links.mail_first(work, access)


@allowed(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR, reads=True)
def unused(work: Work) -> tuple[UnusedCredential, ...]:
    """List the credentials issued and not used, the oldest first; an expired one can only go."""
    rows = work.session.execute(
        select(InitialCredential, Access, Member.number, Staff.full_name)
        .join(Access, Access.id == InitialCredential.access_id)
        .join(Member, Member.id == Access.member_id)
        .join(Staff, Staff.id == InitialCredential.issued_by)
        .where(InitialCredential.used_at.is_(None), InitialCredential.revoked_at.is_(None))
        .order_by(InitialCredential.issued_at, InitialCredential.id)
        .limit(500)
    )
    return tuple(
        UnusedCredential(
            access_id=access.id,
            user_name=access.user_name,
            person_name=access.person_name,
            member_number=number,
            issued_at=credential.issued_at,
            issued_by=issuer,
            expires_at=credential.expires_at,
            expired=credential.expires_at <= work.now,
            tries=credential.tries,
        )
        for credential, access, number, issuer in rows
    )


@allowed()
def find_access(work: Work, access_id: UUID, *, lock: bool = False) -> Access:
    """Find a user, locked for change if asked. Raises NotFound."""
    access = work.session.get(Access, access_id, with_for_update=lock or None)
    if access is None:
        raise NotFound(kind="access")
    return access


@allowed()
def personal_words(work: Work, access: Access) -> PersonalWords:
    """Say what no secret of this person may contain."""
    member = work.session.get_one(Member, access.member_id)
    return PersonalWords(
        document=access.person.split(":", 1)[1],
        names=(access.person_name, member.name),
        user_name=access.user_name,
        birth_date=member.birth_date if member.person == access.person else None,
    )


@allowed()
def tell(
    work: Work,
    access: Access,
    template: str,
    *,
    to: str | None = None,
    more: Mapping[str, str] | None = None,
) -> None:
    """Tell the member by mail what was done to the user; `to` another address than today's."""
    outbox.queue_mail(
        work,
        template,
        access.email if to is None else to,
        {
            "name": access.person_name,
            "user": access.user_name,
            "at": work.now.isoformat(timespec="seconds"),
        }
        | dict(more or {}),
        member_id=access.member_id,
        access_id=access.id,
    )


@allowed()
def last_redeemed(work: Work, access_id: UUID) -> str | None:
    """Give the hash of the credential redeemed last: what a slip said is no password (R25)."""
    return work.session.scalar(
        select(InitialCredential.hash)
        .where(InitialCredential.access_id == access_id, InitialCredential.used_at.is_not(None))
        .order_by(InitialCredential.used_at.desc())
        .limit(1)
    )


@allowed()
def revoke(work: Work, access_id: UUID) -> None:
    """End a credential that still waits."""
    work.session.execute(
        update(InitialCredential)
        .where(
            InitialCredential.access_id == access_id,
            InitialCredential.used_at.is_(None),
            InitialCredential.revoked_at.is_(None),
        )
        .values(revoked_at=work.now)
    )


def _issued(work: Work, access_id: UUID, since: datetime | None = None) -> int:
    """Count what was handed out; what never reached the member does not count."""
    counted = (
        select(func.count())
        .select_from(InitialCredential)
        .where(
            InitialCredential.access_id == access_id,
            InitialCredential.delivery != Delivery.FAILED,
        )
    )
    if since is not None:
        counted = counted.where(InitialCredential.issued_at > since)
    return work.session.scalar(counted) or 0


def _waiting(work: Work, access_id: UUID) -> bool:
    found = work.session.scalar(
        select(InitialCredential.id).where(
            InitialCredential.access_id == access_id,
            InitialCredential.used_at.is_(None),
            InitialCredential.revoked_at.is_(None),
            InitialCredential.expires_at > work.now,
        )
    )
    return found is not None
