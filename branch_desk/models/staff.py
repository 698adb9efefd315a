"""The people who work at the cooperative's desks, their branches and their sessions."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from branch_desk.models.base import Base, Key, new_id, partial_unique
from branch_desk.models.member import DocumentType

STAFF_ATTEMPTS = 5
"""Consecutive wrong passwords that lock a staff user (R3)."""


class Role(StrEnum):
    """What a staff user may do; exactly one each, so nothing is added up."""

    OFFICER = "OFICIAL"
    """Prepares requests and unlocks users."""
    SUPERVISOR = "SUPERVISOR"
    """Approves what others prepared."""
    AUDITOR = "AUDITOR"
    """Reads everything, changes nothing."""
    ADMINISTRATOR = "ADMINISTRADOR"
    """Staff, parameters and keys; sees no member data."""


SECOND_FACTOR_ROLES = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
"""Roles that sign in with an authenticator code besides the password (R4)."""


class Branch(Base):
    """An office of the cooperative."""

    __tablename__ = "branch"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(unique=True)
    """Short code that begins its folios: `SC01`."""
    name: Mapped[str]
    city: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)


class Staff(Base):
    """A user of the desk. A person may have had several; four eyes compare the person (R14)."""

    __tablename__ = "staff"
    __table_args__ = (
        CheckConstraint("failed_attempts >= 0", name="failed_attempts"),
        CheckConstraint("user_name = lower(user_name)", name="user_name_lower"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_name: Mapped[str] = mapped_column(unique=True)
    """Lower case, so that it is unique without regard to case."""
    full_name: Mapped[str]
    document_type: Mapped[DocumentType]
    document_number: Mapped[str]
    complement: Mapped[str] = mapped_column(default="")
    person: Mapped[str] = mapped_column(index=True)
    """`models.member.person_key` of the document: who this is, whatever the user name."""
    role: Mapped[Role]
    branch_id: Mapped[UUID] = mapped_column(ForeignKey("branch.id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)
    password_hash: Mapped[str]
    password_changed_at: Mapped[datetime]
    must_change_password: Mapped[bool] = mapped_column(default=True)
    failed_attempts: Mapped[int] = mapped_column(default=0)
    locked_at: Mapped[datetime | None]
    totp_secret: Mapped[bytes | None]
    """Sealed for the row, purpose `staff-totp`; unset until the first sign-in provisions it."""
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None]
    created_at: Mapped[datetime]

    branch: Mapped[Branch] = relationship()


class StaffRelative(Base):
    """A relative a staff user declared: never served by that user (F7)."""

    __tablename__ = "staff_relative"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    relation: Mapped[str]


class StaffSession(Base):
    """One signed-in desk; at most one is alive for each staff user (R12)."""

    __tablename__ = "staff_session"
    __table_args__ = (
        partial_unique("uq_staff_session_live", "staff_id", where=text("ended_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    token_digest: Mapped[bytes] = mapped_column(unique=True)
    """SHA-256 of the 256-bit token only the desk holds."""
    started_at: Mapped[datetime]
    fresh_at: Mapped[datetime | None]
    """When the password (and code) were last given in this session (R13)."""
    locked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    desk_name: Mapped[str] = mapped_column(default="")
    """The machine's name, for «desde dónde»."""

    staff: Mapped[Staff] = relationship()


class Draft(Base):
    """What an officer has typed and not yet saved: survives a power cut and an idle lock (R11)."""

    __tablename__ = "draft"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(Key(), primary_key=True)
    """`new` or the request's id, and the step: `018f…/limits`."""
    content: Mapped[bytes]
    """JSON, sealed for the staff user's row with the subject as purpose: it is personal data."""
    saved_at: Mapped[datetime]
