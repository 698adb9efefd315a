"""The queue of requests: pages by key, counts for the badges, who holds what (F3)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_, union_all

from branch_desk.models.enrolment import (
    OPEN,
    Channel,
    Enrolment,
    EnrolmentName,
    SigningRule,
    Status,
)
from branch_desk.models.member import MemberKind, next_key
from branch_desk.models.staff import Branch, Staff
from branch_desk.operations.books.search import READERS, own_branch
from branch_desk.operations.books.typed import read
from branch_desk.operations.page import Page
from branch_desk.operations.work import Work, allowed

PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request as a line of the queue."""

    id: UUID
    number: str
    """The folio."""
    status: Status
    revision: int
    channel: Channel
    kind: MemberKind
    name: str
    document: str
    signing_rule: SigningRule | None
    branch_code: str
    member_id: UUID | None
    submitted_at: datetime
    changed_at: datetime
    waiting: timedelta
    """How long ago it was submitted, at the moment of asking."""
    holder: str
    """Who has it open, by whole name; empty when nobody."""
    held_until: datetime | None
    held_by_me: bool


@allowed(*READERS, reads=True)
def requests(
    work: Work,
    *,
    statuses: Collection[Status] = OPEN,
    text: str = "",
    newest_first: bool = False,
    after: object | None = None,
    limit: int = PAGE,
) -> Page[RequestRow]:
    """List the requests of the actor's branch in these states, longest waiting first.

    An auditor sees all branches. `after` is the `next` of the page before. With `text` (folio,
    document, name) there is one page: what is found, cut to `limit`.
    """
    key = (Enrolment.submitted_at, Enrolment.id)
    order = [column.desc() if newest_first else column.asc() for column in key]
    found = _ids_of(work, text, limit) if text.strip() else None
    # One range of the queue's index for each state; sorting the states together would read all.
    parts = []
    for status in sorted(statuses):
        part = select(Enrolment.id, Enrolment.submitted_at).where(
            _in_branch(work), Enrolment.status == status
        )
        if found is not None:
            part = part.where(Enrolment.id.in_(found))
        elif isinstance(after, tuple):
            here = tuple_(*key)
            part = part.where(here < after if newest_first else here > after)
        parts.append(select(part.order_by(*order).limit(limit + 1).subquery()))
    if not parts:
        return Page(())
    ids = union_all(*parts).subquery()
    rows = work.session.execute(
        select(Enrolment, Branch.code, Staff.full_name)
        .join(ids, ids.c.id == Enrolment.id)
        .join(Branch, Branch.id == Enrolment.branch_id)
        .outerjoin(Staff, Staff.id == Enrolment.held_by)
        .order_by(*order)
        .limit(limit + 1)
    ).all()
    shown = [_row(work, *row) for row in rows[:limit]]
    last = shown[-1] if len(rows) > limit and found is None else None
    return Page(tuple(shown), (last.submitted_at, last.id) if last else None)


@allowed(*READERS, reads=True)
def queue_counts(work: Work) -> Mapping[Status, int]:
    """Count the open requests the actor sees, state by state; states without any are 0."""
    counted = work.session.execute(
        select(Enrolment.status, func.count())
        .where(_in_branch(work), Enrolment.status.in_(OPEN))
        .group_by(Enrolment.status)
    ).all()
    return dict.fromkeys(sorted(OPEN), 0) | {row[0]: row[1] for row in counted}


def _in_branch(work: Work) -> ColumnElement[bool]:
    branch = own_branch(work)
    if branch is not None:
        return Enrolment.branch_id == branch
    # Named one by one, so that the index, which begins with the branch, serves an auditor too.
    return Enrolment.branch_id.in_(select(Branch.id))


def _ids_of(work: Work, text: str, limit: int) -> Select[Any]:
    typed = read(text)
    words = " ".join(typed.words)
    ranges = [
        (Enrolment.number, typed.folio),
        (Enrolment.document_number, typed.digits or typed.document),
        (Enrolment.user_name, typed.user_name),
    ]
    where: list[ColumnElement[bool]] = [
        (column >= begin) & (column < next_key(begin)) for column, begin in ranges if begin
    ]
    if typed.card:
        where.append(
            (Enrolment.document_number == typed.card)
            & (Enrolment.complement >= typed.complement)
            & (Enrolment.complement < next_key(typed.complement))
        )
    if words:
        named = select(EnrolmentName.enrolment_id).where(
            EnrolmentName.text >= words, EnrolmentName.text < next_key(words)
        )
        where.append(Enrolment.id.in_(named))
    chosen = or_(*where) if where else Enrolment.id.is_(None)
    return select(Enrolment.id).where(_in_branch(work), chosen).limit(10 * limit)


def _row(work: Work, enrolment: Enrolment, branch_code: str, holder: str | None) -> RequestRow:
    held = enrolment.held_until is not None and enrolment.held_until > work.now
    return RequestRow(
        id=enrolment.id,
        number=enrolment.number,
        status=enrolment.status,
        revision=enrolment.revision,
        channel=enrolment.channel,
        kind=enrolment.kind,
        name=enrolment.name,
        document=enrolment.document,
        signing_rule=enrolment.signing_rule,
        branch_code=branch_code,
        member_id=enrolment.member_id,
        submitted_at=enrolment.submitted_at,
        changed_at=enrolment.changed_at,
        waiting=work.now - enrolment.submitted_at,
        holder=holder or "" if held else "",
        held_until=enrolment.held_until if held else None,
        held_by_me=held and enrolment.held_by == work.actor.staff_id,
    )
