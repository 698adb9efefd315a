"""The check of the ledger: sound books are said to be sound, and each kind of spoiling is found."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.orm import Session

from branch_desk.models.account import Account, AccountKind
from branch_desk.models.base import new_id
from branch_desk.models.enrolment import Channel
from branch_desk.models.ledger import CORE, INTERBANK, Posting, PostingKind, biller_account
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import Operation, OperationKind, OperationStatus
from branch_desk.models.staff import Role
from branch_desk.operations.money import ledger
from branch_desk.operations.money.ledger import DifferingAccount, HouseBalance, LedgerCheck
from tests.access_builders import an_active
from tests.builders import NOON, World

BOB, USD = Currency.BOB, Currency.USD


class Books:
    """A house in which money was moved, and one that refused came back."""

    def __init__(self, world: World) -> None:
        self.world = world
        member = world.member()
        self.access_id, _ = an_active(world, world.desk(), number="0777", document_number="7654321")
        self.savings = world.account(member, number="1000200030")
        self.other = world.account(member, number="1000200031", balance=0)
        self.dollars = world.account(member, number="2000200030", currency=USD, balance=7_000)
        self.loan = world.account(
            member, number="3000200030", kind=AccountKind.LOAN, balance=90_000
        )
        self.overdrawn = world.account(
            member, number="4000200030", kind=AccountKind.CURRENT, balance=-100, overdraft=500
        )
        self.transfer = self.operation(
            OperationKind.OWN, OperationStatus.DONE, 1_000, credit_account_id=self.other
        )
        self.post(self.transfer, PostingKind.TRANSFER, self.savings, self.other, 1_000)
        self.payment = self.operation(
            OperationKind.LOAN, OperationStatus.DONE, 1_500, credit_account_id=self.loan
        )
        self.post(self.payment, PostingKind.LOAN_CAPITAL, self.savings, self.loan, 1_200)
        self.post(
            self.payment, PostingKind.LOAN_INTEREST, self.savings, "LOAN_INTEREST", 300, position=2
        )
        self.top_up = self.operation(
            OperationKind.TOP_UP, OperationStatus.ACCEPTED, 500, biller_code="TIGO-PRE"
        )
        tigo = biller_account("TIGO-PRE")
        self.post(self.top_up, PostingKind.PAYMENT, self.savings, tigo, 500)
        self.back = new_id()
        self.post(self.back, PostingKind.REVERSAL, tigo, self.savings, 500, reverses_id=self.top_up)
        failed = update(Operation).where(Operation.id == self.top_up)
        self.write(lambda s: s.execute(failed.values(status=OperationStatus.FAILED)))
        self.operation(
            OperationKind.OWN, OperationStatus.WAITING, 77, credit_account_id=self.other,
            expires_at=NOON, moved_at=None,
        )  # fmt: skip

    def operation(
        self, kind: OperationKind, status: OperationStatus, amount: int, **more: Any
    ) -> UUID:
        values = {
            "id": new_id(), "kind": kind, "status": status, "access_id": self.access_id,
            "member_id": new_id(), "channel": Channel.WEB, "debit_account_id": self.savings,
            "currency": BOB, "amount": amount, "payload": "{}", "payload_sha256": "0",
            "created_at": NOON, "moved_at": NOON, "answer": "",
        } | more  # fmt: skip
        self.write(lambda session: session.execute(insert(Operation).values(values)))
        return UUID(str(values["id"]))

    def post(
        self,
        entry: UUID,
        kind: PostingKind,
        debit: UUID | str,
        credit: UUID | str,
        amount: int,
        *,
        balances: bool = True,
        **more: Any,
    ) -> None:
        def side(name: str, of: UUID | str) -> dict[str, Any]:
            return {f"{name}_house" if isinstance(of, str) else f"{name}_account_id": of}

        values = {
            "entry_id": entry, "position": 1, "kind": kind, "at": self.world.clock.now,
            "currency": BOB, "amount": amount, **side("debit", debit), **side("credit", credit),
        } | more  # fmt: skip

        def store(session: Session) -> None:
            session.execute(insert(Posting).values(values))
            for of, change in ((debit, -amount), (credit, amount)):
                if balances and not isinstance(of, str):
                    sign = -1 if of == self.loan else 1
                    session.execute(
                        update(Account)
                        .where(Account.id == of)
                        .values(balance=Account.balance + sign * change)
                    )

        self.write(store)

    def behind(self, deed: Callable[[Session], object]) -> None:
        """Write something past the guards, as somebody who owns the tables could."""

        def past(session: Session) -> None:
            if self.world.house.database.is_postgresql:
                session.execute(text("SET LOCAL session_replication_role = replica"))
            else:
                for name in session.scalars(
                    text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
                ).all():
                    session.execute(text(f"DROP TRIGGER {name}"))
            deed(session)

        self.write(past)

    def write(self, deed: Callable[[Session], object]) -> None:
        self.world.house.database.write(lambda session: deed(session) and None)

    def check(self) -> LedgerCheck:
        return self.world.house.job(ledger.check)


@pytest.fixture
def books(world: World) -> Books:
    return Books(world)


def test_books_that_balance_are_sound(books: Books) -> None:
    found = books.check()
    assert found.sound
    assert (found.accounts, found.operations, found.postings) == (5, 4, 9)
    assert (found.differing, found.unbalanced, found.adjusted) == ((), (), ())


def test_an_empty_house_is_sound(world: World) -> None:
    assert world.house.job(ledger.check).sound


def test_a_balance_changed_behind_the_ledger_is_found(books: Books) -> None:
    books.behind(
        lambda s: s.execute(update(Account).where(Account.id == books.savings).values(balance=1))
    )
    found = books.check()
    assert not found.sound
    assert found.differing == (DifferingAccount("••••••0030", Money(1, BOB), Money(497_500, BOB)),)
    assert found.differing_count == 1
    assert found.unbalanced == (Money(1 - 497_500, BOB),)
    assert found.wrong_operations == ()


def test_a_loan_changed_behind_the_ledger_is_found(books: Books) -> None:
    books.behind(
        lambda s: s.execute(update(Account).where(Account.id == books.loan).values(balance=0))
    )
    found = books.check()
    assert found.differing == (DifferingAccount("••••••0030", Money(0, BOB), Money(88_800, BOB)),)
    assert found.unbalanced == (Money(88_800, BOB),)


def test_a_posting_that_was_removed_is_found(books: Books) -> None:
    books.behind(lambda s: s.execute(delete(Posting).where(Posting.entry_id == books.transfer)))
    found = books.check()
    assert [each.posted.centavos for each in found.differing] == [498_500, 0]
    assert found.wrong_operations == (books.transfer,)
    assert found.unbalanced == (), "what one has too little the other has too much"


def test_an_invented_posting_is_found(books: Books) -> None:
    invented = new_id()
    books.post(invented, PostingKind.TRANSFER, books.savings, books.other, 5)
    found = books.check()
    assert found.differing == (), "the balances were made to fit"
    assert found.wrong_entries == (invented,)
    assert not found.sound


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 999},
        {"status": OperationStatus.WAITING, "expires_at": NOON},
        {"status": OperationStatus.LAPSED},
    ],
    ids=str,
)
def test_an_operation_that_says_other_than_its_postings_is_found(
    books: Books, change: dict[str, Any]
) -> None:
    mine = Operation.id == books.transfer
    books.behind(lambda s: s.execute(update(Operation).where(mine).values(change)))
    assert books.check().wrong_operations == (books.transfer,)


def test_an_operation_whose_money_went_elsewhere_is_found(books: Books) -> None:
    mine = Operation.id == books.transfer
    books.behind(
        lambda s: s.execute(update(Operation).where(mine).values(credit_account_id=books.overdrawn))
    )
    assert books.check().wrong_operations == (books.transfer,)


@pytest.mark.parametrize("status", [OperationStatus.ACCEPTED, OperationStatus.CONFIRMED])
def test_money_that_came_back_of_an_operation_that_went_well_is_found(
    books: Books, status: OperationStatus
) -> None:
    mine = Operation.id == books.top_up
    books.behind(lambda s: s.execute(update(Operation).where(mine).values(status=status)))
    assert books.check().wrong_operations == (books.top_up,)


def test_money_that_did_not_come_back_is_found(books: Books) -> None:
    books.behind(lambda s: s.execute(delete(Posting).where(Posting.entry_id == books.back)))
    assert books.top_up in books.check().wrong_operations


@pytest.mark.parametrize(
    "change", [{"amount": 499}, {"debit_house": INTERBANK}, {"debit_house": CORE}], ids=str
)
def test_a_reversal_that_does_not_mirror_is_found(books: Books, change: dict[str, Any]) -> None:
    mine = Posting.entry_id == books.back
    books.behind(lambda s: s.execute(update(Posting).where(mine).values(change)))
    assert books.check().wrong_reversals == (books.back,)


def test_an_account_below_its_overdraft_is_found(books: Books) -> None:
    def spoil(session: Session) -> None:
        if books.world.house.database.is_postgresql:
            session.execute(text("ALTER TABLE account DROP CONSTRAINT ck_account_no_overdraft"))
        else:
            session.execute(text("PRAGMA ignore_check_constraints = ON"))
        mine = Account.id == books.overdrawn
        session.execute(update(Account).where(mine).values(overdraft=50))

    books.behind(spoil)
    found = books.check()
    assert (found.overdrawn, found.differing) == (("••••••0030",), ())
    assert not found.sound


def test_only_the_first_twenty_are_named_and_all_are_counted(world: World) -> None:
    for n in range(23):
        world.account(number=f"77{n:04}", balance=100)
    world.house.database.write(lambda s: s.execute(update(Account).values(balance=200)) and None)
    found = world.house.job(ledger.check)
    assert (len(found.differing), found.differing_count) == (20, 23)
    assert found.unbalanced == (Money(2_300, BOB),)


def test_adjustments_are_listed_by_day_in_la_paz_and_are_no_fault(books: Books) -> None:
    clock = books.world.clock
    clock.now -= timedelta(days=40)
    books.post(new_id(), PostingKind.ADJUSTMENT, CORE, books.other, 1)
    clock.now = NOON + timedelta(hours=11)  # eleven in the evening; in UTC it is the 24th
    entry = new_id()
    books.post(entry, PostingKind.ADJUSTMENT, CORE, books.other, 30)
    books.post(entry, PostingKind.ADJUSTMENT, books.savings, CORE, 20, position=2)
    clock.forward(hours=2)
    books.post(new_id(), PostingKind.ADJUSTMENT, CORE, books.other, 7)
    found = books.check()
    assert found.sound
    assert [(str(a.day), a.count, a.to_members, a.from_members) for a in found.adjusted] == [
        ("2026-11-24", 1, Money(7, BOB), Money(0, BOB)),
        ("2026-11-23", 2, Money(30, BOB), Money(20, BOB)),
    ]


def test_the_houses_accounts_are_summed_by_name_and_currency(books: Books) -> None:
    # Bs 5.000,00 came in by savings, 900,00 went out as a loan, and 1,00 was drawn.
    assert books.world.house.job(ledger.house_balances) == (
        HouseBalance("BILLER:TIGO-PRE", Money(0, BOB)),
        HouseBalance("CORE", Money(-500_000 + 90_000 + 100, BOB)),
        HouseBalance("CORE", Money(-7_000, USD)),
        HouseBalance("LOAN_INTEREST", Money(300, BOB)),
    )


def test_an_auditor_may_ask(books: Books) -> None:
    desk = books.world.desk("auditora", Role.AUDITOR)
    assert desk(ledger.check).sound
    assert desk(ledger.house_balances)
