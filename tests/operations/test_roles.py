"""The program's own role on PostgreSQL: what it may not do, by itself and with a desk's password."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from branch_desk.mailing import SmtpSender
from branch_desk.models.access import MEMBER_ATTEMPTS, Delivery
from branch_desk.models.base import Base
from branch_desk.models.database import Database, plain_url
from branch_desk.models.enrolment import Status
from branch_desk.models.errors import InvalidValue, SignInFailed
from branch_desk.models.event import Event
from branch_desk.models.keys import Keys
from branch_desk.models.member import DocumentType
from branch_desk.models.passwords import Hasher
from branch_desk.models.staff import STAFF_ATTEMPTS, Role
from branch_desk.operations.books.import_rows import BookKind
from branch_desk.operations.books.imports import import_file
from branch_desk.operations.house import (
    audit,
    calendar_days,
    install,
    jobs,
    roles,
    seeds,
    sign_in,
    staff,
)
from branch_desk.operations.house.verification import verify
from branch_desk.operations.practice import demo
from branch_desk.operations.request import approval, drafts
from branch_desk.operations.users import (
    access,
    credential,
    member_sign_in,
    own_settings,
    self_unlock,
    unlock,
)
from branch_desk.operations.work import House
from tests import access_builders
from tests.builders import CHEAP, PASSWORD, SetClock, World, a_world
from tests.journey import advance, approve, carry
from tests.operations.test_imports import ANA, TAJIBO, write
from tests.short_ways import a_person, an_adult, nobody_holds, signed
from tests.smtp import mail_server

MARRIED = ANA | {"married_surname": "Vaca", "mobile": "60012345"}


@pytest.fixture
def as_program(postgres_url: str) -> Iterator[World]:
    """A house whose database was made by its owner and is worked in as the program's role."""
    owner = a_world(postgres_url)
    roles.create(owner.house.database)
    owner.house.database.close()
    with _as_role(postgres_url, owner.clock, owner.house.keys, owner.house.hasher) as house:
        yield World(house, owner.clock, owner.branch_id)


@contextmanager
def _as_role(url: str, clock: SetClock, keys: Keys, hasher: Hasher) -> Iterator[House]:
    role = plain_url(url).set(username=roles.PROGRAM)
    database = Database(role.render_as_string(hide_password=False), clock=clock)
    yield House(database, keys, hasher)
    database.close()


