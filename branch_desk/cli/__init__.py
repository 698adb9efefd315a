"""The command line: what the house does without a window (F43).

Nothing heavy is imported before a command needs it, and Qt only to open the window, so that help
and repairs work on a machine where the window does not.
"""

import argparse
import importlib
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import branch_desk

OK, FOUND, USAGE, CANNOT, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: done; done and something is wrong; misspelt; could not be done; Ctrl+C."""

_BOOKS = ("members", "accounts", "holders", "loans", "instalments", "bills")
"""The core system's files; the enumeration itself would load the database for a mere help."""

_EPILOG = "Códigos de salida: 0 bien, 1 se encontró algo malo, 2 orden mal escrita, 3 no se pudo."


_SAID = {
    "the following arguments are required": "falta",
    "unrecognized arguments": "no se conoce",
    "invalid choice": "no existe",
    "choose from": "elija",
    "expected one argument": "falta su valor",
    "argument ": "",
}
"""What argparse complains about, in English whatever the machine speaks."""


class _Parser(argparse.ArgumentParser):
    """A parser that speaks Spanish where argparse lets it."""

    def __init__(self, **about: Any) -> None:  # noqa: ANN401  as argparse takes them
        super().__init__(add_help=False, formatter_class=_Formatter, **about)
        self.options = self.add_argument_group("opciones")
        self.options.add_argument("-h", "--help", action="help", help="muestra esta ayuda")

    def error(self, message: str) -> NoReturn:
        """Say what is misspelt and where to look."""
        for english, spanish in _SAID.items():
            message = message.replace(english, spanish)
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\nVea: {self.prog} --help\n")


class _Formatter(argparse.HelpFormatter):
    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, "uso: " if prefix is None else prefix)


