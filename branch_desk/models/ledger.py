"""The ledger: what moved from where to where, double entry, append-only.

A posting debits one side and credits the other by one amount in one currency, so that nothing
unbalanced can be written at all. A side is a member's account or one of the house's own accounts.
Members' accounts carry a balance that always equals their postings; those of the house, which
everybody credits, carry none: it is summed when asked, and no payment waits for another there.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from branch_desk.models.account import AccountKind
from branch_desk.models.base import Base, Key, partial_unique
from branch_desk.models.money import Currency

CORE = "CORE"
"""The other side of what the core system's books say: openings and their corrections."""
INTERBANK = "INTERBANK"
"""Debited from members and not yet settled with other banks."""
LOAN_INTEREST = "LOAN_INTEREST"
LOAN_OTHER = "LOAN_OTHER"
"""Insurance, fees: what an instalment holds beside capital and interest."""
_BILLER = "BILLER:"


def biller_account(code: str) -> str:
    """Name the house's account where a biller's money is gathered: `BILLER:CRE`."""
    return _BILLER + code


class PostingKind(StrEnum):
    """Why money moved."""

    OPENING = "OPENING"
    """First balance the core system's books gave an account."""
    ADJUSTMENT = "ADJUSTMENT"
    """The core system's books say another balance than before."""
    TRANSFER = "TRANSFER"
    INTERBANK = "INTERBANK"
    PAYMENT = "PAYMENT"
    """To a biller."""
    LOAN_CAPITAL = "LOAN_CAPITAL"
    LOAN_INTEREST = "LOAN_INTEREST"
    LOAN_OTHER = "LOAN_OTHER"
    REVERSAL = "REVERSAL"
    """Money that came back: another bank or a biller refused it."""


class Posting(Base):
    """An amount that left one side and reached the other."""

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint(
            "(debit_account_id IS NULL) <> (debit_house IS NULL)"
            " AND (credit_account_id IS NULL) <> (credit_house IS NULL)",
            name="sides",
        ),
        CheckConstraint(
            "(debit_account_id = credit_account_id) IS NOT TRUE"
            " AND (debit_house = credit_house) IS NOT TRUE",
            name="two_sides",
        ),
        CheckConstraint("(kind = 'REVERSAL') = (reverses_id IS NOT NULL)", name="reversal"),
        # An account's postings are in its own currency.
        ForeignKeyConstraint(["debit_account_id", "currency"], ["account.id", "account.currency"]),
        ForeignKeyConstraint(["credit_account_id", "currency"], ["account.id", "account.currency"]),
        ForeignKeyConstraint(["reverses_id", "position"], ["posting.entry_id", "posting.position"]),
        Index(
            "ix_posting_debit",
            "debit_account_id",
            "at",
            "entry_id",
            sqlite_where=text("debit_account_id IS NOT NULL"),
            postgresql_where=text("debit_account_id IS NOT NULL"),
        ),
        Index(
            "ix_posting_credit",
            "credit_account_id",
            "at",
            "entry_id",
            sqlite_where=text("credit_account_id IS NOT NULL"),
            postgresql_where=text("credit_account_id IS NOT NULL"),
        ),
        # What came back comes back once.
        partial_unique(
            "uq_posting_reverses", "reverses_id", "position", where=text("reverses_id IS NOT NULL")
        ),
    )

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    """The operation's id; a reversal and a batch of the import have one of their own."""
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[PostingKind]
    at: Mapped[datetime]
    debit_account_id: Mapped[UUID | None]
    debit_house: Mapped[str | None] = mapped_column(Key())
    credit_account_id: Mapped[UUID | None]
    credit_house: Mapped[str | None] = mapped_column(Key())
    currency: Mapped[Currency]
    amount: Mapped[int]
    """Centavos."""
    debit_after: Mapped[int | None]
    """Balance of the debited account afterwards, as a statement shows it."""
    credit_after: Mapped[int | None]
    reverses_id: Mapped[UUID | None]
    """The entry this one takes back."""


def effect(kind: AccountKind, *, debited: int = 0, credited: int = 0) -> int:
    """Say by how much a balance changes: of a loan it is what is owed, which a credit lessens."""
    change = credited - debited
    return -change if kind is AccountKind.LOAN else change