HOSTILE = [
    "UPDATE audit_event SET text = '{}'",
    "DELETE FROM audit_event",
    "TRUNCATE audit_event",
    "DELETE FROM audit_head",
    "UPDATE audit_head SET chain = 70",
    "DELETE FROM audit_anchor",
    "UPDATE decision SET person = 'x'",
    "DELETE FROM decision",
    "DELETE FROM hand",
    "UPDATE hand SET person = 'CI:1'",
    "UPDATE printed_form SET terms_sha256 = 'x'",
    "UPDATE attachment SET sha256 = 'x'",
    "DELETE FROM enrolment",
    "DELETE FROM staff",
    "UPDATE staff SET person = 'CI:1'",
    "UPDATE access SET person = 'CI:1'",
    "UPDATE access SET user_name = 'otra'",
    "UPDATE granted_limit SET per_day = 999999999",
    "DELETE FROM granted_account",
    "UPDATE granted_limit SET count_per_day = 999",
    "UPDATE posting SET amount = 1",
    "DELETE FROM posting",
    "TRUNCATE posting",
    "UPDATE operation SET amount = 1",
    "UPDATE operation SET debit_account_id = credit_account_id",
    "UPDATE operation SET payload = '{}'",
    "UPDATE operation SET totp_step = NULL",
    "DELETE FROM operation",
    "UPDATE operation_signature SET person = 'CI:1'",
    "DELETE FROM operation_signature",
    "UPDATE account SET id = gen_random_uuid()",
    "DELETE FROM account",
    "UPDATE beneficiary SET account_id = NULL",
    "UPDATE beneficiary SET created_at = '2020-01-01'",
    "DELETE FROM beneficiary",
    "UPDATE interbank_batch SET total = 0",
    "DELETE FROM interbank_batch",
    "DELETE FROM interbank_gate",
    "UPDATE interbank_gate SET id = 2",
    "UPDATE bank SET name = 'x'",
    "UPDATE biller SET code_mask = '.*'",
    "UPDATE biller SET minimum = 0",
    "UPDATE policy SET value = 1439",
    "UPDATE starter_limit SET per_day = 999999999",
    "UPDATE holiday SET name = 'x'",
    "UPDATE schedule SET payload = '{}'",
    "DELETE FROM schedule",
    "UPDATE schedule_run SET status = 'FAILED'",
    "DELETE FROM schedule_run",
    "UPDATE bill SET biller_code = 'CRE'",
    "DELETE FROM bill",
    "UPDATE biller_export SET total = 0",
    "UPDATE instalment SET account_id = account_id",
    "DELETE FROM instalment",
    "UPDATE loan SET account_id = account_id",
    "UPDATE subscription SET client_code = '1'",
    "UPDATE member_session SET expires_at = '2030-01-01'",
    "UPDATE member_session SET access_id = id",
    "DELETE FROM unlock_try",
    "UPDATE unlock_try SET at = '2020-01-01'",
    "CREATE OR REPLACE FUNCTION guard_refuse() RETURNS trigger AS 'x' LANGUAGE plpgsql",
    "DROP TRIGGER guard_posting_mirror ON posting",
    "ALTER TABLE posting DISABLE TRIGGER ALL",
    "ALTER TABLE account DROP CONSTRAINT ck_account_no_overdraft",
    "DELETE FROM holder",
    "UPDATE user_name SET folded = 'x'",
    "UPDATE staff SET full_name = 'x'",
    "UPDATE staff_session SET staff_id = id",
    "UPDATE mail SET template = 'x'",
    "UPDATE totp_device SET secret = ''",
    "UPDATE initial_credential SET hash = 'x'",
    "UPDATE installation SET canary = ''",
    "UPDATE contract_terms SET text = 'x'",
    "UPDATE ceiling SET per_operation = 0",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "DROP TRIGGER guard_decision_four_eyes ON decision",
    "DROP FUNCTION guard_decision_four_eyes() CASCADE",
    "DROP FUNCTION guard_refuse() CASCADE",
    "CREATE OR REPLACE FUNCTION guard_truncate() RETURNS trigger AS 'x' LANGUAGE plpgsql",
    "ALTER TABLE decision DROP CONSTRAINT ck_decision_approval_is_bound",
    "SET session_replication_role = replica",
    "CREATE TABLE mine (x int)",
    "CREATE TEMP TABLE hand (person text)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine SUPERUSER",
    "ALTER ROLE branch_desk_program SUPERUSER",
    "ALTER TABLE audit_event OWNER TO branch_desk_program",
    "SET ROLE postgres",
    "COPY audit_event TO PROGRAM 'cat'",
    "COPY (SELECT 1) TO '/tmp/x'",
    "SELECT pg_read_file('PG_VERSION')",
    "CREATE EXTENSION dblink",
    "ALTER SYSTEM SET fsync = off",
    "UPDATE alembic_version SET version_num = '0001'",
]


def _refusal(engine: Engine, statement: str) -> str | None:
    """The SQLSTATE a statement is refused with; None when it was done."""
    with engine.connect() as connection:
        try:
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
        except DBAPIError as refused:
            return str(getattr(refused.orig, "sqlstate", ""))
    return None


def test_a_desks_own_password_opens_no_way_around_the_rules(as_program: World) -> None:
    engine = create_engine(as_program.house.database.url, isolation_level="AUTOCOMMIT")
    answers = {statement: _refusal(engine, statement) for statement in HOSTILE}
    engine.dispose()
    not_refused = {s: state for s, state in answers.items() if state not in ("42501", "23514")}
    assert not_refused == {}


def test_the_whole_job_is_done_with_the_programs_role(as_program: World) -> None:
    world = as_program
    world.account(world.member())
    officer = world.desk("oficial")
    officer(sign_in.lock_desk)
    world.clock.forward(minutes=1)
    world.again(officer, "oficial")
    enrolment_id = carry(world, officer)
    advance(officer, enrolment_id, Status.IDENTIFIED)  # once more from an earlier step
    for status in (Status.CONFIGURED, Status.PRINTED, Status.SIGNED):
        advance(officer, enrolment_id, status)
    supervisor = world.desk("super", Role.SUPERVISOR)
    (access_id,) = approve(world, supervisor, "super", enrolment_id)
    world.house.job(audit.anchor)
    world.clock.forward(minutes=1)
    world.house.job(audit.anchor)
    jobs.run_due(world.house, None)
    auditor = world.desk("auditora", Role.AUDITOR)
    told = [entry.event for entry in auditor(audit.timeline, enrolment_id)]
    assert told[0] == "enrolment:submitted"
    assert "enrolment:approved" in told
    assert auditor(audit.timeline, access_id)
    assert verify(world.house.database, keys=world.house.keys).intact


def test_a_user_is_enrolled_and_unlocked_with_the_programs_role(as_program: World) -> None:
    access_builders.an_active(as_program, as_program.desk("oficial"))


