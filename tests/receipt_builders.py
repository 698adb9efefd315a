"""Operations of every kind as rows, so that their receipts can be asked for."""

from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import select

from branch_desk.models.account import AccountKind
from branch_desk.models.base import new_id
from branch_desk.models.beneficiary import Bank, Beneficiary, BeneficiaryKind
from branch_desk.models.bill import Bill, BillStatus
from branch_desk.models.enrolment import Channel
from branch_desk.models.loan import Instalment, Loan
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import BEGINS_AS, Operation, OperationKind, OperationSignature
from branch_desk.models.parameter import Biller
from branch_desk.operations.money.orders import Order, digest
from branch_desk.operations.work import Work
from tests.access_builders import row
from tests.builders import World

_numbers = count(5_000_000_001)
AMOUNT = 123_450
TEXTS = {
    "concept": "Pago de alquiler",
    "origin": "Sueldo mensual de la empresa",
    "destination": "Alquiler de vivienda familiar",
}


def an_operation(
    world: World, access_id: UUID, kind: OperationKind = OperationKind.OWN, **changes: Any
) -> UUID:
    """An operation whose money has just moved, with all it hangs on."""
    member_id = row(world, access_id).member_id
    debit = world.account(member_id, number=_number())
    about = _ABOUT[kind](world, access_id, member_id)
    later = about.pop("later", None)
    texts: dict[str, Any] = {}
    if kind in {OperationKind.OWN, OperationKind.THIRD_PARTY, OperationKind.OTHER_BANK}:
        texts = dict(TEXTS)
    order = Order(
        key=new_id(),
        kind=kind,
        debit_account_id=debit,
        money=Money(AMOUNT, Currency.BOB),
        credit_account_id=about.get("credit_account_id"),
        beneficiary_id=about.get("beneficiary_id"),
        bill_id=about.get("bill_id"),
        biller_code=about.get("biller_code", ""),
        client_code=about.get("client_code", ""),
        **texts,
    )

    def store(work: Work) -> None:
        values: dict[str, Any] = {
            "id": order.key,
            "kind": kind,
            "status": BEGINS_AS[kind],
            "access_id": access_id,
            "member_id": member_id,
            "channel": Channel.WEB,
            "debit_account_id": debit,
            "currency": Currency.BOB,
            "amount": AMOUNT,
            "payload": order.payload(),
            "payload_sha256": digest(order.payload()),
            "totp_step": 1,
            "created_at": work.now,
            "moved_at": work.now,
        }
        work.session.add(Operation(**(values | about | changes)))
        work.session.flush()
        if later is not None:
            work.session.add(later(order.key))

    world.house.work(store)
    return order.key


def sign(world: World, operation_id: UUID, access_id: UUID, minutes: int) -> None:
    """Somebody's signature under it, so long after noon."""
    access = row(world, access_id)

    def store(work: Work) -> None:
        work.session.add(
            OperationSignature(
                operation_id=operation_id,
                access_id=access_id,
                member_id=access.member_id,
                person=access.person,
                totp_step=minutes,
                signed_at=work.now + timedelta(minutes=minutes),
            )
        )

    world.house.work(store)


def _number() -> str:
    return str(next(_numbers))


def _own(world: World, access_id: UUID, member_id: UUID) -> dict[str, Any]:
    return {"credit_account_id": world.account(member_id, number=_number())}


def _third_party(world: World, access_id: UUID, member_id: UUID) -> dict[str, Any]:
    number = _number()
    other = world.member(f"9{number}", document_number=number)
    credit = world.account(other, number=number)
    payee = _payee(world, access_id, member_id, account_id=credit, number=number, name="J. R. S.")
    return {"credit_account_id": credit, "beneficiary_id": payee}


def _other_bank(world: World, access_id: UUID, member_id: UUID) -> dict[str, Any]:
    def a_bank(work: Work) -> str:
        work.session.merge(Bank(code="BUN", name="Banco Unión", position=1))
        return "BUN"

    payee = _payee(
        world,
        access_id,
        member_id,
        kind=BeneficiaryKind.OTHER_BANK,
        bank_code=world.house.work(a_bank),
        document_number="3456789",
        number=_number(),
        name="Juan Carlos Rojas Suárez",
    )
    return {"beneficiary_id": payee, "value_date": date(2026, 11, 24)}


def _payee(world: World, access_id: UUID, member_id: UUID, **about: Any) -> UUID:
    payee_id = new_id()

    def store(work: Work) -> None:
        values = {
            "id": payee_id,
            "member_id": member_id,
            "access_id": access_id,
            "kind": BeneficiaryKind.COOPERATIVE,
            "account_kind": AccountKind.SAVINGS,
            "currency": Currency.BOB,
            "payload_sha256": "",
            "created_at": work.now,
        }
        work.session.add(Beneficiary(**(values | about)))

    world.house.work(store)
    return payee_id


def _loan(world: World, access_id: UUID, member_id: UUID) -> dict[str, Any]:
    loan = world.account(member_id, number=_number(), kind=AccountKind.LOAN, balance=3_000_000)
    terms = Loan(
        account_id=loan,
        principal=5_000_000,
        annual_rate=1150,
        disbursed_on=date(2025, 1, 20),
        instalments=36,
    )
    world.house.work(lambda work: work.session.add(terms))

    def paid(operation_id: UUID) -> Instalment:
        return Instalment(
            account_id=loan,
            number=7,
            due_on=date(2026, 11, 20),
            capital=90_000,
            interest=32_000,
            other=1_450,
            paid_on=date(2026, 11, 23),
            operation_id=operation_id,
        )

    return {"credit_account_id": loan, "later": paid}


def _bill(world: World, access_id: UUID, member_id: UUID) -> dict[str, Any]:
    bill_id, number = new_id(), _number()

    def store(work: Work) -> str:
        code = _biller(work, prepaid=False)
        work.session.add(
            Bill(
                id=bill_id,
                biller_code=code,
                client_code="0012345678",
                number=f"F-{number}",
                period="Octubre 2026",
                due_on=date(2026, 11, 30),
                currency=Currency.BOB,
                amount=AMOUNT,
                status=BillStatus.TAKEN,
            )
        )
        return code

    code = world.house.work(store)
    return {"bill_id": bill_id, "biller_code": code, "client_code": "0012345678"}


def _top_up(world: World, access_id: UUID, member_id: UUID) -> dict[str, Any]:
    code = world.house.work(lambda work: _biller(work, prepaid=True))
    return {"biller_code": code, "client_code": "70012345"}


def _biller(work: Work, *, prepaid: bool) -> str:
    found = select(Biller.code).where(Biller.prepaid.is_(prepaid)).order_by(Biller.position)
    return work.session.scalars(found.limit(1)).one()


_ABOUT = {
    OperationKind.OWN: _own,
    OperationKind.THIRD_PARTY: _third_party,
    OperationKind.OTHER_BANK: _other_bank,
    OperationKind.LOAN: _loan,
    OperationKind.BILL: _bill,
    OperationKind.TOP_UP: _top_up,
}
