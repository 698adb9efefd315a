"""Mail: put into the outbox by the deed itself, sent afterwards, its fate shown at the desk (F42).

A mail is claimed, sent outside any transaction, and settled. A program that dies between sending
and settling sends the mail again: twice is better than never, and both carry the same message id.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, or_, select, update

from branch_desk.models.base import new_id
from branch_desk.models.credentials import Secret
from branch_desk.models.event import Event
from branch_desk.models.outbox import Mail, MailStatus
from branch_desk.models.staff import Role
from branch_desk.operations.work import Caller, House, Work, allowed, canonical

MOST_TRIES = 12
_LONGEST_PAUSE = timedelta(hours=4)
_UNREACHABLE_PAUSE = timedelta(minutes=2)
_MOST_AT_ONCE = 500
_LONGEST_ANSWER = 300
_PURPOSE = "mail"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to be sent now."""

    id: UUID
    recipient: str
    template: str
    values: Mapping[str, str]
    """What the template shows; instants in ISO 8601."""
    token: Secret | None
    """The token of the link in it."""
    at: datetime
    tries: int


@dataclass(frozen=True, slots=True)
class Sent:
    """The mail server took it."""

    template_version: str
    answer: str


class Outcome(StrEnum):
    """Why a mail was not taken."""

    REFUSED = "REFUSED"
    """For good: no such address, or the message is impossible."""
    LATER = "LATER"
    """This mail not now."""
    UNREACHABLE = "UNREACHABLE"
    """No mail at all can be sent now: server, network or settings."""


