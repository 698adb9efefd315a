"""Members move money while clients and server are killed and lines are cut: nothing is lost.

After the bank test of Jepsen (R60-R67). The long set is run on demand: `-m long`.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from branch_desk.models.database import upgrade
from tests.bank import Bank, a_bank, judged, sound
from tests.builders import World, a_world
from tests.clients import Clients
from tests.faults import a_line
from tests.postgres import Postgres, postgres_server

MEMBERS = 4
_RESUMES = 5
"""Seconds after the server's start within which somebody is served again (R66)."""


@pytest.fixture(scope="module")
def durable() -> Iterator[tuple[Postgres, str]]:
    """A server that confirms only what is on the disk, and a database with the tables in it."""
    with postgres_server(durable=True) as server:
        template = server.create()
        upgrade(server.url(template))
        yield server, template


@pytest.fixture
def durable_world(durable: tuple[Postgres, str]) -> Iterator[World]:
    server, template = durable
    name = server.create(template)
    world = a_world(server.url(name))
    yield world
    world.house.database.close()
    server.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def bank(request: pytest.FixtureRequest) -> Iterator[Bank]:
    """A bank on each database, both with every commit on the disk."""
    if request.param == "postgres":
        yield a_bank(request.getfixturevalue("durable_world"), MEMBERS)
        return
    world = a_world(request.getfixturevalue("sqlite_url"))
    yield a_bank(world, MEMBERS)
    world.house.database.close()


def intact(bank: Bank, clients: Clients) -> None:
    """Nothing lost, nothing doubled, and nobody ever saw anything wrong."""
    bank.world.house.database.engine.dispose()  # its own lines were broken, too
    reads = clients.watched()
    assert [read for read in reads if read.get("wrong")] == []
    assert sum(read["what"] == "read" for read in reads) > 10
    assert judged(bank, clients.lines()) == []
    refused = {line["by"] for line in clients.lines() if line["what"] == "refused"}
    assert refused <= {"NotEnoughFunds"}
    if bank.world.house.database.is_postgresql:
        sound(bank)


def kill_clients(bank: Bank, folder: Path, kills: int, transfers: int) -> None:
    chance = random.Random(kills)
    with Clients(bank, folder) as clients:
        for _ in range(kills):
            time.sleep(chance.uniform(0.02, 0.3))
            victim = chance.randrange(MEMBERS)
            clients.kill(victim)
            clients.start(victim)
        clients.until(lambda: clients.done() >= transfers, 600)
    intact(bank, clients)
    assert any(line["what"] == "resumes" for line in clients.lines())


def test_clients_are_killed_and_nothing_is_lost_or_doubled(bank: Bank, tmp_path: Path) -> None:
    kill_clients(bank, tmp_path, kills=20, transfers=200)


def kill_server(bank: Bank, durable: Postgres, folder: Path, kills: int) -> list[float]:
    """Kill the server under load; gives how long after each start somebody was served again."""
    waits = []
    chance = random.Random(kills)
    with Clients(bank, folder) as clients:
        for _ in range(kills):
            clients.until(lambda: clients.done() > 0)
            time.sleep(chance.uniform(0.3, 1.0))
            durable.kill()
            before = clients.done()
            time.sleep(chance.uniform(0, 0.5))
            durable.start()
            started = time.monotonic()
            clients.serve(before)
            waits.append(time.monotonic() - started)
    intact(bank, clients)
    return waits


def test_the_server_is_killed_and_work_resumes_by_itself(
    durable_world: World, durable: tuple[Postgres, str], tmp_path: Path
) -> None:
    waits = kill_server(a_bank(durable_world, MEMBERS), durable[0], tmp_path, kills=2)
    assert max(waits) < _RESUMES


def break_lines(bank: Bank, durable: Postgres, folder: Path, lost: int) -> None:
    """Lose so many answers to COMMIT, and cut all connections half as often."""
    database = bank.world.house.database.url.database
    assert database is not None
    chance = random.Random(lost)
    with a_line(durable) as line:
        with Clients(bank, folder, url=line.url(database)) as clients:
            line.lose_commits(lost, every=5)
            for _ in range(lost // 2):
                clients.serve()
                time.sleep(chance.uniform(0, 0.05))
                line.cut()
            clients.until(lambda: line.swallowed == lost, 600)
            clients.serve()
        assert line.cut_off >= lost // 2
    intact(bank, clients)


def test_lines_are_cut_and_answers_to_commit_are_lost(
    durable_world: World, durable: tuple[Postgres, str], tmp_path: Path
) -> None:
    break_lines(a_bank(durable_world, MEMBERS), durable[0], tmp_path, lost=10)


def cross(bank: Bank, folder: Path, transfers: int) -> None:
    """Two pairs of members pay each other without end: each wants what the other holds."""
    pairs = []
    for place, client in enumerate(bank.clients):
        other = bank.clients[place ^ 1].accounts[0]
        payees = tuple(payee for payee in client.payees if payee[1] == other)
        pairs.append(replace(client, accounts=client.accounts[:1], payees=payees))
    with Clients(replace(bank, clients=tuple(pairs)), folder, most=100) as clients:
        clients.until(lambda: clients.done() >= transfers, 600)
    assert {line["what"] for line in clients.lines()} == {"sends", "done"}
    intact(bank, clients)


def deadlocks(world: World) -> int:
    query = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    with world.house.database.engine.connect() as connection:
        return connection.scalar(query) or 0


def test_crossing_transfers_never_deadlock(durable_world: World, tmp_path: Path) -> None:
    cross(a_bank(durable_world, MEMBERS), tmp_path, transfers=500)
    assert deadlocks(durable_world) == 0


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_long_two_hundred_clients_are_killed(bank: Bank, tmp_path: Path) -> None:
    kill_clients(bank, tmp_path, kills=200, transfers=10_000)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_long_the_server_is_killed_twenty_times(
    durable_world: World, durable: tuple[Postgres, str], tmp_path: Path
) -> None:
    waits = kill_server(a_bank(durable_world, MEMBERS), durable[0], tmp_path, kills=20)
    assert max(waits) < _RESUMES


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_long_a_hundred_answers_to_commit_are_lost(
    durable_world: World, durable: tuple[Postgres, str], tmp_path: Path
) -> None:
    break_lines(a_bank(durable_world, MEMBERS), durable[0], tmp_path, lost=100)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_long_ten_thousand_crossing_transfers_never_deadlock(
    durable_world: World, tmp_path: Path
) -> None:
    cross(a_bank(durable_world, MEMBERS), tmp_path, transfers=10_000)
    assert deadlocks(durable_world) == 0
