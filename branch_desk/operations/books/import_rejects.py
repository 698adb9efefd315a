"""`FILE.rejected.csv`: every line that was not taken, with its place and the reason (F39).

It grows beside its final name and takes that name at the end. What a stopped import had written
and not confirmed is cut off when it goes on. It holds personal data: only its owner reads it.
"""

import csv
import io
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from branch_desk.reports.import_words import REJECTED_HEADER, why

_LONGEST_RAW = 2000
_FORMULA: Final = tuple("=+-@\t\r\x00＝＋－＠")  # noqa: RUF001  full-width forms work in spreadsheets too


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that was not taken."""

    line: int
    column: str
    """Empty when the line as a whole is wrong."""
    reason: str
    raw: str
    position: int | None = None
    """Place of the character the reason is about, from 1."""


class RejectsFile:
    """The file of rejected lines while an import runs."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.rejected.csv")
        self._growing = path.with_name(f"{path.name}.rejected.csv.part")
        self._file: BinaryIO | None = None
        self._confirmed = 0

    def open(self, lines: int) -> bool:
        """Start after the first `lines` rejected ones; False when those are not there any more."""
        with suppress(FileNotFoundError):
            if lines == 0:
                self._growing.unlink()
        handle = os.open(self._growing, os.O_RDWR | os.O_CREAT, 0o600)
        self._file = os.fdopen(handle, "r+b")
        if lines == 0:
            self._file.write("\ufeff".encode() + _written([REJECTED_HEADER]))
        else:
            for _ in range(lines + 1):
                if not self._file.readline().endswith(b"\n"):
                    self._file.close()
                    return False
        self._confirmed = self._file.tell()
        return True

    def write(self, rejected: Iterable[Rejected]) -> None:
        """Put these after the confirmed ones, on the disk; a second try replaces the first."""
        assert self._file is not None
        self._file.seek(self._confirmed)
        self._file.truncate()
        rows = [
            (str(each.line), each.column, why(each.reason, each.position), _plain(each.raw))
            for each in rejected
        ]
        if rows:
            self._file.write(_written(rows))
            self._file.flush()
            os.fsync(self._file.fileno())

    def confirm(self) -> None:
        """Keep what was written last: its transaction is committed."""
        assert self._file is not None
        self._confirmed = self._file.tell()

    def close(self) -> None:
        """Leave the file for going on later."""
        if self._file is not None:
            self._file.close()

    def finish(self, rejected: int) -> Path | None:
        """Give the file its name, or leave none when nothing was rejected."""
        self.close()
        if rejected:
            self._growing.replace(self.path)
            return self.path
        self._growing.unlink()
        # One of an earlier run would say what is no longer so.
        self.path.unlink(missing_ok=True)
        return None


def _written(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _plain(raw: str) -> str:
    # One line for each rejected line: what a program cannot show is shown as its absence.
    cut = raw[:_LONGEST_RAW]
    return "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in cut)
