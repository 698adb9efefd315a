"""What a member orders, as plain values, and the exact text that is confirmed with a code.

An order is cleaned once, written as canonical JSON, shown, hashed and confirmed: the code binds
to that hash, the hash and the text are kept with the operation. The key is made by the client
before anything is sent: the same key with the same text is the same deed (R61).
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from branch_desk.models.errors import InvalidValue
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import OperationKind
from branch_desk.models.validation import clean_text
from branch_desk.operations.chains import canonical

FUNDS_LETTERS: Final = 15
"""Letters, not characters, that origin and destination of funds must have (manual)."""
_WITH_FUNDS = frozenset({OperationKind.OWN, OperationKind.THIRD_PARTY, OperationKind.OTHER_BANK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One transfer or payment. Which of the fields are given depends on the kind."""

    key: UUID
    """Made by the client (UUIDv7): the id of the operation."""
    kind: OperationKind
    debit_account_id: UUID
    money: Money
    credit_account_id: UUID | None = None
    """Of a transfer between own accounts; of a loan, the loan."""
    beneficiary_id: UUID | None = None
    concept: str = ""
    origin: str = ""
    """Where the money comes from (manual: origen de los fondos)."""
    destination: str = ""
    promised_on: date | None = None
    """Day the other bank was promised to credit it, as shown."""
    instalments: tuple[int, ...] = ()
    """Numbers of the loan's instalments."""
    bill_id: UUID | None = None
    biller_code: str = ""
    client_code: str = ""

    def payload(self) -> str:
        """Write all of it as the one text that is hashed; the key is not part of it."""
        return canonical(
            {
                "kind": self.kind,
                "from": self.debit_account_id,
                "amount": self.money.centavos,
                "currency": self.money.currency,
                "to": self.credit_account_id,
                "beneficiary": self.beneficiary_id,
                "concept": self.concept,
                "origin": self.origin,
                "destination": self.destination,
                "promised_on": self.promised_on,
                "instalments": list(self.instalments),
                "bill": self.bill_id,
                "biller": self.biller_code,
                "client": self.client_code,
            }
        )


def digest(payload: str) -> str:
    """Give the SHA-256 a code binds to."""
    return hashlib.sha256(payload.encode()).hexdigest()


def own(
    key: UUID,
    debit: UUID,
    credit: UUID,
    money: Money,
    *,
    concept: str,
    origin: str,
    destination: str,
) -> Order:
    """Order a transfer between accounts the member holds (F28)."""
    return Order(
        key=key,
        kind=OperationKind.OWN,
        debit_account_id=debit,
        credit_account_id=credit,
        money=money,
        concept=concept,
        origin=origin,
        destination=destination,
    )


def third_party(
    key: UUID,
    debit: UUID,
    beneficiary: UUID,
    money: Money,
    *,
    concept: str,
    origin: str,
    destination: str,
) -> Order:
    """Order a transfer to a registered beneficiary of the cooperative (F29)."""
    return Order(
        key=key,
        kind=OperationKind.THIRD_PARTY,
        debit_account_id=debit,
        beneficiary_id=beneficiary,
        money=money,
        concept=concept,
        origin=origin,
        destination=destination,
    )


def other_bank(
    key: UUID,
    debit: UUID,
    beneficiary: UUID,
    money: Money,
    *,
    promised_on: date,
    concept: str,
    origin: str,
    destination: str,
) -> Order:
    """Order a transfer to a registered beneficiary elsewhere (F30)."""
    return Order(
        key=key,
        kind=OperationKind.OTHER_BANK,
        debit_account_id=debit,
        beneficiary_id=beneficiary,
        money=money,
        promised_on=promised_on,
        concept=concept,
        origin=origin,
        destination=destination,
    )


def loan(
    key: UUID, debit: UUID, loan_id: UUID, money: Money, instalments: tuple[int, ...]
) -> Order:
    """Order the payment of a loan's instalments, by number and exact sum (F32)."""
    return Order(
        key=key,
        kind=OperationKind.LOAN,
        debit_account_id=debit,
        credit_account_id=loan_id,
        money=money,
        instalments=instalments,
    )


def next_instalment(key: UUID, debit: UUID, loan_id: UUID, most: Money) -> Order:
    """Order, for a schedule, whatever instalment is next, up to an amount (F32, F35)."""
    return loan(key, debit, loan_id, most, ())


def next_bill(key: UUID, debit: UUID, biller: str, client: str, most: Money) -> Order:
    """Order, for a schedule, whatever bill of a client is oldest, up to an amount (F33, F35)."""
    return Order(
        key=key,
        kind=OperationKind.BILL,
        debit_account_id=debit,
        biller_code=biller,
        client_code=client,
        money=most,
    )


def bill(key: UUID, debit: UUID, bill_id: UUID, money: Money) -> Order:
    """Order the payment of a bill, by id and exact amount (F33)."""
    return Order(
        key=key,
        kind=OperationKind.BILL,
        debit_account_id=debit,
        bill_id=bill_id,
        money=money,
    )


def top_up(key: UUID, debit: UUID, biller: str, client: str, money: Money) -> Order:
    """Order a top-up of a prepaid telephone (F33)."""
    return Order(
        key=key,
        kind=OperationKind.TOP_UP,
        debit_account_id=debit,
        biller_code=biller,
        client_code=client,
        money=money,
    )


def cleaned(order: Order) -> Order:
    """Give the order as it is kept and hashed.

    Raises InvalidValue: amount not above zero, a text missing or without its letters.
    """
    if order.money.centavos <= 0:
        raise InvalidValue(field="amount", reason="not_positive")
    if order.kind in _WITH_FUNDS:
        concept = clean_text("concept", order.concept)
        if not any(letter.isalpha() for letter in concept):
            raise InvalidValue(field="concept", reason="missing")
        return replace(
            order,
            concept=concept,
            origin=_funds("origin", order.origin),
            destination=_funds("destination", order.destination),
        )
    if order.kind is OperationKind.TOP_UP:
        return replace(order, client_code=clean_text("client_code", order.client_code))
    if order.kind is OperationKind.LOAN:
        return replace(order, instalments=tuple(sorted(set(order.instalments))))
    return order


def from_payload(key: UUID, text: str) -> Order:
    """Read back an order that was kept."""
    import json

    said = json.loads(text)

    def uuid(name: str) -> UUID | None:
        return UUID(said[name]) if said[name] else None

    return Order(
        key=key,
        kind=OperationKind(said["kind"]),
        debit_account_id=UUID(said["from"]),
        money=Money(said["amount"], Currency(said["currency"])),
        credit_account_id=uuid("to"),
        beneficiary_id=uuid("beneficiary"),
        concept=said["concept"],
        origin=said["origin"],
        destination=said["destination"],
        promised_on=date.fromisoformat(said["promised_on"]) if said["promised_on"] else None,
        instalments=tuple(said["instalments"]),
        bill_id=uuid("bill"),
        biller_code=said["biller"],
        client_code=said["client"],
    )


def _funds(field: str, text: str) -> str:
    plain = clean_text(field, text)
    if sum(letter.isalpha() for letter in plain) < FUNDS_LETTERS:
        raise InvalidValue(field=field, reason="funds", letters=FUNDS_LETTERS)
    return plain
