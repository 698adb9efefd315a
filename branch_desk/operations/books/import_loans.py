"""Loans and their instalments, as the core system planned them (F32, F39).

What a member paid here stays paid, whatever a file says that was written before; what the core
system itself says is paid does not change any more either.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from branch_desk.models.account import Account, AccountKind
from branch_desk.models.loan import Instalment, Loan
from branch_desk.models.money import Currency
from branch_desk.operations.books.import_rows import INSTALMENT_COLUMNS, LOAN_COLUMNS, BookRow
from branch_desk.operations.books.import_tables import (
    Stored,
    among,
    insert_rows,
    locked,
    update_rows,
)

_COUNT: Final = LOAN_COLUMNS.index("instalments")
_PAID_ON: Final = INSTALMENT_COLUMNS.index("paid_on")
_KEY: Final = ("account_id", "number")
_SHOWN: Final = (
    Instalment.account_id,
    Instalment.number,
    Instalment.operation_id,
    *(getattr(Instalment, name) for name in INSTALMENT_COLUMNS),
)

Known = dict[tuple[UUID, int], tuple[UUID | None, tuple[Any, ...]]]
"""By loan and number: the operation that paid it, and INSTALMENT_COLUMNS."""


def store_loans(session: Session, rows: Sequence[BookRow], _at: datetime) -> Stored:
    """Write what loans were agreed as; their accounts must be in the books already."""
    stored = Stored()
    accounts: dict[str, tuple[UUID, AccountKind, Currency]] = {
        row[0]: (row[1], row[2], row[3])
        for row in session.execute(
            select(Account.number, Account.id, Account.kind, Account.currency).where(
                among(session, Account.number, [row.values[0] for row in rows])
            )
        )
    }
    ids = [account[0] for account in accounts.values()]
    known = {
        row[0]: tuple(row[1:])
        for row in session.execute(
            select(Loan.account_id, *(getattr(Loan, name) for name in LOAN_COLUMNS)).where(
                among(session, Loan.account_id, ids)
            )
        )
    }
    new: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    shorter: dict[UUID, tuple[BookRow, tuple[Any, ...]]] = {}
    for row in rows:
        number, currency, *agreed = row.values
        values = tuple(agreed)
        if number not in accounts:
            stored.refuse(row, "account_number", "unknown_account")
            continue
        account_id, kind, of_account = accounts[number]
        if kind is not AccountKind.LOAN:
            stored.refuse(row, "account_number", "not_a_loan")
        elif currency is not of_account:
            stored.refuse(row, "currency", "other_currency")
        elif account_id not in known:
            new.append((account_id, *values))
        elif known[account_id] == values:
            continue
        elif values[_COUNT] < known[account_id][_COUNT]:
            shorter[account_id] = (row, values)
        else:
            changed.append((account_id, *values))
    last = _last_numbers(session, shorter)
    for account_id, (row, values) in shorter.items():
        if last.get(account_id, 0) > values[_COUNT]:
            stored.refuse(row, "instalments", "fewer_instalments")
        else:
            changed.append((account_id, *values))
    update_rows(session, Loan, LOAN_COLUMNS, sorted(changed), key=("account_id",))
    insert_rows(session, Loan, ("account_id", *LOAN_COLUMNS), new)
    stored.accepted = len(new) + len(changed)
    return stored


def store_instalments(session: Session, rows: Sequence[BookRow], _at: datetime) -> Stored:
    """Write the plans of loans that are in the books already."""
    stored = Stored()
    loans = _loans(session, {row.values[0] for row in rows})
    planned: list[tuple[BookRow, tuple[UUID, int], tuple[Any, ...]]] = []
    for row in rows:
        account_number, number, *rest = row.values
        found = loans.get(account_number)
        if found is None:
            stored.refuse(row, "account_number", "unknown_account")
        elif found[1] is not AccountKind.LOAN:
            stored.refuse(row, "account_number", "not_a_loan")
        elif found[2] is None:
            stored.refuse(row, "account_number", "unknown_loan")
        elif number > found[2]:
            stored.refuse(row, "number", "beyond_plan")
        else:
            planned.append((row, (found[0], number), tuple(rest)))
    known = _known(session, [key for _, key, _ in planned])
    # A member may be paying it at this moment: what differs is looked at again, locked.
    known |= _locked(
        session, [key for _, key, values in planned if key in known and known[key][1] != values]
    )
    new: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    for row, key, values in planned:
        if key not in known:
            new.append((*key, *values))
            continue
        operation_id, before = known[key]
        if operation_id is not None or before == values:
            continue
        if before[_PAID_ON] is not None:
            stored.refuse(row, "number", "instalment_paid")
        else:
            changed.append((*key, *values))
    update_rows(session, Instalment, INSTALMENT_COLUMNS, changed, key=_KEY)
    insert_rows(session, Instalment, (*_KEY, *INSTALMENT_COLUMNS), new)
    stored.accepted = len(new) + len(changed)
    return stored


def _last_numbers(session: Session, ids: Collection[UUID]) -> dict[UUID, int]:
    if not ids:
        return {}
    found = session.execute(
        select(Instalment.account_id, func.max(Instalment.number))
        .where(among(session, Instalment.account_id, ids))
        .group_by(Instalment.account_id)
    )
    return {row[0]: row[1] for row in found}


def _loans(
    session: Session, numbers: Collection[str]
) -> dict[str, tuple[UUID, AccountKind, int | None]]:
    """Give account, kind, and how many instalments were agreed, where that is known."""
    found = session.execute(
        select(Account.number, Account.id, Account.kind, Loan.instalments)
        .outerjoin(Loan, Loan.account_id == Account.id)
        .where(among(session, Account.number, numbers))
    )
    return {row[0]: (row[1], row[2], row[3]) for row in found}


def _known(session: Session, keys: Sequence[tuple[UUID, int]]) -> Known:
    return _read(session.execute(_asked(session, keys))) if keys else {}


def _locked(session: Session, keys: Sequence[tuple[UUID, int]]) -> Known:
    if not keys:
        return {}
    query = locked(_asked(session, keys), Instalment.account_id, Instalment.number)
    return _read(session.execute(query))


def _asked(session: Session, keys: Sequence[tuple[UUID, int]]) -> Select[Any]:
    # Two plain lists are looked up far faster than pairs; what they find too much does no harm.
    return select(*_SHOWN).where(
        among(session, Instalment.account_id, {key[0] for key in keys}),
        among(session, Instalment.number, {key[1] for key in keys}),
    )


def _read(found: Any) -> Known:  # noqa: ANN401  a result of columns
    return {(row[0], row[1]): (row[2], tuple(row[3:])) for row in found}
