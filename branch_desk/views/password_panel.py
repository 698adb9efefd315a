"""The password (and code) given again, in the screen where the deed is about to be done (R13)."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from branch_desk.views.fields import CodeField, PasswordField, row
from branch_desk.views.icons import Sign
from branch_desk.views.pieces import button, label
from branch_desk.views.theme import GRID

if TYPE_CHECKING:
    from branch_desk.operations.sign_in import SignedIn


class PasswordPanel(QFrame):
    """Asks for what signs a person in. `given` carries password and code, `given_up` is Esc."""

    given = Signal(str, str)
    given_up = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("password_panel")
        self.setProperty("kind", "card")
        self._who = label("", "muted", "fresh_who")
        self._wrong = label("", "wrong", "fresh_wrong", wrap=True)
        self._wrong.hide()
        self.password = PasswordField("fresh_password")
        self.code = CodeField("fresh_code")
        self.go = button(self.tr("Confirmar y seguir"), "primary", "fresh_go")
        self.leave = button(self.tr("No seguir"), name="fresh_leave")
        self._build()
        self._show_code(shown=False)

    def show_person(self, person: "SignedIn") -> None:
        """Say whose password is wanted, and ask for the code of those who have one."""
        self._who.setText(f"{person.name} · {person.user_name}")
        self._show_code(shown=person.code_wanted)
        self.password.setFocus()

    def refuse(self, sentence: str) -> None:
        """Say why it was not enough."""
        self.setEnabled(True)
        self._wrong.setText(sentence)
        self._wrong.show()
        self.wipe()
        self.password.setFocus()

    def wipe(self) -> None:
        """Empty both fields."""
        self.password.wipe()
        self.code.set_value("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give up on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
            return
        super().keyPressEvent(event)

    def _give(self) -> None:
        wants_code = not self.code.isHidden()
        if not self.password.text():
            self.password.setFocus()
            return
        if wants_code and self.code.problem():
            self.code.setFocus()
            return
        self._wrong.hide()
        # Nobody gives it twice while the first is looked at; a wrong try counts.
        self.setEnabled(False)
        code = self.code.take()
        self.given.emit(self.password.take(), code)

    def _show_code(self, *, shown: bool) -> None:
        self.code.setVisible(shown)
        self._code_label.setVisible(shown)

    def _build(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(GRID)
        row(form, self.tr("Contraseña"), self.password)
        codes = QFormLayout()
        codes.setHorizontalSpacing(GRID)
        self._code_label = row(codes, self.tr("Código"), self.code)
        self.password.setMinimumWidth(220)
        self.password.returnPressed.connect(self._give)
        self.code.complete.connect(self._give)
        self.go.clicked.connect(self._give)
        self.leave.clicked.connect(self.given_up)
        heading = QHBoxLayout()
        heading.addWidget(Sign("lock", "accent", 18))
        heading.addWidget(label(self.tr("Confirme que es usted"), "section"))
        heading.addSpacing(GRID)
        heading.addWidget(self._who)
        heading.addStretch(1)
        line = QHBoxLayout()
        line.setSpacing(2 * GRID)
        line.addLayout(form)
        line.addLayout(codes)
        line.addStretch(1)
        line.addWidget(self.leave)
        line.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID)
        column.addLayout(heading)
        column.addLayout(line)
        column.addWidget(self._wrong)
