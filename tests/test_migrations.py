"""The way from an empty database to the program's schema: whole, equal to the model, killable."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

import branch_desk.models.tables  # noqa: F401  every table
from branch_desk.models import database as databases
from branch_desk.models.base import Base
from branch_desk.models.database import Database, plain_url, require_schema, revisions, upgrade
from branch_desk.models.errors import WrongSchema
from branch_desk.models.event import Event
from branch_desk.operations.house.verification import verify
from tests.builders import a_world
from tests.postgres import Postgres, postgres_server

ROOT = Path(__file__).resolve().parent.parent

_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
           pg_get_expr(d.adbin, d.adrelid), l.collname
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
      AND a.attnum > 0 AND NOT a.attisdropped"""
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = current_schema()::regnamespace"""
_INDEXES = (
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
)


def _lines_of_sqlite(sql: str) -> list[str]:
    """The definitions of a CREATE statement, without regard to their order or the blanks."""
    # A table that was made anew and renamed has its name in quotes.
    lines = sql.replace('"', "").splitlines()
    return sorted(" ".join(line.split()).rstrip(",") for line in lines if line.strip())


def _schema(connection: Connection) -> list[Any]:
    """Everything the database knows of its tables, as it says it itself."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(
            text("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type <> 'trigger'")
        ).all()
        return sorted(
            (row.type, row.name, row.tbl_name, _lines_of_sqlite(row.sql or ""))
            for row in rows
            if row.tbl_name != "alembic_version"
        )
    return sorted(
        tuple(str(value) for value in row)
        for question in (_COLUMNS, _CONSTRAINTS, _INDEXES)
        for row in connection.execute(text(question))
        if row[0] != "alembic_version"
    )


def _signature(url: str) -> list[Any]:
    engine = create_engine(plain_url(url))
    with engine.connect() as connection:
        signature = _schema(connection)
        if engine.dialect.name == "sqlite":
            triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        else:
            triggers = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        signature += sorted(connection.scalars(text(triggers)))
    engine.dispose()
    return signature


def test_upgrading_gives_what_the_model_says(
    database_url: str, tmp_path: Path, postgres: Postgres
) -> None:
    upgraded = create_engine(plain_url(database_url))
    name = ""
    if upgraded.dialect.name == "sqlite":
        made = create_engine(f"sqlite:///{tmp_path / 'made.sqlite'}")
    else:
        name = postgres.create()
        made = create_engine(plain_url(postgres.url(name)))
    Base.metadata.create_all(made)
    with upgraded.connect() as by_migrations, made.connect() as by_model:
        assert _schema(by_migrations) == _schema(by_model)
    upgraded.dispose()
    made.dispose()
    if name:
        postgres.drop(name)


def test_alembic_finds_nothing_left_to_do(database_url: str) -> None:
    engine = create_engine(plain_url(database_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_postgresql_counts_nothing_by_itself(postgres_url: str) -> None:
    """A sequence would be one more thing the program's role needs a right on, for a backup too."""
    engine = create_engine(plain_url(postgres_url))
    with engine.connect() as connection:
        assert engine.dialect.get_sequence_names(connection) == []  # type: ignore[no-untyped-call, unused-ignore]  # SQLAlchemy's dialects are half typed
    engine.dispose()


def test_every_sqlite_table_is_strict(sqlite_url: str) -> None:
    with closing(sqlite3.connect(str(plain_url(sqlite_url).database))) as connection:
        loose = connection.execute(
            "SELECT name FROM pragma_table_list"
            " WHERE schema = 'main' AND NOT strict AND type = 'table'"
            " AND name NOT LIKE 'sqlite_%' AND name <> 'alembic_version'"
        ).fetchall()
    assert loose == []


def test_upgrading_twice_is_harmless(database_url: str) -> None:
    world = a_world(database_url)
    world.house.work(lambda work: work.record(Event.EXPORTED, None))
    before = _signature(database_url)
    upgrade(database_url)
    assert _signature(database_url) == before
    assert verify(world.house.database).events == 2
    world.house.database.close()


def test_an_empty_an_older_and_a_newer_database_are_told_apart(
    empty_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    database = Database(empty_url)

    def reason() -> object:
        with pytest.raises(WrongSchema) as wrong:
            require_schema(database)
        return wrong.value.facts["reason"]

    assert reason() == "empty"
    upgrade(empty_url)
    require_schema(database)
    with database.engine.begin() as connection:
        connection.execute(
            text("UPDATE alembic_version SET version_num = :v"), {"v": revisions()[0]}
        )
    assert reason() == "older"
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert reason() == "newer"
    database.close()


def test_a_program_that_knows_fewer_revisions_refuses(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = revisions()[:-1]
    monkeypatch.setattr(databases, "revisions", lambda: known)
    database = Database(database_url)
    with pytest.raises(WrongSchema) as wrong:
        require_schema(database)
    assert wrong.value.facts == {"reason": "newer"}
    database.close()


def test_the_list_of_revisions_is_a_line(sqlite_url: str) -> None:
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(databases._alembic(plain_url(sqlite_url)))
    walked = [revision.revision for revision in script.walk_revisions()]
    assert list(reversed(walked)) == revisions()


def _start(url: str) -> "subprocess.Popen[bytes]":
    code = (
        f"print('x', flush=True); from branch_desk.models.database import upgrade; upgrade({url!r})"
    )
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)


def test_an_upgrade_killed_anywhere_leaves_old_or_new(
    empty_url: str, sqlite_url: str, request: pytest.FixtureRequest
) -> None:
    is_postgres = plain_url(empty_url).get_backend_name() == "postgresql"
    url = request.getfixturevalue("postgres_url") if is_postgres else sqlite_url
    whole, nothing = _signature(url), _signature(empty_url)
    began = time.monotonic()
    with _start(empty_url) as running:
        running.wait()
        assert running.stdout is not None
    lasts = time.monotonic() - began
    assert _signature(empty_url) == whole
    drawn = random.Random(45)
    halves = 0
    for _ in range(4):
        _empty(empty_url)
        with _start(empty_url) as running:
            time.sleep(drawn.uniform(0.35, 1.0) * lasts)
            running.send_signal(signal.SIGKILL)
        found = _settled(empty_url)
        halves += found not in (whole, nothing)
    assert halves == 0
    upgrade(empty_url)
    assert _signature(empty_url) == whole


def _settled(url: str) -> list[Any]:
    """The schema once the server noticed that its client is gone."""
    if plain_url(url).get_backend_name() == "postgresql":
        engine = create_engine(plain_url(url))
        others = text(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        with engine.connect() as connection:
            while connection.scalar(others):
                connection.rollback()
                time.sleep(0.02)
        engine.dispose()
    return _signature(url)


def _empty(url: str) -> None:
    if plain_url(url).get_backend_name() == "sqlite":
        for path in Path(str(plain_url(url).database)).parent.glob("empty.sqlite*"):
            path.unlink()
        return
    engine = create_engine(plain_url(url))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


def test_a_server_that_may_lose_data_is_refused() -> None:
    """The tests' own server does not wait for the disk: it must not pass for a branch's."""
    from branch_desk.models.errors import UnsafeServer

    with postgres_server(durable=True) as durable:
        database = Database(durable.url())
        database.require_safe_server()
        with database.engine.connect() as connection:
            connection.execute(text("ALTER ROLE postgres SET synchronous_commit = off"))
            connection.commit()
        database.close()
        again = Database(durable.url())
        with pytest.raises(UnsafeServer) as unsafe:
            again.require_safe_server()
        assert unsafe.value.facts["setting"] == "synchronous_commit"
        again.close()
