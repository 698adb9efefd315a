"""Paying services: what may be paid, exactly and once (F33)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from branch_desk.models.account import Handling
from branch_desk.models.audit import AuditEvent
from branch_desk.models.base import new_id
from branch_desk.models.bill import Bill, BillStatus
from branch_desk.models.errors import (
    AmountDiffers,
    BelowMinimum,
    BillUnpayable,
    CurrencyDiffers,
    DomainError,
    InvalidValue,
    NotEnoughFunds,
    NotFound,
    NotGranted,
)
from branch_desk.models.ledger import PostingKind
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import OperationStatus
from branch_desk.models.parameter import Biller
from branch_desk.operations.money import cosigning, ledger, place
from branch_desk.operations.money.orders import Order, digest, top_up
from branch_desk.operations.payments import payments
from branch_desk.operations.portal import Portal
from branch_desk.operations.work import House
from tests.builders import World
from tests.debt_builders import a_bill, bill_status, not_granted, pays_bill
from tests.payers import Payer, a_payer, balance, bob, granted, operations, postings
from tests.racing import Order as Start
from tests.racing import Racers


@pytest.fixture(scope="module")
def racers() -> Iterator[Racers]:
    with Racers() as made:
        yield made


@pytest.fixture
def payer(world: World) -> Payer:
    return a_payer(world, world.desk())


@pytest.fixture
def other(world: World) -> Payer:
    return a_payer(world, world.desk(), 2)


def tops_up(
    payer: Payer, centavos: int = 1_000, biller: str = "TIGO-PRE", client: str = "70012345"
) -> Order:
    return top_up(new_id(), payer.account_id, biller, client, bob(centavos))


def change_biller(world: World, code: str, **values: Any) -> None:
    world.house.work(
        lambda work: work.session.execute(update(Biller).where(Biller.code == code).values(values))
    )


def last_refusal(world: World) -> str:
    query = select(AuditEvent.event, AuditEvent.text).order_by(AuditEvent.at)
    rows = world.house.work(lambda work: work.session.execute(query).all(), reads=True)
    assert rows[-1].event == "operation:refused"
    return str(rows[-1].text)


def refused(world: World, payer: Payer, order: Order, why: type[DomainError]) -> DomainError:
    """Place it as if it had been shown: it leaves its record and nothing else."""
    before = (balance(world, payer.account_id), len(operations(world)), len(postings(world)))
    with pytest.raises(why) as refusal:
        payer.portal(place.place, order, shown_sha256=digest(order.payload()), code=payer.code())
    after = (balance(world, payer.account_id), len(operations(world)), len(postings(world)))
    assert after == before
    assert why.__name__ in last_refusal(world)
    return refusal.value


class TestBills:
    """Postpaid services: by id and exact amount."""

    def test_a_bill_is_paid_and_taken(self, world: World, payer: Payer) -> None:
        bill_id = a_bill(world)
        done = payer.orders(pays_bill(payer, bill_id))
        assert done.status is OperationStatus.ACCEPTED
        (posting,) = postings(world, done.id)
        assert (posting.kind, posting.credit_house, posting.amount) == (
            PostingKind.PAYMENT,
            "BILLER:CRE",
            18_950,
        )
        assert balance(world, payer.account_id) == 500_000 - 18_950
        assert bill_status(world, bill_id) is BillStatus.TAKEN
        (row,) = operations(world)
        assert (row.biller_code, row.client_code, row.bill_id) == ("CRE", "440012", bill_id)
        assert world.house.job(ledger.check).sound

    def test_a_bill_is_paid_once_whoever_knows_its_code(
        self, world: World, payer: Payer, other: Payer
    ) -> None:
        bill_id = a_bill(world)
        payer.orders(pays_bill(payer, bill_id))
        for each in (payer, other):
            refusal = refused(world, each, pays_bill(each, bill_id), BillUnpayable)
            assert refusal.facts["reason"] == "bill_taken"

    def test_the_same_key_gives_the_same_answer(self, world: World, payer: Payer) -> None:
        order = pays_bill(payer, a_bill(world))
        first = payer.orders(order)
        again = payer.portal(
            place.place, order, shown_sha256=digest(order.payload()), code=payer.code()
        )
        assert again == first
        assert balance(world, payer.account_id) == 500_000 - 18_950

    @pytest.mark.parametrize("centavos", [18_949, 18_951, 1])
    def test_one_centavo_off_is_refused_with_the_right_sum(
        self, world: World, payer: Payer, centavos: int
    ) -> None:
        bill_id = a_bill(world)
        refusal = refused(world, payer, pays_bill(payer, bill_id, centavos), AmountDiffers)
        assert refusal.facts["wanted"] == bob(18_950)
        assert bill_status(world, bill_id) is BillStatus.PENDING

    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (BillStatus.PAID, "bill_paid"),
            (BillStatus.WITHDRAWN, "bill_withdrawn"),
            (BillStatus.TAKEN, "bill_taken"),
        ],
    )
    def test_only_what_is_owed_is_paid(
        self, world: World, payer: Payer, status: BillStatus, reason: str
    ) -> None:
        bill_id = a_bill(world, status=status)
        refusal = refused(world, payer, pays_bill(payer, bill_id), BillUnpayable)
        assert refusal.facts["reason"] == reason

    def test_a_biller_that_was_not_granted_is_not_paid_and_that_is_recorded(
        self, world: World, payer: Payer
    ) -> None:
        not_granted(world, payer, "CRE")
        bill_id = a_bill(world)
        refused(world, payer, pays_bill(payer, bill_id), NotGranted)
        with pytest.raises(NotGranted):
            payer.portal(payments.pending_bills, "CRE", "440012")
        assert bill_status(world, bill_id) is BillStatus.PENDING

    def test_a_biller_that_is_not_active_is_not_paid(self, world: World, payer: Payer) -> None:
        change_biller(world, "CRE", active=False)
        refused(world, payer, pays_bill(payer, a_bill(world)), NotGranted)

    def test_a_bill_nobody_knows_is_not_found(self, world: World, payer: Payer) -> None:
        refused(world, payer, pays_bill(payer, new_id()), NotFound)

    def test_a_bill_in_dollars_is_paid_in_dollars(self, world: World, payer: Payer) -> None:
        bill_id = a_bill(world, currency=Currency.USD)
        refused(world, payer, pays_bill(payer, bill_id), CurrencyDiffers)
        dollars = world.account(payer.member_id, number="55550001", currency=Currency.USD)
        granted(world, payer.access_id, dollars)
        order = pays_bill(
            payer, bill_id, debit_account_id=dollars, money=Money(18_950, Currency.USD)
        )
        assert payer.orders(order).status is OperationStatus.ACCEPTED
        assert balance(world, dollars) == 500_000 - 18_950

    def test_what_the_account_does_not_hold_leaves_the_bill_owed(
        self, world: World, payer: Payer
    ) -> None:
        bill_id = a_bill(world, amount=500_001)
        refused(world, payer, pays_bill(payer, bill_id, 500_001), NotEnoughFunds)
        assert bill_status(world, bill_id) is BillStatus.PENDING

    def test_a_wrong_code_leaves_the_bill_owed(self, world: World, payer: Payer) -> None:
        bill_id = a_bill(world)
        with pytest.raises(DomainError, match="CodeRefused"):
            payer.orders(pays_bill(payer, bill_id), "000000")
        assert bill_status(world, bill_id) is BillStatus.PENDING
        payer.orders(pays_bill(payer, bill_id))

    def test_of_many_who_pay_one_bill_at_once_one_does(
        self, world: World, payer: Payer, other: Payer, racers: Racers
    ) -> None:
        for n in range(3):
            bill_id = a_bill(world, number=f"R-{n}")
            world.clock.forward(minutes=2)
            now = world.clock.now
            starts = [
                Start(
                    "pay",
                    (each.portal._digest, pays_bill(each, bill_id), each.phone.code(later), now),
                    __name__,
                )
                for each, later in ((payer, 0), (other, 0), (payer, 1), (other, 1))
            ]
            answers = racers.race(world, starts)
            assert sorted(answers) == ["ACCEPTED", *["BillUnpayable"] * 3]
        assert len(operations(world)) == 3
        left = sum(balance(world, each.account_id) for each in (payer, other))
        assert left == 1_000_000 - 3 * 18_950

    def test_one_order_sent_several_times_at_once_is_one_payment(
        self, world: World, payer: Payer, racers: Racers
    ) -> None:
        order, code = pays_bill(payer, a_bill(world)), payer.code()
        values = payer.portal._digest, order, code, world.clock.now
        start = Start("pay", values, __name__)
        answers = racers.race(world, [start] * 4)
        assert answers == ["ACCEPTED"] * 4
        assert len(operations(world)) == 1
        assert balance(world, payer.account_id) == 500_000 - 18_950


def pay(house: House, digest_of_token: bytes, order: Order, code: str, now: datetime) -> str:
    """Pay in a process of its own."""
    house.database.clock = lambda: now
    portal = Portal(house, "")
    portal._digest = digest_of_token
    sha256 = digest(order.payload())
    return portal(place.place, order, shown_sha256=sha256, code=code).status.value


class TestJointAccounts:
    """A bill that waits for signatures is kept from others, and taken with the last one."""

    @pytest.fixture
    def joint(self, world: World, payer: Payer, other: Payer) -> UUID:
        account = world.account(
            payer.member_id, other.member_id, number="77665544", handling=Handling.JOINT
        )
        for each in (payer, other):
            granted(world, each.access_id, account, debit=False)
        return account

    def test_the_last_signature_pays(
        self, world: World, payer: Payer, other: Payer, joint: UUID
    ) -> None:
        bill_id = a_bill(world)
        begun = payer.orders(pays_bill(payer, bill_id, debit_account_id=joint))
        assert (begun.status, bill_status(world, bill_id)) == (
            OperationStatus.WAITING,
            BillStatus.PENDING,
        )
        (shown,) = payer.portal(payments.pending_bills, "CRE", "440012")
        assert shown.held
        refused(world, other, pays_bill(other, bill_id), BillUnpayable)
        (waits,) = other.portal(cosigning.waiting)
        done = other.portal(cosigning.sign, begun.id, shown_sha256=waits.sha256, code=other.code())
        assert done is OperationStatus.ACCEPTED
        assert bill_status(world, bill_id) is BillStatus.TAKEN
        assert balance(world, joint) == 500_000 - 18_950
        assert world.house.job(ledger.check).sound

    def test_taken_back_it_is_free_for_others(
        self, world: World, payer: Payer, other: Payer, joint: UUID
    ) -> None:
        bill_id = a_bill(world)
        begun = payer.orders(pays_bill(payer, bill_id, debit_account_id=joint))
        payer.portal(cosigning.cancel, begun.id)
        assert other.orders(pays_bill(other, bill_id)).status is OperationStatus.ACCEPTED

    def test_what_was_withdrawn_meanwhile_is_not_paid(
        self, world: World, payer: Payer, other: Payer, joint: UUID
    ) -> None:
        bill_id = a_bill(world)
        begun = payer.orders(pays_bill(payer, bill_id, debit_account_id=joint))
        world.house.work(
            lambda work: work.session.execute(update(Bill).values(status=BillStatus.WITHDRAWN))
        )
        (waits,) = other.portal(cosigning.waiting)
        with pytest.raises(BillUnpayable):
            other.portal(cosigning.sign, begun.id, shown_sha256=waits.sha256, code=other.code())
        assert balance(world, joint) == 500_000
        assert bill_status(world, bill_id) is BillStatus.WITHDRAWN


class TestTopUps:
    """Prepaid telephones."""

    def test_five_bolivianos_are_enough(self, world: World, payer: Payer) -> None:
        done = payer.orders(tops_up(payer, 500))
        assert done.status is OperationStatus.ACCEPTED
        (posting,) = postings(world, done.id)
        assert (posting.credit_house, posting.amount) == ("BILLER:TIGO-PRE", 500)
        (row,) = operations(world)
        assert (row.biller_code, row.client_code, row.bill_id) == ("TIGO-PRE", "70012345", None)

    def test_one_centavo_less_is_not(self, world: World, payer: Payer) -> None:
        refusal = refused(world, payer, tops_up(payer, 499), BelowMinimum)
        assert refusal.facts["minimum"] == bob(500)

    @pytest.mark.parametrize(
        ("why", "changes"),
        [
            (InvalidValue, {"client": "50012345"}),
            (InvalidValue, {"client": "7001234"}),
            (InvalidValue, {"client": "700123456"}),
            (InvalidValue, {"client": "٧٠٠١٢٣٤٥"}),
            (NotFound, {"biller": "CRE", "client": "440012"}),
            (NotGranted, {"biller": "NADIE"}),
            (NotGranted, {"biller": ""}),
        ],
    )
    def test_what_is_not_a_prepaid_telephone_is_refused(
        self, world: World, payer: Payer, why: type[DomainError], changes: dict[str, str]
    ) -> None:
        refused(world, payer, tops_up(payer, 1_000, **changes), why)

    def test_a_code_typed_with_blanks_is_the_same_code(self, world: World, payer: Payer) -> None:
        payer.orders(tops_up(payer, client=" 700-12 345 "))
        assert operations(world)[0].client_code == "70012345"

    def test_dollars_are_refused(self, world: World, payer: Payer) -> None:
        dollars = world.account(payer.member_id, number="55550001", currency=Currency.USD)
        granted(world, payer.access_id, dollars)
        order = replace(tops_up(payer), money=Money(1_000, Currency.USD), debit_account_id=dollars)
        refused(world, payer, order, CurrencyDiffers)

    def test_the_first_days_are_low_for_services_too(self, world: World) -> None:
        new = a_payer(world, world.desk(), 3, settled=False)
        new.orders(tops_up(new, 100_000))
        with pytest.raises(DomainError, match="LimitExceeded"):
            new.orders(tops_up(new, 500))

    def test_the_limit_of_services_counts_both(self, world: World) -> None:
        tight = a_payer(world, world.desk(), 4, per_operation=20_000, per_day=20_000)
        tight.orders(pays_bill(tight, a_bill(world)))
        with pytest.raises(DomainError, match="LimitExceeded"):
            tight.orders(tops_up(tight, 1_051))
        tight.orders(tops_up(tight, 1_050))


class TestReading:
    """What the member sees before paying."""

    def test_services_come_by_category_and_only_the_granted_ones(
        self, world: World, payer: Payer
    ) -> None:
        not_granted(world, payer, "VIVA-PRE")
        change_biller(world, "SAGUAPAC", active=False)
        found = payer.portal(payments.billers)
        assert [(each.name, [s.code for s in each.services]) for each in found] == [
            ("Electricidad", ["CRE"]),
            ("Telefonía fija e internet", ["COTAS"]),
            ("Telefonía móvil", ["TIGO-POST", "TIGO-PRE", "VIVA-POST", "ENTEL-POST", "ENTEL-PRE"]),
        ]
        tigo = found[2].services[1]
        assert (tigo.prepaid, tigo.minimum) == (True, bob(500))

    def test_pending_bills_are_those_of_the_code_the_oldest_first(
        self, world: World, payer: Payer
    ) -> None:
        today = world.clock.now.date()
        later = a_bill(world, number="B", due_on=today + timedelta(days=9))
        late = a_bill(world, number="A", due_on=today - timedelta(days=1))
        a_bill(world, number="C", status=BillStatus.PAID)
        a_bill(world, number="D", client_code="440013")
        a_bill(world, "SAGUAPAC", number="E")
        found = payer.portal(payments.pending_bills, "CRE", " 440012 ")
        assert [(each.id, each.overdue, each.held) for each in found] == [
            (late, True, False),
            (later, False, False),
        ]
        assert found[0].money == bob(18_950)

    @pytest.mark.parametrize("code", ["", "12", "abc", "12345678901", "%"])
    def test_a_code_that_does_not_fit_the_mask_is_not_looked_up(
        self, payer: Payer, code: str
    ) -> None:
        with pytest.raises(InvalidValue) as refusal:
            payer.portal(payments.pending_bills, "CRE", code)
        assert refusal.value.field == "client_code"
