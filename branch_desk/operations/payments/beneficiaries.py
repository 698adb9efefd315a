"""Whom a member may send money to: found, registered with a code, listed, removed (F31).

Of an account of the cooperative only a masked name is shown, so that the member can confirm the
person and nobody learns names by trying numbers; the tries of a day are counted, too.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from branch_desk.models.access import Access
from branch_desk.models.account import DEBITABLE, Account, AccountKind, AccountStatus, Holder
from branch_desk.models.audit import AuditEvent
from branch_desk.models.beneficiary import Bank, Beneficiary, BeneficiaryKind
from branch_desk.models.calendar import LA_PAZ, local_day
from branch_desk.models.errors import (
    Duplicate,
    InvalidValue,
    KeyUsed,
    NotFound,
    NotWhatWasShown,
    TooMany,
)
from branch_desk.models.event import Event
from branch_desk.models.member import DocumentType, Member
from branch_desk.models.money import Currency
from branch_desk.models.parameter import StarterReason
from branch_desk.models.validation import clean_document, clean_text, required_text
from branch_desk.operations.chains import canonical
from branch_desk.operations.house import outbox
from branch_desk.operations.money.orders import digest
from branch_desk.operations.money.parameters import parameters
from branch_desk.operations.users import totp
from branch_desk.operations.users.attempts import Origin
from branch_desk.operations.users.credential import find_access
from branch_desk.operations.work import Caller, Work, allowed

LOOK_UPS_A_DAY: Final = 20
"""So many account numbers a user may ask a name for in a day; no sheet says how many."""


@dataclass(frozen=True, slots=True)
class Found:
    """An account of the cooperative, as much of it as may be shown."""

    number: str
    kind: AccountKind
    currency: Currency
    masked_name: str
    """`J*** L******` of the first holder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A beneficiary as the member typed it."""

    key: UUID
    """Made by the client: the beneficiary's id."""
    kind: BeneficiaryKind
    account_kind: AccountKind
    number: str
    currency: Currency
    name: str = ""
    """Whole name of the holder at another bank; the masked one of the cooperative's own."""
    document_number: str = ""
    complement: str = ""
    bank_code: str = ""

    def payload(self) -> str:
        """Write all of it as the one text that is hashed."""
        return canonical(
            {
                "beneficiary": self.kind,
                "account_kind": self.account_kind,
                "number": self.number,
                "currency": self.currency,
                "name": self.name,
                "document": self.document_number,
                "complement": self.complement,
                "bank": self.bank_code,
            }
        )


@dataclass(frozen=True, slots=True)
class ProposalPreview:
    """What the member confirms with a code."""

    proposal: Proposal
    sha256: str


@dataclass(frozen=True, slots=True)
class BeneficiaryRow:
    """A registered beneficiary in a list."""

    id: UUID
    kind: BeneficiaryKind
    account_kind: AccountKind
    currency: Currency
    number: str
    name: str
    bank: str
    created_at: datetime
    low_until: datetime | None
    """Until when only a low amount goes there, while that is still to come (F25)."""


@allowed(Caller.MEMBER)
def look_up(work: Work, number: str) -> Found | None:
    """Give the masked holder of an account of the cooperative; each look is recorded.

    None when there is no such account, or none that money may reach: that counts as well.
    Raises InvalidValue, TooMany.
    """
    plain = clean_number(number)
    begins = datetime.combine(local_day(work.now), datetime.min.time(), LA_PAZ)
    asked = work.session.scalar(
        select(func.count())
        .select_from(AuditEvent)
        .where(
            AuditEvent.subject_id == work.access_id,
            AuditEvent.event == Event.BENEFICIARY_LOOKED_UP,
            AuditEvent.at >= begins,
        )
    )
    if (asked or 0) >= LOOK_UPS_A_DAY:
        raise TooMany(kind="look_ups", most=LOOK_UPS_A_DAY)
    work.record(Event.BENEFICIARY_LOOKED_UP, work.access_id, member_id=work.member_id)
    found = _account(work, plain)
    if found is None:
        return None
    return Found(plain, found.kind, found.currency, masked(_holder_name(work, found.id)))


