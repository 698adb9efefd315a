"""The service form: frozen, printed, signed and brought back (F11-F13)."""

import hashlib
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from branch_desk.models.base import new_id
from branch_desk.models.enrolment import Enrolment, Status
from branch_desk.models.errors import (
    ChangedMeanwhile,
    ForeignForm,
    NotFound,
    PowerExpired,
    StaleForm,
    WrongState,
)
from branch_desk.models.event import Event
from branch_desk.models.form import CAME_OUT, FORM_VERSION, Destination, PrintedForm, Printing
from branch_desk.models.identity import AttachmentKind
from branch_desk.models.install import Installation
from branch_desk.models.staff import Role
from branch_desk.operations.request.application import LA_PAZ
from branch_desk.operations.request.form_terms import form_values
from branch_desk.operations.request.holding import editable, found, locked, touch
from branch_desk.operations.request.identity import require_card, store_file
from branch_desk.operations.work import Desk, Work, allowed, canonical
from branch_desk.reports import enrolment_form
from branch_desk.reports.code import SheetCode
from branch_desk.reports.enrolment_form import EnrolmentForm
from branch_desk.reports.images import clean_sheet
from branch_desk.reports.paper import PageSize
from branch_desk.reports.scan import read_sheet

_DESK = (Role.OFFICER, Role.SUPERVISOR)
_READERS = (Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
_TERMS = "form-terms"
_PDF = "form-pdf"
_CAN_PRINT = frozenset({Status.PRINTED, Status.SIGNED, Status.APPROVED})
_PREFIX = 16
"""Hex digits of the terms' hash in the sheet's code."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A paper on its way out: its bytes, and what to name when it has ended."""

    printing_id: UUID
    copy_number: int
    """0 for the original, then 1, 2… («COPIA n»)."""
    job_name: str
    """Neutral: neither name nor document in the print queue."""
    pdf: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Frozen:
    """The form's values as they stand, and the version of the request they were read from."""

    form: EnrolmentForm
    terms: str
    version: int
    training: bool


def make(desk: Desk, enrolment_id: UUID, version: int, size: PageSize = PageSize.A4) -> UUID:
    """Freeze the terms and make the paper of the current revision. Gives the form's id.

    Raises WrongState before the request is configured, PowerExpired, CardExpired,
    ChangedMeanwhile, MissingGlyph.
    """
    frozen = desk(freeze, enrolment_id, version)
    # Drawn between the transactions: a row is not locked while a paper is drawn.
    pdf = enrolment_form.render(frozen.form, size=size, training=frozen.training)
    return desk(store, enrolment_id, frozen, pdf, size.name)


@allowed(*_DESK, reads=True)
def freeze(work: Work, enrolment_id: UUID, version: int) -> Frozen:
    """Read the values the form will show; part of `make`."""
    enrolment = found(work, enrolment_id)
    if enrolment.version != version:
        raise ChangedMeanwhile(kind="enrolment")
    if enrolment.status is not Status.CONFIGURED:
        raise WrongState(kind="enrolment", current=enrolment.status, target=Status.PRINTED)
    require_card(work, enrolment)
    require_powers(work, enrolment)
    today = work.now.astimezone(LA_PAZ).date()
    form = form_values(
        work,
        enrolment,
        today,
        officer=work.actor.name,
        officer_document=work.actor.person.partition(":")[2],
    )
    terms = terms_text(form)
    form = replace(form, terms_sha256=_sha256(terms))
    return Frozen(form, terms, version, _training(work))


@allowed(*_DESK)
def store(work: Work, enrolment_id: UUID, frozen: Frozen, pdf: bytes, size: str) -> UUID:
    """Store the frozen terms and the paper; part of `make`."""
    enrolment = editable(work, enrolment_id, frozen.version)
    enrolment.move(Status.PRINTED)
    touch(work, enrolment)
    form = PrintedForm(
        id=new_id(),
        enrolment_id=enrolment_id,
        revision=enrolment.revision,
        form_version=FORM_VERSION,
        terms=b"",
        terms_sha256=_sha256(frozen.terms),
        pdf=b"",
        pdf_sha256=hashlib.sha256(pdf).hexdigest(),
        page_size=size,
        staff_id=work.staff_id,
        made_at=work.now,
    )
    form.terms = work.keys.seal(frozen.terms.encode(), purpose=_TERMS, row=form.id)
    form.pdf = work.keys.seal(pdf, purpose=_PDF, row=form.id)
    work.session.add(form)
    work.record(
        Event.FORM_MADE,
        enrolment_id,
        member_id=enrolment.member_id,
        folio=enrolment.number,
        revision=enrolment.revision,
        terms_sha256=form.terms_sha256,
        pdf_sha256=form.pdf_sha256,
    )
    return form.id


@allowed(*_READERS, reads=True)
def paper(work: Work, form_id: UUID) -> bytes:
    """Give the paper as it was made, for the preview; PDF."""
    form, _ = _form(work, form_id)
    return work.keys.open(form.pdf, purpose=_PDF, row=form.id)


def send(desk: Desk, form_id: UUID, destination: Destination, printer: str = "") -> Ticket:
    """Take the next copy of a paper out of the program; every one is a record (F11).

    The first is the original; later ones are drawn again with «COPIA n». Raises StaleForm.
    """
    ticket = desk(start_printing, form_id, destination, printer)
    if ticket.copy_number == 0:
        return ticket
    form, size, training = desk(terms_of, form_id)
    pdf = enrolment_form.render(
        form, size=PageSize[size], copy_number=ticket.copy_number, training=training
    )
    return replace(ticket, pdf=pdf)


@allowed(*_DESK)
def start_printing(
    work: Work, form_id: UUID, destination: Destination, printer: str = ""
) -> Ticket:
    """Count and record a copy going out; part of `send`."""
    form, enrolment = _form(work, form_id)
    if form.voided_at is not None or enrolment.status not in _CAN_PRINT:
        raise StaleForm(folio=enrolment.number, revision=form.revision, current=enrolment.revision)
    # The count locks the form's row, so that two at once do not both become the original. What a
    # queue reported as failed left no paper: the next one is not its copy.
    work.session.execute(
        update(PrintedForm)
        .where(PrintedForm.id == form_id)
        .values(copies=PrintedForm.copies + 1)
        .execution_options(synchronize_session=False)
    )
    copy = work.session.scalars(
        select(func.count())
        .select_from(Printing)
        .where(Printing.form_id == form_id, Printing.outcome.in_(("", *CAME_OUT)))
    ).one()
    row = Printing(
        id=new_id(),
        form_id=form_id,
        copy_number=copy,
        destination=destination,
        printer=printer[:200],
        staff_id=work.staff_id,
        started_at=work.now,
    )
    work.session.add(row)
    work.record(
        Event.FORM_PRINTED,
        enrolment.id,
        member_id=enrolment.member_id,
        folio=enrolment.number,
        revision=form.revision,
        copy=copy,
        destination=destination,
        printer=printer[:200],
    )
    pdf = b"" if copy else work.keys.open(form.pdf, purpose=_PDF, row=form.id)
    return Ticket(row.id, copy, f"Documento {enrolment.number}", pdf)


@allowed(*_DESK)
def end_printing(work: Work, printing_id: UUID, outcome: str, job: str = "") -> None:
    """Note what became of a copy: `printed`, `saved`, or why the queue failed."""
    row = work.session.get(Printing, printing_id, with_for_update=True)
    if row is None or row.outcome:
        raise NotFound(kind="printing")
    row.outcome = outcome[:200]
    row.job = job[:80]
    row.ended_at = work.now
    _, enrolment = _form(work, row.form_id)
    work.record(
        Event.FORM_PRINT_ENDED,
        enrolment.id,
        member_id=enrolment.member_id,
        copy=row.copy_number,
        outcome=row.outcome,
        job=row.job,
    )


@allowed(*_READERS, reads=True)
def terms_of(work: Work, form_id: UUID) -> tuple[EnrolmentForm, str, bool]:
    """Give a form's frozen values, its page size's name, and whether this is training."""
    form, _ = _form(work, form_id)
    text = work.keys.open(form.terms, purpose=_TERMS, row=form.id).decode()
    return thawed(text, form.terms_sha256), form.page_size, _training(work)


def file_sheet(desk: Desk, data: bytes, expected: UUID | None = None) -> UUID:
    """File a signed sheet; its code finds the request, whose id is given (F13).

    Raises FormUnreadable, UnreadableFile, ForeignForm when it is not of the request `expected`,
    StaleForm when it shows an older revision.
    """
    sheet = clean_sheet(data)
    code = read_sheet(sheet.data)
    return desk(store_sheet, code, sheet.data, sheet.media_type, expected)


@allowed(*_DESK)
def store_sheet(
    work: Work, code: SheetCode, data: bytes, media_type: str, expected: UUID | None
) -> UUID:
    """Match a cleaned sheet with its request and file it; part of `file_sheet`."""
    enrolment_id = work.session.scalar(select(Enrolment.id).where(Enrolment.number == code.folio))
    if enrolment_id is None or expected not in (None, enrolment_id):
        raise ForeignForm(folio=code.folio, field="sheet")
    enrolment = locked(work, enrolment_id)
    form = work.session.scalar(
        select(PrintedForm).where(
            PrintedForm.enrolment_id == enrolment_id, PrintedForm.voided_at.is_(None)
        )
    )
    if (
        form is None
        or form.revision != code.revision
        or form.terms_sha256[:_PREFIX] != code.terms_prefix
    ):
        raise StaleForm(
            folio=code.folio, revision=code.revision, current=enrolment.revision, field="sheet"
        )
    editable(work, enrolment_id, enrolment.version)
    enrolment.move(Status.SIGNED)
    enrolment.changed_at = work.now
    store_file(work, enrolment, AttachmentKind.SIGNED_FORM, data, media_type, form_id=form.id)
    work.record(
        Event.ENROLMENT_SIGNED,
        enrolment_id,
        member_id=enrolment.member_id,
        folio=code.folio,
        revision=code.revision,
        sheet_sha256=hashlib.sha256(data).hexdigest(),
    )
    return enrolment_id


@allowed()
def require_powers(work: Work, enrolment: Enrolment) -> None:
    """Refuse a representative whose power is past its date (F6). Raises PowerExpired."""
    today = work.now.astimezone(LA_PAZ).date()
    for each in enrolment.representatives:
        if each.power_expiry is not None and each.power_expiry < today:
            raise PowerExpired(name=each.person_name, expired_on=each.power_expiry)


def terms_text(form: EnrolmentForm) -> str:
    """Write the values a member signs as the canonical text that is hashed (R16).

    Independent of locale, machine and time zone: names, ISO dates and whole centavos only.
    """
    values = asdict(form)
    del values["terms_sha256"]
    return canonical(values)


def thawed(text: str, sha256: str) -> EnrolmentForm:
    """Read frozen terms back. Raises StaleForm when they are not what `sha256` says."""
    if _sha256(text) != sha256:
        raise StaleForm(folio="", revision=0, current=0)
    values: dict[str, Any] = json.loads(text)
    form: EnrolmentForm = _rebuilt(EnrolmentForm, values | {"terms_sha256": sha256})
    return form


def _rebuilt(kind: Any, value: Any) -> Any:  # noqa: ANN401  any of the report's plain types
    """Rebuild the nested frozen dataclasses, tuples and dates of a form from JSON."""
    origin = typing.get_origin(kind)
    if origin is tuple:
        parts = typing.get_args(kind)
        kinds = [parts[0]] * len(value) if parts[-1] is Ellipsis else parts
        return tuple(_rebuilt(part, each) for part, each in zip(kinds, value, strict=True))
    if origin in (types.UnionType, typing.Union):
        inner = next(part for part in typing.get_args(kind) if part is not type(None))
        return None if value is None else _rebuilt(inner, value)
    if kind is date:
        return date.fromisoformat(value)
    if hasattr(kind, "__dataclass_fields__"):
        hints: Mapping[str, Any] = typing.get_type_hints(kind)
        return kind(**{name: _rebuilt(hints[name], each) for name, each in value.items()})
    return value


def _form(work: Work, form_id: UUID) -> tuple[PrintedForm, Enrolment]:
    form = work.session.get(PrintedForm, form_id)
    if form is None:
        raise NotFound(kind="form")
    return form, found(work, form.enrolment_id)


def _training(work: Work) -> bool:
    return work.session.scalars(select(Installation.training)).one()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
