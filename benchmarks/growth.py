"""What a transfer costs in a small house and in one a thousand times as large.

    ./desk bench growth [--rows 1000 1000000] [--transfers 300] [--rounds 9] [--only sqlite]

So many members with an account and a posting, and as many operations and audit events, are made
inside the database. One client then pays in both houses by turns; medians count. Processor time is
told beside it, for a larger file also waits more for the disk's cache. The plan of the statement
that looks and of the one that writes must read no table whole.
"""

import argparse
import json
import re
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import event, inspect, text
from sqlalchemy.orm import Session

from benchmarks.driving import middle
from benchmarks.payers import (
    FIRST_TURN,
    a_house,
    a_town,
    analyze,
    confirmed,
    placing,
    to_beneficiary,
)
from branch_desk.models.database import unhurried
from branch_desk.operations.work import House
from tests.postgres import postgres_server

_MEMBERS = 500
_TARGET = 1.25
_WARM = 20
_TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
_EXPLAIN = {"postgresql": "EXPLAIN", "sqlite": "EXPLAIN QUERY PLAN"}
_WHOLE = re.compile(r"(?:Seq Scan on|^SCAN|\nSCAN) (\w+)")
_SMALL_TABLES = frozenset({"audit_head", "interbank_gate"})
"""Read whole because they are small, and stay so."""
_PARTS = frozenset({"who", "allowance", "payee", "sides", "constant", "CONSTANT"})
"""Parts of the statement itself."""

_ID = {
    "postgresql": "md5('{0}' || n)::uuid",
    # UUIDs are 32 hexadecimal characters there.
    "sqlite": "substr('{0}0000000000000000000000000', 1, 22) || printf('%010d', n)",
}
_NUMBERS = {
    "postgresql": "generate_series(1, {rows}) AS s(n)",
    "sqlite": "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s LIMIT {rows})"
    " SELECT n FROM s) AS s",
}


def _copied(columns: list[str], table: str, changed: dict[str, str], numbers: str) -> str:
    """Write the SQL that copies one row of a table for each number, but for some columns."""
    chosen = ", ".join(changed.get(name, f"t.{name}") for name in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen}"
        f" FROM (SELECT * FROM {table} LIMIT 1) t, {numbers}"
    )


def fill(house: House, rows: int) -> None:
    """Make so many rows of all a transfer looks at or adds to; no guard looks."""
    engine = house.database.engine
    kind = engine.dialect.name
    numbers = _NUMBERS[kind].format(rows=rows)

    def new(letter: str) -> str:
        return _ID[kind].format(letter)

    text_of = "CAST(1000000000 + n AS TEXT)"
    changed: dict[str, dict[str, str]] = {
        "member": {"id": new("a"), "number": text_of, "document_number": text_of},
        "account": {"id": new("b"), "number": text_of},
        "holder": {"account_id": new("b"), "member_id": new("a")},
        "access": {
            "id": new("c"),
            "member_id": new("a"),
            "user_name": text_of,
            "person": text_of,
            "enrolment_id": new("d"),
        },
        "granted_account": {"access_id": new("c"), "account_id": new("b")},
        "granted_limit": {"id": new("e"), "access_id": new("c")},
        "member_session": {"id": new("1"), "access_id": new("c"), "token_digest": _blob(kind)},
        "totp_device": {"id": new("2"), "access_id": new("c")},
        "beneficiary": {"id": new("3"), "member_id": new("a"), "account_id": new("b")},
        "operation": {"id": new("f"), "member_id": new("a"), "debit_account_id": new("b")},
        "posting": {"entry_id": new("f"), "debit_account_id": new("b"), "debit_house": "NULL"},
        "audit_event": {"number": "10000000 + n", "subject_id": new("f"), "member_id": new("a")},
    }
    statements = [
        _copied(
            [column["name"] for column in inspect(engine).get_columns(table)],
            table,
            different,
            numbers,
        )
        for table, different in changed.items()
    ]
    engine.dispose()
    if kind == "sqlite":
        with sqlite3.connect(engine.url.database or "") as plain:  # asks for no foreign keys
            for (name,) in plain.execute(_TRIGGERS).fetchall():
                plain.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                plain.execute(statement)
        plain.close()
    else:
        with Session(engine) as session:
            unhurried(session)
            session.execute(text("SET session_replication_role = replica"))
            for statement in statements:
                session.execute(text(statement.replace(":", "\\:")))
            session.execute(text("SET session_replication_role = origin"))
            session.commit()
    analyze(house)


