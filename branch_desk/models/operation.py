"""What members do with their money: one row for each transfer or payment, and who signed it.

The id is made by the client before it sends anything: the same id with the same data is the same
deed, however often it is sent (R61). What was confirmed with a code is kept as it was hashed.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from branch_desk.models.base import Base, Key, partial_unique
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import WrongState
from branch_desk.models.money import Currency
from branch_desk.models.parameter import LimitKind


class OperationKind(StrEnum):
    """Kinds of operation."""

    OWN = "OWN"
    """Between accounts the member holds, a joint one included (F28)."""
    THIRD_PARTY = "THIRD_PARTY"
    """To a registered beneficiary in the cooperative (F29)."""
    OTHER_BANK = "OTHER_BANK"
    """To a registered beneficiary elsewhere (F30)."""
    LOAN = "LOAN"
    """An instalment (F32)."""
    BILL = "BILL"
    """A postpaid bill (F33)."""
    TOP_UP = "TOP_UP"
    """A prepaid telephone (F33)."""


LIMIT_OF: dict[OperationKind, LimitKind] = {
    OperationKind.OWN: LimitKind.OWN,
    OperationKind.THIRD_PARTY: LimitKind.THIRD_PARTY,
    OperationKind.OTHER_BANK: LimitKind.OTHER_BANK,
    OperationKind.LOAN: LimitKind.OWN,
    OperationKind.BILL: LimitKind.SERVICE,
    OperationKind.TOP_UP: LimitKind.SERVICE,
}
"""Which maximum amounts bound it (F9)."""


class OperationStatus(StrEnum):
    """Where an operation stands. Money has moved in all states but the first three."""

    WAITING = "WAITING"
    """For the others who must sign."""
    CANCELLED = "CANCELLED"
    """Taken back by one of its signers before all had signed."""
    LAPSED = "LAPSED"
    """The others did not sign in time."""
    DONE = "DONE"
    """Posted inside the cooperative."""
    RECEIVED = "RECEIVED"
    """For another bank: debited, waiting for the cut-off."""
    BATCHED = "BATCHED"
    """In the batch of its day."""
    SENT = "SENT"
    """The batch's file is written."""
    CREDITED = "CREDITED"
    REJECTED = "REJECTED"
    """The other bank refused it; the money is back."""
    ACCEPTED = "ACCEPTED"
    """For a biller: debited, not yet confirmed."""
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"
    """The biller refused it; the money is back."""


_S = OperationStatus
_BEGINNINGS = frozenset({_S.DONE, _S.RECEIVED, _S.ACCEPTED})

OPERATION_TRANSITIONS: dict[OperationStatus, frozenset[OperationStatus]] = {
    _S.WAITING: _BEGINNINGS | {_S.CANCELLED, _S.LAPSED},
    _S.RECEIVED: frozenset({_S.BATCHED}),
    _S.BATCHED: frozenset({_S.SENT}),
    _S.SENT: frozenset({_S.CREDITED, _S.REJECTED}),
    _S.ACCEPTED: frozenset({_S.CONFIRMED, _S.FAILED}),
    **{end: frozenset() for end in (_S.CANCELLED, _S.LAPSED, _S.DONE, _S.CREDITED)},
    **{end: frozenset() for end in (_S.REJECTED, _S.CONFIRMED, _S.FAILED)},
}

BEGINS_AS: dict[OperationKind, OperationStatus] = {
    OperationKind.OWN: _S.DONE,
    OperationKind.THIRD_PARTY: _S.DONE,
    OperationKind.LOAN: _S.DONE,
    OperationKind.OTHER_BANK: _S.RECEIVED,
    OperationKind.BILL: _S.ACCEPTED,
    OperationKind.TOP_UP: _S.ACCEPTED,
}
"""The state of an operation whose money has just moved."""

UNDER_WAY = frozenset({_S.WAITING, _S.RECEIVED, _S.BATCHED, _S.SENT, _S.ACCEPTED})
"""States in which something is still to come."""


