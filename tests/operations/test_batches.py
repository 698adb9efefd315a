"""The cut-off: each business day's transfers to other banks, gathered once, to the second."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from branch_desk.models.audit import AuditEvent
from branch_desk.models.calendar import Holiday
from branch_desk.models.errors import TotalsDiffer
from branch_desk.models.interbank import InterbankGate
from branch_desk.models.ledger import Posting
from branch_desk.models.money import Currency, Money
from branch_desk.models.operation import OperationStatus
from branch_desk.operations.exchange.batches import close_due, recent, shut
from branch_desk.operations.house import verification
from branch_desk.operations.money import parameters
from branch_desk.operations.work import House
from tests.access_builders import events
from tests.builders import SetClock, World, a_world
from tests.money_builders import (
    Payer,
    a_payer,
    batches,
    closed_through,
    operation,
    received,
    sent_by,
    status_of,
)
from tests.racing import Order, Racers

MONDAY = date(2026, 11, 23)
TUESDAY = date(2026, 11, 24)
CUT_OFF = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
"""12:30 in La Paz."""


@pytest.fixture(scope="module")
def racers() -> Iterator[Racers]:
    with Racers() as made:
        yield made


@pytest.mark.parametrize("first_run", ["12:30:00", "12:30:01"])
@pytest.mark.parametrize(
    ("day", "what", "next_day"),
    [
        ("2026-11-27", "a Friday", "2026-11-30"),
        ("2026-11-25", "a Wednesday", "2026-11-26"),
        ("2026-12-24", "the eve of Christmas, a Friday after", "2026-12-28"),
        ("2026-09-23", "the eve of Santa Cruz's day", "2026-09-25"),
    ],
)
def test_a_business_day_is_closed_at_the_second_of_its_cut_off(
    database_url: str, day: str, what: str, next_day: str, first_run: str
) -> None:
    def at(day: str, time: str) -> datetime:
        return datetime.fromisoformat(f"{day}T{time}-04:00").astimezone(UTC)

    clock = SetClock(at(day, "08:00:00"))
    world = a_world(database_url, clock)
    try:
        payer = a_payer(world)
        today = sent_by(world, payer, 10_000, date.fromisoformat(day))
        later = sent_by(world, payer, 20_000, date.fromisoformat(next_day))
        for early in ("12:29:59", "12:29:59.999999"):
            clock.now = at(day, early)
            assert close_due(world.house) == ()
            assert status_of(world, today) is OperationStatus.RECEIVED, early
        clock.now = at(day, first_run)
        assert [each.day.isoformat() for each in close_due(world.house)] == [day]
        assert status_of(world, today) is OperationStatus.BATCHED
        # The days between never come: the next batch is that of the next business day.
        clock.now = at(next_day, "12:29:59")
        assert close_due(world.house) == ()
        assert status_of(world, later) is OperationStatus.RECEIVED
        clock.forward(seconds=1)
        (batch,) = close_due(world.house)
        assert (batch.day.isoformat(), batch.total) == (next_day, Money(20_000, Currency.BOB))
    finally:
        world.house.database.close()


@pytest.mark.parametrize("day", ["2026-09-24", "2026-11-28", "2026-11-29", "2026-12-25"])
def test_on_a_day_banks_do_not_work_nothing_of_that_day_is_closed(
    database_url: str, day: str
) -> None:
    """The 24th of September, a Saturday, a Sunday, Christmas."""
    clock = SetClock(datetime.fromisoformat(f"{day}T13:00:00-04:00").astimezone(UTC))
    world = a_world(database_url, clock)
    try:
        close_due(world.house)
        closed = closed_through(world)
        assert closed is not None
        assert closed.isoformat() < day
    finally:
        world.house.database.close()


def test_a_batch_a_currency_holds_what_was_promised_and_ties_to_the_postings(world: World) -> None:
    ana = a_payer(world)
    rosa = a_payer(
        world, number="000200", user_name="rosa", account="2000200030", currency=Currency.USD,
        document_number="5550001", complement="",
    )  # fmt: skip
    mine = [sent_by(world, ana, amount, MONDAY) for amount in (10_050, 1, 99_999)]
    dollars = sent_by(world, rosa, 7_777, MONDAY)
    tomorrow = sent_by(world, ana, 5_000, TUESDAY)
    world.clock.now = CUT_OFF
    bolivianos, other = close_due(world.house)
    assert (bolivianos.count, bolivianos.total) == (3, Money(110_050, Currency.BOB))
    assert (other.count, other.total) == (1, Money(7_777, Currency.USD))
    assert {operation(world, each).batch_id for each in mine} == {bolivianos.id}
    assert operation(world, dollars).batch_id == other.id
    assert operation(world, tomorrow).batch_id is None
    assert [(b.day, b.currency, b.count, b.total) for b in batches(world)] == [
        (MONDAY, Currency.BOB, 3, 110_050),
        (MONDAY, Currency.USD, 1, 7_777),
    ]
    assert events(world, bolivianos.id) == ["batch:closed"]
    assert [row.open for row in world.house.job(recent)] == [3, 1]


def test_what_is_closed_is_closed_once(world: World) -> None:
    sent_by(world, a_payer(world), 10_000, MONDAY)
    world.clock.now = CUT_OFF
    assert len(close_due(world.house)) == 1
    heads = world.house.work(lambda work: work.session.scalar(select(AuditEvent.number)))
    for minutes in (0, 1, 600):
        world.clock.now = CUT_OFF + timedelta(minutes=minutes)
        assert close_due(world.house) == ()
    assert len(batches(world)) == 1
    assert world.house.work(lambda w: w.session.scalar(select(AuditEvent.number))) == heads


def test_a_day_without_transfers_is_closed_and_recorded_without_a_batch(world: World) -> None:
    world.clock.now = CUT_OFF
    assert close_due(world.house) == ()
    assert closed_through(world) == MONDAY
    assert batches(world) == []
    kinds = AuditEvent.event.in_(("batch:day_shut", "batch:closed"))
    texts = world.house.work(
        lambda work: work.session.scalars(select(AuditEvent.text).where(kinds)).all()
    )
    assert len(texts) == 1
    assert '"day":"2026-11-23"' in texts[0]


def test_what_was_shut_by_a_run_that_died_is_gathered_by_the_next(world: World) -> None:
    payer = a_payer(world)
    made = sent_by(world, payer, 1_000, MONDAY)
    world.clock.now = CUT_OFF
    world.house.job(shut)
    assert (closed_through(world), batches(world)) == (MONDAY, [])
    assert status_of(world, made) is OperationStatus.RECEIVED
    with pytest.raises(LookupError):
        sent_by(world, payer, 1_000, MONDAY)
    later = sent_by(world, payer, 2_000, TUESDAY)
    world.clock.now = CUT_OFF + timedelta(hours=20)  # the next morning
    (batch,) = close_due(world.house)
    assert (batch.day, batch.count, batch.total.centavos) == (MONDAY, 1, 1_000)
    assert status_of(world, later) is OperationStatus.RECEIVED
    assert close_due(world.house) == ()


def test_days_the_machine_was_off_are_closed_by_the_next_run_as_one_batch(world: World) -> None:
    payer = a_payer(world)
    days = [MONDAY, TUESDAY, date(2026, 11, 27)]
    made = [sent_by(world, payer, 1_000, day) for day in days]
    after = sent_by(world, payer, 1_000, date(2026, 12, 2))
    world.clock.now = datetime(2026, 12, 2, 16, 29, 59, tzinfo=UTC)  # Wednesday, before the cut-off
    (batch,) = close_due(world.house)
    assert (batch.day, batch.count) == (date(2026, 12, 1), 3)
    assert {status_of(world, each) for each in made} == {OperationStatus.BATCHED}
    assert status_of(world, after) is OperationStatus.RECEIVED


def test_a_holiday_that_was_declared_moves_the_closing(world: World) -> None:
    world.house.work(lambda w: w.session.add(Holiday(day=MONDAY, name="Censo")))
    parameters.forget()
    world.clock.now = CUT_OFF + timedelta(hours=5)
    close_due(world.house)
    assert closed_through(world) == date(2026, 11, 22)  # as at the installation


def test_nothing_is_promised_for_a_day_that_is_closed(world: World) -> None:
    payer = a_payer(world)
    world.clock.now = CUT_OFF
    close_due(world.house)
    with pytest.raises(LookupError):
        sent_by(world, payer, 1_000, MONDAY)


def _behind_the_guards(world: World, statement: object) -> None:
    """Change what the database keeps from being changed, as its owner could."""
    with world.house.database.engine.begin() as connection:
        if world.house.database.is_postgresql:
            connection.execute(text("ALTER TABLE posting DISABLE TRIGGER USER"))
            connection.execute(statement)  # type: ignore[call-overload]  # any statement
            connection.execute(text("ALTER TABLE posting ENABLE TRIGGER USER"))
        else:
            connection.execute(text("DROP TRIGGER guard_posting_update"))
            connection.execute(statement)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "wrong", [{"amount": 9_999}, {"credit_house": "ELSEWHERE"}], ids=["amount", "account"]
)
def test_a_batch_that_does_not_tie_to_the_ledger_is_refused_and_nothing_is_gathered(
    world: World, wrong: dict[str, object]
) -> None:
    payer = a_payer(world)
    made = sent_by(world, payer, 10_000, MONDAY)
    _behind_the_guards(world, update(Posting).where(Posting.entry_id == made).values(**wrong))
    world.clock.now = CUT_OFF
    for _ in range(2):
        with pytest.raises(TotalsDiffer) as refused:
            close_due(world.house)
        assert refused.value.facts == {"day": MONDAY, "currency": Currency.BOB}
        assert status_of(world, made) is OperationStatus.RECEIVED
        assert batches(world) == []
    assert closed_through(world) == MONDAY, "the day is over whatever its sums are"


def close_at(house: House, at: datetime) -> int:
    """A machine whose due jobs run at that instant."""
    house.database.clock = SetClock(at)
    return len(close_due(house))


def pay(house: House, payer: Payer, count: int, day: date) -> int:
    """A client that sends until the day is closed; gives how many were received."""
    for done in range(count):
        try:
            received(house, payer.access_id, payer.account_id, payer.beneficiary_id, 100, day)
        except LookupError:
            return done
    return count


def test_several_machines_close_a_day_once(world: World, racers: Racers) -> None:
    payer = a_payer(world)
    for n in range(20):
        sent_by(world, payer, 100 + n, MONDAY)
    order = Order("close_at", (CUT_OFF,), module=__name__)
    assert sum(racers.race(world, [order] * 6)) == 1
    (batch,) = batches(world)
    assert (batch.count, batch.total) == (20, sum(range(100, 120)))
    assert verification.verify(world.house.database, keys=world.house.keys).intact


def test_everything_received_for_a_day_is_in_its_batch_however_close_to_the_cut_off(
    world: World, racers: Racers
) -> None:
    payers = [
        a_payer(
            world, number=f"0002{n:02}", user_name=f"socio{n}", account=f"20002000{n:02}",
            document_number=f"55500{n:02}", complement="",
        )
        for n in range(3)
    ]  # fmt: skip
    orders = [Order("pay", (payer, 40, MONDAY), module=__name__) for payer in payers]
    orders.append(Order("close_at", (CUT_OFF,), module=__name__))
    *sent, closed = racers.race(world, orders)
    assert closed in (0, 1)
    assert closed_through(world) == MONDAY
    assert sum(each.count for each in batches(world)) == sum(sent)
    left = world.house.work(
        lambda work: work.session.scalar(
            select(InterbankGate.id).where(
                text("EXISTS (SELECT 1 FROM operation WHERE status = 'RECEIVED')")
            )
        )
    )
    assert left is None
