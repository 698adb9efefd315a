"""Members who order from processes of their own, each with a book that outlives it.

The book says what was about to be sent, with its key, and what was answered. When its writer is
killed in the middle, it says what nobody may have lost or done twice.
"""

import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, Self
from uuid import UUID

from branch_desk.models.base import new_id
from branch_desk.models.database import Database
from branch_desk.models.errors import DatabaseUnreachable, DomainError, OutcomeUnknown
from branch_desk.models.keys import Keys, _Ring
from branch_desk.models.passwords import Hasher
from branch_desk.operations.money import orders, place
from branch_desk.operations.money.orders import Order
from branch_desk.operations.portal import Portal
from branch_desk.operations.work import House
from tests.bank import Bank, Client, in_one_snapshot
from tests.builders import CHEAP, SetClock
from tests.racing import FORKING

_SECONDS: Final = 30
_TO_OTHERS: Final = 0.7
"""The share of orders that go to somebody else."""

# Forked from a process that has loaded everything: a client is there in some 20 ms.
_CONTEXT = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Task:
    """What a process is to do."""

    url: str
    keys: str = field(repr=False)
    client: Client
    book: Path
    stop: Path
    seed: int
    most: int
    """Largest amount, centavos."""
    accounts: frozenset[UUID] = frozenset()
    total: int = 0


