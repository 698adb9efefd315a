"""A member's loans: the plan of instalments, what can be paid of it now, and paying it (F32).

The oldest unpaid instalment comes first and none is left out. What is overdue or due can always be
paid; ahead, the next one and as many beyond it as the house lets. An instalment that is paid ahead
costs what the plan says, interest included: whether paying early lowers later interest is for the
core system, which plans anew and sends the plan; nothing is computed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import takewhile
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from branch_desk.models.access import GrantedAccount
from branch_desk.models.account import Account, AccountStatus, Holder
from branch_desk.models.calendar import local_day
from branch_desk.models.database import TryAgain
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import (
    AmountDiffers,
    InstalmentsUnfit,
    NotFound,
    NotGranted,
)
from branch_desk.models.event import Event
from branch_desk.models.ledger import LOAN_INTEREST, LOAN_OTHER, PostingKind
from branch_desk.models.loan import Instalment, Loan
from branch_desk.models.money import Money
from branch_desk.models.parameter import PolicyName
from branch_desk.models.staff import Role
from branch_desk.operations.money.moving import Line
from branch_desk.operations.money.orders import Order
from branch_desk.operations.money.parameters import parameters
from branch_desk.operations.money.plans import Plan
from branch_desk.operations.money.situation import Side, Situation
from branch_desk.operations.work import Caller, Work, allowed

_LOOK: Final = (Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)


class InstalmentState(StrEnum):
    """How an instalment stands on a day."""

    PAID = "PAID"
    OVERDUE = "OVERDUE"
    DUE = "DUE"
    """Today is its day."""
    NEXT = "NEXT"
    """The first unpaid one whose day is still to come."""
    LATER = "LATER"


@dataclass(frozen=True, slots=True)
class PlannedInstalment:
    """One line of the plan."""

    number: int
    due_on: date
    capital: Money
    interest: Money
    other: Money
    """Insurance and fees."""
    total: Money
    state: InstalmentState
    days_late: int
    """Of an overdue one; 0 of all others."""
    paid_on: date | None


@dataclass(frozen=True, slots=True)
class LoanPlan:
    """What a loan was agreed as, and its whole plan."""

    account_id: UUID
    number: str
    status: AccountStatus
    principal: Money
    annual_rate: int
    """Hundredths of a per cent: 1150 is 11,50 %."""
    disbursed_on: date
    agreed: int
    """How many instalments were agreed."""
    owed: Money
    """Capital still owed."""
    instalments: tuple[PlannedInstalment, ...]
    payable: tuple[int, ...]
    """Numbers that can be paid now: the first of them alone, or the first few together."""

    @property
    def due(self) -> Money:
        """Give what is overdue or due today."""
        asked = (InstalmentState.OVERDUE, InstalmentState.DUE)
        total = sum(each.total.centavos for each in self.instalments if each.state in asked)
        return Money(total, self.owed.currency)


@allowed(Caller.MEMBER, reads=True)
def plan_of(work: Work, account_id: UUID) -> LoanPlan:
    """Read the plan of a loan the user may consult through this channel.

    Raises NotGranted, for an account that does not exist too; NotFound for one without a plan.
    """
    through = GrantedAccount.mobile if work.channel is Channel.MOBILE else GrantedAccount.web
    granted = work.session.scalar(
        select(GrantedAccount.account_id).where(
            GrantedAccount.account_id == account_id,
            GrantedAccount.access_id == work.access_id,
            GrantedAccount.consult,
            through,
            GrantedAccount.account_id.in_(
                select(Holder.account_id).where(Holder.member_id == work.member_id)
            ),
        )
    )
    if granted is None:
        raise NotGranted(kind="account")
    return _plan(work, account_id)


@allowed(*_LOOK)
def look_at(work: Work, account_id: UUID) -> LoanPlan:
    """Read the plan of a member's loan at the desk; recorded for each holder. Raises NotFound."""
    plan = _plan(work, account_id)
    holders = select(Holder.member_id).where(Holder.account_id == account_id)
    for member_id in work.session.scalars(holders.order_by(Holder.member_id)).all():
        work.record(Event.LOAN_VIEWED, account_id, member_id=member_id)
    return plan


@allowed()
def pay_instalments(work: Work, order: Order, situation: Situation) -> Plan:
    """Pay instalments: capital to the loan, interest and the rest to the house (F32).

    Raises NotGranted, InstalmentsUnfit, AmountDiffers with the right sum.
    """
    loan = situation.credit
    assert loan is not None  # the rules saw to it
    if not loan.consult:
        raise NotGranted(kind="account", field="credit_account")
    plan = _locked(work, loan.id, order.instalments)
    chosen = _chosen(order, plan, _payable(work, plan))
    total = Money(sum(map(_total, chosen)), order.money.currency)
    if total != order.money:
        raise AmountDiffers(wanted=total)
    numbers = [each.number for each in chosen]

    def mark_paid(work: Work) -> None:
        work.session.execute(
            update(Instalment)
            .where(Instalment.account_id == loan.id, Instalment.number.in_(numbers))
            .values(paid_on=local_day(work.now), operation_id=order.key)
            .execution_options(synchronize_session=False)
        )

    return Plan(_lines(situation.debit, loan, chosen), then=mark_paid)


