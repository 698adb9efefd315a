"""Forms built by hand: a person, and a company with three representatives."""

import hashlib
from dataclasses import replace
from datetime import date

from branch_desk import resources
from branch_desk.reports.enrolment_form import (
    Amount,
    ContractTerms,
    EnrolmentForm,
    FormAccount,
    FormLimit,
    FormMember,
    FormRepresentative,
    Power,
)
from branch_desk.reports.paper import Letterhead

_TEXT = resources.path("terms", "2026-1.txt").read_text(encoding="utf-8")
CONTRACT = ContractTerms(
    version="2026-1",
    title="Términos y condiciones para el uso de canales electrónicos",
    sha256=hashlib.sha256(_TEXT.encode()).hexdigest(),
    text=_TEXT,
)
BILLERS = tuple(
    (name, name not in {"VIVA pospago", "ENTEL prepago"})
    for name in (
        "CRE",
        "SAGUAPAC",
        "COTAS",
        "TIGO pospago",
        "TIGO prepago",
        "VIVA pospago",
        "VIVA prepago",
        "ENTEL pospago",
        "ENTEL prepago",
    )
)
KINDS = ("OWN", "THIRD_PARTY", "OTHER_BANK", "SERVICE")


def a_person(**changes):
    member = FormMember(
        name="Laura Méndez Áñez de Lazarte",
        document="4567891-1B SC",
        member_number="0012345",
        mobile="71234567",
        email="laura.mendez@ejemplo.bo",
        address="Av. Cristo Redentor, calle 7 N.º 125, Santa Cruz de la Sierra",
        user_name="lmendez2",
        document_expires_on=date(2031, 5, 14),
        birth_date=date(1985, 3, 2),
    )
    return replace(member, **changes)


def a_representative(number):
    names = (
        "María Ñusta Quispe Mamani",
        "José Ignacio Peña Suárez",
        "Ana O'Connor de la Fuente Gutiérrez y Villarroel",
    )
    return FormRepresentative(
        name=names[number],
        document=f"{3456789 + number} LP",
        user_name=("mquispe", "jpena", "aoconnor")[number],
        power=Power(
            number=f"{812 + number}/2024",
            granted_on=date(2024, 4, 30),
            notary="N.º 35, Dra. Carmen Rosa Flores Vaca, Santa Cruz",
            faculties="abrir y mover cuentas, ordenar transferencias, contratar servicios",
            expires_on=date(2028, 4, 30) if number else None,
        ),
        mobile="70011223",
        email="gerencia@ejemplo.bo",
    )


def limits(holder="", currencies=("BOB", "USD")):
    return tuple(
        FormLimit(kind, currency, 2_000_000, 5_000_000, 100_210_050, 10, holder)
        for currency in currencies
        for kind in KINDS
        if currency == "BOB" or kind != "SERVICE"
    )


def a_form(**changes):
    form = EnrolmentForm(
        folio="SC01-2026-000123",
        revision=3,
        terms_sha256=hashlib.sha256(b"terms").hexdigest(),
        form_version="CAP-EB-01/2026-1",
        issued_on=date(2026, 11, 23),
        letterhead=Letterhead(
            "Cooperativa de Ahorro y Crédito «San Martín de Porres» R.L.",
            "Agencia Central Santa Cruz",
            "Calle Libertad N.º 321",
        ),
        officer="Rosa Elena Justiniano Vaca",
        officer_document="5566778 SC",
        member=a_person(),
        accounts=(
            FormAccount("101-2-00123456", "CA", "BOB", "INDIVIDUAL", True, True, True, True),
            FormAccount("101-2-00123457", "CA", "USD", "ALTERNA", True, True, True, False),
            FormAccount("301-4-00000099", "DPF", "BOB", "CONJUNTA", True, False, True, True),
            FormAccount("501-1-00004321", "PR", "BOB", "INDIVIDUAL", True, False, True, True),
        ),
        limits=limits(),
        worst_day=(Amount(15_000_000, "BOB"), Amount(10_000_000, "USD")),
        billers=BILLERS,
        web=True,
        mobile=True,
        contract=CONTRACT,
    )
    return replace(form, **changes)


def a_company_form(**changes):
    representatives = tuple(a_representative(number) for number in range(3))
    company = a_person(
        name="Importadora & Distribuidora «El Ñandú» del Oriente Boliviano Sociedad Anónima",
        document="1023456028",
        trade_registry="00123456",
        signing_rule="JOINT",
        representatives=representatives,
    )
    values = {
        "member": company,
        "limits": tuple(limit for each in representatives for limit in limits(each.name, ("BOB",))),
    }
    return a_form(**{**values, **changes})
