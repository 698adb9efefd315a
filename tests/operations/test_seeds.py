"""What a database is given to stand on, new or upgraded, and the calendar an administrator keeps."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from alembic import command
from sqlalchemy import delete, func, insert, select, text, update

from branch_desk import start
from branch_desk.models import database as databases
from branch_desk.models.beneficiary import Bank
from branch_desk.models.calendar import Holiday, value_date
from branch_desk.models.errors import FreshSignInNeeded, InvalidValue, NotAllowed, NotFound
from branch_desk.models.install import Installation
from branch_desk.models.interbank import InterbankGate
from branch_desk.models.keys import Keys
from branch_desk.models.parameter import Policy, PolicyName, StarterLimit, StarterReason
from branch_desk.models.passwords import Hasher
from branch_desk.models.staff import Role
from branch_desk.operations.house import audit, calendar_days, jobs, seeds
from branch_desk.operations.work import Desk, House
from branch_desk.settings import Settings
from tests.builders import CHEAP, NOON, World

SANTA_CRUZ, CHRISTMAS = date(2026, 9, 24), date(2026, 12, 25)
BRIDGE = date(2026, 12, 24)


def _rows(world: World, query: Any) -> list[Any]:
    return world.house.work(lambda work: list(work.session.scalars(query)), reads=True)


def _holidays(world: World, year: int = 2026) -> dict[date, str]:
    return {row.day: row.name for row in world.house.job(calendar_days.days, year)}


def _count(world: World, table: Any) -> int:
    return int(_rows(world, select(func.count()).select_from(table))[0])


def _change(world: World, statement: Any) -> None:
    world.house.work(lambda work: work.session.execute(statement))


def test_a_new_house_knows_the_banks_of_the_country(world: World) -> None:
    banks = _rows(world, select(Bank).order_by(Bank.position))
    assert [bank.name for bank in banks][:3] == [
        "Banco Unión",
        "Banco Nacional de Bolivia",
        "Banco Mercantil Santa Cruz",
    ]
    assert len(banks) == 14
    assert all(bank.active for bank in banks)


def test_a_new_house_has_its_numbers(world: World) -> None:
    found = {row.name: row.value for row in _rows(world, select(Policy))}
    assert found == {
        PolicyName.CUT_OFF_MINUTE: 12 * 60 + 30,
        PolicyName.SIGNATURE_HOURS: 24,
        PolicyName.INSTALMENTS_AHEAD: 3,
    }
    assert {
        (row.reason, row.currency.value): (row.hours, row.per_day)
        for row in _rows(world, select(StarterLimit))
    } == {
        (reason, currency): (72 if reason is StarterReason.ENROLMENT else 24, per_day)
        for reason in StarterReason
        for currency, per_day in (("BOB", 1_000_00), ("USD", 140_00))
    }


def test_a_new_house_has_closed_yesterday_and_promises_today(world: World) -> None:
    (gate,) = _rows(world, select(InterbankGate))
    assert gate.closed_through == NOON.date() - timedelta(days=1)


def test_the_calendar_is_that_of_santa_cruz_for_five_years(world: World) -> None:
    assert _holidays(world)[SANTA_CRUZ] == "Día del departamento de Santa Cruz"
    assert _holidays(world)[CHRISTMAS] == "Navidad"
    assert date(2026, 7, 16) not in _holidays(world)  # the day of La Paz
    assert [len(_holidays(world, year)) > 10 for year in range(2025, 2032)] == [
        False,
        *[True] * 5,
        False,
    ]
    eve = datetime(2026, 9, 23, 16, 30, tzinfo=UTC)
    assert value_date(eve, _holidays(world)) == date(2026, 9, 25)


def test_the_law_moves_a_holiday_from_sunday_to_monday(world: World) -> None:
    assert date(2026, 6, 22) in _holidays(world)  # 21 June 2026 is a Sunday


def test_a_house_of_an_older_program_gets_what_it_lacks_once(world: World) -> None:
    for table in (Policy, StarterLimit, Bank, Holiday):
        _change(world, delete(table))
    _without_gate(world)
    jobs.run_due(world.house, None)
    assert _count(world, Policy) == 3
    assert _count(world, StarterLimit) == 6
    assert _count(world, Bank) == 14
    assert _count(world, InterbankGate) == 1
    assert CHRISTMAS in _holidays(world, 2026)
    assert world.house.job(seeds.fill_missing) == 0
    auditor = world.desk("auditora", Role.AUDITOR)
    told = [e for e in auditor(audit.events).rows if e.event == "job:done"]
    assert len(told) == 1


def _without_gate(world: World) -> None:
    """As an upgrade leaves it: the guard would not let anybody take it away."""

    def take(work: Any) -> None:
        on = "" if not world.house.database.is_postgresql else " ON interbank_gate"
        work.session.execute(text(f"DROP TRIGGER guard_interbank_gate_delete{on}"))
        work.session.execute(delete(InterbankGate))

    world.house.work(take)


def test_what_the_house_decided_since_is_left_as_it_is(world: World) -> None:
    _change(world, update(Policy).values(value=600))
    _change(world, update(StarterLimit).values(per_day=1))
    _change(world, update(Bank).where(Bank.code == "BUN").values(active=False, name="Otro"))
    assert world.house.job(seeds.fill_missing) == 0
    assert {row.value for row in _rows(world, select(Policy))} == {600}
    assert {row.per_day for row in _rows(world, select(StarterLimit))} == {1}
    (bank,) = _rows(world, select(Bank).where(Bank.code == "BUN"))
    assert (bank.active, bank.name) == (False, "Otro")


def test_the_calendar_grows_by_a_year_and_edited_years_stay(world: World) -> None:
    admin = world.desk("admin2", Role.ADMINISTRATOR)
    admin(calendar_days.remove, CHRISTMAS)
    admin(calendar_days.remove, date(2030, 12, 25))
    admin(calendar_days.add, date(2030, 12, 24), "Puente de Navidad")
    world.clock.forward(days=60)  # into 2027
    assert world.house.job(seeds.fill_missing) > 10
    assert date(2031, 9, 24) in _holidays(world, 2031)
    assert CHRISTMAS not in _holidays(world)
    assert date(2030, 12, 25) not in _holidays(world, 2030)
    assert date(2030, 12, 24) in _holidays(world, 2030)
    assert world.house.job(seeds.fill_missing) == 0


def test_a_machine_that_was_off_for_years_fills_all_that_is_missing(world: World) -> None:
    world.clock.forward(days=365 * 7)  # 2033
    jobs.run_due(world.house, None)
    assert [SANTA_CRUZ.replace(year=year) in _holidays(world, year) for year in range(2030, 2039)]
    assert _holidays(world, 2037)
    assert not _holidays(world, 2038)


def test_two_machines_fill_the_calendar_once(world: World) -> None:
    world.clock.forward(days=60)
    together = Barrier(4)

    def machine(_: int) -> int:
        together.wait()
        return jobs.run_due(world.house, None).expired_links

    with ThreadPoolExecutor(4) as machines:
        assert list(machines.map(machine, range(4))) == [0] * 4
    assert SANTA_CRUZ.replace(year=2031) in _holidays(world, 2031)
    auditor = world.desk("auditora", Role.AUDITOR)
    told = [e for e in auditor(audit.events).rows if e.event == "job:done"]
    assert len(told) == 1


@pytest.fixture
def admin(world: World) -> Desk:
    return world.desk("admin2", Role.ADMINISTRATOR)


def test_a_declared_holiday_moves_what_is_promised(world: World, admin: Desk) -> None:
    eve = datetime(2026, 12, 23, 17, 0, tzinfo=UTC)
    assert value_date(eve, _holidays(world)) == BRIDGE
    admin(calendar_days.add, BRIDGE, "Feriado  por decreto")
    assert _holidays(world)[BRIDGE] == "Feriado por decreto"
    assert value_date(eve, _holidays(world)) == date(2026, 12, 28)
    admin(calendar_days.remove, BRIDGE)
    assert value_date(eve, _holidays(world)) == BRIDGE


def test_a_holiday_can_be_given_another_name(world: World, admin: Desk) -> None:
    admin(calendar_days.add, CHRISTMAS, "Navidad y censo")
    assert _holidays(world)[CHRISTMAS] == "Navidad y censo"


def test_the_trail_says_which_day_and_why(world: World, admin: Desk) -> None:
    admin(calendar_days.add, BRIDGE, "Feriado por decreto")
    admin(calendar_days.remove, BRIDGE)
    auditor = world.desk("auditora", Role.AUDITOR)
    told = {
        entry.event: entry
        for entry in auditor(audit.events).rows
        if entry.event.startswith("calendar:")
    }
    assert set(told) == {"calendar:day_added", "calendar:day_removed"}
    assert all("2026-12-24" in str(entry) for entry in told.values())


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        (lambda desk: desk(calendar_days.add, date(2026, 11, 22), "Ayer"), "too_old"),
        (lambda desk: desk(calendar_days.add, date(2031, 1, 1), "Lejos"), "too_far"),
        (lambda desk: desk(calendar_days.add, BRIDGE, "  "), "missing"),
        (lambda desk: desk(calendar_days.remove, SANTA_CRUZ), "too_old"),
    ],
)
def test_only_days_of_the_calendar_that_have_not_passed_are_touched(
    world: World, admin: Desk, deed: Callable[[Desk], None], reason: str
) -> None:
    before = _count(world, Holiday)
    with pytest.raises(InvalidValue) as refused:
        deed(admin)
    assert refused.value.facts["reason"] == reason
    assert _count(world, Holiday) == before


def test_a_working_day_is_not_removed(admin: Desk) -> None:
    with pytest.raises(NotFound):
        admin(calendar_days.remove, BRIDGE)


def test_only_an_administrator_who_just_gave_the_password_keeps_the_calendar(
    world: World, admin: Desk
) -> None:
    officer = world.desk("oficial")
    with pytest.raises(NotAllowed):
        officer(calendar_days.add, BRIDGE, "Puente")
    world.clock.forward(minutes=6)
    with pytest.raises(FreshSignInNeeded):
        admin(calendar_days.add, BRIDGE, "Puente")


def test_an_upgrade_gives_an_installed_house_what_it_lacks(empty_url: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=empty_url)
    command.upgrade(databases._alembic(databases.plain_url(empty_url)), "0002")
    settings.prepare_data_dir()
    keys = Keys.create(start.key_store(settings))
    database = databases.Database(empty_url)
    about = {"id": 1, "canary": keys.canary(), "training": False, "created_at": NOON}
    database.write(lambda session: session.execute(insert(Installation).values(about)))
    start.upgrade_house(settings)
    house = House(database, keys, Hasher(CHEAP))
    assert house.job(calendar_days.days)
    assert house.job(seeds.fill_missing) == 0
    database.close()


def test_an_upgrade_puts_nothing_into_a_database_nobody_installed(
    empty_url: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=empty_url)
    start.upgrade_house(settings)
    database = databases.Database(empty_url)
    assert database.read(lambda session: session.scalars(select(Holiday)).all()) == []
    database.close()
