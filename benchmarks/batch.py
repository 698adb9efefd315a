"""A batch of transfers to other banks: its files against COPY of the same rows to nowhere.

    ./desk bench batch [TRANSFERS] [ROUNDS]

Sides take turns on one PostgreSQL that waits for the disk, and medians count. «csv» is the file as
it is handed out: formatted, added up, hashed, synced, named. «xml» is the same for ISO 20022. «orm»
loads objects and writes them with the csv module, as one would at first. Shutting the day, for
which members' transfers wait, gathering it, and marking the transfers as sent are told beside it.
"""

import csv
import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from branch_desk.models.account import Account
from branch_desk.models.beneficiary import Beneficiary
from branch_desk.models.database import upgrade
from branch_desk.models.interbank import InterbankBatch
from branch_desk.models.member import Member
from branch_desk.models.operation import Operation
from branch_desk.operations.exchange import batch_files, batch_rows
from branch_desk.operations.exchange.batches import Batch, described, gather, shut, unhurried
from branch_desk.operations.money.orders import from_payload
from branch_desk.operations.work import House, Work
from tests.builders import SetClock, a_world
from tests.money_builders import a_payer, received
from tests.postgres import postgres_server

_TARGET = 6.0
_TARGET_GROWTH = 16_000_000
_PAYERS = 5_000
_MONDAY = date(2026, 11, 23)
_CUT_OFF = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)

_FILL = """
INSERT INTO member SELECT (r).* FROM (SELECT jsonb_populate_record(m, jsonb_build_object(
    'id', gen_random_uuid(), 'number', 'B' || n, 'document_number', (6000000 + n)::text,
    'email', 'b' || n || '@example.com')) AS r FROM member m, generate_series(1, {payers}) n) made;
INSERT INTO account SELECT (r).* FROM (SELECT jsonb_populate_record(a, jsonb_build_object(
    'id', gen_random_uuid(), 'number', (5000000000 + n)::text, 'balance', 0)) AS r
    FROM account a, generate_series(1, {payers}) n) made;
INSERT INTO beneficiary SELECT (r).* FROM (SELECT jsonb_populate_record(b, jsonb_build_object(
    'id', gen_random_uuid(), 'number', (7000000000 + n)::text)) AS r
    FROM beneficiary b, generate_series(1, {payers}) n) made;
CREATE TEMP TABLE payer AS SELECT n, m.id AS member, a.id AS account, b.id AS payee FROM
    (SELECT id, row_number() OVER () AS n FROM member) m
    JOIN (SELECT id, row_number() OVER () AS n FROM account) a USING (n)
    JOIN (SELECT id, row_number() OVER () AS n FROM beneficiary) b USING (n);
INSERT INTO operation SELECT (r).* FROM (SELECT jsonb_populate_record(o, jsonb_build_object(
    'id', gen_random_uuid(), 'member_id', p.member, 'debit_account_id', p.account,
    'beneficiary_id', p.payee, 'amount', 1 + k % 100000)) AS r
    FROM operation o, generate_series(1, {count} - 1) k
    JOIN payer p ON p.n = 1 + k % {payers}) made;
INSERT INTO posting SELECT o.id, 1, 'INTERBANK', o.created_at, o.debit_account_id, NULL, NULL,
    'INTERBANK', o.currency, o.amount, 0, NULL, NULL
    FROM operation o WHERE NOT EXISTS (SELECT 1 FROM posting p WHERE p.entry_id = o.id);
ANALYZE;
"""


def _filled(house: House, count: int) -> None:
    """Copy one transfer, as an order leaves it, to as many as are wanted."""

    def fill(session: Session) -> None:
        unhurried(session)
        for statement in _FILL.format(payers=_PAYERS, count=count).split(";\n"):
            if statement.strip():
                session.execute(text(statement))

    house.database.write(fill)


def _floor(work: Work, batch: Batch, _folder: Path) -> None:
    """Have the server send what the file holds, and look at none of it."""
    connection = work.session.connection()
    driver: Any = connection.connection.driver_connection
    query = (
        "SELECT o.id, o.value_date, o.currency, o.amount, a.number, m.document_type,"
        " m.document_number, m.complement, m.company_name, m.first_names, m.first_surname,"
        " m.second_surname, m.married_surname, b.bank_code, b.account_kind, b.number,"
        " b.document_number, b.complement, b.name, o.payload::json ->> 'concept'"
        " FROM operation o JOIN account a ON a.id = o.debit_account_id"
        " JOIN member m ON m.id = o.member_id JOIN beneficiary b ON b.id = o.beneficiary_id"
        f" WHERE o.batch_id = '{batch.id}'"
    )
    with driver.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT") as copy:
        while copy.read():
            pass


def _csv(work: Work, batch: Batch, folder: Path) -> None:
    batch_files.write_csv(work.session, batch, folder / "ours.csv")


def _xml(work: Work, batch: Batch, folder: Path) -> None:
    row = work.session.get_one(InterbankBatch, batch.id)
    batch_files.write_xml(work.session, row, folder / "ours.xml")