def test_a_desks_whole_training_is_done_with_the_programs_role(postgres_url: str) -> None:
    """Every branch's people, the books and each kind of request, as the demonstration makes them."""
    owner = Database(postgres_url)
    roles.create(owner)
    owner.close()
    with _as_role(postgres_url, SetClock(), Keys.ephemeral(), Hasher(CHEAP)) as house:
        first = install.install(house, training=True)
        demo.create(house, first, members=200)
        assert verify(house.database, keys=house.keys).intact


def _imports(world: World, folder: Path) -> None:
    """Twice, changed in between: new rows, changed rows, names that go and come."""
    for file in (write(folder / "a.csv", [ANA, TAJIBO]), write(folder / "b.csv", [MARRIED])):
        assert import_file(world.house, BookKind.MEMBERS, file).rejected == 0


def _administers(world: World, _folder: Path) -> None:
    admin = world.desk("admin2", Role.ADMINISTRATOR)
    new = staff.NewStaff(
        user_name="nuevo",
        full_name="Nuevo Rojas",
        document_type=DocumentType.CI,
        document_number="7123456",
        role=Role.OFFICER,
        branch_id=admin(staff.create_branch, "PLA", "Plan 3000", "Santa Cruz"),
    )
    staff.create(admin, new)
    (staff_id,) = [row.id for row in admin(staff.everybody) if row.user_name == "nuevo"]
    staff.reset_password(admin, staff_id)
    admin(staff.reset_authenticator, staff_id)
    admin(staff.declare_relative, staff_id, "CI:4567891-1B", "hermana")
    admin(staff.change, staff_id, role=Role.AUDITOR, branch_id=world.branch_id, active=True)
    for _ in range(STAFF_ATTEMPTS):
        with pytest.raises(SignInFailed):
            sign_in.sign_in(world.house, "nuevo", "otra clave cualquiera 3", "")
    admin(staff.unlock, staff_id)


def _keeps_the_calendar(world: World, _folder: Path) -> None:
    admin = world.desk("admin2", Role.ADMINISTRATOR)
    for name in ("Puente", "Puente de Navidad"):
        admin(calendar_days.add, date(2026, 12, 24), name)
    admin(calendar_days.remove, date(2026, 12, 25))
    world.clock.forward(days=366)
    assert world.house.job(seeds.fill_missing) > 10


def _signs_in(world: World, _folder: Path) -> None:
    desk = world.desk("super", Role.SUPERVISOR)
    desk(sign_in.lock_desk)
    world.clock.forward(minutes=1)
    world.again(desk, "super")
    desk(sign_in.unlock_desk)
    sign_in.change_password(desk, PASSWORD, "otra clave bastante larga 9")
    desk(sign_in.sign_out)


def _unlocks(world: World, _folder: Path) -> None:
    officer = world.desk("oficial")
    access_id, _ = access_builders.an_active(world, officer)
    for _ in range(MEMBER_ATTEMPTS):
        with pytest.raises(SignInFailed):
            member_sign_in.password(world.house, "amendez", "Equivocada1", access_builders.HOME)
    world.again(officer, "oficial")
    officer(unlock.triage, access_id)
    officer(
        unlock.unlock,
        access_id,
        reason="Olvidó su contraseña nueva",
        points=unlock.POINTS_NEEDED,
    )
    member_sign_in.password(
        world.house, "amendez", access_builders.MEMBER_PASSWORD, access_builders.HOME
    )
    boss = world.desk("jefa", Role.SUPERVISOR)
    boss(access.suspend, access_id, "Denunció la pérdida de su celular")
    boss(access.resume, access_id, "Recuperó su celular en su casa")
    boss(access.close, access_id, "Pidió que se cerrara su usuario")


def _serves_oneself(world: World, _folder: Path) -> None:
    access_id, phone = access_builders.an_active(world, world.desk("oficial"))
    home, right = access_builders.HOME, access_builders.MEMBER_PASSWORD
    assert member_sign_in.begin(world.house, "amendez", home).name == "condor"
    for _ in range(MEMBER_ATTEMPTS):
        with pytest.raises(SignInFailed):
            member_sign_in.password(world.house, "amendez", "Equivocada1", home)
    self_unlock.unlock(world.house, "amendez", "Doña Petrona", "ana@example.com", home)
    portal = access_builders.a_portal(world, access_id)

    def code() -> str:
        world.clock.forward(seconds=30)
        return phone.code()

    own_settings.change_password(portal, right, "Quebracho52x", code())
    own_settings.change_pin(portal, "Quebracho52x", "7162", code())
    own_settings.change_question(portal, "¿En qué calle vivía su abuela?", "La del molle", code())
    portal(own_settings.choose_image, "faro", code=code())
    portal(own_settings.change_contact, email="n@example.com", mobile="71234567", code=code())
    portal(member_sign_in.sign_out)


