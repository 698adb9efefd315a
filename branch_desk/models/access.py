"""An e-banking user: its state, secrets, counters, credential, mail links and authenticator."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from branch_desk.models.base import Base, Key, new_id, partial_unique
from branch_desk.models.enrolment import SigningRule
from branch_desk.models.errors import WrongState
from branch_desk.models.member import Member
from branch_desk.models.parameter import Amounts, amounts_check

MEMBER_ATTEMPTS = 3
"""Consecutive wrong passwords that lock (manual); also PINs and answers, each counted apart."""
CODE_ATTEMPTS = 5
"""Consecutive wrong authenticator codes that lock; no sheet says how many, a code is mistyped
more easily than a password is forgotten."""
CREDENTIAL_HOURS = 72
CREDENTIAL_TRIES = 5
LINK_HOURS_FIRST = 24
LINK_MINUTES = 60
UNLOCKS_BEFORE_SUPERVISOR = 2
"""The third unlock in 30 days is the supervisor's (F23)."""
UNLOCKS_COUNTED_DAYS = 30
CONTACT_HOURS = 72
"""So long after a change of mail or phone an unlock is the supervisor's (F23)."""

SECURITY_IMAGES = tuple(
    "arbol barco bicicleta bosque campana casa cometa condor estrella faro flor globo guitarra"
    " hoja lago llama luna montana nube pez puente sol tren velero".split()
)
"""Names of the pictures a member chooses one of."""


class AccessStatus(StrEnum):
    """Life of an e-banking user. Locked is not a state: unlocking brings back the one it had."""

    INVITED = "INVITED"
    """Approved; nothing set yet."""
    ENROLLING = "ENROLLING"
    """The password is set; first access is under way."""
    ACTIVE = "ACTIVE"
    """Every step of first access is done, a code of the authenticator accepted among them."""
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


ACCESS_TRANSITIONS: dict[AccessStatus, frozenset[AccessStatus]] = {
    AccessStatus.INVITED: frozenset({AccessStatus.ENROLLING, AccessStatus.CLOSED}),
    AccessStatus.ENROLLING: frozenset({AccessStatus.ACTIVE, AccessStatus.CLOSED}),
    AccessStatus.ACTIVE: frozenset({AccessStatus.SUSPENDED, AccessStatus.CLOSED}),
    AccessStatus.SUSPENDED: frozenset({AccessStatus.ACTIVE, AccessStatus.CLOSED}),
    AccessStatus.CLOSED: frozenset(),
}


class LockReason(StrEnum):
    """Which counter locked the user (R46)."""

    PASSWORD = "PASSWORD"  # noqa: S105  a word, not a secret
    PIN = "PIN"
    CODE = "CODE"
    ANSWER = "ANSWER"


