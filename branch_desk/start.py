"""From settings to a house that may work: keys, database, and what must fit before a start.

The window and the command line begin here alike.
"""

import os
from pathlib import Path

from sqlalchemy import select

from branch_desk.models import database as databases
from branch_desk.models.credentials import Secret
from branch_desk.models.database import Database
from branch_desk.models.errors import AlreadyDone, WrongSchema
from branch_desk.models.install import Installation
from branch_desk.models.key_store import KeysMissing, Store, choose_store
from branch_desk.models.keys import Keys
from branch_desk.models.passwords import Hasher
from branch_desk.operations.house import install, seeds
from branch_desk.operations.work import House
from branch_desk.settings import Settings

_CREDENTIAL = "branch-desk-keys"
"""Name of the credential a service manager hands over, see systemd's LoadCredential."""


def open_house(settings: Settings) -> House:
    """Open the installed database, or say why not before any work is done.

    Raises WrongSchema (`empty`, `older`, `newer`), KeysUnusable, UnsafeServer,
    DatabaseUnreachable.
    """
    if is_missing(settings):
        raise WrongSchema(reason="empty")  # looked at first: opening SQLite would make the file
    database = Database(settings.database_url)
    try:
        database.require_safe_server()
        databases.require_schema(database)
        house = House(database, load_keys(settings), Hasher())
        install.check_installation(house)
    except BaseException:
        database.close()
        raise
    return house


def create_house(settings: Settings) -> tuple[House, Secret]:
    """Make the database, its keys and its first administrator; the secret is shown once (R5).

    Raises AlreadyDone when there is an installed database already, KeysUnusable, UnsafeServer.
    """
    settings.prepare_data_dir()
    database = Database(settings.database_url)
    try:
        database.require_safe_server()
        try:
            databases.require_schema(database)
        except WrongSchema as wrong:
            if wrong.facts["reason"] != "empty":
                raise
            databases.upgrade(settings.database_url)
        else:
            # Before keys are made: a second desk must not get keys of its own.
            if _is_installed(database):
                raise AlreadyDone(what="installation")
        house = House(database, _keys_for_new(settings), Hasher())
        secret = install.install(house, training=settings.training)
    except BaseException:
        database.close()
        raise
    return house, secret


def upgrade_house(settings: Settings) -> None:
    """Bring the schema to the one this program knows, and give an installed database what it lacks.

    Raises KeysUnusable.
    """
    databases.upgrade(settings.database_url)
    database = Database(settings.database_url)
    try:
        if _is_installed(database):
            House(database, load_keys(settings), Hasher()).job(seeds.fill_missing)
    finally:
        database.close()


def is_missing(settings: Settings) -> bool:
    """Tell whether the database is a SQLite file that does not exist yet."""
    url = databases.plain_url(settings.database_url)
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()


def key_store(settings: Settings) -> Store:
    """Give the place of this machine's keys; each data folder has its own."""
    handed = os.environ.get("CREDENTIALS_DIRECTORY")
    credential = Path(handed) / _CREDENTIAL if handed else None
    if credential is not None and not credential.exists():
        credential = None
    return choose_store(
        data_dir=settings.data_dir, name=str(settings.data_dir), credential=credential
    )


def load_keys(settings: Settings) -> Keys:
    """Take the keys from their place. Raises KeysUnusable."""
    return Keys.load(key_store(settings))


def _is_installed(database: Database) -> bool:
    return database.read(lambda session: session.scalar(select(Installation.id))) is not None


def _keys_for_new(settings: Settings) -> Keys:
    store = key_store(settings)
    try:
        return Keys.load(store)
    except KeysMissing:
        return Keys.create(store)
