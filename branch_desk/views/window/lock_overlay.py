"""The locked desk: nothing behind it can be seen, reached or triggered (R11).

What stands behind is hidden, not only covered. Dialogs are dismissed. A half-filled form stays for
the person who locked; who signs in as somebody else makes the window drop it.
"""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QMainWindow,
    QToolTip,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from branch_desk.views.kit.fields import CodeField, PasswordField, row
from branch_desk.views.kit.icons import Sign
from branch_desk.views.kit.pieces import button, card, label
from branch_desk.views.kit.theme import GRID


class LockOverlay(QWidget):
    """Covers a window. `locked` is for whoever shows a member's data elsewhere.

    `unlock_asked(password, code)` wants the same person checked; answer with `unlock()` or
    `refuse(sentence)`. `leave_asked` means that somebody else wants to sign in.
    """

    locked = Signal()
    unlocked = Signal()
    unlock_asked = Signal(str, str)
    leave_asked = Signal()

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.setObjectName("lock_overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAutoFillBackground(True)
        self._window = window
        self._hidden: list[QWidget] = []
        self._focus: QWidget | None = None
        self.is_locked = False
        self._build()
        self.hide()

    def lock(self, who: str, *, needs_code: bool = False) -> None:
        """Cover the window; `who` is the name of the person signed in."""
        if self.is_locked:
            return
        self.is_locked = True
        self._focus = self._window.focusWidget()
        self._close_others()
        self._hidden = [
            child
            for child in self._window.findChildren(
                QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly
            )
            if child is not self and not child.isWindow() and not child.isHidden()
        ]
        for child in self._hidden:
            child.hide()
        self._who.setText(who)
        self._wrong.setText("")
        self._code.setVisible(needs_code)
        self._code_label.setVisible(needs_code)
        self.setGeometry(self._window.rect())
        self.show()
        self.raise_()
        self._password.setFocus()
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)
        self.locked.emit()

    def unlock(self) -> None:
        """Uncover the window as it was left."""
        if not self.is_locked:
            return
        self.is_locked = False
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        self._wipe()
        for child in self._hidden:
            if isValid(child):
                child.show()
        self._hidden = []
        self.hide()
        if self._focus is not None and isValid(self._focus):
            self._focus.setFocus()
        self._focus = None
        self.unlocked.emit()

    def refuse(self, sentence: str) -> None:
        """Say why it stays locked."""
        self._wipe()
        self._wrong.setText(sentence)
        self._password.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's size; while locked, let no shortcut or key reach what is behind."""
        if watched is self._window and event.type() is QEvent.Type.Resize:
            self.setGeometry(self._window.rect())
        if not self.is_locked:
            return False
        if event.type() is QEvent.Type.Shortcut:
            return not self._is_mine(watched)
        if event.type() is QEvent.Type.Show and isinstance(watched, QDialog):
            watched.reject()
            return True
        return False

    def _is_mine(self, thing: QObject) -> bool:
        owner: QObject | None = thing
        while owner is not None:
            if owner is self:
                return True
            owner = owner.parent()
        return False

    def _close_others(self) -> None:
        QToolTip.hideText()
        while (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
        for other in QApplication.topLevelWidgets():
            if isinstance(other, QDialog) and other.isVisible():
                # Hiding would end its own loop as well; rejected is the answer that does nothing.
                other.reject()

    def _wipe(self) -> None:
        self._password.wipe()
        self._code.set_value("")

    def _ask(self) -> None:
        code = self._code.take()
        self.unlock_asked.emit(self._password.take(), code)

    def _build(self) -> None:
        self._who = label("", "muted", "lock_who")
        self._wrong = label("", "wrong", "lock_wrong", wrap=True)
        self._password = PasswordField("lock_password")
        self._code = CodeField("lock_code")
        form = QFormLayout()
        form.setContentsMargins(0, GRID, 0, 0)
        row(form, self.tr("&Contraseña"), self._password)
        self._code_label = row(form, self.tr("C&ódigo"), self._code)
        go = button(self.tr("&Desbloquear"), "primary", "lock_go")
        leave = button(self.tr("Ingresar como &otra persona"), "link", "lock_leave")
        go.clicked.connect(self._ask)
        self._password.returnPressed.connect(self._ask)
        leave.clicked.connect(self.leave_asked)
        foot = QHBoxLayout()
        foot.addWidget(leave)
        foot.addStretch(1)
        foot.addWidget(go)
        frame, column = card("lock_card")
        column.setContentsMargins(4 * GRID, 3 * GRID, 4 * GRID, 3 * GRID)
        frame.setFixedWidth(420)
        column.addWidget(Sign("lock", "accent", 40))
        column.addWidget(label(self.tr("Puesto bloqueado"), "title"))
        column.addWidget(self._who)
        column.addLayout(form)
        column.addWidget(self._wrong)
        column.addLayout(foot)
        whole = QVBoxLayout(self)
        whole.addStretch(1)
        whole.addWidget(frame, 0, Qt.AlignmentFlag.AlignHCenter)
        whole.addStretch(1)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stay: the overlay goes by unlocking alone."""
        event.ignore()
