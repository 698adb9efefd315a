"""What this machine is told about its place: database, folders, mail, printer, idle lock.

One TOML file and a few environment variables, read once at the start. No secret stands in the
file: the password of the mail server comes from the keyring of the operating system, or from the
environment where a service has no keyring; that of PostgreSQL from its own `~/.pgpass`.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import platformdirs

_T = TypeVar("_T")

_PROGRAM = "branch-desk"
_CONFIG_NAME = "branch_desk.toml"

IDLE_MINUTES = range(1, 6)
"""How long a desk may stand unattended before it locks (R10)."""

_HOSTS_IN_A_ROW = re.compile(r"postgres[^/]*://(?:[^/?]*@)?+[^/?]*,")
_PASSWORD_IN_URL = re.compile(r"(?<=:)[^:@/]+(?=@)|(?<=[?&]password=)[^&]*")


class SettingsProblem(Exception):
    """The settings cannot be used; the text is the Spanish sentence for who set the machine up."""


@dataclass(frozen=True, kw_only=True)
class Smtp:
    """The server that takes our mail."""

    host: str
    port: int = 587
    starttls: bool = True
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the program is told from outside."""

    data_dir: Path
    database_url: str = field(repr=False)  # may hold a password
    scanner_folder: Path | None = None
    """Where the scanner leaves its pictures."""
    interbank_folder: Path | None = None
    """Where the files for other banks are written; unset: `interbank` in the data folder."""
    biller_folder: Path | None = None
    """Where the files for billers are written; unset: `billers` in the data folder."""
    smtp: Smtp | None = None
    """Without it, mail waits in the outbox."""
    mail_from: str = ""
    portal_url: str | None = None
    """Where members enter; `https://` only, for it is printed and mailed."""
    printer_uri: str | None = None
    """The print queue, as `ipp://host:port/printers/name`."""
    idle_minutes: int = 3
    training: bool = False
    """A practice copy: every screen and paper says that it is none."""
    branch: str | None = None
    """The branch proposed at sign-in."""

    @property
    def database_shown(self) -> str:
        """The database's address without its password, for logs and screens."""
        return _PASSWORD_IN_URL.sub("***", self.database_url)

    @property
    def interbank_dir(self) -> Path:
        """Where the files for other banks are written."""
        return self.interbank_folder or self.data_dir / "interbank"

    @property
    def biller_dir(self) -> Path:
        """Where the files for billers are written."""
        return self.biller_folder or self.data_dir / "billers"

    def prepare_data_dir(self) -> Path:
        """Make the data folder if it is missing, closed to others, and return it."""
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.data_dir


