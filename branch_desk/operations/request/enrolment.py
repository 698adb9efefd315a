"""A request for e-banking: submitted, amended, held, withdrawn.

Walk-in (F2) and web request (F1) are one path: `submit`, by another channel.
"""

from contextlib import suppress
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import delete, func, literal, or_, select, update
from sqlalchemy.exc import IntegrityError

from branch_desk.models.access import Access, AccessStatus
from branch_desk.models.base import new_id
from branch_desk.models.enrolment import (
    OPEN,
    Counter,
    Enrolment,
    EnrolmentName,
    Status,
)
from branch_desk.models.errors import (
    AlreadyEnrolled,
    ChangedMeanwhile,
    InvalidValue,
    NotFound,
    WrongState,
)
from branch_desk.models.event import Event
from branch_desk.models.member import (
    Member,
    MemberKind,
    person_key,
    rotations,
)
from branch_desk.models.parameter import ContractTerms
from branch_desk.models.staff import Branch, Role
from branch_desk.models.validation import (
    ApplicantValues,
    clean_request,
)
from branch_desk.operations.house import outbox
from branch_desk.operations.request.application import (
    LA_PAZ,
    Application,
    agree_on_signing,
    applicant_of,
    free_user_name,
    give_back_user_names,
    store_people,
)
from branch_desk.operations.request.enrolment_file import EnrolmentFile, file_of
from branch_desk.operations.request.holding import (
    editable,
    end,
    found,
    locked,
    refuse_held,
    take,
    touch,
    void_paper,
)
from branch_desk.operations.rules import refuse_self_dealing, stated
from branch_desk.operations.work import Caller, Work, allowed

_DESK = (Role.OFFICER, Role.SUPERVISOR)


@allowed(*_DESK, reads=True)
def current_terms(work: Work) -> tuple[str, str]:
    """Give version and text of the contract terms in force now."""
    terms = _terms_in_force(work)
    return terms.version, terms.text


@allowed(*_DESK, Caller.SYSTEM, reads=True)
def propose_user_name(work: Work, first_names: str, surname: str) -> str:
    """Propose initial + surname as the manual recommends: `lmendez`, then `lmendez2`."""
    return free_user_name(work, first_names, surname)


@allowed(*_DESK, Caller.SYSTEM)
def submit(work: Work, application: Application) -> UUID:
    """Open a request and tell the applicant by mail. Gives its id.

    Raises InvalidValue, AlreadyEnrolled, Duplicate, SelfDealing, NothingChosen.
    """
    today = work.now.astimezone(LA_PAZ).date()
    values = clean_request(application.values, today=today)
    terms = _terms_in_force(work)
    if application.terms_version != terms.version:
        raise ChangedMeanwhile(kind="terms")
    person = person_key(values.document_type, values.document_number, values.complement)
    refuse_self_dealing(work, person)
    _refuse_second(work, values, person)
    branch = _branch_of(work)
    enrolment = Enrolment(
        id=new_id(),
        number=_next_number(work, branch),
        status=Status.SUBMITTED,
        channel=work.channel,
        branch_id=branch.id,
        submitted_at=work.now,
        changed_at=work.now,
        terms_version=terms.version,
        terms_sha256=terms.sha256,
        terms_accepted_at=work.now,
        terms_channel=work.channel,
        signing_rule=application.signing_rule,
        **asdict(values),
    )
    agree_on_signing(application)
    enrolment.member_id = _member_of(work, values)
    work.session.add(enrolment)
    work.session.flush()
    store_people(work, enrolment, application, today)
    _store_names(work, enrolment)
    touch(work, enrolment)
    if work.actor.staff_id is not None:
        take(enrolment, work)
    for recipient, user in _recipients(enrolment).items():
        outbox.queue_mail(
            work,
            "registered",
            recipient,
            {
                "name": enrolment.name,
                "number": enrolment.number,
                "user": user,
                "branch": branch.name,
            },
            enrolment_id=enrolment.id,
            member_id=enrolment.member_id,
        )
    work.record(
        Event.ENROLMENT_SUBMITTED,
        enrolment.id,
        member_id=enrolment.member_id,
        folio=enrolment.number,
        kind=enrolment.kind,
        channel=work.channel,
    )
    return enrolment.id


@allowed(*_DESK)
def amend(work: Work, enrolment_id: UUID, version: int, application: Application) -> None:
    """Correct what the applicant said; identity, paper and signature are to be done again."""
    enrolment = editable(work, enrolment_id, version)
    today = work.now.astimezone(LA_PAZ).date()
    values = clean_request(application.values, today=today)
    if values.kind is not enrolment.kind:
        raise InvalidValue(field="kind", reason="fixed")
    person = person_key(values.document_type, values.document_number, values.complement)
    refuse_self_dealing(work, person)
    if person != enrolment.person:
        _refuse_second(work, values, person)
    agree_on_signing(application)
    before = asdict_of(enrolment)
    for name, value in asdict(values).items():
        setattr(enrolment, name, value)
    enrolment.signing_rule = application.signing_rule
    enrolment.member_id = _member_of(work, values)
    enrolment.edited(Status.SUBMITTED, work.now)
    give_back_user_names(work, enrolment_id)
    store_people(work, enrolment, application, today)
    work.session.execute(delete(EnrolmentName).where(EnrolmentName.enrolment_id == enrolment_id))
    _store_names(work, enrolment)
    after = asdict_of(enrolment)
    touch(work, enrolment)
    void_paper(work, enrolment)
    work.record(
        Event.ENROLMENT_AMENDED,
        enrolment_id,
        member_id=enrolment.member_id,
        revision=enrolment.revision,
        fields=sorted(name for name in after if after[name] != before[name]),
    )


