"""The line icons (Lucide, ISC licence), drawn in the colours of the theme.

An icon is drawn anew each time from its SVG, so it follows a change of light and dark by itself
and is sharp at every size.
"""

from functools import cache
from typing import Final

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPaintEvent, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QWidget

from branch_desk import resources
from branch_desk.views.kit import theme
from branch_desk.views.kit.theme import Meaning

MEANING_ICON: Final = {
    Meaning.GOOD: "circle-check",
    Meaning.ATTENTION: "triangle-alert",
    Meaning.STOP: "octagon-alert",
    Meaning.INFORMATION: "info",
    Meaning.NEUTRAL: "circle-dot",
}
MEANING_COLOUR: Final = {
    Meaning.GOOD: "good",
    Meaning.ATTENTION: "attention",
    Meaning.STOP: "stop",
    Meaning.INFORMATION: "information",
    Meaning.NEUTRAL: "muted",
}


def icon(name: str, colour: str = "text") -> QIcon:
    """Return a line icon by its file name («lock», «user-check») in a named colour."""
    return QIcon(LineIcon(name, colour))


def meaning_icon(meaning: Meaning) -> QIcon:
    """Return the icon of a meaning in the meaning's colour."""
    return icon(MEANING_ICON[meaning], MEANING_COLOUR[meaning])


def draw(painter: QPainter, name: str, colour: str, rect: QRectF) -> None:
    """Draw a line icon inside `rect` in a named colour of the current look."""
    _renderer(name, theme.colour(colour).name()).render(painter, rect)


def draw_plain(painter: QPainter, name: str, ink: str, rect: QRectF) -> None:
    """Draw a line icon in a given «#rrggbb», for what does not follow light and dark."""
    _renderer(name, ink).render(painter, rect)


class LineIcon(QIconEngine):
    """One icon, tinted when it is painted."""

    def __init__(self, name: str, colour: str) -> None:
        super().__init__()
        self._name = name
        self._colour = colour
        _source(name)  # a wrong name fails here, not at the first paint

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw in the named colour; greyed when disabled, on the accent when selected."""
        colour = self._colour
        if mode is QIcon.Mode.Disabled:
            colour = "disabled"
        side = min(rect.width(), rect.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(QRectF(rect).center())
        draw(painter, self._name, colour, square)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Draw on a transparent picture of that size."""
        picture = QPixmap(size)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return picture

    def clone(self) -> "LineIcon":
        """Return an equal engine, as Qt asks when an icon is copied and changed."""
        return LineIcon(self._name, self._colour)


class Sign(QWidget):
    """A line icon by itself, painted in the colours of the look shown now.

    `meant` is what a screen reader says for it; without it the sign is decoration.
    """

    def __init__(self, name: str, colour: str = "text", side: int = 20, meant: str = "") -> None:
        super().__init__()
        self._name = name
        self._colour = colour
        self.setFixedSize(side, side)
        self.setAccessibleName(meant)

    @classmethod
    def of(cls, meaning: Meaning, side: int = 20, meant: str = "") -> "Sign":
        """Return the sign of a meaning in its colour."""
        return cls(MEANING_ICON[meaning], MEANING_COLOUR[meaning], side, meant)

    def show_meaning(self, meaning: Meaning, meant: str) -> None:
        """Show the sign of another meaning."""
        self._name = MEANING_ICON[meaning]
        self._colour = MEANING_COLOUR[meaning]
        self.setAccessibleName(meant)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the icon."""
        draw(QPainter(self), self._name, self._colour, QRectF(self.rect()))


@cache
def _source(name: str) -> str:
    return resources.path("icons", f"{name}.svg").read_text(encoding="utf-8")


@cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    drawing = (
        _source(name)
        .replace("currentColor", colour)
        .replace('stroke-width="2"', 'stroke-width="1.75"')
    )
    return QSvgRenderer(QByteArray(drawing.encode()))
