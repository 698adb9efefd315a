"""BEGIN goes with the first statement of a transaction and COMMIT with its last, as one message."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from branch_desk.models.database import Database, Unit
from branch_desk.models.errors import OutcomeUnknown
from tests.faults import Line, a_line
from tests.postgres import Postgres, postgres_server

_FAR = 40
"""Milliseconds of a round trip: what is sent together arrives before any of it is answered."""
_WARM = 7
"""From then on a statement is prepared."""
_ADD = text("INSERT INTO pile VALUES (:number)")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres_server() as made:
        yield made


@pytest.fixture
def line(server: Postgres) -> Iterator[Line]:
    server.execute("DROP TABLE IF EXISTS pile")
    server.execute("CREATE TABLE pile (number BIGINT PRIMARY KEY)")
    with a_line(server, _FAR) as made:
        yield made


@pytest.fixture
def database(line: Line) -> Iterator[Database]:
    made = Database(line.url("postgres"))
    yield made
    made.close()


def add(connection: Connection, number: int) -> None:
    connection.execute(_ADD, {"number": number})


def numbers(database: Database) -> list[int]:
    return database.read(
        lambda session: list(session.scalars(text("SELECT number FROM pile ORDER BY 1")))
    )


def pair(database: Database, first: int, last: int) -> None:
    """Add one number, and another as the last thing of all."""

    def deed(unit: Unit) -> None:
        add(unit.connection, first)
        unit.last(lambda connection: add(connection, last))

    database.run(deed, reads=False)


def test_two_statements_are_two_round_trips(database: Database, line: Line) -> None:
    for number in range(_WARM):
        pair(database, 2 * number, 2 * number + 1)
    before = line.turns
    pair(database, 100, 101)
    assert line.turns - before == 2
    assert numbers(database) == [*range(2 * _WARM), 100, 101]


def test_when_the_last_statement_fails_its_own_error_comes_and_nothing_is_kept(
    database: Database,
) -> None:
    pair(database, 1, 2)
    with pytest.raises(IntegrityError):
        pair(database, 3, 2)
    assert numbers(database) == [1, 2]
    pair(database, 3, 4)
    assert numbers(database) == [1, 2, 3, 4]


def test_an_answer_to_the_last_statement_that_is_lost_leaves_the_outcome_open(
    database: Database, line: Line
) -> None:
    pair(database, 1, 2)
    line.lose_commits(1, every=1)
    with pytest.raises(OutcomeUnknown):
        pair(database, 3, 4)
    assert numbers(database) == [1, 2, 3, 4]


def test_where_there_are_objects_the_last_statement_does_not_wait(database: Database) -> None:
    def deed(unit: Unit) -> int:
        assert unit.session.scalar(text("SELECT count(*) FROM pile")) == 0
        unit.last(lambda connection: add(connection, 5))
        return unit.session.scalar(text("SELECT count(*) FROM pile")) or 0

    assert database.run(deed, reads=False) == 1
    assert numbers(database) == [5]


def test_what_is_refused_before_the_end_never_sends_its_last_statement(database: Database) -> None:
    def deed(unit: Unit) -> None:
        add(unit.connection, 1)
        unit.last(lambda connection: add(connection, 2))
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        database.run(deed, reads=False)
    assert numbers(database) == []
