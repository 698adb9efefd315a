"""A request for e-banking: who asks, what was verified, what was chosen, where it stands."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from branch_desk.models.base import Base, Key, new_id, partial_unique, second_of
from branch_desk.models.errors import WrongState
from branch_desk.models.member import Applicant, Identified, Named, applicant_checks
from branch_desk.models.parameter import Amounts, amounts_check


class Status(StrEnum):
    """Where a request stands."""

    SUBMITTED = "SUBMITTED"
    """Data complete, terms accepted; «en proceso de aprobación»."""
    IDENTIFIED = "IDENTIFIED"
    """The card was checked against the person, the request and the record."""
    CONFIGURED = "CONFIGURED"
    """Accounts, limits, services and channels are chosen."""
    PRINTED = "PRINTED"
    """A form of the current revision exists on paper."""
    SIGNED = "SIGNED"
    """The signed sheet is filed; waiting for the supervisor."""
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


OPEN = frozenset(
    {Status.SUBMITTED, Status.IDENTIFIED, Status.CONFIGURED, Status.PRINTED, Status.SIGNED}
)
"""States in which a request may still change."""

_ENDS = frozenset({Status.REJECTED, Status.EXPIRED, Status.WITHDRAWN})
_CHANGED_DATA = frozenset({Status.SUBMITTED, Status.IDENTIFIED})

TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.SUBMITTED: _CHANGED_DATA | _ENDS,
    Status.IDENTIFIED: _CHANGED_DATA | {Status.CONFIGURED} | _ENDS,
    Status.CONFIGURED: _CHANGED_DATA | {Status.CONFIGURED, Status.PRINTED} | _ENDS,
    Status.PRINTED: _CHANGED_DATA | {Status.CONFIGURED, Status.PRINTED, Status.SIGNED} | _ENDS,
    Status.SIGNED: _CHANGED_DATA | {Status.CONFIGURED, Status.SIGNED, Status.APPROVED} | _ENDS,
    Status.APPROVED: frozenset(),
    Status.REJECTED: frozenset(),
    Status.EXPIRED: frozenset(),
    Status.WITHDRAWN: frozenset(),
}
"""Changed data lead back to SUBMITTED, a new identity check to IDENTIFIED, a new choice or a
supervisor's return to CONFIGURED: each voids paper, signature and pending approval (F12)."""

EXPIRES_AFTER_DAYS = 30
"""Open requests nobody brought to an end in this time expire."""

HELD_FOR_MINUTES = 15
"""How long an officer keeps a request opened and untouched (F3)."""


class Channel(StrEnum):
    """Where something was done."""

    BRANCH = "BRANCH"
    WEB = "WEB"
    MOBILE = "MOBILE"


class SigningRule(StrEnum):
    """How a company's representatives act (F6)."""

    SOLE = "SOLA_FIRMA"
    JOINT_TWO = "CONJUNTA_DE_DOS"


