"""Writing audit records at the end of their chain, in the transaction of their deed (R51).

The head of a chain is locked only from here to the commit, so this runs last and without the ORM.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, insert, select, update

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
    chain = chain_of(record.subject_id)
    connection = work.session.connection()
    if chain not in heads:
        number, previous = connection.execute(_LOCK_HEAD, {"of": chain}).one()
        heads[chain] = number, previous
    number, previous = heads[chain]
    actor = work.actor
    text = canonical(
        {
            "chain": chain,
            "number": number + 1,
            "at": work.now.isoformat(timespec="microseconds"),
            "event": record.event,
            "role": actor.role,
            "actor": actor.user_name or actor.name,
            "staff": actor.staff_id,
            "access": actor.access_id,
            "branch": actor.branch_id,
            "session": actor.session_id,
            "channel": work.channel,
            "subject": record.subject_id,
            "member": record.member_id,
            "reason": record.reason,
            "facts": dict(record.facts),
            # Only where there is one: records without a second person read as they always did.
            **({"second": _named(work.second)} if work.second is not None else {}),
        }
    )
    digest = hashlib.sha256(previous + text.encode()).digest()
    heads[chain] = number + 1, digest
    values = {
        "chain": chain,
        "number": number + 1,
        "at": work.now,
        "event": record.event,
        "staff_id": actor.staff_id,
        "access_id": actor.access_id,
        "branch_id": actor.branch_id,
        "subject_id": record.subject_id,
        "member_id": record.member_id,
        "text": text,
        "hash": digest,
    }
    if connection.dialect.name == "postgresql":
        new = {f"new_{name}": value for name, value in values.items()}
        connection.execute(_ADD_AND_MOVE_HEAD, new)
        return
    connection.execute(_ADD, values)
    connection.execute(_MOVE_HEAD, {"of": chain, "to": number + 1, "digest": digest})


def _named(second: "Actor") -> dict[str, object]:
    return {"user": second.user_name, "staff": second.staff_id}


# Built once and without the ORM: every deed runs them, and the head is locked meanwhile.
_HEADS, _EVENTS = cast(Table, AuditHead.__table__), cast(Table, AuditEvent.__table__)
_LOCK_HEAD = (
    select(_HEADS.c.number, _HEADS.c.hash)
    .where(_HEADS.c.chain == bindparam("of"))
    .with_for_update(key_share=True)
)
_ADD = insert(_EVENTS)
_MOVE_HEAD = (
    update(_HEADS)
    .where(_HEADS.c.chain == bindparam("of"))
    .values(number=bindparam("to"), hash=bindparam("digest"))
)
# The server runs both in one: a round trip less while the others of the chain wait.
_ADDED = (
    insert(_EVENTS)
    .values({column: bindparam(f"new_{column.name}") for column in _EVENTS.columns})
    .returning(_EVENTS.c.chain, _EVENTS.c.number, _EVENTS.c.hash)
    .cte("added")
)
_ADD_AND_MOVE_HEAD = (
    update(_HEADS)
    .where(_HEADS.c.chain == _ADDED.c.chain)
    .values(number=_ADDED.c.number, hash=_ADDED.c.hash)
)
