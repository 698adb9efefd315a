"""The one search field: members, requests, e-banking users and accounts by what was typed (F3).

Every part of what was typed is looked up by its beginning in an index of its own, all in one
statement: a branch may sit 20 ms from its database. Nothing is ranked and no text is a pattern:
`LIKE` does not occur (R77).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    bindparam,
    false,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from branch_desk.models.access import Access, AccessStatus
from branch_desk.models.account import Account, AccountKind, AccountStatus, Holder, HolderRole
from branch_desk.models.enrolment import Enrolment, EnrolmentName, Status
from branch_desk.models.member import DocumentType, Member, MemberName, next_key
from branch_desk.models.staff import Role
from branch_desk.operations.typed import Typed, read
from branch_desk.operations.work import Work, allowed

READERS: Final = (Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
"""Who sees members' data at all; an administrator does not (F37)."""

RARE: Final = 200
"""A word that fewer names than this begin with is looked through whole."""


class HitKind(StrEnum):
    """What was found."""

    MEMBER = "MEMBER"
    REQUEST = "REQUEST"
    ACCESS = "ACCESS"
    ACCOUNT = "ACCOUNT"


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


def prefix_of(column: InstrumentedAttribute[str], name: str) -> ColumnElement[bool]:
    """Write that a column begins with the parameter `name`, as a range of its index."""
    return (column >= bindparam(name)) & (column < bindparam(f"{name}_end"))


_PERSON: Final = (
    "document_type",
    "document_number",
    "complement",
    "issued_in",
    "first_names",
    "first_surname",
    "second_surname",
    "married_surname",
    "company_name",
)


def _columns(
    kind: HitKind,
    person: type[Member | Enrolment],
    *,
    of: Any,  # noqa: ANN401  table or subquery with `id`
    label: Any,  # noqa: ANN401  a text column
    member_id: Any,  # noqa: ANN401
    state: Any = "",  # noqa: ANN401
    account_kind: Any = "",  # noqa: ANN401
    person_name: Any = "",  # noqa: ANN401
    locked: Any = None,  # noqa: ANN401
) -> list[Any]:
    """Give the columns every part of the union has, in one order and of one type."""

    def text(value: Any) -> Any:  # noqa: ANN401
        return literal(value) if isinstance(value, str) else type_coerce(value, Text())

    return [
        literal(kind.value).label("hit"),
        of.id.label("id"),
        member_id.label("member_id"),
        text(label).label("label"),
        text(state).label("state"),
        text(account_kind).label("account_kind"),
        text(person_name).label("person_name"),
        (false() if locked is None else locked).label("locked"),
        *(getattr(person, name).label(name) for name in _PERSON),
    ]


def _members(*where: ColumnElement[bool], order: Any) -> Select[Any]:  # noqa: ANN401  any column
    columns = _columns(HitKind.MEMBER, Member, of=Member, label=Member.number, member_id=Member.id)
    return select(*columns).where(*where).order_by(order).limit(bindparam("limit"))


def _requests(own: bool, *where: ColumnElement[bool], order: Any) -> Select[Any]:  # noqa: ANN401, FBT001
    columns = _columns(
        HitKind.REQUEST,
        Enrolment,
        of=Enrolment,
        label=Enrolment.number,
        member_id=Enrolment.member_id,
        state=Enrolment.status,
    )
    statement = select(*columns).where(*where).order_by(order).limit(bindparam("limit"))
    return statement.where(Enrolment.branch_id == bindparam("branch")) if own else statement


def _accesses(*where: ColumnElement[bool], order: Any) -> Select[Any]:  # noqa: ANN401
    columns = _columns(
        HitKind.ACCESS,
        Member,
        of=Access,
        label=Access.user_name,
        member_id=Access.member_id,
        state=Access.status,
        person_name=Access.person_name,
        locked=Access.locked_at.is_not(None),
    )
    statement = select(*columns).join(Member, Member.id == Access.member_id)
    return statement.where(*where).order_by(order).limit(bindparam("limit"))


