"""Money moves: the operation, its postings, balances, limits, code and audit record, as one write.

On PostgreSQL they are one statement of several parts, and so one round trip; SQLite, where a
statement costs no trip, runs the same parts one after the other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Connection,
    Executable,
    Insert,
    Select,
    Table,
    Update,
    Uuid,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from branch_desk.models.access import GrantedLimit, TotpDevice
from branch_desk.models.account import Account
from branch_desk.models.database import TryAgain
from branch_desk.models.ledger import Posting, PostingKind, effect
from branch_desk.models.money import Currency
from branch_desk.models.operation import Operation
from branch_desk.operations.chains import SERVER_PARTS, Record, server_values
from branch_desk.operations.money.rules import Used
from branch_desk.operations.money.situation import Limit, Side
from branch_desk.operations.work import Work, allowed


@dataclass(frozen=True, slots=True)
class Line:
    """An amount that leaves one side and reaches the other; a text names a house account."""

    kind: PostingKind
    debit: Side | str
    credit: Side | str
    amount: int


@dataclass(frozen=True, slots=True)
class Move:
    """All that one operation writes."""

    operation: dict[str, Any]
    """Columns of the operation's row; unset ones are absent."""
    currency: Currency
    lines: tuple[Line, ...]
    record: Record
    limit: Limit | None = None
    used: Used | None = None
    device_id: UUID | None = None
    step: int | None = None
    exists: bool = False
    """The operation's row is there already: all have signed."""


@allowed()
def write(work: Work, move: Move, *, last: bool = False) -> None:
    """Write all of it. The accounts, the limit and the authenticator are locked by the caller.

    `last` says that the deed writes nothing after it: then it may go with the COMMIT. When the same
    key was written meanwhile, TryAgain comes, here or there: the answer is then read anew.
    """
    connection = work.unit.connection
    balances, lines = _books(move)
    shape = _Shape(
        lines=len(lines),
        accounts=len(balances),
        limited=move.used is not None,
        coded=move.step is not None,
        columns=() if move.exists else tuple(sorted(move.operation)),
        sides=tuple(
            (_name("debit", each.debit), _name("credit", each.credit)) for each in move.lines
        ),
    )
    values = _values(work, move, balances, lines)
    # What has signatures before it comes after their records.
    if connection.dialect.name == "postgresql" and not move.exists:
        send = partial(_send, [_together(shape)], values | server_values(move.record, work))
        if last:
            work.unit.last(send)
        else:
            send(connection)
        return
    _send(_parts(shape), values, connection)
    work.note(move.record)


def _send(parts: Iterable[Executable], values: dict[str, Any], connection: Connection) -> None:
    try:
        for part in parts:
            connection.execute(part, values)
    except IntegrityError as clash:
        if _is_key(clash):
            raise TryAgain from clash
        raise


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a write consists of: each shape is compiled once."""

    lines: int
    accounts: int
    limited: bool
    coded: bool
    columns: tuple[str, ...]
    """Of the operation's row; none where it is there already."""
    sides: tuple[tuple[str, str], ...]
    """Columns that name debit and credit of each line."""


def _books(move: Move) -> tuple[dict[UUID, int], list[dict[str, Any]]]:
    """Give how balances change, and the postings' rows with the balances afterwards."""
    changes: dict[UUID, int] = {}

    def after(of: Side | str, *, debited: int, credited: int) -> int | None:
        if isinstance(of, str):
            return None
        change = effect(of.kind, debited=debited, credited=credited)
        changes[of.id] = changes.get(of.id, 0) + change
        return of.balance + changes[of.id]

    rows = [
        {
            "kind": line.kind,
            "amount": line.amount,
            "debit": line.debit if isinstance(line.debit, str) else line.debit.id,
            "credit": line.credit if isinstance(line.credit, str) else line.credit.id,
            "debit_after": after(line.debit, debited=line.amount, credited=0),
            "credit_after": after(line.credit, debited=0, credited=line.amount),
        }
        for line in move.lines
    ]
    return changes, rows


def _name(side: str, of: Side | str) -> str:
    return f"{side}_house" if isinstance(of, str) else f"{side}_account_id"


