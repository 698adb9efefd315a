"""The one statement that reads and locks what an order's rules need; see `situation`."""

from functools import cache
from typing import Any, cast

from sqlalchemy import (
    CTE,
    FromClause,
    Select,
    Table,
    Uuid,
    bindparam,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
)

from branch_desk.models.access import Access, GrantedAccount, GrantedLimit, TotpDevice
from branch_desk.models.account import Account, Holder
from branch_desk.models.beneficiary import Beneficiary
from branch_desk.models.interbank import InterbankGate
from branch_desk.models.member_session import MemberSession
from branch_desk.models.operation import Operation


def _short(mapped: type[Any], name: str) -> FromClause:
    return cast(Table, mapped.__table__).alias(name)


# Short names, and only what is asked for: the driver keeps the parsed text of statements up to
# 4,096 characters, and parses longer ones each time.
_ACCESS, _DEVICE, _SESSION = (
    _short(Access, "a"),
    _short(TotpDevice, "d"),
    _short(MemberSession, "m"),
)
_ACCOUNT, _LIMIT, _GRANTED = (
    _short(Account, "c"),
    _short(GrantedLimit, "l"),
    _short(GrantedAccount, "g"),
)
_HOLDER, _PAYEE, _OPERATION = _short(Holder, "h"), _short(Beneficiary, "b"), _short(Operation, "o")
_GATE = _short(InterbankGate, "i")

_OF_LIMIT = (
    "id per_operation per_day per_month count_per_day day used_in_day count_in_day used_in_month"
).split()
_OF_ACCOUNT = "id number kind currency handling status balance overdraft".split()


def _who(*, by_session: bool) -> CTE:
    columns: list[Any] = [
        _ACCESS.c.id.label("access_id"),
        _ACCESS.c.member_id,
        _ACCESS.c.person,
        _ACCESS.c.person_name,
        _ACCESS.c.user_name,
        _ACCESS.c.status.label("access_status"),
        _ACCESS.c.locked_at,
        _ACCESS.c.failed_codes,
        _ACCESS.c.active_since,
        _ACCESS.c.contact_changed_at,
        _ACCESS.c.signing_rule,
        _ACCESS.c.by_web,
        _ACCESS.c.by_mobile,
        _DEVICE.c.id.label("device_id"),
        _DEVICE.c.secret,
        _DEVICE.c.period,
        _DEVICE.c.drift_steps,
        _DEVICE.c.last_step,
    ]
    devices = _DEVICE.c.access_id == _ACCESS.c.id
    proven = (_DEVICE.c.revoked_at.is_(None), _DEVICE.c.confirmed_at.is_not(None))
    if by_session:
        query = (
            select(
                *columns,
                _SESSION.c.id.label("session_id"),
                _SESSION.c.channel.label("session_channel"),
                _SESSION.c.ended_at,
                _SESSION.c.end_reason,
                _SESSION.c.expires_at,
            )
            .select_from(
                _SESSION.join(_ACCESS, _ACCESS.c.id == _SESSION.c.access_id).join(_DEVICE, devices)
            )
            .where(_SESSION.c.token_digest == bindparam("who"), *proven)
        )
    else:
        query = (
            select(*columns)
            .select_from(_ACCESS.join(_DEVICE, devices))
            .where(_ACCESS.c.id == bindparam("who", type_=Uuid()), *proven)
        )
    return query.with_for_update(key_share=True, of=[_ACCESS, _DEVICE]).cte("who")


@cache
def statement(*, by_session: bool, gate: bool, with_clock: bool) -> Select[Any]:
    """Build it: found by session or by user; with the gate to other banks; with a server's clock.

    Parameters: `who` (digest or user's id), `key`, `limit_kind`, `limit_currency`, `beneficiary`,
    `debit`, `credit`.
    """
    who = _who(by_session=by_session)
    payee = (
        select(
            _PAYEE.c.id,
            _PAYEE.c.account_id,
            _PAYEE.c.currency,
            _PAYEE.c.created_at,
            _PAYEE.c.removed_at,
        )
        .where(
            _PAYEE.c.id == bindparam("beneficiary", type_=Uuid()),
            _PAYEE.c.member_id == select(who.c.member_id).scalar_subquery(),
        )
        .cte("payee")
    )
    limit = (
        select(*(_LIMIT.c[name] for name in _OF_LIMIT))
        .where(
            _LIMIT.c.access_id == select(who.c.access_id).scalar_subquery(),
            _LIMIT.c.kind == bindparam("limit_kind"),
            _LIMIT.c.currency == bindparam("limit_currency"),
        )
        .with_for_update(key_share=True)
        .cte("allowance")
    )
    sides = (
        select(*(_ACCOUNT.c[name] for name in _OF_ACCOUNT))
        .where(
            or_(
                _ACCOUNT.c.id == bindparam("debit", type_=Uuid()),
                _ACCOUNT.c.id == bindparam("credit", type_=Uuid()),
                _ACCOUNT.c.id == select(payee.c.account_id).scalar_subquery(),
            ),
            exists(select(literal_column("1")).select_from(who)),
        )
        .order_by(_ACCOUNT.c.id)
        .with_for_update(key_share=True)
        .cte("sides")
    )
    joined = (
        who.outerjoin(limit, true())
        .outerjoin(payee, true())
        .outerjoin(_OPERATION, _OPERATION.c.id == bindparam("key", type_=Uuid()))
        .outerjoin(sides, true())
        .outerjoin(
            _GRANTED,
            (_GRANTED.c.access_id == who.c.access_id) & (_GRANTED.c.account_id == sides.c.id),
        )
        .outerjoin(
            _HOLDER,
            (_HOLDER.c.account_id == sides.c.id) & (_HOLDER.c.member_id == who.c.member_id),
        )
    )
    closed: Any = null().label("closed_through")
    if gate:
        held = select(_GATE.c.closed_through).with_for_update(read=True).cte("gate")
        joined = joined.outerjoin(held, true())
        closed = held.c.closed_through
    return select(
        (func.clock_timestamp() if with_clock else null()).label("now"),
        *who.c,
        limit.c.id.label("limit_id"),
        limit.c.per_operation,
        limit.c.per_day,
        limit.c.per_month,
        limit.c.count_per_day,
        limit.c.day.label("limit_day"),
        limit.c.used_in_day,
        limit.c.count_in_day,
        limit.c.used_in_month,
        payee.c.id.label("beneficiary_id"),
        payee.c.account_id.label("beneficiary_account_id"),
        payee.c.currency.label("beneficiary_currency"),
        payee.c.created_at.label("beneficiary_created_at"),
        payee.c.removed_at.label("beneficiary_removed_at"),
        closed,
        _OPERATION.c.access_id.label("known_access_id"),
        _OPERATION.c.payload_sha256.label("known_sha256"),
        _OPERATION.c.status.label("known_status"),
        _OPERATION.c.created_at.label("known_created_at"),
        _OPERATION.c.value_date.label("known_value_date"),
        sides.c.id.label("account_id"),
        sides.c.number,
        sides.c.kind.label("account_kind"),
        sides.c.currency.label("account_currency"),
        sides.c.handling,
        sides.c.status.label("account_status"),
        sides.c.balance,
        sides.c.overdraft,
        _GRANTED.c.consult,
        _GRANTED.c.debit,
        _GRANTED.c.web,
        _GRANTED.c.mobile,
        _HOLDER.c.member_id.label("holder_id"),
    ).select_from(joined)
