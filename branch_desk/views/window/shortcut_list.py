"""Every key there is, on one page (Ctrl+F1); any of Escape, Enter or Ctrl+F1 closes it."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from branch_desk.views.kit import shortcuts
from branch_desk.views.kit.pieces import button, label
from branch_desk.views.kit.theme import GRID

_BESIDE: Final = 3
"""A key, what it does, and the space between the two halves of the page."""


class ShortcutList(QDialog):
    """The keys and what each does, in two columns."""

    def __init__(self, keys: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shortcut_list")
        self.setWindowTitle(self.tr("Atajos de teclado"))
        self.setModal(True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID)
        grid.setColumnMinimumWidth(2, 2 * GRID)
        half = (len(keys) + 1) // 2
        for number, (key, words) in enumerate(keys):
            across, down = divmod(number, half)
            grid.addWidget(label(key, "code"), down, _BESIDE * across)
            grid.addWidget(label(words), down, _BESIDE * across + 1)
        close = button(self.tr("&Cerrar"), "primary", "close_shortcuts")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        hint = self.tr("Alt y la letra subrayada de un botón o de un campo llevan hasta él.")
        foot.addWidget(label(hint, "muted"), 1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(label(self.tr("Atajos de teclado"), "section"))
        column.addLayout(grid)
        column.addLayout(foot)
        again = QShortcut(QKeySequence(shortcuts.SHORTCUTS_HELP), self)
        again.activated.connect(self.accept)
