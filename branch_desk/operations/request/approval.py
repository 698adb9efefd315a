"""The supervisor's decision: what is shown, what is refused, what it sets off (F14).

The screen is made from the frozen terms the member signed, not from live rows; the approval binds
to their hash and to the sheet's, and is refused when the rows would say something else (R16).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from branch_desk.models.access import Access
from branch_desk.models.base import new_id
from branch_desk.models.enrolment import OPEN, Enrolment, Hand, Status
from branch_desk.models.errors import FourEyes, NotFound, NotWhatWasSigned, WrongState
from branch_desk.models.event import Event
from branch_desk.models.form import Decision, PrintedForm, Verdict
from branch_desk.models.identity import Attachment, AttachmentKind, CardException, IdentityCheck
from branch_desk.models.member import Member
from branch_desk.models.staff import Role, Staff, StaffSession
from branch_desk.operations.request.application import LA_PAZ
from branch_desk.operations.request.configuration import require_choice
from branch_desk.operations.request.form_terms import form_values
from branch_desk.operations.request.forms import require_powers, terms_of, terms_text
from branch_desk.operations.request.holding import end, found, locked, void_paper
from branch_desk.operations.request.identity import plain, require_card
from branch_desk.operations.rules import refuse_self_dealing, stated
from branch_desk.operations.users import access
from branch_desk.operations.work import Work, allowed
from branch_desk.reports.enrolment_form import EnrolmentForm, FormLimit

_READERS = (Role.SUPERVISOR, Role.AUDITOR)
_OFFICER_TOO = (Role.OFFICER, *_READERS)
_POWER_SOON = timedelta(days=30)


class Flag(StrEnum):
    """What a supervisor should look at first; the views have the sentences."""

    CONTACT_DIFFERS = "CONTACT_DIFFERS"
    """Mail or phone are not those of the books. Facts: `field`, `record`, `typed`."""
    DATA_DIFFER = "DATA_DIFFER"
    """A difference was accepted. Facts: `field`, `reason`."""
    CARD_EXCEPTED = "CARD_EXCEPTED"
    """An expired card was excepted. Facts: `reason`, `by`."""
    RAISED = "RAISED"
    """A daily limit grew. Facts: `kind`, `currency`, `before`, `after` (centavos), `holder`."""
    RETURNED_BEFORE = "RETURNED_BEFORE"
    """A supervisor returned it before. Facts: `reason`, `by`, `at`."""
    POWER_ENDS = "POWER_ENDS"
    """A representative's power ends soon. Facts: `name`, `on`."""
    SHARED_CONTACT = "SHARED_CONTACT"
    """Another member has the same phone or mail. Facts: `field`, `name`."""


