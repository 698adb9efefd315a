"""The core system's three files: their columns, and how a line becomes a row of the books (F39).

`members.csv`, `accounts.csv` and `holders.csv` have a header line; the order of columns is free.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final, TypeVar
from uuid import UUID

from branch_desk.models.account import AccountKind, AccountStatus, Handling, HolderRole
from branch_desk.models.errors import InvalidValue
from branch_desk.models.member import Department, DocumentType, MemberKind
from branch_desk.models.money import Currency, Money
from branch_desk.models.validation import (
    APPLICANT_FIELDS,
    ApplicantValues,
    clean_applicant,
    clean_past,
    required_text,
)

Choice = TypeVar("Choice", bound=StrEnum)


class BookKind(StrEnum):
    """Which of the core system's files."""

    MEMBERS = "members"
    ACCOUNTS = "accounts"
    HOLDERS = "holders"


COLUMNS: Final[Mapping[BookKind, tuple[str, ...]]] = {
    BookKind.MEMBERS: (
        "member_number",
        "kind",
        "document_type",
        "document_number",
        "complement",
        "issued_in",
        "document_expiry",
        "first_names",
        "first_surname",
        "second_surname",
        "married_surname",
        "birth_date",
        "company_name",
        "trade_registry",
        "email",
        "mobile",
        "address",
        "branch",
    ),
    BookKind.ACCOUNTS: (
        "account_number",
        "kind",
        "currency",
        "handling",
        "status",
        "opened_on",
        "balance",
    ),
    BookKind.HOLDERS: ("account_number", "member_number", "role"),
}
"""The columns each file must have; others are reported and passed over."""

KEYS: Final[Mapping[BookKind, tuple[str, ...]]] = {
    BookKind.MEMBERS: ("member_number",),
    BookKind.ACCOUNTS: ("account_number",),
    BookKind.HOLDERS: ("account_number", "member_number"),
}
"""What tells one line of a file from another."""

MEMBER_COLUMNS: Final = ("number", *APPLICANT_FIELDS, "branch_id")
ACCOUNT_COLUMNS: Final = ("number", *COLUMNS[BookKind.ACCOUNTS][1:])


@dataclass(frozen=True, slots=True)
class BookRow:
    """A line that is right in itself: where it stood, and its values in the order of the table."""

    line: int
    raw: str
    values: tuple[Any, ...]


_applicant: Callable[[ApplicantValues], tuple[Any, ...]] = attrgetter(*APPLICANT_FIELDS)

# Blanks and hyphens do not tell keys apart; a NUL would end the text where keys are compared.
_NOT_IN_KEYS: Final = {ord(" "): None, ord("-"): None, 0: "\ufffd"}

Cells = Mapping[str, str]
Reader = Callable[[Cells, date, Mapping[str, UUID]], tuple[Any, ...]]


def key_of(kind: BookKind, cells: Cells) -> str:
    """Give the line's key, for finding it twice in one file."""
    return "|".join(cells[name].translate(_NOT_IN_KEYS) for name in KEYS[kind])


def member_values(cells: Cells, today: date, branches: Mapping[str, UUID]) -> tuple[Any, ...]:
    """Read a line of members.csv, in the order of MEMBER_COLUMNS. Raises InvalidValue."""
    number = required_text("member_number", cells["member_number"])
    values = ApplicantValues(
        kind=_choice(MemberKind, "kind", cells),
        document_type=_choice(DocumentType, "document_type", cells),
        document_number=cells["document_number"],
        complement=cells["complement"],
        issued_in=_choice(Department, "issued_in", cells) if cells["issued_in"].strip() else None,
        document_expiry=_day("document_expiry", cells),
        first_names=cells["first_names"],
        first_surname=cells["first_surname"],
        second_surname=cells["second_surname"],
        married_surname=cells["married_surname"],
        birth_date=_day("birth_date", cells),
        company_name=cells["company_name"],
        trade_registry=cells["trade_registry"],
        email=cells["email"],
        mobile=cells["mobile"],
        address=cells["address"],
    )
    branch = branches.get(cells["branch"].strip().upper())
    if branch is None:
        raise InvalidValue(field="branch", reason="unknown_branch")
    return (number, *_applicant(clean_applicant(values, today=today)), branch)


def account_values(cells: Cells, today: date, _branches: Mapping[str, UUID]) -> tuple[Any, ...]:
    """Read a line of accounts.csv, in the order of ACCOUNT_COLUMNS. Raises InvalidValue."""
    number = required_text("account_number", cells["account_number"])
    kind = _choice(AccountKind, "kind", cells)
    currency = _choice(Currency, "currency", cells)
    opened = _day("opened_on", cells)
    if opened is None:
        raise InvalidValue(field="opened_on", reason="missing")
    balance = Money.from_core(cells["balance"], currency).centavos
    if balance < 0 and kind not in (AccountKind.CURRENT, AccountKind.LOAN):
        raise InvalidValue(field="balance", reason="negative")
    return (
        number,
        kind,
        currency,
        _choice(Handling, "handling", cells),
        _choice(AccountStatus, "status", cells),
        clean_past("opened_on", opened, today=today),
        balance,
    )


def holder_values(cells: Cells, _today: date, _branches: Mapping[str, UUID]) -> tuple[Any, ...]:
    """Read a line of holders.csv: account number, member number, role. Raises InvalidValue."""
    return (
        required_text("account_number", cells["account_number"]),
        required_text("member_number", cells["member_number"]),
        _choice(HolderRole, "role", cells),
    )


READERS_OF_LINES: Final[Mapping[BookKind, Reader]] = {
    BookKind.MEMBERS: member_values,
    BookKind.ACCOUNTS: account_values,
    BookKind.HOLDERS: holder_values,
}


def _choice(choices: type[Choice], name: str, cells: Cells) -> Choice:
    text = cells[name].strip().upper()
    if not text:
        raise InvalidValue(field=name, reason="missing")
    try:
        return choices(text)
    except ValueError:
        raise InvalidValue(field=name, reason="choice") from None


def _day(name: str, cells: Cells) -> date | None:
    text = cells[name].strip()
    if not text:
        return None
    # `fromisoformat` also reads 20261123 and week dates: not what the file promises.
    if len(text) != len("2026-11-23") or text[4] != "-" or text[7] != "-":
        raise InvalidValue(field=name, reason="date")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidValue(field=name, reason="date") from None
