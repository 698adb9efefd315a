"""The database: engine, one transaction for each deed, retried whole, and its schema.

SQLite is the embedded default of a single machine; PostgreSQL serves several desks. The same
code runs on both: `with_for_update()` compiles to nothing on SQLite, where every writing
transaction begins IMMEDIATE instead and is therefore alone.
"""

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Engine, create_engine, event, func, null, select, text
from sqlalchemy.engine import URL, Connection, Transaction, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from branch_desk.models.errors import (
    ChangedMeanwhile,
    DatabaseUnreachable,
    OutcomeUnknown,
    UnsafeServer,
    WrongSchema,
)

T = TypeVar("T")

ATTEMPTS = 20
_LONGEST_PAUSE = 0.5
_PATIENCE = 5.0
"""Seconds after which a server that does not answer is not asked again for the same deed (R68)."""
_SECONDS_TO_CONNECT = 3
_BUSY_SECONDS = 5
_NAP = (0.0002, 0.002)
"""Seconds between two looks whether another has ended its writing to SQLite's file."""

_RETRIED = ("40001", "40P01", "55P03", "25006", "25P03", "57P01", "57P02", "57P03")
"""Serialization failure, deadlock, lock timeout, read-only standby, a transaction given up because
this machine was too busy to go on with it, server going or coming."""

_SERVER = (
    "-c statement_timeout=5000 -c lock_timeout=4000 -c idle_in_transaction_session_timeout=5000"
    " -c datestyle=ISO"  # a server set to another style would show dates the driver cannot read
)

_WITH_COMMIT = "branch_desk_with_commit"

_SAFE = {"fsync": ("on",), "full_page_writes": ("on",)}


class TryAgain(Exception):
    """What the deed read is no longer so: the whole of it is run once more, like on a clash."""


class Clock(Protocol):
    """Says what time it is; passed in, so that tests decide."""

    def __call__(self) -> datetime:
        """Give the present instant, aware."""


