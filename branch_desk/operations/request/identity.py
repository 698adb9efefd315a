"""The identity check: what the applicant typed, what the books say, what the card says (F4, F5)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select, update

from branch_desk.models.base import new_id
from branch_desk.models.enrolment import OPEN, Enrolment, Status
from branch_desk.models.errors import (
    CardExpired,
    CheckListIncomplete,
    DifferencesUnexplained,
    InvalidValue,
    NoMember,
    NotFound,
    WrongState,
)
from branch_desk.models.event import Event
from branch_desk.models.identity import (
    INDEFINITE_FROM_AGE,
    WARN_BEFORE_EXPIRY_DAYS,
    Attachment,
    AttachmentKind,
    CardException,
    CheckPoint,
    Difference,
    IdentityCheck,
)
from branch_desk.models.member import Member, MemberKind, folded
from branch_desk.models.staff import Role
from branch_desk.models.validation import clean_text
from branch_desk.operations.request.application import LA_PAZ
from branch_desk.operations.request.holding import editable, found, locked, touch, void_paper
from branch_desk.operations.rules import refuse_self_dealing, stated
from branch_desk.operations.work import Desk, Work, allowed
from branch_desk.reports.images import clean_image, clean_sheet

_DESK = (Role.OFFICER, Role.SUPERVISOR)
_READERS = (Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
_ATTACHMENT_PURPOSE = "attachment"
_SHORTEST_EXPLANATION = 3

CARD_FIELDS: Mapping[MemberKind, tuple[str, ...]] = {
    MemberKind.PERSON: (
        "document_number",
        "complement",
        "issued_in",
        "document_expiry",
        "first_names",
        "first_surname",
        "second_surname",
        "married_surname",
        "birth_date",
    ),
    MemberKind.COMPANY: ("document_number", "company_name", "trade_registry"),
}
"""What is read off the document itself."""

RECORD_FIELDS = ("email", "mobile", "address")
"""What only request and books can say."""


class CardState(StrEnum):
    """What the date of a card means today (F5)."""

    VALID = "VALID"
    EXPIRES_SOON = "EXPIRES_SOON"
    EXPIRED = "EXPIRED"
    INDEFINITE = "INDEFINITE"
    INDEFINITE_TOO_YOUNG = "INDEFINITE_TOO_YOUNG"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field as request, books and, after a check, the card have it."""

    field: str
    typed: str
    record: str
    card: str
    on_card: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class IdentityView:
    """Everything the step of the identity shows."""

    rows: tuple[Comparison, ...]
    member_known: bool
    record_expiry: date | None
    exception: bool
    """A supervisor excepted the card's date as it stands in the request."""
    checked: bool
    """A check of this revision exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReading:
    """What an officer read off the document and ticked."""

    points: frozenset[CheckPoint]
    card: Mapping[str, str]
    """Field name → text as on the card; dates as YYYY-MM-DD, empty expiry = «indefinida»."""
    reasons: Mapping[str, str]
    """Field name → why a difference is accepted."""
    card_code: str | None = None
    """Text of the card's QR, if it was scanned: only its hash is kept."""


def card_state(expiry: date | None, birth: date | None, today: date) -> CardState:
    """Judge a card by its date; days are those of La Paz."""
    if expiry is None:
        if birth is not None and _age(birth, today) < INDEFINITE_FROM_AGE:
            return CardState.INDEFINITE_TOO_YOUNG
        return CardState.INDEFINITE
    if expiry < today:
        return CardState.EXPIRED
    soon = (expiry - today).days <= WARN_BEFORE_EXPIRY_DAYS
    return CardState.EXPIRES_SOON if soon else CardState.VALID


def same(one: str, other: str) -> bool:
    """Tell whether two values are the same but for case and blanks; accents count."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def alike(one: str, other: str) -> bool:
    """Tell whether they differ in nothing but accents, case and signs."""
    return folded(one) == folded(other)


@allowed(*_READERS, reads=True)
def comparison(work: Work, enrolment_id: UUID) -> IdentityView:
    """Give request and books side by side, with the card's column of the last check."""
    enrolment = found(work, enrolment_id)
    member = work.session.get(Member, enrolment.member_id) if enrolment.member_id else None
    check = _last_check(work, enrolment)
    differences = {} if check is None else {d.field: d for d in check.differences}
    rows = []
    for name in (*CARD_FIELDS[enrolment.kind], *RECORD_FIELDS):
        typed = plain(getattr(enrolment, name))
        known = differences.get(name)
        on_card = name in CARD_FIELDS[enrolment.kind]
        card = "" if check is None or not on_card else (known.card if known else typed)
        rows.append(
            Comparison(
                field=name,
                typed=typed,
                record=plain(getattr(member, name)) if member else "",
                card=card,
                on_card=on_card,
                reason=known.reason if known else "",
            )
        )
    return IdentityView(
        rows=tuple(rows),
        member_known=member is not None,
        record_expiry=member.document_expiry if member else None,
        exception=_excepted(work, enrolment.id, enrolment.document_expiry),
        checked=check is not None and check.revision == enrolment.revision,
    )


