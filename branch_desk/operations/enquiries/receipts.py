"""Receipts of members' operations, and whether one that is shown is ours (F28-F33).

The code on a receipt is the house's own word for all of the operation that never changes once
money has moved. Nothing of it is stored: it is reckoned again when somebody asks. The state goes
on changing, so it stands on the paper with its instant and is told anew by `verify`.
"""

import hmac
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import aliased

from branch_desk.models.access import Access, GrantedAccount
from branch_desk.models.account import Account, Holder
from branch_desk.models.beneficiary import Bank, Beneficiary
from branch_desk.models.bill import Bill
from branch_desk.models.calendar import LA_PAZ
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import NotFound
from branch_desk.models.event import Event
from branch_desk.models.install import Installation
from branch_desk.models.keys import Keys
from branch_desk.models.loan import Instalment
from branch_desk.models.member import Member
from branch_desk.models.money import Money
from branch_desk.models.operation import (
    Operation,
    OperationKind,
    OperationSignature,
    OperationStatus,
)
from branch_desk.models.parameter import Biller
from branch_desk.models.receipt_code import CODE_BYTES, ReceiptCode
from branch_desk.models.staff import Branch, Role
from branch_desk.operations.money.orders import digest, from_payload
from branch_desk.operations.request.form_terms import COOPERATIVE
from branch_desk.operations.work import Caller, Work, allowed, canonical
from branch_desk.reports import receipt_words
from branch_desk.reports.paper import Letterhead
from branch_desk.reports.receipt import (
    Destination,
    PaidBill,
    PaidInstalment,
    ReceiptPaper,
    SignedBy,
)
from branch_desk.reports.receipt_words import initials, masked