class NotSent(Exception):
    """The mail server did not take it, and why."""

    def __init__(self, outcome: Outcome, answer: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.answer = answer


class Sender(Protocol):
    """Sends a letter."""

    def __call__(self, letter: Letter) -> Sent:
        """Send `letter`, or raise NotSent."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the mails that were due."""

    sent: int = 0
    failed: int = 0
    later: int = 0


@dataclass(frozen=True, slots=True)
class MailRow:
    """A mail as the desk shows it: never what is secret in it."""

    id: UUID
    recipient: str
    template: str
    template_version: str
    status: MailStatus
    tries: int
    created_at: datetime
    sent_at: datetime | None
    next_try_at: datetime
    answer: str


@allowed()
def queue_mail(
    work: Work,
    template: str,
    recipient: str,
    values: Mapping[str, str],
    *,
    member_id: UUID | None = None,
    access_id: UUID | None = None,
    enrolment_id: UUID | None = None,
    token: Secret | None = None,
) -> UUID:
    """Put a mail into the outbox, with the deed it tells of; nothing is sent here."""
    mail_id = new_id()
    sealed = None
    if token is not None:
        sealed = work.keys.seal(token.reveal().encode(), purpose=_PURPOSE, row=mail_id)
    work.session.add(
        Mail(
            id=mail_id,
            recipient=recipient,
            template=template,
            values=canonical(dict(values)),
            secret=sealed if recipient else None,
            member_id=member_id,
            access_id=access_id,
            enrolment_id=enrolment_id,
            # Shown at the desk as failed: nobody would notice a mail that was never written.
            status=MailStatus.WAITING if recipient else MailStatus.FAILED,
            answer="" if recipient else "sin correo registrado",
            next_try_at=work.now,
            created_at=work.now,
        )
    )
    return mail_id


@allowed()
def cancel(work: Work, template: str, access_id: UUID) -> None:
    """Take back waiting mails that have become untrue, a revoked link's among them."""
    work.session.execute(
        update(Mail)
        .where(
            Mail.access_id == access_id,
            Mail.template == template,
            Mail.status == MailStatus.WAITING,
        )
        .values(status=MailStatus.CANCELLED, secret=None)
    )


def send_due(house: House, sender: Sender) -> Counts:
    """Send what is due, one mail after the other; several machines may do it at once."""
    fates: list[_Fate] = []
    while len(fates) < _MOST_AT_ONCE and (letter := house.work(_claim)) is not None:
        fates.append(_send(house, sender, letter))
        if fates[-1] is _Fate.STOPPED:
            break
    return Counts(
        sent=fates.count(_Fate.SENT),
        failed=fates.count(_Fate.FAILED),
        later=fates.count(_Fate.LATER) + fates.count(_Fate.STOPPED),
    )


@allowed(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR, reads=True)
def for_subject(work: Work, subject_id: UUID) -> tuple[MailRow, ...]:
    """List the mails of a request, user or member, newest first."""
    mails = work.session.scalars(
        select(Mail)
        .where(
            or_(
                Mail.access_id == subject_id,
                Mail.enrolment_id == subject_id,
                Mail.member_id == subject_id,
            )
        )
        .order_by(Mail.created_at.desc(), Mail.id.desc())
        .limit(100)
    )
    return tuple(
        MailRow(
            id=mail.id,
            recipient=mail.recipient,
            template=mail.template,
            template_version=mail.template_version,
            status=mail.status,
            tries=mail.tries,
            created_at=mail.created_at,
            sent_at=mail.sent_at,
            next_try_at=mail.next_try_at,
            answer=mail.answer,
        )
        for mail in mails
    )


@allowed(*Role, Caller.SYSTEM, reads=True)
def waiting(work: Work) -> int:
    """Count the mails that still wait, for the status line."""
    counted = select(func.count()).select_from(Mail).where(Mail.status == MailStatus.WAITING)
    return work.session.scalar(counted) or 0


class _Fate(Enum):
    SENT = auto()
    FAILED = auto()
    LATER = auto()
    STOPPED = auto()


def _send(house: House, sender: Sender, letter: Letter) -> _Fate:
    try:
        sent = sender(letter)
        sent = replace(sent, answer=_without_token(sent.answer, letter))
    except NotSent as refusal:
        outcome, answer = refusal.outcome, _without_token(refusal.answer, letter)
        gave_up = house.work(lambda work: _put_back(work, letter, outcome, answer))
        if outcome is Outcome.UNREACHABLE:
            return _Fate.STOPPED
        return _Fate.FAILED if gave_up else _Fate.LATER
    finally:
        if letter.token is not None:
            letter.token.forget()
    house.work(lambda work: _settle(work, letter, sent))
    return _Fate.SENT


def _claim(work: Work) -> Letter | None:
    """Take the next due mail; until its next try it is this machine's."""
    mail = work.session.scalars(
        select(Mail)
        .where(Mail.status == MailStatus.WAITING, Mail.next_try_at <= work.now)
        .order_by(Mail.next_try_at, Mail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if mail is None:
        return None
    mail.tries += 1
    mail.next_try_at = work.now + min(_LONGEST_PAUSE, timedelta(minutes=2**mail.tries))
    token = None
    if mail.secret is not None:
        token = Secret(work.keys.open(mail.secret, purpose=_PURPOSE, row=mail.id).decode())
    return Letter(
        id=mail.id,
        recipient=mail.recipient,
        template=mail.template,
        values=json.loads(mail.values),
        token=token,
        at=work.now,
        tries=mail.tries,
    )


def _settle(work: Work, letter: Letter, sent: Sent) -> None:
    mail = work.session.get_one(Mail, letter.id, with_for_update=True)
    if mail.status is not MailStatus.WAITING:
        return
    mail.status = MailStatus.SENT
    mail.sent_at = work.now
    mail.secret = None
    mail.template_version = sent.template_version
    mail.answer = _one_line(sent.answer)
    _record(work, Event.MAIL_SENT, mail)


def _put_back(work: Work, letter: Letter, outcome: Outcome, answer: str) -> bool:
    """Let the mail wait for its next try, or give it up: then True."""
    mail = work.session.get_one(Mail, letter.id, with_for_update=True)
    if mail.status is not MailStatus.WAITING or mail.tries != letter.tries:
        return False
    mail.answer = _one_line(answer)
    if outcome is Outcome.UNREACHABLE:
        # The mail has no part in it: a weekend without network must not use up its tries.
        mail.tries -= 1
        mail.next_try_at = work.now + _UNREACHABLE_PAUSE
        return False
    if outcome is Outcome.LATER and mail.tries < MOST_TRIES:
        return False
    mail.status = MailStatus.FAILED
    mail.secret = None
    _record(work, Event.MAIL_FAILED, mail)
    return True


def _record(work: Work, event: Event, mail: Mail) -> None:
    subject = mail.access_id or mail.enrolment_id or mail.id
    work.record(event, subject, member_id=mail.member_id, template=mail.template)


def _without_token(answer: str, letter: Letter) -> str:
    """Take a link out of what the server said: some quote the mail they refuse."""
    return answer if letter.token is None else answer.replace(letter.token.reveal(), "…")


def _one_line(answer: str) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in answer)
    return " ".join(plain.split())[:_LONGEST_ANSWER]
