"""Two readings of the same datum with the differing characters marked inside the word (F4).

A mark is a ground, a line below and a heavier letter: never colour alone.
"""

from difflib import SequenceMatcher
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QSizePolicy, QWidget

from branch_desk.views.kit import theme

GAP: Final = "‸"
"""Stands where the other reading has characters that this one lacks."""


def marked(text: str, other: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the text to show and the (start, length) of what differs from `other` in it."""
    shown = ""
    marks: list[tuple[int, int]] = []
    matcher = SequenceMatcher(None, text, other, autojunk=False)
    for kind, start, end, _, _ in matcher.get_opcodes():
        piece = text[start:end]
        if kind == "insert":
            piece = GAP
        if kind != "equal":
            marks.append((len(shown), len(piece)))
        shown += piece
    return shown, marks


class DifferenceLabel(QWidget):
    """Shows `text`, marking where it differs from `other`. Text is never taken for markup."""

    def __init__(self, text: str = "", other: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QTextLayout()
        self._height = 0.0
        self._compared = ("", "")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.compare(text, other)

    @property
    def differs(self) -> bool:
        """Whether the two readings differ at all."""
        return self._compared[0] != self._compared[1]

    def compare(self, text: str, other: str) -> None:
        """Show another pair of readings."""
        self._compared = (text, other)
        shown, marks = marked(text, other)
        pieces = [shown[start : start + length] for start, length in marks]
        self.setAccessibleName(text or self.tr("vacío"))
        self.setAccessibleDescription(
            self.tr("Difiere en: {pieces}").format(pieces=", ".join(pieces)) if pieces else ""
        )
        self._layout.setText(shown or "—")
        option = QTextOption(Qt.AlignmentFlag.AlignLeft)
        # A long address has no blank to break at, and must not run out of its column.
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._layout.setTextOption(option)
        self._paint_marks(marks)
        self._break_lines(max(self.width(), 80))
        self.updateGeometry()
        self.update()

    def _paint_marks(self, marks: list[tuple[int, int]]) -> None:
        formats = []
        for start, length in marks:
            style = QTextCharFormat()
            style.setBackground(theme.colour("attention_soft"))
            style.setForeground(theme.colour("attention"))
            style.setFontWeight(700)
            style.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
            each = QTextLayout.FormatRange()
            each.start = start
            each.length = length
            each.format = style
            formats.append(each)
        self._layout.setFormats(formats)

    def _break_lines(self, width: int) -> None:
        self._layout.setFont(self.font())
        self._layout.beginLayout()
        self._height = 0.0
        while (line := self._layout.createLine()).isValid():
            line.setLineWidth(width)
            line.setPosition(QPointF(0, self._height))
            self._height += line.height()
        self._layout.endLayout()

    def hasHeightForWidth(self) -> bool:
        """Long readings take more lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height the text needs at this width."""
        self._break_lines(width)
        return round(self._height) + 4

    def sizeHint(self) -> QSize:
        """Prefer one line."""
        advance = self.fontMetrics().horizontalAdvance(self._layout.text())
        return QSize(min(advance + 8, 320), self.fontMetrics().height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text and its marks."""
        _, marks = marked(*self._compared)
        self._paint_marks(marks)
        self._break_lines(self.width())
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        top = max(0.0, (self.height() - self._height) / 2)
        self._layout.draw(painter, QPointF(0, top), [], QRectF(self.rect()))