@dataclass(frozen=True, slots=True)
class RedFlag:
    """A flag with the facts its sentence needs."""

    flag: Flag
    facts: tuple[tuple[str, str | int], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A value of the form that is not what it was in the last revision a supervisor saw.

    `path` names the place in the form, `limits/SERVICE/BOB/per_day`.
    """

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Case:
    """One request as a supervisor judges it."""

    enrolment_id: UUID
    number: str
    version: int
    name: str
    form: EnrolmentForm
    form_id: UUID
    terms_sha256: str
    sheet_id: UUID
    sheet_media_type: str
    card_front_id: UUID | None
    card_back_id: UUID | None
    flags: tuple[RedFlag, ...]
    changes: tuple[Change, ...]
    """Empty when no earlier revision was ever printed."""
    hands: tuple[str, ...]
    """Names of who touched the request."""
    may_decide: bool
    """The asking supervisor has no hand in it."""
    waiting_since: datetime


@allowed(*_READERS)
def case(work: Work, enrolment_id: UUID) -> Case:
    """Show a signed request to a supervisor; the look is recorded. Raises WrongState."""
    enrolment = found(work, enrolment_id)
    if enrolment.status is not Status.SIGNED:
        raise WrongState(kind="enrolment", current=enrolment.status, target=Status.APPROVED)
    row = _valid_form(work, enrolment_id)
    form, _, _ = terms_of(work, row.id)
    files = _files(work, enrolment_id)
    sheet = files[AttachmentKind.SIGNED_FORM]
    front = files.get(AttachmentKind.CARD_FRONT)
    back = files.get(AttachmentKind.CARD_BACK)
    before = _form_before(work, enrolment_id, row)
    hands = work.session.execute(
        select(Hand.person, Staff.full_name)
        .join(Staff, Staff.id == Hand.staff_id)
        .where(Hand.enrolment_id == enrolment_id)
        .order_by(Staff.full_name)
    ).all()
    work.record(Event.ENROLMENT_VIEWED, enrolment_id, member_id=enrolment.member_id)
    return Case(
        enrolment_id=enrolment_id,
        number=enrolment.number,
        version=enrolment.version,
        name=enrolment.name,
        form=form,
        form_id=row.id,
        terms_sha256=row.terms_sha256,
        sheet_id=sheet.id,
        sheet_media_type=sheet.media_type,
        card_front_id=front.id if front else None,
        card_back_id=back.id if back else None,
        flags=tuple(_flags(work, enrolment, form, before)),
        changes=tuple(_changes(before, form)),
        hands=tuple(name for _, name in hands),
        may_decide=work.actor.person not in {person for person, _ in hands},
        waiting_since=sheet.filed_at,
    )


@allowed(Role.SUPERVISOR, fresh=True)
def approve(work: Work, enrolment_id: UUID, *, terms_sha256: str) -> tuple[UUID, ...]:
    """Approve a signed request: its users and their mails come with it, in one transaction.

    `terms_sha256` is of the terms the supervisor was shown. Gives the users' ids. Raises
    FourEyes, NotWhatWasSigned, WrongState, CardExpired, PowerExpired, SelfDealing, and
    AccountUnfit, NotTheHolder, AboveCeiling when the books changed since it was signed.
    """
    enrolment = _decidable(work, enrolment_id)
    row = _valid_form(work, enrolment_id)
    sheet = _files(work, enrolment_id)[AttachmentKind.SIGNED_FORM]
    form, _, _ = terms_of(work, row.id)
    now = form_values(
        work,
        enrolment,
        form.issued_on,
        officer=form.officer,
        officer_document=form.officer_document,
    )
    stands = hashlib.sha256(terms_text(now).encode()).hexdigest()
    if not terms_sha256 == row.terms_sha256 == stands or row.revision != enrolment.revision:
        raise NotWhatWasSigned
    require_card(work, enrolment)
    require_powers(work, enrolment)
    require_choice(work, enrolment)
    decision = _decision(work, enrolment, Verdict.APPROVED, "")
    decision.form_id = row.id
    decision.terms_sha256 = row.terms_sha256
    decision.sheet_sha256 = sheet.sha256
    work.session.add(decision)
    work.session.flush()
    enrolment.move(Status.APPROVED)
    enrolment.changed_at = work.now
    enrolment.held_by = None
    enrolment.held_until = None
    users = access.create_for(work, enrolment)
    _spend_freshness(work)
    work.record(
        Event.ENROLMENT_APPROVED,
        enrolment_id,
        member_id=enrolment.member_id,
        folio=enrolment.number,
        revision=enrolment.revision,
        terms_sha256=row.terms_sha256,
        sheet_sha256=sheet.sha256,
    )
    return tuple(users)


@allowed(Role.SUPERVISOR, fresh=True)
def send_back(work: Work, enrolment_id: UUID, reason: str) -> None:
    """Return a signed request for correction; paper and signature are void (F14)."""
    enrolment = _decidable(work, enrolment_id)
    plain_reason = stated(reason)
    work.session.add(_decision(work, enrolment, Verdict.RETURNED, plain_reason))
    work.session.flush()
    enrolment.edited(Status.CONFIGURED, work.now)
    void_paper(work, enrolment)
    work.record(
        Event.ENROLMENT_RETURNED,
        enrolment_id,
        member_id=enrolment.member_id,
        reason=plain_reason,
        revision=enrolment.revision,
    )


@allowed(Role.SUPERVISOR, fresh=True)
def reject(work: Work, enrolment_id: UUID, reason: str) -> None:
    """Reject an open request for good; a correction is a new request (F14, R18)."""
    # An officer's hold does not stop it: a fraud is ended while the request is open elsewhere.
    enrolment = locked(work, enrolment_id)
    if enrolment.status not in OPEN:
        raise WrongState(kind="enrolment", current=enrolment.status, target=Status.REJECTED)
    _refuse_own_hand(work, enrolment)
    plain_reason = stated(reason)
    work.session.add(_decision(work, enrolment, Verdict.REJECTED, plain_reason))
    work.session.flush()
    end(work, enrolment, Status.REJECTED, plain_reason)
    work.record(
        Event.ENROLMENT_REJECTED,
        enrolment_id,
        member_id=enrolment.member_id,
        reason=plain_reason,
    )


@allowed(*_OFFICER_TOO, reads=True)
def last_return(work: Work, enrolment_id: UUID) -> tuple[str, str, datetime] | None:
    """Give reason, supervisor's name and instant of the last return for correction."""
    found(work, enrolment_id)
    row = work.session.execute(
        select(Decision.reason, Staff.full_name, Decision.decided_at)
        .join(Staff, Staff.id == Decision.supervisor_id)
        .where(Decision.enrolment_id == enrolment_id, Decision.verdict == Verdict.RETURNED)
        .order_by(Decision.decided_at.desc())
        .limit(1)
    ).first()
    return None if row is None else (row[0], row[1], row[2])


def _decidable(work: Work, enrolment_id: UUID) -> Enrolment:
    enrolment = locked(work, enrolment_id)
    if enrolment.status is not Status.SIGNED:
        raise WrongState(kind="enrolment", current=enrolment.status, target=Status.APPROVED)
    _refuse_own_hand(work, enrolment)
    return enrolment


def _refuse_own_hand(work: Work, enrolment: Enrolment) -> None:
    """Compare persons, never user names or roles: nobody decides on what they touched (R14)."""
    refuse_self_dealing(
        work, enrolment.person, *(each.person for each in enrolment.representatives)
    )
    if work.session.get(Hand, (enrolment.id, work.actor.person)) is not None:
        raise FourEyes(person=work.actor.name)


def _decision(work: Work, enrolment: Enrolment, verdict: Verdict, reason: str) -> Decision:
    return Decision(
        id=new_id(),
        enrolment_id=enrolment.id,
        verdict=verdict,
        revision=enrolment.revision,
        reason=reason,
        supervisor_id=work.staff_id,
        person=work.actor.person,
        decided_at=work.now,
    )


def _spend_freshness(work: Work) -> None:
    """Ask for password and code again at the next approval: one case at a time."""
    session = work.session.get_one(StaffSession, work.actor.session_id)
    session.fresh_at = None


def _valid_form(work: Work, enrolment_id: UUID) -> PrintedForm:
    row = work.session.scalar(
        select(PrintedForm).where(
            PrintedForm.enrolment_id == enrolment_id, PrintedForm.voided_at.is_(None)
        )
    )
    if row is None:
        raise NotFound(kind="form")
    return row


def _files(work: Work, enrolment_id: UUID) -> dict[AttachmentKind, Attachment]:
    rows = work.session.scalars(
        select(Attachment).where(
            Attachment.enrolment_id == enrolment_id, Attachment.replaced_at.is_(None)
        )
    )
    return {row.kind: row for row in rows}


def _form_before(work: Work, enrolment_id: UUID, now: PrintedForm) -> EnrolmentForm | None:
    before = work.session.scalar(
        select(PrintedForm.id)
        .where(PrintedForm.enrolment_id == enrolment_id, PrintedForm.revision < now.revision)
        .order_by(PrintedForm.revision.desc())
        .limit(1)
    )
    return None if before is None else terms_of(work, before)[0]


def _changes(before: EnrolmentForm | None, after: EnrolmentForm) -> Iterator[Change]:
    if before is None:
        return
    old, new = dict(_leaves(before)), dict(_leaves(after))
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) != new.get(path):
            yield Change(path, old.get(path, ""), new.get(path, ""))


