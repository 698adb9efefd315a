"""Other banks from the command line, each command a process of its own as the machine room runs it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from branch_desk import start
from branch_desk.cli import CANNOT, FOUND, OK
from branch_desk.models.database import Database, upgrade
from branch_desk.models.passwords import Hasher
from branch_desk.models.staff import Branch
from branch_desk.operations.house import install
from branch_desk.operations.work import House
from branch_desk.settings import load
from tests.builders import CHEAP, SetClock, World
from tests.money_builders import Payer, a_payer, balance, sent_by

ROOT = Path(__file__).parent.parent


@pytest.fixture
def world(data_dir: Path) -> Iterator[World]:
    """A house with its keys in the data folder, installed a fortnight ago: its days are due."""
    settings = load()
    settings.prepare_data_dir()
    upgrade(settings.database_url)
    clock = SetClock(datetime.now(UTC) - timedelta(days=14))  # noqa: TID251
    keys = start._keys_for_new(settings)
    house = House(Database(settings.database_url, clock=clock), keys, Hasher(CHEAP))
    install.install(house)
    branch = house.work(lambda w: w.session.scalars(select(Branch.id)).one())
    yield World(house, clock, branch)
    house.database.close()


@pytest.fixture
def payer(world: World) -> Payer:
    return a_payer(world)


def run(*words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "branch_desk", *words],
        check=False, capture_output=True, text=True, cwd=ROOT, env=os.environ | {"COLUMNS": "200"},
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_the_due_jobs_close_the_day_and_the_answers_are_settled(
    world: World, payer: Payer, data_dir: Path, tmp_path: Path
) -> None:
    day = world.clock.now.date() + timedelta(days=1)
    paid, back = (sent_by(world, payer, amount, day) for amount in (123_456, 5))
    assert run("interbank", "batches")[:2] == (OK, "Todavía no hay lotes.\n")
    code, out, _ = run("jobs", "run")
    assert code == OK
    assert "2 transferencias, Bs 1.234,61." in out
    files = sorted(each.name.split("-BOB")[1] for each in (data_dir / "interbank").iterdir())
    assert files == [".csv", ".totals.csv", ".xml"]
    assert "Lote" not in run("jobs", "run")[1]

    answers = tmp_path / "answers.csv"
    answers.write_text(
        f"operation_id;outcome;answer\n{paid};CREDITED;ACH-1\n{back};REJECTED;cuenta cerrada\nx;y;z\n"
    )
    code, out, _ = run("interbank", "settle", str(answers))
    assert code == FOUND
    assert "3 filas: 1 abonadas, 1 devueltas a su cuenta, 0 sin cambio, 1 rechazadas." in out
    assert f"{answers}.rejected.csv" in out
    assert balance(world, payer.account_id) == 500_000 - 123_456
    code, out, _ = run("interbank", "batches")
    assert code == OK
    assert "1 abonadas, 1 devueltas, 0 sin respuesta" in out


def test_what_cannot_be_written_or_read_is_said_with_its_exit_code(
    world: World, payer: Payer, data_dir: Path, tmp_path: Path
) -> None:
    sent_by(world, payer, 5, world.clock.now.date() + timedelta(days=1))
    (data_dir / "interbank").write_text("in the way")
    code, _, said = run("jobs", "run")
    assert code == FOUND
    assert "Lote interbancario: " in said
    assert run("interbank", "settle", str(tmp_path / "missing.csv"))[0] == CANNOT
    (tmp_path / "wrong.csv").write_text("id;result\n")
    code, _, said = run("interbank", "settle", str(tmp_path / "wrong.csv"))
    assert (code, said) == (CANNOT, "Al archivo le faltan columnas.\n")
