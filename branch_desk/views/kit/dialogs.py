"""The few dialogs there are: to confirm what cannot be taken back, and to say that something broke.

Each has a classmethod that tests replace, so that no test waits before a modal window.
"""

from typing import ClassVar, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from branch_desk.views.kit.icons import Sign
from branch_desk.views.kit.pieces import button, label
from branch_desk.views.kit.theme import GRID, Meaning

WIDTH: Final = 460


class Confirmation(QDialog):
    """One question, with its verb on the button («Emitir clave») and the way back beside it."""

    def __init__(
        self,
        title: str,
        sentence: str,
        verb: str,
        *,
        meaning: Meaning = Meaning.ATTENTION,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("confirmation")
        self.setWindowTitle(title)
        self.setModal(True)
        self.setFixedWidth(WIDTH)
        sign = Sign.of(meaning, 28, title)
        heading = label(title, "section", wrap=True)
        words = label(sentence, name="confirmation_sentence", wrap=True)
        self.back = button(self.tr("&Volver"), name="confirmation_back")
        self.go = button(verb, "stop" if meaning is Meaning.STOP else "primary", "confirmation_go")
        self.back.clicked.connect(self.reject)
        self.go.clicked.connect(self.accept)
        # What cannot be taken back must not happen by a stray Enter.
        self.back.setDefault(True)
        self.back.setFocus()
        top = QHBoxLayout()
        top.setSpacing(2 * GRID)
        top.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        texts = QVBoxLayout()
        texts.setSpacing(GRID)
        texts.addWidget(heading)
        texts.addWidget(words)
        top.addLayout(texts, 1)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.back)
        foot.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addLayout(top)
        column.addLayout(foot)

    @classmethod
    def ask(
        cls,
        parent: QWidget,
        title: str,
        sentence: str,
        verb: str,
        *,
        meaning: Meaning = Meaning.ATTENTION,
    ) -> bool:
        """Ask and wait; return whether the person pressed the verb."""
        dialog = cls(title, sentence, verb, meaning=meaning, parent=parent)
        try:
            return dialog.exec() == QDialog.DialogCode.Accepted
        finally:
            dialog.deleteLater()


class IncidentDialog(QDialog):
    """Something nobody foresaw: a number to read to support, nothing of the inside (R75)."""

    _told: ClassVar[bool] = False

    def __init__(self, number: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("incident_dialog")
        self.setWindowTitle(self.tr("Problema del programa"))
        self.setFixedWidth(WIDTH)
        self.number = label(number, "title", "incident_number")
        self.number.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByKeyboard
            | Qt.TextInteractionFlag.TextSelectableByMouse
        )
        close = button(self.tr("&Seguir trabajando"), "primary", "incident_close")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(label(self.tr("El programa tuvo un problema"), "section"))
        column.addWidget(
            label(
                self.tr(
                    "Lo que estaba guardado sigue guardado. Compruebe el último paso antes de "
                    "repetirlo e informe a sistemas este número:"
                ),
                wrap=True,
            )
        )
        column.addWidget(self.number)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        column.addLayout(foot)

    @classmethod
    def tell(cls, number: str, parent: QWidget | None = None) -> None:
        """Show the number and wait until it was read.

        What breaks meanwhile stands in the log alone: a screen that breaks at every painting
        would pile up dialogs nobody can close.
        """
        if IncidentDialog._told:
            return
        IncidentDialog._told = True
        dialog = cls(number, parent)
        try:
            dialog.exec()
        finally:
            IncidentDialog._told = False
            dialog.deleteLater()
