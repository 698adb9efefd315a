"""Money that comes back: another bank or a biller refused what a member had ordered (F30, F33)."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select

import branch_desk.models.tables  # noqa: F401  an operation refers to most of them
from branch_desk.models.access import Access
from branch_desk.models.account import Account, AccountStatus, masked
from branch_desk.models.base import new_id
from branch_desk.models.beneficiary import Bank, Beneficiary
from branch_desk.models.errors import NotFound, WrongState
from branch_desk.models.event import Event
from branch_desk.models.ledger import Posting, PostingKind, effect
from branch_desk.models.money import Money
from branch_desk.models.operation import Operation, OperationStatus
from branch_desk.models.parameter import Biller
from branch_desk.operations.house import outbox
from branch_desk.operations.work import Work, allowed

RETURNED: Final = frozenset({OperationStatus.REJECTED, OperationStatus.FAILED})
"""The ends of an operation whose money is back."""


@allowed()
def give_back(work: Work, operation_id: UUID, status: OperationStatus, answer: str) -> None:
    """End an operation as `status`, REJECTED or FAILED, and return all its money, once.

    A reversal is a new entry that mirrors the operation's postings, place by place. The money
    returns to the account it left even if that was blocked or closed meanwhile: money never hangs
    between two places; the record says in which state the account was. What the operation used of
    the day's maximum amounts stays used: they bound what was ordered, not what arrived. The member
    who ordered it is told by mail.

    Raises NotFound, WrongState when the operation is not there to be ended so, for one that ended
    already among others; then nothing is changed.
    """
    postings = work.session.scalars(
        select(Posting).where(Posting.entry_id == operation_id).order_by(Posting.position)
    ).all()
    accounts = _locked(work, postings)
    operation = work.session.get(
        Operation, operation_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if operation is None:
        raise NotFound(kind="operation")
    if status not in RETURNED:
        raise WrongState(kind="operation", current=operation.status, target=status)
    operation.move(status)
    operation.answer = answer
    operation.ended_at = work.now
    entry_id = new_id()
    work.session.add_all([_mirrored(work, each, entry_id, accounts) for each in postings])
    account = accounts[operation.debit_account_id]
    work.record(
        Event.OPERATION_RETURNED,
        operation.id,
        member_id=operation.member_id,
        reason=answer,
        kind=operation.kind,
        status=status,
        amount=operation.amount,
        currency=operation.currency,
        account_status=account.status,
    )
    _tell(work, operation, account)


def _locked(work: Work, postings: Sequence[Posting]) -> dict[UUID, Account]:
    """Lock the accounts that are touched, in the order of their ids, as transfers do."""
    ids = {side for each in postings for side in (each.debit_account_id, each.credit_account_id)}
    rows = work.session.scalars(
        select(Account)
        .where(Account.id.in_(ids - {None}))
        .order_by(Account.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


def _mirrored(
    work: Work, posting: Posting, entry_id: UUID, accounts: dict[UUID, Account]
) -> Posting:
    def changed(account_id: UUID | None, *, debited: int = 0, credited: int = 0) -> int | None:
        if account_id is None:
            return None
        account = accounts[account_id]
        account.balance += effect(account.kind, debited=debited, credited=credited)
        return account.balance

    return Posting(
        entry_id=entry_id,
        position=posting.position,
        kind=PostingKind.REVERSAL,
        at=work.now,
        debit_account_id=posting.credit_account_id,
        debit_house=posting.credit_house,
        credit_account_id=posting.debit_account_id,
        credit_house=posting.debit_house,
        currency=posting.currency,
        amount=posting.amount,
        debit_after=changed(posting.credit_account_id, debited=posting.amount),
        credit_after=changed(posting.debit_account_id, credited=posting.amount),
        reverses_id=posting.entry_id,
    )


def _tell(work: Work, operation: Operation, account: Account) -> None:
    access = work.session.get_one(Access, operation.access_id)
    outbox.queue_mail(
        work,
        "operation_returned",
        access.email,
        {
            "name": access.person_name,
            "at": work.now.isoformat(timespec="seconds"),
            "amount": str(Money(operation.amount, operation.currency)),
            "account": masked(account.number),
            "to": _destination(work, operation),
            "reason": operation.answer,
            "what": "transfer" if operation.beneficiary_id is not None else "payment",
            "usable": "yes" if account.status is AccountStatus.ACTIVE else "",
        },
        member_id=operation.member_id,
        access_id=access.id,
    )


def _destination(work: Work, operation: Operation) -> str:
    """Name whom it was for, as the member knows it."""
    if operation.beneficiary_id is None:
        biller = work.session.get(Biller, operation.biller_code)
        return biller.name if biller is not None else ""
    payee = work.session.get_one(Beneficiary, operation.beneficiary_id)
    bank = work.session.get(Bank, payee.bank_code) if payee.bank_code else None
    return " · ".join(each for each in (payee.name, bank.name if bank is not None else "") if each)