def load(
    config: Path | None = None,
    *,
    database: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Read the settings; `config` and `database` are what the command line said and win.

    Raises `SettingsProblem` for a file that cannot be read, an unknown key or an impossible value.
    """
    path = config or _path(environ.get("BRANCH_DESK_CONFIG"))
    path = path or platformdirs.user_config_path(_PROGRAM, appauthor=False) / _CONFIG_NAME
    table = _Table(_read(path, must_exist=config is not None), str(path))
    mail = _Table(table.take("mail", dict) or {}, f"{path} [mail]")

    told_data_dir = table.take("data_dir", str)
    told_database = _database_of_file(table)
    data_dir = _path(environ.get("BRANCH_DESK_DATA") or told_data_dir)
    data_dir = data_dir or platformdirs.user_data_path(_PROGRAM, appauthor=False)
    told_database = database or environ.get("BRANCH_DESK_DATABASE") or told_database
    _refuse_hosts_in_a_row(told_database)
    settings = Settings(
        data_dir=data_dir,
        database_url=told_database or f"sqlite:///{data_dir / 'branch_desk.sqlite'}",
        scanner_folder=_path(table.take("scanner_folder", str)),
        interbank_folder=_path(table.take("interbank_folder", str)),
        biller_folder=_path(table.take("biller_folder", str)),
        mail_from=mail.take("from", str) or "",
        smtp=_smtp(mail, environ),
        portal_url=_address(table, "portal", ("https",)),
        printer_uri=_address(table, "printer", ("ipp", "ipps")),
        idle_minutes=_idle_minutes(table),
        training=table.take("training", bool) is True,
        branch=table.take("branch", str),
    )
    mail.must_be_empty()
    table.must_be_empty()
    return settings


class _Table:
    """A table of the file, from which each known key is taken; what remains nobody knows."""

    def __init__(self, values: dict[str, Any], where: str) -> None:
        self._values = dict(values)
        self._where = where

    def problem(self, sentence: str) -> SettingsProblem:
        """Say in which file it is wrong."""
        return SettingsProblem(f"{self._where}: {sentence}")

    def take(self, key: str, kind: type[_T]) -> _T | None:
        """Take a value out, `None` if it is not said; `true` is no number."""
        value = self._values.pop(key, None)
        if value is None:
            return None
        if type(value) is not kind:
            raise self.problem(f"«{key}» debe ser {_KINDS[kind]}.")
        return value

    def must_be_empty(self) -> None:
        """Refuse a misspelt key: ignored, the machine would be set otherwise than it seems."""
        if self._values:
            names = ", ".join(f"«{name}»" for name in sorted(self._values))
            raise self.problem(f"no se conoce {names}. Revise la escritura.")


_KINDS = {
    str: "un texto entre comillas",
    int: "un número entero",
    bool: "true o false",
    dict: "una sección",
}


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None


def _read(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if must_exist:
            raise SettingsProblem(f"No existe el archivo de configuración {path}.") from None
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsProblem(f"{path} no se puede leer como TOML: {error}") from error
    except OSError as error:
        raise SettingsProblem(f"{path} no se puede abrir: {error.strerror}.") from error


def _database_of_file(table: _Table) -> str | None:
    url = table.take("database", str)
    if url and _PASSWORD_IN_URL.search(url):
        raise table.problem(
            "la contraseña de la base de datos no se guarda en este archivo. "
            "Quítela de «database» y anótela en ~/.pgpass."
        )
    return url


def _refuse_hosts_in_a_row(url: str | None) -> None:
    # libpq knows this form, SQLAlchemy does not: it would complain of a port that is no number.
    if url and _HOSTS_IN_A_ROW.match(url):
        raise SettingsProblem(
            "La dirección de la base de datos nombra varios servidores seguidos por comas. "
            "Escríbalos así: postgresql://usuario@/base?host=uno:5432&host=dos:5432"
        )


def _address(table: _Table, key: str, schemes: tuple[str, ...]) -> str | None:
    address = table.take(key, str)
    if address is None:
        return None
    parts = urlsplit(address)
    if parts.scheme not in schemes or not parts.hostname:
        wanted = " o ".join(f"{scheme}://" for scheme in schemes)
        raise table.problem(f"«{key}» debe ser una dirección {wanted}…")
    return address


def _idle_minutes(table: _Table) -> int:
    minutes = table.take("idle_minutes", int)
    if minutes is None:
        return 3
    if minutes not in IDLE_MINUTES:
        first, last = IDLE_MINUTES[0], IDLE_MINUTES[-1]
        raise table.problem(f"«idle_minutes» debe estar entre {first} y {last}.")
    return minutes


def _smtp(mail: _Table, environ: Mapping[str, str]) -> Smtp | None:
    host = mail.take("host", str)
    port = mail.take("port", int) or 587
    starttls = mail.take("starttls", bool) is not False
    user = mail.take("user", str)
    if not host:
        return None
    password = environ.get("BRANCH_DESK_SMTP_PASSWORD")
    if user and not password:
        password = _kept_password(f"{user}@{host}")
    return Smtp(host=host, port=port, starttls=starttls, user=user, password=password)


def _kept_password(account: str) -> str | None:
    import keyring  # slow to import, and few machines send mail themselves
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(f"{_PROGRAM} smtp", account)
    except KeyringError:
        return None  # the server will ask for one, and the mail waits in the outbox
