"""Files of answers from outside, other banks' and billers': line by line, each right or named.

As with the core system's books each physical line is one row, so that a forgotten quote costs that
row alone. UTF-8, `;` or `,`, a header with the columns in any order; others are passed over.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from branch_desk.models.errors import ColumnsMissing, UnreadableFile
from branch_desk.operations.books.import_rejects import Rejected

LONGEST_LINE: Final = 4096
"""Bytes."""


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """A line with all its cells."""

    number: int
    """In the file; the header is line 1."""
    raw: str
    cells: Mapping[str, str]

    def wrong(self, column: str, reason: str, position: int | None = None) -> Rejected:
        """Name what is wrong with it."""
        return Rejected(self.number, column, reason, self.raw, position)


def answer_lines(file: BinaryIO, columns: Sequence[str]) -> Iterator[AnswerLine | Rejected]:
    """Read a file's lines as a stream; blank ones are passed over.

    Raises ColumnsMissing, UnreadableFile.
    """
    names, delimiter = _header(file, columns)
    number = 1
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            _skip_rest(file, line)
            yield Rejected(number, "", "line_too_long", line.decode("utf-8", "replace"))
            continue
        raw = line.decode("utf-8", "replace").rstrip("\r\n")
        if not raw.strip():
            continue
        cells = _cells(line, delimiter)
        if isinstance(cells, str):
            yield Rejected(number, "", cells, raw)
        elif len(cells) != len(names):
            yield Rejected(number, "", "columns", raw)
        else:
            found = dict(zip(names, cells, strict=True))
            yield AnswerLine(number, raw, {name: found[name].strip() for name in columns})


def _header(file: BinaryIO, columns: Sequence[str]) -> tuple[list[str], str]:
    try:
        text = file.readline(LONGEST_LINE).decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise UnreadableFile(reason="encoding") from None
    delimiter = ";" if text.count(";") >= text.count(",") else ","
    names = [
        name.strip().lower() for row in csv.reader([text], delimiter=delimiter) for name in row
    ]
    missing = tuple(name for name in columns if names.count(name) != 1)
    if missing:
        raise ColumnsMissing(columns=missing)
    return names, delimiter


def _cells(line: bytes, delimiter: str) -> list[str] | str:
    """Give a line's cells, or the reason why it has none."""
    try:
        text = line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        return "encoding"
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return "quotes"


def _skip_rest(file: BinaryIO, line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = file.readline(LONGEST_LINE)
