"""What each field accepts, keeps and refuses."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from branch_desk.models.errors import InvalidCharacter, InvalidValue
from branch_desk.models.member import DocumentType, MemberKind
from branch_desk.models.validation import (
    RULES,
    ApplicantValues,
    clean_applicant,
    clean_birth,
    clean_document,
    clean_expiry,
    clean_past,
    clean_request,
    clean_text,
    required_text,
)

TODAY = date(2026, 11, 23)

LUCIA = ApplicantValues(
    kind=MemberKind.PERSON,
    document_type=DocumentType.CI,
    document_number="4567891",
    complement="1b",
    first_names="Lucía",
    first_surname="Méndez",
    birth_date=date(1990, 5, 3),
    email="Lucia@Example.com",
    mobile="+591 700-12345",
    address="Av. Banzer 4to anillo",
)
PAN = ApplicantValues(
    kind=MemberKind.COMPANY,
    document_type=DocumentType.NIT,
    document_number="1023456021",
    company_name="Panadería «La Espiga»",
)


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("first_names", "  Ana   María ", "Ana María"),
        ("first_names", "Jose\u0301", "José"),  # decomposed, as some keyboards send it
        ("first_surname", "D'Orbigny", "D'Orbigny"),
        ("first_surname", "Peña-Ñáñez", "Peña-Ñáñez"),
        ("first_names", "Juan\u00a0José", "Juan José"),
        ("company_name", "Muñoz & Hijos S.R.L. (en liquidación)", None),
        ("company_name", "3B Comercial", None),
        ("address", "Calle <b>7</b>, casa 12 = esquina", None),
        ("mobile", "+591 700-12345", "70012345"),
        ("email", "Ana.Perez@Correo.Example.COM", "ana.perez@correo.example.com"),
        ("user_name", "LMendez2", "lmendez2"),
        ("account_number", "0012-3456 789", "00123456789"),
        ("complement", "1b", "1B"),
        ("complement", "", ""),
    ],
)
def test_text_is_kept_in_one_form(field: str, typed: str, kept: str | None) -> None:
    assert clean_text(field, typed) == (typed if kept is None else kept)


@pytest.mark.parametrize(
    ("field", "typed", "reason"),
    [
        ("mobile", "50012345", "mobile"),
        ("mobile", "7001234", "mobile"),
        ("mobile", "7001234\u0665", "mobile"),  # an Arabic digit is none here
        ("email", "ana@", "email"),
        ("email", "ana@localhost", "email"),
        ("email", "ana..perez@example.com", "email"),
        ("email", "ñandú@example.com", "email"),
        ("complement", "12345A", "too_long"),
        ("complement", "1_", "complement"),
        ("user_name", "4567891", "user_name"),
        ("user_name", "lu", "user_name"),
        ("member_number", "12a", "digits"),
        ("account_number", "123", "account_number"),
        ("first_names", "A" * 61, "too_long"),
        ("address", "x" * 121, "too_long"),
        ("address", "x" * 1_000_000, "too_long"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(field: str, typed: str, reason: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        clean_text(field, typed)
    assert (refused.value.field, refused.value.reason) == (field, reason)


@pytest.mark.parametrize(
    "character",
    "\x00 \x07 \x1b \x85 \u200b \u200d \u202e \u2066 \ufeff \u00ad \u2028 \ue000 \U000e0041 \u0378".split(
        " "
    ),
)
@pytest.mark.parametrize("field", sorted(RULES))
def test_an_invisible_character_is_refused_with_its_place(field: str, character: str) -> None:
    with pytest.raises(InvalidCharacter) as refused:
        clean_text(field, f"  ab{character}cd")
    assert (refused.value.position, refused.value.reason) == (3, "invisible")


@pytest.mark.parametrize(
    ("typed", "position"), [("Ana <b>", 5), ("An4", 3), ("Ana  María!", 11), ("Ana_", 4)]
)
def test_a_sign_that_no_name_has_is_refused_with_its_place(typed: str, position: int) -> None:
    with pytest.raises(InvalidCharacter) as refused:
        clean_text("first_names", typed)
    assert refused.value.position == position


@pytest.mark.parametrize("typed", ["-", "'", ".", "\u0301a"])
def test_a_name_begins_with_a_letter(typed: str) -> None:
    with pytest.raises(InvalidCharacter):
        clean_text("first_surname", typed)


def test_a_required_text_is_not_blank() -> None:
    assert required_text("first_names", " Ana ") == "Ana"
    with pytest.raises(InvalidValue) as refused:
        required_text("first_names", " \t\u00a0")
    assert refused.value.reason == "missing"


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        (DocumentType.CI, "4.567.891", "4567891"),
        (DocumentType.CI, "4567", "4567"),
        (DocumentType.CI, "567", None),
        (DocumentType.CI, "456789123", None),
        (DocumentType.CI, "4567891-1B", None),
        (DocumentType.CIE, "e-10012345", "E10012345"),
        (DocumentType.PASSPORT, "aab 123456", "AAB123456"),
        (DocumentType.PASSPORT, "A1", None),
        (DocumentType.NIT, "1023456021", "1023456021"),
        (DocumentType.NIT, "10234X", None),
        (DocumentType.NIT, "", None),
    ],
)
def test_a_document_number_has_the_form_of_its_type(
    kind: DocumentType, typed: str, kept: str | None
) -> None:
    if kept is not None:
        assert clean_document(kind, typed) == kept
        return
    with pytest.raises(InvalidValue) as refused:
        clean_document(kind, typed)
    assert refused.value.field == "document_number"


def test_an_applicant_is_kept_in_one_form() -> None:
    kept = clean_request(LUCIA, today=TODAY)
    assert kept == replace(LUCIA, complement="1B", email="lucia@example.com", mobile="70012345")
    assert clean_request(kept, today=TODAY) == kept


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (replace(LUCIA, document_type=DocumentType.NIT), "document_type"),
        (replace(PAN, document_type=DocumentType.CI, document_number="4567891"), "document_type"),
        (replace(LUCIA, first_names=" "), "first_names"),
        (replace(LUCIA, first_surname=""), "first_surname"),
        (replace(LUCIA, company_name="Pan"), "company_name"),
        (replace(PAN, company_name=""), "company_name"),
        (replace(PAN, first_names="Ana"), "first_names"),
        (replace(PAN, birth_date=date(1990, 1, 1)), "birth_date"),
        (replace(PAN, complement="1B"), "complement"),
        (replace(LUCIA, document_type=DocumentType.PASSPORT), "complement"),
        (replace(LUCIA, birth_date=date(2027, 1, 1)), "birth_date"),
        (replace(LUCIA, birth_date=date(1890, 1, 1)), "birth_date"),
        (replace(LUCIA, document_expiry=date(2099, 1, 1)), "document_expiry"),
    ],
)
def test_an_applicant_whose_values_do_not_agree_is_refused(
    values: ApplicantValues, field: str
) -> None:
    with pytest.raises(InvalidValue) as refused:
        clean_applicant(values, today=TODAY)
    assert refused.value.field == field


def test_a_second_surname_alone_is_enough() -> None:
    only = replace(LUCIA, first_surname="", second_surname="Rojas")
    assert clean_applicant(only, today=TODAY).second_surname == "Rojas"


@pytest.mark.parametrize("field", ["birth_date", "email", "mobile", "address"])
def test_a_request_says_what_a_record_may_lack(field: str) -> None:
    lacking = replace(LUCIA, **dict[str, Any]({field: None if field == "birth_date" else ""}))
    clean_applicant(lacking, today=TODAY)
    with pytest.raises(InvalidValue) as refused:
        clean_request(lacking, today=TODAY)
    assert (refused.value.field, refused.value.reason) == (field, "missing")


def test_dates_are_those_of_living_people_and_real_papers() -> None:
    assert clean_birth(TODAY, today=TODAY) == TODAY
    assert clean_past("opened_on", date(1985, 1, 1), today=TODAY)
    assert clean_expiry("document_expiry", date(2020, 1, 1), today=TODAY)
    with pytest.raises(InvalidValue):
        clean_past("opened_on", date(2026, 11, 24), today=TODAY)
    with pytest.raises(InvalidValue):
        clean_past("power_date", date(1800, 1, 1), today=TODAY)
    with pytest.raises(InvalidValue):
        clean_expiry("document_expiry", date(1800, 1, 1), today=TODAY)
