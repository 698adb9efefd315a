"""`branch-desk keys`: where they are, carrying them to another desk, renewing them."""

from argparse import Namespace

from branch_desk import start
from branch_desk.cli import OK
from branch_desk.cli.saying import command, say, write_file
from branch_desk.models.errors import UnreadableFile
from branch_desk.models.keys import Keys
from branch_desk.settings import Settings


@command
def status(settings: Settings, _arguments: Namespace) -> int:
    """Say where the keys lie and what they can do; never what they are."""
    keys = start.load_keys(settings)
    say(f"Lugar: {keys.note.value}")
    say(f"Versiones: {', '.join(map(str, keys.versions))}")
    say(f"Verifica códigos del autenticador: {'sí' if keys.is_verifier else 'no'}")
    return OK


@command
def export_desk(settings: Settings, arguments: Namespace) -> int:
    """Write what another desk needs, which does not verify codes."""
    write_file(arguments.out, start.load_keys(settings).export_for_desk())
    say(f"Llaves para otro puesto: {arguments.out}")
    say("Es secreto: llévelo en mano, instálelo con «keys install» y bórrelo.")
    return OK


@command
def install(settings: Settings, arguments: Namespace) -> int:
    """Take over the keys another machine wrote."""
    try:
        exported = arguments.file.read_text(encoding="ascii")
    except UnicodeDecodeError:
        raise UnreadableFile(reason="keys") from None
    settings.prepare_data_dir()
    keys = Keys.install(exported, start.key_store(settings))
    say(f"Llaves instaladas ({keys.note.value}). Borre el archivo {arguments.file}.")
    return OK


@command
def rotate(settings: Settings, _arguments: Namespace) -> int:
    """Add a version that seals from now on."""
    keys = start.load_keys(settings)
    keys.rotate()
    say(f"Versiones: {', '.join(map(str, keys.versions))}; la última cifra desde ahora.")
    say("Exporte las llaves de nuevo a los demás puestos.")
    return OK
