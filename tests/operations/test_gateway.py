"""Payments handed to billers by the day: once, whatever happens (F33)."""

import csv
import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from branch_desk.models.base import new_id
from branch_desk.models.bill import BillerExport
from branch_desk.models.errors import PaymentsDiffer
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import Operation
from branch_desk.operations.exchange.gateway import COLUMNS, FileGateway, Payment, Sheet
from branch_desk.operations.exchange.handing_over import HandedOver, hand_over_due
from branch_desk.operations.exchange.settlement import SettleResult
from branch_desk.operations.house import jobs
from branch_desk.operations.money.orders import bill, top_up
from branch_desk.operations.work import House, Work
from tests.builders import World
from tests.debt_builders import a_bill, next_day, paid, topped_up
from tests.payers import Payer, a_payer, bob, granted
from tests.racing import Order as Start
from tests.racing import Racers

MONDAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def racers() -> Iterator[Racers]:
    with Racers() as made:
        yield made


@pytest.fixture
def payer(world: World) -> Payer:
    return a_payer(world, world.desk())


@pytest.fixture
def gateway(tmp_path: Path) -> FileGateway:
    return FileGateway(tmp_path / "billers")


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def exports(world: World) -> list[tuple[Any, ...]]:
    query = select(
        BillerExport.biller_code,
        BillerExport.day,
        BillerExport.currency,
        BillerExport.count,
        BillerExport.total,
        BillerExport.sha256,
    ).order_by(BillerExport.biller_code, BillerExport.day, BillerExport.currency)
    rows = world.house.work(lambda work: work.session.execute(query).all(), reads=True)
    return [tuple(row) for row in rows]


def sums(done: Iterable[HandedOver]) -> list[tuple[str, date, int, Money]]:
    return [(each.sheet.biller, each.sheet.day, each.count, each.total) for each in done]


