"""The code on every sheet: folio, revision and the beginning of the terms' hash, nothing else.

The payload carries no personal data (F11). QR level M survived the noise and turns of office
scanners where line codes did not; it is drawn as one path, because 900 separate squares cost more
than the rest of the page.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import qrcode
from qrcode.constants import ERROR_CORRECT_M

from branch_desk.models.errors import FormUnreadable

QUIET: Final = 4  # modules of white around the code that its standard asks for
_PATTERN: Final = re.compile(r"BD1:([A-Z0-9][A-Z0-9-]{0,31}):([1-9][0-9]{0,5}):([0-9a-f]{16})")


@dataclass(frozen=True, slots=True)
class SheetCode:
    """Which sheet this is. `terms_prefix`: first 16 hex digits of the frozen terms' SHA-256."""

    folio: str
    revision: int
    terms_prefix: str

    def payload(self) -> str:
        """Write it as it stands in the QR."""
        return f"BD1:{self.folio}:{self.revision}:{self.terms_prefix}"

    @classmethod
    def parse(cls, payload: str) -> "SheetCode":
        """Read what `payload` wrote; raise `FormUnreadable` on anything else."""
        found = _PATTERN.fullmatch(payload)
        if not found:
            raise FormUnreadable
        return cls(found[1], int(found[2]), found[3])


@lru_cache(maxsize=64)
def _rows(payload: str) -> tuple[tuple[bool, ...], ...]:
    # The size is known beforehand (M holds 42 bytes in version 3, 62 in 4, and 60 is the longest),
    # and a fixed mask spares the search through all eight, five times the work of the code itself.
    version = 3 if len(payload) <= 42 else 4  # noqa: PLR2004 - the standard's table
    code: Any = qrcode.QRCode(
        version=version, error_correction=ERROR_CORRECT_M, border=QUIET, mask_pattern=3
    )
    code.add_data(payload, optimize=0)
    code.make(fit=False)
    return tuple(tuple(bool(cell) for cell in row) for row in code.get_matrix())


def draw_code(canvas: Any, payload: str, x: float, y: float, side: float) -> None:  # noqa: ANN401
    """Draw the QR with its quiet zone into a square of `side` points, lower left at x, y."""
    rows = _rows(payload)
    runs = []
    for index, row in enumerate(rows):
        level = len(rows) - index - 1
        start: int | None = None
        for column, dark in enumerate((*row, False)):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                runs.append(f"{start} {level} {column - start} 1 re")
                start = None
    canvas.saveState()
    canvas.translate(x, y)
    canvas.scale(side / len(rows), side / len(rows))
    # In whole modules and written as it is: drawing each run through reportlab costs more than
    # making the code.
    canvas._code.append(f"{' '.join(runs)} f")  # noqa: SLF001
    canvas.restoreState()
