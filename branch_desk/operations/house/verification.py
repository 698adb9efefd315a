"""Proving the audit trail: every chain from its first event, its head, and the anchors (R53-R55).

Reads only, in one snapshot, row by row. It stands beside the operations because it must also work
where nobody can sign in any more, on a restored copy for instance.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from branch_desk.models.anchor import Anchor, Head
from branch_desk.models.audit import CHAINS, AuditAnchor, AuditEvent, AuditHead
from branch_desk.models.database import Database, unhurried
from branch_desk.models.keys import Keys
from branch_desk.operations.house.audit import kept_anchor

_START = bytes(32)
_BATCH = 2_000


class Problem(StrEnum):
    """What is wrong with a chain, or with an anchor."""

    ALTERED = "ALTERED"
    """The text is not the one that was hashed."""
    COLUMNS = "COLUMNS"
    """The columns say otherwise than the hashed text."""
    MISSING = "MISSING"
    """The number is not there: removed, or moved."""
    TAIL_CUT = "TAIL_CUT"
    """The head counts more events than there are."""
    TAIL_ADDED = "TAIL_ADDED"
    """There are events after the head."""
    HEAD_ALTERED = "HEAD_ALTERED"
    """The head names another hash than its event has."""
    HEAD_MISSING = "HEAD_MISSING"
    BEFORE_ANCHOR = "BEFORE_ANCHOR"
    """The chain ends before an anchor: an old copy, or cut and its head set back."""
    NOT_AS_ANCHORED = "NOT_AS_ANCHORED"
    """The chain fits in itself, but is another than was anchored."""
    ANCHOR_FORGED = "ANCHOR_FORGED"
    """The anchor is not signed with the keys of this house."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that is wrong in a chain; an anchor's own fault has no chain."""

    problem: Problem
    chain: int | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check found."""

    events: int
    findings: tuple[Finding, ...]
    anchors: int
    """How many anchors were compared."""
    signatures_checked: bool
    """False without keys: then an anchor proves only what its file says."""

    @property
    def intact(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


@dataclass(slots=True)
class _Chain:
    """A chain while it is read."""

    number: int = 0
    hash: bytes = _START
    broken: bool = False
    anchored: dict[int, set[bytes]] = field(default_factory=dict)
    """Hashes the anchors name, by number."""


def verify(database: Database, anchor: Anchor | None = None, keys: Keys | None = None) -> Verdict:
    """Check every chain, against its head, the stored anchors and one from outside."""
    engine = database.engine.execution_options(branch_desk_reads=True)
    if database.is_postgresql:
        # Desks go on working meanwhile: one snapshot shows heads and events of one instant.
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with Session(engine) as session:
        if database.is_postgresql:
            session.execute(text("SET TRANSACTION READ ONLY"))
            unhurried(session)
        return _verify(session, anchor, keys)


def _verify(session: Session, anchor: Anchor | None, keys: Keys | None) -> Verdict:
    findings: list[Finding] = []
    anchors = [*_stored(session, findings), *([anchor] if anchor is not None else [])]
    chains: dict[int, _Chain] = {}
    for known in anchors:
        if keys is not None and not known.is_ours(keys):
            findings.append(Finding(Problem.ANCHOR_FORGED))
            continue
        for number, head in known.heads.items():
            chain = chains.setdefault(number, _Chain())
            chain.anchored.setdefault(head.number, set()).add(head.hash)
    heads = {
        chain: Head(number, digest)
        for chain, number, digest in session.execute(
            select(AuditHead.chain, AuditHead.number, AuditHead.hash)
        )
    }
    count = 0
    for event in _events(session):
        count += 1
        chain = chains.setdefault(event.chain, _Chain())
        if not chain.broken:
            problem = _wrong(chain, event)
            if problem is not None:
                chain.broken = True
                at = chain.number + 1 if problem is Problem.MISSING else event.number
                findings.append(Finding(problem, event.chain, at))
    findings += _ends(chains, heads)
    findings.sort(key=lambda found: (found.chain or -1, found.number or 0))
    return Verdict(count, tuple(findings), len(anchors), keys is not None)


def _stored(session: Session, findings: list[Finding]) -> Iterator[Anchor]:
    for row in session.scalars(select(AuditAnchor).order_by(AuditAnchor.day)):
        try:
            yield kept_anchor(row)
        except (ValueError, TypeError, AttributeError):
            findings.append(Finding(Problem.ANCHOR_FORGED))


def _events(session: Session) -> Iterator[Row[Any]]:
    query = select(*AuditEvent.__table__.columns).order_by(AuditEvent.chain, AuditEvent.number)
    return iter(session.execute(query, execution_options={"yield_per": _BATCH}))


def _wrong(chain: _Chain, event: Row[Any]) -> Problem | None:
    """Say what is wrong with the next event of a chain, and go on to it."""
    if event.number != chain.number + 1:
        return Problem.MISSING
    digest = hashlib.sha256(chain.hash + event.text.encode()).digest()
    if digest != event.hash:
        return Problem.ALTERED
    if not _says_the_same(event):
        return Problem.COLUMNS
    chain.number, chain.hash = event.number, digest
    if digest not in chain.anchored.get(event.number, {digest}):
        return Problem.NOT_AS_ANCHORED
    return None


def _says_the_same(event: Row[Any]) -> bool:
    try:
        said: Mapping[str, Any] = json.loads(event.text)
        return bool(
            said["chain"] == event.chain
            and said["number"] == event.number
            and said["event"] == event.event
            and datetime.fromisoformat(said["at"]) == event.at
            and said["staff"] == _text(event.staff_id)
            and said["access"] == _text(event.access_id)
            and said["branch"] == _text(event.branch_id)
            and said["subject"] == _text(event.subject_id)
            and said["member"] == _text(event.member_id)
        )
    except (ValueError, KeyError, TypeError):
        return False


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _ends(chains: Mapping[int, _Chain], heads: Mapping[int, Head]) -> Iterator[Finding]:
    for number in sorted({*range(CHAINS), *chains, *heads}):
        chain = chains.get(number, _Chain())
        if chain.broken:
            continue
        head = heads.get(number)
        if head is None:
            yield Finding(Problem.HEAD_MISSING, number)
        elif head.number > chain.number:
            yield Finding(Problem.TAIL_CUT, number, chain.number + 1)
        elif head.number < chain.number:
            yield Finding(Problem.TAIL_ADDED, number, head.number + 1)
        elif head.hash != chain.hash:
            yield Finding(Problem.HEAD_ALTERED, number, head.number)
        elif any(n > chain.number for n in chain.anchored):
            yield Finding(Problem.BEFORE_ANCHOR, number, chain.number)
        elif chain.anchored.get(0, {_START}) != {_START}:
            yield Finding(Problem.NOT_AS_ANCHORED, number, 0)
