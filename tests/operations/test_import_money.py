"""What the core system's files do to money: balances through the ledger, loans, instalments, bills."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from branch_desk.models.account import Account, AccountKind
from branch_desk.models.base import new_id
from branch_desk.models.bill import Bill, BillStatus
from branch_desk.models.enrolment import Channel
from branch_desk.models.ledger import CORE, Posting, PostingKind
from branch_desk.models.loan import Instalment, Loan
from branch_desk.models.money import Currency
from branch_desk.models.operation import Operation, OperationKind, OperationStatus
from branch_desk.operations.books import imports
from branch_desk.operations.books.import_rows import BookKind, key_of
from branch_desk.operations.books.imports import ImportResult, import_file
from branch_desk.operations.money import ledger
from tests.access_builders import an_active
from tests.builders import NOON, World
from tests.operations.test_imports import SAVINGS, rejects, write

CURRENT = SAVINGS | {"account_number": "0040005000", "kind": "CC", "balance": "-250.00"}
BORROWED = SAVINGS | {"account_number": "0050006000", "kind": "PR", "balance": "900.00"}
LOAN = {
    "account_number": "0050006000", "principal": "1000.00", "currency": "BOB",
    "annual_rate": "11.50", "disbursed_on": "2026-08-03", "instalments": "3",
}  # fmt: skip
FIRST = {
    "account_number": "0050006000", "number": "1", "due_on": "2026-09-03", "capital": "100.00",
    "interest": "9.58", "other": "1.20", "paid_on": "2026-09-01",
}  # fmt: skip
SECOND = FIRST | {"number": "2", "due_on": "2026-10-03", "paid_on": ""}
BILL = {
    "biller": "CRE", "client_code": "123456", "bill_id": "F-2026/10.1", "period": "Octubre 2026",
    "due_on": "2026-11-30", "currency": "BOB", "amount": "184.30",
}  # fmt: skip

Import = Callable[..., ImportResult]


@pytest.fixture
def taken(world: World, tmp_path: Path) -> Import:
    """Imports rows from a file of their own."""

    def run(kind: BookKind, *rows: dict[str, str]) -> ImportResult:
        path = tmp_path / f"{new_id().hex}.csv"
        return import_file(world.house, kind, write(path, list(rows)))

    return run


def every(world: World, mapped: Any, *order: Any) -> list[Any]:
    return world.house.work(
        lambda work: list(work.session.scalars(select(mapped).order_by(*order))), reads=True
    )


def postings(world: World) -> list[tuple[Any, ...]]:
    numbers = {account.id: account.number for account in every(world, Account)}
    return [
        (
            each.kind,
            each.debit_house or numbers[each.debit_account_id],
            each.credit_house or numbers[each.credit_account_id],
            each.amount,
            each.debit_after if each.debit_account_id else each.credit_after,
        )
        for each in every(world, Posting, Posting.at, Posting.entry_id, Posting.position)
    ]


def balances(world: World) -> dict[str, tuple[int, int]]:
    return {a.number: (a.balance, a.overdraft) for a in every(world, Account)}


def sound(world: World) -> bool:
    return world.house.job(ledger.check).sound


def test_a_first_balance_is_an_opening_and_another_one_an_adjustment(
    world: World, taken: Import
) -> None:
    empty = SAVINGS | {"account_number": "0060007000", "balance": "0.00"}
    opened = taken(BookKind.ACCOUNTS, SAVINGS, CURRENT, BORROWED, empty)
    assert opened.accepted == 4
    savings, current, loan = (each["account_number"] for each in (SAVINGS, CURRENT, BORROWED))
    opening = [
        (PostingKind.OPENING, CORE, savings, 123_450, 123_450),
        (PostingKind.OPENING, current, CORE, 25_000, -25_000),
        (PostingKind.OPENING, loan, CORE, 90_000, 90_000),
    ]
    assert postings(world) == opening
    assert {each.at for each in every(world, Posting)} == {NOON}

    world.clock.forward(days=1)
    again = taken(
        BookKind.ACCOUNTS,
        SAVINGS | {"balance": "1000.00"},
        CURRENT | {"balance": "50.00"},
        BORROWED | {"balance": "800.00"},
        empty | {"status": "BLOCKED"},
    )
    assert (again.accepted, again.rejected) == (4, 0)
    assert postings(world)[3:] == [
        (PostingKind.ADJUSTMENT, savings, CORE, 23_450, 100_000),
        (PostingKind.ADJUSTMENT, CORE, current, 30_000, 5_000),
        (PostingKind.ADJUSTMENT, CORE, loan, 10_000, 80_000),
    ]
    assert len({each.entry_id for each in every(world, Posting)}) == 2, "one entry a batch"
    assert sound(world)


def test_the_same_file_again_posts_nothing(world: World, taken: Import) -> None:
    taken(BookKind.ACCOUNTS, SAVINGS, CURRENT, BORROWED)
    before = postings(world)
    assert taken(BookKind.ACCOUNTS, SAVINGS, CURRENT, BORROWED).unchanged == 3
    assert postings(world) == before


def test_the_agreed_overdraft_is_a_column_or_what_is_drawn(world: World, taken: Import) -> None:
    taken(BookKind.ACCOUNTS, SAVINGS, CURRENT)
    assert balances(world)["0040005000"] == (-25_000, 25_000)
    result = taken(BookKind.ACCOUNTS, CURRENT | {"overdraft": "1000.00"})
    assert (result.accepted, result.unknown_columns) == (1, ())
    assert balances(world)["0040005000"] == (-25_000, 100_000)
    result = taken(
        BookKind.ACCOUNTS,
        CURRENT | {"balance": "-1000.01", "overdraft": "1000.00"},
        SAVINGS | {"overdraft": "1.00"},
        CURRENT | {"account_number": "0041", "overdraft": "-1.00"},
        CURRENT | {"account_number": "0042", "overdraft": "x"},
        CURRENT | {"account_number": "0043", "overdraft": " "},
        SAVINGS | {"account_number": "0044", "overdraft": "0.00"},
    )
    assert rejects(result) == [
        (2, "balance", "el saldo está por debajo del sobregiro convenido"),
        (3, "overdraft", "solo una cuenta corriente puede tener sobregiro"),
        (4, "overdraft", "el monto no puede ser negativo"),
        (5, "overdraft", "el monto debe venir como 1234.50"),
    ]
    assert balances(world)["0040005000"] == (-25_000, 100_000)
    assert balances(world)["0043"] == (-25_000, 25_000)
    assert sound(world)


def test_what_a_member_moves_while_a_file_is_read_is_not_lost(world: World, taken: Import) -> None:
    """The file differs from what the import saw first; what counts is what it finds in the end."""
    taken(BookKind.ACCOUNTS, SAVINGS)
    (account,) = every(world, Account)
    payment = Posting(
        entry_id=new_id(), position=1, kind=PostingKind.ADJUSTMENT, at=NOON,
        debit_account_id=account.id, debit_after=113_450, credit_house=CORE,
        currency=Currency.BOB, amount=10_000,
    )  # fmt: skip

    def pay(session: Session) -> None:
        session.add(payment)
        session.execute(update(Account).values(balance=Account.balance - 10_000))

    meanwhile(world, pay, lambda: taken(BookKind.ACCOUNTS, SAVINGS | {"balance": "1500.00"}))
    assert balances(world)[SAVINGS["account_number"]] == (150_000, 0)
    assert sound(world), "the adjustment must be of 36.550, not of 26.550"


def test_a_bill_ordered_while_a_file_is_read_stays_as_it_was_ordered(
    world: World, taken: Import
) -> None:
    taken(BookKind.BILLS, BILL)

    def order(session: Session) -> None:
        session.execute(update(Bill).values(status=BillStatus.TAKEN))

    result = meanwhile(world, order, lambda: taken(BookKind.BILLS, BILL | {"amount": "1.00"}))
    assert (result.accepted, result.unchanged) == (0, 1)
    assert [(b.amount, b.status) for b in every(world, Bill)] == [(18_430, BillStatus.TAKEN)]


def test_an_instalment_paid_while_a_file_is_read_stays_paid(world: World, taken: Import) -> None:
    taken(BookKind.ACCOUNTS, SAVINGS, BORROWED)
    taken(BookKind.LOANS, LOAN)
    taken(BookKind.INSTALMENTS, SECOND)
    paid = an_operation(world, OperationKind.LOAN, 11_078)

    def pay(session: Session) -> None:
        session.execute(update(Instalment).values(paid_on=NOON.date(), operation_id=paid))

    changed = SECOND | {"interest": "5.00"}
    result = meanwhile(world, pay, lambda: taken(BookKind.INSTALMENTS, changed))
    assert (result.accepted, result.unchanged) == (0, 1)
    assert [(i.operation_id, i.interest) for i in every(world, Instalment)] == [(paid, 958)]


def meanwhile(
    world: World, deed: Callable[[Session], None], run: Callable[[], ImportResult]
) -> ImportResult:
    """Run an import that has to wait for a deed which is done and not yet committed."""
    database = world.house.database
    with ThreadPoolExecutor(1) as beside, Session(database.engine) as session:
        deed(session)
        session.flush()
        running = beside.submit(run)
        until = time.monotonic() + 5
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while database.is_postgresql and time.monotonic() < until:
            if database.read(lambda other: other.scalar(waits)):
                break
            time.sleep(0.01)
        else:
            assert not database.is_postgresql, "the import waited for nobody"
            time.sleep(0.3)  # on SQLite it waits for the only writer, from its beginning
        session.commit()
        return running.result(timeout=10)


def test_an_account_with_postings_keeps_its_currency_and_its_sign(
    world: World, taken: Import
) -> None:
    empty = SAVINGS | {"account_number": "0060007000", "balance": "0.00"}
    taken(BookKind.ACCOUNTS, SAVINGS, BORROWED, empty)
    result = taken(
        BookKind.ACCOUNTS,
        SAVINGS | {"currency": "USD"},
        BORROWED | {"kind": "CA"},
        empty | {"currency": "USD", "balance": "7.00"},
    )
    assert rejects(result) == [
        (2, "currency", "la moneda de una cuenta con movimientos no cambia"),
        (3, "kind", "una cuenta con movimientos no se vuelve préstamo ni deja de serlo"),
    ]
    found = {a.number: a for a in every(world, Account)}
    assert found[SAVINGS["account_number"]].currency is Currency.BOB
    assert found[BORROWED["account_number"]].kind is AccountKind.LOAN
    assert found["0060007000"].currency is Currency.USD
    assert sound(world)


@pytest.mark.parametrize(
    "other", ["0010-002000", "0010.002000", " 0010 002000", "0010002000\u00a0"]
)
def test_one_account_written_twice_is_taken_once(world: World, taken: Import, other: str) -> None:
    result = taken(BookKind.ACCOUNTS, SAVINGS, SAVINGS | {"account_number": other})
    assert (result.accepted, result.rejected) == (1, 1)


def test_keys_are_told_apart_as_they_are_kept() -> None:
    def bill(**cells: str) -> str:
        return key_of(BookKind.BILLS, {"biller": "CRE", "bill_id": "A-1"} | cells)

    assert bill() == bill(biller=" cre ", bill_id="A-1 ")
    assert len({bill(), bill(bill_id="A1"), bill(bill_id="a-1"), bill(biller="COTAS")}) == 4
    first = {"account_number": "1234", "number": "1"}
    assert key_of(BookKind.INSTALMENTS, first) == key_of(
        BookKind.INSTALMENTS, first | {"number": " 01", "account_number": "12-34"}
    )


def test_members_whose_numbers_differ_by_a_sign_are_not_taken_for_one(
    world: World, taken: Import
) -> None:
    from tests.operations.test_imports import person

    result = taken(
        BookKind.MEMBERS, person(12, member_number="1-2"), person(13, member_number="12")
    )
    assert (result.accepted, [line for line, _, _ in rejects(result)]) == (1, [2])


def test_loans_and_instalments_are_taken_and_a_second_run_changes_nothing(
    world: World, taken: Import
) -> None:
    taken(BookKind.ACCOUNTS, BORROWED)
    for _ in range(2):
        loans = taken(BookKind.LOANS, LOAN)
        plan = taken(BookKind.INSTALMENTS, FIRST, SECOND)
    assert (loans.accepted, loans.unchanged) == (0, 1)
    assert (plan.accepted, plan.unchanged) == (0, 2)
    (loan,) = every(world, Loan)
    assert (loan.principal, loan.annual_rate, loan.disbursed_on, loan.instalments) == (
        100_000, 1150, date(2026, 8, 3), 3,
    )  # fmt: skip
    first, second = every(world, Instalment, Instalment.number)
    assert (first.capital, first.interest, first.other) == (10_000, 958, 120)
    assert (first.paid_on, first.operation_id) == (date(2026, 9, 1), None)
    assert (second.due_on, second.paid_on) == (date(2026, 10, 3), None)
    changed = taken(BookKind.LOANS, LOAN | {"annual_rate": "9.00", "instalments": "2"})
    assert changed.accepted == 1
    changed = taken(BookKind.INSTALMENTS, SECOND | {"interest": "8.00", "paid_on": "2026-10-02"})
    assert changed.accepted == 1
    assert every(world, Loan)[0].annual_rate == 900
    assert every(world, Instalment, Instalment.number)[1].paid_on == date(2026, 10, 2)


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"account_number": "0999"}, "account_number", "esa cuenta no existe"),
        ({"account_number": "0010002000"}, "account_number", "esa cuenta no es un préstamo"),
        ({"currency": "USD"}, "currency", "no es la moneda de la cuenta"),
        ({"currency": "EUR"}, "currency", "no es uno de los valores admitidos"),
        ({"principal": "-1.00"}, "principal", "el monto no puede ser negativo"),
        ({"principal": "0.00"}, "principal", "el monto debe ser mayor que cero"),
        ({"principal": "1000"}, "principal", "el monto debe venir como 1234.50"),
        ({"annual_rate": "11.5"}, "annual_rate", "la tasa debe venir como 11.50"),
        ({"annual_rate": "11,50"}, "annual_rate", "la tasa debe venir como 11.50"),
        ({"annual_rate": "-1.00"}, "annual_rate", "la tasa debe venir como 11.50"),
        ({"disbursed_on": ""}, "disbursed_on", "falta"),
        ({"disbursed_on": "2026-11-24"}, "disbursed_on", "la fecha aún no llegó"),
        ({"instalments": "0"}, "instalments", "debe ser un número entero, desde 1"),
        ({"instalments": "1.5"}, "instalments", "debe ser un número entero, desde 1"),
        ({"instalments": "1"}, "instalments", "el plan ya tiene más cuotas"),
    ],
)  # fmt: skip
def test_a_wrong_loan_is_explained_and_its_neighbours_are_kept(
    world: World, taken: Import, changes: dict[str, str], column: str, reason: str
) -> None:
    other = BORROWED | {"account_number": "0070008000"}
    taken(BookKind.ACCOUNTS, SAVINGS, BORROWED, other)
    taken(BookKind.LOANS, LOAN)
    taken(BookKind.INSTALMENTS, FIRST, SECOND)
    good = LOAN | {"account_number": "0070008000"}
    result = taken(BookKind.LOANS, LOAN | changes, good)
    assert rejects(result) == [(2, column, reason)]
    assert result.accepted == 1
    assert len(every(world, Loan)) == 2


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"account_number": "0999"}, "account_number", "esa cuenta no existe"),
        ({"account_number": "0010002000"}, "account_number", "esa cuenta no es un préstamo"),
        ({"account_number": "0080"}, "account_number", "ese préstamo no vino todavía en loans.csv"),
        ({"number": "4"}, "number", "el préstamo no tiene tantas cuotas"),
        ({"number": "0"}, "number", "debe ser un número entero, desde 1"),
        ({"number": "uno"}, "number", "debe ser un número entero, desde 1"),
        ({"capital": "-0.01"}, "capital", "el monto no puede ser negativo"),
        ({"interest": "-0.01"}, "interest", "el monto no puede ser negativo"),
        ({"other": "1"}, "other", "el monto debe venir como 1234.50"),
        ({"capital": "0.00", "interest": "0.00", "other": "0.00"}, "capital", "el monto debe ser mayor que cero"),
        ({"due_on": ""}, "due_on", "falta"),
        ({"paid_on": "2026-11-24"}, "paid_on", "la fecha aún no llegó"),
        ({"number": "1"}, "number", "la cuota ya consta como pagada con otros datos"),
    ],
)  # fmt: skip
def test_a_wrong_instalment_is_explained_and_its_neighbours_are_kept(
    world: World, taken: Import, changes: dict[str, str], column: str, reason: str
) -> None:
    taken(BookKind.ACCOUNTS, SAVINGS, BORROWED, BORROWED | {"account_number": "0080"})
    taken(BookKind.LOANS, LOAN)
    taken(BookKind.INSTALMENTS, FIRST)
    result = taken(BookKind.INSTALMENTS, SECOND | changes, SECOND | {"number": "3"})
    assert rejects(result) == [(2, column, reason)]
    assert result.accepted == 1
    assert [each.number for each in every(world, Instalment, Instalment.number)] == [1, 3]


def test_an_instalment_paid_here_stays_paid(world: World, taken: Import) -> None:
    taken(BookKind.ACCOUNTS, SAVINGS, BORROWED)
    taken(BookKind.LOANS, LOAN)
    taken(BookKind.INSTALMENTS, FIRST, SECOND)
    paid = an_operation(world, OperationKind.LOAN, 11_078)
    world.house.work(
        lambda work: work.session.execute(
            update(Instalment)
            .where(Instalment.number == 2)
            .values(paid_on=date(2026, 11, 20), operation_id=paid)
        )
    )
    result = taken(BookKind.INSTALMENTS, FIRST, SECOND | {"interest": "5.00"})
    assert (result.accepted, result.unchanged, result.rejected) == (0, 2, 0)
    second = every(world, Instalment, Instalment.number)[1]
    assert (second.paid_on, second.operation_id, second.interest) == (date(2026, 11, 20), paid, 958)


def an_operation(world: World, kind: OperationKind, amount: int) -> UUID:
    """A loan's payment that is done, without its postings: who asks only for its id needs none."""
    accounts = {a.kind: a for a in every(world, Account)}
    access_id, _ = an_active(world, world.desk(), number="0777", document_number="7654321")
    operation = Operation(
        id=new_id(), kind=kind, status=OperationStatus.DONE, access_id=access_id,
        member_id=new_id(), channel=Channel.WEB,
        debit_account_id=accounts[AccountKind.SAVINGS].id,
        credit_account_id=accounts[AccountKind.LOAN].id, currency=Currency.BOB, amount=amount,
        payload="{}", payload_sha256="0", created_at=NOON, moved_at=NOON,
    )  # fmt: skip
    world.house.work(lambda work: work.session.add(operation))
    return operation.id


