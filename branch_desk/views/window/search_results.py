"""What the one search field found: people, requests, users and accounts, and what one can do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from branch_desk.views.kit import theme
from branch_desk.views.kit.icons import draw
from branch_desk.views.kit.theme import GRID

MOST_SHOWN: Final = 9
_FOUND: Final = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Found:
    """One line: what is shown, and where it leads."""

    title: str
    subtitle: str
    sign: str
    state: str
    screen: str
    subject: UUID | None = None


class SearchResults(QFrame):
    """The list under the search field. `chosen` carries what a person picked, `left` is Esc."""

    chosen = Signal(object)
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("search_results")
        self.setProperty("kind", "card")
        self.list = _List(self)
        self.list.setObjectName("search_list")
        self.list.setAccessibleName(self.tr("Lo encontrado"))
        self.list.setItemDelegate(_TwoLines(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.nothing = QLabel(self)
        self.nothing.setTextFormat(Qt.TextFormat.PlainText)
        self.nothing.setWordWrap(True)
        self.nothing.setProperty("kind", "muted")
        self.nothing.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self.list)
        column.addWidget(self.nothing)
        self.list.itemActivated.connect(self._choose)
        self.list.itemClicked.connect(self._choose)
        self.list.left.connect(self.left)
        self.hide()

    def show_found(self, found: Sequence[Found], place: QRect, nothing: str) -> None:
        """Show the list below the search field, whose rectangle in the window is `place`."""
        self.list.clear()
        for each in found:
            item = QListWidgetItem(f"{each.title}, {each.subtitle}, {each.state}")
            item.setData(_FOUND, each)
            self.list.addItem(item)
        self.list.setVisible(bool(found))
        self.nothing.setText(nothing)
        self.nothing.setVisible(not found)
        line = _line_height(self.fontMetrics().height())
        height = line * min(len(found), MOST_SHOWN) + 12 if found else line + 24
        self.list.setFixedHeight(height - 10)
        self.setGeometry(place.x(), place.bottom() + 4, max(place.width(), 480), height)
        if found:
            self.list.setCurrentRow(0)
        self.show()
        self.raise_()

    def first(self) -> Found | None:
        """Return the line the cursor stands on."""
        item = self.list.currentItem()
        return item.data(_FOUND) if item is not None and self.isVisible() else None

    def walk_in(self) -> None:
        """Take the keys: arrows walk, Enter opens."""
        if self.isVisible() and self.list.count():
            self.list.setFocus()
            self.list.setCurrentRow(min(1, self.list.count() - 1))

    def forget(self) -> None:
        """Drop what was found: it names members."""
        self.list.clear()
        self.hide()

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(_FOUND))


class _List(QListWidget):
    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave on Escape, and upwards over the first line."""
        up = event.key() == Qt.Key.Key_Up and self.currentRow() <= 0
        if event.key() == Qt.Key.Key_Escape or up:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentItem():
            self.itemActivated.emit(self.currentItem())
        else:
            super().keyPressEvent(event)


class _TwoLines(QStyledItemDelegate):
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(100, _line_height(option.fontMetrics.height()))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        found: Found = index.data(_FOUND)
        rect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("accent_soft"))
            painter.drawRoundedRect(rect.adjusted(2, 1, -2, -1), 4, 4)
        strong = "on_accent_soft" if selected else "text"
        sign = QRect(rect.x() + 12, rect.y() + (rect.height() - 18) // 2, 18, 18)
        draw(painter, found.sign, strong if selected else "muted", sign.toRectF())
        letters = option.fontMetrics
        state_width = letters.horizontalAdvance(found.state) + 8 if found.state else 0
        room = rect.width() - 42 - 12 - state_width
        upper = QRect(rect.x() + 42, rect.y() + 5, room, letters.height())
        lower = upper.translated(0, letters.height() + 1)
        elide = Qt.TextElideMode.ElideRight
        painter.setPen(theme.colour(strong))
        painter.drawText(upper, 0, letters.elidedText(found.title, elide, room))
        painter.setPen(theme.colour(strong if selected else "muted"))
        painter.drawText(lower, 0, letters.elidedText(found.subtitle, elide, room))
        if found.state:
            right = QRect(rect.right() - state_width - 8, rect.y(), state_width, rect.height())
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(right, flags, found.state)
        painter.restore()


def _line_height(letters: int) -> int:
    return 2 * letters + 12
