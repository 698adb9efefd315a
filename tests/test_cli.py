"""The command line: its words, its exit codes, what it never shows."""

import getpass
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from branch_desk import start
from branch_desk.__main__ import main
from branch_desk.cli import CANNOT, FOUND, OK, USAGE
from branch_desk.cli.saying import _SENTENCES, sentence
from branch_desk.models import errors
from branch_desk.models.database import Database, plain_url
from branch_desk.operations.books.import_rows import BookKind
from branch_desk.operations.house import roles
from branch_desk.settings import Settings, load
from tests.postgres import Postgres, postgres_server

ROOT = Path(__file__).resolve().parent.parent
SECRET = re.compile(r"Clave inicial:\s+([A-Za-z0-9]{4} [A-Za-z0-9]{4} [A-Za-z0-9]{4})")


@pytest.fixture(scope="module")
def durable() -> Iterator[Postgres]:
    """A server as in a branch: the program refuses the tests' fast one."""
    with postgres_server(durable=True) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def url(
    request: pytest.FixtureRequest, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """An empty database of each kind, as the command line is told of it."""
    if request.param == "sqlite":
        yield f"sqlite:///{data_dir / 'branch_desk.sqlite'}"
        return
    server: Postgres = request.getfixturevalue("durable")
    monkeypatch.setenv("BRANCH_DESK_PG_BIN", str(server.programs))
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture(autouse=True)
def own_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`main` closes its process to others; that is not the tests' own business."""
    hook, mask = sys.excepthook, os.umask(0o077)
    yield
    sys.excepthook = hook
    os.umask(mask)


def _settings(url: str) -> Settings:
    return load(database=url)


def test_a_house_is_made_once_and_its_secret_shown_once(
    url: str, capsys: pytest.CaptureFixture[str], data_dir: Path
) -> None:
    assert main(["--database", url, "db", "create"]) == OK
    shown = capsys.readouterr().out
    secret = SECRET.search(shown)
    assert secret is not None
    assert "admin" in shown
    assert main(["--database", url, "db", "create"]) == CANNOT
    again = capsys.readouterr()
    assert SECRET.search(again.out) is None
    assert "ya tiene" not in again.out
    assert "Ya estaba hecho" in again.err
    plain = secret.group(1).replace(" ", "").encode()
    assert all(plain not in path.read_bytes() for path in data_dir.iterdir() if path.is_file())
    house = start.open_house(_settings(url))
    from branch_desk.operations.house.sign_in import sign_in

    assert sign_in(house, "admin", plain.decode())
    house.database.close()


def test_the_status_names_what_is_missing(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--database", url, "db", "status"]) == CANNOT
    assert "branch-desk db create" in capsys.readouterr().err
    main(["--database", url, "db", "create"])
    assert main(["--database", url, "db", "status"]) == OK
    assert "Todo coincide." in capsys.readouterr().out


def test_the_check_goes_through_every_item(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--database", url, "db", "create"])
    capsys.readouterr()
    code = main(["--database", url, "--check"])
    lines = capsys.readouterr().out.splitlines()
    names = [line[7:].partition(":")[0] for line in lines[:-1]]
    assert names == [
        "Carpeta de datos",
        "Zona horaria",
        "Letra de los papeles",
        "Base de datos",
        "Servidor",
        "Permisos",
        "Esquema",
        "Llaves",
        "Reloj",
        "Auditoría",
    ]
    if url.startswith("sqlite"):
        assert code == OK, lines
        return
    # The owner of the tables is not who should be working in them ...
    assert code == FOUND
    assert [line for line in lines if line.startswith("MAL")] == [lines[5]]
    # ... the program's role is.
    assert main(["--database", url, "db", "roles", "--create"]) == OK
    as_program = url.replace("postgres@", f"{roles.PROGRAM}@")
    assert main(["--database", as_program, "--check"]) == OK


def test_the_check_of_a_new_machine_is_content(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == OK
    assert "se crea al abrir" in capsys.readouterr().out


def test_the_check_finds_what_is_wrong(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["db", "create"])
    data_dir.chmod(0o755)
    (data_dir / "branch_desk.sqlite").chmod(0o644)
    (data_dir / "branch_desk.key").chmod(0o644)
    capsys.readouterr()
    assert main(["--check"]) == FOUND
    wrong = [line for line in capsys.readouterr().out.splitlines() if line.startswith("MAL")]
    assert [line[7:].partition(":")[0] for line in wrong] == [
        "Carpeta de datos",
        "Permisos",
        "Llaves",
    ]


def test_wrong_keys_stop_the_program_before_it_works(
    data_dir: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    main(["db", "create"])
    key = data_dir / "branch_desk.key"
    kept = key.read_text()
    key.unlink()
    assert main(["jobs", "run"]) == CANNOT
    assert "No se encuentran las llaves" in capsys.readouterr().err
    other = tmp_path / "other"
    assert main(["--database", f"sqlite:///{other / 'x.sqlite'}", "db", "create"]) == OK
    assert main(["jobs", "run"]) == CANNOT
    assert "no son las de esta base" in capsys.readouterr().err
    key.write_text(kept)
    assert main(["jobs", "run"]) == OK


def test_the_trail_is_anchored_and_proved(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--database", url, "db", "create"])
    out = tmp_path / "anchor.json"
    assert main(["--database", url, "audit", "anchor", "--out", str(out)]) == OK
    assert re.search(r"Código: (\w{4} ){7}\w{4}", capsys.readouterr().out)
    assert out.stat().st_mode & 0o077 == 0
    verify = ["--database", url, "audit", "verify", "--anchor", str(out)]
    assert main(verify) == OK
    assert "íntegro" in capsys.readouterr().out
    forged = json.loads(out.read_text())
    forged["heads"]["00"][0] = 900
    out.write_text(json.dumps(forged))
    assert main(verify) == FOUND
    said = capsys.readouterr()
    assert "no está firmada" in said.err
    assert "ALTERADO" in said.out
    assert main([*verify, "--without-keys"]) == FOUND
    assert "copia antigua" in capsys.readouterr().err
    out.write_text("nada")
    assert main(verify) == CANNOT


def test_a_backup_is_restored_and_opened(
    url: str, request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--database", url, "db", "create"])
    assert main(["--database", url, "backup", str(tmp_path / "copies")]) == OK
    manifest = next((tmp_path / "copies").glob("*.manifest.json"))
    assert main(["--database", url, "restore", str(manifest)]) == CANNOT
    assert "no está vacía" in capsys.readouterr().err
    if url.startswith("sqlite"):
        target = f"sqlite:///{tmp_path / 'restored.sqlite'}"
        assert main(["--database", target, "restore", str(manifest)]) == OK
        assert main(["--database", target, "audit", "verify"]) == OK
    else:
        server: Postgres = request.getfixturevalue("durable")
        name = server.create()
        assert main(["--database", server.url(name), "restore", str(manifest)]) == OK
        assert main(["--database", server.url(name), "audit", "verify"]) == OK
        server.drop(name)


@pytest.fixture
def owner_url(durable: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database whose owner has no other right on the server."""
    monkeypatch.setenv("BRANCH_DESK_PG_BIN", str(durable.programs))
    name = durable.create()
    durable.execute(f"CREATE ROLE owner_of_{name} LOGIN")
    durable.execute(f"ALTER DATABASE {name} OWNER TO owner_of_{name}")
    yield _as(durable.url(name), f"owner_of_{name}")
    durable.drop(name)
    durable.execute(f"DROP ROLE owner_of_{name}")


def _as(url: str, user: str) -> str:
    return plain_url(url).set(username=user).render_as_string(hide_password=False)


def test_an_owner_who_may_not_make_a_role_is_told_so(
    durable: Postgres, owner_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--database", owner_url, "db", "create"]) == OK
    words = ["--database", owner_url, "db", "roles", "--create", "--name", "mostrador"]
    assert main(words) == CANNOT
    told = capsys.readouterr().err
    assert "no puede crear el usuario mostrador" in told
    assert "db roles --create" in told
    # One that an administrator of the server made, the owner can give its rights.
    durable.execute("CREATE ROLE mostrador LOGIN NOINHERIT")
    assert main(words) == OK
    assert main(["--database", _as(owner_url, "mostrador"), "db", "status"]) == OK


def test_a_restored_database_without_rights_is_said_to_be_whole(
    durable: Postgres, owner_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = durable.url(durable.create())
    assert main(["--database", source, "db", "create"]) == OK
    assert main(["--database", source, "db", "roles", "--create"]) == OK
    assert main(["--database", source, "backup", str(tmp_path)]) == OK
    durable.execute(f"ALTER ROLE {roles.PROGRAM} CREATEDB")  # not an owner's to take back
    manifest = next(tmp_path.glob("*.manifest.json"))
    assert main(["--database", owner_url, "restore", str(manifest)]) == CANNOT
    assert "restaurada y completa" in capsys.readouterr().err
    assert main(["--database", owner_url, "audit", "verify"]) == OK
    as_program = _as(owner_url, roles.PROGRAM)
    by_superuser = _as(owner_url, "postgres")
    assert main(["--database", by_superuser, "db", "roles", "--create"]) == OK
    assert main(["--database", as_program, "db", "status"]) == OK


def test_an_upgrade_makes_a_backup_first(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["db", "create"])
    assert main(["db", "upgrade"]) == OK
    assert "al día" in capsys.readouterr().out
    assert not (data_dir / "backups").exists()
    # A database as of the first revision.
    from alembic import command

    from branch_desk.models.database import _alembic, plain_url

    old = data_dir / "old.sqlite"
    command.upgrade(_alembic(plain_url(f"sqlite:///{old}")), "0001")
    assert main(["--database", f"sqlite:///{old}", "db", "status"]) == CANNOT
    assert "db upgrade" in capsys.readouterr().err
    assert main(["--database", f"sqlite:///{old}", "db", "upgrade"]) == OK
    assert len(list((data_dir / "backups").glob("*.manifest.json"))) == 1
    database = Database(f"sqlite:///{old}")
    from branch_desk.models.database import require_schema

    require_schema(database)
    database.close()


def test_the_calendar_is_shown(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["db", "create"])
    capsys.readouterr()
    assert main(["calendar", "list"]) == OK
    assert "25/12/" in capsys.readouterr().out
    assert main(["calendar", "list", "2027"]) == OK
    said = capsys.readouterr().out.splitlines()
    assert "24/09/2027  viernes    Día del departamento de Santa Cruz" in said
    assert main(["calendar", "list", "99999"]) == OK
    assert "no tiene feriados" in capsys.readouterr().out


def test_the_rights_are_printed_without_a_database(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "roles", "--name", "mostrador"]) == OK
    assert "GRANT SELECT, INSERT ON audit_event TO mostrador;" in capsys.readouterr().out
    assert main(["db", "roles", "--create"]) == CANNOT


def test_books_are_imported_and_bad_rows_reported(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--database", url, "db", "create"])
    file = tmp_path / "members.csv"
    header = (
        "member_number;kind;document_type;document_number;complement;issued_in;document_expiry;"
        "first_names;first_surname;second_surname;married_surname;birth_date;company_name;"
        "trade_registry;email;mobile;address;branch"
    )
    good = "000123;PERSONA;CI;4567891;1B;SC;2030-05-01;Ana María;Méndez;Ríos;;1985-03-14;;;a@example.com;70012345;Sucre 45;CEN"
    file.write_text(f"{header}\n{good}\n", encoding="utf-8")
    assert main(["--database", url, "import", "members", str(file)]) == OK
    assert "1 nuevas" in capsys.readouterr().out
    file.write_text(f"{header}\n{good}\n{good.replace('CI;', 'XX;')}\n", encoding="utf-8")
    assert main(["--database", url, "import", "members", str(file)]) == FOUND
    assert "1 rechazadas" in capsys.readouterr().out
    assert main(["--database", url, "import", "members", str(tmp_path / "none.csv")]) == CANNOT


def test_answers_of_billers_are_read_and_wrong_ones_reported(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--database", url, "db", "create"])
    file = tmp_path / "answers.csv"
    file.write_text("operation_id;outcome;answer\nREC-1;CONFIRMED;x\n", encoding="utf-8")
    assert main(["--database", url, "billers", "settle", str(file)]) == FOUND
    said = capsys.readouterr().out
    assert "1 rechazadas" in said
    assert str(tmp_path / "answers.csv.rejected.csv") in said
    file.write_text("operation_id;outcome;answer\n", encoding="utf-8")
    assert main(["--database", url, "billers", "settle", str(file)]) == OK
    assert main(["--database", url, "billers", "settle", str(tmp_path / "none.csv")]) == CANNOT


def test_the_ledger_is_checked_and_a_changed_balance_is_told(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--database", url, "db", "create"])
    file = tmp_path / "accounts.csv"
    header = "account_number;kind;currency;handling;status;opened_on;balance"
    for balance in ("1234.50", "1000.00"):
        row = f"0010002000;CA;BOB;INDIVIDUAL;ACTIVE;2020-01-02;{balance}"
        file.write_text(f"{header}\n{row}\n", encoding="utf-8")
        assert main(["--database", url, "import", "accounts", str(file)]) == OK
    capsys.readouterr()
    assert main(["--database", url, "ledger", "verify"]) == OK
    said = capsys.readouterr().out
    assert "1 cuentas, 0 operaciones y 2 asientos comprobados." in said
    assert "Cuenta de la casa CORE: Bs -1.000,00" in said
    assert "corrigió 1 saldos en BOB: Bs 0,00 a favor, Bs 234,50 en contra." in said
    assert "El libro cuadra." in said
    database = Database(url)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE account SET balance = 999"))
    database.close()
    assert main(["--database", url, "ledger", "verify"]) == FOUND
    shown = capsys.readouterr()
    assert "EL LIBRO NO CUADRA." in shown.out
    assert "Cuenta ••••••2000: el saldo es Bs 9,99 y sus asientos suman Bs 1.000,00" in shown.err
    assert "0010002000" not in shown.out + shown.err


@pytest.mark.parametrize("kind", list(BookKind))
def test_every_file_of_the_books_has_its_word(kind: BookKind, tmp_path: Path) -> None:
    assert main(["import", kind.value, str(tmp_path / "none.csv")]) == CANNOT


def test_the_trail_of_a_member_is_shown_to_an_auditor_only(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["--database", url, "db", "create"])
    secret = SECRET.search(capsys.readouterr().out)
    assert secret is not None
    assert main(["--database", url, "audit", "timeline", "999"]) == CANNOT
    typed = iter(["admin", ""])
    monkeypatch.setattr("builtins.input", lambda _: next(typed))
    monkeypatch.setattr(getpass, "getpass", lambda _: secret.group(1).replace(" ", ""))
    from branch_desk.models.database import plain_url
    from tests.builders import NOON, World

    house = start.open_house(_settings(url))
    from sqlalchemy import select

    from branch_desk.models.staff import Branch

    branch = house.work(lambda work: work.session.scalars(select(Branch.id)).one())
    World(house, lambda: NOON, branch).member()  # type: ignore[arg-type]  # the clock is not asked
    house.database.close()
    assert plain_url(url)
    assert main(["--database", url, "audit", "timeline", "000123"]) == CANNOT
    assert capsys.readouterr().out == ""


def test_the_trail_of_a_member_is_written_in_order_and_cannot_fake_a_line(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from functools import partial

    from sqlalchemy import select

    from branch_desk.models.event import Event
    from branch_desk.models.staff import Branch, Role
    from branch_desk.models.totp import step_at
    from branch_desk.operations.work import Work
    from tests.builders import PASSWORD, SetClock, World

    main(["--database", url, "db", "create"])
    house = start.open_house(_settings(url))
    branch = house.work(lambda work: work.session.scalars(select(Branch.id)).one())
    world = World(house, SetClock(), branch)
    someone = world.staff("auditora", Role.AUDITOR)
    code = someone.totp.code(step_at(house.database.now()))
    member = world.member()
    for event, reason in (
        (Event.ACCESS_VIEWED, "preguntó por su saldo"),
        (Event.ACCESS_SUSPENDED, "rojo\x1b[31m\n2026-01-01 00:00:00Z  falsa"),
    ):
        house.work(partial(Work.record, event=event, subject_id=member, reason=reason, folio="X-1"))
    house.database.close()
    capsys.readouterr()
    typed = iter(["auditora", code])
    monkeypatch.setattr("builtins.input", lambda _: next(typed))
    monkeypatch.setattr(getpass, "getpass", lambda _: PASSWORD)
    assert main(["--database", url, "audit", "timeline", "000123"]) == OK
    lines = capsys.readouterr().out.splitlines()
    line = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  (\S+) +(.+)"
    said = [re.fullmatch(line, each) for each in lines]
    assert [each and each.groups() for each in said] == [
        ("access:viewed", "Sistema · preguntó por su saldo · folio=X-1"),
        ("access:suspended", "Sistema · rojo�[31m�2026-01-01 00:00:00Z  falsa · folio=X-1"),
    ]


def test_keys_are_carried_to_another_desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["db", "create"])
    database = load().database_url
    out = tmp_path / "desk.keys"
    assert main(["keys", "export-desk", "--out", str(out)]) == OK
    assert out.stat().st_mode & 0o077 == 0
    assert main(["keys", "rotate"]) == OK
    assert main(["keys", "install", str(out)]) == CANNOT  # here are keys already
    capsys.readouterr()
    monkeypatch.setenv("BRANCH_DESK_DATA", str(tmp_path / "desk"))
    assert main(["keys", "status"]) == CANNOT
    assert main(["keys", "install", str(out)]) == OK
    assert main(["keys", "status"]) == OK
    assert "autenticador: no" in capsys.readouterr().out
    assert main(["--database", database, "db", "status"]) == OK
    assert main(["keys", "rotate"]) == CANNOT
    for line in capsys.readouterr().out.splitlines():
        assert not any(key in line for key in json.loads(out.read_text())["data"].values())


@pytest.mark.parametrize("wrong", [["nada"], ["db"], ["import", "x", "y"], ["--nada"], ["backup"]])
def test_a_misspelt_command_says_how_to_write_it(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == USAGE
    assert "--help" in capsys.readouterr().err


def test_settings_that_cannot_be_read_are_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "wrong.toml"
    config.write_text("nada = 1\n")
    assert main(["--config", str(config), "--check"]) == CANNOT
    assert "no se conoce «nada»" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["audit", "verify", "--help"], ["demo", "--help"]],
    ids=" ".join,
)
def test_help_waits_for_nothing(words: list[str]) -> None:
    code = (
        "import sys\n"
        "from branch_desk.__main__ import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'PySide6', 'sqlalchemy', 'alembic', 'reportlab', 'psycopg', 'keyring', 'cryptography'}\n"
        "sys.exit(', '.join(heavy & sys.modules.keys()) or None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "uso:" in done.stdout or "0." in done.stdout


def test_the_command_line_does_its_work_without_qt(data_dir: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['PySide6'] = None\n"
        "from branch_desk.__main__ import main\n"
        "sys.exit(main(['db', 'create']) or main(['audit', 'verify']) or main(['--check']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_what_nobody_foresaw_is_told_without_what_was_typed() -> None:
    code = (
        "from branch_desk.__main__ import main\n"
        "import branch_desk.cli\n"
        "def run(argv):\n"
        "    secret = 'Anaranjado02'\n"
        "    raise ValueError(f'cannot take {secret}')\n"
        "branch_desk.cli.run = run\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "ValueError" in done.stderr
    assert "Anaranjado02" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="umask and core dumps are POSIX")
def test_the_process_is_closed_to_others() -> None:
    code = (
        "from branch_desk.__main__ import main\n"
        "import os, resource\n"
        "try: main(['--version'])\n"
        "except SystemExit: pass\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), oct(os.umask(0)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "(0, 0) 0o77"


def test_sentences_stand_for_refusals_that_exist() -> None:
    from branch_desk.models import key_store, keys

    known = {
        name for module in (errors, key_store, keys) for name in vars(module) if name[0].isupper()
    }
    assert {key.partition(":")[0] for key in _SENTENCES} <= known
    assert sentence(errors.UnsafeServer(setting="fsync", value="off")).startswith("El servidor")
    assert "KeyFileExposed" not in sentence(
        key_store.KeyFileExposed(reason="exposed", path=Path("x"), mode=0o644)
    )


def test_the_tests_server_without_a_disk_is_refused(
    postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--database", postgres_url, "db", "status"]) == CANNOT
    assert "fsync = off" in capsys.readouterr().err


def test_a_program_that_is_too_old_refuses(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import sqlite3
    from contextlib import closing

    main(["db", "create"])
    newer = data_dir / "newer.sqlite"
    shutil.copyfile(data_dir / "branch_desk.sqlite", newer)
    with closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert main(["--database", f"sqlite:///{newer}", "jobs", "run"]) == CANNOT
    assert "más nueva que este programa" in capsys.readouterr().err