@allowed(*_DESK)
def identify(work: Work, enrolment_id: UUID, version: int, reading: CardReading) -> None:
    """Finish the identity check of a request.

    Raises NoMember, CheckListIncomplete, DifferencesUnexplained, CardExpired, InvalidValue.
    """
    enrolment = editable(work, enrolment_id, version)
    if enrolment.member_id is None:
        raise NoMember(document=enrolment.document, field="document_number")
    member = work.session.get_one(Member, enrolment.member_id)
    expiry = _check_date(work, enrolment, reading)
    missing = set(CheckPoint) - reading.points - {CheckPoint.NOT_EXPIRED}
    if missing:
        raise CheckListIncomplete(missing=tuple(sorted(missing)), field="points")
    differences = _differences(enrolment, member, reading)
    unexplained = tuple(d.field for d in differences if len(d.reason) < _SHORTEST_EXPLANATION)
    if unexplained:
        raise DifferencesUnexplained(fields=unexplained, field=f"reason_{unexplained[0]}")
    enrolment.edited(Status.IDENTIFIED, work.now)
    touch(work, enrolment)
    void_paper(work, enrolment)
    check = IdentityCheck(
        id=new_id(),
        enrolment_id=enrolment_id,
        revision=enrolment.revision,
        staff_id=work.staff_id,
        checked_at=work.now,
        points=" ".join(sorted(CheckPoint)),
        card_expiry=expiry,
        card_code_sha256=_digest(reading.card_code),
        differences=differences,
    )
    work.session.add(check)
    work.record(
        Event.ENROLMENT_IDENTIFIED,
        enrolment_id,
        member_id=enrolment.member_id,
        revision=enrolment.revision,
        differences=sorted(each.field for each in differences),
    )


@allowed(Role.SUPERVISOR, fresh=True)
def except_card(work: Work, enrolment_id: UUID, reason: str) -> None:
    """Allow a request to go on with its expired card, for this date only (F5).

    The supervisor who excepts has a hand in the request and cannot approve it. Raises WrongState
    for a closed request, and when the card is not expired.
    """
    enrolment = locked(work, enrolment_id)
    if enrolment.status not in OPEN:
        raise WrongState(kind="enrolment", current=enrolment.status, target=enrolment.status)
    refuse_self_dealing(work, enrolment.person)
    expiry = enrolment.document_expiry
    today = work.now.astimezone(LA_PAZ).date()
    if expiry is None or card_state(expiry, enrolment.birth_date, today) is not CardState.EXPIRED:
        raise WrongState(kind="card", current="VALID", target="EXCEPTED")
    work.session.add(
        CardException(
            id=new_id(),
            enrolment_id=enrolment_id,
            document_expiry=expiry,
            supervisor_id=work.staff_id,
            reason=stated(reason),
            granted_at=work.now,
        )
    )
    touch(work, enrolment)
    work.record(
        Event.CARD_EXCEPTED, enrolment_id, member_id=enrolment.member_id, reason=stated(reason)
    )


def file_card(desk: Desk, enrolment_id: UUID, kind: AttachmentKind, data: bytes) -> UUID:
    """File a picture of the card, or a power as picture or PDF, cleaned and sealed.

    A newer one of the same side replaces the older. Raises UnreadableFile.
    """
    if kind is AttachmentKind.POWER:
        sheet = clean_sheet(data)
        return desk(store_attachment, enrolment_id, kind, sheet.data, sheet.media_type)
    image = clean_image(data)
    return desk(store_attachment, enrolment_id, kind, image.data, "image/jpeg")


@allowed(*_DESK)
def store_attachment(
    work: Work, enrolment_id: UUID, kind: AttachmentKind, data: bytes, media_type: str
) -> UUID:
    """Seal and store a cleaned file; part of `file_card`."""
    if kind is AttachmentKind.SIGNED_FORM:
        raise InvalidValue(field="kind", reason="not_of_this_kind")
    enrolment = locked(work, enrolment_id)
    editable(work, enrolment_id, enrolment.version)
    return store_file(work, enrolment, kind, data, media_type, form_id=None)


