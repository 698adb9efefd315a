"""A request in the hands of an officer: found, held, changed, its paper voided (F3, F12)."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from branch_desk.models.enrolment import (
    HELD_FOR_MINUTES,
    OPEN,
    Enrolment,
    Hand,
    Status,
)
from branch_desk.models.errors import (
    ChangedMeanwhile,
    HeldByAnother,
    NotFound,
    WrongState,
)
from branch_desk.models.event import Event
from branch_desk.models.form import PrintedForm
from branch_desk.models.identity import Attachment, AttachmentKind
from branch_desk.models.staff import Role, Staff
from branch_desk.operations.request.application import give_back_user_names
from branch_desk.operations.rules import refuse_self_dealing
from branch_desk.operations.work import Work, allowed


@allowed()
def found(work: Work, enrolment_id: UUID) -> Enrolment:
    """Find a request of the actor's branch; an auditor sees all. Raises NotFound."""
    enrolment = work.session.get(Enrolment, enrolment_id)
    return _mine(work, enrolment)


@allowed()
def locked(work: Work, enrolment_id: UUID) -> Enrolment:
    """Find a request as `found` does, its row locked until the end of the transaction."""
    enrolment = work.session.get(
        Enrolment, enrolment_id, with_for_update={"key_share": True}, populate_existing=True
    )
    return _mine(work, enrolment)


@allowed()
def editable(work: Work, enrolment_id: UUID, version: int) -> Enrolment:
    """Lock a request for a change by the actor and prolong the hold.

    Raises ChangedMeanwhile when `version` is not the current one, HeldByAnother, SelfDealing,
    WrongState for a closed one.
    """
    enrolment = locked(work, enrolment_id)
    if enrolment.status not in OPEN:
        raise WrongState(kind="enrolment", current=enrolment.status, target=enrolment.status)
    if enrolment.version != version:
        raise ChangedMeanwhile(kind="enrolment")
    refuse_held(work, enrolment)
    refuse_self_dealing(
        work, enrolment.person, *(each.person for each in enrolment.representatives)
    )
    take(enrolment, work)
    return enrolment


@allowed()
def touch(work: Work, enrolment: Enrolment) -> None:
    """Note that the actor had a hand in the request: never its approver (R14)."""
    if work.actor.staff_id is None:
        return
    if work.session.get(Hand, (enrolment.id, work.actor.person)) is None:
        work.session.add(
            Hand(
                enrolment_id=enrolment.id,
                person=work.actor.person,
                staff_id=work.actor.staff_id,
                since_revision=enrolment.revision,
            )
        )


@allowed()
def void_paper(work: Work, enrolment: Enrolment) -> None:
    """Void the valid form and its signed sheet: what they say is not what stands here (F12)."""
    form = work.session.scalar(
        select(PrintedForm).where(
            PrintedForm.enrolment_id == enrolment.id, PrintedForm.voided_at.is_(None)
        )
    )
    if form is None:
        return
    form.voided_at = work.now
    work.session.execute(
        update(Attachment)
        .where(
            Attachment.enrolment_id == enrolment.id,
            Attachment.kind == AttachmentKind.SIGNED_FORM,
            Attachment.replaced_at.is_(None),
        )
        .values(replaced_at=work.now)
    )
    work.record(
        Event.FORM_VOIDED,
        enrolment.id,
        member_id=enrolment.member_id,
        folio=enrolment.number,
        revision=form.revision,
    )


@allowed()
def end(work: Work, enrolment: Enrolment, target: Status, reason: str) -> None:
    """Close a request: part of withdrawing, rejecting and expiring; its user names are free."""
    enrolment.move(target)
    enrolment.end_reason = reason
    enrolment.changed_at = work.now
    enrolment.held_by = None
    enrolment.held_until = None
    void_paper(work, enrolment)
    give_back_user_names(work, enrolment.id)


def _mine(work: Work, enrolment: Enrolment | None) -> Enrolment:
    if enrolment is None:
        raise NotFound(kind="enrolment")
    if work.actor.branch_id not in (None, enrolment.branch_id) and (
        work.actor.role is not Role.AUDITOR
    ):
        raise NotFound(kind="enrolment")
    return enrolment


@allowed()
def refuse_held(work: Work, enrolment: Enrolment) -> None:
    """Raise HeldByAnother while another officer holds the request."""
    if enrolment.held_by in (None, work.staff_id) or enrolment.held_until is None:
        return
    if enrolment.held_until > work.now:
        holder = work.session.get_one(Staff, enrolment.held_by)
        raise HeldByAnother(holder=holder.full_name, until=enrolment.held_until)


def take(enrolment: Enrolment, work: Work) -> None:
    """Hold the request for the actor for the next 15 minutes."""
    enrolment.held_by = work.staff_id
    enrolment.held_until = work.now + timedelta(minutes=HELD_FOR_MINUTES)
