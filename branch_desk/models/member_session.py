"""A member's signed-in session on the portal, and tries to unlock oneself."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from branch_desk.models.base import Base, new_id, partial_unique
from branch_desk.models.enrolment import Channel

MEMBER_SESSION_MINUTES = 20
"""A member's session ends after this, however busy; no sheet says how long."""
SELF_UNLOCKS = 2
"""So many a member may do alone in 30 days, then the desk (F22)."""
TRIES_PER_DAY = 5
"""Wrong answers of one member in 24 hours, then silence (R48)."""
TRIES_PER_ADDRESS = 20
"""Tries from one network address in an hour, then silence (R48)."""


class MemberSession(Base):
    """A session: only SHA-256 of its token is kept. One lives per user."""

    __tablename__ = "member_session"
    __table_args__ = (
        partial_unique("uq_member_session_live", "access_id", where=text("ended_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    access_id: Mapped[UUID] = mapped_column(ForeignKey("access.id"), index=True)
    token_digest: Mapped[bytes] = mapped_column(unique=True)
    channel: Mapped[Channel]
    address: Mapped[str]
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(default="")


class UnlockTry(Base):
    """A try to unlock oneself, counted before it is judged; nobody's user is counted too."""

    __tablename__ = "unlock_try"
    __table_args__ = (
        Index("ix_unlock_try_access", "access_id", "at"),
        Index("ix_unlock_try_address", "address", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    access_id: Mapped[UUID | None] = mapped_column(ForeignKey("access.id"))
    address: Mapped[str]
    at: Mapped[datetime]
    was_right: Mapped[bool] = mapped_column(default=False)