class Enrolment(Applicant, Base):
    """A request for e-banking."""

    __tablename__ = "enrolment"
    __table_args__ = (
        partial_unique(
            "uq_enrolment_open_document",
            "document_type",
            "document_number",
            "complement",
            where=text("status IN ('SUBMITTED','IDENTIFIED','CONFIGURED','PRINTED','SIGNED')"),
        ),
        Index("ix_enrolment_queue", "branch_id", "status", "submitted_at", "id"),
        Index("ix_enrolment_document_number", "document_number"),
        Index("ix_enrolment_mobile", "mobile"),
        Index("ix_enrolment_email", "email"),
        CheckConstraint("(kind = 'EMPRESA') = (signing_rule IS NOT NULL)", name="signing_rule"),
        CheckConstraint(
            "status IN ('SUBMITTED','REJECTED','EXPIRED','WITHDRAWN') OR member_id IS NOT NULL",
            name="member_known",
        ),
        CheckConstraint("(held_by IS NULL) = (held_until IS NULL)", name="held"),
        *applicant_checks(),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(Key(), unique=True)
    """The folio: branch code, year, counter: `SC01-2026-000123`."""
    status: Mapped[Status]
    revision: Mapped[int] = mapped_column(default=1)
    """Grows with every change of what the member signs; paper names the one it shows."""
    version: Mapped[int] = mapped_column()
    """Grows with every save; the loser of two gets `ChangedMeanwhile` (R19)."""
    channel: Mapped[Channel]
    branch_id: Mapped[UUID] = mapped_column(ForeignKey("branch.id"))
    member_id: Mapped[UUID | None] = mapped_column(ForeignKey("member.id"), index=True)
    user_name: Mapped[str] = mapped_column(Key(), default="")
    """Proposed e-banking user of a person; a company's are its representatives'."""
    signing_rule: Mapped[SigningRule | None]
    submitted_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    terms_version: Mapped[str] = mapped_column(ForeignKey("contract_terms.version"))
    terms_sha256: Mapped[str]
    terms_accepted_at: Mapped[datetime]
    terms_channel: Mapped[Channel] = mapped_column(second_of(Channel, "terms_channel"))
    by_web: Mapped[bool] = mapped_column(default=True)
    by_mobile: Mapped[bool] = mapped_column(default=True)
    """Channels the member may use."""
    held_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    held_until: Mapped[datetime | None]
    end_reason: Mapped[str | None]

    accounts: Mapped[list["ChosenAccount"]] = relationship(
        cascade="all, delete-orphan", order_by="ChosenAccount.account_id"
    )
    limits: Mapped[list["ChosenLimit"]] = relationship(
        cascade="all, delete-orphan", order_by="ChosenLimit.id"
    )
    billers: Mapped[list["ChosenBiller"]] = relationship(
        cascade="all, delete-orphan", order_by="ChosenBiller.biller_code"
    )
    representatives: Mapped[list["Representative"]] = relationship(
        cascade="all, delete-orphan", order_by="Representative.position"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own spelling

    def move(self, target: Status) -> None:
        """Go to `target`. Raises WrongState when TRANSITIONS does not list it."""
        if target not in TRANSITIONS[self.status]:
            raise WrongState(kind="enrolment", current=self.status, target=target)
        self.status = target

    def edited(self, target: Status, now: datetime) -> None:
        """Go to `target` because what the member signs changed: a new revision."""
        self.move(target)
        self.revision += 1
        self.changed_at = now


class Representative(Identified, Named, Base):
    """A person who acts for a company, by a notarised power (F6); each is an e-banking user."""

    __tablename__ = "representative"
    __table_args__ = (
        CheckConstraint("document_type <> 'NIT'", name="natural_person"),
        partial_unique(
            "uq_representative_document",
            "enrolment_id",
            "document_type",
            "document_number",
            "complement",
            where=text("1 = 1"),
        ),
        Index("ix_representative_document_number", "document_number"),
        Index("ix_representative_mobile", "mobile"),
        Index("ix_representative_email", "email"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"))
    position: Mapped[int]
    email: Mapped[str]
    mobile: Mapped[str]
    user_name: Mapped[str] = mapped_column(Key())
    power_number: Mapped[str]
    power_date: Mapped[date]
    notary: Mapped[str]
    power_expiry: Mapped[date | None]
    faculties: Mapped[str]


class ChosenAccount(Base):
    """An account the member wants in e-banking, and what for (F8)."""

    __tablename__ = "chosen_account"
    __table_args__ = (CheckConstraint("NOT debit OR consult", name="debit_needs_consult"),)

    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    consult: Mapped[bool]
    debit: Mapped[bool]
    web: Mapped[bool]
    mobile: Mapped[bool]


class ChosenLimit(Amounts, Base):
    """A maximum the member chose; a company's are per representative (F9)."""

    __tablename__ = "chosen_limit"
    __table_args__ = (
        amounts_check(),
        partial_unique(
            "uq_chosen_limit_person",
            "enrolment_id",
            "kind",
            "currency",
            where=text("representative_id IS NULL"),
        ),
        partial_unique(
            "uq_chosen_limit_representative",
            "representative_id",
            "kind",
            "currency",
            where=text("representative_id IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"))
    representative_id: Mapped[UUID | None] = mapped_column(ForeignKey("representative.id"))


class ChosenBiller(Base):
    """A service the member wants to pay through e-banking; the rest is refused (F10)."""

    __tablename__ = "chosen_biller"

    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"), primary_key=True)
    biller_code: Mapped[str] = mapped_column(ForeignKey("biller.code"), primary_key=True)


class EnrolmentName(Base):
    """A rotation of the applicant's folded name, see `models.member.MemberName`."""

    __tablename__ = "enrolment_name"

    text: Mapped[str] = mapped_column(Key(), primary_key=True)
    enrolment_id: Mapped[UUID] = mapped_column(
        ForeignKey("enrolment.id"), primary_key=True, index=True
    )


class UserName(Base):
    """A claimed e-banking user name, lower case: one owner, whether requested or in use (F1)."""

    __tablename__ = "user_name"

    folded: Mapped[str] = mapped_column(Key(), primary_key=True)
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"), index=True)


class Hand(Base):
    """A person who touched a request: never its approver (R14), kept for good."""

    __tablename__ = "hand"

    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"), primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    since_revision: Mapped[int]


class Counter(Base):
    """A gapless number, taken by one guarded UPDATE."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
