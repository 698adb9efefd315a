"""`branch-desk backup` and `branch-desk restore`."""

from argparse import Namespace

from branch_desk import start
from branch_desk.cli import OK
from branch_desk.cli.saying import command, say
from branch_desk.models.database import Database, require_schema
from branch_desk.models.errors import WrongSchema
from branch_desk.operations.house import backup as copies
from branch_desk.settings import Settings


@command
def backup(settings: Settings, arguments: Namespace) -> int:
    """Back the database up; its keys stay where they are."""
    house = start.open_house(settings)
    try:
        made = copies.backup(house, arguments.folder)
    finally:
        house.database.close()
    say(f"Copia hecha: {made.with_name(made.name.removesuffix(copies.MANIFEST))}")
    say(f"Manifiesto:  {made}")
    say("Las llaves no están en la copia: guárdelas aparte.")
    return OK


@command
def restore(settings: Settings, arguments: Namespace) -> int:
    """Restore a proved backup into an empty database, and open it to see that it works."""
    found = copies.restore(arguments.file, settings.database_url, start.load_keys(settings))
    say(f"Copia del {found.made_at:%Y-%m-%d %H:%M} UTC restaurada.")
    database = Database(settings.database_url)
    try:
        require_schema(database)
    except WrongSchema as wrong:
        if wrong.facts["reason"] != "older":
            raise
        say("Es de una versión anterior: branch-desk db upgrade")
        return OK
    finally:
        database.close()
    start.open_house(settings).database.close()
    say("Compruebe el registro: branch-desk audit verify --anchor ARCHIVO")
    return OK
