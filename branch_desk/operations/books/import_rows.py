"""The core system's files: their columns, and how a line becomes a row (F32, F33, F39).

Members, accounts, holders, loans, instalments and bills each have a file with a header line; the
order of columns is free.
"""

import re
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
    clean_expiry,
    clean_past,
    required_text,
)

Choice = TypeVar("Choice", bound=StrEnum)


class BookKind(StrEnum):
    """Which of the core system's files."""

    MEMBERS = "members"
    ACCOUNTS = "accounts"
    HOLDERS = "holders"
    LOANS = "loans"
    INSTALMENTS = "instalments"
    BILLS = "bills"


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
    BookKind.LOANS: (
        "account_number",
        "principal",
        "currency",
        "annual_rate",
        "disbursed_on",
        "instalments",
    ),
    BookKind.INSTALMENTS: (
        "account_number",
        "number",
        "due_on",
        "capital",
        "interest",
        "other",
        "paid_on",
    ),
    BookKind.BILLS: (
        "biller",
        "client_code",
        "bill_id",
        "period",
        "due_on",
        "currency",
        "amount",
    ),
}
"""The columns each file must have; others are reported and passed over."""

OPTIONAL: Final[Mapping[BookKind, tuple[str, ...]]] = {BookKind.ACCOUNTS: ("overdraft",)}
"""Columns a file may have besides."""

KEYS: Final[Mapping[BookKind, tuple[str, ...]]] = {
    BookKind.MEMBERS: ("member_number",),
    BookKind.ACCOUNTS: ("account_number",),
    BookKind.HOLDERS: ("account_number", "member_number"),
    BookKind.LOANS: ("account_number",),
    BookKind.INSTALMENTS: ("account_number", "number"),
    BookKind.BILLS: ("biller", "bill_id"),
}
"""What tells one line of a file from another."""

MEMBER_COLUMNS: Final = ("number", *APPLICANT_FIELDS, "branch_id")
ACCOUNT_COLUMNS: Final = ("number", *COLUMNS[BookKind.ACCOUNTS][1:], "overdraft")
LOAN_COLUMNS: Final = ("principal", "annual_rate", "disbursed_on", "instalments")
INSTALMENT_COLUMNS: Final = ("due_on", "capital", "interest", "other", "paid_on")
BILL_COLUMNS: Final = ("client_code", "period", "due_on", "currency", "amount")


@dataclass(frozen=True, slots=True)
class BookRow:
    """A line that is right in itself: where it stood, and its values in the order of the table."""

    line: int
    raw: str
    values: tuple[Any, ...]


_applicant: Callable[[ApplicantValues], tuple[Any, ...]] = attrgetter(*APPLICANT_FIELDS)

# Signs may stand between an account's digits. A NUL would end the text where keys are compared.
_NOT_IN_ACCOUNTS: Final = {ord("-"): None, ord("."): None}
_NUL: Final = {0: "\ufffd"}
_RATE: Final = re.compile(r"(\d{1,3})\.(\d{2})", re.ASCII)
_COUNT: Final = re.compile(r"\d{1,4}", re.ASCII)

Cells = Mapping[str, str]
Reader = Callable[[Cells, date, Mapping[str, UUID]], tuple[Any, ...]]


def key_of(kind: BookKind, cells: Cells) -> str:
    """Give the line's key, for finding it twice in one file: alike however it is written."""
    return "|".join(_key_part(name, cells[name]) for name in KEYS[kind])


def _key_part(name: str, text: str) -> str:
    plain = "".join(text.split()).translate(_NUL)
    if name == "account_number":
        return plain.translate(_NOT_IN_ACCOUNTS)
    if name == "number":
        return plain.lstrip("0")
    return plain.upper() if name == "biller" else plain


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
    opened = _needed_day("opened_on", cells)
    balance = _centavos("balance", cells)
    if balance < 0 and kind not in (AccountKind.CURRENT, AccountKind.LOAN):
        raise InvalidValue(field="balance", reason="negative")
    overdraft = _overdraft(kind, balance, cells)
    return (
        number,
        kind,
        currency,
        _choice(Handling, "handling", cells),
        _choice(AccountStatus, "status", cells),
        clean_past("opened_on", opened, today=today),
        balance,
        overdraft,
    )


