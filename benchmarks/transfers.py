"""A whole transfer on PostgreSQL, against pgbench's TPC-B-like transaction and a plain ORM.

    ./desk bench transfers [--clients 1 8 32] [--seconds 3] [--rounds 3]

The sides take turns on one server that waits for the disk. «tpcb» is the floor: pgbench, a program
in C, sends seven plain statements. «ours» is a transfer to a beneficiary with all that belongs to
one: session, granted account, limits, the code and its replay, key, double entry, balances, audit.
«orm» does the same as one writes it at first. «core» and «wire» send the statements of ours with
values made beforehand, through SQLAlchemy Core and through the bare driver: the most that ours can
reach on this machine. Codes are computed before the clock starts: they are
the phone's work.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator

from sqlalchemy import text

from benchmarks.driving import Deed, Run, drive, middle, orders_for, pgbench, pgbench_tables
from benchmarks.orm_transfer import transferring
from benchmarks.payers import (
    FIRST_TURN,
    Confirmed,
    Payer,
    Steps,
    a_house,
    a_town,
    confirmed,
    placing,
    to_beneficiary,
)
from benchmarks.replayed import through_core, through_driver
from branch_desk.operations.house.verification import verify
from branch_desk.operations.money.ledger import check
from branch_desk.operations.work import House
from tests.postgres import Postgres, postgres_server

_MEMBERS = 2_000
_BRANCHES = 50
_TARGET = {8: 0.5, 32: 0.5}
_TARGET_ORM = 6.0
_COMPARED = 8
"""Clients at which the ORM is compared."""
_TARGET_P99 = 3.0

Sender = Callable[[House, Steps, Iterator[Confirmed]], Deed]
SENDERS: dict[str, Sender] = {
    "ours": placing,
    "core": through_core,
    "wire": through_driver,
    "orm": transferring,
}


class Bench:
    """One server with the databases of all sides."""

    def __init__(self, server: Postgres) -> None:
        self.server = server
        self.house, self.payers = a_town(server.url(server.create()), _MEMBERS)
        self.databases = {
            "ours": self.house.database.url.database or "",
            **{
                side: server.create(self.house.database.url.database or "")
                for side in ("core", "wire", "orm")
            },
            "tpcb": pgbench_tables(server, _BRANCHES),
        }
        self._turn = FIRST_TURN

    def run(self, side: str, clients: int, seconds: float) -> Run:
        """Let `clients` work on one side for a turn."""
        if side == "tpcb":
            words = ("-b", "tpcb-like")
            return pgbench(self.server, self.databases[side], clients, seconds, *words)
        count = orders_for(clients, seconds)
        first, self._turn = self._turn, self._turn + count

        def prepare(number: int) -> Deed:
            mine: list[Payer] = self.payers[number::clients]
            house, clock = a_house(self.server.url(self.databases[side]), self.house.keys)
            return SENDERS[side](house, clock, confirmed(mine, to_beneficiary, count, first))

        return drive(prepare, clients, seconds)

    def wrong(self) -> list[str]:
        """Say what is not as it must be after the runs."""
        said = []
        with self.house.database.engine.connect() as connection:
            deadlocks = connection.scalar(
                text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            )
        books = self.house.job(check)
        print(
            f"afterwards: {books.operations:,} transfers, {deadlocks} deadlocks,"
            f" {len(books.overdrawn)} overdrawn, books sound: {books.sound}"
        )
        if deadlocks:
            said.append("deadlocks")
        if not books.sound:
            said.append("books")
        if not verify(self.house.database).intact:
            said.append("audit")
        self.house.database.close()
        return said


def main(clients: list[int], seconds: float, rounds: int) -> int:
    """Measure, print a table and a line of JSON, and fail below the targets."""
    result: dict[str, dict[str, float]] = {}
    failed = []
    with postgres_server(durable=True) as server:
        bench = Bench(server)
        for many in clients:
            runs: dict[str, list[Run]] = {side: [] for side in ("tpcb", *SENDERS)}
            for _ in range(rounds):
                for side, each in runs.items():
                    each.append(bench.run(side, many, seconds))
            result[str(many)] = _told(many, runs)
            failed += _below(many, result[str(many)])
        failed += bench.wrong()
    print(json.dumps({"seconds": seconds, "rounds": rounds, "clients": result, "failed": failed}))
    return 1 if failed else 0


def _told(many: int, runs: dict[str, list[Run]]) -> dict[str, float]:
    rate = {side: middle(run.rate for run in each) for side, each in runs.items()}
    late = {side: middle(run.quantile(0.99) for run in each) for side, each in runs.items()}
    print(
        f"{many} clients{'':10}{'a second':>10}{'x floor':>9}"
        f"{'p50 ms':>9}{'p99 ms':>9}{'x floor':>9}"
    )
    for side, each in runs.items():
        usual = middle(run.quantile(0.5) for run in each)
        print(
            f"  {side:17}{rate[side]:10.0f}{rate[side] / rate['tpcb']:9.2f}"
            f"{usual:9.2f}{late[side]:9.2f}{late[side] / late['tpcb']:9.2f}"
        )
    return {
        "ratio": rate["ours"] / rate["tpcb"],
        "core_ratio": rate["core"] / rate["tpcb"],
        "wire_ratio": rate["wire"] / rate["tpcb"],
        "times_orm": rate["ours"] / rate["orm"],
        "p99_ratio": late["ours"] / late["tpcb"],
        **{f"{side}_per_second": round(each, 1) for side, each in rate.items()},
        **{f"{side}_p99_ms": round(each, 2) for side, each in late.items()},
    }


def _below(many: int, told: dict[str, float]) -> list[str]:
    failed = []
    if told["ratio"] < _TARGET.get(many, 0):
        failed.append(f"{many} clients: ratio")
    if many == _COMPARED and told["times_orm"] < _TARGET_ORM:
        failed.append(f"{many} clients: times orm")
    if many in _TARGET and told["p99_ratio"] > _TARGET_P99:
        failed.append(f"{many} clients: p99")
    return failed


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    words.add_argument("--seconds", type=float, default=3)
    words.add_argument("--rounds", type=int, default=3)
    said = words.parse_args()
    sys.exit(main(said.clients, said.seconds, said.rounds))
