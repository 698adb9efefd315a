"""Who answers for a deed, asked in the screen where it is about to be done.

The password (and code) given again by the person at the desk (R13), or a second person's (R20).
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from branch_desk.views.kit.fields import CodeField, PasswordField, TextField, row
from branch_desk.views.kit.icons import Sign
from branch_desk.views.kit.pieces import button, label
from branch_desk.views.kit.theme import GRID

if TYPE_CHECKING:
    from branch_desk.operations.house.sign_in import SignedIn


class PasswordPanel(QFrame):
    """Asks for what signs a person in.

    `given` carries user (empty: whose desk it is), password and code; `given_up` is Esc.
    """

    buttons_below = False

    given = Signal(str, str, str)
    given_up = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("password_panel")
        self.setProperty("kind", "card")
        self.user = TextField("fresh_user", required=True, longest=60, rule="address")
        self._who = label("", "muted", "fresh_who")
        self._wrong = label("", "wrong", "fresh_wrong", wrap=True)
        self._wrong.hide()
        self.password = PasswordField("fresh_password")
        self.code = CodeField("fresh_code")
        self.go = button(self.tr("Confirmar y seguir"), "primary", "fresh_go")
        self.leave = button(self.tr("No seguir"), name="fresh_leave")
        self._build()
        self._show_code(shown=False)
        self.user.hide()
        self._user_label.hide()

    def begin(self) -> None:
        """Take the focus once the screen shows this panel."""
        self.password.setFocus()

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
        self.begin()

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
        if not self.user.isHidden() and not self.user.typed().strip():
            self.user.setFocus()
            return
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
        self.given.emit(self.user.typed().strip(), self.password.take(), code)

    def _show_code(self, *, shown: bool) -> None:
        self.code.setVisible(shown)
        self._code_label.setVisible(shown)

    def _build(self) -> None:
        users = QFormLayout()
        users.setHorizontalSpacing(GRID)
        self._user_label = row(users, self.tr("Usuario"), self.user)
        self.user.setMinimumWidth(120)
        self.user.returnPressed.connect(self.password.setFocus)
        form = QFormLayout()
        form.setHorizontalSpacing(GRID)
        row(form, self.tr("Contraseña"), self.password)
        codes = QFormLayout()
        codes.setHorizontalSpacing(GRID)
        self._code_label = row(codes, self.tr("Código"), self.code)
        self.password.setMinimumWidth(160)
        self.code.setMinimumWidth(110)
        self.password.returnPressed.connect(self._give)
        self.code.complete.connect(self._give)
        self.go.clicked.connect(self._give)
        self.leave.clicked.connect(self.given_up)
        heading = QHBoxLayout()
        heading.addWidget(Sign("lock", "accent", 18))
        self._title = label(self.tr("Confirme que es usted"), "section")
        heading.addWidget(self._title)
        heading.addSpacing(GRID)
        heading.addWidget(self._who)
        heading.addStretch(1)
        line = QHBoxLayout()
        line.setSpacing(2 * GRID)
        line.addLayout(users)
        line.addLayout(form)
        line.addLayout(codes)
        foot = QHBoxLayout() if self.buttons_below else line
        foot.setSpacing(2 * GRID)
        foot.addStretch(1)
        foot.addWidget(self.leave)
        foot.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID)
        column.addLayout(heading)
        column.addLayout(line)
        column.addWidget(self._wrong)
        if foot is not line:
            column.addLayout(foot)


class SecondPersonPanel(PasswordPanel):
    """Asks another person, a supervisor, to countersign at this desk."""

    buttons_below = True
    """Three fields fill the width a step has inside a request."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title.setText(self.tr("Autorización de otra persona"))
        self._who.setText(self.tr("Un supervisor que no sea usted, con su propio usuario"))
        self.go.setText(self.tr("Autorizar y seguir"))
        self.user.show()
        self._user_label.show()
        self._show_code(shown=True)

    def begin(self) -> None:
        """Ask who it is first."""
        self.user.setFocus()
