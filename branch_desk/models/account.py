"""Accounts of the cooperative and who holds them."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from branch_desk.models.base import Base, Key, new_id
from branch_desk.models.money import Currency


def masked(number: str) -> str:
    """Hide all but the last four characters of an account number or client code."""
    return f"…{number[-4:]}" if number else ""


class AccountKind(StrEnum):
    """Products a member can have."""

    SAVINGS = "CA"
    """Caja de ahorro."""
    CURRENT = "CC"
    """Cuenta corriente."""
    TERM_DEPOSIT = "DPF"
    """Depósito a plazo fijo: consult only."""
    LOAN = "PR"
    """Préstamo: consult, and may be paid."""


DEBITABLE = frozenset({AccountKind.SAVINGS, AccountKind.CURRENT})
"""Kinds money may leave from (F8)."""


class Handling(StrEnum):
    """How the holders of a joint account act."""

    INDIVIDUAL = "INDIVIDUAL"
    EITHER = "ALTERNA"
    """Alterna or indistinta: any holder alone."""
    JOINT = "CONJUNTA"
    """All holders sign; at the desk consult only."""


class AccountStatus(StrEnum):
    """State in the core system."""

    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"
    CLOSED = "CLOSED"


class HolderRole(StrEnum):
    """What a member is to an account."""

    HOLDER = "TITULAR"
    CO_HOLDER = "COTITULAR"
    ATTORNEY = "APODERADO"
    REPRESENTATIVE = "REPRESENTANTE"


class Account(Base):
    """An account of the core system."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("length(number) BETWEEN 4 AND 24", name="number_length"),
        # For the postings' foreign key, which holds them in their account's currency.
        UniqueConstraint("id", "currency"),
        CheckConstraint(
            "kind = 'PR' OR balance >= -overdraft",  # a loan may be overpaid
            name="no_overdraft",
        ),
        CheckConstraint("overdraft = 0 OR (kind = 'CC' AND overdraft > 0)", name="overdraft"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(Key(), unique=True)
    """Digits as text, leading zeros kept."""
    kind: Mapped[AccountKind]
    currency: Mapped[Currency]
    handling: Mapped[Handling]
    status: Mapped[AccountStatus]
    opened_on: Mapped[date]
    balance: Mapped[int]
    """Centavos of the account's currency; of a loan, what is owed. Equals the ledger's postings."""
    overdraft: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """How far below zero a current account may go, as agreed; centavos."""


class Holder(Base):
    """A member's part in an account."""

    __tablename__ = "holder"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"), primary_key=True, index=True)
    role: Mapped[HolderRole]