class Unit:
    """One transaction: its connection, and a session for who wants objects.

    A session is made when it is first asked for: a transfer does without, and saves a tenth.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.committing = False
        """The COMMIT was sent: whether it took effect, a line that breaks does not say."""
        self._transaction: Transaction = self._begun()
        self._session: Session | None = None
        self._last: Callable[[Connection], object] | None = None

    def _begun(self) -> Transaction:
        return self.connection.begin()

    @property
    def session(self) -> Session:
        """The objects of this transaction; they keep their values after it."""
        if self._session is None:
            self._session = Session(self.connection, expire_on_commit=False)
        return self._session

    def flush(self) -> None:
        """Write what was done to objects."""
        if self._session is not None:
            self._session.flush()

    def last(self, send: Callable[[Connection], object]) -> None:
        """Send a statement at the very end; on PostgreSQL the COMMIT goes along with it.

        Where there are objects it is sent now: what they write may name what it writes.
        """
        if self._session is not None:
            send(self.connection)
        else:
            self._last = send

    def carry_out(self, deed: "Callable[[Unit], T]", *, commits: bool) -> T:
        """Do the deed and commit, or take all of it back and raise what it raised."""
        try:
            answer = deed(self)
            if self._session is not None:
                self._session.commit()  # writes what is left, and leaves COMMIT to the transaction
            self.committing = commits
            if self._last is not None:
                self._last(self.connection.execution_options(**{_WITH_COMMIT: True}))
            self._transaction.commit()
        except BaseException:
            # What led to it stands whether or not the line lives to hear of the rollback.
            if self._session is not None:
                with suppress(DBAPIError):
                    self._session.close()
            if self._transaction.is_active:  # a session that failed has taken it back itself
                with suppress(DBAPIError):
                    self._transaction.rollback()
            raise
        if self._session is not None:
            self._session.close()
        return answer


class Database:
    """One database, SQLite or PostgreSQL."""

    def __init__(self, url: str, *, clock: Clock | None = None) -> None:
        self.url = plain_url(url)
        self.engine = _engine(self.url)
        self.clock = clock
        self._reading = self.engine.execution_options(branch_desk_reads=True)
        self._unit = Unit

    @property
    def is_postgresql(self) -> bool:
        """Whether locks, rights and triggers of PostgreSQL are there."""
        return self.engine.dialect.name == "postgresql"

    @property
    def shown(self) -> str:
        """The address as it may be shown: without password."""
        return self.url.render_as_string(hide_password=True)

    def now_column(self) -> ColumnElement[Any]:
        """Give the SQL for the server's clock, to be read with another query (R40).

        On SQLite the database has no clock of its own: NULL, and `instant` reads the machine's.
        """
        return func.clock_timestamp() if self.reads_clock else null()

    @property
    def reads_clock(self) -> bool:
        """Whether the instant is the server's own."""
        return self.is_postgresql and self.clock is None

    def instant(self, read: Any) -> datetime:  # noqa: ANN401  what a driver returns
        """Make the deed's instant from what `now_column` gave, in UTC."""
        if self.clock is not None:
            return self.clock()
        if isinstance(read, datetime):
            return read.astimezone(UTC)
        return datetime.now(UTC)  # noqa: TID251  the one place that reads the machine's clock

    def now(self) -> datetime:
        """Ask the database what time it is, UTC."""
        return self.read(lambda session: self.instant(session.scalar(self._now_query())))

    def _now_query(self) -> Any:  # noqa: ANN401

        return select(self.now_column())

    def write(self, deed: Callable[[Session], T]) -> T:
        """Run `deed` in one transaction and commit; the whole of it again on a clash.

        Raises ChangedMeanwhile when a version check lost, OutcomeUnknown when the connection
        broke at COMMIT, DatabaseUnreachable when the tries are used up.
        """
        return self.run(lambda unit: deed(unit.session), reads=False)

    def read(self, question: Callable[[Session], T]) -> T:
        """Run `question` in one transaction that writes nothing."""
        return self.run(lambda unit: question(unit.session), reads=True)

    def run(self, deed: Callable[[Unit], T], *, reads: bool) -> T:
        """Do what `write` and `read` do for a deed that may do without objects: see `Unit`."""
        begun = time.monotonic()
        for attempt in range(ATTEMPTS):
            unit = None
            try:
                with self._connect(reads=reads) as connection:
                    unit = self._unit(connection)
                    return unit.carry_out(deed, commits=not reads)
            except TryAgain as stale:
                last: Exception = stale
            except StaleDataError as clash:
                raise ChangedMeanwhile(kind="row") from clash
            except DBAPIError as error:
                if unit is not None and unit.committing and _may_be_committed(error):
                    raise OutcomeUnknown from error
                unmade = self.is_postgresql and unit is None
                if not (unmade and isinstance(error, OperationalError)) and not _passes(error):
                    raise
                away = unmade or _connection_lost(error)
                if away and time.monotonic() - begun > _PATIENCE:
                    raise DatabaseUnreachable from error
                last = error
            # Clashing desks that wait alike clash again: each waits its own while.
            time.sleep(min(_LONGEST_PAUSE, random.uniform(0, 0.01 * 2**attempt)))  # noqa: S311
        raise DatabaseUnreachable from last

    def _connect(self, *, reads: bool) -> AbstractContextManager[Connection]:
        return (self._reading if reads else self.engine).connect()

    def close(self) -> None:
        """Let all connections go."""
        self.engine.dispose()

    def require_safe_server(self) -> None:
        """Refuse a PostgreSQL server that may lose what it confirmed (R64)."""
        if not self.is_postgresql:
            return
        with self.engine.connect() as connection:
            for setting, good in _SAFE.items():
                value = connection.scalar(text("SELECT current_setting(:name)"), {"name": setting})
                if value not in good:
                    raise UnsafeServer(setting=setting, value=value)
            value = connection.scalar(text("SELECT current_setting('synchronous_commit')"))
            if value == "off":
                raise UnsafeServer(setting="synchronous_commit", value=value)


