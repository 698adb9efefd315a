"""Services a member registered once, to pay them without typing their code again (F34).

They belong to the member: of a company's users each sees those whose service it may pay.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from branch_desk.models.access import GrantedBiller
from branch_desk.models.bill import Subscription
from branch_desk.models.database import TryAgain
from branch_desk.models.errors import Duplicate, KeyUsed, NotFound
from branch_desk.models.event import Event
from branch_desk.models.parameter import Biller
from branch_desk.models.validation import required_text
from branch_desk.operations.payments.payments import code_of, granted_biller
from branch_desk.operations.work import Caller, Work, allowed

_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class SubscribedService:
    """A registered service, with all that a payment of it needs."""

    id: UUID
    biller_code: str
    biller_name: str
    category: str
    prepaid: bool
    client_code: str
    description: str
    created_at: datetime


@allowed(Caller.MEMBER)
def add(
    work: Work, subscription_id: UUID, biller_code: str, client_code: str, description: str
) -> None:
    """Register a service under an id the client made; sent again it changes nothing.

    Raises NotGranted, InvalidValue, Duplicate when the member has that service already, KeyUsed
    when the id belongs to another one.
    """
    biller = granted_biller(work, biller_code)
    said: dict[str, Any] = {
        "member_id": work.member_id,
        "biller_code": biller.code,
        "client_code": code_of(biller, client_code),
        "description": required_text("description", description),
    }
    known = work.session.get(Subscription, subscription_id)
    if known is not None:
        if any(getattr(known, name) != value for name, value in said.items()):
            raise KeyUsed
        return
    _require_new(work, biller.code, said["client_code"])
    work.session.add(
        Subscription(id=subscription_id, access_id=work.access_id, created_at=work.now, **said)
    )
    try:
        work.session.flush()
    except IntegrityError as clash:
        raise TryAgain from clash  # sent twice at once, or by two users: it is looked at anew
    work.record(
        Event.SUBSCRIPTION_ADDED, subscription_id, member_id=work.member_id, biller=biller.code
    )


@allowed(Caller.MEMBER, reads=True)
def mine(work: Work) -> tuple[SubscribedService, ...]:
    """List the member's registered services that this user may pay, by category and description."""
    rows = work.session.execute(
        select(Subscription, Biller)
        .join(Biller, Biller.code == Subscription.biller_code)
        .join(GrantedBiller, GrantedBiller.biller_code == Biller.code)
        .where(
            Subscription.member_id == work.member_id,
            Subscription.removed_at.is_(None),
            GrantedBiller.access_id == work.access_id,
            Biller.active,
        )
        .order_by(Biller.position, Subscription.description, Subscription.id)
        .limit(_MOST)
    )
    return tuple(
        SubscribedService(
            id=row.id,
            biller_code=biller.code,
            biller_name=biller.name,
            category=biller.category,
            prepaid=biller.prepaid,
            client_code=row.client_code,
            description=row.description,
            created_at=row.created_at,
        )
        for row, biller in rows
    )


@allowed(Caller.MEMBER)
def remove(work: Work, subscription_id: UUID) -> None:
    """Take a registered service off the list; it may be registered anew. Raises NotFound."""
    row = work.session.get(Subscription, subscription_id, with_for_update={"key_share": True})
    if row is None or row.member_id != work.member_id or row.removed_at is not None:
        raise NotFound(kind="subscription")
    row.removed_at = work.now
    work.record(
        Event.SUBSCRIPTION_REMOVED,
        subscription_id,
        member_id=work.member_id,
        biller=row.biller_code,
    )


def _require_new(work: Work, biller_code: str, client_code: str) -> None:
    there = work.session.scalar(
        select(Subscription.id).where(
            Subscription.member_id == work.member_id,
            Subscription.biller_code == biller_code,
            Subscription.client_code == client_code,
            Subscription.removed_at.is_(None),
        )
    )
    if there is not None:
        raise Duplicate(kind="subscription", value=client_code, field="client_code")
