"""What an operation is given, who may call it, and the one place where a deed is committed.

An operation is a function of a `Work` and plain values, marked by `allowed`. `Desk` runs it for
a member of staff: it opens the transaction, finds out inside it who is asking, runs, writes the
audit records last and commits, or rolls back and records the refusal.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from branch_desk.models.database import Database, Unit
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import (
    ChangedMeanwhile,
    DatabaseUnreachable,
    DomainError,
    FreshSignInNeeded,
    NewPasswordNeeded,
    NotAllowed,
    OutcomeUnknown,
    SessionEnded,
    SessionLocked,
)
from branch_desk.models.event import FACTS, Event
from branch_desk.models.keys import Keys, token_digest
from branch_desk.models.passwords import Hasher
from branch_desk.models.staff import SECOND_FACTOR_ROLES, Role, Staff, StaffSession
from branch_desk.operations.chains import Record, append, canonical, chain_of

__all__ = ["canonical", "chain_of"]

P = ParamSpec("P")
T = TypeVar("T")

SESSION_HOURS = 8
"""A staff session ends after this, however busy (R10)."""
FRESH_MINUTES = 5
"""How long a given password counts as fresh (R13)."""


class Caller(StrEnum):
    """Callers that are not staff."""

    MEMBER = "SOCIO"
    SYSTEM = "SISTEMA"
    """A due job or the command line: no person, nothing that needs one."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is doing it, as the database says at this moment (R7)."""

    role: Role | Caller
    name: str
    person: str = ""
    user_name: str = ""
    staff_id: UUID | None = None
    access_id: UUID | None = None
    member_id: UUID | None = None
    """Of a member's user: whose accounts they are."""
    branch_id: UUID | None = None
    branch_code: str = ""
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Countersign:
    """The word of a second person for one deed of a desk, as of `sign_in.countersign` (R20)."""

    staff_id: UUID
    given_at: datetime


SYSTEM = Actor(role=Caller.SYSTEM, name="Sistema")


@dataclass(frozen=True, slots=True)
class Permission:
    """Who may call an operation, and how."""

    callers: frozenset[Role | Caller]
    fresh: bool = False
    """The password must have been given in the last five minutes."""
    reads: bool = False
    """It writes nothing, its audit record included."""
    unfinished: bool = False
    """Also for a session whose password or authenticator is still to be set."""
    locked: bool = False
    """Also for a locked session."""
    opens: bool = False
    """It finds its member itself, in the statement that locks: see `portal.Opening`."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What an operation that `opens` is given in place of an actor and an instant."""

    digest: bytes
    """SHA-256 of the session's token."""
    database: Database


OPERATIONS: dict[str, Permission] = {}
"""Every operation by its qualified name, `enrolment.approve`: the list the matrix test reads."""


@dataclass(slots=True)
class Work:
    """One deed: its transaction, its actor, its instant, its records."""

    unit: Unit
    """Its connection, and its session."""
    actor: Actor
    now: datetime
    """The database server's clock, UTC."""
    keys: Keys
    channel: Channel = Channel.BRANCH
    second: Actor | None = None
    """Who countersigned at this desk (R20), as the database says at this moment."""
    opening: "Opening | None" = None
    """Of an operation that `opens`: what it finds its member by."""
    _records: list[Record] = field(default_factory=list)

    @property
    def session(self) -> Session:
        """The objects of this deed."""
        return self.unit.session

    @property
    def access_id(self) -> UUID:
        """The acting member's user. Raises NotAllowed when no member acts."""
        if self.actor.access_id is None:
            raise NotAllowed(operation="members only")
        return self.actor.access_id

    @property
    def member_id(self) -> UUID:
        """The member whose user acts. Raises NotAllowed when no member acts."""
        if self.actor.member_id is None:
            raise NotAllowed(operation="members only")
        return self.actor.member_id

    @property
    def staff_id(self) -> UUID:
        """The acting member of staff. Raises NotAllowed when nobody of the staff acts."""
        if self.actor.staff_id is None:
            raise NotAllowed(operation="staff only")
        return self.actor.staff_id

    def note(self, record: Record) -> None:
        """Note a record that was made elsewhere; written with the deed, at its end."""
        self._records.append(record)

    def record(
        self,
        event: Event,
        subject_id: UUID | None,
        *,
        member_id: UUID | None = None,
        reason: str = "",
        **facts: object,
    ) -> None:
        """Note that `event` happened; written with the deed, at its end (R51).

        Raises ValueError for a fact that is not on the list `FACTS`.
        """
        unknown = facts.keys() - FACTS
        if unknown:
            raise ValueError(f"not among the facts an audit record may hold: {sorted(unknown)}")
        self._records.append(Record(event, subject_id, member_id, reason, facts))

    def finish(self) -> None:
        """Write the records. The chain's head is locked only from here to the commit."""
        heads: dict[int, tuple[int, bytes]] = {}
        # In the order of the chains: two deeds that lock two heads must not wait crosswise.
        for record in sorted(self._records, key=lambda r: chain_of(r.subject_id)):
            append(record, heads, self)
        self._records.clear()