def plain_url(url: str) -> URL:
    """Accept `postgresql://` for the driver used here; give other addresses back unchanged."""
    made = make_url(url)
    if made.drivername in ("postgresql", "postgres"):
        made = made.set(drivername="postgresql+psycopg")
    return made


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        if url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = create_engine(
            url,
            hide_parameters=True,  # an error's text goes into logs; its values may be secrets
            connect_args={"timeout": 5.0, "check_same_thread": False},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    from branch_desk.models import deadline  # the driver loads only where it is needed

    # No ping before each deed: a line that broke while nobody used it is found by the first
    # statement, and the deed is run again on a new one.
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=4,
        max_overflow=4,
        connect_args={
            "connect_timeout": _SECONDS_TO_CONNECT,
            "options": _SERVER,
            "keepalives": 1,
            "keepalives_idle": 2,
            "keepalives_interval": 1,
            "keepalives_count": 2,
            "tcp_user_timeout": 4000,
        },
    )
    event.listen(engine, "do_connect", deadline.connect)
    event.listen(engine, "checkin", deadline.given_back)
    event.listen(engine, "do_execute", _with_begin_or_commit)
    return engine


def _with_begin_or_commit(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:  # noqa: ANN401  the driver's
    """Send BEGIN together with the first statement: a branch may be 20 ms from its database.

    And COMMIT with the last, where `Unit.last` says which that is. When the statement fails, the
    server does not look at the COMMIT behind it.
    """
    connection = cursor.connection
    if connection.autocommit:
        return False
    commits = context.execution_options.get(_WITH_COMMIT, False)
    if connection.info.transaction_status and not commits:  # 0: idle
        return False
    with connection.together():
        cursor.execute(statement, parameters)
        if commits:
            connection.commit()
    return True


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401  the driver's connection
    connection.isolation_level = None  # the program says BEGIN itself, see below
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=5000",
        "trusted_schema=OFF",
        "recursive_triggers=ON",  # else INSERT OR REPLACE deletes rows behind the guards' back
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later would fail with «locked» in between.
    if connection.get_execution_options().get("branch_desk_reads", False):
        connection.exec_driver_sql("BEGIN")
        return
    _wait_for_turn(connection)


def _wait_for_turn(connection: Connection) -> None:
    """Become the one writer. Raises OperationalError after as long as SQLite itself would wait.

    SQLite sleeps longer and longer, up to a tenth of a second, and whoever comes later passes it:
    among eight writers one in a hundred waits a second. Short naps of random length are fairer.
    """
    driver: Any = connection.connection.driver_connection
    end = time.monotonic() + _BUSY_SECONDS
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < end:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as busy:
                if busy.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                time.sleep(random.uniform(*_NAP))  # noqa: S311
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute("PRAGMA busy_timeout=5000")


def _passes(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state.startswith("08") or state in _RETRIED
    message = str(error.orig)
    return isinstance(error, OperationalError) and (
        "database is locked" in message or _connection_lost(error)
    )


def _connection_lost(error: DBAPIError) -> bool:
    return error.connection_invalidated


def _may_be_committed(error: DBAPIError) -> bool:
    """Say whether a COMMIT that failed so may have been one: a server that goes says it first."""
    state = getattr(error.orig, "sqlstate", None) or ""
    return _connection_lost(error) or state.startswith(("08", "57P"))


def unhurried(session: Session, longest: str = "0") -> None:
    """Let the statements of this transaction take long: what is read or written is a great deal.

    `longest` is PostgreSQL's way to say how long each; zero is without end.
    """
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return
    for setting in ("statement_timeout", "idle_in_transaction_session_timeout"):
        session.execute(select(func.set_config(setting, longest, True)))  # noqa: FBT003  SQL's own
    line: Any = connection.connection.driver_connection
    line.deadline = None


def _alembic(url: URL) -> Any:  # noqa: ANN401  alembic loads late: 0.7 s nobody should wait for
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    return config


def upgrade(url: str) -> None:
    """Bring the schema of the database at `url` to the one this program knows."""
    from alembic import command

    command.upgrade(_alembic(plain_url(url)), "head")


def require_schema(database: Database) -> None:
    """Refuse a database of another schema: WrongSchema with `empty`, `older` or `newer` (F45)."""
    known = revisions()
    with database.engine.connect() as connection:
        if not database.engine.dialect.has_table(connection, "alembic_version"):
            raise WrongSchema(reason="empty")
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if found == known[-1]:
        return
    raise WrongSchema(reason="older" if found in known else "newer")


def revisions() -> list[str]:
    """List the schema revisions this program knows, oldest first.

    Read from the file names, so that a start does not wait for Alembic to load.
    """
    folder = Path(__file__).parent / "migrations" / "versions"
    return sorted(path.stem.split("_")[0] for path in folder.glob("[0-9]*_*.py"))
