"""Where a supervisor decides: a reason, the own password and code, and three verbs (F14)."""

from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from branch_desk.views.kit.fields import CodeField, FoldedText, PasswordField, row
from branch_desk.views.kit.pieces import ActionRow, button, label
from branch_desk.views.kit.theme import GRID


class DecisionBar(QFrame):
    """The foot of a case; its buttons are the screen's to connect."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("decision")
        self.setProperty("kind", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.may = False
        self.reason = FoldedText("reason", longest=300)
        self.password = PasswordField("password")
        self.code = CodeField("code")
        self.password.setMinimumWidth(180)
        self.not_mine = label(
            self.tr(
                "Usted intervino en esta solicitud, por eso no puede decidir sobre ella. "
                "Debe autorizarla otro supervisor."
            ),
            name="not_mine",
            wrap=True,
        )
        self.approve = button(self.tr("&Autorizar"), "primary", "approve", "stamp")
        self.send_back = button(self.tr("&Devolver para corrección"), name="send_back")
        self.reject = button(self.tr("Recha&zar"), "stop", "reject")
        self.leave = button(self.tr("Volver a la &lista"), "link", "back_to_list")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(4)
        column.addWidget(self.not_mine)
        column.addWidget(self._fields())
        column.addWidget(ActionRow(self.approve, self.leave, self.reject, self.send_back))
        self.show_may(may=False)

    def show_may(self, *, may: bool) -> None:
        """Show the decision, or why it is not this person's."""
        self.may = may
        self._asked.setVisible(may)
        for each in (self.approve, self.send_back, self.reject):
            each.setVisible(may)
        self.not_mine.setVisible(not may)

    def complete(self) -> bool:
        """Tell whether password and code are there; go to the one that is missing."""
        for field in (self.password, self.code):
            if not field.mark():
                field.setFocus()
                return False
        return True

    def take(self) -> tuple[str, str]:
        """Give password and code and leave nothing behind."""
        return self.password.take(), self.code.take()

    def empty(self) -> None:
        """Empty every field."""
        self.reason.set_value("")
        self.password.wipe()
        self.code.set_value("")

    def take_focus(self) -> None:
        """Put the focus where a supervisor goes on."""
        (self.password if self.may else self.leave).setFocus()

    def _fields(self) -> QWidget:
        self._asked = QWidget()
        line = QHBoxLayout(self._asked)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2 * GRID)
        for text, field, stretch in (
            (self.tr("&Motivo (para devolver o rechazar)"), self.reason, 3),
            (self.tr("Su &contraseña"), self.password, 1),
            (self.tr("Su código n&uevo"), self.code, 1),
        ):
            form = QFormLayout()
            form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
            form.setVerticalSpacing(2)
            row(form, text, field)
            line.addLayout(form, stretch)
        return self._asked
