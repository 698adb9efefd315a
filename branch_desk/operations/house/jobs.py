"""What is due without anybody asking: mail, expiries, tidying up (F42, F43).

Every job may run on two machines at once, and any number of times.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select, update

from branch_desk.models.access import Access, InitialCredential, LinkPurpose, MailLink
from branch_desk.models.enrolment import EXPIRES_AFTER_DAYS, OPEN, Enrolment, Status
from branch_desk.models.errors import ChangedMeanwhile
from branch_desk.models.event import Event
from branch_desk.models.staff import Draft
from branch_desk.operations.house import outbox
from branch_desk.operations.house.outbox import Counts, Sender
from branch_desk.operations.request.holding import end
from branch_desk.operations.users.links import SET_PASSWORD
from branch_desk.operations.work import Caller, House, Work, allowed

DRAFT_DAYS = 30
_MOST_AT_ONCE = 500
_EXPIRED_REASON = "vencida por el plazo"


@dataclass(frozen=True, slots=True)
class JobCounts:
    """What the due jobs did."""

    mails: Counts
    expired_requests: int
    expired_credentials: int
    expired_links: int
    dropped_drafts: int


def run_due(house: House, sender: Sender | None) -> JobCounts:
    """Do all that is due; without a sender, mail waits."""
    links = house.job(expire_links)  # before the mail: a dead link is not sent
    return JobCounts(
        mails=outbox.send_due(house, sender) if sender is not None else Counts(),
        expired_requests=_expire_requests(house),
        expired_credentials=house.job(expire_credentials),
        expired_links=links,
        dropped_drafts=house.job(drop_drafts),
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
