"""The menu under the person's name: how the desk looks, the keys there are, and the way out."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from branch_desk.views.kit import shortcuts, theme
from branch_desk.views.kit.icons import icon
from branch_desk.views.kit.theme import Scheme


class PersonMenu(QMenu):
    """Look and letters count at once for every screen and are kept for this machine."""

    keys_asked = Signal()
    leave_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("person_menu")
        self.schemes: dict[Scheme, QAction] = {}
        group = QActionGroup(self)
        for scheme, words in (
            (Scheme.LIGHT, self.tr("&Claro")),
            (Scheme.DARK, self.tr("&Oscuro")),
            (Scheme.SYSTEM, self.tr("Como el &sistema")),
        ):
            action = self.addAction(words)
            action.setCheckable(True)
            action.triggered.connect(partial(self._choose, scheme))
            group.addAction(action)
            self.schemes[scheme] = action
        self.addSeparator()
        # The keys themselves belong to the window: they work before anybody signs in.
        self.larger = self._add(self.tr("Letra más &grande"), shortcuts.LARGER[0])
        self.smaller = self._add(self.tr("Letra más &pequeña"), shortcuts.SMALLER[0])
        self.normal = self._add(self.tr("Letra &normal"), shortcuts.NORMAL)
        self.larger.triggered.connect(partial(self._resize, 1))
        self.smaller.triggered.connect(partial(self._resize, -1))
        self.normal.triggered.connect(partial(self._resize, 0))
        self.addSeparator()
        self.keys = self._add(self.tr("&Atajos de teclado"), shortcuts.SHORTCUTS_HELP, "keyboard")
        self.keys.triggered.connect(self.keys_asked)
        self.addSeparator()
        self.leave = self.addAction(icon("log-out"), self.tr("C&errar sesión"))
        self.leave.triggered.connect(self.leave_asked)
        self.aboutToShow.connect(self._show_how_it_is)

    def _add(self, words: str, key: str, sign: str = "") -> QAction:
        action = self.addAction(f"{words}\t{key}")
        if sign:
            action.setIcon(icon(sign))
        return action

    def _show_how_it_is(self) -> None:
        look = theme.current()
        if look is not None:
            self.schemes[look.scheme].setChecked(True)
            self.larger.setEnabled(look.points < theme.LARGEST_POINTS)
            self.smaller.setEnabled(look.points > theme.SMALLEST_POINTS)
            self.normal.setEnabled(look.points != theme.BASE_POINTS)

    def _choose(self, scheme: Scheme) -> None:
        look = theme.current()
        if look is not None:
            look.choose(scheme)

    def _resize(self, step: int) -> None:
        look = theme.current()
        if look is not None:
            look.resize(look.points + step if step else theme.BASE_POINTS)
