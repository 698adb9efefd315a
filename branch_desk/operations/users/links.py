"""Single-use links: the one mailed to set the first password, and the ticket that follows it (F16).

Only SHA-256 of a token is kept. The mail's copy waits sealed in the outbox until it is sent.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from branch_desk.models.access import (
    LINK_HOURS_FIRST,
    LINK_MINUTES,
    Access,
    AccessStatus,
    LinkPurpose,
    MailLink,
)
from branch_desk.models.base import new_id
from branch_desk.models.credentials import Secret, new_link_token
from branch_desk.models.event import Event
from branch_desk.models.keys import token_digest
from branch_desk.operations.house import outbox
from branch_desk.operations.work import Work, allowed

SET_PASSWORD = "set_password"  # noqa: S105  a template's name


@allowed()
def mail_first(work: Work, access: Access) -> None:
    """Send the link that opens the first password, in place of an older one."""
    revoke(work, access.id, LinkPurpose.FIRST_PASSWORD)
    expires = work.now + timedelta(hours=LINK_HOURS_FIRST)
    token = _issue(work, access.id, LinkPurpose.FIRST_PASSWORD, expires)
    outbox.queue_mail(
        work,
        SET_PASSWORD,
        access.email,
        {
            "name": access.person_name,
            "user": access.user_name,
            "approved": "1" if access.status is AccessStatus.INVITED else "",
            "expires_at": expires.isoformat(timespec="seconds"),
        },
        member_id=access.member_id,
        access_id=access.id,
        token=token,
    )
    token.forget()
    work.record(
        Event.LINK_ISSUED,
        access.id,
        member_id=access.member_id,
        purpose=LinkPurpose.FIRST_PASSWORD,
    )


@allowed()
def ticket(work: Work, access_id: UUID) -> Secret:
    """Give what the further steps of first access are done with, for an hour."""
    revoke(work, access_id, LinkPurpose.FIRST_ACCESS)
    expires = work.now + timedelta(minutes=LINK_MINUTES)
    return _issue(work, access_id, LinkPurpose.FIRST_ACCESS, expires)


@allowed()
def live(work: Work, token: str, purpose: LinkPurpose) -> MailLink | None:
    """Find the link a token opens: of this purpose, unused, not revoked, not too old."""
    return work.session.scalars(
        select(MailLink).where(
            MailLink.token_digest == token_digest(token[:200]),
            MailLink.purpose == purpose,
            MailLink.used_at.is_(None),
            MailLink.revoked_at.is_(None),
            MailLink.expires_at > work.now,
        )
    ).one_or_none()


@allowed()
def has_live(work: Work, access_id: UUID) -> bool:
    """Tell whether a mailed link still opens."""
    found = work.session.scalar(
        select(MailLink.id).where(
            MailLink.access_id == access_id,
            MailLink.purpose == LinkPurpose.FIRST_PASSWORD,
            MailLink.used_at.is_(None),
            MailLink.revoked_at.is_(None),
            MailLink.expires_at > work.now,
        )
    )
    return found is not None


@allowed()
def revoke(work: Work, access_id: UUID, *purposes: LinkPurpose) -> None:
    """End the live links of these purposes, and take back their mail if it still waits."""
    work.session.execute(
        update(MailLink)
        .where(
            MailLink.access_id == access_id,
            MailLink.purpose.in_(purposes),
            MailLink.used_at.is_(None),
            MailLink.revoked_at.is_(None),
        )
        .values(revoked_at=work.now)
    )
    if LinkPurpose.FIRST_PASSWORD in purposes:
        outbox.cancel(work, SET_PASSWORD, access_id)


def _issue(work: Work, access_id: UUID, purpose: LinkPurpose, expires: datetime) -> Secret:
    token, digest = new_link_token()
    work.session.add(
        MailLink(
            id=new_id(),
            access_id=access_id,
            purpose=purpose,
            token_digest=digest,
            issued_at=work.now,
            expires_at=expires,
        )
    )
    work.session.flush()
    return token