def run(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says and give the exit code."""
    arguments = _parser().parse_args(argv)
    from branch_desk.settings import SettingsProblem, load

    try:
        settings = load(arguments.config, database=arguments.database)
    except SettingsProblem as problem:
        print(problem, file=sys.stderr)  # noqa: T201  the command line speaks to its terminal
        return CANNOT
    module, _, name = arguments.does.partition(":")
    command: Callable[..., int] = getattr(importlib.import_module(module), name)
    return command(settings, arguments)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="branch-desk",
        description="Abre la banca electrónica a un socio en el mostrador. "
        "Sin orden, abre la ventana.",
        epilog=_EPILOG,
    )
    parser.options.add_argument(
        "--config", metavar="ARCHIVO", type=Path, help="archivo de configuración (TOML)"
    )
    parser.options.add_argument(
        "--database", metavar="URL", help="base de datos: sqlite:///archivo o postgresql://…"
    )
    parser.options.add_argument(
        "--version", action="version", version=branch_desk.__version__, help="muestra la versión"
    )
    parser.options.add_argument(
        "--check",
        dest="does",
        action="store_const",
        const="branch_desk.cli.self_check:check",
        default="branch_desk.app:main",
        help="revisa que todo esté listo para trabajar",
    )
    words = parser.add_subparsers(title="órdenes", metavar="ORDEN", parser_class=_Parser)
    _database(words)
    _audit(words)
    _backup(words)
    _books(words)
    _interbank(words)
    _billers(words)
    _ledger(words)
    _keys(words)
    _receipts(words)
    return parser


Words = Any
"""What `add_subparsers` gives; argparse keeps its class to itself."""


def _word(words: Words, word: str, does: str, text: str) -> _Parser:
    parser: _Parser = words.add_parser(word, help=text, description=text[0].upper() + text[1:])
    parser.set_defaults(does=f"branch_desk.cli.{does}")
    return parser


def _group(words: Words, word: str, text: str) -> Words:
    parser: _Parser = words.add_parser(word, help=text, description=text[0].upper() + text[1:])
    return parser.add_subparsers(
        title="órdenes", metavar="ORDEN", required=True, parser_class=_Parser
    )


def _database(words: Words) -> None:
    group = _group(words, "db", "crea, actualiza y muestra la base de datos")
    _word(
        group,
        "create",
        "database:create",
        "crea la base de datos y su primer administrador; la clave se muestra una sola vez",
    )
    upgrade = _word(
        group, "upgrade", "database:upgrade", "hace una copia y actualiza la base de datos"
    )
    upgrade.options.add_argument(
        "--backup", metavar="CARPETA", type=Path, help="dónde dejar la copia previa"
    )
    _word(group, "status", "database:status", "muestra qué base de datos es y su versión")
    rights = _word(group, "roles", "database:roles", "permisos del usuario del programa")
    rights.options.add_argument("--create", action="store_true", help="los otorga (PostgreSQL)")
    rights.options.add_argument(
        "--name", metavar="USUARIO", default="branch_desk_program", help="nombre del usuario"
    )


def _audit(words: Words) -> None:
    group = _group(words, "audit", "comprueba y ancla el registro de auditoría")
    verify = _word(group, "verify", "audit:verify", "comprueba las cadenas; no escribe nada")
    verify.options.add_argument(
        "--anchor", metavar="ARCHIVO", type=Path, help="ancla guardada fuera de la base"
    )
    verify.options.add_argument(
        "--without-keys", action="store_true", help="sin comprobar las firmas de las anclas"
    )
    anchor = _word(group, "anchor", "audit:anchor", "firma el final de las cadenas")
    anchor.options.add_argument(
        "--out", metavar="ARCHIVO", type=Path, required=True, help="dónde guardar el ancla"
    )
    timeline = _word(group, "timeline", "audit:timeline", "muestra la historia de un socio")
    timeline.add_argument("member", metavar="SOCIO", help="número de socio")


def _backup(words: Words) -> None:
    backup = _word(words, "backup", "backup:backup", "hace una copia de seguridad")
    backup.add_argument("folder", metavar="CARPETA", type=Path)
    restore = _word(
        words, "restore", "backup:restore", "restaura una copia en una base de datos vacía"
    )
    restore.add_argument("file", metavar="ARCHIVO", type=Path)


def _books(words: Words) -> None:
    importing = _word(words, "import", "books:import_file", "importa del sistema central (CSV)")
    importing.add_argument("kind", metavar="TIPO", choices=_BOOKS)
    importing.add_argument("file", metavar="ARCHIVO", type=Path)
    jobs = _group(words, "jobs", "trabajos pendientes")
    _word(jobs, "run", "books:run_jobs", "envía correos, vence y ordena lo que corresponde")
    calendar = _group(words, "calendar", "días en que la cooperativa no atiende")
    listed = _word(calendar, "list", "calendar:list_days", "muestra los feriados de un año")
    listed.add_argument("year", metavar="AÑO", type=int, nargs="?", help="por omisión, este año")
    demo = _group(words, "demo", "cooperativa de práctica")
    create = _word(demo, "create", "books:create_demo", "crea una cooperativa inventada")
    create.add_argument("folder", metavar="CARPETA", type=Path, nargs="?")
    tour = words.add_parser("tour", help="muestra el trabajo completo en la ventana")
    tour.options.add_argument(
        "--out", metavar="CARPETA", type=Path, help="dónde guardar papeles y pantallas"
    )
    tour.set_defaults(does="branch_desk.tour:main")


def _ledger(words: Words) -> None:
    group = _group(words, "ledger", "comprueba el libro de movimientos")
    _word(
        group,
        "verify",
        "ledger:verify",
        "comprueba saldos, operaciones y devoluciones contra el libro; no escribe nada",
    )


def _interbank(words: Words) -> None:
    group = _group(words, "interbank", "transferencias a otros bancos")
    _word(group, "batches", "interbank:batches", "muestra los lotes y su estado")
    settle = _word(
        group, "settle", "interbank:settle", "lee las respuestas de los otros bancos (CSV)"
    )
    settle.add_argument("file", metavar="ARCHIVO", type=Path)


def _billers(words: Words) -> None:
    group = _group(words, "billers", "pagos de servicios a las empresas")
    settle = _word(group, "settle", "billers:settle", "lee las respuestas de las empresas (CSV)")
    settle.add_argument("file", metavar="ARCHIVO", type=Path)


def _keys(words: Words) -> None:
    group = _group(words, "keys", "las llaves que abren lo cifrado")
    _word(group, "status", "keys:status", "muestra dónde están las llaves y sus versiones")
    export = _word(group, "export-desk", "keys:export_desk", "escribe las llaves para otro puesto")
    export.options.add_argument("--out", metavar="ARCHIVO", type=Path, required=True)
    take = _word(group, "install", "keys:install", "instala en este puesto las llaves exportadas")
    take.add_argument("file", metavar="ARCHIVO", type=Path)
    _word(group, "rotate", "keys:rotate", "agrega una llave nueva; las anteriores siguen abriendo")


def _receipts(words: Words) -> None:
    group = _group(words, "receipt", "comprobantes de las operaciones de los socios")
    verify = _word(group, "verify", "receipts:verify", "dice si un comprobante es auténtico")
    verify.add_argument("number", metavar="NÚMERO", help="el número, o todo el texto del QR")
    verify.add_argument("code", metavar="CÓDIGO", nargs="?", default="", help="de verificación")