def _sends(world: World, _folder: Path) -> None:
    access_builders.an_access(world)
    with mail_server() as (_, smtp):
        sender = SmtpSender(smtp, "a@example.coop", "https://portal.example.coop")
        assert jobs.run_due(world.house, sender).mails.sent == 1


def _expires(world: World, _folder: Path) -> None:
    officer = world.desk("oficial")
    access_id = access_builders.an_access(world)
    credential.issue(officer, access_id, Delivery.SCREEN)
    carry(world, officer, Status.SUBMITTED, an_adult(5550001))
    officer(drafts.save, "new", {"first_names": "Ana"})
    world.clock.forward(days=31)
    done = jobs.run_due(world.house, None)
    assert (done.expired_requests, done.expired_credentials, done.expired_links) == (1, 1, 1)
    assert done.dropped_drafts == 1


def _drafts(world: World, _folder: Path) -> None:
    officer = world.desk("oficial")
    for name in ("Ana", "Ana María"):
        officer(drafts.save, "new", {"first_names": name})
    assert officer(drafts.load, "new") is not None
    officer(drafts.drop, "new")


def _refuses(world: World, _folder: Path) -> None:
    officer = world.desk("oficial")
    supervisor = world.desk("super", Role.SUPERVISOR)
    for document, verdict in ((5550001, approval.send_back), (5550002, approval.reject)):
        enrolment_id = signed(officer, a_person(world, document))
        nobody_holds(world.house)
        world.again(supervisor, "super")
        supervisor(verdict, enrolment_id, "la firma no es la de la cédula")


@pytest.mark.parametrize(
    "work",
    [
        _imports,
        _administers,
        _keeps_the_calendar,
        _signs_in,
        _unlocks,
        _serves_oneself,
        _sends,
        _expires,
        _drafts,
        _refuses,
    ],
    ids=lambda work: work.__name__.strip("_"),
)
def test_the_programs_role_is_enough_for(
    as_program: World, tmp_path: Path, work: Callable[[World, Path], None]
) -> None:
    work(as_program, tmp_path)
    assert verify(as_program.house.database, keys=as_program.house.keys).intact


def test_every_table_has_its_rights_and_none_may_be_emptied(as_program: World) -> None:
    with as_program.house.database.engine.connect() as connection:
        for table in Base.metadata.tables:
            granted = {
                right: connection.scalar(
                    text("SELECT has_table_privilege(current_user, :t, :r)"),
                    {"t": table, "r": right},
                )
                for right in ("SELECT", "TRUNCATE", "REFERENCES", "TRIGGER")
            }
            assert granted == {
                "SELECT": True,
                "TRUNCATE": False,
                "REFERENCES": False,
                "TRIGGER": False,
            }, table
        owned = connection.scalar(
            text("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user")
        )
        assert owned == 0


def test_rights_are_granted_again_without_harm(as_program: World, postgres_url: str) -> None:
    owner = Database(postgres_url)
    roles.create(owner)
    roles.create(owner)
    owner.close()
    as_program.house.work(lambda work: work.record(Event.EXPORTED, None))


def test_a_right_given_by_hand_is_taken_back(as_program: World, postgres_url: str) -> None:
    owner = Database(postgres_url)
    with owner.engine.begin() as connection:
        connection.execute(text(f"GRANT ALL ON audit_event TO {roles.PROGRAM}"))
        connection.execute(text(f"GRANT UPDATE (person) ON hand TO {roles.PROGRAM}"))
    roles.create(owner)
    owner.close()
    with as_program.house.database.engine.connect() as connection:
        may = connection.execute(
            text(
                "SELECT has_table_privilege('audit_event', 'DELETE'),"
                " has_column_privilege('hand', 'person', 'UPDATE')"
            )
        ).one()
    assert tuple(may) == (False, False)


def test_nobody_else_may_even_look(as_program: World, postgres_url: str) -> None:
    owner = Database(postgres_url)
    with owner.engine.begin() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS passer_by")
        connection.exec_driver_sql("CREATE ROLE passer_by LOGIN")
    stranger = create_engine(plain_url(postgres_url).set(username="passer_by"))
    with pytest.raises(DBAPIError, match="permission denied"), stranger.connect():
        pass
    stranger.dispose()
    with owner.engine.begin() as connection:
        connection.exec_driver_sql("DROP ROLE passer_by")
    owner.close()


@pytest.mark.parametrize("name", ["x; DROP TABLE staff", 'a"b', "", "ñandú", "a" * 64, "1a"])
def test_a_strange_name_for_the_role_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue):
        roles.roles_sql(name)


def test_sqlite_has_no_roles(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with pytest.raises(InvalidValue):
        roles.create(database)
    database.close()
