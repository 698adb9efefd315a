"""The one search field: members, requests, e-banking users and accounts by what was typed (F3).

Every part of what was typed is looked up by its beginning in an index of its own, all in one
statement: a branch may sit 20 ms from its database. Nothing is ranked and no text is a pattern:
`LIKE` does not occur (R77).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from branch_desk.models.access import AccessStatus
from branch_desk.models.account import AccountKind, AccountStatus
from branch_desk.models.enrolment import Status
from branch_desk.models.member import DocumentType, document_of, name_of, next_key
from branch_desk.models.staff import Role
from branch_desk.operations.books.search_sources import (
    SOURCES,
    HitKind,
    members_apart,
    name_counts,
    names_apart,
    statement_of,
)
from branch_desk.operations.books.typed import Typed, read
from branch_desk.operations.work import Work, allowed

__all__ = ["READERS", "Hit", "HitKind", "find", "members_named", "own_branch"]

READERS: Final = (Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
"""Who sees members' data at all; an administrator does not (F37)."""


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
    kind = HitKind(row.hit)
    return Hit(
        kind=kind,
        id=row.id,
        member_id=row.member_id,
        title=row.person_name or name_of(row),
        label=row.label,
        document=document_of(row),
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
    others, values = _rarest_first(work, words, limit + len(known))
    rows = work.session.execute(members_apart(others), values).all()
    found = {row.id: row for row in rows if row.id not in known}
    return [_hit(row) for row in found.values()][:limit]


@allowed()
def members_named(work: Work, words: tuple[str, ...], limit: int) -> list[UUID]:
    """Find members whose name has the words, not side by side: «Méndez Ana» of Ana Ríos Méndez.

    The names beginning with the rarest word are looked through for the others.
    """
    others, values = _rarest_first(work, words, limit)
    rows = work.session.execute(names_apart(others), values)
    return list(dict.fromkeys(row.owner for row in rows))


def _rarest_first(work: Work, words: tuple[str, ...], limit: int) -> tuple[int, dict[str, object]]:
    """Give how many words are to be looked for beside the rarest, and all the parameters."""
    ranges: dict[str, object] = {}
    for n, word in enumerate(words):
        ranges |= {f"word_{n}": word, f"word_{n}_end": next_key(word)}
    counted = work.session.execute(name_counts(len(words)), ranges)
    farthest = sorted(counted, key=lambda row: row.last.partition(" ")[2], reverse=True)
    fewest = sorted(farthest, key=lambda row: row.names)
    rarest, *rest = dict.fromkeys(words[row.word] for row in fewest)
    # What the rarest word itself begins with is there; any other comes after a space.
    others = [word for word in rest if not rarest.startswith(word)]
    values: dict[str, object] = {f"other_{n}": f" {word}" for n, word in enumerate(others)}
    values |= {"words": rarest, "words_end": next_key(rarest), "limit": limit}
    return len(others), values
