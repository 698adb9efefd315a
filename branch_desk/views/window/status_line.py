"""The line at the foot: database, keys, printer, mail waiting, clock difference, version.

Each says in a word how it is and leads to its cause when clicked.
"""

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from branch_desk.views.kit.icons import MEANING_COLOUR, icon
from branch_desk.views.kit.row_model import plain_tip
from branch_desk.views.kit.theme import GRID, Meaning

SIGNS = {
    "training": "flag",
    "database": "database",
    "keys": "key-round",
    "printer": "printer",
    "mail": "mail",
    "clock": "clock",
    "version": "info",
}


class StatusLine(QFrame):
    """`cause_asked` carries the name of the part that was clicked."""

    cause_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status_line")
        self.setMinimumHeight(30)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.parts: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, 0, GRID, 0)
        row.setSpacing(GRID)
        for name in SIGNS:
            part = QPushButton(self)
            part.setObjectName(f"status_{name}")
            part.setIconSize(QSize(14, 14))
            part.setAutoDefault(False)
            part.setAccessibleName(name)
            part.clicked.connect(self._ask)
            self.parts[name] = part
            if name == "version":
                row.addStretch(1)
            row.addWidget(part)
            part.hide()

    def tell(self, name: str, words: str, meaning: Meaning = Meaning.GOOD, cause: str = "") -> None:
        """Say how a part is, by its name in `SIGNS`; `cause` is what a click on it tells."""
        part = self.parts[name]
        quiet = meaning in (Meaning.GOOD, Meaning.NEUTRAL)
        part.setIcon(icon(SIGNS[name], "muted" if quiet else MEANING_COLOUR[meaning]))
        part.setText(words.replace("&", "&&"))
        part.setAccessibleName(words)
        part.setAccessibleDescription(cause)
        part.setToolTip(plain_tip(cause))
        part.show()

    def hush(self, name: str) -> None:
        """Say nothing of a part: there is nothing to tell."""
        self.parts[name].hide()

    def _ask(self) -> None:
        pressed = self.sender()
        for name, part in self.parts.items():
            if part is pressed:
                self.cause_asked.emit(name)
