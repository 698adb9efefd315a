"""The day promised for another bank is the day it is sent for, at the very second of the cut-off (F30)."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from branch_desk.models.database import Database
from branch_desk.models.errors import PromiseChanged
from branch_desk.models.operation import OperationStatus
from branch_desk.models.passwords import Hasher
from branch_desk.operations.exchange import batches
from branch_desk.operations.money import place
from branch_desk.operations.money.place import Placed, Preview
from branch_desk.operations.work import House
from tests.builders import CHEAP, SetClock, World, a_world
from tests.payers import Payer, a_beneficiary, a_payer, balance, operations
from tests.snapshots import changed, ends, everything, newer

FRIDAY = date(2026, 11, 27)
MONDAY = date(2026, 11, 30)


def la_paz(day: date, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}-04:00").astimezone(UTC)


CUT_OFF = la_paz(FRIDAY, "12:30:00")
DAYS = {
    "a Friday": (FRIDAY, FRIDAY, MONDAY),
    "a Saturday": (date(2026, 11, 28), MONDAY, MONDAY),
    "the eve of Christmas": (date(2026, 12, 24), date(2026, 12, 24), date(2026, 12, 28)),
    "the eve of Santa Cruz's day": (date(2027, 9, 23), date(2027, 9, 23), date(2027, 9, 27)),
    "Santa Cruz's day": (date(2027, 9, 24), date(2027, 9, 27), date(2027, 9, 27)),
    "a Monday": (MONDAY, MONDAY, date(2026, 12, 1)),
}
"""A day, what is promised on it until the cut-off, and what from then on."""


CLOCKS = ("00:00:00", "12:29:59", "12:30:00", "12:30:01", "23:59:59")


def test_the_promise_is_of_the_second_and_is_kept_as_it_was_shown(world: World) -> None:
    payer = a_payer(world, world.desk())
    to = a_beneficiary(world, payer)
    said, kept = {}, {}
    expected = {
        (which, clock): until if clock < "12:30:00" else after
        for which, (_, until, after) in DAYS.items()
        for clock in CLOCKS
    }
    for which, clock in sorted(expected, key=lambda each: (DAYS[each[0]][0], each[1])):
        world.clock.now = la_paz(DAYS[which][0], clock)
        payer.signs_in()
        # A second later it is the same code; the next step's is accepted as well, once.
        code = payer.phone.code(CLOCKS.index(clock) == 3)
        shown = payer.portal(place.preview, payer.bank(to, 1_000, promised_on=date(2020, 1, 1)))
        said[which, clock] = shown.order.promised_on
        placed = payer.portal(place.place, shown.order, shown_sha256=shown.sha256, code=code)
        kept[which, clock] = placed.value_date
        row = operations(world)[-1]
        assert (row.id, row.status) == (placed.id, OperationStatus.RECEIVED)
        assert row.value_date == placed.value_date
        assert f'"promised_on":"{placed.value_date}"' in row.payload
    assert said == kept == expected


def test_when_the_cut_off_passes_before_the_code_nothing_is_sent(world: World) -> None:
    payer = a_payer(world, world.desk())
    to = a_beneficiary(world, payer)
    world.clock.now = CUT_OFF - timedelta(seconds=1)
    shown = payer.portal(place.preview, payer.bank(to, 10_000))
    assert shown.order.promised_on == FRIDAY
    world.clock.now = CUT_OFF
    code = payer.phone.code()
    before, marks = everything(world), ends(world)
    with pytest.raises(PromiseChanged) as refused:
        payer.portal(place.place, shown.order, shown_sha256=shown.sha256, code=code)
    assert refused.value.day == MONDAY
    assert changed(before, everything(world)) == {}
    assert [each.event for each in newer(world, marks)] == ["operation:refused"]
    # Shown anew, the same code confirms the new day.
    again = payer.portal(place.preview, shown.order)
    placed = payer.portal(place.place, again.order, shown_sha256=again.sha256, code=code)
    assert placed.value_date == MONDAY


@pytest.fixture
def postgres_world(postgres_url: str) -> Iterator[World]:
    made = a_world(postgres_url)
    yield made
    made.house.database.close()


@pytest.fixture
def closer(postgres_world: World) -> Iterator[House]:
    """Another machine, whose clock says half past twelve."""
    url = postgres_world.house.database.url.render_as_string(hide_password=False)
    house = House(Database(url, clock=SetClock(CUT_OFF)), postgres_world.house.keys, Hasher(CHEAP))
    yield house
    house.database.close()


def until_waiting(engine: Engine, how_many: int) -> None:
    """Until so many wait for a lock."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    end = time.monotonic() + 4
    while time.monotonic() < end:
        with engine.connect() as connection:
            if connection.scalar(query) >= how_many:
                return
        time.sleep(0.01)
    raise TimeoutError(how_many)


