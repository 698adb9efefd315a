"""Deeds with an audit record on PostgreSQL: unchained, on 64 chains, on one chain; and the check.

    ./desk bench audit [SECONDS] [CLIENTS]

The three take turns on one server that waits for the disk, as in a branch. The unchained deed
writes the same row with the same columns, values, hash and indexes, once, to a table without
heads, guards or foreign key: what lies between it and the others is the chain's cost alone.
"""

import hashlib
import multiprocessing
import secrets
import statistics
import sys
import time
from collections.abc import Callable
from multiprocessing import Queue
from multiprocessing.synchronize import Barrier
from typing import cast
from uuid import UUID

from sqlalchemy import MetaData, Table, insert, text

from branch_desk.models.audit import AuditEvent
from branch_desk.models.base import new_id
from branch_desk.models.database import Database, upgrade
from branch_desk.models.event import Event
from branch_desk.models.keys import Keys
from branch_desk.models.passwords import Hasher, HashParameters
from branch_desk.operations.house.verification import verify
from branch_desk.operations.work import House, Work, canonical, chain_of
from tests.postgres import postgres_server

ROUNDS = 3
_TARGET = 0.9
_TARGET_CHECK = 20_000

_LOOK = text("SELECT id, code, name FROM branch WHERE code = 'CEN'")
_DEED = text("INSERT INTO bench_deed VALUES (:id)")
# The same table once more, as somebody would have made it who trusts whoever can write to it.
_PLAIN = cast(Table, AuditEvent.__table__).to_metadata(MetaData(), name="bench_event")
_ADD = insert(_PLAIN)


def _unchained(work: Work) -> None:
    subject = _deed(work)
    number = secrets.randbits(62)  # nobody hands out numbers here
    values = {
        "chain": chain_of(subject),
        "number": number,
        "at": work.now,
        "event": Event.EXPORTED,
        "staff_id": None,
        "access_id": None,
        "branch_id": None,
        "subject_id": subject,
        "member_id": None,
    }
    said = values | {
        "at": work.now.isoformat(timespec="microseconds"),
        "role": work.actor.role,
        "actor": work.actor.name,
        "session": None,
        "channel": work.channel,
        "reason": "",
        "facts": {},
    }
    line = canonical(said)
    digest = hashlib.sha256(bytes(32) + line.encode()).digest()
    work.session.connection().execute(_ADD, values | {"text": line, "hash": digest})


def _on_64_chains(work: Work) -> None:
    work.record(Event.EXPORTED, _deed(work))


def _on_one_chain(work: Work) -> None:
    _deed(work)
    work.record(Event.EXPORTED, None)


def _deed(work: Work) -> UUID:
    """Do about what an ordinary deed does before its record: look six times, write twice."""
    subject = new_id()
    for _ in range(6):
        work.session.execute(_LOOK)
    work.session.execute(_DEED, {"id": new_id()})
    work.session.execute(_DEED, {"id": subject})
    return subject


def _many(work: Work) -> None:
    for _ in range(2_000):
        work.record(Event.EXPORTED, new_id())


SHAPES: dict[str, Callable[[Work], None]] = {
    "unchained": _unchained,
    "64 chains": _on_64_chains,
    "one chain": _on_one_chain,
}


def _house(url: str) -> House:
    cheap = HashParameters(memory_kib=8, passes=1, lanes=1)
    return House(Database(url), Keys.ephemeral(), Hasher(cheap))


def _client(url: str, shape: str, seconds: float, ready: "Barrier", done: "Queue[int]") -> None:
    house = _house(url)
    deed = SHAPES[shape]
    house.work(deed)
    ready.wait()
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        house.work(deed)
        count += 1
    house.database.close()
    done.put(count)


def _throughput(url: str, shape: str, seconds: float, clients: int) -> float:
    # Forked, for importing takes longer than measuring; nobody is connected at that moment.
    context = multiprocessing.get_context("fork")
    ready, done = context.Barrier(clients), context.Queue()
    people = [
        context.Process(target=_client, args=(url, shape, seconds, ready, done))
        for _ in range(clients)
    ]
    for person in people:
        person.start()
    total: int = sum(done.get() for _ in people)
    for person in people:
        person.join()
    return total / seconds


def main(seconds: float = 1.0, clients: float = 8) -> int:
    """Measure, print, and fail below the targets."""
    with postgres_server(durable=True) as server:
        url = server.url(server.create())
        upgrade(url)
        house = _house(url)
        with house.database.engine.begin() as connection:
            connection.execute(text("CREATE TABLE bench_deed (id uuid PRIMARY KEY)"))
            connection.execute(
                text("CREATE TABLE bench_event (LIKE audit_event INCLUDING INDEXES)")
            )
        house.database.close()
        measured: dict[str, list[float]] = {shape: [] for shape in SHAPES}
        for _ in range(ROUNDS):
            for shape, each in measured.items():
                each.append(_throughput(url, shape, seconds, int(clients)))
        floor = statistics.median(measured["unchained"])
        print(f"{clients:g} clients, {ROUNDS} rounds of {seconds:g} s, deeds a second (median):")
        for shape, each in measured.items():
            middle = statistics.median(each)
            print(f"  {shape:<10} {middle:8.0f}   {middle / floor:.2f}")
        for _ in range(5):
            house.work(_many)
        began = time.monotonic()
        verdict = verify(house.database)
        speed = verdict.events / (time.monotonic() - began)
        house.database.close()
        print(f"check: {verdict.events} events, {speed:,.0f} a second, intact: {verdict.intact}")
    ratio = statistics.median(measured["64 chains"]) / floor
    return 0 if ratio >= _TARGET and speed >= _TARGET_CHECK and verdict.intact else 1


if __name__ == "__main__":
    sys.exit(main(*(float(word) for word in sys.argv[1:])))
