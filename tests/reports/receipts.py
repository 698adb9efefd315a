"""A receipt of every kind, as the books would give it."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from branch_desk.models.receipt_code import ReceiptCode
from branch_desk.reports.paper import Letterhead
from branch_desk.reports.receipt import (
    Destination,
    PaidBill,
    PaidInstalment,
    ReceiptPaper,
    SignedBy,
)
from branch_desk.reports.receipt_words import KINDS, STATES

LA_PAZ = timezone(timedelta(hours=-4))
NOON = datetime(2026, 11, 23, 16, 0, tzinfo=UTC).astimezone(LA_PAZ)
ID = UUID("01937a3c-5f00-7abc-8def-0123456789ab")
COOPERATIVE = "Cooperativa de Ahorro y Crédito «San Martín de Porres» R.L."


def a_receipt(kind: str = "THIRD_PARTY", state: str = "DONE", **changes) -> ReceiptPaper:
    code = ReceiptCode(ID, bytes(range(100, 110)))
    transfer = {
        "concept": "Pago de alquiler de noviembre",
        "origin": "Sueldo mensual de la empresa",
        "funds_destination": "Alquiler de vivienda familiar",
    }
    every: dict[str, dict[str, Any]] = {
        "OWN": transfer | {"destination": Destination("Cuenta corriente •••• 9981")},
        "THIRD_PARTY": transfer
        | {"destination": Destination("Caja de ahorro •••• 4477", "J. C. R. S.")},
        "OTHER_BANK": transfer
        | {
            "destination": Destination(
                "Caja de ahorro •••• 1203", "Juan Carlos Rojas Suárez", "Banco Unión S.A."
            ),
            "promised_on": date(2026, 11, 24),
        },
        "LOAN": {
            "destination": Destination("Préstamo •••• 7702"),
            "instalments": (
                PaidInstalment(7, date(2026, 11, 20), 85_000, 31_250, 1_250),
                PaidInstalment(8, date(2026, 12, 20), 86_100, 30_150, 1_250),
            ),
            "amount": 235_000,
        },
        "BILL": {"bill": PaidBill("CRE R.L.", "0012345678", "F-2026-10-5521", "Octubre 2026")},
        "TOP_UP": {"bill": PaidBill("TIGO prepago", "70012345")},
    }
    own = every[kind]
    word, note = STATES[state]
    values: dict[str, Any] = {
        "letterhead": Letterhead(COOPERATIVE, "Agencia Central", "Santa Cruz de la Sierra"),
        "number": code.number,
        "code": code.code,
        "payload": code.payload,
        "issued_at": NOON + timedelta(hours=2),
        "kind": KINDS[kind],
        "state": word,
        "state_note": note,
        "amount": 123_450,
        "currency": "BOB",
        "ordered_at": NOON,
        "moved_at": NOON,
        "channel": "Web",
        "member": "Ana María Méndez Ríos",
        "member_number": "000123",
        "debit_account": "Caja de ahorro •••• 0030",
        "ordered_by": "Ana María Méndez Ríos",
    }
    return ReceiptPaper(**{**values, **own, **changes})


def two_signers() -> tuple[SignedBy, ...]:
    return (
        SignedBy("Rosa Elena Justiniano Vaca", NOON - timedelta(hours=3)),
        SignedBy("Marcelo Suárez Añez", NOON),
    )


def many_instalments(count: int) -> tuple[PaidInstalment, ...]:
    return tuple(
        PaidInstalment(n, date(2026, 11, 20), 85_000 + n, 31_250, 1_250)
        for n in range(1, count + 1)
    )
