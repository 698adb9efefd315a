"""Loans with their plans, and bills, as the core system and the billers handed them over."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from branch_desk.models.access import GrantedBiller
from branch_desk.models.account import AccountKind
from branch_desk.models.base import new_id
from branch_desk.models.bill import Bill, BillStatus
from branch_desk.models.loan import Instalment, Loan
from branch_desk.models.money import Currency
from branch_desk.operations.money.orders import Order, bill, top_up
from branch_desk.operations.work import Work
from tests.builders import World
from tests.payers import Payer, bob, granted

TODAY = date(2026, 11, 23)
"""The day of the tests, in La Paz."""
PLAN = tuple((TODAY + timedelta(days=30 * n), 90_000, 10_050 - 50 * n, 500) for n in range(-2, 8))
"""Two overdue, one due today, seven to come: day, capital, interest, other; numbers from 1."""


def a_loan(
    world: World,
    payer: Payer,
    plan: Sequence[tuple[date, int, int, int]] = PLAN,
    *,
    number: str = "8800001",
    paid: int = 0,
    debit: bool = False,
    **about: Any,
) -> UUID:
    """A loan the payer may consult; the first `paid` instalments are paid by the books."""
    capital = sum(each[1] for each in plan)
    owed = sum(each[1] for each in plan[paid:])
    account_id = world.account(
        payer.member_id, number=number, **{"kind": AccountKind.LOAN, "balance": owed, **about}
    )
    granted(world, payer.access_id, account_id, debit=debit)

    def store(work: Work) -> None:
        work.session.add(
            Loan(
                account_id=account_id,
                principal=max(capital, 1),
                annual_rate=1150,
                disbursed_on=date(2026, 1, 5),
                instalments=len(plan),
            )
        )
        work.session.flush()
        for place, (due_on, part, interest, other) in enumerate(plan, start=1):
            work.session.add(
                Instalment(
                    account_id=account_id,
                    number=place,
                    due_on=due_on,
                    capital=part,
                    interest=interest,
                    other=other,
                    paid_on=due_on if place <= paid else None,
                )
            )

    world.house.work(store)
    return account_id


def a_bill(
    world: World, biller: str = "CRE", amount: int = 18_950, number: str = "F-1", **about: Any
) -> UUID:
    """A bill of a client, owed since a while."""
    values: dict[str, Any] = {
        "id": new_id(),
        "biller_code": biller,
        "client_code": "440012",
        "number": number,
        "period": "octubre 2026",
        "due_on": date(2026, 12, 10),
        "currency": Currency.BOB,
        "amount": amount,
        "status": BillStatus.PENDING,
    } | about
    world.house.work(lambda work: work.session.add(Bill(**values)))
    made: UUID = values["id"]
    return made


def bill_status(world: World, bill_id: UUID) -> BillStatus:
    return world.house.work(lambda work: work.session.get_one(Bill, bill_id).status, reads=True)


def pays_bill(payer: Payer, bill_id: UUID, centavos: int = 18_950, **changes: Any) -> Order:
    return replace(bill(new_id(), payer.account_id, bill_id, bob(centavos)), **changes)


def not_granted(world: World, payer: Payer, code: str) -> None:
    world.house.work(
        lambda work: work.session.execute(
            delete(GrantedBiller).where(
                GrantedBiller.access_id == payer.access_id, GrantedBiller.biller_code == code
            )
        )
    )


def paid(payer: Payer, bill_id: UUID, centavos: int = 18_950) -> UUID:
    return payer.orders(bill(new_id(), payer.account_id, bill_id, bob(centavos))).id


def topped_up(payer: Payer, centavos: int = 1_000, biller: str = "TIGO-PRE") -> UUID:
    order = top_up(new_id(), payer.account_id, biller, "70012345", bob(centavos))
    return payer.orders(order).id


def next_day(world: World) -> None:
    """Midnight of Monday in La Paz, to the second."""
    world.clock.now = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
