"""A whole transfer on SQLite, against a commit of one row, by one process and by eight.

    ./desk bench embedded [--processes 1 8] [--seconds 3] [--rounds 3]

Both sides wait for the disk (WAL, synchronous=FULL). «one row» is the floor: plain sqlite3, BEGIN
IMMEDIATE, one INSERT, COMMIT. The sides take turns; each has a file of its own.
"""

import argparse
import json
import sqlite3
import sys
import tempfile
from pathlib import Path

from benchmarks.driving import Deed, Run, drive, middle, orders_for
from benchmarks.payers import FIRST_TURN, Payer, a_house, a_town, confirmed, placing, to_beneficiary
from branch_desk.operations.money.ledger import check

_MEMBERS = 1_000
_TARGET = {1: 0.4, 8: 0.25}
_TARGET_P99 = 20.0
"""Of the middle: a writer who sleeps through its turn is served a hundred times later."""


def _one_row(path: Path) -> Deed:
    connection = sqlite3.connect(path, timeout=5, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")
    number = 0

    def commit() -> None:
        nonlocal number
        number += 1
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO pile (amount, text) VALUES (?, ?)", (number, "x" * 100))
        connection.execute("COMMIT")

    return commit


def main(processes: list[int], seconds: float, rounds: int) -> int:
    """Measure, print a table and a line of JSON, and fail below the targets."""
    result = {}
    failed = []
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        with sqlite3.connect(folder / "floor.db") as made:
            made.execute("PRAGMA journal_mode=WAL")
            made.execute("CREATE TABLE pile (id INTEGER PRIMARY KEY, amount INT, text TEXT) STRICT")
        url = f"sqlite:///{folder}/ours.db"
        house, payers = a_town(url, _MEMBERS)
        turn = FIRST_TURN

        def run(side: str, many: int) -> Run:
            nonlocal turn
            if side == "one row":
                return drive(lambda _: _one_row(folder / "floor.db"), many, seconds)
            count, first = orders_for(many, seconds), turn
            turn += count

            def prepare(number: int) -> Deed:
                mine: list[Payer] = payers[number::many]
                own, clock = a_house(url, house.keys)
                return placing(own, clock, confirmed(mine, to_beneficiary, count, first))

            return drive(prepare, many, seconds)

        for many in processes:
            runs: dict[str, list[Run]] = {"one row": [], "ours": []}
            for _ in range(rounds):
                for side, each in runs.items():
                    each.append(run(side, many))
            told = _told(many, runs)
            result[many] = told
            if told["ratio"] < _TARGET.get(many, 0):
                failed.append(f"{many} processes: ratio")
            if told["p99_of_p50"] > _TARGET_P99:
                failed.append(f"{many} processes: p99")
        if not house.job(check).sound:
            failed.append("books")
        house.database.close()
    print(json.dumps({"seconds": seconds, "rounds": rounds, "processes": result, "failed": failed}))
    return 1 if failed else 0


def _told(many: int, runs: dict[str, list[Run]]) -> dict[str, float]:
    rate = {side: middle(run.rate for run in each) for side, each in runs.items()}
    print(
        f"{many} processes{'':8}{'a second':>10}{'x floor':>9}"
        f"{'p50 ms':>9}{'p99 ms':>9}{'most ms':>9}"
    )
    tell = {}
    for side, each in runs.items():
        tell[side] = [middle(run.quantile(share) for run in each) for share in (0.5, 0.99, 1)]
        usual, late, most = tell[side]
        print(
            f"  {side:17}{rate[side]:10.0f}{rate[side] / rate['one row']:9.2f}"
            f"{usual:9.2f}{late:9.2f}{most:9.1f}"
        )
    return {
        "ratio": rate["ours"] / rate["one row"],
        "p99_of_p50": tell["ours"][1] / tell["ours"][0],
        **{f"{side}_per_second": round(each, 1) for side, each in rate.items()},
    }


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("--processes", type=int, nargs="+", default=[1, 8])
    words.add_argument("--seconds", type=float, default=3)
    words.add_argument("--rounds", type=int, default=3)
    said = words.parse_args()
    sys.exit(main(said.processes, said.seconds, said.rounds))
