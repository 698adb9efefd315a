"""The way to billers: payments are handed over by the day, answers come later (F33).

What stands behind a gateway may be a file, as here, or a line to a company: members' payments do
not know which. A payment is accepted when its money has left the account, and confirmed or failed
when its biller says so.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path
from typing import Final, Protocol

from branch_desk.models.money import Currency
from branch_desk.operations.exchange.biller_answers import OF_BILLERS
from branch_desk.operations.exchange.outgoing import OutgoingFile
from branch_desk.operations.exchange.settlement import SettleResult, settle_file
from branch_desk.operations.work import House

COLUMNS: Final = (
    "operation_id",
    "paid_at",
    "kind",
    "client_code",
    "bill_id",
    "period",
    "currency",
    "amount",
)
"""Of the file of payments."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A biller's payments of one La Paz day, in one currency."""

    biller: str
    """Its code."""
    day: date
    currency: Currency


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment as texts; the fields are those of COLUMNS."""

    operation_id: str
    """Which the answer is to name."""
    paid_at: str
    """La Paz time with its offset, `2026-11-23T12:00:00-04:00`."""
    kind: str
    """`BILL` or `TOP_UP`."""
    client_code: str
    bill_id: str
    """The biller's own id of the bill; empty for a top-up, as the period."""
    period: str
    currency: str
    amount: str
    """`1234.50`."""


class BillerGateway(Protocol):
    """Where payments go, and where their outcome comes from."""

    def hand_over(self, sheet: Sheet, payments: Iterable[Payment]) -> str:
        """Give a biller the payments of a day, whole or not at all; tells their bytes' SHA-256.

        The same payments again give the same bytes: a run that was stopped repeats it. Raises
        OSError.
        """

    def settle(self, house: House, answers: Path) -> SettleResult:
        """Take in what billers answered, each payment once.

        Raises ColumnsMissing, UnreadableFile, OSError.
        """


@dataclass(frozen=True, slots=True)
class FileGateway:
    """Files in a folder, one for each biller, day and currency; how they travel is not ours."""

    folder: Path

    def hand_over(self, sheet: Sheet, payments: Iterable[Payment]) -> str:
        """Write `CRE-2026-11-23-BOB.csv`: RFC 4180 with `;`, UTF-8, readable by its owner alone."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
        with OutgoingFile(self.path_of(sheet)) as out:
            writer.writerow(COLUMNS)
            for payment in payments:
                writer.writerow(astuple(payment))
                out.write(text.getvalue().encode())
                text.seek(0)
                text.truncate()
            return out.place()

    def path_of(self, sheet: Sheet) -> Path:
        """Name a sheet's file."""
        return self.folder / f"{sheet.biller}-{sheet.day.isoformat()}-{sheet.currency.value}.csv"

    def settle(self, house: House, answers: Path) -> SettleResult:
        """Read a file of answers; lines that are wrong go to `FILE.rejected.csv`."""
        return settle_file(house, answers, OF_BILLERS)
