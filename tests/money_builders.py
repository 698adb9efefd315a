"""Money on its way, as an order leaves it: beneficiaries, transfers to other banks, and what the ledger then says."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

import branch_desk.models.tables  # noqa: F401  a process of its own needs them all
from branch_desk.models.access import Access
from branch_desk.models.account import Account, AccountKind
from branch_desk.models.base import new_id
from branch_desk.models.beneficiary import Bank, Beneficiary, BeneficiaryKind
from branch_desk.models.enrolment import Channel
from branch_desk.models.interbank import InterbankBatch, InterbankGate
from branch_desk.models.ledger import INTERBANK, Posting, PostingKind, effect
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import Operation, OperationKind, OperationStatus
from branch_desk.operations.money import orders
from branch_desk.operations.work import House, Work
from tests.access_builders import an_access
from tests.builders import World


@dataclass(frozen=True)
class Payer:
    """A user with an account in bolivianos and a beneficiary in another bank."""

    access_id: UUID
    member_id: UUID
    account_id: UUID
    beneficiary_id: UUID


def a_payer(
    world: World,
    *,
    number: str = "000123",
    user_name: str = "amendez",
    account: str = "1000200030",
    currency: Currency = Currency.BOB,
    **member: object,
) -> Payer:
    """A user, invited is enough, with Bs 5.000,00 or as many dollars."""
    access_id = an_access(world, number=number, user_name=user_name, **member)
    member_id = world.house.work(lambda w: w.session.get_one(Access, access_id).member_id)
    account_id = world.account(member_id, number=account, currency=currency)
    payee = a_beneficiary(world, access_id, number=f"40{account}", currency=currency)
    return Payer(access_id, member_id, account_id, payee)


def a_beneficiary(
    world: World,
    access_id: UUID,
    *,
    number: str = "4010123456",
    name: str = "Julio Vaca Roca",
    currency: Currency = Currency.BOB,
    bank_code: str | None = None,
) -> UUID:
    """A registered account in the first of the other banks."""

    def store(work: Work) -> UUID:
        access = work.session.get_one(Access, access_id)
        code = bank_code or work.session.scalar(select(Bank.code).order_by(Bank.position).limit(1))
        row = Beneficiary(
            id=new_id(),
            member_id=access.member_id,
            access_id=access_id,
            kind=BeneficiaryKind.OTHER_BANK,
            account_kind=AccountKind.SAVINGS,
            currency=currency,
            number=number,
            name=name,
            document_number="3456789",
            complement="",
            bank_code=code,
            payload_sha256="b" * 64,
            created_at=work.now,
        )
        work.session.add(row)
        return row.id

    return world.house.work(store)


def an_interbank_operation(
    world: World,
    access_id: UUID,
    account_id: UUID,
    beneficiary_id: UUID,
    amount: int,
    value_date: date,
    *,
    concept: str = "alquiler de noviembre",
) -> UUID:
    """A transfer to another bank that was just received: debited, and promised for a day."""
    return received(
        world.house, access_id, account_id, beneficiary_id, amount, value_date, concept=concept
    )


def sent_by(world: World, payer: Payer, amount: int, value_date: date, **about: str) -> UUID:
    """A payer's transfer."""
    return an_interbank_operation(
        world, payer.access_id, payer.account_id, payer.beneficiary_id, amount, value_date, **about
    )


def received(
    house: House,
    access_id: UUID,
    account_id: UUID,
    beneficiary_id: UUID,
    amount: int,
    value_date: date,
    *,
    concept: str = "alquiler de noviembre",
) -> UUID:
    """Debit and promise as an order does: accounts first, the gate held shared, nothing for a closed day.

    Raises LookupError when the day is closed already.
    """

    def store(work: Work) -> UUID:
        session = work.session
        account = session.get_one(Account, account_id, with_for_update={"key_share": True})
        gate = session.scalar(select(InterbankGate.closed_through).with_for_update(read=True))
        if gate is None or gate >= value_date:
            raise LookupError(f"{value_date} is closed")
        money = Money(amount, account.currency)
        order = orders.other_bank(
            new_id(),
            account_id,
            beneficiary_id,
            money,
            promised_on=value_date,
            concept=concept,
            origin="ahorros de mi trabajo mensual",
            destination="pago del alquiler de mi vivienda",
        )
        account.balance += effect(account.kind, debited=amount)
        session.add(
            Operation(
                id=order.key,
                kind=OperationKind.OTHER_BANK,
                status=OperationStatus.RECEIVED,
                access_id=access_id,
                member_id=session.get_one(Access, access_id).member_id,
                channel=Channel.WEB,
                debit_account_id=account_id,
                beneficiary_id=beneficiary_id,
                currency=account.currency,
                amount=amount,
                payload=order.payload(),
                payload_sha256=orders.digest(order.payload()),
                totp_step=1,
                created_at=work.now,
                moved_at=work.now,
                value_date=value_date,
            )
        )
        session.flush()
        session.add(
            Posting(
                entry_id=order.key,
                position=1,
                kind=PostingKind.INTERBANK,
                at=work.now,
                debit_account_id=account_id,
                credit_house=INTERBANK,
                currency=account.currency,
                amount=amount,
                debit_after=account.balance,
            )
        )
        return order.key

    return house.work(store)


def operation(world: World, operation_id: UUID) -> Operation:
    """The operation as the database has it."""
    return world.house.work(lambda work: work.session.get_one(Operation, operation_id))


def status_of(world: World, operation_id: UUID) -> OperationStatus:
    return operation(world, operation_id).status


def balance(world: World, account_id: UUID) -> int:
    return world.house.work(lambda work: work.session.get_one(Account, account_id).balance)


def batches(world: World) -> list[InterbankBatch]:
    """All batches, in the order of their days."""
    return world.house.work(
        lambda work: list(
            work.session.scalars(
                select(InterbankBatch).order_by(InterbankBatch.day, InterbankBatch.currency)
            )
        )
    )


def closed_through(world: World) -> date | None:
    return world.house.work(lambda work: work.session.scalar(select(InterbankGate.closed_through)))


def house_balance(world: World, house: str = INTERBANK) -> dict[Currency, int]:
    """What stands on a house account: credited less debited, by currency."""

    def read(work: Work) -> dict[Currency, int]:
        found: dict[Currency, int] = {}
        for side, sign in ((Posting.credit_house, 1), (Posting.debit_house, -1)):
            rows = work.session.execute(
                select(Posting.currency, func.sum(Posting.amount))
                .where(side == house)
                .group_by(Posting.currency)
            )
            for currency, total in rows:
                found[currency] = found.get(currency, 0) + sign * int(total)
        return found

    return world.house.work(read)


def assert_ledger_and_balances_agree(world: World) -> None:
    """Every account's balance is what its postings say."""

    def read(work: Work) -> list[tuple[str, int, int]]:
        wrong = []
        for account in work.session.scalars(select(Account)):
            told = 0
            rows = work.session.scalars(
                select(Posting).where(
                    (Posting.debit_account_id == account.id)
                    | (Posting.credit_account_id == account.id)
                )
            )
            for each in rows:
                debited = each.amount if each.debit_account_id == account.id else 0
                credited = each.amount if each.credit_account_id == account.id else 0
                told += effect(account.kind, debited=debited, credited=credited)
            if told != account.balance:
                wrong.append((account.number, account.balance, told))
        return wrong

    assert world.house.work(read) == []
