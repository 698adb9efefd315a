"""Loans and their instalments, as the core system planned them (F32)."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from branch_desk.models.base import Base


class Loan(Base):
    """What a loan account was agreed as; its account's balance is the capital still owed."""

    __tablename__ = "loan"
    __table_args__ = (
        CheckConstraint("principal > 0 AND annual_rate >= 0 AND instalments > 0", name="terms"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    principal: Mapped[int]
    """Centavos."""
    annual_rate: Mapped[int]
    """Hundredths of a per cent: 1150 is 11,50 %."""
    disbursed_on: Mapped[date]
    instalments: Mapped[int]


class Instalment(Base):
    """One instalment of the plan; paid ones never change."""

    __tablename__ = "instalment"
    __table_args__ = (
        CheckConstraint("number > 0", name="number"),
        CheckConstraint(
            "capital >= 0 AND interest >= 0 AND other >= 0 AND capital + interest + other > 0",
            name="amounts",
        ),
        CheckConstraint("operation_id IS NULL OR paid_on IS NOT NULL", name="paid"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("loan.account_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    due_on: Mapped[date]
    capital: Mapped[int]
    interest: Mapped[int]
    other: Mapped[int]
    """Insurance and fees. All three centavos of the loan's currency."""
    paid_on: Mapped[date | None]
    operation_id: Mapped[UUID | None] = mapped_column(ForeignKey("operation.id"))
    """The operation that paid it; unset when the core system says it is paid."""
