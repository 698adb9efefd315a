"""Writing audit records at the end of their chain, in the transaction of their deed (R51).

The head of a chain is locked only from here to the commit, so this runs last and without the ORM.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

from sqlalchemy import (
    CTE,
    Table,
    Text,
    Update,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy import cast as sql_cast

from branch_desk.models.audit import CHAINS, AuditEvent, AuditHead
from branch_desk.models.event import Event

if TYPE_CHECKING:
    from branch_desk.operations.work import Actor, Work


class Record:
    """An audit record waiting for the end of the transaction."""

    __slots__ = ("event", "facts", "member_id", "reason", "subject_id")

    def __init__(
        self,
        event: Event,
        subject_id: UUID | None,
        member_id: UUID | None,
        reason: str,
        facts: Mapping[str, object],
    ) -> None:
        self.event = event
        self.subject_id = subject_id
        self.member_id = member_id
        self.reason = reason
        self.facts = facts


def chain_of(subject_id: UUID | None) -> int:
    """Give the chain a subject's events lie in."""
    if subject_id is None:
        return 0
    return hashlib.sha256(subject_id.bytes).digest()[0] % CHAINS


def canonical(value: object) -> str:
    """Write plain values as the one JSON text that is hashed: sorted, compact, unescaped."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def append(record: Record, heads: dict[int, tuple[int, bytes]], work: "Work") -> None:
    """Write a record after the last of its chain; `heads` are the chains' ends this deed holds."""
    connection = work.unit.connection
    if connection.dialect.name == "postgresql":
        connection.execute(_ON_SERVER, server_values(record, work))
        return
    values, before, after = _written(record, work)
    chain = values["chain"]
    if chain not in heads:
        number, previous = connection.execute(_HEAD, {"of": chain}).one()
        heads[chain] = number, previous
    number, previous = heads[chain]
    text = f"{before}{number + 1}{after}"
    digest = hashlib.sha256(previous + text.encode()).digest()
    heads[chain] = number + 1, digest
    connection.execute(_ADD, values | {"number": number + 1, "text": text, "hash": digest})
    connection.execute(_MOVE_HEAD, {"of": chain, "to": number + 1, "digest": digest})


def server_values(record: Record, work: "Work") -> dict[str, Any]:
    """Give the parameters of `SERVER_PARTS` for one record."""
    values, before, after = _written(record, work)
    named = {f"audit_{name}": value for name, value in values.items()}
    return named | {"audit_before": before, "audit_after": after}


def _written(record: Record, work: "Work") -> tuple[dict[str, Any], str, str]:
    """Give a record's columns, and its text before and after its number."""
    actor = work.actor
    chain = chain_of(record.subject_id)
    before = canonical(
        {
            "access": actor.access_id,
            "actor": actor.user_name or actor.name,
            "at": work.now.isoformat(timespec="microseconds"),
            "branch": actor.branch_id,
            "chain": chain,
            "channel": work.channel,
            "event": record.event,
            "facts": dict(record.facts),
            "member": record.member_id,
        }
    )
    after = canonical(
        {
            "reason": record.reason,
            "role": actor.role,
            # Only where there is one: records without a second person read as they always did.
            **({"second": _named(work.second)} if work.second is not None else {}),
            "session": actor.session_id,
            "staff": actor.staff_id,
            "subject": record.subject_id,
        }
    )
    values = {
        "chain": chain,
        "at": work.now,
        "event": record.event,
        "staff_id": actor.staff_id,
        "access_id": actor.access_id,
        "branch_id": actor.branch_id,
        "subject_id": record.subject_id,
        "member_id": record.member_id,
    }
    # Names sort: what comes before «number» and after it makes the one canonical text around it.
    return values, before[:-1] + ',"number":', "," + after[1:]


def _named(second: "Actor") -> dict[str, object]:
    return {"user": second.user_name, "staff": second.staff_id}


# Built once and without the ORM: every deed runs them, and the head is locked meanwhile.
_HEADS, _EVENTS = cast(Table, AuditHead.__table__), cast(Table, AuditEvent.__table__)
_HEAD = select(_HEADS.c.number, _HEADS.c.hash).where(_HEADS.c.chain == bindparam("of"))
_ADD = insert(_EVENTS)
_MOVE_HEAD = (
    update(_HEADS)
    .where(_HEADS.c.chain == bindparam("of"))
    .values(number=bindparam("to"), hash=bindparam("digest"))
)


def _server_parts() -> tuple[CTE, Update]:
    """Build head, event and new head as one statement: the server numbers and hashes.

    So the head is locked for no round trip but the commit's.
    """
    head = (
        select(_HEADS.c.number, _HEADS.c.hash)
        .where(_HEADS.c.chain == bindparam("audit_chain"))
        .with_for_update(key_share=True)
        .cte("audit_head_locked")
    )
    number = head.c.number + 1
    said = (
        bindparam("audit_before", type_=Text())
        + sql_cast(number, Text())
        + bindparam("audit_after", type_=Text())
    )
    hashed = func.sha256(head.c.hash.op("||")(func.convert_to(said, literal_column("'UTF8'"))))
    given = [column for column in _EVENTS.columns if column.name not in ("number", "text", "hash")]
    added = (
        insert(_EVENTS)
        .from_select(
            [*given, _EVENTS.c.number, _EVENTS.c.text, _EVENTS.c.hash],
            select(
                *(bindparam(f"audit_{c.name}", type_=c.type).label(c.name) for c in given),
                number,
                said,
                hashed,
            ).select_from(head),
            include_defaults=False,
        )
        .returning(_EVENTS.c.chain, _EVENTS.c.number, _EVENTS.c.hash)
        .cte("audit_added")
    )
    moved = (
        update(_HEADS)
        # By the value itself: to join 64 heads with one row, the server would read all of them.
        .where(_HEADS.c.chain == bindparam("audit_chain"), added.c.chain == _HEADS.c.chain)
        .values(number=added.c.number, hash=added.c.hash)
    )
    return added, moved


SERVER_PARTS: Final = _server_parts()
"""The event and the move of its head, to be part of a larger statement on PostgreSQL."""
_ON_SERVER = SERVER_PARTS[1]