@allowed(Caller.MEMBER, reads=True)
def preview(work: Work, proposal: Proposal) -> ProposalPreview:
    """Check a beneficiary and give what is to be confirmed.

    Raises InvalidValue, NotFound, Duplicate.
    """
    cleaned, _ = _checked(work, proposal)
    return ProposalPreview(cleaned, digest(cleaned.payload()))


@allowed(Caller.MEMBER)
def add(work: Work, proposal: Proposal, *, shown_sha256: str, code: str) -> UUID:
    """Register a beneficiary, confirmed with a code; sent again as it was it is the same one.

    The member is told by mail; at first only a low amount goes there (F25). Raises what `preview`
    does, and NotWhatWasShown, KeyUsed, CodeRefused, LockedOut.
    """
    # A twin sent at the same time is waited for, and then found: its code is no wrong one.
    find_access(work, work.access_id, lock=True)
    known = work.session.get(Beneficiary, proposal.key)
    if known is not None:
        same = known.payload_sha256 == shown_sha256 == digest(proposal.payload())
        if known.access_id != work.access_id or not same:
            raise KeyUsed
        return known.id
    cleaned, account = _checked(work, proposal)
    sha256 = digest(cleaned.payload())
    if sha256 != shown_sha256:
        raise NotWhatWasShown
    totp.verify(work, work.access_id, code, origin=Origin(work.channel))
    work.session.add(
        Beneficiary(
            id=proposal.key,
            member_id=work.member_id,
            access_id=work.access_id,
            kind=cleaned.kind,
            account_id=account.id if account is not None else None,
            account_kind=cleaned.account_kind,
            currency=cleaned.currency,
            number=cleaned.number,
            name=cleaned.name,
            document_number=cleaned.document_number or None,
            complement=cleaned.complement,
            bank_code=cleaned.bank_code or None,
            payload_sha256=sha256,
            created_at=work.now,
        )
    )
    work.session.flush()
    _tell(work, cleaned)
    work.record(
        Event.BENEFICIARY_ADDED,
        proposal.key,
        member_id=work.member_id,
        kind=cleaned.kind,
        currency=cleaned.currency,
        payload_sha256=sha256,
    )
    return proposal.key


@allowed(Caller.MEMBER)
def remove(work: Work, beneficiary_id: UUID) -> None:
    """Take a beneficiary off the list; what was sent stays as it is. Raises NotFound."""
    row = work.session.scalar(
        select(Beneficiary)
        .where(
            Beneficiary.id == beneficiary_id,
            Beneficiary.member_id == work.member_id,
            Beneficiary.removed_at.is_(None),
        )
        .with_for_update(key_share=True)
    )
    if row is None:
        raise NotFound(kind="beneficiary")
    row.removed_at = work.now
    work.record(Event.BENEFICIARY_REMOVED, row.id, member_id=work.member_id)


@allowed(Caller.MEMBER, reads=True)
def mine(work: Work) -> tuple[BeneficiaryRow, ...]:
    """List the member's beneficiaries by name."""
    found = work.session.execute(
        select(Beneficiary, Bank.name)
        .outerjoin(Bank, Bank.code == Beneficiary.bank_code)
        .where(Beneficiary.member_id == work.member_id, Beneficiary.removed_at.is_(None))
        .order_by(Beneficiary.name, Beneficiary.id)
    ).all()
    known = parameters(work)

    def low_until(row: Beneficiary) -> datetime | None:
        starter = known.starter(StarterReason.BENEFICIARY, row.currency, work.now)
        ends = row.created_at + timedelta(hours=starter.hours) if starter else work.now
        return ends if ends > work.now else None

    return tuple(
        BeneficiaryRow(
            id=row.id,
            kind=row.kind,
            account_kind=row.account_kind,
            currency=row.currency,
            number=row.number,
            name=row.name,
            bank=bank or "",
            created_at=row.created_at,
            low_until=low_until(row),
        )
        for row, bank in found
    )


