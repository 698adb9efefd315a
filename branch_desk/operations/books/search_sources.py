"""Where the search field looks: for each part of what was typed, the indexes that know it (F3)."""

from collections.abc import Callable
from enum import StrEnum
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
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
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from branch_desk.models.access import Access
from branch_desk.models.account import Account, Holder, HolderRole
from branch_desk.models.enrolment import Enrolment, EnrolmentName
from branch_desk.models.member import Member, MemberName

COUNTED: Final = 1_000
"""So many names that begin with a word are counted at most, to know the rarest of several words.

Of commoner words that one is the rarest whose names, in order, have come farthest in the alphabet
by then: the thousandth name with «Ana» is some «Ana Flores», with «Méndez» some «Méndez Aguilar».
"""


class HitKind(StrEnum):
    """What was found."""

    MEMBER = "MEMBER"
    REQUEST = "REQUEST"
    ACCESS = "ACCESS"
    ACCOUNT = "ACCOUNT"


def prefix_of(column: InstrumentedAttribute[str], name: str) -> ColumnElement[bool]:
    """Write that a column begins with the parameter `name`, as a range of its index."""
    return (column >= bindparam(name)) & (column < bindparam(f"{name}_end"))


PERSON: Final = (
    "document_number",
    "complement",
    "issued_in",
    "first_names",
    "first_surname",
    "second_surname",
    "married_surname",
    "company_name",
)
"""The columns a hit's name and document are made of."""


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
        *(getattr(person, name).label(name) for name in PERSON),
    ]


def _members(*where: ColumnElement[bool], order: Any) -> Select[Any]:  # noqa: ANN401  any column
    """Select members as hits."""
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

SOURCES: Final[dict[str, tuple[_Source, ...]]] = {
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
def name_counts(words: int) -> Any:  # noqa: ANN401  built once a shape
    """Give the statement that counts the names beginning with each word, up to `COUNTED`.

    Its parameters are `word_0`, `word_0_end` and so on; its rows `word`, `names` and `last`, the
    last name counted.
    """
    counts = []
    for n in range(words):
        some = select(MemberName.text).where(prefix_of(MemberName.text, f"word_{n}"))
        few = some.order_by(MemberName.text).limit(COUNTED).subquery()
        last = func.coalesce(func.max(few.c.text), "")
        word = literal(n).label("word")
        counts.append(select(word, func.count().label("names"), last.label("last")))
    return union_all(*counts)


class _Place(GenericFunction[int]):
    """Where in a text another begins, from 1; 0: nowhere. No pattern, and it cuts no copies."""

    name = "strpos"
    type = Integer()
    inherit_cache = True


@compiles(_Place, "sqlite")
def _place_on_sqlite(place: _Place, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401
    return f"instr{compiler.process(place.clause_expr, **how)}"


@cache
def names_apart(others: int) -> Any:  # noqa: ANN401  built once a shape
    """Give the statement that finds by one word the names that have the other words too.

    Its parameters are `words`, `words_end` and `limit`, and `other_0` and so on: each of the other
    words after a space. Who has the one word twice may be found twice.
    """
    text = MemberName.text
    wanted = (_Place(text, bindparam(f"other_{n}")) > 0 for n in range(others))
    return (
        select(MemberName.member_id.label("owner"), text.label("text"))
        .where(prefix_of(text, "words"), *wanted)
        .order_by(text)
        .limit(bindparam("limit"))
    )


@cache
def members_apart(others: int) -> Any:  # noqa: ANN401  built once a shape
    """Give the statement that finds as hits whom `names_apart` names, by the same parameters."""
    named = names_apart(others).subquery()
    return _members(Member.id == named.c.owner, order=named.c.text)


@cache
def statement_of(parts: tuple[str, ...], own: bool) -> Any:  # noqa: ANN401, FBT001  built once a shape
    """Give the one statement that looks these parts of `Typed` up; `own`: requests of one branch.

    Its parameters are the parts by name, each with its `_end`, `limit` and `branch`.
    """
    selects = [build(own) for part in parts for build in SOURCES[part]]
    # Each in brackets of its own: SQLite takes no ORDER BY inside a UNION otherwise.
    return union_all(*(select(each.subquery()) for each in selects))
