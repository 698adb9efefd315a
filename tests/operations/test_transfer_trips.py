"""A transfer asks the server twice, in statements the driver keeps, and nobody locks crosswise."""

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest
from sqlalchemy import event, text

from branch_desk.models.base import new_id
from branch_desk.models.database import Database
from branch_desk.operations.money.looking import statement
from branch_desk.operations.work import House
from tests.bank import STEP, Bank, Client, a_bank, in_one_snapshot
from tests.builders import SetClock, a_world
from tests.clients import order as send
from tests.faults import a_line
from tests.postgres import Postgres

_FAR = 40
"""Milliseconds of a round trip: what is sent together arrives before any of it is answered."""
_CHARACTERS, _PARAMETERS = 4096, 50
"""Up to so many psycopg keeps what it made of a statement, and does not parse it again."""
_CLIENTS = 6
_TRANSFERS = 25


@pytest.fixture
def bank(postgres_url: str) -> Bank:
    return a_bank(a_world(postgres_url), _CLIENTS, balance=10_000_000)


def at(bank: Bank, url: str) -> House:
    """The same house through another line, with a clock of its own."""
    return House(Database(url, clock=SetClock()), bank.world.house.keys, bank.world.house.hasher)


def pay(bank: Bank, house: House, payer: Client, times: int, first: int = 0) -> None:
    """Pay others by chance, from either account."""
    chance = random.Random(str(payer.access_id))
    now = payer.begins + first * STEP
    for _ in range(times):
        now = payer.after(now)
        beneficiary, _account = chance.choice(payer.payees)
        key, debit = new_id(), chance.choice(payer.accounts)
        assert send(house, payer, payer.pay(key, debit, beneficiary, 100), now) == "DONE"


def test_a_transfer_is_two_round_trips(postgres: Postgres, bank: Bank) -> None:
    payer = bank.clients[0]
    database = bank.world.house.database.url.database or ""
    with a_line(postgres, _FAR) as line:
        house = at(bank, line.url(database))
        pay(bank, house, payer, 7)  # from then on the statements are prepared
        counted = []
        for number in range(5):
            before = line.turns
            pay(bank, house, payer, 1, first=100 + 2 * number)
            counted.append(line.turns - before)
        house.database.close()
    # BEGIN together with what is looked at and locked; all that is written together with COMMIT.
    assert min(counted) == 2, counted
    bank.world.house.database.close()


def test_the_driver_keeps_both_statements_and_so_does_the_compiler(bank: Bank) -> None:
    house = at(bank, bank.world.house.database.url.render_as_string(hide_password=False))
    payer = bank.clients[0]
    pay(bank, house, payer, 2)
    said: list[tuple[int, int, str]] = []

    @event.listens_for(house.database.engine, "before_cursor_execute")
    def note(_c, _cursor, sql, values, context, _many) -> None:
        said.append((len(sql), len(values), context.cache_hit.name))

    pay(bank, house, payer, 1, first=50)
    assert len(said) == 2
    assert all(hit == "CACHE_HIT" for _, _, hit in said)
    assert all(characters <= _CHARACTERS for characters, _, _ in said), said
    assert all(values <= _PARAMETERS for _, values, _ in said), said
    longest = max(
        len(
            str(
                statement(by_session=by, gate=gate, with_clock=clock).compile(house.database.engine)
            )
        )
        for by, gate, clock in product((True, False), repeat=3)
    )
    assert longest <= _CHARACTERS
    house.database.close()
    bank.world.house.database.close()


def test_members_who_pay_each_other_at_once_never_deadlock(bank: Bank) -> None:
    url = bank.world.house.database.url.render_as_string(hide_password=False)
    houses = [at(bank, url) for _ in bank.clients]
    with ThreadPoolExecutor(_CLIENTS) as pool:
        done = [
            pool.submit(pay, bank, house, client, _TRANSFERS)
            for house, client in zip(houses, bank.clients, strict=True)
        ]
        for each in done:
            each.result()
    for house in houses:
        house.database.close()  # the server counts what a connection saw when it ends
    database = bank.world.house.database
    with database.engine.connect() as connection:
        deadlocks = connection.scalar(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        )
    assert deadlocks == 0
    assert in_one_snapshot(database, bank.accounts, bank.total) == []
    database.close()
