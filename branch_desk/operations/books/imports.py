"""Import of the core system's books: streaming, repeatable, resumable (F39).

A ceremony of many transactions, one for each batch of lines. How far it came is kept in the
batch's own transaction; stopped or killed anywhere, the next run of the same file goes on there.
Each physical line is one row: no value may hold a line break, and so a forgotten quote costs
one row and not all that follow it.
"""

import csv
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from sqlalchemy import select

from branch_desk.models.calendar import local_day
from branch_desk.models.errors import ColumnsMissing, InvalidValue, UnreadableFile
from branch_desk.models.event import Event
from branch_desk.models.install import ImportMark
from branch_desk.models.staff import Branch
from branch_desk.operations.books.import_books import STORES
from branch_desk.operations.books.import_rejects import Rejected, RejectsFile
from branch_desk.operations.books.import_rows import (
    COLUMNS,
    OPTIONAL,
    READERS_OF_LINES,
    BookKind,
    BookRow,
    key_of,
)
from branch_desk.operations.work import House, Work

BATCH: Final = 4000
"""Lines in a transaction: short enough not to hold up the desks, long enough to be cheap."""
LONGEST_LINE: Final = 8192
"""Bytes; all columns filled to their limits are far below."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is."""

    lines: int
    rejected: int
    read_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did."""

    kind: BookKind
    lines: int
    """Read in all, header and blank lines aside."""
    accepted: int
    """New or changed."""
    unchanged: int
    rejected: int
    rejected_path: Path | None
    unknown_columns: tuple[str, ...]
    resumed_after: int
    """Line at which an earlier run had stopped; 0 for a run from the beginning."""
    stopped: bool
    """Asked to stop before the end: the next run goes on here."""


def import_file(
    house: House,
    kind: BookKind,
    path: Path,
    *,
    progress: Callable[[Progress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> ImportResult:
    """Bring a file of the core system into the books.

    Lines that are wrong go to `FILE.rejected.csv`. Raises ColumnsMissing, UnreadableFile, OSError.
    """
    with path.open("rb") as file, closing(_Keys()) as keys:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        total = file.seek(0, 2)
        file.seek(0)
        header = _Header.read(kind, file)
        rejects = RejectsFile(path)
        run = _Run(house, kind, path.name, digest, header, rejects, keys)
        mark = run.begin()
        try:
            run.skip(file, mark)
            stopped = False
            for lines in _batches(file):
                run.take(lines)
                progress(Progress(run.lines, run.rejected, file.tell(), total))
                stopped = stop()
                if stopped:
                    break
            run.end(stopped=stopped)
        finally:
            rejects.close()
    where = rejects.path if stopped else rejects.finish(run.rejected)
    return ImportResult(
        kind=kind,
        lines=run.lines - run.blank,
        accepted=run.accepted,
        unchanged=run.lines - run.blank - run.accepted - run.rejected,
        rejected=run.rejected,
        rejected_path=where if run.rejected else None,
        unknown_columns=header.unknown,
        resumed_after=mark.lines if mark else 0,
        stopped=stopped,
    )


class _Run:
    """One import under way: its counts and its transactions."""

    def __init__(
        self,
        house: House,
        kind: BookKind,
        name: str,
        digest: str,
        header: "_Header",
        rejects: RejectsFile,
        keys: "_Keys",
    ) -> None:
        self._house = house
        self._kind = kind
        self._name = name
        self._digest = digest
        self._header = header
        self._rejects = rejects
        self._keys = keys
        self._branches: dict[str, UUID] = {}
        self._today = date.min
        self.lines = self.blank = self.accepted = self.rejected = 0

    def begin(self) -> ImportMark | None:
        """Find where an earlier run stopped; None to start from the beginning."""

        def read(work: Work) -> ImportMark | None:
            self._today = local_day(work.now)
            self._branches = {
                row.code: row.id for row in work.session.execute(select(Branch.code, Branch.id))
            }
            return work.session.get(ImportMark, (self._digest, self._kind.value))

        mark: ImportMark | None = self._house.work(read, reads=True)
        if mark is not None and mark.finished_at is None and self._rejects.open(mark.rejected):
            self.accepted, self.rejected = mark.accepted, mark.rejected
            return mark
        self._rejects.open(0)
        return None

    def skip(self, file: BinaryIO, mark: ImportMark | None) -> None:
        """Pass over the lines an earlier run took; their keys still count as seen."""
        while mark is not None and self.lines < mark.lines:
            lines = list(_lines(file, min(BATCH, mark.lines - self.lines)))
            if not lines:
                return
            split = [self._header.split(line) for line in lines]
            cells = [each for each in split if isinstance(each, dict)]
            self._keys.fresh([key_of(self._kind, each) for each in cells])
            self.lines += len(lines)
            self.blank += sum(not line.strip() for line in lines)

    def take(self, lines: list[bytes]) -> None:
        """Read a batch, store it, keep how far it came: one transaction."""
        rows, wrong = self._read(lines)
        upto = self.lines + len(lines)
        blank = sum(not line.strip() for line in lines)

        def deed(work: Work) -> tuple[int, int]:
            stored = STORES[self._kind](work.session, rows, work.now)
            rejected = sorted(wrong + stored.rejected, key=lambda each: each.line)
            self._rejects.write(rejected)
            accepted = self.accepted + stored.accepted
            self._mark(work, upto, accepted, self.rejected + len(rejected))
            return accepted, self.rejected + len(rejected)

        self.accepted, self.rejected = self._house.work(deed)
        self._rejects.confirm()
        self.lines = upto
        self.blank += blank

    def end(self, *, stopped: bool) -> None:
        """Record what was done; a file that came to its end starts afresh next time."""

        def deed(work: Work) -> None:
            mark = self._mark(work, self.lines, self.accepted, self.rejected)
            mark.finished_at = None if stopped else work.now
            work.record(
                Event.IMPORTED,
                None,
                file=self._name,
                kind=self._kind,
                sha256=self._digest,
                count=self.lines - self.blank,
                accepted=self.accepted,
                rejected=self.rejected,
                outcome="stopped" if stopped else "finished",
            )

        self._house.work(deed)

    def _mark(self, work: Work, lines: int, accepted: int, rejected: int) -> ImportMark:
        mark = ImportMark(
            file_sha256=self._digest,
            kind=self._kind.value,
            lines=lines,
            accepted=accepted,
            rejected=rejected,
            finished_at=None,
        )
        return work.session.merge(mark)

    def _read(self, lines: list[bytes]) -> tuple[list[BookRow], list[Rejected]]:
        rows: list[BookRow] = []
        wrong: list[Rejected] = []
        numbered = list(enumerate(lines, self.lines + 2))  # line 1 is the header
        split = [(number, line, self._header.split(line)) for number, line in numbered]
        keyed = {n: key_of(self._kind, cells) for n, _, cells in split if isinstance(cells, dict)}
        fresh = self._keys.fresh(list(keyed.values()))
        read = READERS_OF_LINES[self._kind]
        for number, line, cells in split:
            if cells is None:
                continue
            raw = line.decode("utf-8", "replace").rstrip("\r\n")
            if isinstance(cells, str):
                wrong.append(Rejected(number, "", cells, raw))
                continue
            key = keyed[number]
            if key in fresh:
                fresh.discard(key)
            elif key.strip("|"):
                column = COLUMNS[self._kind][0]
                wrong.append(Rejected(number, column, "repeated", raw))
                continue
            try:
                rows.append(BookRow(number, raw, read(cells, self._today, self._branches)))
            except InvalidValue as refusal:
                position = refusal.facts.get("position")
                wrong.append(
                    Rejected(
                        number,
                        refusal.field or "",
                        str(refusal.reason),
                        raw,
                        position if isinstance(position, int) else None,
                    )
                )
        return rows, wrong


@dataclass(frozen=True, slots=True)
class _Header:
    """The names of the columns and the sign between them, from the first line."""

    names: tuple[str, ...]
    delimiter: str
    unknown: tuple[str, ...]

    @classmethod
    def read(cls, kind: BookKind, file: BinaryIO) -> "_Header":
        line = file.readline(LONGEST_LINE)
        try:
            text = line.decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            raise UnreadableFile(reason="encoding") from None
        delimiter = ";" if text.count(";") >= text.count(",") else ","
        names = tuple(
            name.strip().lower() for row in csv.reader([text], delimiter=delimiter) for name in row
        )
        optional = OPTIONAL.get(kind, ())
        missing = [name for name in COLUMNS[kind] if names.count(name) != 1]
        missing += [name for name in optional if names.count(name) > 1]
        if missing:
            raise ColumnsMissing(columns=tuple(missing))
        known = (*COLUMNS[kind], *optional)
        return cls(names, delimiter, tuple(n for n in names if n not in known))

    def split(self, line: bytes) -> dict[str, str] | str | None:
        """Give a line's cells, the reason why it has none, or None for a blank line."""
        if len(line) > LONGEST_LINE:
            return "line_too_long"
        try:
            text = line.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            return "encoding"
        if not text.strip():
            return None
        if '"' in text:
            try:
                cells = next(csv.reader([text], delimiter=self.delimiter, strict=True))
            except csv.Error:
                return "quotes"
        else:
            cells = text.split(self.delimiter)
        if len(cells) != len(self.names):
            return "columns"
        return dict(zip(self.names, cells, strict=True))


def _lines(file: BinaryIO, most: int) -> Iterator[bytes]:
    """Give up to `most` physical lines; of one that is too long only its beginning."""
    for _ in range(most):
        line = file.readline(LONGEST_LINE + 1)
        if not line:
            return
        if len(line) > LONGEST_LINE:
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = file.readline(LONGEST_LINE)
        yield line


def _batches(file: BinaryIO) -> Iterator[list[bytes]]:
    while lines := list(_lines(file, BATCH)):
        yield lines


class _Keys:
    """The keys a file has had so far: in a scratch file, so that memory stays flat."""

    def __init__(self) -> None:
        self._seen = sqlite3.connect("", isolation_level=None)
        self._seen.execute("PRAGMA journal_mode=OFF")
        self._seen.execute("PRAGMA synchronous=OFF")
        self._seen.execute("CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID")

    def fresh(self, keys: list[str]) -> set[str]:
        """Note the keys and tell those that were not there before."""
        found = self._seen.execute(
            "INSERT OR IGNORE INTO seen SELECT value FROM json_each(?) RETURNING key",
            (json.dumps(keys),),
        )
        return {row[0] for row in found}

    def close(self) -> None:
        self._seen.close()
