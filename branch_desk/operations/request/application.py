"""What a person or company says to ask for e-banking, and the user names they ask for (F1, F6)."""

from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from branch_desk.models.base import new_id
from branch_desk.models.enrolment import (
    Enrolment,
    Representative,
    SigningRule,
    UserName,
)
from branch_desk.models.errors import (
    ChangedMeanwhile,
    Duplicate,
    InvalidValue,
    NothingChosen,
)
from branch_desk.models.member import (
    Department,
    DocumentType,
    MemberKind,
    folded,
    next_key,
    person_key,
)
from branch_desk.models.validation import (
    ApplicantValues,
    clean_document,
    clean_past,
    clean_text,
    required_text,
)
from branch_desk.operations.rules import refuse_self_dealing
from branch_desk.operations.work import Work, allowed

LA_PAZ = ZoneInfo("America/La_Paz")

_LONGEST_STEM = 24
_MOST_PROPOSALS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RepresentativeValues:
    """What is said of a company's representative, and of the power (F6)."""

    document_type: DocumentType = DocumentType.CI
    document_number: str
    complement: str = ""
    issued_in: Department | None = None
    document_expiry: date | None = None
    first_names: str
    first_surname: str = ""
    second_surname: str = ""
    married_surname: str = ""
    email: str
    mobile: str
    user_name: str = ""
    power_number: str
    power_date: date
    notary: str
    power_expiry: date | None = None
    faculties: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Everything a person or company says to ask for e-banking (F1)."""

    values: ApplicantValues
    terms_version: str
    user_name: str = ""
    signing_rule: SigningRule | None = None
    representatives: tuple[RepresentativeValues, ...] = ()


def applicant_of(enrolment: Enrolment) -> ApplicantValues:
    """Give what a request says of its applicant."""
    return ApplicantValues(
        kind=enrolment.kind,
        document_type=enrolment.document_type,
        document_number=enrolment.document_number,
        complement=enrolment.complement,
        issued_in=enrolment.issued_in,
        document_expiry=enrolment.document_expiry,
        first_names=enrolment.first_names,
        first_surname=enrolment.first_surname,
        second_surname=enrolment.second_surname,
        married_surname=enrolment.married_surname,
        birth_date=enrolment.birth_date,
        company_name=enrolment.company_name,
        trade_registry=enrolment.trade_registry,
        email=enrolment.email,
        mobile=enrolment.mobile,
        address=enrolment.address,
    )


def agree_on_signing(application: Application) -> None:
    """Refuse a company without representatives or signing rule, and a person with them (F6)."""
    company = application.values.kind is MemberKind.COMPANY
    if company is not bool(application.representatives):
        raise NothingChosen(kind="representatives", field="representatives")
    if company is (application.signing_rule is None):
        raise InvalidValue(field="signing_rule", reason="missing")
    joint = application.signing_rule is SigningRule.JOINT_TWO
    if joint and len(application.representatives) < 2:  # noqa: PLR2004  «conjunta de dos»
        raise NothingChosen(kind="second_representative", field="representatives")


@allowed()
def store_people(work: Work, enrolment: Enrolment, application: Application, today: date) -> None:
    """Store user names and, of a company, the representatives; a known one keeps its id."""
    if enrolment.kind is MemberKind.PERSON:
        surname = enrolment.first_surname or enrolment.second_surname
        enrolment.user_name = _claim(
            work, enrolment, application.user_name, enrolment.first_names, surname
        )
        return
    kept = {each.person: each for each in enrolment.representatives}
    now: list[Representative] = []
    for position, values in enumerate(application.representatives):
        cleaned = _clean_representative(values, today)
        person = person_key(
            DocumentType(values.document_type),
            str(cleaned["document_number"]),
            str(cleaned["complement"]),
        )
        refuse_self_dealing(work, person)
        if any(each.person == person for each in now):
            raise Duplicate(kind="representative", value=values.document_number)
        row = kept.get(person) or Representative(id=new_id(), enrolment_id=enrolment.id)
        for name, value in cleaned.items():
            setattr(row, name, value)
        row.position = position
        row.user_name = _claim(
            work,
            enrolment,
            values.user_name,
            row.first_names,
            row.first_surname or row.second_surname,
        )
        now.append(row)
    gone = [each for each in enrolment.representatives if each not in now]
    enrolment.limits = [
        limit for limit in enrolment.limits if limit.representative_id not in {r.id for r in gone}
    ]
    work.session.flush()
    enrolment.representatives = now


def _clean_representative(values: RepresentativeValues, today: date) -> dict[str, object]:
    if values.document_type is DocumentType.NIT:
        raise InvalidValue(field="representative_document", reason="not_of_this_kind")
    cleaned: dict[str, object] = dict(asdict(values))
    cleaned["document_number"] = clean_document(values.document_type, values.document_number)
    for name in ("complement", "second_surname", "married_surname", "first_surname", "faculties"):
        cleaned[name] = clean_text(name, getattr(values, name))
    for name in ("first_names", "email", "mobile", "power_number", "notary"):
        cleaned[name] = required_text(name, getattr(values, name))
    if not (cleaned["first_surname"] or cleaned["second_surname"]):
        raise InvalidValue(field="first_surname", reason="missing")
    clean_past("power_date", values.power_date, today=today)
    if values.power_expiry is not None and values.power_expiry < values.power_date:
        raise InvalidValue(field="power_expiry", reason="before_its_date")
    return cleaned


def _claim(work: Work, enrolment: Enrolment, wanted: str, first_names: str, surname: str) -> str:
    """Reserve a user name, case aside; an empty wish gets the manual's proposal (F1)."""
    if wanted.strip():
        name = required_text("user_name", wanted)
        card = enrolment.document_number
        if name in {card, f"{card}{enrolment.complement}"}:
            raise InvalidValue(field="user_name", reason="is_document")
        if work.session.get(UserName, name) is None and _reserved(work, enrolment, name):
            return name
        raise Duplicate(kind="user_name", value=name, field="user_name")
    for _ in range(_MOST_PROPOSALS):
        name = free_user_name(work, first_names, surname)
        if _reserved(work, enrolment, name):
            return name
    raise ChangedMeanwhile(kind="user_name")


def _reserved(work: Work, enrolment: Enrolment, name: str) -> bool:
    """Reserve a name; False when another desk was quicker by so little that it was not yet seen."""
    try:
        with work.session.begin_nested():
            work.session.add(UserName(folded=name, enrolment_id=enrolment.id))
    except IntegrityError:
        return False
    return True


@allowed()
def free_user_name(work: Work, first_names: str, surname: str) -> str:
    """Give the manual's proposal, initial + surname, with a number when it is taken."""
    initial = folded(first_names)[:1]
    stem = (initial + folded(surname).replace(" ", ""))[:_LONGEST_STEM].ljust(3, "x")
    taken = set(
        work.session.scalars(
            select(UserName.folded).where(UserName.folded >= stem, UserName.folded < next_key(stem))
        )
    )
    number = 1
    while (name := stem if number == 1 else f"{stem}{number}") in taken:
        number += 1
    return name


@allowed()
def give_back_user_names(work: Work, enrolment_id: UUID) -> None:
    """Let others have the user names a request reserved."""
    work.session.execute(delete(UserName).where(UserName.enrolment_id == enrolment_id))
