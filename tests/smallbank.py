"""SmallBank's operations in the words of this bank, and the proof that they happened one by one.

Amounts are large and random, so that an account hardly ever has the same balance twice: from
what was seen and written before and after, the order of its operations follows.
"""

import random
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from branch_desk.models.account import Account
from branch_desk.models.base import new_id
from branch_desk.models.errors import NotEnoughFunds
from branch_desk.models.ledger import Posting
from branch_desk.models.money import Money
from branch_desk.operations.money import orders, place
from branch_desk.operations.money.orders import Order
from branch_desk.operations.portal import Portal
from branch_desk.operations.work import House
from tests.bank import Bank, Client
from tests.builders import SetClock
from tests.clients import Book, Task, house_of
from tests.racing import FORKING

OPENING = 10**12
OVERDRAFT = 2 * 10**11
MOST = 10**11
_SECONDS = 600


class Customer:
    """A member at work, in a process of its own; accounts are savings and current, in this order."""

    def __init__(self, house: House, client: Client, seed: int, book: Book) -> None:
        self._house = house
        self._client = client
        self._chance = random.Random(seed)
        self._book = book
        self._portal = Portal(house, client.token)
        self._savings, self._current = client.accounts
        self._payees: tuple[list[UUID], list[UUID]] = (
            [payee for payee, _ in client.payees[::2]],
            [payee for payee, _ in client.payees[1::2]],
        )

    def act(self) -> None:
        """Do one of the six at random."""
        self._chance.choice(
            (
                self.balance,
                self.deposit_checking,
                self.transact_savings,
                self.amalgamate,
                self.write_check,
                self.send_payment,
            )
        )()

    def balance(self) -> dict[UUID, int]:
        """Read both balances."""
        accounts = (self._savings, self._current)
        query = select(Account.id, Account.balance).where(Account.id.in_(accounts))
        began = time.monotonic()
        seen = self._house.work(
            lambda work: {row.id: row.balance for row in work.session.execute(query)}, reads=True
        )
        self._note("saw", new_id(), began, seen)
        return seen

    def deposit_checking(self) -> None:
        """Credit a current account; here the money comes from somewhere."""
        self._pay(self._savings, self._payees[1])

    def transact_savings(self) -> None:
        """Debit the savings account; here the money goes somewhere."""
        self._pay(self._savings, self._payees[0])

    def amalgamate(self) -> None:
        """Bring together in the current account what there is, but for a rest of its own kind."""
        whole = self.balance()[self._savings] - self._chance.randint(1, MOST // 100)
        if whole > 0:
            self._order(self._client.own(new_id(), self._savings, self._current, whole))

    def write_check(self) -> None:
        """Pay by the current account, into the overdraft if need be."""
        self._pay(self._current, self._payees[0], many=3)

    def send_payment(self) -> None:
        """Pay from a current account to another."""
        self._pay(self._current, self._payees[1])

    def _pay(self, debit: UUID, payees: list[UUID], many: int = 1) -> None:
        amount = self._chance.randint(1, many * MOST)
        self._order(self._client.pay(new_id(), debit, self._chance.choice(payees), amount))

    def _order(self, order: Order) -> None:
        clock = self._house.database.clock
        assert isinstance(clock, SetClock)
        clock.now = self._client.after(clock.now)
        sha256 = orders.digest(order.payload())
        began = time.monotonic()
        try:
            place.submit(self._portal, order, sha256, self._client.code(clock.now))
        except NotEnoughFunds as refusal:
            available = refusal.facts["available"]
            assert isinstance(available, Money)
            assert available.centavos < order.money.centavos
            below = OVERDRAFT if order.debit_account_id == self._current else 0
            self._note(
                "refused", order.key, began, {order.debit_account_id: available.centavos - below}
            )
        else:
            self._note("did", order.key, began, {})

    def _note(self, what: str, key: UUID, began: float, seen: Mapping[UUID, int]) -> None:
        ended = time.monotonic()
        told = {str(account): balance for account, balance in seen.items()}
        self._book.note(what=what, key=key, began=began, ended=ended, seen=told)


def work(task: Task, orders_each: int) -> None:
    """Be a customer for so many operations."""
    house = house_of(task.url, task.keys, SetClock(task.client.begins))
    customer = Customer(house, task.client, task.seed, Book(task.book))
    for _ in range(orders_each):
        customer.act()
    house.database.close()


def trade(bank: Bank, folder: Path, orders_each: int) -> list[dict[str, Any]]:
    """Let all customers work at once; gives what they did and saw."""
    house = bank.world.house
    url = house.database.url.render_as_string(hide_password=False)
    keys = house.keys._ring.to_text()
    books = [folder / f"{number}.book" for number in range(len(bank.clients))]
    processes = [
        FORKING.Process(
            target=work,
            args=(Task(url, keys, client, book, folder / "stop", number, MOST), orders_each),
        )
        for number, (client, book) in enumerate(zip(bank.clients, books, strict=True))
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(_SECONDS)
    assert [process.exitcode for process in processes] == [0] * len(processes)
    return [line for book in books for line in Book.read(book)]


def serial_order(bank: Bank, lines: Iterable[dict[str, Any]]) -> list[str]:
    """Give an order in which all of it could have happened one by one.

    It keeps what each read and wrote, and what ended before something else began. Raises
    CycleError when there is none, AssertionError when an account's history has a gap.
    """
    known = {line["key"]: line for line in lines}
    graph: TopologicalSorter[str] = TopologicalSorter()
    for account, (writers, states) in _histories(bank, known).items():
        for earlier, later in pairwise(writers):
            graph.add(later, earlier)
        for key, line in known.items():
            if (seen := line["seen"].get(str(account))) is None:
                continue
            assert seen in states, "it saw what never was"
            place = states[seen]
            if place > 0:
                graph.add(key, writers[place - 1])
            if place < len(writers):
                graph.add(writers[place], key)
    for later, earlier in _in_time(known):
        graph.add(later, earlier)
    return [node for node in graph.static_order() if node in known]


def _histories(
    bank: Bank, known: Mapping[str, dict[str, Any]]
) -> dict[UUID, tuple[list[str], dict[int, int]]]:
    """Of each account, who wrote it one after the other, and each balance's place in that."""
    moves: dict[UUID, dict[int, tuple[int, str]]] = defaultdict(dict)
    with bank.world.house.database.engine.connect() as connection:
        rows = connection.execute(select(*Posting.__table__.columns)).all()
        ends = {
            row.id: row.balance for row in connection.execute(select(Account.id, Account.balance))
        }
    for row in rows:
        if str(row.entry_id) not in known:
            assert row.kind == "OPENING"
            continue
        assert known[str(row.entry_id)]["what"] == "did"
        for account, after, change in (
            (row.debit_account_id, row.debit_after, -row.amount),
            (row.credit_account_id, row.credit_after, row.amount),
        ):
            before = after - change
            assert before not in moves[account], "two operations began from one balance"
            moves[account][before] = after, str(row.entry_id)
    histories = {}
    for account in bank.accounts:
        at, writers, states = OPENING, list[str](), {OPENING: 0}
        while at in moves[account]:
            at, key = moves[account][at]
            writers.append(key)
            states[at] = len(writers)
        assert len(writers) == len(moves[account]), "a gap in the account's history"
        assert at == ends[account]
        histories[account] = writers, states
    return histories


def _in_time(known: Mapping[str, dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """What ended before something began comes before it: told by way of marks on a time line."""
    ends = sorted((line["ended"], key) for key, line in known.items())
    begins = sorted((line["began"], key) for key, line in known.items())
    passed = 0
    for number, (ended, key) in enumerate(ends):
        while passed < len(begins) and begins[passed][0] <= ended:
            if number:
                yield begins[passed][1], f"until {number - 1}"
            passed += 1
        yield f"until {number}", key
        if number:
            yield f"until {number}", f"until {number - 1}"
