"""What is due without anybody asking: mail, expiries, tidying up (F42, F43).

Every job may run on two machines at once, and any number of times.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, or_, select, update

from branch_desk.models.access import Access, InitialCredential, LinkPurpose, MailLink
from branch_desk.models.enrolment import EXPIRES_AFTER_DAYS, OPEN, Enrolment, Status
from branch_desk.models.errors import ChangedMeanwhile, DomainError
from branch_desk.models.event import Event
from branch_desk.models.staff import Draft
from branch_desk.operations.exchange.batch_files import WrittenBatch, write_batches
from branch_desk.operations.exchange.batches import Batch, close_due
from branch_desk.operations.exchange.gateway import BillerGateway
from branch_desk.operations.exchange.handing_over import HandedOver, hand_over_due
from branch_desk.operations.house import outbox, seeds
from branch_desk.operations.house.outbox import Counts, Sender
from branch_desk.operations.money import cosigning
from branch_desk.operations.payments import schedules
from branch_desk.operations.request.holding import end
from branch_desk.operations.users.links import SET_PASSWORD
from branch_desk.operations.work import Caller, House, Work, allowed

DRAFT_DAYS = 30
_MOST_AT_ONCE = 500
_EXPIRED_REASON = "vencida por el plazo"


@dataclass(frozen=True, slots=True)
class Interbank:
    """What the due jobs did with transfers to other banks."""

    closed: tuple[Batch, ...] = ()
    written: tuple[WrittenBatch, ...] = ()
    problem: DomainError | OSError | None = None
    """Why no more was done; the other jobs do not wait for it."""


@dataclass(frozen=True, slots=True)
class Payments:
    """What the due jobs handed over to billers."""

    handed_over: tuple[HandedOver, ...] = ()
    problem: DomainError | OSError | None = None
    """Why no more was done; the other jobs do not wait for it."""


@dataclass(frozen=True, slots=True)
class JobCounts:
    """What the due jobs did."""

    mails: Counts
    expired_requests: int
    expired_credentials: int
    expired_links: int
    dropped_drafts: int
    interbank: Interbank = Interbank()
    scheduled: int = 0
    """Payments of the calendar carried out."""
    schedules_failed: int = 0
    lapsed: int = 0
    """Operations the other signatures of which did not come in time."""
    payments: Payments = Payments()


def run_due(
    house: House,
    sender: Sender | None,
    interbank: Path | None = None,
    billers: BillerGateway | None = None,
) -> JobCounts:
    """Do all that is due.

    Without a sender, mail waits; without a folder, closed batches do; without a gateway, payments.
    """
    with suppress(ChangedMeanwhile):  # another machine is filling it just now
        house.job(seeds.fill_missing)
    lapsed = house.job(cosigning.lapse_due)
    scheduled, failed = schedules.run_due(house)
    batches_done = _close_batches(house, interbank)
    payments = _hand_over(house, billers)
    links = house.job(expire_links)  # before the mail: a dead link is not sent
    return JobCounts(
        mails=outbox.send_due(house, sender) if sender is not None else Counts(),
        expired_requests=_expire_requests(house),
        expired_credentials=house.job(expire_credentials),
        expired_links=links,
        dropped_drafts=house.job(drop_drafts),
        interbank=batches_done,
        scheduled=scheduled,
        schedules_failed=failed,
        lapsed=lapsed,
        payments=payments,
    )


@allowed(Caller.SYSTEM, reads=True)
def requests_to_expire(work: Work) -> tuple[UUID, ...]:
    """List the open requests that are too old and that nobody holds just now."""
    return tuple(
        work.session.scalars(
            select(Enrolment.id)
            .where(
                Enrolment.status.in_(OPEN),
                Enrolment.submitted_at < work.now - timedelta(days=EXPIRES_AFTER_DAYS),
                or_(Enrolment.held_until.is_(None), Enrolment.held_until < work.now),
            )
            .order_by(Enrolment.submitted_at)
            .limit(_MOST_AT_ONCE)
        )
    )


@allowed(Caller.SYSTEM)
def expire_request(work: Work, enrolment_id: UUID) -> bool:
    """End a request nobody brought to an end; its user names are free again.

    False when somebody was quicker, to end it or to go on with it.
    """
    enrolment = work.session.get(Enrolment, enrolment_id, with_for_update=True)
    too_old = work.now - timedelta(days=EXPIRES_AFTER_DAYS)
    if enrolment is None or enrolment.status not in OPEN or enrolment.submitted_at >= too_old:
        return False
    if enrolment.held_until is not None and enrolment.held_until >= work.now:
        return False
    end(work, enrolment, Status.EXPIRED, _EXPIRED_REASON)
    work.record(
        Event.ENROLMENT_EXPIRED,
        enrolment.id,
        member_id=enrolment.member_id,
        folio=enrolment.number,
    )
    return True


@allowed(Caller.SYSTEM)
def expire_credentials(work: Work) -> int:
    """Revoke the credentials whose time is over."""
    rows = work.session.execute(
        update(InitialCredential)
        .where(
            InitialCredential.used_at.is_(None),
            InitialCredential.revoked_at.is_(None),
            InitialCredential.expires_at <= work.now,
        )
        .values(revoked_at=work.now)
        .returning(InitialCredential.access_id)
        .execution_options(synchronize_session=False)
    ).scalars()
    return _recorded(work, Event.CREDENTIAL_EXPIRED, list(rows))


@allowed(Caller.SYSTEM)
def expire_links(work: Work) -> int:
    """Revoke the links whose time is over, with their mail if it never went out."""
    rows = work.session.execute(
        update(MailLink)
        .where(
            MailLink.used_at.is_(None),
            MailLink.revoked_at.is_(None),
            MailLink.expires_at <= work.now,
        )
        .values(revoked_at=work.now)
        .returning(MailLink.access_id, MailLink.purpose)
        .execution_options(synchronize_session=False)
    ).all()
    mailed = [access_id for access_id, purpose in rows if purpose is LinkPurpose.FIRST_PASSWORD]
    for access_id in mailed:
        outbox.cancel(work, SET_PASSWORD, access_id)
    _recorded(work, Event.LINK_EXPIRED, mailed)
    return len(rows)


@allowed(Caller.SYSTEM)
def drop_drafts(work: Work) -> int:
    """Drop what was typed a month ago and never saved: it is personal data."""
    dropped = work.session.execute(
        delete(Draft)
        .where(Draft.saved_at < work.now - timedelta(days=DRAFT_DAYS))
        .returning(Draft.subject)
        .execution_options(synchronize_session=False)
    ).all()
    if dropped:
        work.record(Event.JOB_DONE, None, job="drafts", count=len(dropped))
    return len(dropped)


def _close_batches(house: House, folder: Path | None) -> Interbank:
    """Close the day whose cut-off has passed, and write every batch that waits for its file."""
    closed: tuple[Batch, ...] = ()
    written: tuple[WrittenBatch, ...] = ()
    try:
        closed = close_due(house)
        if folder is not None:
            written = write_batches(house, folder)
    except (DomainError, OSError) as problem:
        return Interbank(closed, written, problem)
    return Interbank(closed, written)


def _hand_over(house: House, gateway: BillerGateway | None) -> Payments:
    """Hand over the payments of the days that are over."""
    try:
        return Payments(hand_over_due(house, gateway) if gateway is not None else ())
    except (DomainError, OSError) as problem:
        return Payments(problem=problem)


def _expire_requests(house: House) -> int:
    done = 0
    for enrolment_id in house.job(requests_to_expire):
        try:
            done += house.job(expire_request, enrolment_id)
        except ChangedMeanwhile:  # an officer saved it just now: next time
            continue
    return done


def _recorded(work: Work, event: Event, access_ids: list[UUID]) -> int:
    for access_id in access_ids:
        access = work.session.get_one(Access, access_id)
        work.record(event, access_id, member_id=access.member_id)
    return len(access_ids)