def _leaves(form: EnrolmentForm) -> Iterator[tuple[str, str]]:
    """Spell out what a supervisor compares, each value under a name that outlives reordering."""
    member = form.member
    for name in ("name", "document", "mobile", "email", "address", "user_name", "signing_rule"):
        yield f"member/{name}", str(getattr(member, name))
    yield "member/document_expires_on", plain(member.document_expires_on)
    for person in member.representatives:
        yield f"representatives/{person.document}", f"{person.name} · {person.power.number}"
    for account in form.accounts:
        yield f"accounts/{account.number}/consult", str(account.consult)
        yield f"accounts/{account.number}/debit", str(account.debit)
        yield f"accounts/{account.number}/web", str(account.web)
        yield f"accounts/{account.number}/mobile", str(account.mobile)
    for limit in form.limits:
        for part in ("per_operation", "per_day", "per_month", "count_per_day"):
            yield _limit_path(limit, part), str(getattr(limit, part))
    for name, ticked in form.billers:
        yield f"billers/{name}", str(ticked)
    yield "channels/web", str(form.web)
    yield "channels/mobile", str(form.mobile)


def _limit_path(limit: FormLimit, part: str) -> str:
    return "/".join(x for x in ("limits", limit.kind, limit.currency, part, limit.holder) if x)


