"""Bills that can be paid, and the services a member subscribed to (F33, F34)."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from branch_desk.models.base import Base, Key, new_id, partial_unique
from branch_desk.models.money import Currency


class BillStatus(StrEnum):
    """Whether a bill may still be paid."""

    PENDING = "PENDING"
    TAKEN = "TAKEN"
    """Somebody ordered its payment; not confirmed yet."""
    PAID = "PAID"
    WITHDRAWN = "WITHDRAWN"
    """No longer in the biller's file: paid elsewhere or taken back."""


class Bill(Base):
    """What a client owes a biller for a period."""

    __tablename__ = "bill"
    __table_args__ = (
        UniqueConstraint("biller_code", "number"),
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_bill_client", "biller_code", "client_code", "due_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    biller_code: Mapped[str] = mapped_column(ForeignKey("biller.code"))
    client_code: Mapped[str] = mapped_column(Key())
    number: Mapped[str] = mapped_column(Key())
    """The biller's own id of it."""
    period: Mapped[str]
    due_on: Mapped[date]
    currency: Mapped[Currency]
    amount: Mapped[int]
    """Centavos."""
    status: Mapped[BillStatus]


class Subscription(Base):
    """A service a member registered, to be reused without typing its code again (F34)."""

    __tablename__ = "subscription"
    __table_args__ = (
        partial_unique(
            "uq_subscription_live",
            "member_id",
            "biller_code",
            "client_code",
            where=text("removed_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"), index=True)
    access_id: Mapped[UUID] = mapped_column(ForeignKey("access.id"))
    biller_code: Mapped[str] = mapped_column(ForeignKey("biller.code"))
    client_code: Mapped[str] = mapped_column(Key())
    description: Mapped[str]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class BillerExport(Base):
    """A file of payments handed to a biller: one for each biller, day and currency.

    A biller's days are closed in their order: what is paid later belongs to a later one.
    """

    __tablename__ = "biller_export"

    biller_code: Mapped[str] = mapped_column(ForeignKey("biller.code"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    """In La Paz."""
    currency: Mapped[Currency] = mapped_column(primary_key=True)
    written_at: Mapped[datetime]
    count: Mapped[int]
    total: Mapped[int]
    """Centavos; equals the postings to the biller's account."""
    sha256: Mapped[str]
