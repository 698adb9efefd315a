"""Backups: made while desks write, proved before they are restored, never over what is there."""

import random
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from branch_desk.models.audit import AuditEvent
from branch_desk.models.database import Database, plain_url
from branch_desk.models.errors import BackupDamaged, BackupFailed, DatabaseInUse
from branch_desk.models.event import Event
from branch_desk.models.keys import Keys
from branch_desk.models.member import Member
from branch_desk.operations.house import audit, backup, install, roles
from branch_desk.operations.house.verification import verify
from branch_desk.operations.work import House, Work
from tests.builders import World
from tests.postgres import Postgres


@pytest.fixture(autouse=True)
def programs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "postgres" in request.node.name or "postgres" in request.fixturenames:
        server: Postgres = request.getfixturevalue("postgres")
        monkeypatch.setenv("BRANCH_DESK_PG_BIN", str(server.programs))


@pytest.fixture
def target(world: World, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of the same kind as the world's."""
    if not world.house.database.is_postgresql:
        yield f"sqlite:///{tmp_path / 'restored' / 'branch_desk.sqlite'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


def _count(database: Database) -> dict[str, object]:
    with database.engine.connect() as connection:
        tables = sorted(database.engine.dialect.get_table_names(connection))
        return {
            table: connection.scalar(text(f'SELECT count(*) FROM "{table}"')) for table in tables
        }


def test_what_was_backed_up_comes_back(world: World, target: str, tmp_path: Path) -> None:
    world.member(first_names="Ñuflo O'Higgins")
    world.desk("oficial")
    anchor = world.house.job(audit.anchor)
    made = backup.backup(world.house, tmp_path / "copies")
    manifest = backup.restore(made, target, world.house.keys)
    assert manifest.dialect == world.house.database.engine.dialect.name

    restored = Database(target, clock=world.clock)
    house = House(restored, world.house.keys, world.house.hasher)
    install.check_installation(house)
    assert verify(restored, anchor, world.house.keys).intact
    names = house.work(lambda w: w.session.scalars(select(Member.first_names)).all(), reads=True)
    assert names == ["Ñuflo O'Higgins"]
    was, came = _count(world.house.database), _count(restored)
    # The record of the backup itself came after it.
    assert came == {**was, "audit_event": came["audit_event"]}
    assert world.sessions()
    world.house.work(lambda w: w.record(Event.EXPORTED, None))
    restored.close()


def test_the_guards_come_back_too(world: World, target: str, tmp_path: Path) -> None:
    backup.restore(backup.backup(world.house, tmp_path), target, world.house.keys)
    restored = Database(target)
    with pytest.raises(Exception, match="append-only"):
        restored.write(lambda session: session.execute(text("DELETE FROM audit_event")))
    restored.close()


def test_the_backup_is_recorded_with_its_hash(world: World, tmp_path: Path) -> None:
    made = backup.backup(world.house, tmp_path)
    with world.house.database.engine.connect() as connection:
        said = connection.scalars(
            select(AuditEvent.text).where(AuditEvent.event == Event.BACKUP_MADE)
        ).one()
    assert made.name in said


def test_desks_write_on_while_a_backup_is_made(world: World, target: str, tmp_path: Path) -> None:
    done = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        while not done.is_set():
            world.house.work(lambda work: work.record(Event.EXPORTED, None))
            written += 1

    desk = threading.Thread(target=write)
    desk.start()
    try:
        while written < 5:
            pass
        made = backup.make(world.house.database, world.house.keys, tmp_path / "copies")
    finally:
        done.set()
        desk.join()
    backup.restore(made, target, world.house.keys)
    restored = Database(target)
    verdict = verify(restored)
    assert verdict.intact
    assert verdict.events >= 5
    restored.close()


def test_a_flipped_bit_anywhere_is_refused(world: World, target: str, tmp_path: Path) -> None:
    made = backup.backup(world.house, tmp_path / "copies")
    file = backup.check(made, world.house.keys).file
    drawn = random.Random(72)
    for path in (file, made):
        content = path.read_bytes()
        for _ in range(10):
            place, bit = drawn.randrange(len(content)), drawn.randrange(8)
            flipped = bytearray(content)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            with pytest.raises(BackupDamaged):
                backup.restore(made, target, world.house.keys)
        path.write_bytes(content[:-1])
        with pytest.raises(BackupDamaged):
            backup.restore(made, target, world.house.keys)
        path.write_bytes(content)
    backup.restore(file, target, world.house.keys)  # by either of its files


def test_a_manifest_signed_by_somebody_else_is_refused(world: World, tmp_path: Path) -> None:
    made = backup.make(world.house.database, Keys.ephemeral(), tmp_path)
    with pytest.raises(BackupDamaged):
        backup.check(made, world.house.keys)


def test_a_manifest_does_not_vouch_for_another_file(world: World, tmp_path: Path) -> None:
    first = backup.make(world.house.database, world.house.keys, tmp_path)
    world.clock.forward(seconds=1)
    world.member()
    second = backup.make(world.house.database, world.house.keys, tmp_path)
    keys = world.house.keys
    shutil.copyfile(backup.check(first, keys).file, backup.check(second, keys).file)
    with pytest.raises(BackupDamaged):
        backup.check(second, keys)


def test_nothing_is_overwritten(world: World, database_url: str, tmp_path: Path) -> None:
    made = backup.backup(world.house, tmp_path / "copies")
    before = _count(world.house.database)
    with pytest.raises(DatabaseInUse):
        backup.restore(made, database_url, world.house.keys)
    assert _count(world.house.database) == before
    with pytest.raises(BackupFailed):  # nor an earlier backup of the same second
        backup.backup(world.house, tmp_path / "copies")


def test_a_backup_is_closed_to_others_and_leaves_nothing_else(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    made = backup.backup(world.house, folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        made.name.removesuffix(backup.MANIFEST),
        made.name,
    ]
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_the_keys_are_not_in_the_backup(world: World, tmp_path: Path) -> None:
    made = backup.backup(world.house, tmp_path)
    exported = world.house.keys.export_for_desk()
    import json

    ring = json.loads(exported)
    content = made.read_text() + backup.check(made, world.house.keys).file.read_text("latin-1")
    for secret in (ring["anchor"], *ring["data"].values()):
        assert secret not in content


def test_another_kind_of_database_is_refused(
    sqlite_url: str, postgres: Postgres, tmp_path: Path
) -> None:
    from tests.builders import a_world

    world = a_world(sqlite_url)
    made = backup.backup(world.house, tmp_path / "copies")
    name = postgres.create()
    with pytest.raises(BackupFailed):
        backup.restore(made, postgres.url(name), world.house.keys)
    world.house.database.close()
    postgres.drop(name)


def test_the_programs_role_gets_its_rights_again(
    postgres_url: str, postgres: Postgres, tmp_path: Path
) -> None:
    from tests.builders import a_world

    world = a_world(postgres_url)
    roles.create(world.house.database)
    made = backup.backup(world.house, tmp_path)
    name = postgres.create()
    backup.restore(made, postgres.url(name), world.house.keys)
    as_program = Database(str(plain_url(postgres.url(name)).set(username=roles.PROGRAM)))
    house = House(as_program, world.house.keys, world.house.hasher)

    def deed(work: Work) -> int | None:
        work.record(Event.EXPORTED, None)
        return work.session.scalar(select(func.count()).select_from(AuditEvent))

    assert house.work(deed) == 1
    with pytest.raises(Exception, match="permission denied"):
        house.work(lambda work: work.session.execute(text("DELETE FROM audit_event")))
    as_program.close()
    world.house.database.close()
    postgres.drop(name)


def test_the_programs_role_is_enough_for_a_backup(
    postgres_url: str, postgres: Postgres, tmp_path: Path
) -> None:
    from tests.builders import a_world

    world = a_world(postgres_url)
    roles.create(world.house.database)
    role = plain_url(postgres_url).set(username=roles.PROGRAM)
    as_program = Database(role.render_as_string(hide_password=False), clock=world.clock)
    made = backup.backup(House(as_program, world.house.keys, world.house.hasher), tmp_path)
    name = postgres.create()
    backup.restore(made, postgres.url(name), world.house.keys)
    restored = Database(postgres.url(name))
    assert verify(restored).intact
    for database in (as_program, world.house.database, restored):
        database.close()
    postgres.drop(name)


def test_a_copied_sqlite_file_is_whole_by_itself(sqlite_url: str, tmp_path: Path) -> None:
    from tests.builders import a_world

    world = a_world(sqlite_url)
    file = backup.check(backup.backup(world.house, tmp_path / "c"), world.house.keys).file
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    world.house.database.close()


def test_without_postgresqls_programs_it_says_which_is_missing(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tests.builders import a_world

    world = a_world(postgres_url)
    monkeypatch.setenv("BRANCH_DESK_PG_BIN", str(tmp_path))
    with pytest.raises(BackupFailed) as refused:
        backup.make(world.house.database, world.house.keys, tmp_path / "copies")
    assert refused.value.facts == {"reason": "program_missing", "file": "pg_dump"}
    assert list((tmp_path / "copies").iterdir()) == []
    world.house.database.close()
