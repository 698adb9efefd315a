"""`branch-desk db`: create, upgrade, show, and the rights of the program's role."""

from argparse import Namespace

from branch_desk import start
from branch_desk.cli import FOUND, OK
from branch_desk.cli.saying import command, say
from branch_desk.models.database import Database, require_schema, revisions
from branch_desk.models.errors import WrongSchema
from branch_desk.operations.house import backup
from branch_desk.operations.house import roles as rights
from branch_desk.operations.house.install import FIRST_ADMINISTRATOR
from branch_desk.settings import Settings


@command
def create(settings: Settings, _arguments: Namespace) -> int:
    """Make the database and show the administrator's one-time secret, once."""
    house, secret = start.create_house(settings)
    house.database.close()
    say(f"Base de datos creada: {house.database.shown}")
    say(f"Llaves: {house.keys.note.value}")
    say()
    say(f"Usuario:         {FIRST_ADMINISTRATOR}")
    say(f"Clave inicial:   {secret.grouped()}   (sin espacios; no se volverá a mostrar)")
    secret.forget()
    return OK


@command
def upgrade(settings: Settings, arguments: Namespace) -> int:
    """Back up, then bring the schema to the one this program knows."""
    if start.is_missing(settings):
        raise WrongSchema(reason="empty")
    database = Database(settings.database_url)
    try:
        require_schema(database)
    except WrongSchema as wrong:
        if wrong.facts["reason"] != "older":
            raise
    else:
        say("La base de datos ya está al día.")
        return OK
    finally:
        database.close()
    folder = arguments.backup or settings.prepare_data_dir() / "backups"
    made = backup.make(database, start.load_keys(settings), folder)
    say(f"Copia previa: {made}")
    database.close()
    start.upgrade_house(settings)
    say(f"Base de datos actualizada a {revisions()[-1]}.")
    return OK


@command
def status(settings: Settings, _arguments: Namespace) -> int:
    """Say which database it is and whether program and schema fit."""
    say(f"Base de datos: {settings.database_shown}")
    say(f"Esquema del programa: {revisions()[-1]}")
    house = start.open_house(settings)
    house.database.close()
    say(f"Llaves: {house.keys.note.value}, versiones {', '.join(map(str, house.keys.versions))}")
    say("Todo coincide.")
    return OK


@command
def roles(settings: Settings, arguments: Namespace) -> int:
    """Print the statements of the program's role, or run them."""
    if not arguments.create:
        say(rights.roles_sql(arguments.name).rstrip())
        return OK
    database = Database(settings.database_url)
    try:
        if not database.is_postgresql:
            rights.create(database, arguments.name)  # refuses, with its reason
            return FOUND
        require_schema(database)
        rights.create(database, arguments.name)
    finally:
        database.close()
    say(f"Usuario {arguments.name}: permisos otorgados. Póngale contraseña con \\password en psql.")
    return OK
