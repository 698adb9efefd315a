"""A connection to PostgreSQL with a deadline of the client's own (R68).

Neither the server's timeouts nor those of the network end a wait for a server whose processes
stand still: its kernel goes on answering for it. So whoever waits looks at the clock, and lets
the connection go.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import _WaitTimeout

from branch_desk.models.together import Together

T = TypeVar("T")

SECONDS: Final = 6.0
"""Longest wait for one statement. A server that lives ends it by itself, after five seconds."""
_LOOK: Final = 0.1


class TimedConnection(psycopg.Connection[Any]):
    """A connection whose waits end."""

    deadline: float | None = SECONDS
    """Seconds; None while a transaction may take as long as it takes."""

    def wait(self, gen: PQGen[T], interval: float = _LOOK, timeout: float | None = None) -> T:
        """Wait for the server. Raises OperationalError, the connection closed, when it is late."""
        try:
            return super().wait(gen, interval, self.deadline if timeout is None else timeout)
        except _WaitTimeout as late:
            self.pgconn.finish()
            raise psycopg.OperationalError("the server did not answer in time") from late

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send what is said inside as one message, when it is left."""
        self._pipeline = Together(self)
        try:
            with self._pipeline:
                yield
        finally:
            self._pipeline = None


def connect(
    _dialect: object, _record: object, values: tuple[Any, ...], named: dict[str, Any]
) -> TimedConnection:
    """Open a connection, for SQLAlchemy."""
    return TimedConnection.connect(*values, **named)


def given_back(connection: TimedConnection | None, _record: object) -> None:
    """Set the deadline anew when a transaction that had none gives its connection back."""
    if connection is not None:
        connection.deadline = SECONDS
