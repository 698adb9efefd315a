"""The window's program: settings, look, lines of work and the way to a house, put together.

What is slow to load (tables, papers, keys) is loaded behind the sign-in while the officer types.
"""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QDeadlineTimer, QEventLoop, QLibraryInfo, QLocale, QSettings, QTranslator
from PySide6.QtWidgets import QApplication

from branch_desk import resources
from branch_desk.background import Background
from branch_desk.settings import Settings
from branch_desk.views.kit import incident
from branch_desk.views.kit.dialogs import IncidentDialog
from branch_desk.views.kit.idle import Clocks
from branch_desk.views.kit.theme import STYLE, Theme
from branch_desk.views.window.main_window import MainWindow

if TYPE_CHECKING:
    import argparse

    from branch_desk.models.credentials import Secret
    from branch_desk.operations.work import House
    from branch_desk.views.window.start_page import Opening

PAINT_MILLISECONDS: Final = 500
"""How long the first picture may take before the tables are loaded all the same."""
COULD_NOT: Final = 3
"""Exit status of the command line for what could not be done."""
_UNSEEN: Final = frozenset({"offscreen", "minimal", "vnc"})


class NobodyWouldSee(Exception):
    """There is no display to open a window on; the command line says so and offers the tour."""


class Machine:
    """This machine's way to its house: opened once, in the database's line of work."""

    def __init__(self, settings: Settings, house: "House | None" = None) -> None:
        self.settings = settings
        self._house = house
        self._note = ""
        self._lock = Lock()

    def open(self) -> "House":
        """Open the house, once; the same one afterwards. Raises what stands in the way."""
        with self._lock:
            if self._house is None:
                from branch_desk import start

                self._house = start.open_house(self.settings)
                self._note = str(start.key_store(self.settings).note)
            return self._house

    def create(self) -> "Secret":
        """Make database, keys and the first administrator; give the one-time password."""
        from branch_desk import start

        with self._lock:
            self._house, secret = start.create_house(self.settings)
            self._note = str(start.key_store(self.settings).note)
        return secret

    def upgrade(self) -> Path:
        """Copy the older database away and bring it to this program; give the copy's place."""
        from branch_desk import start
        from branch_desk.models import database as databases
        from branch_desk.operations.house import backup

        database = databases.Database(self.settings.database_url)
        folder = self.settings.prepare_data_dir() / "backups"
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            copy = backup.make(database, start.load_keys(self.settings), folder)
        finally:
            database.close()
        start.upgrade_house(self.settings)
        return copy

    def keys_note(self) -> str:
        """Say where the keys lie, a member of `models.key_store.StoreNote`; empty if unknown."""
        return self._note

    def close(self) -> None:
        """Let the database go."""
        if self._house is not None:
            self._house.database.close()


def make_window(
    opening: "Opening",
    look: QSettings,
    background: Background,
    *,
    theme: Theme | None = None,
    clocks: Clocks | None = None,
) -> MainWindow:
    """Put a window together; `start()` opens the house behind it. Needs a QApplication."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise TypeError("a window needs a QApplication")
    return MainWindow(
        opening,
        look,
        background,
        theme or Theme(app, look),
        clocks or Clocks(time.monotonic, _wall),
    )


def main(settings: Settings, arguments: "argparse.Namespace") -> int:  # noqa: ARG001  the command line's own
    """Open the window; where nobody would see it, say so and how to see the program work."""
    try:
        return run(settings)
    except NobodyWouldSee:
        sys.stderr.write(
            "No hay pantalla donde abrir la ventana. "
            "Con «branch-desk tour» el programa se muestra sin pantalla.\n"
        )
        return COULD_NOT


def run(settings: Settings, arguments: list[str] | None = None) -> int:
    """Open the window and work until it is closed; return the exit status.

    Raises NobodyWouldSee where there is no display.
    """
    require_display(os.environ, sys.platform)
    # Set afterwards, a style is made twice, and its hundred names are loaded before the window.
    app = QApplication([*(arguments or sys.argv[:1]), "-style", STYLE])
    app.setApplicationName("Branch Desk")
    app.setDesktopFileName("branch-desk")
    translators = speak_spanish(app)
    settings.prepare_data_dir()
    look = look_of(settings)
    theme = Theme(app, look, styled=True)
    background = Background()
    machine = Machine(settings)
    window = make_window(machine, look, background, theme=theme)
    sys.excepthook = _tell_incident
    window.sign_in.begin()
    window.show()
    _paint_first(app, window)
    window.start()
    try:
        return app.exec()
    finally:
        background.close()
        machine.close()
        del translators


def require_display(environ: Mapping[str, str], platform: str) -> None:
    """Refuse to open a window nobody sees. Raises NobodyWouldSee."""
    if environ.get("QT_QPA_PLATFORM", "").split(":")[0] in _UNSEEN:
        raise NobodyWouldSee
    if platform == "linux" and not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        raise NobodyWouldSee


def look_of(settings: Settings) -> QSettings:
    """Give where the look of this machine is kept: no secret, no rule."""
    return QSettings(str(settings.data_dir / "look.ini"), QSettings.Format.IniFormat)


def speak_spanish(app: QApplication) -> list[QTranslator]:
    """Load the Spanish of Qt's own buttons and of the plurals; the list must be kept."""
    QLocale.setDefault(QLocale(QLocale.Language.Spanish, QLocale.Country.Bolivia))
    loaded = []
    own = resources.path() / "i18n"
    for name, folder in (
        ("qtbase_es", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
        ("branch_desk_es", str(own)),
    ):
        translator = QTranslator(app)
        if translator.load(name, folder):
            app.installTranslator(translator)
            loaded.append(translator)
    return loaded


def _paint_first(app: QApplication, window: MainWindow) -> None:
    # Loading the tables takes turns with painting; the sign-in must stand there before.
    deadline = QDeadlineTimer(PAINT_MILLISECONDS)
    handle = window.windowHandle()
    while not deadline.hasExpired() and not (handle is not None and handle.isExposed()):
        app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)
    app.processEvents()


def _tell_incident(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        QApplication.quit()
        return
    IncidentDialog.tell(incident.record(error.with_traceback(trace)))


def _wall() -> float:
    return time.time()  # noqa: TID251  the idle watch compares two clocks of this machine