def allowed(
    *callers: Role | Caller,
    fresh: bool = False,
    reads: bool = False,
    unfinished: bool = False,
    locked: bool = False,
    opens: bool = False,
) -> Callable[[Callable[Concatenate[Work, P], T]], Callable[Concatenate[Work, P], T]]:
    """Mark an operation with who may call it; what is not marked, nobody calls (R6)."""

    def mark(operation: Callable[Concatenate[Work, P], T]) -> Callable[Concatenate[Work, P], T]:
        OPERATIONS[name_of(operation)] = Permission(
            frozenset(callers),
            fresh=fresh,
            reads=reads,
            unfinished=unfinished,
            locked=locked,
            opens=opens,
        )
        return operation

    return mark


def name_of(operation: Callable[..., Any]) -> str:
    """Name an operation by subject and verb: `enrolment.approve`."""
    return f"{operation.__module__.rsplit('.', 1)[-1]}.{operation.__name__}"


@dataclass(frozen=True, slots=True)
class House:
    """What every caller stands on: database, keys, the cost of a hash."""

    database: Database
    keys: Keys
    hasher: Hasher

    def work(
        self,
        deed: Callable[[Work], T],
        *,
        actor: Actor = SYSTEM,
        channel: Channel = Channel.BRANCH,
        reads: bool = False,
    ) -> T:
        """Run `deed` in one transaction for an actor that is known without a session.

        For sign-ins, which come before any session, and for due jobs.
        """

        def run(unit: Unit) -> T:
            read = unit.connection.scalar(select(self.database.now_column()))
            work = Work(unit, actor, self.database.instant(read), self.keys, channel)
            return finished(deed, work, reads=reads)

        return settled(self.database, run, reads=reads)

    def job(
        self,
        operation: Callable[Concatenate[Work, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run an operation that is open to the system itself."""
        permission = OPERATIONS.get(name_of(operation), Permission(frozenset()))
        if Caller.SYSTEM not in permission.callers:
            raise NotAllowed(operation=name_of(operation))
        return self.work(lambda work: operation(work, *args, **kwargs), reads=permission.reads)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A refusal whose traces are committed before it is raised."""

    refusal: DomainError


def finished(deed: Callable[[Work], T], work: Work, *, reads: bool) -> T:
    """Do the deed and write its records last; a refusal that keeps its traces is kept for later."""
    try:
        answer = deed(work)
    except DomainError as refusal:
        if not refusal.keeps:
            raise
        answer = _Kept(refusal)  # type: ignore[assignment]  # unwrapped by `settled`
    work.unit.flush()
    if not reads:
        work.finish()
    return answer


def settled(database: Database, run: Callable[[Unit], T], *, reads: bool) -> T:
    """Run in one transaction and raise the refusal that was kept, once it is committed."""
    try:
        answer = database.run(run, reads=reads)
    except IntegrityError as error:
        if not _is_duplicate(error):
            raise
        raise ChangedMeanwhile(kind="row") from error
    if isinstance(answer, _Kept):
        raise answer.refusal
    return answer


def _is_duplicate(error: IntegrityError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state == "23505" or "UNIQUE constraint failed" in str(error.orig)


NO_REFUSALS = (DatabaseUnreachable, OutcomeUnknown)
"""No rule said no: there is nothing to record, and nobody there to write it (R67)."""


class Desk:
    """A signed-in member of staff: call it with an operation and its values."""

    def __init__(self, house: House, token: str, *, channel: Channel = Channel.BRANCH) -> None:
        self.house = house
        self.channel = channel
        self._digest = token_digest(token)
        self._countersign: Countersign | None = None

    def countersigned(self, word: Countersign) -> "Desk":
        """Give this desk with a second person beside its own, for the one deed it is to do."""
        beside = copy.copy(self)
        beside._countersign = word  # noqa: SLF001  a Desk itself
        return beside

    def __call__(
        self,
        operation: Callable[Concatenate[Work, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `operation` in one transaction.

        Raises the operation's own refusals, SessionEnded, SessionLocked, NotAllowed,
        FreshSignInNeeded, NewPasswordNeeded, ChangedMeanwhile, OutcomeUnknown.
        """
        name = name_of(operation)
        permission = OPERATIONS.get(name, Permission(frozenset()))
        seen: list[Actor] = []

        def run(unit: Unit) -> T:
            work, staff_session = self._open(unit)
            seen[:] = [work.actor]
            _check(permission, name, work, staff_session)
            if self._countersign is not None:
                work.second = _beside(work, self._countersign)
            return finished(
                lambda work: operation(work, *args, **kwargs), work, reads=permission.reads
            )

        try:
            return settled(self.house.database, run, reads=permission.reads)
        except NO_REFUSALS:
            raise
        except DomainError as refusal:
            if not refusal.keeps and (isinstance(refusal, NotAllowed) or not permission.reads):
                self._record_refusal(name, refusal, seen)
            raise

    def _open(self, unit: Unit) -> tuple[Work, StaffSession]:
        database = self.house.database
        found = unit.session.execute(
            select(StaffSession, database.now_column())
            .where(StaffSession.token_digest == self._digest)
            .options(joinedload(StaffSession.staff).joinedload(Staff.branch))
        ).one_or_none()
        if found is None:
            raise SessionEnded(reason="unknown")
        staff_session, read = found
        actor = actor_of(staff_session.staff, staff_session.id)
        return Work(
            unit, actor, database.instant(read), self.house.keys, self.channel
        ), staff_session

    def _record_refusal(self, name: str, refusal: DomainError, seen: list[Actor]) -> None:
        actor = seen[0] if seen else Actor(role=Caller.SYSTEM, name="desconocido")
        self.house.work(
            lambda work: work.record(
                Event.REFUSED,
                actor.staff_id,
                operation=name,
                refusal=type(refusal).__name__,
                field=refusal.field,
            ),
            actor=actor,
            channel=self.channel,
        )


def may_countersign(staff: Staff) -> bool:
    """Say whether someone may be the second person of a deed: a supervisor in good standing."""
    return (
        staff.active
        and staff.role is Role.SUPERVISOR
        and staff.totp_confirmed_at is not None
        and not staff.must_change_password
    )


def _beside(work: Work, word: Countersign) -> Actor | None:
    """Find the second person; nobody when the word is old or its giver may no more (R7)."""
    staff = work.session.get(Staff, word.staff_id, options=[joinedload(Staff.branch)])
    if staff is None or staff.locked_at is not None or not may_countersign(staff):
        return None
    old = work.now - word.given_at > timedelta(minutes=FRESH_MINUTES)
    if old or staff.person == work.actor.person:
        return None
    return actor_of(staff, None)


def actor_of(staff: Staff, session_id: UUID | None) -> Actor:
    """Describe a member of staff as the actor of a deed."""
    return Actor(
        role=staff.role,
        name=staff.full_name,
        person=staff.person,
        user_name=staff.user_name,
        staff_id=staff.id,
        branch_id=staff.branch_id,
        branch_code=staff.branch.code,
        session_id=session_id,
    )


def _check(permission: Permission, name: str, work: Work, session: StaffSession) -> None:
    staff = session.staff
    if session.ended_at is not None:
        raise SessionEnded(reason=session.end_reason)
    if work.now - session.started_at > timedelta(hours=SESSION_HOURS):
        raise SessionEnded(reason="too_long")
    if not staff.active or staff.locked_at is not None:
        raise SessionEnded(reason="disabled")
    if session.locked_at is not None and not permission.locked:
        raise SessionLocked
    if staff.role not in permission.callers:
        raise NotAllowed(operation=name)
    if not permission.unfinished:
        unproven = staff.role in SECOND_FACTOR_ROLES and staff.totp_confirmed_at is None
        if staff.must_change_password or unproven:
            raise NewPasswordNeeded
    if permission.fresh:
        given = session.fresh_at
        if given is None or work.now - given > timedelta(minutes=FRESH_MINUTES):
            raise FreshSignInNeeded