@allowed(*_DESK)
def hold(work: Work, enrolment_id: UUID) -> EnrolmentFile:
    """Open a request to work on it: nobody else changes it for 15 minutes (F3).

    Raises HeldByAnother, and WrongState for a closed one.
    """
    enrolment = locked(work, enrolment_id)
    if enrolment.status not in OPEN:
        raise WrongState(kind="enrolment", current=enrolment.status, target=enrolment.status)
    refuse_held(work, enrolment)
    take(enrolment, work)
    work.session.flush()
    work.record(Event.ENROLMENT_HELD, enrolment_id, member_id=enrolment.member_id)
    return file_of(work, enrolment)


@allowed(*_DESK)
def release(work: Work, enrolment_id: UUID) -> None:
    """Let a request go, so that another may open it."""
    found(work, enrolment_id)
    # Written past the version counter: letting go changes nothing anybody signs or saves.
    freed = work.session.execute(
        update(Enrolment)
        .where(Enrolment.id == enrolment_id, Enrolment.held_by == work.staff_id)
        .values(held_by=None, held_until=None)
        .returning(Enrolment.id)
    ).first()
    if freed is not None:
        work.record(Event.ENROLMENT_RELEASED, enrolment_id)


@allowed(*_DESK)
def withdraw(work: Work, enrolment_id: UUID, version: int, reason: str) -> None:
    """End a request because the applicant does not want it any more."""
    enrolment = editable(work, enrolment_id, version)
    why = stated(reason)
    end(work, enrolment, Status.WITHDRAWN, why)
    work.record(Event.ENROLMENT_WITHDRAWN, enrolment_id, member_id=enrolment.member_id, reason=why)


def asdict_of(enrolment: Enrolment) -> dict[str, object]:
    """Give the applicant's values of a request by field name."""
    return asdict(applicant_of(enrolment)) | {"signing_rule": enrolment.signing_rule}


def _terms_in_force(work: Work) -> ContractTerms:
    terms = work.session.scalars(
        select(ContractTerms)
        .where(ContractTerms.effective_from <= work.now)
        .order_by(ContractTerms.effective_from.desc())
        .limit(1)
    ).first()
    if terms is None:
        raise NotFound(kind="contract terms")
    return terms


def _branch_of(work: Work) -> Branch:
    """Find the officer's branch; a request from the web goes to the head office."""
    if work.actor.branch_id is not None:
        return work.session.get_one(Branch, work.actor.branch_id)
    return work.session.scalars(
        select(Branch).where(Branch.active).order_by(Branch.id).limit(1)
    ).one()


def _next_number(work: Work, branch: Branch) -> str:
    name = f"{branch.code}-{work.now.astimezone(LA_PAZ).year}"
    taken = _counted(work, name)
    if taken is None:
        # The first of the year: of two at once, one makes the counter and both count on it.
        with suppress(IntegrityError), work.session.begin_nested():
            work.session.add(Counter(name=name, value=0))
        taken = _counted(work, name)
    return f"{name}-{taken:06d}"


def _counted(work: Work, name: str) -> int | None:
    return work.session.scalar(
        update(Counter)
        .where(Counter.name == name)
        .values(value=Counter.value + 1)
        .returning(Counter.value)
        .execution_options(synchronize_session=False)
    )


def _member_of(work: Work, values: ApplicantValues) -> UUID | None:
    return work.session.scalar(
        select(Member.id).where(
            Member.document_type == values.document_type,
            Member.document_number == values.document_number,
            Member.complement == values.complement,
        )
    )


def _refuse_second(work: Work, values: ApplicantValues, person: str) -> None:
    number = work.session.scalar(
        select(Enrolment.number).where(
            Enrolment.document_type == values.document_type,
            Enrolment.document_number == values.document_number,
            Enrolment.complement == values.complement,
            Enrolment.status.in_(OPEN),
        )
    )
    if number is not None:
        raise AlreadyEnrolled(what=number, field="document_number")
    member_id = _member_of(work, values)
    user = work.session.scalar(
        select(Access.user_name).where(
            Access.member_id == member_id,
            or_(Access.person == person, literal(values.kind is MemberKind.COMPANY)),
            Access.status != AccessStatus.CLOSED,
        )
    )
    if user is not None:
        raise AlreadyEnrolled(what=user, field="document_number")


def _store_names(work: Work, enrolment: Enrolment) -> None:
    for text in sorted(rotations(enrolment.name)):
        work.session.add(EnrolmentName(text=text, enrolment_id=enrolment.id))


def _recipients(enrolment: Enrolment) -> dict[str, str]:
    """Give address and user of everybody to be told: the applicant, or all representatives."""
    if enrolment.kind is MemberKind.PERSON:
        return {enrolment.email: enrolment.user_name}
    return {each.email: each.user_name for each in enrolment.representatives}


@allowed(*_DESK, reads=True)
def open_count(work: Work) -> int:
    """Count the open requests of the branch, for the rail."""
    return (
        work.session.scalar(
            select(func.count())
            .select_from(Enrolment)
            .where(Enrolment.branch_id == work.actor.branch_id, Enrolment.status.in_(OPEN))
        )
        or 0
    )