def _blob(kind: str) -> str:
    return "sha256(n::text::bytea)" if kind == "postgresql" else "CAST(printf('%032d', n) AS BLOB)"


class Side:
    """A house of one size and the one client who pays in it."""

    def __init__(self, url: str, rows: int, transfers: int) -> None:
        self.house, payers = a_town(url, _MEMBERS)
        fill(self.house, rows)
        self.own, clock = a_house(url, self.house.keys)
        self.send = placing(
            self.own, clock, confirmed(payers, to_beneficiary, transfers, FIRST_TURN)
        )
        for _ in range(_WARM):
            self.send()

    def turn(self, transfers: int) -> tuple[float, float]:
        """Pay so often; gives milliseconds for each, by the wall and of this process alone."""
        began, used = time.perf_counter(), time.process_time()
        for _ in range(transfers):
            self.send()
        wall, used = time.perf_counter() - began, time.process_time() - used
        return wall / transfers * 1_000, used / transfers * 1_000

    def read_whole(self) -> list[str]:
        """Name the tables that a transfer's statements read whole."""
        engine = self.own.database.engine
        seen: list[tuple[Any, ...]] = []

        def note(_c: object, _cursor: object, *about: Any) -> None:  # noqa: ANN401  the driver's
            seen.append(about[:2])  # statement and values

        event.listen(engine, "before_cursor_execute", note)
        self.send()
        event.remove(engine, "before_cursor_execute", note)
        found: set[str] = set()
        with engine.connect() as connection:
            for statement, values in seen:
                if not statement.startswith(("WITH", "SELECT", "UPDATE")):
                    continue
                told = connection.exec_driver_sql(
                    f"{_EXPLAIN[engine.dialect.name]} {statement}", values
                )
                found |= set(_WHOLE.findall("\n".join(str(row[-1]) for row in told)))
            connection.rollback()
        return sorted(found - _SMALL_TABLES - _PARTS)

    def close(self) -> None:
        """Let the database go."""
        self.own.database.close()
        self.house.database.close()


def measure(
    kind: str, urls: list[str], rows: list[int], transfers: int, rounds: int
) -> dict[str, Any]:
    """Let both houses take turns."""
    sides = []
    for url, many in zip(urls, rows, strict=True):
        began = time.perf_counter()
        sides.append(Side(url, many, rounds * transfers + 2 * _WARM))
        print(f"{kind}: {many:,} rows made in {time.perf_counter() - began:.0f} s", flush=True)
    taken: list[list[tuple[float, float]]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, each in zip(sides, taken, strict=True):
            each.append(side.turn(transfers))
    whole = sides[-1].read_whole()
    for side in sides:
        side.close()
    small, large = ([middle(turn[part] for turn in each) for part in (0, 1)] for each in taken)
    # Neighbours in time bear the same load of the machine.
    ratio = middle(b[0] / a[0] for a, b in zip(*taken, strict=True))
    print(
        f"{kind:12}{small[0]:8.2f} ms{large[0]:8.2f} ms   x {ratio:.2f}"
        f"   processor x {large[1] / small[1]:.2f}   read whole: {whole or 'none'}"
    )
    return {"small_ms": small[0], "large_ms": large[0], "ratio": ratio, "read_whole": whole}


def main(rows: list[int], transfers: int, rounds: int, only: str) -> int:
    """Measure, print a table and a line of JSON, and fail above the target."""
    result = {}
    if only != "sqlite":
        with postgres_server(durable=True) as server:
            urls = [server.url(server.create()) for _ in rows]
            result["postgresql"] = measure("PostgreSQL", urls, rows, transfers, rounds)
    if only != "postgresql":
        with tempfile.TemporaryDirectory(dir=".") as folder:
            urls = [f"sqlite:///{Path(folder) / str(many)}.db" for many in rows]
            result["sqlite"] = measure("SQLite", urls, rows, transfers, rounds)
    print(json.dumps({"rows": rows, "target": _TARGET, **result}))
    bad = [1 for each in result.values() if each["ratio"] > _TARGET or each["read_whole"]]
    return 1 if bad else 0


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("--rows", type=int, nargs=2, default=[1_000, 1_000_000])
    words.add_argument("--transfers", type=int, default=50)
    words.add_argument("--rounds", type=int, default=15)
    words.add_argument("--only", choices=["postgresql", "sqlite"], default="")
    said = words.parse_args()
    sys.exit(main(said.rows, said.transfers, said.rounds, said.only))