def test_bills_are_taken_changed_and_withdrawn(world: World, taken: Import) -> None:
    other = BILL | {"bill_id": "F-2", "amount": "10.00", "due_on": "2026-10-31"}
    assert taken(BookKind.BILLS, BILL, other).accepted == 2
    assert taken(BookKind.BILLS, BILL, other).unchanged == 2
    bill = {each.number: each for each in every(world, Bill)}["F-2026/10.1"]
    assert (bill.biller_code, bill.client_code, bill.period, bill.amount, bill.status) == (
        "CRE", "123456", "Octubre 2026", 18_430, BillStatus.PENDING,
    )  # fmt: skip
    result = taken(BookKind.BILLS, BILL | {"amount": "184.00"})
    assert result.accepted == 1
    gone = taken(
        BookKind.BILLS, BILL | {"amount": "0.00"}, BILL | {"bill_id": "X", "amount": "0.00"}
    )
    assert (gone.accepted, gone.unchanged) == (1, 1)
    kept = {each.number: (each.amount, each.status) for each in every(world, Bill)}
    assert kept == {
        "F-2026/10.1": (18_400, BillStatus.WITHDRAWN),
        "F-2": (1_000, BillStatus.PENDING),
    }, "what is not in the file stays as it is"
    assert taken(BookKind.BILLS, BILL).accepted == 1
    assert every(world, Bill, Bill.number)[1].status is BillStatus.PENDING


