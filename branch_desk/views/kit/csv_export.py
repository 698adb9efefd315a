"""A list as a CSV file that opens well in a spreadsheet here and runs nothing there (R80).

RFC 4180 with `;`, UTF-8 with a byte-order mark, and a leading apostrophe before every cell that a
spreadsheet would take for a formula, full-width forms of those signs included.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

_SIGNS: Final = "=+-@"
_FULL_WIDTH: Final = "".join(chr(ord(sign) + 0xFEE0) for sign in _SIGNS)
DANGEROUS: Final = (*_SIGNS, *_FULL_WIDTH, "\t", "\r", "\n", "\0")


def csv_bytes(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return the file's bytes: one line of titles, then the rows."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow([_safe(title) for title in titles])
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _safe(cell: str) -> str:
    guarded = f"'{cell}" if cell.startswith(DANGEROUS) else cell
    # No reader agrees with another on what a NUL means inside a cell.
    return guarded.replace("\0", "")
