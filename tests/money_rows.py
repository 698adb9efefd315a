"""Rows of the ledger and around it, written as they are where a test only reads them."""

import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from branch_desk.models.access import Access, GrantedAccount, GrantedLimit
from branch_desk.models.account import Account, AccountKind
from branch_desk.models.base import new_id
from branch_desk.models.beneficiary import Bank, Beneficiary, BeneficiaryKind
from branch_desk.models.enrolment import Channel
from branch_desk.models.ledger import Posting, PostingKind
from branch_desk.models.loan import Instalment, Loan
from branch_desk.models.money import Currency
from branch_desk.models.operation import (
    BEGINS_AS,
    OPERATION_TRANSITIONS,
    Operation,
    OperationKind,
    OperationStatus,
)
from branch_desk.models.parameter import LimitKind
from branch_desk.models.schedule import (
    HolidayRule,
    Repeat,
    RunStatus,
    Schedule,
    ScheduleRun,
    ScheduleStatus,
)
from branch_desk.operations.work import Work
from tests.builders import World

MONEY_HAS_NOT_MOVED = {OperationStatus.WAITING, OperationStatus.CANCELLED, OperationStatus.LAPSED}


def grant(world: World, access_id: UUID, account_id: UUID, **rights: bool) -> None:
    """Let a user consult and debit an account by web and mobile, unless told otherwise."""
    values = {"consult": True, "debit": True, "web": True, "mobile": True} | rights
    row = GrantedAccount(access_id=access_id, account_id=account_id, **values)
    world.house.work(lambda work: work.session.add(row))


def a_limit(world: World, access_id: UUID, kind: LimitKind, **used: Any) -> None:
    """Maximum amounts of a user: Bs 1.000 at once, 2.000 a day, 9.000 a month, five a day."""
    row = GrantedLimit(
        access_id=access_id,
        kind=kind,
        currency=Currency.BOB,
        per_operation=100_000,
        per_day=200_000,
        per_month=900_000,
        count_per_day=5,
        **used,
    )
    world.house.work(lambda work: work.session.add(row))


def a_posting(
    world: World,
    amount: int,
    *,
    debit: UUID | str,
    credit: UUID | str,
    at: datetime | None = None,
    kind: PostingKind = PostingKind.TRANSFER,
    **more: Any,
) -> UUID:
    """Money that moved between two sides: an account by its id, one of the house by its name."""
    sides: dict[str, Any] = {}
    for side, whose in (("debit", debit), ("credit", credit)):
        sides[f"{side}_account_id" if isinstance(whose, UUID) else f"{side}_house"] = whose
    values = {"entry_id": new_id(), "position": 1, "currency": Currency.BOB} | sides | more
    row = Posting(kind=kind, amount=amount, at=at or world.clock.now, **values)
    world.house.work(lambda work: work.session.add(row))
    return row.entry_id


def a_payee(
    world: World, access_id: UUID, *, account_id: UUID | None = None, **changes: Any
) -> UUID:
    """A registered beneficiary: one at another bank, or the holder of an account here."""

    def store(work: Work) -> UUID:
        member_id = work.session.get_one(Access, access_id).member_id
        here = work.session.get(Account, account_id) if account_id else None
        if here is None and work.session.get(Bank, "BUN") is None:
            work.session.add(Bank(code="BUN", name="Banco Unión", position=90))
            work.session.flush()
        values: dict[str, Any] = {
            "id": new_id(),
            "member_id": member_id,
            "access_id": access_id,
            "kind": BeneficiaryKind.COOPERATIVE if here else BeneficiaryKind.OTHER_BANK,
            "account_id": account_id,
            "account_kind": AccountKind.SAVINGS,
            "currency": Currency.BOB,
            "number": here.number if here else "4012345678",
            "name": "Beto R." if here else "Carla Roca Suárez",
            "document_number": None if here else "3344556",
            "bank_code": None if here else "BUN",
            "payload_sha256": "0" * 64,
            "created_at": work.now,
        } | changes
        work.session.add(Beneficiary(**values))
        made: UUID = values["id"]
        return made

    return world.house.work(store)


def an_order(
    kind: OperationKind, debit: UUID, amount: int, *, concept: str = "", **said: Any
) -> dict[str, Any]:
    """The text of an order, as it is kept."""
    order = {
        "kind": kind,
        "from": str(debit),
        "amount": amount,
        "currency": "BOB",
        "to": None,
        "beneficiary": None,
        "concept": concept,
        "origin": "",
        "destination": "",
        "promised_on": None,
        "instalments": [],
        "bill": None,
        "biller": "",
        "client": "",
    }
    return order | said


