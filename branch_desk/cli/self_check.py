"""`branch-desk --check`: everything a start needs, one sentence each."""

import os
import stat
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from branch_desk import start
from branch_desk.cli import FOUND, OK
from branch_desk.cli.saying import command, say, sentence
from branch_desk.models.audit import AuditAnchor, AuditEvent, AuditHead
from branch_desk.models.database import Database, require_schema
from branch_desk.models.errors import DomainError
from branch_desk.operations.house.audit import kept_anchor
from branch_desk.operations.house.install import check_installation
from branch_desk.operations.work import House
from branch_desk.settings import Settings

_CLOCK_SECONDS = 30
"""How far a desk's clock may be off the server's before it is worth a warning (R40)."""


class _Wrong(Exception):
    """An item is not as it must be; the text is its sentence."""


Item = tuple[str, Callable[[], str]]


@command
def check(settings: Settings, _arguments: Namespace) -> int:
    """Go through the items; exit code 1 when one is not as it must be."""
    good = True
    for name, look in _items(settings):
        try:
            say(f"bien   {name}: {look()}")
        except _Wrong as wrong:
            say(f"MAL    {name}: {wrong}")
            good = False
        except DomainError as refusal:
            say(f"MAL    {name}: {sentence(refusal)}")
            good = False
        except (OperationalError, OSError) as problem:
            say(f"MAL    {name}: no responde o no se puede usar ({type(problem).__name__}).")
            good = False
    say("Todo listo." if good else "Hay algo que corregir.")
    return OK if good else FOUND


def _items(settings: Settings) -> Iterator[Item]:
    yield "Carpeta de datos", lambda: _folder(settings)
    yield "Zona horaria", _zone
    yield "Letra de los papeles", _fonts
    if start.is_missing(settings):
        yield "Base de datos", lambda: "todavía no existe; se crea al abrir por primera vez."
        return
    database = Database(settings.database_url)
    try:
        yield "Base de datos", lambda: _reachable(database)
        yield "Servidor", lambda: _server(database)
        yield "Permisos", lambda: _rights(database)
        yield "Esquema", lambda: _schema(database)
        yield "Llaves", lambda: _keys(settings, database)
        yield "Reloj", lambda: _clock(database)
        yield "Auditoría", lambda: _heads(database)
    finally:
        database.close()


def _folder(settings: Settings) -> str:
    folder = settings.prepare_data_dir()
    if os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        raise _Wrong(f"otros pueden entrar en {folder}; ciérrela: chmod 700")
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"x")
    return "se puede escribir y está cerrada a otros."


def _zone() -> str:
    hour = datetime(2026, 1, 1, 12, tzinfo=UTC).astimezone(ZoneInfo("America/La_Paz")).hour
    if hour != 8:  # noqa: PLR2004  Bolivia is four hours behind UTC the whole year
        raise _Wrong("los datos de America/La_Paz no son los correctos.")
    return "America/La_Paz está instalada."


def _fonts() -> str:
    from branch_desk.reports import fonts

    fonts.register()
    return "instalada."


def _reachable(database: Database) -> str:
    database.now()
    return f"responde ({database.engine.dialect.name})."


def _server(database: Database) -> str:
    database.require_safe_server()
    if not database.is_postgresql:
        return "archivo de esta máquina, con confirmación en disco."
    with database.engine.connect() as connection:
        sums = connection.scalar(text("SELECT current_setting('data_checksums')"))
    return "confirma en disco" + ("." if sums == "on" else "; sin sumas de control de datos.")


def _rights(database: Database) -> str:
    if not database.is_postgresql:
        with suppress(FileNotFoundError):
            path = str(database.url.database)
            if os.name == "posix" and stat.S_IMODE(os.stat(path).st_mode) & 0o077:  # noqa: PTH116  the address is text
                raise _Wrong(f"otros pueden leer {path}; ciérrelo: chmod 600")
        return "solo su dueño abre el archivo."
    with database.engine.connect() as connection:
        mighty = connection.scalar(
            text(
                "SELECT rolsuper OR rolcreaterole OR rolreplication OR EXISTS (SELECT FROM pg_class"
                " WHERE relname = 'audit_event' AND pg_has_role(relowner, 'MEMBER'))"
                " FROM pg_roles WHERE rolname = current_user"
            )
        )
    if mighty:
        raise _Wrong("el usuario de la base es su dueño; use el de branch-desk db roles --create.")
    return "el usuario de la base solo tiene lo que el programa necesita."


def _schema(database: Database) -> str:
    require_schema(database)
    return "es el de este programa."


def _keys(settings: Settings, database: Database) -> str:
    from branch_desk.models.passwords import Hasher

    keys = start.load_keys(settings)
    check_installation(House(database, keys, Hasher()))
    return f"son las de esta base de datos ({keys.note.value})."


def _clock(database: Database) -> str:
    before = datetime.now(UTC)  # noqa: TID251  this machine's clock is what is looked at
    off = abs((database.now() - before).total_seconds())
    if off > _CLOCK_SECONDS:
        raise _Wrong(f"difiere {off:.0f} segundos del servidor; póngalo en hora.")
    return "coincide con el del servidor."


def _heads(database: Database) -> str:
    """Look at the ends of the chains only; `audit verify` reads them whole."""
    with database.engine.connect() as connection:
        heads = {
            row.chain: row
            for row in connection.execute(
                select(
                    AuditHead.chain, AuditHead.number, AuditEvent.hash, AuditHead.hash.label("end")
                ).outerjoin(
                    AuditEvent,
                    (AuditEvent.chain == AuditHead.chain) & (AuditEvent.number == AuditHead.number),
                )
            )
        }
        if any(row.number and row.hash != row.end for row in heads.values()):
            raise _Wrong("un final no es el de su último evento: branch-desk audit verify")
        last = connection.execute(
            select(AuditAnchor.__table__).order_by(AuditAnchor.day.desc()).limit(1)
        ).one_or_none()
        if last is None:
            return "los finales coinciden; todavía no hay ancla."
        anchored = kept_anchor(AuditAnchor(**last._mapping))  # noqa: SLF001  a row's public mapping
        if any(
            chain not in heads or heads[chain].number < head.number
            for chain, head in anchored.heads.items()
        ):
            raise _Wrong("es más antigua que su última ancla: branch-desk audit verify")
    return f"los finales coinciden; última ancla del {anchored.day:%d/%m/%Y}."
