"""Schedules that pay whatever is next: the oldest bill, the next instalment, up to an amount (F32, F35)."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from branch_desk.models.base import new_id
from branch_desk.models.bill import BillStatus
from branch_desk.models.errors import DomainError, InvalidValue, NotGranted
from branch_desk.models.loan import Instalment
from branch_desk.models.schedule import Repeat, RunStatus
from branch_desk.operations.money.orders import Order, next_bill, next_instalment
from branch_desk.operations.payments import schedules
from branch_desk.operations.payments.schedules import Proposal
from tests.access_builders import mails
from tests.builders import World
from tests.debt_builders import a_bill, a_loan, bill_status, not_granted
from tests.payers import Payer, a_payer, balance, bob


@pytest.fixture
def payer(world: World) -> Payer:
    return a_payer(world, world.desk())


def light(payer: Payer, most: int = 30_000, code: str = "44 00-12") -> Order:
    return next_bill(new_id(), payer.account_id, "CRE", code, bob(most))


def monthly(payer: Payer, order: Order, starts_on: date = date(2026, 11, 24)) -> Any:
    wanted = Proposal(key=new_id(), order=order, starts_on=starts_on, repeat=Repeat.MONTHLY)
    shown = payer.portal(schedules.preview, wanted)
    return payer.portal(
        schedules.make, shown.proposal, shown_sha256=shown.sha256, code=payer.code()
    )


def at(world: World, day: str, hour: str = "08:00") -> tuple[int, int]:
    world.clock.now = datetime.fromisoformat(f"{day}T{hour}:00-04:00").astimezone(UTC)
    return schedules.run_due(world.house)


def paid_here(world: World, loan: UUID) -> list[int]:
    query = select(Instalment.number).where(
        Instalment.account_id == loan, Instalment.operation_id.is_not(None)
    )
    return world.house.work(lambda work: sorted(work.session.scalars(query)), reads=True)


def last(payer: Payer) -> Any:
    payer.signs_in()
    return payer.portal(schedules.mine)[0].last


def test_each_month_the_oldest_bill_is_paid_whatever_it_says(world: World, payer: Payer) -> None:
    older = a_bill(world, number="F-1", amount=18_950, due_on=date(2026, 11, 30))
    newer = a_bill(world, number="F-2", amount=21_000, due_on=date(2026, 12, 30))
    monthly(payer, light(payer))
    assert at(world, "2026-11-24") == (1, 0)
    assert (bill_status(world, older), bill_status(world, newer)) == (
        BillStatus.TAKEN,
        BillStatus.PENDING,
    )
    assert at(world, "2026-12-24") == (1, 0)
    assert bill_status(world, newer) is BillStatus.TAKEN
    assert balance(world, payer.account_id) == 500_000 - 18_950 - 21_000


def test_a_bill_that_comes_during_the_day_is_paid_and_a_missing_one_is_told(
    world: World, payer: Payer
) -> None:
    monthly(payer, light(payer))
    assert at(world, "2026-11-24", "08:00") == (0, 0)
    a_bill(world)
    assert at(world, "2026-11-24", "11:00") == (1, 0)
    assert at(world, "2026-12-24", "17:59") == (0, 0)
    assert at(world, "2026-12-24", "18:00") == (0, 1)
    assert last(payer) == (date(2026, 12, 24), RunStatus.FAILED, "NothingDue")
    assert mails(world, payer.access_id)[-1] == "schedule_failed"


def test_more_than_the_member_agreed_to_is_not_paid(world: World, payer: Payer) -> None:
    owed = a_bill(world, amount=30_001)
    monthly(payer, light(payer, 30_000))
    assert at(world, "2026-11-24") == (0, 1)
    assert last(payer) == (date(2026, 11, 24), RunStatus.FAILED, "LimitExceeded")
    assert bill_status(world, owed) is BillStatus.PENDING
    assert balance(world, payer.account_id) == 500_000


def test_a_bill_of_another_client_or_biller_is_nobodys(world: World, payer: Payer) -> None:
    other = a_bill(world, number="F-9", client_code="440013")
    water = a_bill(world, biller="SAGUAPAC", number="S-1")
    monthly(payer, light(payer))
    assert at(world, "2026-11-24", "18:00") == (0, 1)
    assert {bill_status(world, other), bill_status(world, water)} == {BillStatus.PENDING}


def test_each_month_the_next_instalment_is_paid(world: World, payer: Payer) -> None:
    loan = a_loan(world, payer)
    monthly(payer, next_instalment(new_id(), payer.account_id, loan, bob(110_000)))
    for day, numbers in (("2026-11-24", [1]), ("2026-12-24", [1, 2])):
        assert at(world, day) == (1, 0)
        assert paid_here(world, loan) == numbers


def test_what_may_not_be_paid_is_refused_when_it_is_scheduled(world: World, payer: Payer) -> None:
    with pytest.raises(InvalidValue):
        monthly(payer, light(payer, code="12"))
    with pytest.raises(InvalidValue):
        monthly(payer, next_bill(new_id(), payer.account_id, "TIGO-PRE", "70012345", bob(1)))
    not_granted(world, payer, "CRE")
    with pytest.raises(NotGranted):
        monthly(payer, light(payer))


def test_an_open_order_is_for_the_calendar_alone(world: World, payer: Payer) -> None:
    a_bill(world)
    loan = a_loan(world, payer)
    with pytest.raises(DomainError):
        payer.orders(light(payer))
    with pytest.raises(DomainError):
        payer.orders(next_instalment(new_id(), payer.account_id, loan, bob(110_000)))
    assert balance(world, payer.account_id) == 500_000
