"""Import of members against csv.reader + bare executemany (SQLite) or COPY (PostgreSQL).

    python -m benchmarks.imports [--rows 100000] [--rounds 3] [--database sqlite|postgresql]

Both sides write the same rows and name rotations into the same tables with the same indexes. The
floor checks nothing, and is given the rotations ready-made. Sides take turns; medians count.
"""

import argparse
import csv
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text

from benchmarks.books import houses, write_members
from branch_desk.models.base import new_id
from branch_desk.models.member import rotations, whole_name
from branch_desk.operations.books.import_rows import BookKind
from branch_desk.operations.books.imports import import_file
from branch_desk.operations.work import House

_COLUMNS = (
    "id number kind document_type document_number complement issued_in document_expiry first_names"
    " first_surname second_surname married_surname birth_date company_name trade_registry email"
    " mobile address branch_id"
).split()
_BATCH = 4000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    asked = options.parse_args()
    seconds: dict[str, list[float]] = {"floor": [], "import": [], "again": []}
    with tempfile.TemporaryDirectory() as name, houses(asked.database, Path(name)) as made:
        folder = Path(name)
        path = write_members(folder / "members.csv", asked.rows)
        ready = _ready_made(path, folder)
        write_members(folder / "warm.csv", 2000)
        import_file(next(made), BookKind.MEMBERS, folder / "warm.csv")
        before = _memory()
        for _ in range(asked.rounds):
            house = next(made)
            whole = partial(import_file, house, BookKind.MEMBERS, path)
            seconds["import"].append(_timed(whole))
            seconds["again"].append(_timed(whole))
            grown = _memory() - before
            house.database.close()
            bare = next(made)
            seconds["floor"].append(_timed(partial(_floor, bare, path, ready)))
            bare.database.close()
    _report(asked, seconds, grown)


def _ready_made(path: Path, folder: Path) -> Path:
    """Write the rotations of each member beside the file: the floor is spared their making."""
    ready = folder / "names.csv"
    with path.open(encoding="utf-8") as source, ready.open("w", encoding="utf-8") as target:
        for row in csv.DictReader(source, delimiter=";"):
            names = (row["first_names"], row["first_surname"], row["second_surname"], "")
            target.write(";".join(sorted(rotations(whole_name(*names)))) + "\n")
    return ready


def _floor(house: House, path: Path, ready: Path) -> None:
    branch = house.work(lambda work: work.session.execute(text("SELECT id FROM branch")).scalar())
    connection: Any = house.database.engine.raw_connection().driver_connection
    with path.open(encoding="utf-8") as source, ready.open(encoding="utf-8") as names:
        reader = csv.reader(source, delimiter=";")
        next(reader)
        while True:
            members, rotated = [], []
            for row, line in zip(reader, names, strict=False):
                member = new_id().hex
                members.append(
                    (member, *(row[:5]), row[5] or None, row[6] or None, *row[7:17], branch)
                )
                rotated += [(text_, member) for text_ in line.rstrip("\n").split(";")]
                if len(members) == _BATCH:
                    break
            if not members:
                break
            _write(connection, "member", _COLUMNS, members)
            _write(connection, "member_name", ["text", "member_id"], rotated)
            connection.commit()
    connection.close()


def _write(
    connection: Any,  # noqa: ANN401  either driver's
    table: str,
    columns: list[str],
    rows: list[tuple[Any, ...]],
) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        if not connection.in_transaction:
            connection.execute("BEGIN IMMEDIATE")
        marks = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
        return
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _timed(deed: Callable[[], object]) -> float:
    start = time.perf_counter()
    deed()
    return time.perf_counter() - start


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _report(asked: argparse.Namespace, seconds: dict[str, list[float]], grown: int) -> None:
    medians = {side: statistics.median(times) for side, times in seconds.items()}
    result = {
        "database": asked.database,
        "rows": asked.rows,
        "seconds": medians,
        "ratio": medians["floor"] / medians["import"],
        "target_ratio": 0.33,
        "grown_mb": round(grown / 1e6, 1),
        "all": seconds,
    }
    print(f"{'side':10}{'seconds':>10}{'rows/s':>12}")
    for side, median in medians.items():
        print(f"{side:10}{median:10.2f}{asked.rows / median:12,.0f}")
    print(
        f"ratio {result['ratio']:.2f} (target ≥ 0.33), memory +{result['grown_mb']} MB",
        file=sys.stderr,
    )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
