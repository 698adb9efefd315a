"""A secret shown once, painted and never kept: the clave inicial, the key for the authenticator.

No label or field ever holds the letters, so there is nothing to select, copy, undo or read through
accessibility: the panel's name is all that a screen reader gets. The bytes are overwritten when
the panel closes, when the time is over, when the desk locks and when the program is left (R24,
R44, R90).
"""

import math
import sys
from typing import Final

from PySide6.QtCore import QObject, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QHideEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from branch_desk.views.kit import theme
from branch_desk.views.kit.theme import Scheme

SECONDS_SHOWN: Final = 60
GROUP: Final = 4
MOST_GROUPS_IN_A_LINE: Final = 4
LARGEST_POINTS: Final = 44
SMALLEST_POINTS: Final = 16
BOX: Final = 1.35
LINE: Final = 1.6
"""Height of a box and of a line of boxes, in heights of the letters."""
WDA_EXCLUDE_FROM_CAPTURE: Final = 0x11


def overwrite(secret: bytearray) -> None:
    """Fill a secret's memory with zeros and empty it."""
    for place in range(len(secret)):
        secret[place] = 0
    secret.clear()


def keep_off_captures(window: QWidget) -> bool:
    """Ask Windows to leave a window out of screen captures; return whether it will.

    Protection against accidents (a shared screen), not against an attacker (R89).
    """
    if sys.platform != "win32":
        return False
    import ctypes

    asked = ctypes.windll.user32.SetWindowDisplayAffinity
    return bool(asked(int(window.winId()), WDA_EXCLUDE_FROM_CAPTURE))


class ShortLife(QObject):
    """The time a secret may be seen: so many seconds, and only while this program is in front.

    `ticked` carries the seconds left, `over` is sent once. Going from one window of the program to
    another is not leaving it: with two monitors the officer works on while the member reads.
    """

    ticked = Signal(int)
    over = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._left = 0
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._tick)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.applicationStateChanged.connect(self._look_away)

    @property
    def runs(self) -> bool:
        """Whether something may be seen now."""
        return self._timer.isActive()

    def start(self, seconds: int) -> None:
        """Count so many seconds from now."""
        self._left = seconds
        self._timer.start()
        self.ticked.emit(seconds)

    def stop(self) -> None:
        """Stop counting without saying so."""
        self._timer.stop()

    def end(self) -> None:
        """End now, and say so if it was running."""
        if self.runs:
            self._timer.stop()
            self.over.emit()

    def _tick(self) -> None:
        self._left -= 1
        self.ticked.emit(self._left)
        if self._left <= 0:
            self.end()

    def _look_away(self, state: Qt.ApplicationState) -> None:
        if state is not Qt.ApplicationState.ApplicationActive:
            self.end()


class SecretPanel(QWidget):
    """Paints a secret in groups of four, for a minute.

    `ended` is sent once, when the secret is gone for whatever reason; `life.ticked` carries the
    seconds left. The panel takes the bytearray over and overwrites it: do not keep another copy.
    """

    ended = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._secret = bytearray()
        self.life = ShortLife(self)
        self.life.over.connect(self.wipe)

    @property
    def is_empty(self) -> bool:
        """Whether the secret is gone."""
        return not self._secret

    def show_secret(self, secret: bytearray, seconds: int = SECONDS_SHOWN) -> None:
        """Show a secret for so many seconds."""
        overwrite(self._secret)
        self._secret = secret
        self.life.start(seconds)
        self._fit()
        self.update()

    def wipe(self) -> None:
        """Overwrite the secret now. Calling it again changes nothing."""
        self.life.stop()
        if not self._secret:
            return
        overwrite(self._secret)
        self.update()
        self.ended.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Wipe when the page is turned or the window closed."""
        super().hideEvent(event)
        self.wipe()

    def sizeHint(self) -> QSize:
        """Prefer room for four groups."""
        return QSize(560, self._height(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take the height that the letters need at this width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(self._height(self.width()))

    def _height(self, width: int) -> int:
        line = QFontMetricsF(self._font(width)).height() * LINE
        return math.ceil(line * max(1, self._lines()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the groups, each in its box, black on white in either look."""
        if not self._secret:
            return
        light = theme.colours(Scheme.LIGHT)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self._font(self.width())
        painter.setFont(font)
        letters = QFontMetricsF(font)
        width = letters.horizontalAdvance("0") * (GROUP + 1.2)
        height = letters.height() * BOX
        groups = math.ceil(len(self._secret) / GROUP)
        in_line = self._in_line()
        gap = letters.horizontalAdvance("0") * 0.5
        for number in range(groups):
            line, place = divmod(number, in_line)
            count = min(in_line, groups - line * in_line)
            left = (self.width() - count * width - (count - 1) * gap) / 2
            top = (self.height() - self._lines() * letters.height() * LINE) / 2 + 2
            box = QRectF(
                left + place * (width + gap), top + line * letters.height() * LINE, width, height
            )
            painter.setPen(QPen(QColor(light["frame"]), 1))
            painter.setBrush(QColor(light["surface"]))
            painter.drawRoundedRect(box, 6, 6)
            painter.setPen(QColor(light["text"]))
            piece = self._secret[number * GROUP : (number + 1) * GROUP]
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, piece.decode("ascii"))
            overwrite(piece)

    def _in_line(self) -> int:
        return min(MOST_GROUPS_IN_A_LINE, max(1, math.ceil(len(self._secret) / GROUP)))

    def _lines(self) -> int:
        return math.ceil(len(self._secret) / GROUP / MOST_GROUPS_IN_A_LINE)

    def _font(self, width: int) -> QFont:
        font = theme.fixed_font(LARGEST_POINTS)
        wanted = QFontMetricsF(font).horizontalAdvance("0") * self._in_line() * (GROUP + 1.8)
        if wanted > width > 0:
            font.setPointSizeF(max(SMALLEST_POINTS, LARGEST_POINTS * width / wanted))
        return font
