"""What the command line says: sentences of refusals, files it writes, its edge around a command."""

import functools
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from branch_desk.cli import CANNOT, FOUND, INTERRUPTED, OK
from branch_desk.models.errors import DomainError

if TYPE_CHECKING:
    from branch_desk.operations.exchange.settlement import SettleResult

Command = Callable[[Any, Any], int]

_SENTENCES = {
    "WrongSchema:empty": "Todavía no hay base de datos. Créela: branch-desk db create",
    "WrongSchema:older": "La base de datos es de una versión anterior. "
    "Actualícela: branch-desk db upgrade",
    "WrongSchema:newer": "La base de datos es de una versión más nueva que este programa. "
    "Instale el programa actual.",
    "UnsafeServer": "El servidor puede perder lo confirmado: {setting} = {value}. Corríjalo antes.",
    "DatabaseUnreachable": "La base de datos no responde. Revise la red y el servidor.",
    "OutcomeUnknown": "Se cortó la conexión al confirmar: no se sabe si se hizo. Compruébelo.",
    "AlreadyDone": "Ya estaba hecho: esta base de datos tiene instalación.",
    "RightsNotGranted:nothing_done": "Este usuario de PostgreSQL no puede crear el usuario "
    "{program} ni darle sus permisos. No se cambió nada. Hágalo con un superusuario: "
    "branch-desk db roles --create",
    "RightsNotGranted:restored": "La copia está restaurada y completa, pero este usuario de "
    "PostgreSQL no puede dar sus permisos al usuario {program}. No restaure otra vez. "
    "Falta, con un superusuario: branch-desk db roles --create",
    "DatabaseInUse": "La base de datos no está vacía. No se escribió nada.",
    "BackupDamaged": "La copia {file} está dañada o alterada ({reason}). No se restauró nada.",
    "BackupFailed:exists": "Ya hay una copia de este instante: {file}.",
    "BackupFailed:integrity": "La base de datos copiada no está íntegra.",
    "BackupFailed:other_database": "La copia {file} es de otro tipo de base de datos.",
    "BackupFailed:program_missing": "Falta el programa {file} de PostgreSQL; "
    "instálelo o indique su carpeta en BRANCH_DESK_PG_BIN.",
    "BackupFailed:program_failed": "{file} no pudo: {said}",
    "NotAVerifier": "Esta máquina no tiene las llaves de verificación. Hágalo en la que las tiene.",
    "WrongKey": "Las llaves de esta máquina no son las de esta base de datos.",
    "KeysMissing": "No se encuentran las llaves ({store}). Tráigalas: branch-desk keys install",
    "KeysPresent": "Esta máquina ya tiene llaves ({store}). No se cambió nada.",
    "KeyFileExposed": "Otros pueden leer el archivo de llaves {path}. Ciérrelo: chmod 600",
    "KeysUnusable": "Las llaves no se pueden usar ({reason}).",
    "UnreadableFile": "El archivo no se puede leer ({reason}).",
    "ColumnsMissing": "Al archivo le faltan columnas.",
    "InvalidValue:not_postgresql": "Solo PostgreSQL tiene usuarios y permisos.",
    "InvalidValue:role_name": "«{value}» no sirve como nombre de usuario de la base de datos.",
    "NotFound": "No se encontró.",
    "PaymentsDiffer": "Los pagos a {biller} del {day} en {currency} no cuadran con el libro mayor. "
    "No se entregó nada.",
    "TotalsDiffer": "El lote interbancario del {day} en {currency} no cuadra con el libro mayor. "
    "No se formó ni se envió nada.",
}


def sentence(refusal: DomainError) -> str:
    """Say a refusal in Spanish; one without words is named by its class, without its values."""
    for kind in type(refusal).__mro__:
        for key in (f"{kind.__name__}:{refusal.facts.get('reason')}", kind.__name__):
            if key in _SENTENCES:
                return _SENTENCES[key].format_map(_Facts(refusal.facts))
    return f"No se puede: {refusal}"


class _Facts(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "?"


def say(text: str = "") -> None:
    """Write a line for the person at the terminal."""
    print(text, flush=True)  # noqa: T201  this is what a command line does


def complain(text: str) -> None:
    """Write a line on the error stream."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def command(done: Command) -> Command:
    """Put the edge around a command: refusals become a sentence and an exit code."""

    @functools.wraps(done)
    def edged(settings: Any, arguments: Any) -> int:  # noqa: ANN401  each command its own
        from sqlalchemy.exc import OperationalError

        try:
            return done(settings, arguments)
        except DomainError as refusal:
            complain(sentence(refusal))
        except OperationalError:
            complain(_SENTENCES["DatabaseUnreachable"])
        except OSError as problem:
            complain(f"{problem.filename or 'archivo'}: {problem.strerror or problem}")
        except KeyboardInterrupt:
            complain("Interrumpido.")
            return INTERRUPTED
        return CANNOT

    return edged


def said(problem: DomainError | OSError) -> str:
    """Give the sentence of what stopped a due job."""
    if isinstance(problem, DomainError):
        return sentence(problem)
    return f"{problem.filename or 'archivo'}: {problem.strerror or problem}"


def say_answers(result: "SettleResult", credited: str) -> int:
    """Say what a file of answers did; gives exit code 1 when lines were kept out."""
    say(
        f"{result.lines} filas: {result.credited} {credited}, {result.returned} devueltas a su "
        f"cuenta, {result.unchanged} sin cambio, {result.wrong} rechazadas."
    )
    if result.wrong_path is not None:
        say(f"Rechazadas, con su motivo: {result.wrong_path}")
    return FOUND if result.wrong else OK


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all, closed to others (R70)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".branch-desk-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
