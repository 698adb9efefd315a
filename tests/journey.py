"""A request carried to any of its states, by the operations a person would use."""

import io
import math
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pypdfium2
from PIL import Image, ImageDraw

from branch_desk.models.enrolment import SigningRule, Status
from branch_desk.models.form import Destination
from branch_desk.models.identity import CheckPoint
from branch_desk.models.member import Department, DocumentType, MemberKind
from branch_desk.models.money import Currency
from branch_desk.models.parameter import LimitKind
from branch_desk.models.validation import ApplicantValues
from branch_desk.operations.request import (
    approval,
    configuration,
    enrolment,
    enrolment_file,
    forms,
    identity,
)
from branch_desk.operations.request.application import Application, RepresentativeValues
from branch_desk.operations.request.configuration import AccountChoice, Configuration, LimitChoice
from branch_desk.operations.request.enrolment_file import EnrolmentFile
from branch_desk.operations.request.identity import CardReading
from branch_desk.operations.work import Desk
from tests.builders import World

ANA = ApplicantValues(
    kind=MemberKind.PERSON,
    document_type=DocumentType.CI,
    document_number="4567891",
    complement="1B",
    issued_in=Department.SC,
    document_expiry=date(2030, 5, 1),
    first_names="Ana María",
    first_surname="Méndez",
    second_surname="Ríos",
    birth_date=date(1985, 3, 14),
    email="ana@example.com",
    mobile="70012345",
    address="Calle Sucre 45",
)
TAJIBO = ApplicantValues(
    kind=MemberKind.COMPANY,
    document_type=DocumentType.NIT,
    document_number="1023456021",
    company_name="Aserradero El Tajibo S.R.L.",
    trade_registry="00123456",
    email="tajibo@example.com",
    mobile="70099999",
    address="Calle Sucre 45",
)


def a_representative(number: str = "3344556", **changes: Any) -> RepresentativeValues:
    values: dict[str, Any] = {
        "document_number": number,
        "issued_in": Department.SC,
        "document_expiry": date(2031, 1, 1),
        "first_names": "Jaime",
        "first_surname": "Lazarte",
        "email": f"r{number}@example.com",
        "mobile": "71112223",
        "power_number": "123/2024",
        "power_date": date(2024, 2, 1),
        "notary": "Notaría 12, Dra. Vaca Díez",
        "faculties": "Administración y banca electrónica",
    } | changes
    return RepresentativeValues(**values)


def an_application(**changes: Any) -> Application:
    return replace(Application(values=ANA, terms_version="2026-1"), **changes)


def a_company_application(*people: RepresentativeValues) -> Application:
    return Application(
        values=TAJIBO,
        terms_version="2026-1",
        signing_rule=SigningRule.SOLE,
        representatives=people or (a_representative(),),
    )


ALL_POINTS = frozenset(CheckPoint)


def a_reading(file: EnrolmentFile, **changes: Any) -> CardReading:
    """A card that says what the request says."""
    values = file.application.values
    card = {
        name: identity.plain(getattr(values, name)) for name in identity.CARD_FIELDS[values.kind]
    }
    return replace(CardReading(points=ALL_POINTS, card=card, reasons={}), **changes)


def limits(representative: UUID | None = None, per_day: int = 200_000) -> tuple[LimitChoice, ...]:
    return tuple(
        LimitChoice(
            kind=kind,
            currency=Currency.BOB,
            per_operation=per_day // 2,
            per_day=per_day,
            per_month=per_day * 10,
            count_per_day=5,
            representative_id=representative,
        )
        for kind in LimitKind
    )


def a_configuration(
    desk: Desk, enrolment_id: UUID, *, per_day: int = 200_000, **changes: Any
) -> Configuration:
    options = desk(configuration.options, enrolment_id)
    chosen = Configuration(
        accounts=tuple(
            AccountChoice(account_id=each.account_id, debit=each.may_debit)
            for each in options.accounts
        ),
        limits=tuple(limit for person, _ in options.people for limit in limits(person, per_day)),
        billers=("CRE", "SAGUAPAC"),
    )
    return replace(chosen, **changes)


def view(desk: Desk, enrolment_id: UUID) -> EnrolmentFile:
    return desk(enrolment_file.view, enrolment_id)


def signed_scan(pdf: bytes, *, degrees: float = 1.5, page: int = 0) -> bytes:
    """Rasterise a page, draw a signature on it and turn it a little, as a scanner gives it."""
    document = pypdfium2.PdfDocument(pdf)
    picture: Image.Image = document[page].render(scale=150 / 72).to_pil().convert("L")
    document.close()
    pen = ImageDraw.Draw(picture)
    points = [
        (200 + 3 * i, picture.height - 260 + 20 * math.sin(i / 3) * math.cos(i / 7))
        for i in range(80)
    ]
    pen.line(points, fill=20, width=3)
    turned = picture.rotate(degrees, expand=True, fillcolor=255)
    out = io.BytesIO()
    turned.save(out, "JPEG", quality=80)
    return out.getvalue()


def carry(
    world: World,
    desk: Desk,
    target: Status = Status.SIGNED,
    application: Application | None = None,
    *,
    per_day: int = 200_000,
) -> UUID:
    """Take a new request to `target` (an open state) by one officer."""
    enrolment_id = desk(enrolment.submit, application or an_application())
    order = [Status.SUBMITTED, Status.IDENTIFIED, Status.CONFIGURED, Status.PRINTED, Status.SIGNED]
    for status in order[1 : order.index(target) + 1]:
        advance(desk, enrolment_id, status, per_day=per_day)
    return enrolment_id


def advance(desk: Desk, enrolment_id: UUID, status: Status, *, per_day: int = 200_000) -> None:
    """Do the one thing that leads to `status`."""
    file = view(desk, enrolment_id)
    if status is Status.IDENTIFIED:
        desk(identity.identify, enrolment_id, file.version, a_reading(file))
    elif status is Status.CONFIGURED:
        chosen = a_configuration(desk, enrolment_id, per_day=per_day)
        desk(configuration.configure, enrolment_id, file.version, chosen)
    elif status is Status.PRINTED:
        forms.make(desk, enrolment_id, file.version)
    elif status is Status.SIGNED:
        forms.file_sheet(desk, signed_scan(sheet_of(desk, enrolment_id)), enrolment_id)


def sheet_of(desk: Desk, enrolment_id: UUID) -> bytes:
    """Print the valid form to a file, as the officer does."""
    form = view(desk, enrolment_id).valid_form
    assert form is not None
    ticket = forms.send(desk, form.id, Destination.FILE)
    desk(forms.end_printing, ticket.printing_id, "saved")
    return ticket.pdf


def approve(world: World, desk: Desk, user_name: str, enrolment_id: UUID) -> tuple[UUID, ...]:
    """Judge a signed request as its supervisor, password and code given afresh."""
    world.again(desk, user_name)
    case = desk(approval.case, enrolment_id)
    return desk(approval.approve, enrolment_id, terms_sha256=case.terms_sha256)