def _orm(work: Work, batch: Batch, folder: Path) -> None:
    rows = work.session.execute(
        select(Operation, Account, Member, Beneficiary)
        .join(Account, Account.id == Operation.debit_account_id)
        .join(Member, Member.id == Operation.member_id)
        .join(Beneficiary, Beneficiary.id == Operation.beneficiary_id)
        .where(Operation.batch_id == batch.id)
        .order_by(Operation.id)
    ).all()
    path = folder / "orm.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(batch_rows.COLUMNS)
        for operation, account, member, payee in rows:
            writer.writerow(
                [
                    operation.id, operation.value_date, operation.currency,
                    f"{operation.amount // 100}.{operation.amount % 100:02}", account.number,
                    member.document_type, f"{member.document_number}-{member.complement}",
                    member.name, payee.bank_code, payee.account_kind, payee.number,
                    payee.document_number, payee.name,
                    from_payload(operation.id, operation.payload).concept,
                ]
            )  # fmt: skip
        file.flush()
        os.fsync(file.fileno())
    with path.open("rb") as read:
        hashlib.file_digest(read, "sha256")


SIDES: dict[str, Callable[[Work, Batch, Path], None]] = {
    "floor": _floor,
    "csv": _csv,
    "xml": _xml,
    "orm": _orm,
}
_ONCE = frozenset({"xml", "orm"})
"""Slow sides, measured in the first round alone."""


def _seconds(house: House, side: str, batch: Batch, folder: Path) -> float:
    def deed(work: Work) -> float:
        unhurried(work.session)
        began = time.perf_counter()
        SIDES[side](work, batch, folder)
        return time.perf_counter() - began

    return house.work(deed, reads=True)


def _memory(name: str) -> int:
    """Read a figure of this process, bytes: `VmRSS` now, `VmHWM` the most since the last reset."""
    said = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in said.splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def _timed(deed: Callable[[], object]) -> float:
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


def main(count: int = 100_000, rounds: int = 7) -> int:
    """Measure, print a table and a line of JSON, and fail above the targets."""
    with tempfile.TemporaryDirectory() as name, postgres_server(durable=True) as server:
        folder = Path(name)
        url = server.url(server.create())
        upgrade(url)
        world = a_world(url, SetClock(_CUT_OFF - timedelta(hours=2)))
        payer = a_payer(world)
        received(
            world.house, payer.access_id, payer.account_id, payer.beneficiary_id, 1_000, _MONDAY
        )
        _filled(world.house, count)
        world.clock.now = _CUT_OFF
        shutting = _timed(lambda: world.house.job(shut))
        gathering = _timed(lambda: world.house.job(gather))
        batch = world.house.work(
            lambda work: described(work.session.scalars(select(InterbankBatch)).one()), reads=True
        )
        assert batch.count == count
        seconds: dict[str, list[float]] = {side: [] for side in SIDES}
        _seconds(world.house, "floor", batch, folder)  # warm
        grown: dict[str, int] = {}
        for turn in range(rounds):
            for side, taken in seconds.items():
                if turn == 0 or side not in _ONCE:
                    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
                    before = _memory("VmRSS")
                    taken.append(_seconds(world.house, side, batch, folder))
                    grown[side] = max(grown.get(side, 0), _memory("VmHWM") - before)
        whole = _timed(lambda: batch_files.write_batches(world.house, folder))
        world.house.database.close()
    return _report(count, rounds, seconds, grown, closing=(shutting, gathering), whole=whole)


def _report(
    count: int,
    rounds: int,
    seconds: dict[str, list[float]],
    grown: dict[str, int],
    *,
    closing: tuple[float, float],
    whole: float,
) -> int:
    medians = {side: statistics.median(taken) for side, taken in seconds.items()}
    floor = medians["floor"]
    print(f"{count:,} transfers, {rounds} rounds, medians; memory: the most above what there was")
    print(f"{'side':8}{'ms':>10}{'x floor':>10}{'+MB':>8}")
    for side, median in medians.items():
        print(f"{side:8}{median * 1000:10.0f}{median / floor:10.1f}{grown[side] / 1e6:8.1f}")
    shutting, gathering = closing
    print(
        f"shutting the day {shutting * 1000:.0f} ms, gathering {gathering:.2f} s;"
        f" both files, slip and «sent» {whole:.2f} s"
    )
    ratio = medians["csv"] / floor
    result = {
        "transfers": count,
        "seconds": medians,
        "ratio": ratio,
        "target_ratio": _TARGET,
        "grown_mb": {side: round(more / 1e6, 1) for side, more in grown.items()},
        "shutting_seconds": shutting,
        "gathering_seconds": gathering,
        "written_seconds": whole,
        "all": seconds,
    }
    print(json.dumps(result))
    flat = max(grown["csv"], grown["xml"]) <= _TARGET_GROWTH
    return 0 if ratio <= _TARGET and flat else 1


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:])))