def shown_in_time(payer: Payer) -> Preview:
    """An order that was shown at 12:29:59 and is about to be sent."""
    to = a_beneficiary(payer.world, payer)
    payer.world.clock.now = CUT_OFF - timedelta(seconds=1)
    return payer.portal(place.preview, payer.bank(to, 10_000))


def send(payer: Payer, shown: Preview) -> Placed:
    return payer.portal(
        place.place, shown.order, shown_sha256=shown.sha256, code=payer.phone.code()
    )


@pytest.mark.parametrize("late_clock", [True, False])
def test_what_gets_its_lock_after_the_closing_is_not_in_the_closed_batch(
    postgres_world: World, closer: House, late_clock: bool
) -> None:
    world = postgres_world
    payer, early = a_payer(world, world.desk()), a_payer(world, world.desk(), 2)
    world.clock.now = CUT_OFF - timedelta(minutes=5)
    first = early.orders(early.bank(a_beneficiary(world, early), 7_000))
    shown = shown_in_time(payer)
    engine = world.house.database.engine
    lock = text("SELECT 1 FROM access WHERE id = :id FOR UPDATE")
    with ThreadPoolExecutor(1) as pool, engine.connect() as other:
        other.execute(lock, {"id": payer.access_id})
        deed = pool.submit(send, payer, shown)
        until_waiting(engine, 1)
        (batch,) = batches.close_due(closer)
        assert (batch.day, batch.count, batch.total.centavos) == (FRIDAY, 1, 7_000)
        before = everything(world)
        if not late_clock:
            world.clock.now = CUT_OFF
        other.rollback()
        with pytest.raises(PromiseChanged) as refused:
            deed.result()
    assert refused.value.day == MONDAY
    assert changed(before, everything(world)) == {}
    assert [each.id for each in operations(world)] == [first.id]
    again = payer.portal(place.preview, shown.order)
    assert send(payer, again).value_date == MONDAY
    assert batches.close_due(closer) == ()


def test_what_holds_the_gate_before_the_closing_is_in_the_batch_of_its_day(
    postgres_world: World, closer: House
) -> None:
    world = postgres_world
    payer = a_payer(world, world.desk())
    shown = shown_in_time(payer)
    engine = world.house.database.engine
    with ThreadPoolExecutor(2) as pool, engine.connect() as other:
        # Its last statement waits for its audit chain; it has passed the gate by then.
        other.execute(text("SELECT 1 FROM audit_head FOR UPDATE"))
        deed = pool.submit(send, payer, shown)
        until_waiting(engine, 1)
        closing = pool.submit(batches.close_due, closer)
        until_waiting(engine, 2)
        other.rollback()
        placed = deed.result()
        (batch,) = closing.result()
    assert placed.value_date == FRIDAY
    assert (batch.day, batch.count, batch.total.centavos) == (FRIDAY, 1, 10_000)
    (kept,) = operations(world)
    assert (kept.batch_id, kept.status) == (batch.id, OperationStatus.BATCHED)
    assert balance(world, payer.account_id) == 490_000


def an_early_one(world: World) -> Placed:
    """A transfer of the day, before its cut-off."""
    early = a_payer(world, world.desk())
    world.clock.now = CUT_OFF - timedelta(minutes=5)
    early.signs_in()
    return early.orders(early.bank(a_beneficiary(world, early), 7_000))


_ROW = text("SELECT 1 FROM operation WHERE id = :id FOR UPDATE")


def test_who_sends_while_the_day_is_gathered_does_not_wait_for_it(
    postgres_world: World, closer: House
) -> None:
    world = postgres_world
    first, late = an_early_one(world), a_payer(world, world.desk(), 2)
    to = a_beneficiary(world, late)
    world.clock.now = CUT_OFF
    engine = world.house.database.engine
    with ThreadPoolExecutor(1) as pool, engine.connect() as other:
        other.execute(_ROW, {"id": first.id})
        closing = pool.submit(batches.close_due, closer)
        until_waiting(engine, 1)
        with engine.connect() as looking:
            look = text("SELECT closed_through FROM interbank_gate FOR SHARE NOWAIT")
            assert looking.scalar(look) == FRIDAY
        placed = late.orders(late.bank(to, 10_000))
        assert not closing.done()
        other.rollback()
        (batch,) = closing.result()
    assert placed.value_date == MONDAY
    assert (batch.day, batch.count, batch.total.centavos) == (FRIDAY, 1, 7_000)


def test_two_machines_that_gather_at_once_make_one_batch(
    postgres_world: World, closer: House
) -> None:
    world = postgres_world
    first = an_early_one(world)
    closer.job(batches.shut)
    engine = world.house.database.engine
    with ThreadPoolExecutor(2) as pool, engine.connect() as other:
        other.execute(_ROW, {"id": first.id})
        gathering = [pool.submit(closer.job, batches.gather) for _ in range(2)]
        until_waiting(engine, 2)
        other.rollback()
        found = [each.result() for each in gathering]
    assert sorted(len(each) for each in found) == [0, 1]
    (kept,) = operations(world)
    assert kept.status is OperationStatus.BATCHED
