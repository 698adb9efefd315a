"""The audit trail: what was done, refused or looked at, chained so that tampering shows (F41).

Events lie in 64 chains, chosen by their subject, each with its own gapless number and head row.
A deed waits for another only while that writes to the same chain, and only from its audit record
to its commit, since records are written last. A daily digest signs all heads (R53, R54).
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from branch_desk.models.base import Base, Key

CHAINS = 64


class AuditHead(Base):
    """The end of a chain: number and hash of its last event."""

    __tablename__ = "audit_head"

    chain: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    hash: Mapped[bytes]


class AuditEvent(Base):
    """One event. `text` is what is hashed; the columns beside it are for finding it."""

    __tablename__ = "audit_event"
    __table_args__ = (
        CheckConstraint("number > 0", name="number"),
        Index("ix_audit_event_at", "at"),
        Index("ix_audit_event_subject", "subject_id", "at"),
        Index("ix_audit_event_member", "member_id", "at"),
        Index("ix_audit_event_staff", "staff_id", "at"),
    )

    chain: Mapped[int] = mapped_column(ForeignKey("audit_head.chain"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(Key())
    staff_id: Mapped[UUID | None]
    access_id: Mapped[UUID | None]
    branch_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None]
    member_id: Mapped[UUID | None]
    text: Mapped[str]
    """Canonical JSON, stored as it was hashed: a re-rendered date would break the chain."""
    hash: Mapped[bytes]
    """SHA-256 over the chain's previous hash and `text`."""


class AuditAnchor(Base):
    """A day's signed digest over all heads; its copy outside the database tells an old backup."""

    __tablename__ = "audit_anchor"

    day: Mapped[date] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    heads: Mapped[str]
    """Canonical JSON of every chain's number and hash."""
    signature: Mapped[bytes]
    """HMAC-SHA256 under the audit key, which is not in the database."""