@pytest.mark.parametrize("status", [BillStatus.TAKEN, BillStatus.PAID])
@pytest.mark.parametrize("amount", ["1.00", "0.00"])
def test_a_bill_that_was_ordered_here_changes_no_more(
    world: World, taken: Import, status: BillStatus, amount: str
) -> None:
    taken(BookKind.BILLS, BILL)
    world.house.work(lambda work: work.session.execute(update(Bill).values(status=status)))
    result = taken(BookKind.BILLS, BILL | {"amount": amount})
    assert (result.accepted, result.unchanged) == (0, 1)
    assert [(each.amount, each.status) for each in every(world, Bill)] == [(18_430, status)]


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"biller": "LUZ"}, "biller", "esa empresa no existe"),
        ({"biller": ""}, "biller", "falta"),
        ({"biller": "TIGO-PRE", "client_code": "70012345"}, "biller", "esa empresa es de recargas: no tiene facturas"),
        ({"biller": "COTAS", "client_code": "123456"}, "client_code", "no tiene la forma de los códigos de esa empresa"),
        ({"client_code": ""}, "client_code", "falta"),
        ({"bill_id": ""}, "bill_id", "falta"),
        ({"bill_id": "ñ1"}, "bill_id", "lleva letras sin acento, dígitos, punto, guion o barra"),
        ({"bill_id": "x" * 41}, "bill_id", "es demasiado largo"),
        ({"period": ""}, "period", "falta"),
        ({"period": "Oct\u202eubre"}, "period", "el carácter 4 no se ve"),
        ({"due_on": ""}, "due_on", "falta"),
        ({"due_on": "30/11/2026"}, "due_on", "la fecha debe venir como 2026-11-23"),
        ({"currency": "Bs"}, "currency", "no es uno de los valores admitidos"),
        ({"amount": "-1.00"}, "amount", "el monto no puede ser negativo"),
        ({"amount": "1,00"}, "amount", "el monto debe venir como 1234.50"),
        ({"amount": "9999999999999.00"}, "amount", "el monto es demasiado grande"),
    ],
)  # fmt: skip
def test_a_wrong_bill_is_explained_and_its_neighbours_are_kept(
    world: World, taken: Import, changes: dict[str, str], column: str, reason: str
) -> None:
    result = taken(BookKind.BILLS, BILL | changes, BILL | {"bill_id": "F-2"})
    assert rejects(result) == [(2, column, reason)]
    assert [each.number for each in every(world, Bill)] == ["F-2"]


def test_a_stopped_import_of_accounts_goes_on_and_posts_each_balance_once(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 3)
    rows = [SAVINGS | {"account_number": f"{n:06}", "balance": f"{n}.00"} for n in range(1, 11)]
    path = write(tmp_path / "accounts.csv", rows)
    import_file(world.house, BookKind.ACCOUNTS, path, stop=lambda: True)
    result = import_file(world.house, BookKind.ACCOUNTS, path)
    assert (result.resumed_after, result.accepted) == (3, 10)
    found = every(world, Posting, Posting.entry_id, Posting.position)
    assert [each.position for each in found] == [1, 2, 3, 1, 2, 3, 1, 2, 3, 1]
    assert sound(world)


def test_the_day_of_the_file_is_that_of_la_paz(world: World, taken: Import) -> None:
    """At nine in the evening it is tomorrow in UTC, and tomorrow nothing was opened yet."""
    world.clock.forward(hours=9)
    result = taken(BookKind.ACCOUNTS, SAVINGS | {"opened_on": "2026-11-24"})
    assert rejects(result) == [(2, "opened_on", "la fecha aún no llegó")]