class Book:
    """Lines that outlive their writer: each is written at once and whole."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, **line: object) -> None:
        """Write a line."""
        os.write(self._file, json.dumps(line, default=str).encode() + b"\n")

    @staticmethod
    def read(path: Path) -> Iterator[dict[str, Any]]:
        """Read the lines there are."""
        if path.exists():
            for line in path.read_bytes().splitlines():
                yield json.loads(line)


def house_of(url: str, keys: str, clock: SetClock) -> House:
    """The same house in another process."""
    return House(Database(url, clock=clock), Keys(_Ring.from_text(keys), None), Hasher(CHEAP))


def serve(task: Task) -> None:
    """Order at random until the file `stop` is there; first what was left open when killed."""
    clock = SetClock(task.client.begins)
    house = house_of(task.url, task.keys, clock)
    portal = Portal(house, task.client.token)
    chance = random.Random(task.seed)
    last: dict[str, Any] | None = None
    is_open = False
    for line in Book.read(task.book):
        if line["what"] == "sends":
            last, is_open = line, True
        elif line["what"] in ("done", "refused"):
            is_open = False
    book = Book(task.book)
    if last is not None:
        clock.now = datetime.fromisoformat(last["at"])
    if last is not None and is_open:
        order = orders.from_payload(UUID(last["key"]), last["payload"])
        book.note(what="resumes", there=portal(place.outcome, order.key) is not None)
        _order(portal, book, order, task.client.code(clock.now))
    while not task.stop.exists():
        clock.now = task.client.after(clock.now)
        order = _at_random(task, chance)
        book.note(what="sends", key=order.key, payload=order.payload(), at=clock.now.isoformat())
        _order(portal, book, order, task.client.code(clock.now))
    house.database.close()


def _at_random(task: Task, chance: random.Random) -> Order:
    client = task.client
    debit = chance.choice(client.accounts)
    amount = chance.randint(1, task.most)
    if client.payees and (len(client.accounts) == 1 or chance.random() < _TO_OTHERS):
        return client.pay(new_id(), debit, chance.choice(client.payees)[0], amount)
    credit = chance.choice([account for account in client.accounts if account != debit])
    return client.own(new_id(), debit, credit, amount)


def _order(portal: Portal, book: Book, order: Order, code: str) -> None:
    """Send it until there is an answer, always with the same key (R61, R67)."""
    sha256 = orders.digest(order.payload())
    while True:
        try:
            place.submit(portal, order, sha256, code)
        except OutcomeUnknown:
            book.note(what="unknown", at=time.monotonic())
        except DatabaseUnreachable:
            book.note(what="unreachable", at=time.monotonic())
        except DomainError as refusal:
            book.note(what="refused", key=order.key, by=type(refusal).__name__)
            return
        else:
            book.note(what="done", key=order.key, at=time.monotonic())
            return


def order(house: House, client: Client, order: Order, at: datetime) -> str:
    """Order once, as of then: what a racer does."""
    clock = house.database.clock
    assert isinstance(clock, SetClock)
    clock.now = at
    portal = Portal(house, client.token)
    return place.submit(portal, order, orders.digest(order.payload()), client.code(at)).status


def carry_out(house: House, client: Client, order: Order, at: datetime) -> str:
    """Carry out what was confirmed before, as a day of a schedule: no code is asked for."""
    clock = house.database.clock
    assert isinstance(clock, SetClock)
    clock.now = at
    return house.work(lambda work: place.carry_out(work, order, client.access_id)).status


def watch(task: Task) -> None:
    """Read the whole bank again and again, each time in one snapshot, and note what is wrong."""
    database = Database(task.url, clock=SetClock())
    book = Book(task.book)
    while not task.stop.exists():
        try:
            wrong = in_one_snapshot(database, task.accounts, task.total)
        except Exception as error:  # noqa: BLE001  the server is away; anything else is told
            book.note(what="failed", by=type(error).__name__, said=str(error)[:200])
            time.sleep(0.05)
            continue
        book.note(what="read", wrong=wrong)
        time.sleep(0.02)
    database.close()


class Clients:
    """The processes of a bank's clients and of one who watches it."""

    def __init__(self, bank: Bank, folder: Path, *, url: str = "", most: int = 60_000) -> None:
        self._bank = bank
        self._folder = folder
        self._own = bank.world.house.database.url.render_as_string(hide_password=False)
        self._url = url or self._own
        self._most = most
        self._stop = folder / "stop"
        self._running: dict[int, BaseProcess] = {}
        self._count = 0
        self._counted: dict[Path, tuple[int, int]] = {}

    def __enter__(self) -> Self:
        for number in range(len(self._bank.clients)):
            self.start(number)
        self._watcher = FORKING.Process(target=watch, args=(self._task(0, "watch", self._own),))
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.touch()
        processes = [*self._running.values(), self._watcher]
        for process in processes:
            process.join(_SECONDS)
            if process.is_alive():
                process.kill()
        assert [process.exitcode for process in processes] == [0] * len(processes)

    def _task(self, number: int, book: str, url: str) -> Task:
        self._count += 1
        return Task(
            url,
            self._bank.world.house.keys._ring.to_text(),
            self._bank.clients[number],
            self._folder / f"{book}.book",
            self._stop,
            self._count,
            self._most,
            self._bank.accounts,
            self._bank.total,
        )

    def start(self, number: int) -> None:
        """Start a client; it takes up its book where it was left."""
        process = FORKING.Process(target=serve, args=(self._task(number, str(number), self._url),))
        process.start()
        self._running[number] = process

    def kill(self, number: int) -> None:
        """Kill −9, wherever it stands (R65)."""
        process = self._running.pop(number)
        assert process.pid is not None
        assert process.exitcode is None, "it had ended by itself"
        os.kill(process.pid, signal.SIGKILL)
        process.join(_SECONDS)

    def done(self) -> int:
        """How many orders were answered with success so far."""
        for number in range(len(self._bank.clients)):
            path = self._folder / f"{number}.book"
            at, count = self._counted.get(path, (0, 0))
            if path.exists():
                with path.open("rb") as book:
                    book.seek(at)
                    whole = book.read().rpartition(b"\n")[0]
                self._counted[path] = at + len(whole), count + whole.count(b'"what": "done"')
        return sum(count for _, count in self._counted.values())

    def lines(self) -> Iterator[dict[str, Any]]:
        """Everything the clients wrote down."""
        for number in range(len(self._bank.clients)):
            yield from Book.read(self._folder / f"{number}.book")

    def serve(self, already: int | None = None) -> None:
        """Wait until somebody was answered after so many had been."""
        before = self.done() if already is None else already
        self.until(lambda: self.done() > before)

    def until(self, condition: Callable[[], bool], seconds: float = _SECONDS) -> None:
        """Wait until something has come about."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it does not come about"
            time.sleep(0.02)

    def watched(self) -> list[dict[str, Any]]:
        """What the one who watches wrote down."""
        return list(Book.read(self._folder / "watch.book"))
