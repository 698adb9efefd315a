"""`branch-desk audit`: prove the trail, anchor it, read a member's."""

import getpass
from argparse import Namespace
from pathlib import Path

from sqlalchemy import select

from branch_desk import start
from branch_desk.cli import FOUND, OK
from branch_desk.cli.saying import command, complain, say, write_file
from branch_desk.models.anchor import Anchor
from branch_desk.models.database import Database, require_schema
from branch_desk.models.errors import NotFound, UnreadableFile, WrongSchema
from branch_desk.models.member import Member
from branch_desk.operations.house import audit, sign_in
from branch_desk.operations.house.verification import Finding, Problem
from branch_desk.operations.house.verification import verify as prove
from branch_desk.operations.work import Desk, House
from branch_desk.settings import Settings

_SHOWN = 20

_WORDS = {
    Problem.ALTERED: "el texto del evento fue alterado",
    Problem.COLUMNS: "las columnas dicen otra cosa que el texto firmado",
    Problem.MISSING: "falta el evento",
    Problem.TAIL_CUT: "se cortó el final: falta desde este evento",
    Problem.TAIL_ADDED: "hay eventos después del final",
    Problem.HEAD_ALTERED: "el final no es el del último evento",
    Problem.HEAD_MISSING: "falta la cadena",
    Problem.BEFORE_ANCHOR: "termina antes de lo anclado: es una copia antigua o fue recortada",
    Problem.NOT_AS_ANCHORED: "es otra cadena que la anclada: fue reescrita",
    Problem.ANCHOR_FORGED: "un ancla no está firmada con las llaves de esta casa",
}


@command
def verify(settings: Settings, arguments: Namespace) -> int:
    """Prove every chain; exit code 1 when something was found."""
    if start.is_missing(settings):
        raise WrongSchema(reason="empty")
    outside = _read_anchor(arguments.anchor) if arguments.anchor else None
    keys = None if arguments.without_keys else start.load_keys(settings)
    database = Database(settings.database_url)
    try:
        require_schema(database)
        verdict = prove(database, outside, keys)
    finally:
        database.close()
    say(f"{verdict.events} eventos y {verdict.anchors} anclas comprobados.")
    if not verdict.signatures_checked:
        say("Sin llaves: las firmas de las anclas no se comprobaron.")
    for finding in verdict.findings[:_SHOWN]:
        complain(_said(finding))
    if len(verdict.findings) > _SHOWN:
        complain(f"… y {len(verdict.findings) - _SHOWN} más.")
    say("El registro está íntegro." if verdict.intact else "EL REGISTRO FUE ALTERADO.")
    return OK if verdict.intact else FOUND


@command
def anchor(settings: Settings, arguments: Namespace) -> int:
    """Sign the ends of all chains and write them to a file."""
    house = start.open_house(settings)
    try:
        made = house.job(audit.anchor)
    finally:
        house.database.close()
    write_file(arguments.out, made.to_text())
    say(f"Ancla del {made.day:%d/%m/%Y}: {arguments.out}")
    say(f"Código: {made.code}")
    say("Guárdela fuera de este equipo.")
    return OK


@command
def timeline(settings: Settings, arguments: Namespace) -> int:
    """Write what happened to a member, for an auditor or supervisor who signs in here."""
    house = start.open_house(settings)
    try:
        found = house.database.read(
            lambda session: session.scalar(
                select(Member.id).where(Member.number == arguments.member)
            )
        )
        if found is None:
            raise NotFound(kind="member")
        desk = _signed_in(house)
        for entry in desk(audit.timeline, found):
            facts = ", ".join(f"{name}={value}" for name, value in sorted(entry.facts.items()))
            about = " · ".join(part for part in (entry.who, entry.reason, facts) if part)
            say(f"{entry.at:%Y-%m-%d %H:%M:%S}Z  {entry.event:<28} {_plain(about)}")
        desk(sign_in.sign_out)
    finally:
        house.database.close()
    return OK


def _signed_in(house: House) -> Desk:
    """Ask who is reading; the password is not shown and stands in no argument (R87)."""
    user = input("Usuario: ")
    password = getpass.getpass("Contraseña: ")
    code = input("Código del autenticador (si su rol lo pide): ")
    return sign_in.sign_in(house, user, password, code.strip())


def _plain(text: str) -> str:
    """Keep what was typed from steering the terminal or faking a line (R58)."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _read_anchor(path: Path) -> Anchor:
    try:
        return Anchor.from_text(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise UnreadableFile(reason="anchor") from error


def _said(finding: Finding) -> str:
    words = _WORDS[finding.problem]
    if finding.chain is None:
        return f"- {words}"
    if finding.number is None:
        return f"- Cadena {finding.chain}: {words}"
    return f"- Cadena {finding.chain}, evento {finding.number}: {words}"
