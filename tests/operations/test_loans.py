"""Loans: the plan as it stands today, the oldest instalment first, capital and interest apart (F32)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from branch_desk.models.account import AccountStatus, Handling
from branch_desk.models.audit import AuditEvent
from branch_desk.models.base import new_id
from branch_desk.models.errors import (
    AccountUnfit,
    AmountDiffers,
    InstalmentsUnfit,
    NotFound,
    NotGranted,
)
from branch_desk.models.ledger import LOAN_INTEREST, LOAN_OTHER, PostingKind
from branch_desk.models.loan import Instalment
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import OperationStatus
from branch_desk.models.parameter import Policy, PolicyName
from branch_desk.operations.money import cosigning, place
from branch_desk.operations.money.orders import Order, digest, loan
from branch_desk.operations.money.parameters import forget
from branch_desk.operations.money.situation import Side
from branch_desk.operations.payments import loans
from branch_desk.operations.payments.loans import InstalmentState, _lines
from branch_desk.operations.work import House
from tests.builders import World
from tests.debt_builders import PLAN, TODAY, a_loan
from tests.payers import (
    Payer,
    a_payer,
    another_account,
    balance,
    bob,
    granted,
    operations,
    postings,
)
from tests.racing import Order as Start
from tests.racing import Racers


@pytest.fixture(scope="module")
def racers() -> Iterator[Racers]:
    with Racers() as made:
        yield made


@pytest.fixture
def payer(world: World) -> Payer:
    return a_payer(world, world.desk(), balance=2_000_000)


def total(*numbers: int) -> int:
    return sum(sum(PLAN[number - 1][1:]) for number in numbers)


def pays(payer: Payer, loan_id: UUID, *numbers: int, **changes: Any) -> Order:
    order = loan(new_id(), payer.account_id, loan_id, bob(total(*numbers)), numbers)
    return replace(order, **changes)


def paid(world: World, loan_id: UUID) -> dict[int, tuple[Any, UUID | None]]:
    """Day and operation of the instalments that are paid."""
    query = select(Instalment).where(
        Instalment.account_id == loan_id, Instalment.paid_on.is_not(None)
    )
    return world.house.work(
        lambda work: {e.number: (e.paid_on, e.operation_id) for e in work.session.scalars(query)},
        reads=True,
    )


def assert_books_balance(world: World) -> None:
    from branch_desk.operations.money import ledger

    assert world.house.job(ledger.check).sound


def test_the_plan_says_what_each_instalment_holds_and_how_it_stands(
    world: World, payer: Payer
) -> None:
    loan_id = a_loan(world, payer, paid=1)
    plan = payer.portal(loans.plan_of, loan_id)
    assert [each.state for each in plan.instalments] == [
        InstalmentState.PAID,
        InstalmentState.OVERDUE,
        InstalmentState.DUE,
        InstalmentState.NEXT,
        *[InstalmentState.LATER] * 6,
    ]
    assert [each.days_late for each in plan.instalments[:4]] == [0, 30, 0, 0]
    third = plan.instalments[2]
    assert (third.capital, third.interest, third.other) == (bob(90_000), bob(10_050), bob(500))
    assert (third.total, third.due_on, third.paid_on) == (bob(100_550), TODAY, None)
    assert plan.due == bob(total(2, 3))
    assert plan.payable == (2, 3, 4, 5, 6, 7)
    assert (plan.principal, plan.owed) == (bob(900_000), bob(810_000))
    assert (plan.annual_rate, plan.agreed, plan.number) == (1150, 10, "8800001")


def test_a_payment_parts_into_capital_interest_and_the_rest(world: World, payer: Payer) -> None:
    loan_id = a_loan(world, payer)
    done = payer.orders(pays(payer, loan_id, 1, 2))
    assert done.status is OperationStatus.DONE
    assert [
        (each.kind, each.credit_account_id or each.credit_house, each.amount, each.debit_after)
        for each in postings(world, done.id)
    ] == [
        (PostingKind.LOAN_CAPITAL, loan_id, 180_000, 1_820_000),
        (PostingKind.LOAN_INTEREST, LOAN_INTEREST, 20_250, 1_799_750),
        (PostingKind.LOAN_OTHER, LOAN_OTHER, 1_000, 1_798_750),
    ]
    assert balance(world, loan_id) == 900_000 - 180_000
    assert balance(world, payer.account_id) == 2_000_000 - 201_250
    assert paid(world, loan_id) == {1: (TODAY, done.id), 2: (TODAY, done.id)}
    assert_books_balance(world)


def test_what_an_instalment_does_not_hold_makes_no_posting(world: World, payer: Payer) -> None:
    plan = ((TODAY, 5_000, 0, 0), (TODAY + timedelta(days=30), 0, 700, 0))
    loan_id = a_loan(world, payer, plan)
    first = payer.orders(loan(new_id(), payer.account_id, loan_id, bob(5_000), (1,)))
    second = payer.orders(loan(new_id(), payer.account_id, loan_id, bob(700), (2,)))
    assert [each.kind for each in postings(world, first.id)] == [PostingKind.LOAN_CAPITAL]
    assert [each.kind for each in postings(world, second.id)] == [PostingKind.LOAN_INTEREST]
    assert balance(world, loan_id) == 0


def test_an_instalment_paid_late_in_the_evening_is_paid_on_that_day(
    world: World, payer: Payer
) -> None:
    loan_id = a_loan(world, payer)
    world.clock.forward(hours=11, minutes=30)  # 03:30 UTC of the 24th
    payer.signs_in()
    payer.orders(pays(payer, loan_id, 1))
    assert paid(world, loan_id)[1][0] == TODAY


REFUSED = {
    "one left out": ((1, 3), "left_out", 2),
    "not the oldest": ((2,), "left_out", 1),
    "too far ahead": ((1, 2, 3, 4, 5, 6, 7, 8), "too_far_ahead", 8),
    "not in the plan": ((1, 2, 11), "no_such_instalment", 11),
    "none": ((), "no_instalment", None),
}


@pytest.mark.parametrize("why", REFUSED)
def test_instalments_are_paid_in_their_order_and_not_too_far_ahead(
    world: World, payer: Payer, why: str
) -> None:
    numbers, reason, number = REFUSED[why]
    loan_id = a_loan(world, payer)
    order = loan(new_id(), payer.account_id, loan_id, bob(100_000), numbers)
    with pytest.raises(InstalmentsUnfit) as refused:
        payer.orders(order)
    assert (refused.value.facts["reason"], refused.value.facts.get("number")) == (reason, number)
    _nothing_happened(world, payer, loan_id, order)


def test_one_centavo_off_is_refused_with_the_right_sum(world: World, payer: Payer) -> None:
    loan_id = a_loan(world, payer)
    for off in (-1, 1):
        order = pays(payer, loan_id, 1, 2, money=bob(total(1, 2) + off))
        with pytest.raises(AmountDiffers) as refused:
            payer.orders(order)
        assert refused.value.facts["wanted"] == bob(total(1, 2))
        _nothing_happened(world, payer, loan_id, order)


def test_paying_ahead_twice_a_day_leads_no_further_than_once(world: World, payer: Payer) -> None:
    loan_id = a_loan(world, payer)
    payer.orders(pays(payer, loan_id, 1, 2, 3, 4))
    payer.orders(pays(payer, loan_id, 5, 6, 7))
    assert payer.portal(loans.plan_of, loan_id).payable == ()
    with pytest.raises(InstalmentsUnfit):
        payer.orders(pays(payer, loan_id, 8))
    world.clock.forward(days=31)  # the fourth has been due: one more may be paid
    payer.signs_in()
    payer.orders(pays(payer, loan_id, 8))
    assert sorted(paid(world, loan_id)) == list(range(1, 9))
    assert balance(world, loan_id) == 180_000


def test_how_far_ahead_is_the_houses_to_say(world: World, payer: Payer) -> None:
    loan_id = a_loan(world, payer, paid=3)
    world.house.work(
        lambda work: work.session.execute(
            update(Policy).where(Policy.name == PolicyName.INSTALMENTS_AHEAD).values(value=0)
        )
    )
    forget()
    assert payer.portal(loans.plan_of, loan_id).payable == (4,)
    with pytest.raises(InstalmentsUnfit):
        payer.orders(pays(payer, loan_id, 4, 5))
    payer.orders(pays(payer, loan_id, 4))
    forget()


def test_an_instalment_is_paid_once(world: World, payer: Payer) -> None:
    loan_id = a_loan(world, payer)
    payer.orders(pays(payer, loan_id, 1))
    with pytest.raises(InstalmentsUnfit) as refused:
        payer.orders(pays(payer, loan_id, 1))
    assert refused.value.facts["reason"] == "instalment_paid"
    assert balance(world, payer.account_id) == 2_000_000 - total(1)


def test_the_same_key_gives_the_same_answer_and_pays_nothing_again(
    world: World, payer: Payer
) -> None:
    loan_id = a_loan(world, payer)
    order = pays(payer, loan_id, 1)
    first = payer.orders(order)
    again = payer.portal(
        place.place, order, shown_sha256=digest(order.payload()), code=payer.code()
    )
    assert again == first
    assert len(operations(world)) == 1


def test_a_loan_of_others_or_not_to_be_seen_is_not_paid(world: World, payer: Payer) -> None:
    other = a_payer(world, world.desk(), 2)
    theirs = a_loan(world, other)
    with pytest.raises(NotFound):
        payer.orders(pays(payer, theirs, 1))
    unseen = a_loan(world, payer, number="8800002")
    _change_grant(world, payer, unseen, consult=False, debit=False)
    with pytest.raises(NotGranted):
        payer.orders(pays(payer, unseen, 1))
    for loan_id in (theirs, unseen, new_id(), payer.account_id):
        with pytest.raises((NotGranted, NotFound)):
            payer.portal(loans.plan_of, loan_id)
    assert operations(world) == []


def test_a_loan_of_the_web_is_not_shown_to_the_mobile(world: World, payer: Payer) -> None:
    loan_id = a_loan(world, payer)
    _change_grant(world, payer, loan_id, web=False)
    with pytest.raises(NotGranted):
        payer.portal(loans.plan_of, loan_id)


def test_only_a_loan_is_paid_by_instalments_and_a_closed_one_is_not(
    world: World, payer: Payer
) -> None:
    savings = another_account(world, payer)
    with pytest.raises(AccountUnfit):
        payer.orders(pays(payer, savings, 1))
    closed = a_loan(world, payer, status=AccountStatus.CLOSED)
    with pytest.raises(AccountUnfit):
        payer.orders(pays(payer, closed, 1))


def test_a_loan_is_paid_in_its_own_currency(world: World, payer: Payer) -> None:
    dollars = another_account(world, payer, currency=Currency.USD)
    loan_id = a_loan(world, payer, currency=Currency.USD)
    with pytest.raises(Exception, match="CurrencyDiffers"):
        payer.orders(pays(payer, loan_id, 1))
    order = pays(payer, loan_id, 1, money=Money(total(1), Currency.USD), debit_account_id=dollars)
    payer.orders(order)
    assert balance(world, loan_id) == 810_000
    assert_books_balance(world)


def test_what_waits_for_a_signature_pays_by_the_plan_of_the_day_it_is_signed(
    world: World, payer: Payer
) -> None:
    other = a_payer(world, world.desk(), 2)
    joint = world.account(
        payer.member_id, other.member_id, number="77665544", handling=Handling.JOINT
    )
    for each in (payer, other):
        granted(world, each.access_id, joint, debit=False)
    loan_id = a_loan(world, payer)
    first = payer.orders(pays(payer, loan_id, 1, debit_account_id=joint))
    second = payer.orders(pays(payer, loan_id, 1, debit_account_id=joint))
    assert {first.status, second.status} == {OperationStatus.WAITING}
    assert paid(world, loan_id) == {}

    def sign(operation_id: UUID) -> OperationStatus:
        (sha256,) = [e.payload_sha256 for e in operations(world) if e.id == operation_id]
        return other.portal(cosigning.sign, operation_id, shown_sha256=sha256, code=other.code())

    assert sign(first.id) is OperationStatus.DONE
    assert paid(world, loan_id) == {1: (TODAY, first.id)}
    with pytest.raises(InstalmentsUnfit):
        sign(second.id)
    assert balance(world, joint) == 500_000 - total(1)
    assert_books_balance(world)


def test_a_look_at_the_desk_is_recorded(world: World, payer: Payer) -> None:
    loan_id = a_loan(world, payer)
    plan = world.desk()(loans.look_at, loan_id)
    assert plan == payer.portal(loans.plan_of, loan_id)
    query = select(AuditEvent.subject_id, AuditEvent.member_id).where(
        AuditEvent.event == "loan:viewed"
    )
    rows = world.house.work(lambda work: work.session.execute(query).all(), reads=True)
    assert [tuple(row) for row in rows] == [(loan_id, payer.member_id)]
    with pytest.raises(NotFound):
        world.desk()(loans.look_at, payer.account_id)


def test_of_two_at_once_who_pay_the_same_instalment_one_does(
    world: World, payer: Payer, racers: Racers
) -> None:
    loan_id = a_loan(world, payer)
    first, second = payer, a_payer(world, world.desk(), 2)
    shared = world.account(
        first.member_id, second.member_id, number="66554433", handling=Handling.EITHER
    )
    granted(world, second.access_id, loan_id, debit=False)
    _make_holder(world, second, loan_id)
    for each in (first, second):
        granted(world, each.access_id, shared)
    runs = []
    for each, later in ((first, 0), (second, 0), (first, 1), (second, 1)):
        order = pays(each, loan_id, 1, debit_account_id=shared)
        values = each.portal._digest, order, each.phone.code(later), world.clock.now
        runs.append(Start("pay", values, __name__))
    answers = racers.race(world, runs)
    assert sorted(answers) == ["DONE", *["InstalmentsUnfit"] * 3]
    assert balance(world, shared) == 500_000 - total(1)
    assert len(paid(world, loan_id)) == 1
    assert_books_balance(world)


def pay(house: House, digest_of_token: bytes, order: Order, code: str, now: datetime) -> str:
    """Pay in a process of its own."""
    house.database.clock = lambda: now
    from branch_desk.operations.portal import Portal

    portal = Portal(house, "")
    portal._digest = digest_of_token
    sha256 = digest(order.payload())
    return portal(place.place, order, shown_sha256=sha256, code=code).status.value


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.integers(0, 10**9)] * 3).filter(any),
        min_size=1,
        max_size=12,
    )
)
def test_the_parts_add_up_to_the_whole_whatever_the_plan(parts: list[tuple[int, ...]]) -> None:
    side = Side.__new__(Side)
    rows = [
        Instalment(number=n, capital=capital, interest=interest, other=other)
        for n, (capital, interest, other) in enumerate(parts, start=1)
    ]
    lines = _lines(side, side, rows)
    assert sum(line.amount for line in lines) == sum(map(sum, parts))
    assert all(line.amount > 0 for line in lines)
    by_kind = {line.kind: line.amount for line in lines}
    kinds = (PostingKind.LOAN_CAPITAL, PostingKind.LOAN_INTEREST, PostingKind.LOAN_OTHER)
    assert [by_kind.get(kind, 0) for kind in kinds] == [
        sum(each[place] for each in parts) for place in range(3)
    ]


def _nothing_happened(world: World, payer: Payer, loan_id: UUID, order: Order) -> None:
    """Place it, too: it is refused again, which leaves a record and nothing else."""
    with pytest.raises((InstalmentsUnfit, AmountDiffers)):
        payer.portal(place.place, order, shown_sha256=digest(order.payload()), code=payer.code())
    assert (operations(world), paid(world, loan_id)) == ([], {})
    assert balance(world, loan_id) == 900_000
    assert balance(world, payer.account_id) == 2_000_000
    query = select(AuditEvent.event).order_by(AuditEvent.at)
    events = world.house.work(lambda work: list(work.session.scalars(query)), reads=True)
    assert events[-1] == "operation:refused"


def _change_grant(world: World, payer: Payer, account_id: UUID, **rights: bool) -> None:
    from branch_desk.models.access import GrantedAccount

    world.house.work(
        lambda work: work.session.execute(
            update(GrantedAccount)
            .where(
                GrantedAccount.access_id == payer.access_id,
                GrantedAccount.account_id == account_id,
            )
            .values(**rights)
        )
    )


def _make_holder(world: World, payer: Payer, account_id: UUID) -> None:
    from branch_desk.models.account import Holder, HolderRole

    world.house.work(
        lambda work: work.session.add(
            Holder(account_id=account_id, member_id=payer.member_id, role=HolderRole.CO_HOLDER)
        )
    )
