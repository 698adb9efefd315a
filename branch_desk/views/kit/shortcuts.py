"""Every keyboard shortcut of the desk, in one place; the list on Ctrl+F1 is made from it.

Jumps to a field or button by Alt and a letter (mnemonics) stand in the labels themselves.
"""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate

SEARCH: Final = "Ctrl+K"
LOCK: Final = "Ctrl+L"
PRIMARY: Final = "Ctrl+Return"
REFRESH: Final = "Ctrl+R"  # the usual F5 is a place
LARGER: Final = ("Ctrl++", "Ctrl+=")
SMALLER: Final = ("Ctrl+-",)
NORMAL: Final = "Ctrl+0"
SHORTCUTS_HELP: Final = "Ctrl+F1"
BACK: Final = "Esc"
COLLAPSE_RAIL: Final = "Ctrl+B"
EXPORT: Final = "Ctrl+E"

PLACES: Final = {
    "requests": "F2",
    "new_request": "F3",
    "unlocks": "F4",
    "members": "F5",
    "approvals": "F6",
    "audit": "F8",
    "administration": "F9",
}


def described(places: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (key, what it does), with the titles of the places this person has.

    Before anybody signs in there are none, nor anything to search, lock or export.
    """
    always = [
        (f"{LARGER[0]}  {SMALLER[0]}", translate("Shortcuts", "Letra más grande o más pequeña")),
        (NORMAL, translate("Shortcuts", "Letra del tamaño normal")),
        (SHORTCUTS_HELP, translate("Shortcuts", "Ver esta lista")),
    ]
    if not places:
        return always
    return [
        (SEARCH, translate("Shortcuts", "Buscar socios, solicitudes, cuentas y lugares")),
        ("Ctrl+Enter", translate("Shortcuts", "Hacer la acción principal de la pantalla")),
        (BACK, translate("Shortcuts", "Volver a la pantalla anterior")),
        (REFRESH, translate("Shortcuts", "Leer otra vez lo que se ve")),
        (EXPORT, translate("Shortcuts", "Exportar a un archivo la lista que se ve")),
        (LOCK, translate("Shortcuts", "Bloquear el puesto")),
        *[(PLACES[name], title) for name, title in places.items()],
        (COLLAPSE_RAIL, translate("Shortcuts", "Reducir o abrir la barra de lugares")),
        *always,
    ]
