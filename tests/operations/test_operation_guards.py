"""What the database refuses by itself of members' operations, on both databases."""

from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from branch_desk.models.base import new_id
from branch_desk.models.bill import BillerExport
from branch_desk.models.enrolment import Channel
from branch_desk.models.money import Currency
from branch_desk.models.operation import (
    BEGINS_AS,
    OPERATION_TRANSITIONS,
    Operation,
    OperationKind,
    OperationSignature,
)
from branch_desk.models.schedule import (
    RunStatus,
    ScheduleRun,
)
from tests.builders import NOON, World
from tests.money_case import KIND_OF, LATER, TODAY, Case, S, a_case


@pytest.fixture
def case(world: World) -> Case:
    return a_case(world)


@pytest.mark.parametrize("kind", list(OperationKind))
def test_an_operation_begins_waiting_or_as_its_kind_begins(case: Case, kind: OperationKind) -> None:
    right = {S.WAITING, BEGINS_AS[kind]}
    for status in sorted(set(S) - right):
        wrong = insert(Operation).values(case.order(kind, status))
        case.refused(wrong, "begins waiting")
    in_a_batch = case.order(kind) | {"batch_id": case.batch}
    case.refused(insert(Operation).values(in_a_batch), "begins waiting")
    for status in sorted(right):
        made = case.operation(kind, status)
        if kind is OperationKind.BILL:
            end = S.CANCELLED if status is S.WAITING else S.FAILED
            case.run(update(Operation).where(Operation.id == made).values(status=end))


def test_the_database_knows_the_moves_of_an_operation(case: Case) -> None:
    for old, new in product(S, S):
        kind = KIND_OF[new] if old is S.WAITING else KIND_OF[old]
        made = case.walk(kind, old)
        move = update(Operation).where(Operation.id == made).values(status=new)
        if new in OPERATION_TRANSITIONS[old]:
            case.run(move)
        elif old != new:
            case.refused(move, "not a move|does not change")


def test_an_operation_that_waited_goes_on_as_its_kind_begins(case: Case) -> None:
    for kind in OperationKind:
        made = case.operation(kind, S.WAITING)
        for wrong in {S.DONE, S.RECEIVED, S.ACCEPTED} - {BEGINS_AS[kind]}:
            move = update(Operation).where(Operation.id == made).values(status=wrong)
            case.refused(move, "not a move")


FROZEN = {
    "id": new_id(),
    "kind": OperationKind.LOAN,
    "access_id": new_id(),
    "member_id": new_id(),
    "channel": Channel.MOBILE,
    "debit_account_id": new_id(),
    "credit_account_id": new_id(),
    "beneficiary_id": new_id(),
    "currency": Currency.USD,
    "amount": 1,
    "payload": '{"x":1}',
    "payload_sha256": "x",
    "totp_step": None,
    "created_at": LATER,
    "biller_code": "SAGUAPAC",
    "client_code": "1",
    "bill_id": new_id(),
    "schedule_id": new_id(),
}


def test_every_column_of_an_order_is_frozen_or_of_its_course() -> None:
    course = {
        "status",
        "moved_at",
        "ended_at",
        "expires_at",
        "value_date",
        "batch_id",
        "answer",
    }
    assert {column.name for column in Operation.__table__.columns} == course | FROZEN.keys()


@pytest.mark.parametrize("column", FROZEN)
def test_what_was_ordered_does_not_change(case: Case, column: str) -> None:
    made = case.operation(OperationKind.OTHER_BANK, S.WAITING)
    changed = update(Operation).where(Operation.id == made).values({column: FROZEN[column]})
    case.refused(changed, "order is frozen")


def test_an_operation_that_ended_does_not_change(case: Case) -> None:
    for status in sorted(s for s in S if not OPERATION_TRANSITIONS[s]):
        made = case.walk(KIND_OF[status], status)
        for change in ({"answer": "otra"}, {"ended_at": LATER}, {"expires_at": None}):
            changed = update(Operation).where(Operation.id == made).values(**change)
            case.refused(changed, "ended does not change")
    case.refused(delete(Operation), "never deleted")


def test_an_operation_enters_one_batch_and_keeps_its_promise(case: Case) -> None:
    made = case.operation(OperationKind.OTHER_BANK, S.WAITING)
    of = update(Operation).where(Operation.id == made)
    case.run(of.values(value_date=TODAY + timedelta(days=1)))
    case.run(of.values(status=S.RECEIVED, moved_at=NOON))
    case.refused(of.values(value_date=TODAY), "promised")
    case.refused(of.values(value_date=None), "promised")
    case.refused(of.values(moved_at=LATER), "set once")
    case.run(of.values(status=S.BATCHED, batch_id=case.batch))
    case.refused(of.values(batch_id=None), "set once")
    case.refused(of.values(batch_id=new_id()), "set once")


def test_a_signature_and_a_run_of_a_schedule_are_history(case: Case) -> None:
    made = case.operation(status=S.WAITING)

    def store(session: Session) -> None:
        session.execute(
            insert(OperationSignature).values(
                operation_id=made,
                access_id=case.access,
                member_id=case.member,
                person="CI:4567891",
                totp_step=9,
                signed_at=NOON,
            )
        )
        session.execute(
            insert(ScheduleRun).values(
                schedule_id=case.schedule, due_on=TODAY, status=RunStatus.FAILED, at=NOON
            )
        )
        session.execute(
            insert(BillerExport).values(
                biller_code="CRE",
                day=TODAY,
                currency=Currency.BOB,
                written_at=NOON,
                count=1,
                total=1,
                sha256="x",
            )
        )

    case.run(store)
    for table, change in (
        (OperationSignature, {"person": "CI:1"}),
        (OperationSignature, {"totp_step": 10}),
        (ScheduleRun, {"status": RunStatus.DONE}),
        (ScheduleRun, {"operation_id": made}),
        (BillerExport, {"total": 2}),
        (BillerExport, {"sha256": "y"}),
    ):
        case.refused(update(table).values(**change), "append-only")
        case.refused(delete(table), "append-only")