class TestHandingOver:
    """A day is handed over when it is over, whole, once."""

    def test_a_day_is_one_file_for_each_biller(
        self, world: World, payer: Payer, gateway: FileGateway
    ) -> None:
        first = paid(payer, a_bill(world))
        second = paid(payer, a_bill(world, number="F-2", amount=5, period="=octubre"), 5)
        third = topped_up(payer, 2_550)
        assert hand_over_due(world.house, gateway) == ()
        next_day(world)
        done = hand_over_due(world.house, gateway)
        assert sums(done) == [
            ("CRE", MONDAY, 2, bob(18_955)),
            ("TIGO-PRE", MONDAY, 1, bob(2_550)),
        ]
        path = gateway.folder / "CRE-2026-11-23-BOB.csv"
        assert lines(path) == [
            {
                "operation_id": str(first),
                "paid_at": "2026-11-23T12:00:30-04:00",
                "kind": "BILL",
                "client_code": "440012",
                "bill_id": "F-1",
                "period": "octubre 2026",
                "currency": "BOB",
                "amount": "189.50",
            },
            {
                "operation_id": str(second),
                "paid_at": "2026-11-23T12:01:00-04:00",
                "kind": "BILL",
                "client_code": "440012",
                "bill_id": "F-2",
                "period": "'=octubre",
                "currency": "BOB",
                "amount": "0.05",
            },
        ]
        (top,) = lines(gateway.folder / "TIGO-PRE-2026-11-23-BOB.csv")
        assert (top["operation_id"], top["kind"], top["bill_id"]) == (str(third), "TOP_UP", "")
        assert path.stat().st_mode & 0o777 == 0o600
        assert [row[-1] for row in exports(world)] == [
            hashlib.sha256(each.read_bytes()).hexdigest()
            for each in sorted(gateway.folder.iterdir())
        ]

    def test_it_is_handed_over_once(self, world: World, payer: Payer, gateway: FileGateway) -> None:
        paid(payer, a_bill(world))
        next_day(world)
        assert len(hand_over_due(world.house, gateway)) == 1
        for _ in range(2):
            world.clock.forward(days=1)
            assert hand_over_due(world.house, gateway) == ()
        assert len(exports(world)) == 1

    def test_a_second_before_midnight_is_of_the_day_and_midnight_of_the_next(
        self, world: World, payer: Payer, gateway: FileGateway
    ) -> None:
        midnight = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
        made = []
        for at in (midnight - timedelta(seconds=1), midnight, midnight + timedelta(hours=10)):
            world.clock.now = at - timedelta(seconds=30)
            payer.signs_in()
            made.append(topped_up(payer))
        next_day(world)
        assert sums(hand_over_due(world.house, gateway)) == [("TIGO-PRE", MONDAY, 1, bob(1_000))]
        (only,) = lines(gateway.folder / "TIGO-PRE-2026-11-23-BOB.csv")
        assert only["operation_id"] == str(made[0])
        world.clock.now = midnight + timedelta(days=1)
        hand_over_due(world.house, gateway)
        found = lines(gateway.folder / "TIGO-PRE-2026-11-24-BOB.csv")
        assert [each["operation_id"] for each in found] == [str(made[1]), str(made[2])]

    def test_days_that_were_missed_are_handed_over_in_their_order(
        self, world: World, payer: Payer, gateway: FileGateway
    ) -> None:
        for _ in range(3):
            topped_up(payer)
            world.clock.forward(days=2)
            payer.signs_in()
        days = [row[1] for row in sums(hand_over_due(world.house, gateway))]
        assert days == [MONDAY, MONDAY + timedelta(days=2), MONDAY + timedelta(days=4)]

    def test_each_currency_is_a_file_of_its_own(
        self, world: World, payer: Payer, gateway: FileGateway
    ) -> None:
        paid(payer, a_bill(world))
        dollars = world.account(payer.member_id, number="55550001", currency=Currency.USD)
        granted(world, payer.access_id, dollars)
        owed = a_bill(world, number="F-2", currency=Currency.USD)
        payer.orders(bill(new_id(), dollars, owed, Money(18_950, Currency.USD)))
        next_day(world)
        hand_over_due(world.house, gateway)
        assert [row[:5] for row in exports(world)] == [
            ("CRE", MONDAY, Currency.BOB, 1, 18_950),
            ("CRE", MONDAY, Currency.USD, 1, 18_950),
        ]
        assert len(list(gateway.folder.iterdir())) == 2

    def test_stopped_before_the_day_is_closed_it_gives_the_same_bytes_again(
        self, world: World, payer: Payer, gateway: FileGateway
    ) -> None:
        for n in range(30):
            paid(payer, a_bill(world, number=f"F-{n}", amount=100 + n), 100 + n)
        next_day(world)
        kept = Broken(gateway)
        with pytest.raises(OSError, match="no space"):
            hand_over_due(world.house, kept)
        path = gateway.folder / "CRE-2026-11-23-BOB.csv"
        before = path.read_bytes()
        assert exports(world) == []
        hand_over_due(world.house, gateway)
        assert path.read_bytes() == before
        assert exports(world)[0][-1] == hashlib.sha256(before).hexdigest()
        assert [each.name for each in gateway.folder.iterdir()] == [path.name]

    def test_a_file_that_does_not_fit_the_ledger_is_not_written(
        self, world: World, payer: Payer, gateway: FileGateway
    ) -> None:
        operation_id = paid(payer, a_bill(world))
        _without_guards(
            world,
            "operation",
            update(Operation).where(Operation.id == operation_id).values(amount=18_951),
        )
        next_day(world)
        with pytest.raises(PaymentsDiffer):
            hand_over_due(world.house, gateway)
        assert exports(world) == []
        assert not gateway.folder.exists()

    def test_of_machines_that_hand_over_at_once_one_does(
        self, world: World, payer: Payer, gateway: FileGateway, racers: Racers
    ) -> None:
        for n in range(5):
            paid(payer, a_bill(world, number=f"F-{n}"))
        topped_up(payer)
        next_day(world)
        now, folder = world.clock.now, str(gateway.folder)
        answers = racers.race(world, [Start("hand_over", (folder, now), __name__)] * 4)
        assert sum(answers) == 2
        assert [row[:5] for row in exports(world)] == [
            ("CRE", MONDAY, Currency.BOB, 5, 5 * 18_950),
            ("TIGO-PRE", MONDAY, Currency.BOB, 1, 1_000),
        ]

    def test_whoever_was_held_up_over_midnight_pays_on_the_new_day(
        self, world: World, payer: Payer, gateway: FileGateway
    ) -> None:
        topped_up(payer)
        began = world.clock.now
        next_day(world)
        hand_over_due(world.house, gateway)
        payer.signs_in()
        code = payer.code()
        clock = _Late(began, world.clock.now)
        world.house.database.clock = clock
        order = top_up(new_id(), payer.account_id, "TIGO-PRE", "70012345", bob(2_000))
        from branch_desk.operations.money import place
        from branch_desk.operations.money.orders import digest

        made = payer.portal(place.place, order, shown_sha256=digest(order.payload()), code=code)
        assert clock.asked >= 2
        assert made.created_at == world.clock.now
        world.house.database.clock = world.clock
        world.clock.forward(days=1)
        assert sums(hand_over_due(world.house, gateway)) == [
            ("TIGO-PRE", MONDAY + timedelta(days=1), 1, bob(2_000))
        ]

    def test_the_due_jobs_hand_over_and_go_on_when_that_fails(
        self, world: World, payer: Payer, tmp_path: Path, gateway: FileGateway
    ) -> None:
        topped_up(payer)
        next_day(world)
        (tmp_path / "a file").touch()
        blocked = FileGateway(tmp_path / "a file")
        done = jobs.run_due(world.house, None, None, blocked)
        assert isinstance(done.payments.problem, OSError)
        done = jobs.run_due(world.house, None, None, gateway)
        assert done.payments.problem is None
        assert sums(done.payments.handed_over) == [("TIGO-PRE", MONDAY, 1, bob(1_000))]
        assert jobs.run_due(world.house, None).payments.handed_over == ()


