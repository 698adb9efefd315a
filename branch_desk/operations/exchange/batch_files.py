"""The files of closed batches: a neutral CSV, ISO 20022 beside it, a slip with the totals (F30).

The whole of a batch is one transaction that holds the batch's row while its files are written, so
that two machines never hand out the same one. Killed anywhere, the next run writes the same bytes
again; the transfers are «sent» once, with the files in their places.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from branch_desk.models.errors import TotalsDiffer
from branch_desk.models.event import Event
from branch_desk.models.interbank import InterbankBatch
from branch_desk.models.money import Money
from branch_desk.models.operation import Operation, OperationStatus
from branch_desk.operations.exchange import batch_xml
from branch_desk.operations.exchange.batch_rows import COLUMNS, TransferRow, statement, transfers
from branch_desk.operations.exchange.batches import Batch, described, unhurried
from branch_desk.operations.exchange.outgoing import OutgoingFile
from branch_desk.operations.work import House, Work

SLIP_COLUMNS: Final = ("day", "currency", "count", "total", "csv_sha256", "xml_sha256")
_AMOUNT: Final = COLUMNS.index("amount")
_LINES_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class WrittenBatch:
    """A batch whose files are in their places."""

    batch: Batch
    csv: Path
    xml: Path | None
    """None without the extra `iso20022`."""
    slip: Path


def write_batches(house: House, folder: Path) -> tuple[WrittenBatch, ...]:
    """Write what is closed and not written yet into `folder`, and mark its transfers as sent.

    What another machine is writing just now is left to it. Raises OSError, TotalsDiffer when a
    file does not hold what the batch says; then nothing of that batch is marked.
    """
    done: list[WrittenBatch] = []
    while (written := house.work(lambda work: _write_next(work, folder))) is not None:
        done.append(written)
    return tuple(done)


def _write_next(work: Work, folder: Path) -> WrittenBatch | None:
    row = work.session.scalars(
        select(InterbankBatch)
        .where(InterbankBatch.written_at.is_(None))
        .order_by(InterbankBatch.day, InterbankBatch.currency)
        .limit(1)
        .with_for_update(key_share=True, skip_locked=True)
    ).first()
    if row is None:
        return None
    unhurried(work.session)
    batch = described(row)
    stem = f"interbank-{batch.day.isoformat()}-{batch.total.currency.value}"
    path, slip = folder / f"{stem}.csv", folder / f"{stem}.totals.csv"
    row.csv_sha256 = write_csv(work.session, batch, path)
    xml = folder / f"{stem}.xml" if batch_xml.available() else None
    if xml is not None:
        row.xml_sha256 = write_xml(work.session, row, xml)
    # Last: who fetches the files by a program waits for the slip.
    _write_slip(row, slip)
    row.written_at = work.now
    _mark_sent(work, batch)
    work.record(
        Event.BATCH_WRITTEN,
        batch.id,
        day=batch.day,
        currency=batch.total.currency,
        count=batch.count,
        amount=batch.total.centavos,
        file=path.name,
        sha256=row.csv_sha256,
    )
    return WrittenBatch(batch, path, xml, slip)


def write_csv(session: Session, batch: Batch, path: Path) -> str:
    """Write the neutral file and give its SHA-256: RFC 4180 with `;`, UTF-8, amounts `1234.50`.

    The same bytes on both databases. Raises TotalsDiffer, before the file gets its name.
    """
    lines = _copied if session.get_bind().dialect.name == "postgresql" else _formatted
    count = total = 0
    with OutgoingFile(path) as out:
        out.write((";".join(COLUMNS) + "\r\n").encode())
        for block in _blocks(lines(session, batch.id)):
            out.write(b"".join(block))
            count += len(block)
            # The first columns are never quoted: the bytes themselves are added up.
            amounts = [line.split(b";", _AMOUNT + 1)[_AMOUNT] for line in block]
            total += sum(int(amount.replace(b".", b"")) for amount in amounts)
        _require(batch, count, total)
        return out.place()


def _copied(session: Session, batch_id: UUID) -> Iterator[bytes]:
    """Give the lines as PostgreSQL itself writes them."""
    connection = session.connection()
    query = statement(batch_id, dialect="postgresql").compile(
        dialect=connection.dialect, compile_kwargs={"literal_binds": True}
    )
    # The driver's own cursor; nothing is bound, so that a percent sign is one.
    plain = str(query).replace("%%", "%")
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        # No value is NULL, and an empty one needs no quotes.
        cursor.copy(f"COPY ({plain}) TO STDOUT (FORMAT csv, DELIMITER ';', NULL '\x01')") as copy,
    ):
        for line in copy:
            yield bytes(line[:-1]) + b"\r\n"


def _formatted(session: Session, batch_id: UUID) -> Iterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for row in transfers(session, batch_id):
        writer.writerow(astuple(row))
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


def _blocks(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    block: list[bytes] = []
    for line in lines:
        block.append(line)
        if len(block) == _LINES_AT_ONCE:
            yield block
            block = []
    if block:
        yield block


def write_xml(session: Session, row: InterbankBatch, path: Path) -> str:
    """Write the ISO 20022 file and give its SHA-256. Raises TotalsDiffer, as `write_csv` does."""
    batch = described(row)
    count = total = 0

    def counted() -> Iterator[TransferRow]:
        nonlocal count, total
        for each in transfers(session, row.id):
            count += 1
            total += int(each.amount.replace(".", ""))
            yield each

    with OutgoingFile(path) as out:
        batch_xml.write(batch, row.closed_at, counted(), out)
        _require(batch, count, total)
        return out.place()


def _write_slip(row: InterbankBatch, path: Path) -> None:
    total = f"{row.total // 100}.{row.total % 100:02}"
    values = (
        row.day.isoformat(), row.currency.value, str(row.count), total,
        row.csv_sha256 or "", row.xml_sha256 or "",
    )  # fmt: skip
    with OutgoingFile(path) as out:
        for line in (SLIP_COLUMNS, values):
            out.write((";".join(line) + "\r\n").encode())
        out.place()


def _mark_sent(work: Work, batch: Batch) -> None:
    moved = work.session.connection().execute(
        update(Operation)
        .where(Operation.batch_id == batch.id, Operation.status == OperationStatus.BATCHED)
        .values(status=OperationStatus.SENT)
    )
    _require(batch, moved.rowcount, batch.total.centavos)


def _require(batch: Batch, count: int, total: int) -> None:
    if (batch.count, batch.total) != (count, Money(total, batch.total.currency)):
        raise TotalsDiffer(day=batch.day, currency=batch.total.currency)
