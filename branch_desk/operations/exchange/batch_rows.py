"""The transfers of a batch as other banks need them, in the order of their ids, one at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    ColumnElement,
    Select,
    String,
    Text,
    case,
    cast,
    func,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSON as SERVER_JSON
from sqlalchemy.orm import Session

from branch_desk.models.account import Account
from branch_desk.models.beneficiary import Beneficiary
from branch_desk.models.member import Member
from branch_desk.models.operation import Operation
from branch_desk.operations.exchange.outgoing import FORMULA

COLUMNS: Final = (
    "operation_id",
    "value_date",
    "currency",
    "amount",
    "debit_account",
    "ordering_document_type",
    "ordering_document",
    "ordering_name",
    "bank_code",
    "account_kind",
    "account_number",
    "beneficiary_document",
    "beneficiary_name",
    "concept",
)
"""Of the neutral file; the first five never need quotes."""
_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class TransferRow:
    """A transfer; the fields are those of COLUMNS."""

    operation_id: UUID
    value_date: date
    currency: str
    amount: str
    debit_account: str
    ordering_document_type: str
    ordering_document: str
    ordering_name: str
    bank_code: str
    account_kind: str
    account_number: str
    beneficiary_document: str
    beneficiary_name: str
    concept: str


def transfers(session: Session, batch_id: UUID) -> Iterator[TransferRow]:
    """Read a batch's transfers as a stream: memory does not grow with their number."""
    query = statement(batch_id, dialect=session.get_bind().dialect.name)
    rows = session.execute(query, execution_options={"yield_per": _AT_ONCE})
    for row in rows:
        yield TransferRow(*row)


def statement(batch_id: UUID, *, dialect: str) -> Select[Any]:
    """Build the query; every value but id and day is the text that is written.

    A text somebody typed that a spreadsheet would take for a formula begins with an apostrophe
    (R80).
    """
    payload: Any = (
        cast(Operation.payload, SERVER_JSON)
        if dialect == "postgresql"
        else type_coerce(Operation.payload, JSON)
    )
    values: dict[str, Any] = {
        "operation_id": Operation.id,
        "value_date": Operation.value_date,
        "currency": cast(Operation.currency, Text),
        "amount": _decimal(Operation.amount),
        "debit_account": Account.number,
        "ordering_document_type": cast(Member.document_type, Text),
        "ordering_document": _document(Member.document_number, Member.complement),
        "ordering_name": _harmless(
            case(
                (Member.company_name != "", Member.company_name),
                else_=func.ltrim(
                    Member.first_names
                    + _then(Member.first_surname)
                    + _then(Member.second_surname)
                    + _then(Member.married_surname, " de ")
                ),
            )
        ),
        "bank_code": Beneficiary.bank_code,
        "account_kind": cast(Beneficiary.account_kind, Text),
        "account_number": Beneficiary.number,
        "beneficiary_document": _document(Beneficiary.document_number, Beneficiary.complement),
        "beneficiary_name": _harmless(Beneficiary.name),
        "concept": _harmless(payload["concept"].as_string()),
    }
    return (
        select(*(values[name].label(name) for name in COLUMNS))
        .select_from(Operation)
        .join(Account, Account.id == Operation.debit_account_id)
        .join(Member, Member.id == Operation.member_id)
        .join(Beneficiary, Beneficiary.id == Operation.beneficiary_id)
        .where(Operation.batch_id == batch_id)
        .order_by(Operation.id)
    )


def _decimal(centavos: Any) -> ColumnElement[str]:  # noqa: ANN401  a column
    """Write `123450` as `1234.50`, by whole numbers alone."""
    whole = centavos // 100
    rest = centavos - whole * 100 + 100
    written = cast(whole, Text) + "." + func.substr(cast(rest, Text), 2)
    return type_coerce(written, String)


def _document(number: Any, complement: Any) -> ColumnElement[str]:  # noqa: ANN401
    return type_coerce(number, String) + _then(complement, "-")


def _then(part: Any, before: str = " ") -> ColumnElement[str]:  # noqa: ANN401
    return case((part == "", ""), else_=before + part)


def _harmless(value: Any) -> ColumnElement[str]:  # noqa: ANN401
    typed = type_coerce(value, String)
    return case((func.substr(typed, 1, 1).in_(FORMULA), "'" + typed), else_=typed)