class Broken:
    """A gateway that fails after its file is in place."""

    def __init__(self, gateway: FileGateway) -> None:
        self._gateway = gateway

    def hand_over(self, sheet: Sheet, payments: Iterable[Payment]) -> str:
        self._gateway.hand_over(sheet, payments)
        raise OSError("no space left")

    def settle(self, house: House, answers: Path) -> SettleResult:
        return self._gateway.settle(house, answers)


class _Late:
    """A clock that says an old time once: the deed was begun then."""

    def __init__(self, began: datetime, now: datetime) -> None:
        self._began, self._now = began, now
        self.asked = 0

    def __call__(self) -> datetime:
        self.asked += 1
        return self._began if self.asked == 1 else self._now


def hand_over(house: House, folder: str, now: datetime) -> int:
    """Hand over in a process of its own; gives how many sheets."""
    house.database.clock = lambda: now
    return len(hand_over_due(house, FileGateway(Path(folder))))


def _without_guards(world: World, table: str, change: Any) -> None:
    """Change what the program itself never could: the guards are off for it."""

    def run(work: Work) -> None:
        if work.session.connection().dialect.name == "postgresql":
            work.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            work.session.execute(change)
            work.session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
            return
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"
        for name in work.session.scalars(text(query), {"table": table}).all():
            work.session.execute(text(f"DROP TRIGGER {name}"))
        work.session.execute(change)

    world.house.work(run)


def test_the_columns_of_the_file_are_those_of_a_payment() -> None:
    assert tuple(Payment.__dataclass_fields__) == COLUMNS
