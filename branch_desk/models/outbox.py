"""Mail waiting to be sent, and what became of it (F42)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from branch_desk.models.base import Base, new_id


class MailStatus(StrEnum):
    """Where a mail is."""

    WAITING = "WAITING"
    SENT = "SENT"
    """Accepted by the mail server."""
    FAILED = "FAILED"
    """Refused for good, or tried too often."""
    CANCELLED = "CANCELLED"


class Mail(Base):
    """One mail to one person."""

    __tablename__ = "mail"
    __table_args__ = (
        Index("ix_mail_due", "status", "next_try_at"),
        CheckConstraint("(status = 'SENT') = (sent_at IS NOT NULL)", name="sent_at"),
        CheckConstraint("status = 'WAITING' OR secret IS NULL", name="secret_is_wiped"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    recipient: Mapped[str]
    template: Mapped[str]
    template_version: Mapped[str] = mapped_column(default="")
    """Version of the template that was sent."""
    values: Mapped[str]
    """Canonical JSON of what the template shows; nothing secret."""
    secret: Mapped[bytes | None]
    """What the template needs and nobody may read, a link's token, sealed; wiped once sent."""
    member_id: Mapped[UUID | None] = mapped_column(ForeignKey("member.id"), index=True)
    access_id: Mapped[UUID | None] = mapped_column(ForeignKey("access.id"), index=True)
    enrolment_id: Mapped[UUID | None] = mapped_column(ForeignKey("enrolment.id"), index=True)
    status: Mapped[MailStatus] = mapped_column(default=MailStatus.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")
    """What the mail server said last."""
