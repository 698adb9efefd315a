"""The steps of a request as a vertical track: done, current, waiting, voided."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from branch_desk.views.kit import theme
from branch_desk.views.kit.icons import draw

SIGN: Final = 20
LEFT: Final = 10


class Progress(StrEnum):
    """How far one step is."""

    DONE = "done"
    CURRENT = "current"
    WAITING = "waiting"
    VOIDED = "voided"


@dataclass(frozen=True)
class Step:
    """One step: `name` is its key, `note` a few words such as who and when."""

    name: str
    title: str
    progress: Progress = Progress.WAITING
    note: str = ""
    allowed: bool = False


class StepButton(QAbstractButton):
    """One step of the track."""

    def __init__(self, step: Step, place: int, count: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.step = step
        self.shown_now = False
        self._first = place == 0
        self._last = place == count - 1
        self.setObjectName(f"step_{step.name}")
        self.setEnabled(step.allowed)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if step.allowed else Qt.FocusPolicy.NoFocus)
        if step.allowed:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        word = {
            Progress.DONE: self.tr("hecho"),
            Progress.CURRENT: self.tr("en curso"),
            Progress.WAITING: self.tr("pendiente"),
            Progress.VOIDED: self.tr("anulado"),
        }[step.progress]
        self.setAccessibleName(f"{step.title}, {word}")
        self.setToolTip(word)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave arrows and Enter to the list: Qt's own arrows would press what they pass."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()
            return
        super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        """One or two lines of text beside the sign."""
        letters = self.fontMetrics()
        height = letters.height() + (letters.height() if self.step.note else 0) + 14
        return QSize(176, max(38, height))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the track, the sign, the title and the note."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.shown_now or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("accent_soft"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        self._paint_track(painter)
        self._paint_text(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour("focus"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)

    def _paint_track(self, painter: QPainter) -> None:
        middle = self.height() / 2
        x = LEFT + SIGN / 2
        painter.setPen(QPen(theme.colour("frame"), 1.5))
        if not self._first:
            painter.drawLine(QPointF(x, 0), QPointF(x, middle - SIGN / 2 - 2))
        if not self._last:
            painter.drawLine(QPointF(x, middle + SIGN / 2 + 2), QPointF(x, self.height()))
        sign, colour = {
            Progress.DONE: ("circle-check", "good"),
            Progress.CURRENT: ("circle-dot", "accent"),
            Progress.WAITING: ("circle", "muted"),
            Progress.VOIDED: ("circle-x", "stop"),
        }[self.step.progress]
        draw(painter, sign, colour, QRectF(LEFT, middle - SIGN / 2, SIGN, SIGN))

    def _paint_text(self, painter: QPainter) -> None:
        room = QRect(LEFT + SIGN + 10, 0, self.width() - LEFT - SIGN - 14, self.height())
        font = self.font()
        font.setBold(self.step.progress is Progress.CURRENT)
        font.setStrikeOut(self.step.progress is Progress.VOIDED)
        painter.setFont(font)
        waiting = self.step.progress is Progress.WAITING
        colour = "on_accent_soft" if self.shown_now else "muted" if waiting else "text"
        painter.setPen(theme.colour(colour))
        letters = painter.fontMetrics()
        title = letters.elidedText(self.step.title, Qt.TextElideMode.ElideRight, room.width())
        if not self.step.note:
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, title)
            return
        half = self.height() // 2
        painter.drawText(room.adjusted(0, 4, 0, -half), Qt.AlignmentFlag.AlignVCenter, title)
        font.setBold(False)
        font.setStrikeOut(False)
        font.setPointSizeF(font.pointSizeF() - 1)
        painter.setFont(font)
        painter.setPen(theme.colour("on_accent_soft" if self.shown_now else "muted"))
        note = painter.fontMetrics().elidedText(
            self.step.note, Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room.adjusted(0, half, 0, -4), Qt.AlignmentFlag.AlignVCenter, note)


class StepsTrack(QWidget):
    """All steps; `chosen` carries the name of the step a person went to."""

    chosen = Signal(str)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("steps_track")
        self.setAccessibleName(title)
        self.setFixedWidth(200)
        self.buttons: list[StepButton] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)

    def show_steps(self, steps: Sequence[Step], shown: str = "") -> None:
        """Show the steps; `shown` names the one whose page is open."""
        focused = next((b.step.name for b in self.buttons if b.hasFocus()), None)
        for old in self.buttons:
            self._column.removeWidget(old)
            old.setParent(None)
            old.deleteLater()
        self.buttons = [StepButton(step, n, len(steps), self) for n, step in enumerate(steps)]
        for place, each in enumerate(self.buttons):
            each.shown_now = each.step.name == shown
            each.clicked.connect(self._choose)
            self._column.insertWidget(place, each)
            each.show()
            if each.step.name == focused:
                each.setFocus()

    def _choose(self) -> None:
        pressed = self.sender()
        if isinstance(pressed, StepButton):
            self.chosen.emit(pressed.step.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk with the arrows, go with Enter."""
        steps = [each for each in self.buttons if each.isEnabled()]
        at = next((place for place, each in enumerate(steps) if each.hasFocus()), -1)
        if at >= 0 and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            steps[at].click()
        elif steps and event.key() == Qt.Key.Key_Down:
            steps[min(at + 1, len(steps) - 1)].setFocus()
        elif steps and event.key() == Qt.Key.Key_Up:
            steps[max(at - 1, 0)].setFocus()
        else:
            super().keyPressEvent(event)
