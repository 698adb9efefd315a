"""Staff, their roles and branches: the administrator's work (F37)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from branch_desk.models.base import new_id
from branch_desk.models.credentials import Secret, new_initial_credential
from branch_desk.models.errors import Duplicate, FourEyes, NotFound
from branch_desk.models.event import Event
from branch_desk.models.member import DocumentType, person_key
from branch_desk.models.passwords import PersonalWords
from branch_desk.models.staff import Branch, Role, Staff, StaffRelative, StaffSession
from branch_desk.operations.work import Desk, Work, allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStaff:
    """What is known of a future user of the desk."""

    user_name: str
    full_name: str
    document_type: DocumentType
    document_number: str
    complement: str = ""
    role: Role
    branch_id: UUID


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A line of the administrator's list."""

    id: UUID
    user_name: str
    full_name: str
    role: Role
    branch_id: UUID
    branch: str
    active: bool
    locked_at: datetime | None
    authenticator: bool


@dataclass(frozen=True, slots=True)
class RelativeRow:
    """A relative a user declared: the person's key, and what they are to each other."""

    person: str
    relation: str


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A branch, to be chosen."""

    id: UUID
    code: str
    name: str


def create(desk: Desk, new: NewStaff) -> Secret:
    """Make a user and give the one-time password, which is shown once and must be replaced.

    Raises Duplicate for a taken user name.
    """
    secret = new_initial_credential(PersonalWords(user_name=new.user_name))
    desk(store_new, new, hashed=desk.house.hasher.hash(secret.reveal()))
    return secret


def reset_password(desk: Desk, staff_id: UUID) -> Secret:
    """Give a user a new one-time password and unlock it. Raises FourEyes for oneself (R3)."""
    secret = new_initial_credential()
    desk(store_reset, staff_id, hashed=desk.house.hasher.hash(secret.reveal()))
    return secret


@allowed(Role.ADMINISTRATOR, fresh=True)
def store_new(work: Work, new: NewStaff, *, hashed: str) -> UUID:
    """Store a new user with the hash of its one-time password."""
    user_name = new.user_name.strip().lower()
    if work.session.scalar(select(Staff.id).where(Staff.user_name == user_name)) is not None:
        raise Duplicate(kind="user_name", value=user_name, field="user_name")
    staff = Staff(
        id=new_id(),
        user_name=user_name,
        full_name=new.full_name,
        document_type=new.document_type,
        document_number=new.document_number,
        complement=new.complement,
        person=person_key(new.document_type, new.document_number, new.complement),
        role=new.role,
        branch_id=new.branch_id,
        password_hash=hashed,
        password_changed_at=work.now,
        created_at=work.now,
    )
    work.session.add(staff)
    work.record(Event.STAFF_CREATED, staff.id, role=new.role, user=user_name)
    return staff.id


@allowed(Role.ADMINISTRATOR, fresh=True)
def store_reset(work: Work, staff_id: UUID, *, hashed: str) -> None:
    """Store the hash of a new one-time password; open sessions end."""
    staff = _other(work, staff_id)
    staff.password_hash = hashed
    staff.password_changed_at = work.now
    staff.must_change_password = True
    staff.failed_attempts = 0
    staff.locked_at = None
    _end_sessions(work, staff_id, "password_reset")
    work.record(Event.STAFF_PASSWORD_RESET, staff_id)


@allowed(Role.ADMINISTRATOR, fresh=True)
def reset_authenticator(work: Work, staff_id: UUID) -> None:
    """Forget a user's authenticator: the next sign-in must prove a new one."""
    staff = _other(work, staff_id)
    staff.totp_secret = None
    staff.totp_confirmed_at = None
    staff.totp_last_step = None
    _end_sessions(work, staff_id, "authenticator_reset")
    work.record(Event.STAFF_CHANGED, staff_id, field="authenticator")


@allowed(Role.ADMINISTRATOR, fresh=True)
def unlock(work: Work, staff_id: UUID) -> None:
    """Unlock a staff user. Raises FourEyes for oneself."""
    staff = _other(work, staff_id)
    staff.failed_attempts = 0
    staff.locked_at = None
    work.record(Event.STAFF_UNLOCKED, staff_id)


