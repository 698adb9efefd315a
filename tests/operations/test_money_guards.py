"""What the database refuses by itself of ledger, batches, debts and sessions, on both databases."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from branch_desk.models.account import Account, AccountKind
from branch_desk.models.base import Base, new_id
from branch_desk.models.beneficiary import Beneficiary
from branch_desk.models.bill import Bill, BillerExport, BillStatus
from branch_desk.models.enrolment import Channel
from branch_desk.models.interbank import InterbankBatch, InterbankGate
from branch_desk.models.ledger import CORE, INTERBANK, Posting, PostingKind
from branch_desk.models.loan import Instalment, Loan
from branch_desk.models.member_session import MemberSession, UnlockTry
from branch_desk.models.money import Currency
from branch_desk.models.operation import (
    Operation,
    OperationKind,
    OperationSignature,
)
from branch_desk.models.schedule import (
    ScheduleRun,
)
from tests.builders import NOON, World
from tests.money_case import LATER, TODAY, Case, a_case


@pytest.fixture
def case(world: World) -> Case:
    return a_case(world)


# The ledger


@pytest.mark.parametrize(
    "change",
    [
        {"credit_account_id": None},
        {"debit_account_id": None},
        {"debit_house": CORE},
        {"credit_house": INTERBANK},
        {"debit_account_id": None, "credit_account_id": None},
    ],
    ids=str,
)
def test_a_posting_has_one_debited_and_one_credited_side(
    case: Case, change: dict[str, object]
) -> None:
    case.refused(insert(Posting).values(case.posting(**change)), "sides")


def test_a_posting_has_two_different_sides(case: Case) -> None:
    same = case.posting(credit_account_id=case.mine)
    case.refused(insert(Posting).values(same), "two_sides")
    nowhere = {"debit_account_id": None, "credit_account_id": None}
    house = case.posting(**nowhere, debit_house=CORE, credit_house=CORE)
    case.refused(insert(Posting).values(house), "two_sides")


@pytest.mark.parametrize("amount", [0, -1, -10_000])
def test_a_posting_moves_something(case: Case, amount: int) -> None:
    case.refused(insert(Posting).values(case.posting(amount=amount)), "amount")


def test_a_posting_is_in_the_currency_of_both_its_accounts(case: Case) -> None:
    words = "foreign key|FOREIGN KEY"
    for change in (
        {"currency": Currency.USD},
        {"credit_account_id": case.dollars},
        {"credit_account_id": case.dollars, "currency": Currency.USD},
        {"credit_account_id": new_id()},
    ):
        case.refused(insert(Posting).values(case.posting(**change)), words)
    case.post(debit_account_id=case.dollars, currency=Currency.USD, **_to_house())


def test_an_account_with_postings_does_not_change_its_currency(case: Case) -> None:
    changed = update(Account).where(Account.id == case.mine).values(currency=Currency.USD)
    case.refused(changed, "foreign key|FOREIGN KEY")


def test_a_posting_does_not_change_and_does_not_go(case: Case) -> None:
    case.post()
    for change in (
        {"amount": 1},
        {"credit_account_id": case.mine},
        {"at": LATER},
        {"debit_after": 0},
        {"kind": PostingKind.ADJUSTMENT},
    ):
        case.refused(update(Posting).values(**change), "append-only")
    case.refused(delete(Posting), "append-only")


def _to_house() -> dict[str, object]:
    return {"credit_account_id": None, "credit_house": INTERBANK}


def _reversal(case: Case, entry: UUID, **changes: Any) -> dict[str, Any]:
    return case.posting(
        **{
            "kind": PostingKind.REVERSAL,
            "reverses_id": entry,
            "debit_account_id": None,
            "debit_house": INTERBANK,
            "credit_account_id": case.mine,
        }
        | changes
    )


def test_money_comes_back_once(case: Case) -> None:
    entry = case.post(kind=PostingKind.INTERBANK, **_to_house())
    case.run(insert(Posting).values(_reversal(case, entry)))
    with pytest.raises(IntegrityError):
        case.run(insert(Posting).values(_reversal(case, entry)))


def test_what_comes_back_is_what_left_and_goes_where_it_came_from(case: Case) -> None:
    entry = case.post(kind=PostingKind.INTERBANK, **_to_house())
    nobody = {"debit_house": None}
    for change in (
        {"amount": 9_999},
        {"amount": 10_001},
        {"credit_account_id": case.other},
        {"debit_house": CORE},
        nobody | {"debit_account_id": case.other},
        nobody | {"debit_account_id": case.mine} | _to_house(),  # as it was, not turned round
        {"position": 2},
        {"reverses_id": new_id()},
        {"currency": Currency.USD, "credit_account_id": case.dollars},
    ):
        wrong = _reversal(case, entry, **change)
        case.refused(insert(Posting).values(wrong), "mirrors|foreign key|FOREIGN KEY")


def test_a_reversal_is_not_taken_back(case: Case) -> None:
    entry = case.post(kind=PostingKind.INTERBANK, **_to_house())
    back = _reversal(case, entry)
    case.run(insert(Posting).values(back))
    again = case.posting(kind=PostingKind.REVERSAL, reverses_id=back["entry_id"], **_to_house())
    case.refused(insert(Posting).values(again), "mirrors")


def test_a_reversal_names_what_it_takes_back_and_nothing_else_does(case: Case) -> None:
    entry = case.post(kind=PostingKind.INTERBANK, **_to_house())
    case.refused(insert(Posting).values(_reversal(case, entry, reverses_id=None)), "reversal")
    disguised = _reversal(case, entry, kind=PostingKind.TRANSFER)
    case.refused(insert(Posting).values(disguised), "reversal")


def test_a_balance_stays_above_zero_or_the_agreed_overdraft(case: Case) -> None:
    savings = update(Account).where(Account.id == case.mine)
    case.run(savings.values(balance=0))
    case.refused(savings.values(balance=-1), "no_overdraft")
    case.refused(savings.values(overdraft=100), "overdraft")
    case.run(savings.values(kind=AccountKind.CURRENT, overdraft=100))
    case.run(savings.values(balance=-100))
    case.refused(savings.values(balance=-101), "no_overdraft")
    case.refused(savings.values(overdraft=99), "no_overdraft")


# Other banks


def test_a_batch_is_frozen_and_its_files_are_named_once(case: Case) -> None:
    for change in (
        {"day": TODAY + timedelta(days=1)},
        {"currency": Currency.USD},
        {"count": 2},
        {"total": 1},
        {"closed_at": LATER},
    ):
        case.refused(update(InterbankBatch).values(**change), "batch is frozen")
    case.run(update(InterbankBatch).values(written_at=NOON, csv_sha256="a"))
    case.run(update(InterbankBatch).values(xml_sha256="b"))
    for again in ({"written_at": LATER}, {"csv_sha256": "c"}, {"xml_sha256": None}):
        case.refused(update(InterbankBatch).values(**again), "set once")
    case.refused(delete(InterbankBatch), "never deleted")


def test_a_closed_day_stays_closed(case: Case) -> None:
    closed = update(InterbankGate).values(closed_through=TODAY)
    case.run(closed)
    case.run(closed)
    earlier = update(InterbankGate).values(closed_through=TODAY - timedelta(days=1))
    case.refused(earlier, "stays closed")
    case.refused(update(InterbankGate).values(id=2), "stays closed|one_row")
    case.refused(delete(InterbankGate), "never deleted")
    for number in (1, 2):
        with pytest.raises(IntegrityError):
            case.run(insert(InterbankGate).values(id=number, closed_through=TODAY))


def test_a_beneficiary_is_registered_and_removed_and_nothing_else(case: Case) -> None:
    for change in (
        {"account_id": case.mine},
        {"number": "9"},
        {"name": "otro"},
        {"member_id": new_id()},
        {"created_at": NOON - timedelta(days=30)},
        {"payload_sha256": "x"},
    ):
        case.refused(update(Beneficiary).values(**change), "beneficiary is frozen")
    case.run(update(Beneficiary).values(removed_at=NOON))
    for again in (None, LATER):
        case.refused(update(Beneficiary).values(removed_at=again), "set once")
    case.refused(delete(Beneficiary), "never deleted")


# Debts


def test_a_paid_instalment_does_not_change(case: Case) -> None:
    loan = case.world.account(
        case.member, number="4000200030", kind=AccountKind.LOAN, balance=100_000
    )

    def store(session: Session) -> None:
        session.execute(
            insert(Loan).values(
                account_id=loan,
                principal=100_000,
                annual_rate=1150,
                disbursed_on=TODAY,
                instalments=2,
            )
        )
        for number in (1, 2):
            session.execute(
                insert(Instalment).values(
                    account_id=loan,
                    number=number,
                    due_on=TODAY,
                    capital=50_000,
                    interest=900,
                    other=0,
                )
            )

    case.run(store)
    first = update(Instalment).where(Instalment.number == 1)
    case.run(first.values(interest=1_000))
    case.run(first.values(paid_on=TODAY))
    for change in (
        {"paid_on": None},
        {"paid_on": TODAY - timedelta(days=1)},
        {"capital": 0},
        {"interest": 0},
        {"other": 1},
        {"due_on": TODAY + timedelta(days=30)},
        {"operation_id": case.operation(OperationKind.LOAN)},
        {"number": 3},
    ):
        case.refused(first.values(**change), "paid instalment")
    case.run(first.values(interest=1_000))  # the core system's books say the same again
    case.refused(delete(Instalment).where(Instalment.number == 1), "paid instalment")
    case.run(delete(Instalment).where(Instalment.number == 2))


def test_a_bill_somebody_pays_is_frozen(case: Case) -> None:
    case.run(update(Bill).values(amount=11_000))
    for status in (BillStatus.WITHDRAWN, BillStatus.PENDING, BillStatus.TAKEN, BillStatus.PAID):
        case.run(update(Bill).values(status=status))
        for change in (
            {"amount": 1},
            {"number": "F-2"},
            {"client_code": "999999"},
            {"biller_code": "SAGUAPAC"},
            {"currency": Currency.USD},
        ):
            changed = update(Bill).values(**change)
            if status in (BillStatus.TAKEN, BillStatus.PAID):
                case.refused(changed, "bill somebody pays")
    case.refused(update(Bill).values(status=BillStatus.PENDING), "stays paid")
    case.run(update(Bill).values(amount=11_000, status=BillStatus.PAID))
    case.refused(delete(Bill), "never deleted")


# Sessions


def test_a_members_session_does_not_change_hands_and_ends_once(case: Case) -> None:
    case.run(
        insert(MemberSession).values(
            id=new_id(),
            access_id=case.access,
            token_digest=b"d" * 32,
            channel=Channel.WEB,
            address="192.0.2.1",
            started_at=NOON,
            expires_at=LATER,
        )
    )
    for change in (
        {"access_id": new_id()},
        {"token_digest": b"e" * 32},
        {"started_at": LATER},
        {"expires_at": LATER + timedelta(hours=1)},
        {"address": "192.0.2.2"},
    ):
        case.refused(update(MemberSession).values(**change), "session is frozen")
    case.run(update(MemberSession).values(ended_at=NOON, end_reason="signed_out"))
    for again in ({"ended_at": None}, {"ended_at": LATER}, {"end_reason": ""}):
        case.refused(update(MemberSession).values(**again), "stays ended")


def test_a_try_to_unlock_is_history(case: Case) -> None:
    case.run(
        insert(UnlockTry).values(
            id=new_id(), access_id=case.access, address="192.0.2.1", at=NOON, was_right=False
        )
    )
    case.run(update(UnlockTry).values(was_right=True))
    for change in ({"at": LATER}, {"access_id": None}, {"address": ""}):
        case.refused(update(UnlockTry).values(**change), "history")
    case.refused(delete(UnlockTry), "never deleted")


# Ways around


def _mark(table: type[Base]) -> str:
    return str(table.__tablename__)


KEPT = (Posting, Operation, Beneficiary, Bill, InterbankBatch, InterbankGate)


@pytest.mark.parametrize("table", KEPT, ids=_mark)
def test_sqlite_does_not_replace_money_behind_the_guards(case: Case, table: type[Base]) -> None:
    if case.world.house.database.is_postgresql:
        pytest.skip("PostgreSQL has no INSERT OR REPLACE")
    case.operation()
    name = _mark(table)
    replaced = text(f"INSERT OR REPLACE INTO {name} SELECT * FROM {name}")
    case.refused(replaced, "append-only|never deleted")


def test_postgresql_does_not_empty_what_is_kept(case: Case) -> None:
    if not case.world.house.database.is_postgresql:
        pytest.skip("SQLite has no TRUNCATE")
    tables = (*KEPT, OperationSignature, ScheduleRun, BillerExport, Loan, UnlockTry)
    for table in tables:
        with pytest.raises(DBAPIError, match="never emptied"):
            case.run(text(f"TRUNCATE {_mark(table)} CASCADE"))