def _values(
    work: Work, move: Move, balances: dict[UUID, int], lines: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    values: dict[str, Any] = {
        "op_id": move.operation["id"],
        "op_currency": move.currency,
        "now": work.now,
    }
    if not move.exists:
        values |= {f"op_{name}": value for name, value in move.operation.items()}
    for place, (account_id, change) in enumerate(balances.items()):
        values[f"account_{place}"] = account_id
        values[f"change_{place}"] = change
    for place, line in enumerate(lines):
        values |= {f"line_{place}_{name}": value for name, value in line.items()}
    if move.used is not None:
        values |= {
            "limit_id": move.limit.id if move.limit is not None else None,
            "used_day": move.used.day,
            "used_in_day": move.used.in_day,
            "used_count": move.used.count,
            "used_in_month": move.used.in_month,
        }
    if move.step is not None:
        values |= {"device_id": move.device_id, "op_totp_step": move.step}
    return values


def _is_key(clash: IntegrityError) -> bool:
    # The server does the parts of the statement in an order of its own: the postings carry the
    # operation's id, too.
    said = str(clash.orig)
    return "pk_operation" in said or "pk_posting" in said or "operation.id" in said


def _table(mapped: type[Any]) -> Table:
    return cast(Table, mapped.__table__)


_OPERATION, _POSTING, _ACCOUNT = _table(Operation), _table(Posting), _table(Account)
_LIMIT, _DEVICE = _table(GrantedLimit), _table(TotpDevice)


@cache
def _parts(shape: _Shape) -> tuple[Insert | Update, ...]:
    parts: list[Insert | Update] = []
    if shape.columns:
        given: dict[str, Any] = {name: bindparam(f"op_{name}") for name in shape.columns}
        for name in ("created_at", "moved_at"):
            if name in given:
                given[name] = bindparam("now")
        parts.append(insert(_OPERATION).values({"answer": "", **given}))
    if shape.lines:
        parts += [_posting(place, sides) for place, sides in enumerate(shape.sides)]
        parts.append(_balances(shape.accounts))
    if shape.limited:
        parts.append(
            update(_LIMIT)
            .where(_LIMIT.c.id == bindparam("limit_id"))
            .values(
                day=bindparam("used_day"),
                used_in_day=bindparam("used_in_day"),
                count_in_day=bindparam("used_count"),
                used_in_month=bindparam("used_in_month"),
            )
        )
    if shape.coded:
        parts.append(
            update(_DEVICE)
            .where(_DEVICE.c.id == bindparam("device_id"))
            .values(last_step=bindparam("op_totp_step"))
        )
    return tuple(parts)


def _posting(place: int, sides: tuple[str, str]) -> Insert:
    # A statement of its own for each: SQLAlchemy compiles one of many rows anew every time.
    debit, credit = sides
    return insert(_POSTING).values(
        {
            "entry_id": bindparam("op_id"),
            "position": place + 1,
            "at": bindparam("now"),
            "currency": bindparam("op_currency"),
            debit: bindparam(f"line_{place}_debit"),
            credit: bindparam(f"line_{place}_credit"),
            **{
                name: bindparam(f"line_{place}_{name}")
                for name in ("kind", "amount", "debit_after", "credit_after")
            },
        }
    )


def _balances(count: int) -> Update:
    of = [
        (
            _ACCOUNT.c.id == bindparam(f"account_{place}", type_=Uuid()),
            bindparam(f"change_{place}", type_=BigInteger()),
        )
        for place in range(count)
    ]
    ids = [bindparam(f"account_{place}", type_=Uuid()) for place in range(count)]
    return (
        update(_ACCOUNT)
        .where(_ACCOUNT.c.id.in_(ids))
        .values(balance=_ACCOUNT.c.balance + case(*of, else_=0))
    )


@cache
def _together(shape: _Shape) -> Select[Any]:
    added, moved = SERVER_PARTS
    parts = [part.cte(f"part_{place}") for place, part in enumerate(_parts(shape))]
    head = moved.returning(literal_column("1").label("one")).cte("audit_moved")
    return select(func.count()).select_from(head).add_cte(*parts, added)