@allowed()
def store_file(
    work: Work,
    enrolment: Enrolment,
    kind: AttachmentKind,
    data: bytes,
    media_type: str,
    *,
    form_id: UUID | None,
) -> UUID:
    """Seal a file into a request's folder, in place of the one before."""
    if kind is not AttachmentKind.POWER:
        work.session.execute(
            update(Attachment)
            .where(
                Attachment.enrolment_id == enrolment.id,
                Attachment.kind == kind,
                Attachment.replaced_at.is_(None),
            )
            .values(replaced_at=work.now)
        )
    attachment = Attachment(
        id=new_id(),
        enrolment_id=enrolment.id,
        kind=kind,
        form_id=form_id,
        media_type=media_type,
        content=b"",
        sha256=hashlib.sha256(data).hexdigest(),
        staff_id=work.staff_id,
        filed_at=work.now,
    )
    attachment.content = work.keys.seal(data, purpose=_ATTACHMENT_PURPOSE, row=attachment.id)
    work.session.add(attachment)
    touch(work, enrolment)
    work.record(
        Event.ATTACHMENT_FILED,
        enrolment.id,
        member_id=enrolment.member_id,
        kind=kind,
        sha256=attachment.sha256,
    )
    return attachment.id


@allowed(*_READERS)
def attachment(work: Work, attachment_id: UUID) -> tuple[str, bytes]:
    """Show a filed image or sheet: media type and content. The look is recorded."""
    row = work.session.get(Attachment, attachment_id)
    if row is None:
        raise NotFound(kind="attachment")
    enrolment = found(work, row.enrolment_id)
    work.record(Event.ATTACHMENT_VIEWED, enrolment.id, member_id=enrolment.member_id, kind=row.kind)
    return row.media_type, work.keys.open(
        row.content, purpose=_ATTACHMENT_PURPOSE, row=attachment_id
    )


def plain(value: object) -> str:
    """Write a field as it is compared: dates as YYYY-MM-DD, nothing as an empty text."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


@allowed()
def require_card(work: Work, enrolment: Enrolment) -> None:
    """Refuse to go on with a card that expired since it was checked. Raises CardExpired."""
    check = _last_check(work, enrolment)
    expiry = enrolment.document_expiry if check is None else check.card_expiry
    today = work.now.astimezone(LA_PAZ).date()
    state = card_state(expiry, enrolment.birth_date, today)
    if state is CardState.EXPIRED and not _excepted(work, enrolment.id, expiry):
        raise CardExpired(expired_on=expiry, field="document_expiry")


def _check_date(work: Work, enrolment: Enrolment, reading: CardReading) -> date | None:
    if enrolment.kind is MemberKind.COMPANY:
        return None
    text = reading.card.get("document_expiry", "")
    try:
        expiry = date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidValue(field="card_document_expiry", reason="date") from None
    today = work.now.astimezone(LA_PAZ).date()
    state = card_state(expiry, enrolment.birth_date, today)
    if state is CardState.INDEFINITE_TOO_YOUNG:
        raise InvalidValue(field="card_document_expiry", reason="indefinite_too_young")
    if state is CardState.EXPIRED and not _excepted(work, enrolment.id, expiry):
        raise CardExpired(expired_on=expiry, field="card_document_expiry")
    return expiry


def _differences(enrolment: Enrolment, member: Member, reading: CardReading) -> list[Difference]:
    rows = []
    for name in (*CARD_FIELDS[enrolment.kind], *RECORD_FIELDS):
        typed = plain(getattr(enrolment, name))
        record = plain(getattr(member, name))
        values = [typed, record]
        card = ""
        if name in CARD_FIELDS[enrolment.kind]:
            card = _visible(f"card_{name}", "address", reading.card.get(name, ""))
            values.append(card)
        elif not record:
            continue  # the books know no address of this kind: nothing to differ from
        if all(same(values[0], other) for other in values[1:]):
            continue
        reason = _visible(f"reason_{name}", "reason", reading.reasons.get(name, ""))
        rows.append(Difference(field=name, typed=typed, record=record, card=card, reason=reason))
    return rows


def _visible(field: str, rule: str, text: str) -> str:
    """Give a text as it is kept, the refusal naming the screen's own field."""
    try:
        return clean_text(rule, text)
    except InvalidValue as wrong:
        wrong.field = field
        raise


def _last_check(work: Work, enrolment: Enrolment) -> IdentityCheck | None:
    return work.session.scalars(
        select(IdentityCheck)
        .where(IdentityCheck.enrolment_id == enrolment.id)
        .order_by(IdentityCheck.checked_at.desc(), IdentityCheck.id.desc())
        .limit(1)
    ).first()


def _excepted(work: Work, enrolment_id: UUID, expiry: date | None) -> bool:
    if expiry is None:
        return False
    return (
        work.session.scalar(
            select(CardException.id)
            .where(
                CardException.enrolment_id == enrolment_id,
                CardException.document_expiry == expiry,
            )
            .limit(1)
        )
        is not None
    )


def _age(birth: date, today: date) -> int:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def _digest(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()
