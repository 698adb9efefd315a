"""How far a first access has come: one state machine, derived from the user's own columns (F19).

The desk shows it live, the portal goes through it in order; both doors move the same columns.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from branch_desk.models.access import (
    Access,
    AccessStatus,
    InitialCredential,
    LinkPurpose,
    MailLink,
    TotpDevice,
)
from branch_desk.models.event import Event
from branch_desk.models.outbox import Mail, MailStatus
from branch_desk.operations.users.links import SET_PASSWORD
from branch_desk.operations.work import Work, allowed


class FirstStep(StrEnum):
    """What a member does at first access, in this order."""

    PASSWORD = "PASSWORD"  # noqa: S105  a word, not a secret
    PIN = "PIN"
    IMAGE = "IMAGE"
    QUESTION = "QUESTION"
    TOKEN = "TOKEN"  # noqa: S105


class StepKind(StrEnum):
    """What the desk sees of it, in the usual order."""

    CREDENTIAL_ISSUED = "CREDENTIAL_ISSUED"
    LINK_SENT = "LINK_SENT"
    CREDENTIAL_USED = "CREDENTIAL_USED"
    PASSWORD_SET = "PASSWORD_SET"  # noqa: S105
    PIN_SET = "PIN_SET"
    IMAGE_CHOSEN = "IMAGE_CHOSEN"
    QUESTION_SET = "QUESTION_SET"
    TOKEN_PROVISIONED = "TOKEN_PROVISIONED"  # noqa: S105
    TOKEN_PROVED = "TOKEN_PROVED"  # noqa: S105
    """«Token probado»: a code was accepted."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step, and when it was done; unset while it is not."""

    kind: StepKind
    at: datetime | None


@dataclass(frozen=True, slots=True)
class FirstAccessSteps:
    """A first access at one moment."""

    access_id: UUID
    user_name: str
    status: AccessStatus
    locked_at: datetime | None
    steps: tuple[Step, ...]
    credential_expires_at: datetime | None
    """Of the credential that still waits to be used."""
    link_expires_at: datetime | None
    """Of the link that still waits to be used."""
    mail_status: MailStatus | None
    mail_answer: str
    next: FirstStep | None
    """What the member does next; unset when all is done."""

    def at(self, kind: StepKind) -> datetime | None:
        """Tell when a step was done."""
        return next(step.at for step in self.steps if step.kind is kind)


@allowed()
def device_of(work: Work, access_id: UUID) -> TotpDevice | None:
    """Find the user's authenticator, confirmed or not; there is at most one."""
    return work.session.scalars(
        select(TotpDevice).where(TotpDevice.access_id == access_id, TotpDevice.revoked_at.is_(None))
    ).one_or_none()


@allowed()
def next_step(work: Work, access: Access) -> FirstStep | None:
    """Say what the member has to do next."""
    if access.password_hash is None or _password_is_due(work, access):
        return FirstStep.PASSWORD
    if access.pin_hash is None:
        return FirstStep.PIN
    if access.security_image is None:
        return FirstStep.IMAGE
    if access.answer_hash is None:
        return FirstStep.QUESTION
    device = device_of(work, access.id)
    return None if device is not None and device.confirmed_at is not None else FirstStep.TOKEN


@allowed()
def activate_when_complete(work: Work, access: Access) -> bool:
    """Make the user active after the last step, in whichever door that was done."""
    if access.status is not AccessStatus.ENROLLING or next_step(work, access) is not None:
        return False
    access.move(AccessStatus.ACTIVE)
    access.active_since = work.now
    work.record(Event.ACCESS_ACTIVATED, access.id, member_id=access.member_id)
    return True


@allowed()
def read_steps(work: Work, access: Access) -> FirstAccessSteps:
    """Put together what the desk shows."""
    credential = work.session.scalars(
        select(InitialCredential)
        .where(InitialCredential.access_id == access.id)
        .order_by(InitialCredential.issued_at.desc(), InitialCredential.id.desc())
        .limit(1)
    ).first()
    link = work.session.scalars(
        select(MailLink)
        .where(MailLink.access_id == access.id, MailLink.purpose == LinkPurpose.FIRST_PASSWORD)
        .order_by(MailLink.issued_at.desc(), MailLink.id.desc())
        .limit(1)
    ).first()
    mail = work.session.scalars(
        select(Mail)
        .where(Mail.access_id == access.id, Mail.template == SET_PASSWORD)
        .order_by(Mail.created_at.desc(), Mail.id.desc())
        .limit(1)
    ).first()
    device = device_of(work, access.id)
    usable = credential is not None and credential.revoked_at is None
    waiting = usable and credential is not None and credential.used_at is None
    done = {
        StepKind.CREDENTIAL_ISSUED: credential.issued_at if usable and credential else None,
        StepKind.LINK_SENT: mail.sent_at if mail else None,
        StepKind.CREDENTIAL_USED: credential.used_at if credential else None,
        StepKind.PASSWORD_SET: access.password_changed_at,
        StepKind.PIN_SET: access.pin_changed_at,
        StepKind.IMAGE_CHOSEN: access.image_chosen_at,
        StepKind.QUESTION_SET: access.question_set_at,
        StepKind.TOKEN_PROVISIONED: device.provisioned_at if device else None,
        StepKind.TOKEN_PROVED: device.confirmed_at if device else None,
    }
    return FirstAccessSteps(
        access_id=access.id,
        user_name=access.user_name,
        status=access.status,
        locked_at=access.locked_at,
        steps=tuple(Step(kind, at) for kind, at in done.items()),
        credential_expires_at=credential.expires_at if waiting and credential else None,
        link_expires_at=link.expires_at
        if link and link.used_at is None and link.revoked_at is None
        else None,
        mail_status=mail.status if mail else None,
        mail_answer=mail.answer if mail else "",
        next=next_step(work, access),
    )


def _password_is_due(work: Work, access: Access) -> bool:
    """Tell whether a credential was redeemed since the password was last set."""
    used = work.session.scalar(
        select(InitialCredential.used_at)
        .where(InitialCredential.access_id == access.id, InitialCredential.used_at.is_not(None))
        .order_by(InitialCredential.used_at.desc())
        .limit(1)
    )
    since = access.password_changed_at
    return used is not None and (since is None or used > since)
