"""What every test stands on: no display, no keyring, its own data folder, real databases, no stray warning in the log."""

import logging
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.postgres import Postgres, postgres_server

if TYPE_CHECKING:
    from tests.builders import World

# Before anything imports Qt or keyring: both look once.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
for _name in [name for name in os.environ if name.startswith("BRANCH_DESK_")]:
    if _name != "BRANCH_DESK_PG_BIN":
        del os.environ[_name]


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the program's files of this test out of the person's own."""
    folder = tmp_path / "data"
    monkeypatch.setenv("BRANCH_DESK_DATA", str(folder))
    monkeypatch.setenv("BRANCH_DESK_CONFIG", str(tmp_path / "branch_desk.toml"))
    return folder


@pytest.fixture(autouse=True)
def no_unexpected_logs(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """Fail a test that logs a warning or worse which it did not announce by `@pytest.mark.logs("pattern")`."""
    yield
    expected = [pattern for mark in request.node.iter_markers("logs") for pattern in mark.args]
    said = [
        f"{record.levelname} {record.name}: {record.getMessage()}"
        for phase in ("setup", "call")
        for record in caplog.get_records(phase)
        if record.levelno >= logging.WARNING
    ]
    unexpected = [line for line in said if not any(re.search(p, line) for p in expected)]
    assert not unexpected, "unexpected in the log:\n" + "\n".join(unexpected)
    missing = [p for p in expected if not any(re.search(p, line) for line in said)]
    assert not missing, f"announced, but never logged: {missing}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One real PostgreSQL for all tests of this process."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """A migrated, empty database, to be copied for each test: a quarter of a second instead of two."""
    from branch_desk.models.database import upgrade

    name = postgres.create()
    upgrade(postgres.url(name))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, to be copied for each test."""
    from branch_desk.models.database import upgrade

    path = tmp_path_factory.mktemp("template") / "branch_desk.sqlite"
    upgrade(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # a copy takes only the main file
    return path


@pytest.fixture
def postgres_url(postgres: Postgres, postgres_template: str) -> Iterator[str]:
    """A fresh PostgreSQL database with the program's tables, for locks and races."""
    name = postgres.create(postgres_template)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite file with the program's tables."""
    path = tmp_path / "branch_desk.sqlite"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Run the test on both databases."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Run the test on both databases, without a single table in them, for migrations."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def world(database_url: str) -> Iterator["World"]:
    """An installed house on each database, with a clock the test sets and hashes that cost nothing."""
    from tests.builders import a_world

    made = a_world(database_url)
    yield made
    made.house.database.close()
