"""The identity check at the counter: what was looked at, what differed, what was filed (F4, F5)."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from branch_desk.models.base import Base, new_id, partial_unique

WARN_BEFORE_EXPIRY_DAYS = 30
INDEFINITE_FROM_AGE = 58
"""From this age a card may be «indefinida» (F5)."""


class CheckPoint(StrEnum):
    """The points of the check list; a verified card has them all."""

    ORIGINAL_SEEN = "ORIGINAL_SEEN"
    PHOTO_MATCHES = "PHOTO_MATCHES"
    SIGNATURE_MATCHES = "SIGNATURE_MATCHES"
    NOT_EXPIRED = "NOT_EXPIRED"
    """Answered by the card's date, or by a supervisor's exception."""
    DATA_EQUAL = "DATA_EQUAL"
    """Equal, or every difference explained."""


class IdentityCheck(Base):
    """One finished check of a request's card, of one revision."""

    __tablename__ = "identity_check"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"), index=True)
    revision: Mapped[int]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    checked_at: Mapped[datetime]
    points: Mapped[str]
    """The ticked points, sorted and joined by spaces: always all of them."""
    card_expiry: Mapped[date | None]
    card_code_sha256: Mapped[str | None]
    """Hash of the card's QR text, which is opaque (its content is not documented)."""

    differences: Mapped[list["Difference"]] = relationship(
        cascade="all, delete-orphan", order_by="Difference.field"
    )


class Difference(Base):
    """A field in which request, record and card do not say the same, and why that is accepted."""

    __tablename__ = "difference"
    __table_args__ = (CheckConstraint("length(reason) >= 3", name="reason"),)

    check_id: Mapped[UUID] = mapped_column(ForeignKey("identity_check.id"), primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    typed: Mapped[str]
    record: Mapped[str]
    card: Mapped[str]
    reason: Mapped[str]


class CardException(Base):
    """A supervisor's leave to go on with an expired card (F5)."""

    __tablename__ = "card_exception"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"), index=True)
    document_expiry: Mapped[date]
    """The date it excuses; another date needs another exception."""
    supervisor_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str]
    granted_at: Mapped[datetime]


class AttachmentKind(StrEnum):
    """What is filed with a request."""

    CARD_FRONT = "CARD_FRONT"
    CARD_BACK = "CARD_BACK"
    POWER = "POWER"
    """Notarised power of a representative."""
    SIGNED_FORM = "SIGNED_FORM"


class Attachment(Base):
    """An image or PDF, sealed for its row; each look at it is recorded."""

    __tablename__ = "attachment"
    __table_args__ = (
        partial_unique(
            "uq_attachment_current",
            "enrolment_id",
            "kind",
            where=text("replaced_at IS NULL AND kind <> 'POWER'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"), index=True)
    kind: Mapped[AttachmentKind]
    form_id: Mapped[UUID | None] = mapped_column(ForeignKey("printed_form.id"))
    media_type: Mapped[str]
    content: Mapped[bytes]
    sha256: Mapped[str]
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    filed_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
