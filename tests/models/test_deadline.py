"""A server that stands still is waited for no longer than the client has set itself (R68)."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from branch_desk.models import deadline
from branch_desk.models.database import Database, Unit, unhurried
from branch_desk.models.errors import (
    DatabaseUnreachable,
    DomainError,
    NotEnoughFunds,
    OutcomeUnknown,
)
from branch_desk.models.money import Currency, Money
from tests.faults import a_line
from tests.postgres import Postgres, postgres_server

_LONGEST = 8
"""Seconds until a call has ended, whatever the server does (R68)."""
_HASTE = 0.5
"""Deadline and patience of the tests that need not show how long they are."""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres_server() as made:
        made.execute("CREATE TABLE pile (number BIGINT)")
        yield made


@pytest.fixture
def database(server: Postgres) -> Iterator[Database]:
    with a_line(server) as line:  # over TCP: the network's own limits are in force, and do not help
        made = Database(line.url("postgres"))
        yield made
        made.close()


@pytest.fixture
def hasty(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "SECONDS", _HASTE)
    monkeypatch.setattr(deadline.TimedConnection, "deadline", _HASTE)
    monkeypatch.setattr("branch_desk.models.database._PATIENCE", _HASTE)


def ended(call: Callable[[], object]) -> tuple[DomainError, float]:
    began = time.monotonic()
    with pytest.raises(DomainError) as refusal:
        call()
    return refusal.value, time.monotonic() - began


def count(session: Session) -> int:
    return session.scalar(text("SELECT count(*) FROM pile")) or 0


def add(session: Session) -> None:
    session.execute(text("INSERT INTO pile VALUES (1)"))


def freeze(server: Postgres, database: Database, at_least: float) -> None:
    before = database.read(count)
    with server.frozen():
        refusal, seconds = ended(lambda: database.write(add))
        assert isinstance(refusal, DatabaseUnreachable)
        assert seconds < _LONGEST
        time.sleep(max(0, at_least - seconds))
    assert database.read(count) == before
    database.write(add)
    assert database.read(count) == before + 1


def test_a_call_to_a_frozen_server_ends_and_the_next_one_after_it_works(
    server: Postgres, database: Database
) -> None:
    database.read(count)
    freeze(server, database, 0)


@pytest.mark.long
def test_long_a_server_is_frozen_for_twelve_seconds(server: Postgres, database: Database) -> None:
    database.read(count)
    freeze(server, database, 12)


@pytest.mark.long
def test_long_a_frozen_server_is_called_for_the_first_time(
    server: Postgres, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = Database(database.url.render_as_string(hide_password=False))
    monkeypatch.setattr(database, "write", again.write)
    freeze(server, database, 12)
    again.close()


def test_a_server_that_freezes_at_the_commit_leaves_the_outcome_unknown(
    server: Postgres, database: Database, hasty: None
) -> None:
    frozen = server.frozen()

    def add_and_freeze(session: Session) -> None:
        add(session)
        frozen.__enter__()

    try:
        refusal, seconds = ended(lambda: database.write(add_and_freeze))
    finally:
        frozen.__exit__(None, None, None)
    assert isinstance(refusal, OutcomeUnknown)
    assert seconds < 2 * _HASTE


def test_a_server_that_is_away_is_asked_again_and_then_given_up(
    server: Postgres, database: Database, tmp_path: Path, hasty: None
) -> None:
    away = Database(f"postgresql://postgres@/postgres?host={tmp_path}")
    refusal, seconds = ended(lambda: away.read(count))
    assert isinstance(refusal, DatabaseUnreachable)
    assert _HASTE < seconds < 3 * _HASTE
    database.read(count)
    server.kill()
    server.start()
    database.write(add)


def test_a_transaction_without_hurry_may_take_longer_and_the_next_one_not(
    server: Postgres, database: Database, hasty: None
) -> None:
    slow = text(f"SELECT pg_sleep({2 * _HASTE})")

    def in_peace(session: Session) -> None:
        unhurried(session)
        session.execute(slow)

    database.read(in_peace)
    refusal, _ = ended(lambda: database.read(lambda session: session.execute(slow)))
    assert isinstance(refusal, DatabaseUnreachable)


@pytest.mark.parametrize("with_objects", [True, False])
def test_a_refusal_stands_though_the_line_breaks_before_the_rollback(
    database: Database, server: Postgres, with_objects: bool
) -> None:
    before = database.read(count)

    def refuse(unit: Unit) -> None:
        where = unit.session if with_objects else unit.connection
        where.execute(text("INSERT INTO pile VALUES (1)"))
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid()"
        )
        raise NotEnoughFunds(available=Money(0, Currency.BOB))

    with pytest.raises(NotEnoughFunds):
        database.run(refuse, reads=False)
    assert database.read(count) == before
