"""Bills that can be paid, as billers hand them over (F33, F39).

A file is additions and changes: a bill that is not in it stays as it is, one that comes with
amount zero is no longer owed. What somebody ordered to be paid here changes no more.
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from branch_desk.models.base import new_id
from branch_desk.models.bill import Bill, BillStatus
from branch_desk.models.parameter import Biller
from branch_desk.operations.books.import_rows import BILL_COLUMNS, BookRow
from branch_desk.operations.books.import_tables import (
    Stored,
    among,
    insert_rows,
    locked,
    update_rows,
)

_AMOUNT: Final = BILL_COLUMNS.index("amount")
_OPEN: Final = frozenset({BillStatus.PENDING, BillStatus.WITHDRAWN})
_SHOWN: Final = (
    Bill.biller_code,
    Bill.number,
    Bill.id,
    *(getattr(Bill, name) for name in BILL_COLUMNS),
    Bill.status,
)

Known = dict[tuple[str, str], tuple[UUID, tuple[Any, ...]]]
"""By biller and number: id, then BILL_COLUMNS and the status."""


def store_bills(session: Session, rows: Sequence[BookRow], _at: datetime) -> Stored:
    """Write bills of billers that are known, for client codes that are theirs."""
    stored = Stored()
    billers = {
        row[0]: (re.compile(row[1], re.ASCII), row[2])
        for row in session.execute(select(Biller.code, Biller.code_mask, Biller.prepaid))
    }
    right: list[BookRow] = []
    for row in rows:
        code, _, client_code = row.values[:3]
        if code not in billers:
            stored.refuse(row, "biller", "unknown_biller")
            continue
        mask, prepaid = billers[code]
        if prepaid:
            stored.refuse(row, "biller", "prepaid")
        elif mask.fullmatch(client_code) is None:
            stored.refuse(row, "client_code", "client_code")
        else:
            right.append(row)
    known = _known(session, right)
    differing = [row for row in right if _key(row) in known and _after(row, known) is not None]
    # A member may be paying it at this moment: what differs is looked at again, locked.
    known |= _locked(session, [known[_key(row)][0] for row in differing])
    new = [
        (new_id(), *row.values, BillStatus.PENDING)
        for row in right
        if _key(row) not in known and row.values[2 + _AMOUNT]
    ]
    changed = [
        (known[_key(row)][0], *after)
        for row in differing
        if (after := _after(row, known)) is not None
    ]
    update_rows(session, Bill, (*BILL_COLUMNS, "status"), changed)
    insert_rows(session, Bill, ("id", "biller_code", "number", *BILL_COLUMNS, "status"), new)
    stored.accepted = len(new) + len(changed)
    return stored


def _after(row: BookRow, known: Known) -> tuple[Any, ...] | None:
    """Give what a known bill becomes, or None where it stays as it is."""
    _, before = known[_key(row)]
    if before[-1] not in _OPEN:
        return None
    said = row.values[2:]
    if said[_AMOUNT] == 0:  # the amount it had is kept
        after = (*before[:-1], BillStatus.WITHDRAWN)
    else:
        after = (*said, BillStatus.PENDING)
    return after if after != before else None


def _key(row: BookRow) -> tuple[str, str]:
    return row.values[0], row.values[1]


def _known(session: Session, rows: Sequence[BookRow]) -> Known:
    found: Known = {}
    for code in sorted({row.values[0] for row in rows}):
        numbers = [row.values[1] for row in rows if row.values[0] == code]
        query = select(*_SHOWN).where(
            Bill.biller_code == code, among(session, Bill.number, numbers)
        )
        found |= _read(session.execute(query))
    return found


def _locked(session: Session, ids: Collection[UUID]) -> Known:
    if not ids:
        return {}
    query = select(*_SHOWN).where(among(session, Bill.id, ids))
    return _read(session.execute(locked(query, Bill.id)))


def _read(found: Any) -> Known:  # noqa: ANN401  a result of columns
    return {(row[0], row[1]): (row[2], tuple(row[3:])) for row in found}
