"""Reading the audit trail, and anchoring its ends outside the database (F41)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, or_, select, tuple_

from branch_desk.models.anchor import Anchor, Head, heads_of, heads_text
from branch_desk.models.audit import AuditAnchor, AuditEvent, AuditHead
from branch_desk.models.event import Event
from branch_desk.models.staff import Role
from branch_desk.operations.work import Caller, Work, allowed

_LA_PAZ = ZoneInfo("America/La_Paz")
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the trail, as it is read on screen."""

    chain: int
    number: int
    at: datetime
    event: str
    """`subject:verb`, as in `models.event.Event`."""
    actor: str
    role: str
    channel: str
    staff_id: UUID | None
    branch_id: UUID | None
    subject_id: UUID | None
    member_id: UUID | None
    reason: str
    facts: dict[str, object]
    second: str = ""
    """User of the person who countersigned, if the deed took two (R20)."""

    @property
    def who(self) -> str:
        """Everybody whose deed it is, as one text."""
        return f"{self.actor} + {self.second}" if self.second else self.actor


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the next one goes on with what is older."""

    at: datetime
    chain: int
    number: int


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Some entries, newest first; `next` is unset on the last page."""

    rows: tuple[Entry, ...]
    next: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which entries are wanted; what is unset does not matter."""

    since: datetime | None = None
    until: datetime | None = None
    """Not included itself."""
    events: tuple[str, ...] = ()
    staff_id: UUID | None = None
    member_id: UUID | None = None
    subject_id: UUID | None = None
    branch_id: UUID | None = None


EVERYTHING = Filter()


@allowed(Role.AUDITOR, Role.SUPERVISOR, reads=True)
def events(
    work: Work, wanted: Filter = EVERYTHING, *, after: Place | None = None, limit: int = _PAGE
) -> EntryPage:
    """List the trail, newest first; a supervisor sees what the own branch did."""
    query = _visible(work).limit(limit + 1)
    for column, value in (
        (AuditEvent.staff_id, wanted.staff_id),
        (AuditEvent.member_id, wanted.member_id),
        (AuditEvent.subject_id, wanted.subject_id),
        (AuditEvent.branch_id, wanted.branch_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(AuditEvent.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEvent.at < wanted.until)
    if wanted.events:
        query = query.where(AuditEvent.event.in_(wanted.events))
    if after is not None:
        place = tuple_(AuditEvent.at, AuditEvent.chain, AuditEvent.number)
        # The first condition says the same and lets an index begin there.
        query = query.where(
            AuditEvent.at <= after.at, place < (after.at, after.chain, after.number)
        )
    found = [_entry(event) for event in work.session.scalars(query)]
    rows = tuple(found[:limit])
    more = len(found) > limit
    last = rows[-1] if more else None
    return EntryPage(rows, None if last is None else Place(last.at, last.chain, last.number))


@allowed(Role.AUDITOR, Role.SUPERVISOR, reads=True)
def timeline(work: Work, about: UUID, *, limit: int = 1000) -> tuple[Entry, ...]:
    """Tell everything that happened to a member, a request or a user, oldest first.

    Cut at the newest `limit` entries. A supervisor sees what the own branch did.
    """
    # Two questions, each with its index, instead of one OR with none.
    kept: dict[tuple[int, int], Entry] = {}
    for column in (AuditEvent.subject_id, AuditEvent.member_id):
        for event in work.session.scalars(_visible(work).where(column == about).limit(limit)):
            kept[event.chain, event.number] = _entry(event)
    ordered = sorted(kept.values(), key=lambda entry: (entry.at, entry.chain, entry.number))
    return tuple(ordered[-limit:])


@allowed(Role.AUDITOR, Caller.SYSTEM)
def anchor(work: Work) -> Anchor:
    """Sign the ends of all chains as they are now, and keep that as today's anchor.

    The copy in the database is for the daily papers; what proves anything is the one carried
    elsewhere. A day's later anchor takes the place of its earlier one.
    """
    heads = {
        chain: Head(number, digest)
        for chain, number, digest in work.session.execute(
            select(AuditHead.chain, AuditHead.number, AuditHead.hash)
        )
    }
    day = work.now.astimezone(_LA_PAZ).date()
    made = Anchor.signed(day, work.now, heads, work.keys)
    kept = work.session.get(AuditAnchor, day, with_for_update=True)
    if kept is None:
        kept = AuditAnchor(day=day)
        work.session.add(kept)
    kept.made_at = work.now
    kept.heads = heads_text(heads)
    kept.signature = made.signature
    work.record(Event.AUDIT_ANCHORED, None, count=sum(head.number for head in heads.values()))
    return made


def kept_anchor(row: AuditAnchor) -> Anchor:
    """Give the anchor a row keeps. Raises ValueError when somebody broke it."""
    return Anchor(row.day, row.made_at, heads_of(json.loads(row.heads)), row.signature)


def _visible(work: Work) -> Select[AuditEvent]:
    query = select(AuditEvent).order_by(
        AuditEvent.at.desc(), AuditEvent.chain.desc(), AuditEvent.number.desc()
    )
    if work.actor.role is Role.SUPERVISOR:
        query = query.where(
            or_(
                AuditEvent.branch_id == work.actor.branch_id,
                AuditEvent.staff_id == work.actor.staff_id,
            )
        )
    return query


def _entry(event: AuditEvent) -> Entry:
    said: dict[str, Any] = json.loads(event.text)
    return Entry(
        chain=event.chain,
        number=event.number,
        at=event.at,
        event=event.event,
        actor=said["actor"],
        role=said["role"],
        channel=said["channel"],
        staff_id=event.staff_id,
        branch_id=event.branch_id,
        subject_id=event.subject_id,
        member_id=event.member_id,
        reason=said["reason"],
        facts=said["facts"],
        second=said.get("second", {}).get("user", ""),
    )
