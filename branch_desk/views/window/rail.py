"""The places of the desk at the left: icon, name, key, and how much work waits there.

A place that a role may not enter is absent. Collapsed, the rail shows icons and counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRect, QRectF, QSettings, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from branch_desk.views.kit import shortcuts, theme
from branch_desk.views.kit.icons import draw, icon
from branch_desk.views.kit.theme import GRID

WIDE: Final = 200
NARROW: Final = 56
SIGN: Final = 20
MOST_COUNTED: Final = 99


@dataclass(frozen=True)
class Place:
    """One place: `name` is its key (see `shortcuts.PLACES`), `sign` its icon's name."""

    name: str
    title: str
    sign: str
    key: str


class PlaceButton(QAbstractButton):
    """A place in the rail."""

    def __init__(self, place: Place, parent: QWidget) -> None:
        super().__init__(parent)
        self.place = place
        self.count = 0
        self.wide = True
        self.setObjectName(f"place_{place.name}")
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._name()

    def show_count(self, count: int) -> None:
        """Show how much work waits; 0 shows nothing."""
        self.count = count
        self._name()
        self.update()

    def _name(self) -> None:
        name = f"{self.place.title}, {self.place.key}"
        if self.count:
            name += ", " + self.tr("{count} en espera").format(count=self.count)
        self.setAccessibleName(name)
        self.setToolTip(f"{self.place.title} ({self.place.key})")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave arrows and Enter to the list: Qt's own arrows would press what they pass."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()
            return
        super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        """Take a finger's height; the rail gives the width."""
        return QSize(NARROW, max(40, self.fontMetrics().height() + 20))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground, icon, name, key and count."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(self.rect()).adjusted(6, 2, -6, -2)
        if self.isChecked() or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("accent_soft"))
            painter.drawRoundedRect(ground, 5, 5)
        if self.isChecked():
            painter.setBrush(theme.colour("accent"))
            painter.drawRoundedRect(QRectF(6, 8, 3, self.height() - 16), 1.5, 1.5)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour("focus"), 2))
            painter.drawRoundedRect(ground, 5, 5)
        chosen = self.isChecked() or self.underMouse()
        colour = "on_accent_soft" if chosen else "text"
        draw(painter, self.place.sign, colour, QRectF(18, (self.height() - SIGN) / 2, SIGN, SIGN))
        right = self.width() - 14
        if self.count:
            right = self._paint_count(painter, right)
        if not self.wide:
            return
        painter.setPen(theme.colour("on_accent_soft" if chosen else "muted"))
        small = self.font()
        small.setPointSizeF(small.pointSizeF() - 1)
        painter.setFont(small)
        key_width = painter.fontMetrics().horizontalAdvance("F9") + 8
        if not self.count:
            painter.drawText(
                QRect(right - key_width, 0, key_width, self.height()),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
                self.place.key,
            )
        font = self.font()
        font.setWeight(font.Weight.DemiBold if self.isChecked() else font.Weight.Normal)
        painter.setFont(font)
        painter.setPen(theme.colour(colour))
        room = QRect(48, 0, right - key_width - 48 if not self.count else right - 48, self.height())
        title = painter.fontMetrics().elidedText(
            self.place.title, Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, title)

    def _paint_count(self, painter: QPainter, right: int) -> int:
        text = f"{MOST_COUNTED}+" if self.count > MOST_COUNTED else str(self.count)
        font = self.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() - 1)
        painter.setFont(font)
        width = max(22, painter.fontMetrics().horizontalAdvance(text) + 12)
        height = 20
        if self.wide:
            badge = QRectF(right - width, (self.height() - height) / 2, width, height)
        else:
            badge = QRectF(self.width() - width - 2, 1, width, height - 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent"))
        painter.drawRoundedRect(badge, badge.height() / 2, badge.height() / 2)
        painter.setPen(theme.colour("on_accent"))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, text)
        painter.setFont(self.font())
        return right - width - 4


class Rail(QFrame):
    """The places; `chosen` carries the name of the place a person goes to."""

    chosen = Signal(str)

    def __init__(
        self, places: Sequence[Place], settings: QSettings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setAccessibleName(self.tr("Lugares"))
        self._settings = settings
        self.buttons = {place.name: PlaceButton(place, self) for place in places}
        self._fold = QToolButton(self)
        self._fold.setObjectName("rail_fold")
        self._fold.setIconSize(QSize(SIGN, SIGN))
        self._fold.clicked.connect(self.fold)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, GRID)
        column.setSpacing(2)
        for each in self.buttons.values():
            column.addWidget(each)
            each.clicked.connect(self._choose)
            key = QShortcut(QKeySequence(each.place.key), self)
            key.activated.connect(each.click)
        column.addStretch(1)
        column.addWidget(self._fold, 0, Qt.AlignmentFlag.AlignRight)
        fold_key = QShortcut(QKeySequence(shortcuts.COLLAPSE_RAIL), self)
        fold_key.activated.connect(self.fold)
        self._set_wide(wide=settings.value("rail/narrow") not in (True, "true"))

    def show_place(self, name: str) -> None:
        """Mark a place as the one shown, without going there."""
        self.buttons[name].setChecked(True)

    def show_counts(self, counts: dict[str, int]) -> None:
        """Show how much work waits, by place; places without a number show none."""
        for name, each in self.buttons.items():
            each.show_count(counts.get(name, 0))

    def fold(self) -> None:
        """Shrink to icons, or open again; the choice is kept."""
        self._set_wide(wide=self.width() < WIDE and self.maximumWidth() < WIDE)

    def _set_wide(self, *, wide: bool) -> None:
        self._settings.setValue("rail/narrow", not wide)
        self.setFixedWidth(WIDE if wide else NARROW)
        self._fold.setIcon(icon("panel-left-close" if wide else "panel-left-open", "muted"))
        word = self.tr("Reducir la barra") if wide else self.tr("Abrir la barra")
        self._fold.setAccessibleName(word)
        self._fold.setToolTip(f"{word} ({shortcuts.COLLAPSE_RAIL})")
        for each in self.buttons.values():
            each.wide = wide
            each.update()

    def _choose(self) -> None:
        pressed = self.sender()
        if isinstance(pressed, PlaceButton):
            self.chosen.emit(pressed.place.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk with the arrows; Enter goes."""
        all_places = list(self.buttons.values())
        at = next((n for n, each in enumerate(all_places) if each.hasFocus()), -1)
        if at >= 0 and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            all_places[at].click()
        elif at >= 0 and event.key() == Qt.Key.Key_Down:
            all_places[min(at + 1, len(all_places) - 1)].setFocus()
        elif at >= 0 and event.key() == Qt.Key.Key_Up:
            all_places[max(at - 1, 0)].setFocus()
        else:
            super().keyPressEvent(event)
