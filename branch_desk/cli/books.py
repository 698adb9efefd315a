"""`branch-desk import`, `jobs run`, `demo create`: what the machine room does."""

import dataclasses
import sys
from argparse import Namespace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from branch_desk import mailing, start
from branch_desk.cli import FOUND, OK, billers, interbank
from branch_desk.cli.saying import command, say
from branch_desk.operations.books import imports
from branch_desk.operations.books.import_rows import BookKind
from branch_desk.operations.exchange.gateway import FileGateway
from branch_desk.operations.house import jobs
from branch_desk.settings import Settings

_BAR = 40


@command
def import_file(settings: Settings, arguments: Namespace) -> int:
    """Import a file of the core system; exit code 1 when rows were refused."""
    house = start.open_house(settings)
    try:
        result = imports.import_file(
            house, BookKind(arguments.kind), arguments.file, progress=_show
        )
    finally:
        house.database.close()
        _clear()
    if result.resumed_after:
        say(f"Continuó después de la línea {result.resumed_after}.")
    if result.unknown_columns:
        say(f"Columnas que no se conocen: {', '.join(result.unknown_columns)}")
    say(
        f"{result.lines} filas: {result.accepted} nuevas o cambiadas, "
        f"{result.unchanged} sin cambio, {result.rejected} rechazadas."
    )
    if result.rejected_path is not None:
        say(f"Rechazadas, con su motivo: {result.rejected_path}")
    return FOUND if result.rejected else OK


@command
def run_jobs(settings: Settings, _arguments: Namespace) -> int:
    """Do what is due."""
    house = start.open_house(settings)
    sender = mailing.sender_of(settings)
    try:
        done = jobs.run_due(house, sender, settings.interbank_dir, FileGateway(settings.biller_dir))
    finally:
        house.database.close()
    if sender is None:
        say("Sin servidor de correo configurado: los correos esperan.")
    say(
        f"Correos: {done.mails.sent} enviados, {done.mails.later} para después, "
        f"{done.mails.failed} fallidos."
    )
    say(
        f"Vencidos: {done.expired_requests} solicitudes, {done.expired_credentials} claves, "
        f"{done.expired_links} enlaces. Borradores retirados: {done.dropped_drafts}."
    )
    say(
        f"Agenda: {done.scheduled} pagos hechos, {done.schedules_failed} no se pudieron. "
        f"Operaciones sin efecto por falta de firmas: {done.lapsed}."
    )
    interbank.tell(done.interbank)
    billers.tell(done.payments)
    problem = done.interbank.problem or done.payments.problem
    return FOUND if done.mails.failed or problem else OK


@command
def create_demo(settings: Settings, arguments: Namespace) -> int:
    """Make an invented cooperative in a folder of its own; never in the working database."""
    from branch_desk.operations.practice import demo

    folder: Path = (arguments.folder or settings.data_dir / "demo").absolute()
    practice = dataclasses.replace(
        settings,
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'branch_desk.sqlite'}",
        training=True,
    )
    house, first = start.create_house(practice)
    try:
        users = demo.create(house, first)
    finally:
        first.forget()
        house.database.close()
    say(f"Cooperativa de práctica, con personas inventadas: {folder}")
    say("Usuarios, con su contraseña y la clave de su autenticador (no se volverán a mostrar):")
    for user in sorted(users, key=lambda user: (user.role, user.user_name)):
        token = parse_qs(urlsplit(user.totp_uri).query).get("secret", [""])[0]
        say(
            f"{user.role.value:<14} {user.branch_code:<4} {user.user_name:<14} {user.password:<28}"
            f" {token}"
        )
    config = folder / "branch_desk.toml"
    config.write_text(f"data_dir = '{folder}'\ntraining = true\n", encoding="utf-8")
    say(f"Ábrala: branch-desk --config {config}")
    return OK


def _show(progress: imports.Progress) -> None:
    if not sys.stderr.isatty():
        return
    part = progress.read_bytes / progress.total_bytes if progress.total_bytes else 1.0
    done = round(part * _BAR)
    bar = "█" * done + "·" * (_BAR - done)
    sys.stderr.write(f"\r{bar} {part:4.0%}  {progress.lines} filas, {progress.rejected} rechazadas")
    sys.stderr.flush()


def _clear() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