def an_operation(
    world: World,
    access_id: UUID,
    kind: OperationKind,
    debit: UUID,
    amount: int = 10_000,
    *,
    concept: str = "Alquiler de noviembre",
    **changes: Any,
) -> UUID:
    """An operation as it stands in the table; its postings are the test's own affair."""

    wanted: OperationStatus = changes.pop("status", BEGINS_AS[kind])
    end = {"answer": changes.pop("answer", ""), "ended_at": changes.pop("ended_at", None)}
    first, *way = _way(kind, wanted)

    def store(work: Work) -> UUID:
        waits = first is OperationStatus.WAITING
        values: dict[str, Any] = {
            "id": new_id(),
            "kind": kind,
            "status": first,
            "access_id": access_id,
            "member_id": work.session.get_one(Access, access_id).member_id,
            "channel": Channel.WEB,
            "debit_account_id": debit,
            "currency": Currency.BOB,
            "amount": amount,
            "payload": json.dumps(an_order(kind, debit, amount, concept=concept)),
            "payload_sha256": "0" * 64,
            "totp_step": 1,
            "created_at": work.now,
            "moved_at": None if waits else work.now,
            "expires_at": work.now + timedelta(hours=24) if waits else None,
        } | changes
        row = Operation(**values)
        work.session.add(row)
        work.session.flush()
        for status in way:
            row.move(status)
            if status is wanted:
                row.answer, row.ended_at = end["answer"], end["ended_at"]
            work.session.flush()
        return row.id

    return world.house.work(store)


def _way(kind: OperationKind, wanted: OperationStatus) -> list[OperationStatus]:
    """The states an operation of this kind goes through to get there."""
    begins = OperationStatus.WAITING if wanted in MONEY_HAS_NOT_MOVED else BEGINS_AS[kind]
    ways = [[begins]]
    while ways[0][-1] is not wanted:
        way = ways.pop(0)
        ways += [[*way, each] for each in OPERATION_TRANSITIONS[way[-1]]]
    return ways[0]


def a_loan(world: World, account_id: UUID, *due: date, paid: int = 0) -> None:
    """The plan of a loan: Bs 900 capital, 95 interest, 5 insurance on each of the days."""

    def store(work: Work) -> None:
        work.session.add(
            Loan(
                account_id=account_id,
                principal=90_000 * len(due),
                annual_rate=1150,
                disbursed_on=due[0] - timedelta(days=30),
                instalments=len(due),
            )
        )
        work.session.flush()
        for number, day in enumerate(due, 1):
            work.session.add(
                Instalment(
                    account_id=account_id,
                    number=number,
                    due_on=day,
                    capital=90_000,
                    interest=9_500,
                    other=500,
                    paid_on=day if number <= paid else None,
                )
            )

    world.house.work(store)


def a_schedule(
    world: World, access_id: UUID, order: dict[str, Any], next_on: date | None, **changes: Any
) -> UUID:
    """A payment on the calendar, monthly since the first of November."""

    def store(work: Work) -> UUID:
        values: dict[str, Any] = {
            "id": new_id(),
            "access_id": access_id,
            "member_id": work.session.get_one(Access, access_id).member_id,
            "kind": order["kind"],
            "payload": json.dumps({"order": json.dumps(order)}),
            "payload_sha256": "0" * 64,
            "starts_on": date(2026, 11, 1),
            "repeat": Repeat.MONTHLY,
            "holiday_rule": HolidayRule.AFTER,
            "status": ScheduleStatus.ACTIVE if next_on else ScheduleStatus.ENDED,
            "next_on": next_on,
            "run_on": next_on,
            "created_at": work.now,
        } | changes
        work.session.add(Schedule(**values))
        made: UUID = values["id"]
        return made

    return world.house.work(store)


def a_run(
    world: World, schedule_id: UUID, due_on: date, status: RunStatus, refusal: str = ""
) -> None:
    """What became of one day of a schedule."""
    row = ScheduleRun(
        schedule_id=schedule_id, due_on=due_on, status=status, at=world.clock.now, refusal=refusal
    )
    world.house.work(lambda work: work.session.add(row))


def member_of(world: World, access_id: UUID) -> UUID:
    """Whose user it is."""
    query = select(Access.member_id).where(Access.id == access_id)
    return world.house.work(lambda work: work.session.scalars(query).one(), reads=True)
