"""The bar above everything: one search field, the branch, who is signed in, the lock."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QSizePolicy, QToolButton, QWidget

from branch_desk.views.kit import shortcuts
from branch_desk.views.kit.icons import icon
from branch_desk.views.kit.pieces import label
from branch_desk.views.kit.theme import GRID


class TopBar(QFrame):
    """`searched` carries what is being typed, `chosen_search` what Enter was pressed on.

    `down` asks to walk into the list of what was found.
    """

    searched = Signal(str)
    chosen_search = Signal(str)
    down = Signal()
    lock_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("top_bar")
        self.setMinimumHeight(56)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.search = QLineEdit(self)
        self.search.setObjectName("global_search")
        self.search.setMaxLength(2048)  # a scanned code may be long
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(self.tr("Buscar en todo"))
        self.search.setPlaceholderText(
            self.tr("Buscar por CI, nombre, usuario, cuenta o folio ({key})").format(
                key=shortcuts.SEARCH
            )
        )
        self.search.addAction(icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.setMinimumWidth(320)
        self.search.setMaximumWidth(560)
        self.search.textChanged.connect(self.searched)
        self.search.returnPressed.connect(self._choose)
        self.search.installEventFilter(self)
        self.branch = label("", "muted", "top_branch")
        self.person = QToolButton(self)
        self.person.setObjectName("top_person")
        self.person.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.person.setIcon(icon("user"))
        self.person.setIconSize(QSize(18, 18))
        self.person.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.lock = QToolButton(self)
        self.lock.setObjectName("top_lock")
        self.lock.setIcon(icon("lock"))
        self.lock.setIconSize(QSize(18, 18))
        self.lock.setAccessibleName(self.tr("Bloquear el puesto"))
        self.lock.setToolTip(self.tr("Bloquear el puesto ({key})").format(key=shortcuts.LOCK))
        self.lock.clicked.connect(self.lock_asked)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        row.setSpacing(2 * GRID)
        row.addWidget(self.search, 3)
        row.addStretch(1)
        row.addWidget(self.branch)
        row.addWidget(self.person)
        row.addWidget(self.lock)
        search_key = QShortcut(QKeySequence(shortcuts.SEARCH), self)
        search_key.activated.connect(self.focus_search)
        lock_key = QShortcut(QKeySequence(shortcuts.LOCK), self)
        lock_key.activated.connect(self.lock_asked)
        self.show_person("", "", "")

    def show_person(self, name: str, role: str, branch: str) -> None:
        """Show who is signed in and where."""
        self.branch.setText(branch)
        words = f"{name} · {role}" if role else name
        self.person.setText(words.replace("&", "&&"))
        self.person.setAccessibleName(words or self.tr("Nadie ha ingresado"))

    def focus_search(self) -> None:
        """Go to the search field and select what stands there."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def take_scan(self, text: str) -> None:
        """Search for what a scanner read."""
        self.search.setText(text)
        self.chosen_search.emit(text)

    def forget(self) -> None:
        """Drop what was searched for, and its undo history."""
        self.search.setText("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Walk into the results with the arrow, leave the field with Escape."""
        if watched is self.search and isinstance(event, QKeyEvent):
            if event.type() is QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Down:
                self.down.emit()
                return True
            if event.type() is QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
                self.search.setText("")
                return True
        return False

    def _choose(self) -> None:
        text = self.search.text().strip()
        if text:
            self.chosen_search.emit(text)