_DESK: Final = (Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
_PURPOSE: Final = "receipt"
_Credit = aliased(Account)


@dataclass(frozen=True, slots=True)
class Books:
    """What the books say of an operation whose receipt is genuine; of persons the initials."""

    number: str
    kind: OperationKind
    status: OperationStatus
    """As it is now, whatever the paper says."""
    money: Money
    moved_at: datetime
    member: str
    debit_account: str
    receiver: str
    """Account, biller or telephone, and whose."""
    value_date: date | None
    """Day on which another bank was promised to credit it."""
    training: bool
    """Of a practice copy: worth nothing."""


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """Whether number and code are of a receipt of this house; no more than that when not."""

    books: Books | None

    @property
    def genuine(self) -> bool:
        """Say whether it is one of ours."""
        return self.books is not None


@allowed(Caller.MEMBER, reads=True)
def mine(work: Work, operation_id: UUID) -> ReceiptPaper:
    """Give a member the receipt of an operation of the own.

    Ordered by this user, or from an account it may consult through this channel. Raises NotFound.
    """
    mobile = work.channel is Channel.MOBILE
    consults = exists().where(
        GrantedAccount.access_id == work.access_id,
        GrantedAccount.account_id == Operation.debit_account_id,
        GrantedAccount.consult.is_(True),
        (GrantedAccount.mobile if mobile else GrantedAccount.web).is_(True),
        Holder.account_id == GrantedAccount.account_id,
        Holder.member_id == work.member_id,
    )
    own = and_(
        Operation.member_id == work.member_id,
        or_(Operation.access_id == work.access_id, consults),
    )
    return receipt_of(work, operation_id, own)


@allowed(*_DESK)
def reprint(work: Work, operation_id: UUID) -> ReceiptPaper:
    """Give the desk a copy of a receipt; who asked is recorded. Raises NotFound."""
    paper = receipt_of(work, operation_id, copy=True)
    member_id = work.session.get_one(Operation, operation_id).member_id
    work.record(Event.RECEIPT_REPRINTED, operation_id, member_id=member_id)
    return paper


@allowed()
def receipt_of(
    work: Work, operation_id: UUID, *where: ColumnElement[bool], copy: bool = False
) -> ReceiptPaper:
    """Put together the receipt of an operation that meets the conditions.

    Raises NotFound; with the reason `not_moved` when no money has moved (yet).
    """
    row = _row(work, operation_id, *where)
    if row is None:
        raise NotFound(kind="receipt")
    made: Operation = row.Operation
    if made.moved_at is None:
        raise NotFound(kind="receipt", reason="not_moved")
    code = _code(work.keys, made)
    order = from_payload(made.id, made.payload)
    state, note = receipt_words.STATES[made.status.name]
    return ReceiptPaper(
        letterhead=Letterhead(COOPERATIVE, row.Branch.name, row.Branch.city),
        number=code.number,
        code=code.code,
        payload=code.payload,
        issued_at=work.now.astimezone(LA_PAZ),
        kind=receipt_words.KINDS[made.kind.name],
        state=state,
        state_note=note,
        answer=made.answer,
        amount=made.amount,
        currency=made.currency.value,
        ordered_at=made.created_at.astimezone(LA_PAZ),
        moved_at=made.moved_at.astimezone(LA_PAZ),
        channel=receipt_words.CHANNELS[made.channel.name],
        scheduled=made.schedule_id is not None,
        member=row.Member.name,
        member_number=row.Member.number,
        debit_account=_account(row.debit),
        destination=_destination(row),
        concept=order.concept,
        origin=order.origin,
        funds_destination=order.destination,
        promised_on=made.value_date,
        instalments=_instalments(work, made),
        bill=_bill(row),
        ordered_by=row.person_name,
        signed_by=_signed_by(work, made.id),
        copy=copy,
        training=row.training,
    )


@allowed(Caller.SYSTEM, *_DESK, reads=True)
def verify(work: Work, number: str, code: str = "") -> VerifiedReceipt:
    """Say whether a receipt is genuine, and what the books say of its operation now.

    `number` and `code` as they were typed, or the whole text of the QR as `number`. An unknown
    number and a wrong code get the same answer.
    """
    said = ReceiptCode.read(number, code)
    if said is None:
        return VerifiedReceipt(None)
    row = _row(work, said.operation_id)
    made: Operation | None = row.Operation if row is not None else None
    right = _code(work.keys, made).proof if made is not None else bytes(CODE_BYTES)
    same = hmac.compare_digest(said.proof, right)
    if row is None or made is None or made.moved_at is None or not same:
        return VerifiedReceipt(None)
    return VerifiedReceipt(
        Books(
            number=said.number,
            kind=made.kind,
            status=made.status,
            money=Money(made.amount, made.currency),
            moved_at=made.moved_at,
            member=initials(row.Member.name),
            debit_account=_account(row.debit),
            receiver=_receiver(row),
            value_date=made.value_date,
            training=row.training,
        )
    )


def _code(keys: Keys, made: Operation) -> ReceiptCode:
    """Reckon the code: over what stands fixed once the money has moved."""
    text = canonical(
        {
            "id": made.id,
            "kind": made.kind,
            "access": made.access_id,
            "member": made.member_id,
            "channel": made.channel,
            "from": made.debit_account_id,
            "to": made.credit_account_id,
            "beneficiary": made.beneficiary_id,
            "biller": made.biller_code,
            "client": made.client_code,
            "bill": made.bill_id,
            "amount": made.amount,
            "currency": made.currency,
            "schedule": made.schedule_id,
            "created_at": _instant(made.created_at),
            "moved_at": _instant(made.moved_at),
            "value_date": made.value_date,
            "payload_sha256": made.payload_sha256,
            # Of the text as it is kept, too: what is printed of it stands under the code.
            "kept_sha256": digest(made.payload),
        }
    )
    return ReceiptCode(made.id, keys.digest(_PURPOSE, text.encode())[:CODE_BYTES])


def _instant(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")


def _row(work: Work, operation_id: UUID, *where: ColumnElement[bool]) -> Any:  # noqa: ANN401  a row
    debit = aliased(Account, name="debit")
    return work.session.execute(
        select(
            Operation,
            Member,
            Branch,
            debit,
            _Credit.number.label("credit_number"),
            _Credit.kind.label("credit_kind"),
            Access.person_name,
            Beneficiary,
            Bank.name.label("bank"),
            Bill,
            Biller.name.label("biller"),
            Installation.training,
        )
        .join(Member, Member.id == Operation.member_id)
        .join(Branch, Branch.id == Member.branch_id)
        .join(debit, debit.id == Operation.debit_account_id)
        .join(Access, Access.id == Operation.access_id)
        .join(Installation, Installation.id == 1)
        .outerjoin(_Credit, _Credit.id == Operation.credit_account_id)
        .outerjoin(Beneficiary, Beneficiary.id == Operation.beneficiary_id)
        .outerjoin(Bank, Bank.code == Beneficiary.bank_code)
        .outerjoin(Bill, Bill.id == Operation.bill_id)
        .outerjoin(Biller, Biller.code == Operation.biller_code)
        .where(Operation.id == operation_id, *where)
    ).one_or_none()


def _account(account: Account) -> str:
    return f"{receipt_words.ACCOUNTS[account.kind.value]} {masked(account.number)}"


def _destination(row: Any) -> Destination | None:  # noqa: ANN401  a row
    payee: Beneficiary | None = row.Beneficiary
    if payee is not None:
        account = f"{receipt_words.ACCOUNTS[payee.account_kind.value]} {masked(payee.number)}"
        return Destination(account, payee.name, row.bank or "")
    if row.credit_number is None:
        return None
    kind = receipt_words.ACCOUNTS[row.credit_kind.value]
    return Destination(f"{kind} {masked(row.credit_number)}")


def _bill(row: Any) -> PaidBill | None:  # noqa: ANN401  a row
    made: Operation = row.Operation
    if made.biller_code is None:
        return None
    biller = row.biller or made.biller_code
    bill: Bill | None = row.Bill
    if bill is None:
        return PaidBill(biller, made.client_code or "")
    return PaidBill(biller, made.client_code or bill.client_code, bill.number, bill.period)


def _receiver(row: Any) -> str:  # noqa: ANN401  a row
    to, bill = _destination(row), _bill(row)
    if bill is not None:
        return f"{bill.biller} · {masked(bill.client)}"
    assert to is not None  # the table's constraint: a biller, a beneficiary or an account
    return " · ".join(part for part in (to.account, initials(to.name), to.bank) if part)


def _instalments(work: Work, made: Operation) -> tuple[PaidInstalment, ...]:
    if made.kind is not OperationKind.LOAN:
        return ()
    rows = work.session.scalars(
        select(Instalment)
        .where(Instalment.account_id == made.credit_account_id, Instalment.operation_id == made.id)
        .order_by(Instalment.number)
    )
    return tuple(
        PaidInstalment(each.number, each.due_on, each.capital, each.interest, each.other)
        for each in rows
    )


def _signed_by(work: Work, operation_id: UUID) -> tuple[SignedBy, ...]:
    rows = work.session.execute(
        select(Access.person_name, OperationSignature.signed_at)
        .join(Access, Access.id == OperationSignature.access_id)
        .where(OperationSignature.operation_id == operation_id)
        .order_by(OperationSignature.signed_at, OperationSignature.access_id)
    )
    return tuple(SignedBy(name, at.astimezone(LA_PAZ)) for name, at in rows)
