"""A request as the desk shows it."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from branch_desk.models.access import Access
from branch_desk.models.enrolment import (
    Channel,
    Enrolment,
    Representative,
    Status,
)
from branch_desk.models.event import Event
from branch_desk.models.form import CAME_OUT, PrintedForm, Printing
from branch_desk.models.identity import Attachment, AttachmentKind
from branch_desk.models.member import (
    Member,
)
from branch_desk.models.staff import Branch, Role, Staff
from branch_desk.operations.request.application import (
    Application,
    RepresentativeValues,
    applicant_of,
)
from branch_desk.operations.request.holding import found
from branch_desk.operations.work import Work, allowed

_READERS = (Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class RepresentativeView:
    """A representative as stored, with the id limits refer to."""

    id: UUID
    name: str
    document: str
    values: RepresentativeValues


@dataclass(frozen=True, slots=True)
class FormView:
    """A printed form as the desk lists it."""

    id: UUID
    revision: int
    made_at: datetime
    copies: int
    voided_at: datetime | None
    terms_sha256: str
    came_out: bool
    """A copy left the printer or was saved: there is a paper to sign."""


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """A filed image or sheet, without its content."""

    id: UUID
    kind: AttachmentKind
    media_type: str
    filed_at: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class EnrolmentFile:
    """A request as the desk shows it; `version` is what the next change must name."""

    id: UUID
    number: str
    status: Status
    revision: int
    version: int
    channel: Channel
    submitted_at: datetime
    changed_at: datetime
    branch: str
    name: str
    document: str
    person: str
    member_id: UUID | None
    member_number: str
    application: Application
    representatives: tuple[RepresentativeView, ...]
    by_web: bool
    by_mobile: bool
    holder: str
    """Name of the officer who holds it, empty when free."""
    held_by_me: bool
    held_until: datetime | None
    end_reason: str
    forms: tuple[FormView, ...]
    attachments: tuple[AttachmentView, ...]
    access_ids: tuple[UUID, ...] = field(default=())

    @property
    def valid_form(self) -> FormView | None:
        """The form of the current revision, if one was made."""
        return next((form for form in self.forms if form.voided_at is None), None)


@allowed(*_READERS)
def view(work: Work, enrolment_id: UUID) -> EnrolmentFile:
    """Show a request; the look is recorded."""
    enrolment = found(work, enrolment_id)
    work.record(Event.ENROLMENT_VIEWED, enrolment_id, member_id=enrolment.member_id)
    return file_of(work, enrolment)


@allowed()
def file_of(work: Work, enrolment: Enrolment) -> EnrolmentFile:
    """Read everything the desk shows of a request."""
    session = work.session
    forms = session.scalars(
        select(PrintedForm)
        .where(PrintedForm.enrolment_id == enrolment.id)
        .order_by(PrintedForm.revision)
    )
    out = set(
        session.scalars(
            select(Printing.form_id)
            .join(PrintedForm, PrintedForm.id == Printing.form_id)
            .where(
                PrintedForm.enrolment_id == enrolment.id,
                Printing.outcome.in_(CAME_OUT),
            )
        )
    )
    attachments = session.execute(
        select(
            Attachment.id,
            Attachment.kind,
            Attachment.media_type,
            Attachment.filed_at,
            Attachment.sha256,
        )
        .where(Attachment.enrolment_id == enrolment.id, Attachment.replaced_at.is_(None))
        .order_by(Attachment.filed_at)
    )
    held = enrolment.held_until is not None and enrolment.held_until > work.now
    holder = session.get(Staff, enrolment.held_by) if held and enrolment.held_by else None
    member = session.get(Member, enrolment.member_id) if enrolment.member_id else None
    people = tuple(_representative(row) for row in enrolment.representatives)
    return EnrolmentFile(
        id=enrolment.id,
        number=enrolment.number,
        status=enrolment.status,
        revision=enrolment.revision,
        version=enrolment.version,
        channel=enrolment.channel,
        submitted_at=enrolment.submitted_at,
        changed_at=enrolment.changed_at,
        branch=session.get_one(Branch, enrolment.branch_id).name,
        name=enrolment.name,
        document=enrolment.document,
        person=enrolment.person,
        member_id=enrolment.member_id,
        member_number=member.number if member else "",
        application=Application(
            values=applicant_of(enrolment),
            terms_version=enrolment.terms_version,
            user_name=enrolment.user_name,
            signing_rule=enrolment.signing_rule,
            representatives=tuple(each.values for each in people),
        ),
        representatives=people,
        by_web=enrolment.by_web,
        by_mobile=enrolment.by_mobile,
        holder=holder.full_name if holder else "",
        held_by_me=holder is not None and holder.id == work.actor.staff_id,
        held_until=enrolment.held_until if held else None,
        end_reason=enrolment.end_reason or "",
        forms=tuple(
            FormView(
                f.id, f.revision, f.made_at, f.copies, f.voided_at, f.terms_sha256, f.id in out
            )
            for f in forms
        ),
        attachments=tuple(AttachmentView(*row) for row in attachments),
        access_ids=tuple(
            session.scalars(
                select(Access.id).where(Access.enrolment_id == enrolment.id).order_by(Access.id)
            )
        ),
    )


def _representative(row: Representative) -> RepresentativeView:
    values = {name: getattr(row, name) for name in RepresentativeValues.__dataclass_fields__}
    return RepresentativeView(row.id, row.person_name, row.document, RepresentativeValues(**values))