class Operation(Base):
    """A transfer or payment a member ordered."""

    __tablename__ = "operation"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(kind = 'OTHER_BANK') = (value_date IS NOT NULL)", name="value_date"),
        CheckConstraint(
            "(kind IN ('BILL', 'TOP_UP')) = (biller_code IS NOT NULL)"
            " AND (kind = 'BILL') = (bill_id IS NOT NULL)",
            name="biller",
        ),
        CheckConstraint(
            "(kind IN ('THIRD_PARTY', 'OTHER_BANK')) = (beneficiary_id IS NOT NULL)",
            name="beneficiary",
        ),
        CheckConstraint(
            "(kind IN ('OWN', 'THIRD_PARTY', 'LOAN')) = (credit_account_id IS NOT NULL)",
            name="credit_account",
        ),
        CheckConstraint("debit_account_id <> credit_account_id", name="two_accounts"),
        CheckConstraint("status <> 'WAITING' OR expires_at IS NOT NULL", name="expires"),
        Index("ix_operation_member", "member_id", "created_at", "id"),
        # What a member still waits for, without reading through years of what has ended.
        Index(
            "ix_operation_member_under_way",
            "member_id",
            "created_at",
            "id",
            sqlite_where=text("status IN ('WAITING','RECEIVED','BATCHED','SENT','ACCEPTED')"),
            postgresql_where=text("status IN ('WAITING','RECEIVED','BATCHED','SENT','ACCEPTED')"),
        ),
        # Small by nature: what still has to go somewhere.
        Index(
            "ix_operation_under_way",
            "status",
            "value_date",
            "id",
            sqlite_where=text("status IN ('WAITING','RECEIVED','BATCHED','SENT','ACCEPTED')"),
            postgresql_where=text("status IN ('WAITING','RECEIVED','BATCHED','SENT','ACCEPTED')"),
        ),
        Index(
            "ix_operation_batch",
            "batch_id",
            sqlite_where=text("batch_id IS NOT NULL"),
            postgresql_where=text("batch_id IS NOT NULL"),
        ),
        # A bill is paid once, however many hold its code (F33).
        partial_unique(
            "uq_operation_bill",
            "bill_id",
            where=text("bill_id IS NOT NULL AND status IN ('WAITING','ACCEPTED','CONFIRMED')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Made by the client: the idempotency key."""
    kind: Mapped[OperationKind]
    status: Mapped[OperationStatus]
    access_id: Mapped[UUID] = mapped_column(ForeignKey("access.id"))
    """Who ordered it."""
    member_id: Mapped[UUID]
    """Whose user that is. No foreign key: the user's row holds it, and each costs a look-up."""
    channel: Mapped[Channel]
    debit_account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    credit_account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    beneficiary_id: Mapped[UUID | None] = mapped_column(ForeignKey("beneficiary.id"))
    currency: Mapped[Currency]
    amount: Mapped[int]
    """Centavos."""
    payload: Mapped[str]
    """Canonical JSON of all that was shown and confirmed."""
    payload_sha256: Mapped[str]
    totp_step: Mapped[int | None]
    """Step of the code that confirmed it; unset for a run of a schedule, which was confirmed."""
    created_at: Mapped[datetime]
    moved_at: Mapped[datetime | None]
    """When the money moved."""
    ended_at: Mapped[datetime | None]
    """When the last state was reached, for what others had to answer."""
    expires_at: Mapped[datetime | None]
    """Until when the others may sign."""
    value_date: Mapped[date | None]
    """Day on which the other bank credits it, as promised."""
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("interbank_batch.id"))
    biller_code: Mapped[str | None] = mapped_column(Key())
    """No foreign key: all who pay one biller would lock its row."""
    client_code: Mapped[str | None]
    bill_id: Mapped[UUID | None] = mapped_column(ForeignKey("bill.id"))
    schedule_id: Mapped[UUID | None] = mapped_column(ForeignKey("schedule.id"))
    answer: Mapped[str] = mapped_column(default="")
    """What the other bank or the biller said: reference or reason."""

    def move(self, target: OperationStatus) -> None:
        """Go to `target`. Raises WrongState when OPERATION_TRANSITIONS does not list it."""
        if target not in OPERATION_TRANSITIONS[self.status]:
            raise WrongState(kind="operation", current=self.status, target=target)
        self.status = target


class OperationSignature(Base):
    """One person's signature under an operation that needs several (F6, F8)."""

    __tablename__ = "operation_signature"
    __table_args__ = (UniqueConstraint("operation_id", "person"),)

    operation_id: Mapped[UUID] = mapped_column(ForeignKey("operation.id"), primary_key=True)
    access_id: Mapped[UUID] = mapped_column(ForeignKey("access.id"), primary_key=True, index=True)
    member_id: Mapped[UUID]
    person: Mapped[str] = mapped_column(Key())
    totp_step: Mapped[int]
    signed_at: Mapped[datetime]