def _overdraft(kind: AccountKind, balance: int, cells: Cells) -> int:
    """Read what was agreed; where the file does not say it, what is drawn counts as agreed."""
    current = kind is AccountKind.CURRENT
    if not cells.get("overdraft", "").strip():
        return max(0, -balance) if current else 0
    agreed = _not_negative("overdraft", cells)
    if agreed and not current:
        raise InvalidValue(field="overdraft", reason="only_current")
    if current and balance < -agreed:
        raise InvalidValue(field="balance", reason="below_overdraft")
    return agreed


def holder_values(cells: Cells, _today: date, _branches: Mapping[str, UUID]) -> tuple[Any, ...]:
    """Read a line of holders.csv: account number, member number, role. Raises InvalidValue."""
    return (
        required_text("account_number", cells["account_number"]),
        required_text("member_number", cells["member_number"]),
        _choice(HolderRole, "role", cells),
    )


def loan_values(cells: Cells, today: date, _branches: Mapping[str, UUID]) -> tuple[Any, ...]:
    """Read a line of loans.csv: account number, currency, LOAN_COLUMNS. Raises InvalidValue."""
    rate = _RATE.fullmatch(cells["annual_rate"].strip())
    if rate is None:
        raise InvalidValue(field="annual_rate", reason="rate")
    return (
        required_text("account_number", cells["account_number"]),
        _choice(Currency, "currency", cells),
        _positive("principal", cells),
        int(rate[1]) * 100 + int(rate[2]),
        clean_past("disbursed_on", _needed_day("disbursed_on", cells), today=today),
        _count("instalments", cells),
    )


def instalment_values(cells: Cells, today: date, _branches: Mapping[str, UUID]) -> tuple[Any, ...]:
    """Read a line of instalments.csv: account number, number, INSTALMENT_COLUMNS.

    Raises InvalidValue.
    """
    paid_on = _day("paid_on", cells)
    if paid_on is not None:
        clean_past("paid_on", paid_on, today=today)
    parts = tuple(_not_negative(name, cells) for name in ("capital", "interest", "other"))
    if not any(parts):
        raise InvalidValue(field="capital", reason="not_positive")
    return (
        required_text("account_number", cells["account_number"]),
        _count("number", cells),
        clean_expiry("due_on", _needed_day("due_on", cells), today=today),
        *parts,
        paid_on,
    )


def bill_values(cells: Cells, today: date, _branches: Mapping[str, UUID]) -> tuple[Any, ...]:
    """Read a line of bills.csv: biller's code, the bill's own id, BILL_COLUMNS.

    An amount of zero says that nothing is owed any more. Raises InvalidValue.
    """
    biller = cells["biller"].strip().upper()
    if not biller:
        raise InvalidValue(field="biller", reason="missing")
    return (
        biller,
        required_text("bill_id", cells["bill_id"]),
        required_text("client_code", cells["client_code"]),
        required_text("period", cells["period"]),
        clean_expiry("due_on", _needed_day("due_on", cells), today=today),
        _choice(Currency, "currency", cells),
        _not_negative("amount", cells),
    )


READERS_OF_LINES: Final[Mapping[BookKind, Reader]] = {
    BookKind.MEMBERS: member_values,
    BookKind.ACCOUNTS: account_values,
    BookKind.HOLDERS: holder_values,
    BookKind.LOANS: loan_values,
    BookKind.INSTALMENTS: instalment_values,
    BookKind.BILLS: bill_values,
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


def _needed_day(name: str, cells: Cells) -> date:
    found = _day(name, cells)
    if found is None:
        raise InvalidValue(field=name, reason="missing")
    return found


def _count(name: str, cells: Cells) -> int:
    text = cells[name].strip()
    if _COUNT.fullmatch(text) is None or int(text) == 0:
        raise InvalidValue(field=name, reason="count")
    return int(text)


def _centavos(name: str, cells: Cells) -> int:
    try:
        return Money.from_core(cells[name], Currency.BOB).centavos
    except InvalidValue as refusal:
        raise InvalidValue(field=name, reason=str(refusal.reason)) from None


def _not_negative(name: str, cells: Cells) -> int:
    amount = _centavos(name, cells)
    if amount < 0:
        raise InvalidValue(field=name, reason="negative_amount")
    return amount


def _positive(name: str, cells: Cells) -> int:
    amount = _not_negative(name, cells)
    if amount == 0:
        raise InvalidValue(field=name, reason="not_positive")
    return amount
