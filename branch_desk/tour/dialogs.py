"""Menus and dialogs, which run a loop of their own and are answered inside it."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QDeadlineTimer, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit, QMenu, QWidget

from branch_desk.tour.player import LONGEST_WAIT_MILLISECONDS, Player, TourStopped

LOOK_EVERY_MILLISECONDS: Final = 20
_TRIES: Final = 50
_LEFT: Final = Qt.MouseButton.LeftButton


def choose_file(player: Player, asker: str, path: Path) -> None:
    """Press a button that asks for a file, and type which one."""

    def give(dialog: QDialog) -> None:
        name = dialog.findChild(QLineEdit, "fileNameEdit")
        if not isinstance(dialog, QFileDialog) or name is None:
            raise TourStopped("a file dialog was expected")
        # First into the folder: the dialog takes a long path typed at once for its beginning.
        _type(name, f"{path.parent}/")
        for _ in range(_TRIES):
            if Path(dialog.directory().absolutePath()).resolve() == path.parent.resolve():
                break
            QTest.qWait(LOOK_EVERY_MILLISECONDS)
        _type(name, path.name)

    answering(player, give, lambda: player.click(asker))


def pick(player: Player, button: str, action: str, picture: str = "") -> None:
    """Open the menu of a button and click the entry that begins so."""

    def take(menu: QWidget) -> None:
        if not isinstance(menu, QMenu):
            raise TourStopped("a menu was expected")
        if picture:
            player.picture(picture)
        entry = next(
            each for each in menu.actions() if each.text().replace("&", "").startswith(action)
        )
        at = menu.actionGeometry(entry).center()
        QTest.mouseClick(menu, _LEFT, Qt.KeyboardModifier.NoModifier, at)

    _while_open(player, QApplication.activePopupWidget, take, lambda: player.click(button))


def answering(
    player: Player, answer: Callable[[QDialog], object], do: Callable[[], object]
) -> None:
    """Do what opens a dialog and answer it there; it is waited for inside `do`."""

    def meet(dialog: QWidget) -> None:
        if not isinstance(dialog, QDialog):
            raise TourStopped("a dialog was expected")
        answer(dialog)

    _while_open(player, QApplication.activeModalWidget, meet, do)


def _while_open(
    player: Player,
    opened: Callable[[], QWidget | None],
    answer: Callable[[QWidget], object],
    do: Callable[[], object],
) -> None:
    wrong: list[Exception] = []
    met: list[QWidget] = []
    deadline = QDeadlineTimer(LONGEST_WAIT_MILLISECONDS)
    look = QTimer(player.window)
    look.setInterval(LOOK_EVERY_MILLISECONDS)

    def meet() -> None:
        there = opened()
        if there is None:
            return
        if deadline.hasExpired():
            wrong.append(TourStopped("what was answered does not close"))
            there.close()
        elif there.isModal() and not there.isActiveWindow():
            there.activateWindow()  # only there its fields hear the keys
        elif not met:
            met.append(there)
            try:
                answer(there)
            except Exception as error:  # noqa: BLE001  told below, out of the other loop
                wrong.append(error)
                there.close()

    look.timeout.connect(meet)
    look.start()
    do()
    look.stop()
    look.deleteLater()
    if wrong:
        raise wrong[0]
    if not met:
        raise TourStopped("nothing opened")


def _type(field: QLineEdit, text: str) -> None:
    QTest.mouseClick(field, _LEFT)
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    Player.keys(field, text)
    proposals = QApplication.activePopupWidget()
    if proposals is not None:
        proposals.close()
    QTest.keyClick(field, Qt.Key.Key_Return)