@allowed(Caller.MEMBER, reads=True)
def banks(work: Work) -> tuple[tuple[str, str], ...]:
    """List the other institutions, code and name."""
    rows = work.session.execute(
        select(Bank.code, Bank.name).where(Bank.active).order_by(Bank.position)
    )
    return tuple((code, name) for code, name in rows)


def clean_number(number: str) -> str:
    """Give an account number as typed: digits only, no blanks and no hyphens (manual).

    Raises InvalidValue.
    """
    plain = number.strip()
    if not (plain.isascii() and plain.isdigit()):
        raise InvalidValue(field="number", reason="digits")
    try:
        return required_text("account_number", plain)
    except InvalidValue as refusal:
        raise InvalidValue(field="number", reason=str(refusal.reason)) from None


def masked(name: str) -> str:
    """Show a name's initials only: `Jaime Lazarte` → `J**** L******`."""
    return " ".join(word[0] + "*" * (len(word) - 1) for word in name.split())


def _checked(work: Work, proposal: Proposal) -> tuple[Proposal, Account | None]:
    number = clean_number(proposal.number)
    if proposal.account_kind not in DEBITABLE:
        raise InvalidValue(field="account_kind", reason="choice")
    if proposal.kind is BeneficiaryKind.COOPERATIVE:
        cleaned, account = _here(work, proposal, number)
    else:
        cleaned, account = _elsewhere(work, proposal, number), None
    taken = work.session.scalar(
        select(Beneficiary.id).where(
            Beneficiary.member_id == work.member_id,
            Beneficiary.kind == cleaned.kind,
            Beneficiary.number == number,
            Beneficiary.bank_code == cleaned.bank_code
            if cleaned.bank_code
            else Beneficiary.bank_code.is_(None),
            Beneficiary.removed_at.is_(None),
        )
    )
    if taken is not None:
        raise Duplicate(kind="beneficiary", value=f"…{number[-4:]}", field="number")
    return cleaned, account


def _here(work: Work, proposal: Proposal, number: str) -> tuple[Proposal, Account]:
    account = _account(work, number)
    if account is None or account.kind is not proposal.account_kind:
        raise NotFound(kind="account", field="number")
    own = work.session.get(Holder, (account.id, work.member_id))
    if own is not None:
        raise InvalidValue(field="number", reason="own_account")
    return (
        replace(
            proposal,
            number=number,
            currency=account.currency,
            name=masked(_holder_name(work, account.id)),
            document_number="",
            complement="",
            bank_code="",
        ),
        account,
    )


def _elsewhere(work: Work, proposal: Proposal, number: str) -> Proposal:
    bank = work.session.get(Bank, proposal.bank_code)
    if bank is None or not bank.active:
        raise InvalidValue(field="bank", reason="choice")
    return replace(
        proposal,
        number=number,
        name=_name(proposal.name),
        document_number=clean_document(DocumentType.CI, proposal.document_number),
        complement=clean_text("complement", proposal.complement),
    )


def _name(typed: str) -> str:
    try:
        return required_text("full_name", typed)
    except InvalidValue as refusal:
        refusal.field = "name"  # as the proposal calls it
        raise


def _account(work: Work, number: str) -> Account | None:
    """Find an account money may reach."""
    return work.session.scalar(
        select(Account).where(
            Account.number == number,
            Account.kind.in_(DEBITABLE),
            Account.status == AccountStatus.ACTIVE,
        )
    )


def _holder_name(work: Work, account_id: UUID) -> str:
    member = work.session.scalars(
        select(Member)
        .join(Holder, Holder.member_id == Member.id)
        .where(Holder.account_id == account_id)
        .order_by(Holder.role.desc(), Member.number)  # TITULAR before the others
        .limit(1)
    ).first()
    return member.name if member is not None else ""


def _tell(work: Work, proposal: Proposal) -> None:
    access = work.session.get_one(Access, work.access_id)
    outbox.queue_mail(
        work,
        "beneficiary_added",
        access.email,
        {
            "name": access.person_name,
            "user": access.user_name,
            "at": work.now.isoformat(timespec="seconds"),
            "beneficiary": proposal.name,
            "account": f"…{proposal.number[-4:]}",
        },
        member_id=access.member_id,
        access_id=access.id,
    )
