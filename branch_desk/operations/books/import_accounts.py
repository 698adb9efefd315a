"""Accounts of the core system: what stands in its file holds, and the ledger says why (F39).

A balance is never just overwritten: the first one of an account is an opening, another one than
before an adjustment, posted against the house's account CORE. Members move money meanwhile, so
what differs is locked before it is compared for good.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from branch_desk.models.account import Account, AccountKind
from branch_desk.models.base import new_id
from branch_desk.models.ledger import CORE, Posting, PostingKind, effect
from branch_desk.models.money import Currency
from branch_desk.operations.books.import_rows import ACCOUNT_COLUMNS, BookRow
from branch_desk.operations.books.import_tables import (
    Stored,
    among,
    insert_rows,
    locked,
    update_rows,
)

_AT: Final = {name: place for place, name in enumerate(ACCOUNT_COLUMNS)}
_KIND, _CURRENCY, _BALANCE = _AT["kind"], _AT["currency"], _AT["balance"]
_COLUMNS: Final = (Account.id, *(getattr(Account, name) for name in ACCOUNT_COLUMNS))
_POSTING_COLUMNS: Final = (
    "entry_id",
    "position",
    "kind",
    "at",
    "debit_account_id",
    "debit_house",
    "credit_account_id",
    "credit_house",
    "currency",
    "amount",
    "debit_after",
    "credit_after",
)

Known = dict[str, tuple[UUID, tuple[Any, ...]]]


def store_accounts(session: Session, rows: Sequence[BookRow], at: datetime) -> Stored:
    """Write accounts and overdrafts, and post what differs from the balances there were."""
    stored = Stored()
    known = _known(session, rows)
    differing = [row for row in rows if row.values[0] in known and not _same(row, known)]
    known |= _locked(session, [known[row.values[0]][0] for row in differing])
    moved = _with_postings(session, [row for row in differing if _of_other_sort(row, known)], known)
    new: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    posted: list[tuple[Any, ...]] = []
    entry = new_id()

    def post(kind: PostingKind, account_id: UUID, values: tuple[Any, ...], change: int) -> None:
        if change:
            said = (entry, len(posted) + 1, kind, at)
            posted.append((*said, *_sides(account_id, values, change)))

    for row in rows:
        values = row.values
        found = known.get(values[0])
        if found is None:
            account_id = new_id()
            new.append((account_id, *values))
            post(PostingKind.OPENING, account_id, values, values[_BALANCE])
            continue
        account_id, before = found
        if before == values:
            continue
        if account_id in moved:
            other = before[_CURRENCY] is not values[_CURRENCY]
            column, reason = ("currency", "currency_changed") if other else ("kind", "kind_changed")
            stored.refuse(row, column, reason)
            continue
        changed.append((account_id, *values))
        post(PostingKind.ADJUSTMENT, account_id, values, values[_BALANCE] - before[_BALANCE])
    update_rows(session, Account, ACCOUNT_COLUMNS, changed)
    insert_rows(session, Account, ("id", *ACCOUNT_COLUMNS), new)
    insert_rows(session, Posting, _POSTING_COLUMNS, posted)
    stored.accepted = len(new) + len(changed)
    return stored


def _sides(account_id: UUID, values: tuple[Any, ...], change: int) -> tuple[Any, ...]:
    """Give a posting's sides, currency, amount and balances for a change of a balance."""
    kind: AccountKind = values[_KIND]
    currency: Currency = values[_CURRENCY]
    after: int = values[_BALANCE]
    if effect(kind, credited=change) == abs(change):
        return (None, CORE, account_id, None, currency, abs(change), None, after)
    return (account_id, None, None, CORE, currency, abs(change), after, None)


def _known(session: Session, rows: Sequence[BookRow]) -> Known:
    wanted = [row.values[0] for row in rows]
    return _read(session.execute(select(*_COLUMNS).where(among(session, Account.number, wanted))))


def _locked(session: Session, ids: Collection[UUID]) -> Known:
    if not ids:
        return {}
    query = select(*_COLUMNS).where(among(session, Account.id, ids))
    return _read(session.execute(locked(query, Account.id)))


def _read(found: Any) -> Known:  # noqa: ANN401  a result of columns
    return {row[1]: (row[0], tuple(row[1:])) for row in found}


def _same(row: BookRow, known: Known) -> bool:
    return known[row.values[0]][1] == row.values


def _of_other_sort(row: BookRow, known: Known) -> bool:
    """Say whether the account's postings would mean something else: another currency, or sign."""
    before = known[row.values[0]][1]
    loan = AccountKind.LOAN
    return bool(
        before[_CURRENCY] is not row.values[_CURRENCY]
        or (before[_KIND] is loan) is not (row.values[_KIND] is loan)
    )


def _with_postings(session: Session, rows: Sequence[BookRow], known: Known) -> set[UUID]:
    if not rows:
        return set()
    ids = {known[row.values[0]][0] for row in rows}
    found = session.execute(
        select(Posting.debit_account_id, Posting.credit_account_id)
        .where(
            or_(
                among(session, Posting.debit_account_id, ids),
                among(session, Posting.credit_account_id, ids),
            )
        )
        .distinct()
    )
    return {account for row in found for account in row if account in ids}