def _lines(debit: Side, loan: Side, chosen: Sequence[Instalment]) -> tuple[Line, ...]:
    parts = (
        (PostingKind.LOAN_CAPITAL, loan, sum(each.capital for each in chosen)),
        (PostingKind.LOAN_INTEREST, LOAN_INTEREST, sum(each.interest for each in chosen)),
        (PostingKind.LOAN_OTHER, LOAN_OTHER, sum(each.other for each in chosen)),
    )
    return tuple(Line(kind, debit, credit, amount) for kind, credit, amount in parts if amount)


def _locked(work: Work, account_id: UUID, numbers: Sequence[int]) -> list[Instalment]:
    """Lock the named instalments, then read the plan as it is with them locked.

    Who pays holds the loan's account already; it is the import that may be changing them.
    """
    named = select(Instalment.number).where(
        Instalment.account_id == account_id, Instalment.number.in_(numbers)
    )
    work.session.execute(named.order_by(Instalment.number).with_for_update(key_share=True)).all()
    return _instalments(work, account_id)


def _instalments(work: Work, account_id: UUID) -> list[Instalment]:
    return list(
        work.session.scalars(
            select(Instalment)
            .where(Instalment.account_id == account_id)
            .order_by(Instalment.number)
            .execution_options(populate_existing=True)
        )
    )


def _chosen(
    order: Order, plan: Sequence[Instalment], payable: Sequence[Instalment]
) -> list[Instalment]:
    """Give the named instalments, if they are the first of those that can be paid."""
    by_number = {each.number: each for each in plan}
    for number in order.instalments:
        if number not in by_number:
            raise InstalmentsUnfit(reason="no_such_instalment", number=number)
        if by_number[number].operation_id == order.key:
            raise TryAgain  # sent twice at once: the other one has the answer by now
        if by_number[number].paid_on is not None:
            raise InstalmentsUnfit(reason="instalment_paid", number=number)
    if not order.instalments:
        raise InstalmentsUnfit(reason="no_instalment")
    unpaid = [each.number for each in plan if each.paid_on is None]
    for wanted, number in zip(unpaid, order.instalments, strict=False):
        if wanted != number:
            raise InstalmentsUnfit(reason="left_out", number=wanted)
    numbers = [each.number for each in payable]
    for number in order.instalments:
        if number not in numbers:
            raise InstalmentsUnfit(reason="too_far_ahead", number=number)
    return [by_number[number] for number in order.instalments]


def _payable(work: Work, plan: Sequence[Instalment]) -> list[Instalment]:
    """Give the unpaid instalments that can be paid today.

    How far ahead is counted from the calendar, paid ones included: paying ahead twice a day leads
    no further than once.
    """
    today = local_day(work.now)
    ahead = 1 + parameters(work).policy(PolicyName.INSTALMENTS_AHEAD, work.now)
    coming = {each.number for each in [each for each in plan if each.due_on > today][:ahead]}
    unpaid = (each for each in plan if each.paid_on is None)
    return list(takewhile(lambda each: each.due_on <= today or each.number in coming, unpaid))


def _plan(work: Work, account_id: UUID) -> LoanPlan:
    found = work.session.execute(
        select(Account, Loan)
        .join(Loan, Loan.account_id == Account.id)
        .where(Account.id == account_id)
    ).one_or_none()
    if found is None:
        raise NotFound(kind="loan")
    account, loan = found
    rows = _instalments(work, account_id)
    today = local_day(work.now)
    coming = next((e.number for e in rows if e.paid_on is None and e.due_on > today), None)

    def money(centavos: int) -> Money:
        return Money(centavos, account.currency)

    def planned(row: Instalment) -> PlannedInstalment:
        state = _state(row, today, coming)
        late = (today - row.due_on).days if state is InstalmentState.OVERDUE else 0
        return PlannedInstalment(
            number=row.number,
            due_on=row.due_on,
            capital=money(row.capital),
            interest=money(row.interest),
            other=money(row.other),
            total=money(_total(row)),
            state=state,
            days_late=late,
            paid_on=row.paid_on,
        )

    return LoanPlan(
        account_id=account_id,
        number=account.number,
        status=account.status,
        principal=money(loan.principal),
        annual_rate=loan.annual_rate,
        disbursed_on=loan.disbursed_on,
        agreed=loan.instalments,
        owed=money(account.balance),
        instalments=tuple(map(planned, rows)),
        payable=tuple(each.number for each in _payable(work, rows)),
    )


def _state(row: Instalment, today: date, coming: int | None) -> InstalmentState:
    if row.paid_on is not None:
        return InstalmentState.PAID
    if row.due_on < today:
        return InstalmentState.OVERDUE
    if row.due_on == today:
        return InstalmentState.DUE
    return InstalmentState.NEXT if row.number == coming else InstalmentState.LATER


def _total(row: Instalment) -> int:
    return row.capital + row.interest + row.other
