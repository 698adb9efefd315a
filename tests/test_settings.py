"""The settings of a machine."""

from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from sqlalchemy.exc import OperationalError

from branch_desk.models.database import Database, plain_url, require_schema
from branch_desk.settings import Settings, SettingsProblem, load


def _written(folder: Path, text: str) -> Path:
    path = folder / "branch_desk.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _load(folder: Path, text: str, **environ: str) -> Settings:
    return load(_written(folder, text), environ=environ)


def test_without_a_file_the_program_keeps_everything_in_its_data_folder(tmp_path: Path) -> None:
    settings = load(
        environ={
            "BRANCH_DESK_DATA": str(tmp_path),
            "BRANCH_DESK_CONFIG": str(tmp_path / "none.toml"),
        }
    )
    assert settings.database_url == f"sqlite:///{tmp_path / 'branch_desk.sqlite'}"
    assert settings.idle_minutes == 3
    assert settings.smtp is None
    assert not settings.training


def test_the_file_says_everything_about_a_desk(tmp_path: Path) -> None:
    settings = _load(
        tmp_path,
        """
        database = "postgresql+psycopg://desk@/branch?host=a:5432&host=b:5432"
        data_dir = "/var/lib/desk"
        scanner_folder = "/srv/scans"
        portal = "https://cosmartnet.example"
        printer = "ipp://localhost:631/printers/caja"
        idle_minutes = 5
        training = true
        branch = "NORTE"
        [mail]
        from = "avisos@cosmart.example"
        host = "mail.cosmart.example"
        port = 25
        starttls = false
        """,
    )
    assert settings.database_url == "postgresql+psycopg://desk@/branch?host=a:5432&host=b:5432"
    assert settings.data_dir == Path("/var/lib/desk")
    assert settings.scanner_folder == Path("/srv/scans")
    assert settings.portal_url == "https://cosmartnet.example"
    assert settings.printer_uri == "ipp://localhost:631/printers/caja"
    assert (settings.idle_minutes, settings.training, settings.branch) == (5, True, "NORTE")
    assert settings.mail_from == "avisos@cosmart.example"
    assert settings.smtp is not None
    assert (settings.smtp.host, settings.smtp.port) == ("mail.cosmart.example", 25)
    assert not settings.smtp.starttls


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    path = _written(tmp_path, 'database = "sqlite:///file"\ndata_dir = "/file"')
    environ = {"BRANCH_DESK_DATABASE": "sqlite:///environment", "BRANCH_DESK_DATA": "/environment"}
    assert load(path, environ={}).database_url == "sqlite:///file"
    assert load(path, environ=environ).database_url == "sqlite:///environment"
    assert load(path, environ=environ).data_dir == Path("/environment")
    assert load(path, database="sqlite:///line", environ=environ).database_url == "sqlite:///line"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("idle_minuts = 3", "no se conoce «idle_minuts»"),
        ('[mail]\nhots = "x"', r"\[mail\]: no se conoce «hots»"),
        ("idle_minutes = 0", "entre 1 y 5"),
        ("idle_minutes = 6", "entre 1 y 5"),
        ("idle_minutes = 16", "entre 1 y 5"),
        ("idle_minutes = true", "debe ser un número entero"),
        ('training = "no"', "debe ser true o false"),
        ('portal = "http://cosmartnet.example"', "https://"),
        ('portal = "https://"', "https://"),
        ('printer = "caja"', "ipp://"),
        ('mail = "x"', "debe ser una sección"),
        ('database = "postgresql+psycopg://desk:s3cret@h/b"', "pgpass"),
        ('database = "postgresql+psycopg://h/b?password=s3cret"', "pgpass"),
        ('database = "postgresql+psycopg://desk@a:5432,b:5432/branch"', "host=uno:5432&host=dos"),
        ('database = "postgresql://a,b/branch"', "host=uno:5432&host=dos"),
        ("a = = 1", "TOML"),
    ],
)
def test_an_impossible_setting_is_refused_with_a_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(SettingsProblem, match=sentence) as refusal:
        _load(tmp_path, text)
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize("way", ["environment", "line"])
def test_servers_in_a_row_are_refused_wherever_they_are_said(tmp_path: Path, way: str) -> None:
    url = "postgresql://desk:s3cret@a:5432,b:5432/branch"
    environ = {"BRANCH_DESK_DATABASE": url} if way == "environment" else {}
    with pytest.raises(SettingsProblem, match="host=uno:5432&host=dos") as refusal:
        load(_written(tmp_path, ""), database=url if way == "line" else None, environ=environ)
    assert "s3cret" not in str(refusal.value)


def test_a_comma_elsewhere_names_no_second_server(tmp_path: Path) -> None:
    url = "postgresql://desk:s3c,ret@a:5432/branch"
    assert _load(tmp_path, "", BRANCH_DESK_DATABASE=url).database_url == url


def test_when_the_first_server_is_dead_the_second_one_answers(
    tmp_path: Path, postgres_url: str
) -> None:
    there = plain_url(postgres_url)
    folder, port = there.query["host"], there.query["port"]
    hosts = f"host={tmp_path}:{port}&host={folder}:{port}"
    url = f"postgresql://{there.username}@/{there.database}?{hosts}"
    url += "&target_session_attrs=read-write"
    settings = _load(tmp_path, f'database = "{url}"')
    database = Database(settings.database_url)
    require_schema(database)
    database.close()
    dead = Database(url.replace(hosts, f"host={tmp_path}:{port}"))
    with pytest.raises(OperationalError):
        require_schema(dead)
    dead.close()


def test_a_file_named_on_the_command_line_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsProblem, match="No existe"):
        load(tmp_path / "none.toml", environ={})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://desk:s3cret@host:5432/branch",
        "postgresql+psycopg://desk@/branch?host=a&password=s3cret&port=5432",
        "postgresql+psycopg://desk:s3cret@/branch?host=a:5432&host=b:5432",
    ],
)
def test_no_password_shows_when_settings_are_printed(tmp_path: Path, url: str) -> None:
    settings = _load(
        tmp_path,
        '[mail]\nhost = "h"\nuser = "u"',
        BRANCH_DESK_DATABASE=url,
        BRANCH_DESK_SMTP_PASSWORD="s3cret",
    )
    assert settings.smtp is not None
    assert settings.smtp.password == "s3cret"
    assert "s3cret" in settings.database_url
    for shown in (repr(settings), repr(settings.smtp), settings.database_shown):
        assert "s3cret" not in shown
    assert settings.database_shown.startswith("postgresql+psycopg://desk")


class _OneKey(KeyringBackend):
    """A keyring with a single password in it."""

    priority = 1.0

    def get_password(self, service: str, username: str) -> str | None:
        return "kept" if (service, username) == ("branch-desk smtp", "u@h") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise AssertionError(service)  # nothing here writes to a keyring


def test_the_mail_password_comes_from_the_keyring(tmp_path: Path) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(_OneKey())
    try:
        settings = _load(tmp_path, '[mail]\nhost = "h"\nuser = "u"')
    finally:
        keyring.set_keyring(before)
    assert settings.smtp is not None
    assert settings.smtp.password == "kept"


def test_the_data_folder_is_closed_to_others(tmp_path: Path) -> None:
    settings = _load(tmp_path, "", BRANCH_DESK_DATA=str(tmp_path / "deep" / "data"))
    assert settings.prepare_data_dir().stat().st_mode & 0o777 == 0o700