@allowed(Role.ADMINISTRATOR, fresh=True)
def change(work: Work, staff_id: UUID, *, role: Role, branch_id: UUID, active: bool) -> None:
    """Change role, branch or activity; it counts from the user's very next operation (R7)."""
    staff = _other(work, staff_id)
    after = {"role": role, "branch_id": branch_id, "active": active}
    changed = [name for name, value in after.items() if getattr(staff, name) != value]
    for name in changed:
        setattr(staff, name, after[name])
    if not active:
        _end_sessions(work, staff_id, "disabled")
    work.record(Event.STAFF_CHANGED, staff_id, fields=changed, role=role)


@allowed(Role.ADMINISTRATOR, fresh=True)
def declare_relative(work: Work, staff_id: UUID, person: str, relation: str) -> None:
    """Note a relative a user declared: never served by that user (F7)."""
    work.session.merge(StaffRelative(staff_id=staff_id, person=person, relation=relation))
    work.record(Event.STAFF_CHANGED, staff_id, field="relatives", relation=relation)


@allowed(Role.ADMINISTRATOR, fresh=True)
def drop_relative(work: Work, staff_id: UUID, person: str) -> None:
    """Take back a declared relative, e.g. one noted by mistake. Raises NotFound."""
    _other(work, staff_id)
    relative = work.session.get(StaffRelative, (staff_id, person), with_for_update=True)
    if relative is None:
        raise NotFound(kind="relative")
    work.session.delete(relative)
    work.record(
        Event.STAFF_CHANGED, staff_id, field="relatives", relation=relative.relation, outcome="gone"
    )


@allowed(Role.ADMINISTRATOR, Role.AUDITOR, reads=True)
def relatives(work: Work, staff_id: UUID) -> tuple[RelativeRow, ...]:
    """List the relatives a user declared."""
    mine = select(StaffRelative).where(StaffRelative.staff_id == staff_id)
    rows = work.session.scalars(mine.order_by(StaffRelative.person))
    return tuple(RelativeRow(row.person, row.relation) for row in rows)


@allowed(Role.ADMINISTRATOR, fresh=True)
def create_branch(work: Work, code: str, name: str, city: str) -> UUID:
    """Open a branch. Raises Duplicate for a taken code."""
    if work.session.scalar(select(Branch.id).where(Branch.code == code)) is not None:
        raise Duplicate(kind="branch", value=code, field="code")
    branch = Branch(id=new_id(), code=code, name=name, city=city)
    work.session.add(branch)
    work.record(Event.BRANCH_CREATED, branch.id, branch=code)
    return branch.id


@allowed(Role.ADMINISTRATOR, Role.AUDITOR, reads=True)
def everybody(work: Work) -> tuple[StaffRow, ...]:
    """List all users of the desk."""
    rows = work.session.scalars(select(Staff).order_by(Staff.full_name)).all()
    return tuple(
        StaffRow(
            id=staff.id,
            user_name=staff.user_name,
            full_name=staff.full_name,
            role=staff.role,
            branch_id=staff.branch_id,
            branch=staff.branch.name,
            active=staff.active,
            locked_at=staff.locked_at,
            authenticator=staff.totp_confirmed_at is not None,
        )
        for staff in rows
    )


@allowed(*Role, reads=True)
def branches(work: Work) -> tuple[BranchRow, ...]:
    """List the active branches."""
    found = work.session.scalars(select(Branch).where(Branch.active).order_by(Branch.name))
    return tuple(BranchRow(branch.id, branch.code, branch.name) for branch in found)


def _other(work: Work, staff_id: UUID) -> Staff:
    """Find a user who is not the actor: nobody administers oneself, by person (R3, R14)."""
    staff = work.session.get(Staff, staff_id, with_for_update=True)
    if staff is None:
        raise NotFound(kind="staff")
    if staff.person == work.actor.person:
        raise FourEyes(person=staff.full_name)
    return staff


def _end_sessions(work: Work, staff_id: UUID, reason: str) -> None:
    work.session.execute(
        update(StaffSession)
        .where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
        .values(ended_at=work.now, end_reason=reason)
    )