class Access(Base):
    """A person's e-banking user for a member: one for a person, one for each representative."""

    __tablename__ = "access"
    __table_args__ = (
        partial_unique(
            "uq_access_live_person", "member_id", "person", where=text("status <> 'CLOSED'")
        ),
        Index("ix_access_mobile", "mobile"),
        Index("ix_access_email", "email"),
        CheckConstraint("user_name = lower(user_name)", name="user_name_lower"),
        CheckConstraint("(locked_at IS NULL) = (lock_reason IS NULL)", name="lock_reason"),
        CheckConstraint(
            "failed_passwords >= 0 AND failed_pins >= 0 AND failed_codes >= 0"
            " AND failed_answers >= 0",
            name="counters",
        ),
        CheckConstraint(
            "status IN ('INVITED', 'CLOSED') OR password_hash IS NOT NULL", name="password_set"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_name: Mapped[str] = mapped_column(Key(), unique=True)
    member_id: Mapped[UUID] = mapped_column(ForeignKey("member.id"), index=True)
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"), index=True)
    representative_id: Mapped[UUID | None] = mapped_column(ForeignKey("representative.id"))
    person: Mapped[str] = mapped_column(Key(), index=True)
    person_name: Mapped[str]
    email: Mapped[str]
    mobile: Mapped[str]
    contact_changed_at: Mapped[datetime | None]
    """Last change of mail or phone: unlocking soon after needs a supervisor (F23)."""
    signing_rule: Mapped[SigningRule | None]
    status: Mapped[AccessStatus]
    by_web: Mapped[bool]
    by_mobile: Mapped[bool]
    created_at: Mapped[datetime]
    active_since: Mapped[datetime | None]

    password_hash: Mapped[str | None]
    password_changed_at: Mapped[datetime | None]
    pin_hash: Mapped[str | None]
    pin_changed_at: Mapped[datetime | None]
    security_image: Mapped[str | None]
    image_chosen_at: Mapped[datetime | None]
    secret_question: Mapped[str | None]
    answer_hash: Mapped[str | None]
    question_set_at: Mapped[datetime | None]

    failed_passwords: Mapped[int] = mapped_column(default=0)
    failed_pins: Mapped[int] = mapped_column(default=0)
    failed_codes: Mapped[int] = mapped_column(default=0)
    failed_answers: Mapped[int] = mapped_column(default=0)
    locked_at: Mapped[datetime | None]
    lock_reason: Mapped[LockReason | None]
    locked_from: Mapped[str | None]
    """Channel and address of the attempt that locked."""

    member: Mapped[Member] = relationship(lazy="raise")

    def move(self, target: AccessStatus) -> None:
        """Go to `target`. Raises WrongState when ACCESS_TRANSITIONS does not list it."""
        if target not in ACCESS_TRANSITIONS[self.status]:
            raise WrongState(kind="access", current=self.status, target=target)
        self.status = target


class GrantedAccount(Base):
    """An account the user may see or debit: what is not here is refused."""

    __tablename__ = "granted_account"
    __table_args__ = (CheckConstraint("NOT debit OR consult", name="debit_needs_consult"),)

    access_id: Mapped[UUID] = mapped_column(ForeignKey("access.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    consult: Mapped[bool]
    debit: Mapped[bool]
    web: Mapped[bool]
    mobile: Mapped[bool]


class GrantedLimit(Amounts, Base):
    """The user's maximum amounts in force, and what was used of them.

    Used amounts are of the day and month they name and are nothing on any other: a row that is
    kept, never a sum over movements, so that an operation costs the same after years.
    """

    __tablename__ = "granted_limit"
    __table_args__ = (
        UniqueConstraint("access_id", "kind", "currency"),
        amounts_check(),
        CheckConstraint(
            "used_in_day >= 0 AND count_in_day >= 0 AND used_in_month >= used_in_day", name="used"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    access_id: Mapped[UUID] = mapped_column(ForeignKey("access.id"))
    day: Mapped[date | None]
    """La Paz day of the amounts used; the month is its month."""
    used_in_day: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    count_in_day: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    used_in_month: Mapped[int] = mapped_column(default=0, server_default=text("0"))


class GrantedBiller(Base):
    """A service the user may pay."""

    __tablename__ = "granted_biller"

    access_id: Mapped[UUID] = mapped_column(ForeignKey("access.id"), primary_key=True)
    biller_code: Mapped[str] = mapped_column(ForeignKey("biller.code"), primary_key=True)


class Delivery(StrEnum):
    """How an initial credential reached the member."""

    SCREEN = "SCREEN"
    SLIP = "SLIP"
    FAILED = "FAILED"
    """Printing failed: revoked, «no entregada» (R28)."""


class InitialCredential(Base):
    """A one-time clave inicial (F15): only its Argon2id hash is kept."""

    __tablename__ = "initial_credential"
    __table_args__ = (
        partial_unique(
            "uq_initial_credential_live",
            "access_id",
            where=text("used_at IS NULL AND revoked_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    access_id: Mapped[UUID] = mapped_column(ForeignKey("access.id"), index=True)
    hash: Mapped[str]
    issued_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    delivery: Mapped[Delivery]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class LinkPurpose(StrEnum):
    """What a mail link opens; a link of one purpose opens nothing else (R29)."""

    FIRST_PASSWORD = "FIRST_PASSWORD"  # noqa: S105  a word, not a secret
    FIRST_ACCESS = "FIRST_ACCESS"
    """Not mailed: what redeeming gives to go on to the other steps with."""


class MailLink(Base):
    """A single-use link sent by mail: only SHA-256 of its 256-bit token is kept (F16)."""

    __tablename__ = "mail_link"
    __table_args__ = (
        partial_unique(
            "uq_mail_link_live",
            "access_id",
            "purpose",
            where=text("used_at IS NULL AND revoked_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    access_id: Mapped[UUID] = mapped_column(ForeignKey("access.id"), index=True)
    purpose: Mapped[LinkPurpose]
    token_digest: Mapped[bytes] = mapped_column(unique=True)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class TotpDevice(Base):
    """A member's authenticator (F17): provisioned when its QR is shown, counts once confirmed."""

    __tablename__ = "totp_device"
    __table_args__ = (
        partial_unique("uq_totp_device_live", "access_id", where=text("revoked_at IS NULL")),
        CheckConstraint("period IN (30, 60)", name="period"),
        CheckConstraint("drift_steps BETWEEN -20 AND 20", name="drift"),
        CheckConstraint(
            "confirmed_at IS NULL OR last_step IS NOT NULL", name="confirmed_by_a_code"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    access_id: Mapped[UUID] = mapped_column(ForeignKey("access.id"), index=True)
    secret: Mapped[bytes]
    """Sealed to who verifies codes, for the row: a desk without the private key cannot open it."""
    period: Mapped[int] = mapped_column(default=30)
    """Seconds a code of this phone lasts, detected at confirmation (R35)."""
    drift_steps: Mapped[int] = mapped_column(default=0)
    last_step: Mapped[int | None]
    """Last accepted step; only greater ones are accepted (R37)."""
    provisioned_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    provisioned_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Unlock(Base):
    """One unlocking of a user and what it was founded on (F21)."""

    __tablename__ = "unlock"
    __table_args__ = (CheckConstraint("staff_id IS NULL OR length(reason) >= 10", name="reason"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    access_id: Mapped[UUID] = mapped_column(ForeignKey("access.id"), index=True)
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    """Unset: the member unlocked by secret answer and mail (F22)."""
    reason: Mapped[str] = mapped_column(default="")
    evidence: Mapped[str] = mapped_column(default="")
    """Ticked points of the identity check, as in `IdentityCheck.points`."""
    lock_reason: Mapped[LockReason]
    unlocked_at: Mapped[datetime]