def _accounts() -> Select[Any]:
    # The accounts are cut to the limit before their holders are looked up.
    first = (
        select(Account.id, Account.number, Account.status, Account.kind)
        .where(prefix_of(Account.number, "digits"))
        .order_by(Account.number)
        .limit(bindparam("limit"))
        .subquery()
    )
    columns = _columns(
        HitKind.ACCOUNT,
        Member,
        of=first.c,
        label=first.c.number,
        member_id=Holder.member_id,
        state=first.c.status,
        account_kind=first.c.kind,
    )
    return (
        select(*columns)
        .join(Holder, Holder.account_id == first.c.id)
        .join(Member, Member.id == Holder.member_id)
        .where(Holder.role == HolderRole.HOLDER)
    )


def _named(table: type[MemberName | EnrolmentName], owner: Any) -> Any:  # noqa: ANN401
    # A name like «Ana Ana» begins twice with the same word: its owner is found twice, kept once.
    return (
        select(owner.label("owner"), table.text.label("text"))
        .where(prefix_of(table.text, "words"))
        .order_by(table.text)
        .limit(bindparam("limit"))
        .subquery()
    )


def _members_by_words() -> Select[Any]:
    named = _named(MemberName, MemberName.member_id)
    return _members(Member.id == named.c.owner, order=named.c.text)


def _requests_by_words(own: bool) -> Select[Any]:  # noqa: FBT001
    return _requests(
        own,
        Enrolment.id == EnrolmentName.enrolment_id,
        prefix_of(EnrolmentName.text, "words"),
        order=EnrolmentName.text,
    )


def _accesses_by_words() -> Select[Any]:
    named = _named(MemberName, MemberName.member_id)
    return _accesses(Access.member_id == named.c.owner, order=named.c.text)


_Source = Callable[[bool], Select[Any]]

_SOURCES: Final[dict[str, tuple[_Source, ...]]] = {
    "digits": (
        lambda _: _members(
            prefix_of(Member.document_number, "digits"), order=Member.document_number
        ),
        lambda _: _members(prefix_of(Member.number, "digits"), order=Member.number),
        lambda own: _requests(
            own, prefix_of(Enrolment.document_number, "digits"), order=Enrolment.document_number
        ),
        lambda _: _accesses(prefix_of(Access.person, "person"), order=Access.person),
        lambda _: _accounts(),
    ),
    "document": (
        lambda _: _members(
            prefix_of(Member.document_number, "document"), order=Member.document_number
        ),
        lambda own: _requests(
            own, prefix_of(Enrolment.document_number, "document"), order=Enrolment.document_number
        ),
    ),
    "card": (
        lambda _: _members(
            Member.document_number == bindparam("card"),
            prefix_of(Member.complement, "complement"),
            order=Member.complement,
        ),
        lambda own: _requests(
            own,
            Enrolment.document_number == bindparam("card"),
            prefix_of(Enrolment.complement, "complement"),
            order=Enrolment.complement,
        ),
        lambda _: _accesses(prefix_of(Access.person, "person"), order=Access.person),
    ),
    "folio": (
        lambda own: _requests(own, prefix_of(Enrolment.number, "folio"), order=Enrolment.number),
    ),
    "email": (lambda _: _members(prefix_of(Member.email, "email"), order=Member.email),),
    "mobile": (lambda _: _members(Member.mobile == bindparam("mobile"), order=Member.id),),
    "user_name": (
        lambda _: _accesses(prefix_of(Access.user_name, "user_name"), order=Access.user_name),
    ),
    "words": (
        lambda _: _members_by_words(),
        _requests_by_words,
        lambda _: _accesses_by_words(),
    ),
}


@cache
def _statement(parts: tuple[str, ...], own: bool) -> Any:  # noqa: ANN401, FBT001  built once a shape
    selects = [build(own) for part in parts for build in _SOURCES[part]]
    # Each in brackets of its own: SQLite takes no ORDER BY inside a UNION otherwise.
    return union_all(*(select(each.subquery()) for each in selects))


def _found(work: Work, typed: Typed, limit: int) -> list[Hit]:
    values: dict[str, object] = {"limit": limit, "branch": own_branch(work)}
    parts = tuple(part for part in _SOURCES if getattr(typed, part))
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
    statement = _statement(parts, own)
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
    whom = Member(**{name: getattr(row, name) for name in _PERSON})
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
        _members(Member.id.in_(wanted), order=Member.number), {"limit": limit}
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
