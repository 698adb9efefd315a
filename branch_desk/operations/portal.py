"""The member's side: `Portal` runs an operation for whoever signed in, as `Desk` does for staff.

Neither knows where its caller sits: a web portal, an application, a test. The session's row says
through which channel the member came.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Concatenate, Final, ParamSpec, TypeVar
from uuid import UUID

from sqlalchemy import select

from branch_desk.models.access import Access, AccessStatus
from branch_desk.models.database import Unit
from branch_desk.models.enrolment import Channel
from branch_desk.models.errors import DomainError, NotAllowed, SessionEnded
from branch_desk.models.event import Event
from branch_desk.models.keys import token_digest
from branch_desk.models.member_session import MemberSession
from branch_desk.operations.work import (
    NO_REFUSALS,
    OPERATIONS,
    Actor,
    Caller,
    House,
    Opening,
    Permission,
    Work,
    finished,
    name_of,
    settled,
)

P = ParamSpec("P")
T = TypeVar("T")

NOBODY: Final = Actor(role=Caller.MEMBER, name="desconocido")


class Portal:
    """A signed-in member: call it with an operation and its values."""

    def __init__(self, house: House, token: str) -> None:
        self.house = house
        self._digest = token_digest(token[:200])

    def __call__(
        self,
        operation: Callable[Concatenate[Work, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `operation` in one transaction.

        Raises the operation's own refusals, SessionEnded (also of a locked, suspended or closed
        user), NotAllowed, ChangedMeanwhile, OutcomeUnknown.
        """
        name = name_of(operation)
        permission = OPERATIONS.get(name, Permission(frozenset()))
        seen: list[Work] = []

        def run(unit: Unit) -> T:
            work = self._open(unit, opens=permission.opens)
            seen[:] = [work]
            if Caller.MEMBER not in permission.callers:
                raise NotAllowed(operation=name)
            return finished(
                lambda work: operation(work, *args, **kwargs), work, reads=permission.reads
            )

        try:
            answer = settled(self.house.database, run, reads=permission.reads)
        except NO_REFUSALS:
            raise
        except DomainError as refusal:
            if not refusal.keeps and (isinstance(refusal, NotAllowed) or not permission.reads):
                self._record_refusal(name, refusal, seen)
            raise
        return answer

    @contextmanager
    def before(self, operation: Callable[..., object]) -> Iterator[None]:
        """Record what a ceremony refuses before it comes to `operation`, as refused by that one.

        For what no transaction may wait for, a hash. Only reads are called through the portal
        inside: other operations record their own refusals.
        """
        try:
            yield
        except NO_REFUSALS:
            raise
        except DomainError as refusal:
            self._record_refusal(name_of(operation), refusal, [])
            raise

    def _open(self, unit: Unit, *, opens: bool) -> Work:
        database = self.house.database
        opening = Opening(self._digest, database)
        if opens:
            # Actor and instant come with the operation's own first statement.
            unknown = datetime.min.replace(tzinfo=UTC)
            return Work(unit, NOBODY, unknown, self.house.keys, Channel.WEB, opening=opening)
        found = unit.session.execute(
            select(MemberSession, Access, database.now_column())
            .join(Access, Access.id == MemberSession.access_id)
            .where(MemberSession.token_digest == self._digest)
        ).one_or_none()
        if found is None:
            raise SessionEnded(reason="unknown")
        row, access, read = found
        now = database.instant(read)
        require_live(
            now,
            ended_at=row.ended_at,
            end_reason=row.end_reason,
            expires_at=row.expires_at,
            status=access.status,
            locked_at=access.locked_at,
        )
        actor = _actor(access, row.id)
        return Work(unit, actor, now, self.house.keys, row.channel)

    def _record_refusal(self, name: str, refusal: DomainError, seen: list[Work]) -> None:
        actor = seen[0].actor if seen else NOBODY
        channel = seen[0].channel if seen else Channel.WEB

        def note(again: Work) -> None:
            if actor is NOBODY:
                self._name(again)  # refused before any statement said who it is
            again.record(
                Event.REFUSED,
                again.actor.access_id,
                member_id=again.actor.member_id,
                operation=name,
                refusal=type(refusal).__name__,
                field=refusal.field,
            )

        self.house.work(note, actor=actor, channel=channel)

    def _name(self, work: Work) -> None:
        """Let a record say whose session it was, if it is anybody's."""
        found = work.session.execute(
            select(MemberSession, Access)
            .join(Access, Access.id == MemberSession.access_id)
            .where(MemberSession.token_digest == self._digest)
        ).one_or_none()
        if found is not None:
            row, access = found
            work.channel = row.channel
            work.actor = _actor(access, row.id)


def _actor(access: Access, session_id: UUID) -> Actor:
    return Actor(
        role=Caller.MEMBER,
        name=access.person_name,
        person=access.person,
        user_name=access.user_name,
        access_id=access.id,
        member_id=access.member_id,
        session_id=session_id,
    )


def require_live(
    now: datetime,
    *,
    ended_at: datetime | None,
    end_reason: str,
    expires_at: datetime,
    status: AccessStatus,
    locked_at: datetime | None,
) -> None:
    """Refuse a session that is over, or whose user may do nothing any more (R7, R46).

    Raises SessionEnded, which says no more than that.
    """
    if ended_at is not None:
        raise SessionEnded(reason=end_reason)
    if now >= expires_at:
        raise SessionEnded(reason="expired")
    if status is not AccessStatus.ACTIVE or locked_at is not None:
        raise SessionEnded(reason="not_active")
