"""Backups: one file of the whole database and its signed manifest; the keys are never in it (R72).

A backup is two files in a folder, `branch_desk-…` and the same name with `.manifest.json`. The
manifest holds the length and SHA-256 of the other and is signed with a key outside the database:
PostgreSQL's own tools restore a file with flipped bits without a word.
"""

import contextlib
import hashlib
import hmac
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

import branch_desk
from branch_desk.models.database import Database
from branch_desk.models.errors import (
    BackupDamaged,
    BackupFailed,
    DatabaseInUse,
    RightsNotGranted,
)
from branch_desk.models.event import Event
from branch_desk.models.keys import Keys
from branch_desk.operations.house import roles
from branch_desk.operations.work import House

MANIFEST = ".manifest.json"
_PURPOSE = "backup-manifest"
_FORMAT = 1
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself, already proved."""

    file: Path
    dialect: str
    schema: str
    made_at: datetime
    program_role: bool
    """Whether the program's own role had rights on the database."""


def backup(house: House, folder: Path) -> Path:
    """Back the database up into `folder`, record that, and give the manifest's path.

    Raises BackupFailed.
    """
    made = make(house.database, house.keys, folder)
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    house.work(lambda work: work.record(Event.BACKUP_MADE, None, file=made.name, sha256=digest))
    return made


def make(database: Database, keys: Keys, folder: Path) -> Path:
    """Back up a database of any schema, without a record in it. Raises BackupFailed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = database.now()
    suffix = "dump" if database.is_postgresql else "sqlite"
    target = folder / f"branch_desk-{now:%Y%m%d-%H%M%S}.{suffix}"
    manifest = target.with_name(target.name + MANIFEST)
    if target.exists() or manifest.exists():
        raise BackupFailed(reason="exists", file=target.name)
    with _beside(target) as temporary:
        if database.is_postgresql:
            _dump(database, temporary)
        else:
            _copy_sqlite(database, temporary)
        _flush(temporary)
        content = {
            "format": _FORMAT,
            "program": branch_desk.__version__,
            "dialect": database.engine.dialect.name,
            "schema": _schema(database),
            "made_at": now.isoformat(timespec="microseconds"),
            "program_role": _has_program_role(database),
            "file": target.name,
            "bytes": temporary.stat().st_size,
            "sha256": _digest(temporary),
        }
        temporary.replace(target)
    with _beside(manifest) as temporary:
        temporary.write_text(_signed(content, keys), encoding="utf-8")
        _flush(temporary)
        temporary.replace(manifest)
    return manifest


def check(path: Path, keys: Keys) -> Manifest:
    """Prove a backup by its manifest; `path` is either of its two files. Raises BackupDamaged."""
    manifest = path if path.name.endswith(MANIFEST) else path.with_name(path.name + MANIFEST)
    try:
        said = manifest.read_text(encoding="utf-8")
        content: dict[str, Any] = json.loads(said)
        content.pop("signature")
        # Compared as a whole: a flipped bit in what JSON ignores is one too.
        if not hmac.compare_digest(said.encode(), _signed(content, keys).encode()):
            raise BackupDamaged(reason="manifest", file=manifest.name)
        file = manifest.with_name(content["file"])
        if file.stat().st_size != content["bytes"] or _digest(file) != content["sha256"]:
            raise BackupDamaged(reason="file", file=file.name)
        return Manifest(
            file=file,
            dialect=content["dialect"],
            schema=content["schema"],
            made_at=datetime.fromisoformat(content["made_at"]),
            program_role=content["program_role"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupDamaged(reason="unreadable", file=manifest.name) from error


def restore(path: Path, url: str, keys: Keys) -> Manifest:
    """Restore a proved backup into an empty database of its own kind.

    Raises BackupDamaged, DatabaseInUse when there is anything in the database, BackupFailed;
    RightsNotGranted when all is back but who restores may not give the program's role its rights.
    """
    found = check(path, keys)
    database = Database(url)
    try:
        if database.engine.dialect.name != found.dialect:
            raise BackupFailed(reason="other_database", file=found.file.name)
        if not _is_empty(database):
            raise DatabaseInUse
        if database.is_postgresql:
            _load(database, found.file)
            if found.program_role:
                _grant(database)
        else:
            _place_sqlite(database, found.file)
    finally:
        database.close()
    return found


def _grant(database: Database) -> None:
    try:
        roles.create(database)
    except RightsNotGranted as refused:
        raise RightsNotGranted(reason="restored", program=roles.PROGRAM) from refused


def _signed(content: dict[str, Any], keys: Keys) -> str:
    plain = json.dumps(content, sort_keys=True, separators=(",", ":"))
    signature = keys.digest(_PURPOSE, plain.encode()).hex()
    signed = {**content, "signature": signature}
    return json.dumps(signed, sort_keys=True, separators=(",", ":"))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Give an empty 0600 file beside `target`, and remove it if it was not renamed."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".backup-")
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _schema(database: Database) -> str:
    with database.engine.connect() as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def _has_program_role(database: Database) -> bool:
    if not database.is_postgresql:
        return False
    with database.engine.connect() as connection:
        known = text("SELECT count(*) FROM pg_roles WHERE rolname = :role")
        return bool(connection.scalar(known, {"role": roles.PROGRAM}))


def _is_empty(database: Database) -> bool:
    if not database.is_postgresql:
        name = database.url.database
        return not name or not Path(name).exists() or Path(name).stat().st_size == 0
    with database.engine.connect() as connection:
        return not database.engine.dialect.get_table_names(connection)


def _copy_sqlite(database: Database, target: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(str(database.url.database))) as source,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)  # one read snapshot: desks may go on writing
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        if copy.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise BackupFailed(reason="integrity", file=target.name)


def _place_sqlite(database: Database, file: Path) -> None:
    target = Path(str(database.url.database))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _beside(target) as temporary:
        shutil.copyfile(file, temporary)
        with contextlib.closing(sqlite3.connect(temporary)) as copy:
            if copy.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise BackupFailed(reason="integrity", file=file.name)
        _flush(temporary)
        for log in ("-wal", "-shm"):
            target.with_name(target.name + log).unlink(missing_ok=True)
        temporary.replace(target)


def _dump(database: Database, target: Path) -> None:
    # Owner and rights are the restoring house's own: `roles` grants them again.
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"]
    _run("pg_dump", database, options)


def _load(database: Database, file: Path) -> None:
    options = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
    _run("pg_restore", database, [*options, str(file)])


def _run(program: str, database: Database, options: list[str]) -> None:
    """Run one of PostgreSQL's programs; the password goes by a file only we read (R87)."""
    from psycopg.conninfo import make_conninfo

    found = shutil.which(program, path=os.environ.get("BRANCH_DESK_PG_BIN") or None)
    if found is None:
        raise BackupFailed(reason="program_missing", file=program)
    _, about = database.engine.dialect.create_connect_args(database.url)
    about.pop("context", None)  # the driver's own, no setting of the connection
    password = about.pop("password", None)
    environment = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="branch-desk-") as folder:
        if password:
            passes = Path(folder) / "passwords"
            passes.touch(mode=0o600)
            escaped = str(password).replace("\\", "\\\\").replace(":", "\\:")
            passes.write_text(f"*:*:*:*:{escaped}\n", encoding="utf-8")
            environment["PGPASSFILE"] = str(passes)
        done = subprocess.run(  # noqa: S603  a program found by name, its arguments ours
            [found, "--dbname", make_conninfo(**about), *options],
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise BackupFailed(reason="program_failed", file=program, said=done.stderr.strip()[:500])
