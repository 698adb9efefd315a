"""Who else has the phone, the mail or the card number of a request (F7)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, select

from branch_desk.models.enrolment import Enrolment, Representative, Status
from branch_desk.models.member import Member
from branch_desk.operations.books.search import READERS
from branch_desk.operations.request import holding
from branch_desk.operations.work import Work, allowed

MOST_DUPLICATES: Final = 20


class Shared(StrEnum):
    """What two people have in common."""

    MOBILE = "MOBILE"
    EMAIL = "EMAIL"
    DOCUMENT = "DOCUMENT"
    """The same number under another complement or type."""


class Owner(StrEnum):
    """Where the other one stands."""

    MEMBER = "MEMBER"
    REQUEST = "REQUEST"
    REPRESENTATIVE = "REPRESENTATIVE"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Another person or company with the same phone, mail or document number (F7)."""

    shared: Shared
    owner: Owner
    id: UUID
    """Of the member or request; of the request, for a representative."""
    name: str
    document: str
    label: str
    """Member number or folio."""
    status: Status | None
    """Of the request."""


@allowed(*READERS, reads=True)
def duplicates(work: Work, enrolment_id: UUID) -> tuple[Duplicate, ...]:
    """Show who else has this request's phone, mail or document number; at most twenty.

    The member's own record and other requests are not others. Raises NotFound.
    """
    enrolment = holding.found(work, enrolment_id)
    found: dict[tuple[UUID, Shared], Duplicate] = {}
    for shared, column, value in (
        (Shared.MOBILE, "mobile", enrolment.mobile),
        (Shared.EMAIL, "email", enrolment.email),
        (Shared.DOCUMENT, "document_number", enrolment.document_number),
    ):
        if value:
            for other in _others(work, enrolment, shared, column, value):
                found.setdefault((other.id, shared), other)
    return tuple(found.values())[:MOST_DUPLICATES]


def _others(
    work: Work, enrolment: Enrolment, shared: Shared, column: str, value: str
) -> list[Duplicate]:
    def same(table: Any) -> ColumnElement[bool]:  # noqa: ANN401  one of three tables
        return getattr(table, column) == value  # type: ignore[no-any-return]  # a column's ==

    def few(query: Any) -> Any:  # noqa: ANN401  rows of several shapes
        return work.session.execute(query.limit(MOST_DUPLICATES + 1)).all()

    members_ = few(select(Member).where(same(Member)))
    requests_ = few(select(Enrolment).where(same(Enrolment), Enrolment.id != enrolment.id))
    representatives = few(
        select(Representative, Enrolment)
        .join(Enrolment, Enrolment.id == Representative.enrolment_id)
        .where(same(Representative), Enrolment.id != enrolment.id)
    )
    me = enrolment.person
    mine = {me, *(each.person for each in enrolment.representatives)}
    return [
        *(
            Duplicate(shared, Owner.MEMBER, m.id, m.name, m.document, m.number, None)
            for (m,) in members_
            if m.person not in mine
        ),
        *(
            Duplicate(shared, Owner.REQUEST, e.id, e.name, e.document, e.number, e.status)
            for (e,) in requests_
            if e.person not in mine
        ),
        *(
            Duplicate(
                shared, Owner.REPRESENTATIVE, e.id, r.person_name, r.document, e.number, e.status
            )
            for r, e in representatives
            if r.person not in mine and e.person != me
        ),
    ]
