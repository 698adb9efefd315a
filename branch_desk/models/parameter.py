"""What the house decides by data: ceilings, contract terms, billers; each with its date (F38)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from branch_desk.models.base import Base, Key, new_id
from branch_desk.models.money import Currency


class LimitKind(StrEnum):
    """Kinds of operation a limit is set for (F9)."""

    OWN = "OWN"
    """Between own accounts."""
    THIRD_PARTY = "THIRD_PARTY"
    """To other members of the cooperative."""
    OTHER_BANK = "OTHER_BANK"
    SERVICE = "SERVICE"
    """Bills and top-ups."""


class Amounts:
    """Maximum amounts of one kind of operation in one currency, centavos."""

    kind: Mapped[LimitKind]
    currency: Mapped[Currency]
    per_operation: Mapped[int]
    per_day: Mapped[int]
    per_month: Mapped[int]
    count_per_day: Mapped[int]


def amounts_check() -> CheckConstraint:
    """Hold the order of the amounts; a kind may be closed by four zeros."""
    return CheckConstraint(
        "per_operation >= 0 AND per_operation <= per_day AND per_day <= per_month"
        " AND count_per_day >= 0 AND (per_day = 0) = (count_per_day = 0)"
        " AND (per_operation = 0) = (per_day = 0)",
        name="amounts",
    )


class Ceiling(Amounts, Base):
    """The most the cooperative lets a member choose, from a date on."""

    __tablename__ = "ceiling"
    __table_args__ = (UniqueConstraint("kind", "currency", "effective_from"), amounts_check())

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    effective_from: Mapped[datetime]


class ContractTerms(Base):
    """A version of the terms and conditions a member accepts (F1)."""

    __tablename__ = "contract_terms"

    version: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    sha256: Mapped[str]
    effective_from: Mapped[datetime]


class Biller(Base):
    """A company whose bills or top-ups members pay: CRE, SAGUAPAC, TIGO prepago… (F10)."""

    __tablename__ = "biller"

    code: Mapped[str] = mapped_column(Key(), primary_key=True)
    name: Mapped[str]
    category: Mapped[str]
    prepaid: Mapped[bool]
    minimum: Mapped[int] = mapped_column(default=0)
    """Smallest top-up in centavos of BOB; the manual says Bs 5."""
    code_mask: Mapped[str]
    """Regular expression a client code must match whole."""
    position: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)


class StarterReason(StrEnum):
    """After what the first days have lower limits (F25)."""

    ENROLMENT = "ENROLMENT"
    """The user became active."""
    CONTACT = "CONTACT"
    """Mail or phone changed."""
    BENEFICIARY = "BENEFICIARY"
    """The beneficiary was registered."""


class StarterLimit(Base):
    """The most that leaves in a day while something is new, from a date on (F25)."""

    __tablename__ = "starter_limit"
    __table_args__ = (
        UniqueConstraint("reason", "currency", "effective_from"),
        CheckConstraint("hours > 0 AND per_day >= 0", name="amounts"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    reason: Mapped[StarterReason]
    currency: Mapped[Currency]
    hours: Mapped[int]
    """How long it stays new."""
    per_day: Mapped[int]
    """Centavos, for each kind of operation that takes money from the member's hands."""
    effective_from: Mapped[datetime]


class PolicyName(StrEnum):
    """Numbers the house decides."""

    CUT_OFF_MINUTE = "CUT_OFF_MINUTE"
    """Minute of the day in La Paz: 750 is 12:30."""
    SIGNATURE_HOURS = "SIGNATURE_HOURS"
    """How long an operation waits for its other signatures."""
    INSTALMENTS_AHEAD = "INSTALMENTS_AHEAD"
    """How many instalments may be paid before they are due, beyond the next one."""


class Policy(Base):
    """A number the house decides, from a date on (F38)."""

    __tablename__ = "policy"

    name: Mapped[PolicyName] = mapped_column(primary_key=True)
    effective_from: Mapped[datetime] = mapped_column(primary_key=True)
    value: Mapped[int]
