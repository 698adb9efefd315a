"""The one search field: members, requests, e-banking users and accounts by what was typed (F3).

Every part of what was typed is looked up by its beginning in an index of its own, all in one
statement: a branch may sit 20 ms from its database. Nothing is ranked and no text is a pattern:
`LIKE` does not occur (R77).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    func,
    literal,
    select,
)

from branch_desk.models.access import AccessStatus
from branch_desk.models.account import AccountKind, AccountStatus
from branch_desk.models.enrolment import Status
from branch_desk.models.member import DocumentType, Member, MemberName, next_key
from branch_desk.models.staff import Role
from branch_desk.operations.books.search_sources import (
    PERSON,
    SOURCES,
    HitKind,
    member_hits,
    statement_of,
)
from branch_desk.operations.books.typed import Typed, read
from branch_desk.operations.work import Work, allowed

__all__ = ["READERS", "Hit", "HitKind", "find", "members_named", "own_branch"]

READERS: Final = (Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
"""Who sees members' data at all; an administrator does not (F37)."""

RARE: Final = 200
"""A word that fewer names than this begin with is looked through whole."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found."""

    kind: HitKind
    id: UUID
    member_id: UUID | None
    """The member it belongs to; a request may have none yet."""
    title: str
    """The person's or company's name."""
    label: str
    """Member number, folio, user name or account number."""
    document: str
    state: Status | AccessStatus | AccountStatus | None
    """None for a member."""
    account_kind: AccountKind | None = None
    locked: bool = False
    """An e-banking user that is locked."""

    @property
    def subtitle(self) -> str:
        """Label and document, as the second line."""
        return f"{self.label} · {self.document}"


@allowed(*READERS, reads=True)
def find(work: Work, text: str, limit: int = 20) -> tuple[Hit, ...]:
    """Find by beginning of CI, complement, name, user, account, folio, mail, or by mobile.

    What equals the text comes first, then a fair share of each kind, grouped by kind. Requests are
    those of the officer's branch.
    """
    typed = read(text)
    hits = _found(work, typed, limit)
    if len(typed.words) > 1 and len(hits) < limit:
        hits += _apart(work, typed.words, limit - len(hits), {hit.id for hit in hits})
    return tuple(hits[:limit])


@allowed()
def own_branch(work: Work) -> UUID | None:
    """Give the branch whose requests the actor sees; None: all of them."""
    return None if work.actor.role is Role.AUDITOR else work.actor.branch_id


def _found(work: Work, typed: Typed, limit: int) -> list[Hit]:
    values: dict[str, object] = {"limit": limit, "branch": own_branch(work)}
    parts = tuple(part for part in SOURCES if getattr(typed, part))
    if not parts:
        return []
    person = typed.digits or (f"{typed.card}-{typed.complement}" if typed.card else "")
    texts = {
        "digits": typed.digits,
        "document": typed.document,
        "complement": typed.complement,
        "folio": typed.folio,
        "email": typed.email,
        "user_name": typed.user_name,
        "words": " ".join(typed.words),
        "person": f"{DocumentType.CI}:{person}",
    }
    for name, text in texts.items():
        values[name] = text
        values[f"{name}_end"] = next_key(text)
    values |= {"card": typed.card, "mobile": typed.mobile}
    own = values["branch"] is not None
    statement = statement_of(parts, own)
    rows = work.session.execute(statement, values).all()
    return _shared(rows, typed, limit)


def _shared(rows: Sequence[Any], typed: Typed, limit: int) -> list[Hit]:
    # What was typed whole before what only begins so; then kind by kind in turn.
    seen: dict[tuple[str, UUID], Any] = {}
    for row in rows:
        seen.setdefault((row.hit, row.id), row)
    exact = {typed.digits, typed.document, typed.folio, typed.user_name, typed.card} - {""}
    turn: dict[str, int] = {}
    ranked = []
    for row in seen.values():
        whole = row.label in exact or row.document_number in exact
        turn[row.hit] = turn.get(row.hit, 0) + 1
        ranked.append((not whole, turn[row.hit], row))
    ranked.sort(key=lambda each: each[:2])
    kinds = list(HitKind)
    kept = [(hidden, kinds.index(HitKind(row.hit)), row) for hidden, _, row in ranked[:limit]]
    kept.sort(key=lambda each: each[:2])
    return [_hit(row) for _, _, row in kept]


def _hit(row: Any) -> Hit:  # noqa: ANN401  a row of the union
    whom = Member(**{name: getattr(row, name) for name in PERSON})
    kind = HitKind(row.hit)
    return Hit(
        kind=kind,
        id=row.id,
        member_id=row.member_id,
        title=row.person_name or whom.name,
        label=row.label,
        document=whom.document,
        state=_STATES[kind](row.state),
        account_kind=AccountKind(row.account_kind) if row.account_kind else None,
        locked=bool(row.locked),
    )


_STATES: Final[dict[HitKind, Callable[[str], Any]]] = {
    HitKind.MEMBER: lambda _: None,
    HitKind.REQUEST: Status,
    HitKind.ACCESS: AccessStatus,
    HitKind.ACCOUNT: AccountStatus,
}


def _apart(work: Work, words: tuple[str, ...], limit: int, known: set[UUID]) -> list[Hit]:
    owners = members_named(work, words, limit + len(known))
    wanted = [owner for owner in owners if owner not in known][:limit]
    rows = work.session.execute(
        member_hits(Member.id.in_(wanted), order=Member.number), {"limit": limit}
    ).all()
    return [_hit(row) for row in rows]


@allowed()
def members_named(work: Work, words: tuple[str, ...], limit: int) -> list[UUID]:
    """Find members whose name has the words, not side by side: «Méndez Ana» of Ana Ríos Méndez.

    The names beginning with the rarest word are looked through for the others.
    """
    rarest = min(words, key=lambda word: (_names_with(work, word), -len(word)))
    others = list(words)
    others.remove(rarest)
    text = literal(" ") + MemberName.text
    owners = work.session.scalars(
        select(MemberName.member_id)
        .where(
            MemberName.text >= rarest,
            MemberName.text < next_key(rarest),
            *(func.replace(text, f" {word}", "") != text for word in others),
        )
        .order_by(MemberName.text)
        .limit(limit)
    ).all()
    return list(dict.fromkeys(owners))


def _names_with(work: Work, word: str) -> int:
    some = (
        select(MemberName.member_id)
        .where(MemberName.text >= word, MemberName.text < next_key(word))
        .limit(RARE)
        .subquery()
    )
    return work.session.scalar(select(func.count()).select_from(some)) or 0
