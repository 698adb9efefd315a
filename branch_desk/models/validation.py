"""What a value must be like: one table for the form's fields, the operations and the import (R86).

Text is kept in NFC, trimmed, its runs of blanks folded into one. Characters nobody sees (controls,
bidirectional marks, zero-width, unassigned, private) are refused everywhere, with their place.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from branch_desk.models.errors import InvalidCharacter, InvalidValue
from branch_desk.models.member import Department, DocumentType, MemberKind

LONGEST_TEXT: Final = 120
INVISIBLE: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
"""Unicode categories no text may hold."""

_BLANKS = " \t\r\n\u00a0"
_MARKS_AND_BLANKS = frozenset({"Mn", "Mc", "Zs"})
_ORDINARY_LOCAL = re.compile(r"[a-z0-9]+(?:[._+-][a-z0-9]+)*", re.ASCII)
_LONGEST_LOCAL = 64  # RFC 5321
_OLDEST_BIRTH_YEARS = 125
_CARD_YEARS = 30  # no card is given for longer, so a later date is a slip of the finger
_FIRST_DAY = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Rule:
    """What one text field accepts, besides what is refused everywhere."""

    longest: int = LONGEST_TEXT
    shortest: int = 1
    signs: str | None = None
    """The signs allowed beside letters and blanks; unset: every visible character."""
    pattern: re.Pattern[str] | None = None
    """What the whole value must look like, after `shape`."""
    reason: str = "format"
    """The word for a value that does not fit the pattern."""
    shape: Callable[[str], str] | None = None
    """Brings harmless ways of typing to the one that is kept."""


def _alphanumeric(text: str) -> str:
    return re.sub(r"[ .-]", "", text).upper()


def _digits(text: str) -> str:
    return re.sub(r"[ .-]", "", text)


def _mobile(text: str) -> str:
    return re.sub(r"[ .()-]", "", text).removeprefix("+591").removeprefix("00591")


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


_PERSON_NAME = Rule(longest=60, signs="'’-.")
_ORDINARY = Rule()

RULES: Final[dict[str, Rule]] = {
    "first_names": _PERSON_NAME,
    "first_surname": _PERSON_NAME,
    "second_surname": _PERSON_NAME,
    "married_surname": _PERSON_NAME,
    "full_name": Rule(signs="'’-."),
    "company_name": Rule(signs="'’\"«»“”-.,&/()+°ºª#:0123456789"),
    "trade_registry": Rule(longest=20, shape=str.upper, pattern=_whole(r"[0-9A-Z][0-9A-Z./-]*")),
    "complement": Rule(
        longest=5, shape=_alphanumeric, pattern=_whole(r"[0-9A-Z]{1,5}"), reason="complement"
    ),
    "mobile": Rule(longest=24, shape=_mobile, pattern=_whole(r"[67][0-9]{7}"), reason="mobile"),
    "email": Rule(longest=254, shape=str.lower),
    "address": _ORDINARY,
    "user_name": Rule(
        longest=30,
        shape=str.lower,
        pattern=_whole(r"[a-z][a-z0-9._-]{2,29}"),
        reason="user_name",
    ),
    "member_number": Rule(longest=20, pattern=_whole(r"[0-9]{1,20}"), reason="digits"),
    "account_number": Rule(
        longest=40, shape=_digits, pattern=_whole(r"[0-9]{4,24}"), reason="account_number"
    ),
    "power_number": Rule(longest=40),
    "notary": _ORDINARY,
    "faculties": Rule(longest=500),
    "reason": Rule(longest=500),
    "concept": _ORDINARY,
    "origin": Rule(longest=200),
    "destination": Rule(longest=200),
    "client_code": Rule(
        longest=24, shape=_digits, pattern=_whole(r"[0-9]{4,16}"), reason="client_code"
    ),
    "description": Rule(longest=60),
    "period": Rule(longest=40),
    "bill_id": Rule(longest=40, pattern=_whole(r"[0-9A-Za-z][0-9A-Za-z._/-]*"), reason="bill_id"),
    "holiday_name": _ORDINARY,
    "city": _ORDINARY,
    "branch_name": _ORDINARY,
    "branch_code": Rule(
        longest=8, shape=str.upper, pattern=_whole(r"[A-Z0-9]{2,8}"), reason="branch_code"
    ),
}
"""The rule of each field that is text, by its name in the tables."""

_DOCUMENTS: Final[dict[DocumentType, Rule]] = {
    # From four digits: the oldest cards have short numbers.
    DocumentType.CI: Rule(24, shape=_digits, pattern=_whole(r"[0-9]{4,8}"), reason="ci"),
    DocumentType.CIE: Rule(
        24, shape=_alphanumeric, pattern=_whole(r"[0-9A-Z]{4,12}"), reason="cie"
    ),
    DocumentType.PASSPORT: Rule(
        24, shape=_alphanumeric, pattern=_whole(r"[0-9A-Z]{5,12}"), reason="passport"
    ),
    DocumentType.NIT: Rule(24, shape=_digits, pattern=_whole(r"[0-9]{5,15}"), reason="nit"),
}


def clean_text(field: str, value: str) -> str:
    """Give the text of a field of RULES as it is kept; an empty one stays empty.

    Raises InvalidValue, with `position` (from 1, in the trimmed text) when one character is wrong.
    """
    if not value:
        return ""
    rule = RULES[field]
    return _clean_name(field, value) if rule is _PERSON_NAME else _cleaned(field, value, rule)


@lru_cache(maxsize=4096)
def _clean_name(field: str, value: str) -> str:
    # A cooperative's million names are a few thousand, over and over.
    return _cleaned(field, value, _PERSON_NAME)


def required_text(field: str, value: str) -> str:
    """Give the text as `clean_text` does; raises InvalidValue `missing` when nothing is left."""
    cleaned = clean_text(field, value)
    if not cleaned:
        raise InvalidValue(field=field, reason="missing")
    return cleaned


def clean_document(document_type: DocumentType, number: str) -> str:
    """Give a document's number as it is kept: digits, or capitals and digits.

    Raises InvalidValue, `missing` included.
    """
    cleaned = _cleaned("document_number", number, _DOCUMENTS[document_type])
    if not cleaned:
        raise InvalidValue(field="document_number", reason="missing")
    return cleaned


def _cleaned(field: str, value: str, rule: Rule) -> str:
    # Measured before it is normalised: NFC of a hostile megabyte takes its time.
    if len(value) > 4 * rule.longest + 40:
        raise InvalidValue(field=field, reason="too_long", longest=rule.longest)
    text = value.strip(_BLANKS)
    if not text:
        return ""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable():  # so are all invisible ones, and some harmless blanks
        _refuse_invisible(field, text)
    if rule.signs is not None:
        _refuse_signs(field, text, rule.signs)
    text = " ".join(text.split())
    if rule.shape is not None:
        text = rule.shape(text)
    if len(text) > rule.longest:
        raise InvalidValue(field=field, reason="too_long", longest=rule.longest)
    if rule.pattern is not None and rule.pattern.fullmatch(text) is None:
        raise InvalidValue(field=field, reason=rule.reason)
    return _clean_address(text) if field == "email" else text


def _refuse_invisible(field: str, text: str) -> None:
    for position, character in enumerate(text, start=1):
        if unicodedata.category(character) in INVISIBLE:
            raise InvalidCharacter(field=field, reason="invisible", position=position)


def _refuse_signs(field: str, text: str, signs: str) -> None:
    for position, character in enumerate(text, start=1):
        if character.isalpha() or character == " " or character in signs:
            continue
        if unicodedata.category(character) not in _MARKS_AND_BLANKS:
            raise InvalidCharacter(field=field, reason="character", position=position)
    if not text[0].isalpha() and not (text[0].isdigit() and text[0] in signs):
        raise InvalidCharacter(field=field, reason="beginning", position=1)


def _clean_address(text: str) -> str:
    # Lower case as a whole: no mail house tells capitals apart, and duplicates must meet (F7).
    # An import reads a million of them at some twenty houses: those are looked at once.
    local, _, domain = text.rpartition("@")
    if _ORDINARY_LOCAL.fullmatch(local) and len(local) <= _LONGEST_LOCAL:
        return f"{local}@{_address(f'a@{domain}')[2:]}"
    return _address(text)


@lru_cache(maxsize=1024)
def _address(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise InvalidValue(field="email", reason="email") from None
    return found.normalized


def clean_birth(value: date, *, today: date) -> date:
    """Give a birth date that a living person can have. Raises InvalidValue."""
    if value > today:
        raise InvalidValue(field="birth_date", reason="future")
    if value.year < today.year - _OLDEST_BIRTH_YEARS:
        raise InvalidValue(field="birth_date", reason="too_old")
    return value


def clean_past(field: str, value: date, *, today: date) -> date:
    """Give a day that has been: an opening, a power. Raises InvalidValue."""
    if value > today:
        raise InvalidValue(field=field, reason="future")
    if value < _FIRST_DAY:
        raise InvalidValue(field=field, reason="too_old")
    return value


def clean_expiry(field: str, value: date, *, today: date) -> date:
    """Give a day on which a paper expires or has expired. Raises InvalidValue."""
    if value < _FIRST_DAY:
        raise InvalidValue(field=field, reason="too_old")
    if value > today + timedelta(days=366 * _CARD_YEARS):
        raise InvalidValue(field=field, reason="too_far")
    return value


@dataclass(frozen=True, slots=True)
class ApplicantValues:
    """What is said of a person or company, by the names of `models.member.Applicant`."""

    kind: MemberKind
    document_type: DocumentType
    document_number: str
    complement: str = ""
    issued_in: Department | None = None
    document_expiry: date | None = None
    first_names: str = ""
    first_surname: str = ""
    second_surname: str = ""
    married_surname: str = ""
    birth_date: date | None = None
    company_name: str = ""
    trade_registry: str = ""
    email: str = ""
    mobile: str = ""
    address: str = ""


_NAMES = ("first_names", "first_surname", "second_surname", "married_surname")
_PLAIN = (*_NAMES, "complement", "company_name", "trade_registry", "email", "mobile", "address")

NEEDED_TO_ENROL: Final[dict[MemberKind, tuple[str, ...]]] = {
    MemberKind.PERSON: ("birth_date", "email", "mobile", "address"),
    MemberKind.COMPANY: ("trade_registry", "email", "mobile", "address"),
}
"""What a request must say beyond what every record says (F1)."""


def clean_applicant(values: ApplicantValues, *, today: date) -> ApplicantValues:
    """Give the values as they are kept, each by its rule and all of them together.

    A record may lack mail, phone, address and birth date; a request may not: `clean_request`.
    Raises InvalidValue naming the first wrong field.
    """
    kept: dict[str, Any] = {name: clean_text(name, getattr(values, name)) for name in _PLAIN}
    kept["document_number"] = clean_document(values.document_type, values.document_number)
    cleaned = replace(values, **kept)
    if cleaned.birth_date is not None:
        clean_birth(cleaned.birth_date, today=today)
    if cleaned.document_expiry is not None:
        clean_expiry("document_expiry", cleaned.document_expiry, today=today)
    _agree(cleaned)
    return cleaned


def clean_request(values: ApplicantValues, *, today: date) -> ApplicantValues:
    """Give the values of a request as they are kept: nothing it needs is missing (F1)."""
    cleaned = clean_applicant(values, today=today)
    for name in NEEDED_TO_ENROL[cleaned.kind]:
        if getattr(cleaned, name) in ("", None):
            raise InvalidValue(field=name, reason="missing")
    return cleaned


def _agree(values: ApplicantValues) -> None:
    company = values.kind is MemberKind.COMPANY
    if company is not (values.document_type is DocumentType.NIT):
        raise InvalidValue(field="document_type", reason="not_of_this_kind")
    if values.complement and values.document_type not in (DocumentType.CI, DocumentType.CIE):
        raise InvalidValue(field="complement", reason="not_of_this_kind")
    if company:
        _refuse_given(values, (*_NAMES, "birth_date"))
        if not values.company_name:
            raise InvalidValue(field="company_name", reason="missing")
        return
    _refuse_given(values, ("company_name", "trade_registry"))
    if not values.first_names:
        raise InvalidValue(field="first_names", reason="missing")
    if not values.first_surname and not values.second_surname:
        raise InvalidValue(field="first_surname", reason="missing")


def _refuse_given(values: ApplicantValues, names: tuple[str, ...]) -> None:
    for name in names:
        if getattr(values, name):
            raise InvalidValue(field=name, reason="not_of_this_kind")


APPLICANT_FIELDS: Final = tuple(field.name for field in fields(ApplicantValues))
