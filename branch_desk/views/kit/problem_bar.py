"""The bar under a task's header: what is wrong, where, what to do; or that it is done.

A problem stays until it is mended or closed. A success goes after four seconds; its action (undo,
the next step) goes with it. The words are always plain text: they may carry a member's name.
"""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from branch_desk.views.kit.icons import Sign, icon
from branch_desk.views.kit.theme import Meaning, restyle

SUCCESS_MILLISECONDS: Final = 4000


class ProblemBar(QFrame):
    """One sentence with its meaning, an optional action, and a way to close it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("problem_bar")
        self.meaning = Meaning.NEUTRAL
        self._do: Callable[[], object] | None = None
        self._sign = Sign.of(self.meaning)
        self._sentence = QLabel(self)
        self._sentence.setObjectName("problem_sentence")
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setWordWrap(True)
        self._sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._action = QPushButton(self)
        self._action.setObjectName("problem_action")
        self._action.setAccessibleName(self.tr("Acción del aviso"))
        self._action.clicked.connect(self._act)
        self._close = QToolButton(self)
        self._close.setObjectName("problem_close")
        self._close.setIcon(icon("x"))
        self._close.setAccessibleName(self.tr("Cerrar el aviso"))
        self._close.clicked.connect(self.clear)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SUCCESS_MILLISECONDS)
        self._timer.timeout.connect(self.clear)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.setSpacing(8)
        row.addWidget(self._sign)
        row.addWidget(self._sentence, 1)
        row.addWidget(self._action)
        row.addWidget(self._close)
        self.hide()

    @property
    def sentence(self) -> str:
        """What the bar says now; empty when it is closed."""
        return self._sentence.text() if not self.isHidden() else ""

    def say(
        self,
        meaning: Meaning,
        sentence: str,
        *,
        action: str = "",
        do: Callable[[], object] | None = None,
    ) -> None:
        """Show a sentence; `action` is the verb on the button that calls `do`."""
        self.meaning = meaning
        self._do = do
        self._sentence.setText(sentence)
        self._sign.show_meaning(meaning, _word(meaning))
        self._action.setText(action)
        self._action.setAccessibleName(action.replace("&", ""))
        self._action.setVisible(bool(action) and do is not None)
        restyle(self, meaning=str(meaning))
        restyle(self._sentence)
        self.show()
        if meaning is Meaning.GOOD:
            self._timer.start()
        else:
            self._timer.stop()
        # A screen reader speaks an alert by itself, wherever the focus is.
        QAccessible.updateAccessibility(QAccessibleEvent(self._sentence, QAccessible.Event.Alert))

    def clear(self) -> None:
        """Close the bar and forget what it said: the sentence may name a member."""
        self._timer.stop()
        self._do = None
        self._sentence.clear()
        self.hide()

    def _act(self) -> None:
        do = self._do
        self.clear()
        if do is not None:
            do()


def _word(meaning: Meaning) -> str:
    translate = QCoreApplication.translate
    return {
        Meaning.GOOD: translate("ProblemBar", "Hecho"),
        Meaning.ATTENTION: translate("ProblemBar", "Atención"),
        Meaning.STOP: translate("ProblemBar", "Problema"),
        Meaning.INFORMATION: translate("ProblemBar", "Información"),
        Meaning.NEUTRAL: translate("ProblemBar", "Aviso"),
    }[meaning]
