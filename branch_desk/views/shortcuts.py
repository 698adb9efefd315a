"""Every keyboard shortcut of the desk, in one place; the help window (Ctrl+F1) is made from it.

Jumps to a field or button by Alt and a letter (mnemonics) stand in the labels themselves.
"""

from typing import Final

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QKeySequence

translate = QCoreApplication.translate

SEARCH: Final = "Ctrl+K"
LOCK: Final = "Ctrl+L"
PRIMARY: Final = "Ctrl+Return"
REFRESH: Final = "Ctrl+R"  # the usual F5 is a place
PRINT: Final = QKeySequence.StandardKey.Print
SAVE: Final = QKeySequence.StandardKey.Save
LARGER: Final = ("Ctrl++", "Ctrl+=")
SMALLER: Final = ("Ctrl+-",)
HELP: Final = "F1"
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
    "register": "F7",
    "audit": "F8",
    "administration": "F9",
}


def described() -> list[tuple[str, str]]:
    """Return (key, what it does) for the help window."""
    return [
        (SEARCH, translate("Shortcuts", "Buscar socios, solicitudes, cuentas y acciones")),
        (LOCK, translate("Shortcuts", "Bloquear el puesto")),
        ("Ctrl+Enter", translate("Shortcuts", "Hacer la acción principal de la pantalla")),
        (PLACES["requests"], translate("Shortcuts", "Solicitudes")),
        (PLACES["new_request"], translate("Shortcuts", "Nuevo trámite")),
        (PLACES["unlocks"], translate("Shortcuts", "Desbloqueos")),
        (PLACES["members"], translate("Shortcuts", "Socios")),
        (PLACES["approvals"], translate("Shortcuts", "Autorizaciones")),
        (PLACES["register"], translate("Shortcuts", "Registro del día")),
        (PLACES["audit"], translate("Shortcuts", "Auditoría")),
        (PLACES["administration"], translate("Shortcuts", "Administración")),
        ("Ctrl++ / Ctrl+-", translate("Shortcuts", "Letra más grande o más pequeña")),
        (COLLAPSE_RAIL, translate("Shortcuts", "Reducir o abrir la barra de lugares")),
        (REFRESH, translate("Shortcuts", "Leer otra vez lo que se ve")),
        (EXPORT, translate("Shortcuts", "Guardar la lista como CSV")),
        (BACK, translate("Shortcuts", "Volver")),
        (SHORTCUTS_HELP, translate("Shortcuts", "Ver esta lista")),
    ]
