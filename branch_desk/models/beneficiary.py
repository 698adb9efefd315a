"""Whom a member may send money to (manual: productos de terceros)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from branch_desk.models.account import AccountKind
from branch_desk.models.base import Base, Key, new_id, partial_unique
from branch_desk.models.money import Currency


class BeneficiaryKind(StrEnum):
    """Where the account is."""

    COOPERATIVE = "COOPERATIVE"
    OTHER_BANK = "OTHER_BANK"


class Bank(Base):
    """Another financial institution (F30)."""

    __tablename__ = "bank"

    code: Mapped[str] = mapped_column(Key(), primary_key=True)
    name: Mapped[str]
    position: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)


class Beneficiary(Base):
    """An account a member registered to send money to; of a company, all its users see it."""

    __tablename__ = "beneficiary"
    __table_args__ = (
        CheckConstraint(
            "(kind = 'COOPERATIVE') = (account_id IS NOT NULL)"
            " AND (kind = 'OTHER_BANK') = (bank_code IS NOT NULL)"
            " AND (kind = 'OTHER_BANK') = (document_number IS NOT NULL)",
            name="kind",
        ),
        CheckConstraint("account_kind IN ('CA', 'CC')", name="account_kind"),
        partial_unique(
            "uq_beneficiary_live",
            "member_id",
            "kind",
            "number",
            "bank_code",
            where=text("removed_at IS NULL AND bank_code IS NOT NULL"),
        ),
        partial_unique(
            "uq_beneficiary_live_here",
            "member_id",
            "account_id",
            where=text("removed_at IS NULL AND account_id IS NOT NULL"),
        ),
        Index("ix_beneficiary_member", "member_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    """Made by the client, as an operation's: adding twice adds once."""
    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"))
    access_id: Mapped[UUID] = mapped_column(ForeignKey("access.id"))
    """Who registered it."""
    kind: Mapped[BeneficiaryKind]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    account_kind: Mapped[AccountKind]
    currency: Mapped[Currency]
    number: Mapped[str] = mapped_column(Key())
    """Digits as text, leading zeros kept."""
    name: Mapped[str]
    """Of the holder: typed for another bank; masked for the cooperative's own."""
    document_number: Mapped[str | None]
    complement: Mapped[str] = mapped_column(default="")
    bank_code: Mapped[str | None] = mapped_column(ForeignKey("bank.code"))
    payload_sha256: Mapped[str]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