def _flags(
    work: Work, enrolment: Enrolment, form: EnrolmentForm, before: EnrolmentForm | None
) -> Iterator[RedFlag]:
    yield from _raised(form, before)
    yield from _data_flags(work, enrolment)
    exception = work.session.execute(
        select(CardException.reason, Staff.full_name)
        .join(Staff, Staff.id == CardException.supervisor_id)
        .where(CardException.enrolment_id == enrolment.id)
    ).first()
    if exception is not None:
        yield RedFlag(Flag.CARD_EXCEPTED, (("reason", exception[0]), ("by", exception[1])))
    returned = last_return(work, enrolment.id)
    if returned is not None:
        at = returned[2].astimezone(LA_PAZ).isoformat(timespec="minutes")
        facts = (("reason", returned[0]), ("by", returned[1]), ("at", at))
        yield RedFlag(Flag.RETURNED_BEFORE, facts)
    today = work.now.astimezone(LA_PAZ).date()
    for person in enrolment.representatives:
        if person.power_expiry is not None and person.power_expiry - today <= _POWER_SOON:
            yield RedFlag(
                Flag.POWER_ENDS,
                (("name", person.person_name), ("on", person.power_expiry.isoformat())),
            )


def _raised(form: EnrolmentForm, before: EnrolmentForm | None) -> Iterator[RedFlag]:
    old = (
        {}
        if before is None
        else {(each.kind, each.currency, each.holder): each.per_day for each in before.limits}
    )
    for each in form.limits:
        was = old.get((each.kind, each.currency, each.holder))
        if was is not None and each.per_day > was:
            yield RedFlag(
                Flag.RAISED,
                (
                    ("kind", each.kind),
                    ("currency", each.currency),
                    ("before", was),
                    ("after", each.per_day),
                    ("holder", each.holder),
                ),
            )


def _data_flags(work: Work, enrolment: Enrolment) -> Iterator[RedFlag]:
    member = work.session.get_one(Member, enrolment.member_id)
    contact = ("mobile", "email")
    for name in contact:
        typed, record = getattr(enrolment, name), getattr(member, name)
        if record and typed != record:
            facts = (("field", name), ("record", record), ("typed", typed))
            yield RedFlag(Flag.CONTACT_DIFFERS, facts)
        other = work.session.scalar(
            select(Member).where(getattr(Member, name) == typed, Member.id != member.id).limit(1)
        )
        user = work.session.scalar(
            select(Access)
            .where(getattr(Access, name) == typed, Access.member_id != member.id)
            .limit(1)
        )
        if other is not None or user is not None:
            shared = other.name if other is not None else user.person_name if user else ""
            yield RedFlag(Flag.SHARED_CONTACT, (("field", name), ("name", shared)))
    check = work.session.scalars(
        select(IdentityCheck)
        .where(IdentityCheck.enrolment_id == enrolment.id)
        .order_by(IdentityCheck.checked_at.desc())
        .limit(1)
    ).first()
    for difference in check.differences if check else ():
        if difference.field not in contact:
            yield RedFlag(
                Flag.DATA_DIFFER, (("field", difference.field), ("reason", difference.reason))
            )
