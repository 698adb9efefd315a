"""Scanners that type: a code read by one arrives as very fast keys and an Enter.

Timing alone would mistake a quick typist for a scanner, so a field in which a person types is left
alone. Elsewhere (a list, a button) such a burst is taken for a scan and handed to who wants it.
"""

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

GAP_SECONDS: Final = 0.08
SHORTEST_SCAN: Final = 4
LONGEST_SCAN: Final = 2048
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ScanBox(QLineEdit):
    """A field made for scans: the text ends with the scanner's Enter and is handed over whole."""

    scanned = Signal(str)

    def __init__(self, name: str = "scan_box", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setMaxLength(LONGEST_SCAN)
        self.returnPressed.connect(self._hand_over)

    def _hand_over(self) -> None:
        text = self.text().strip()
        self.setText("")
        if text:
            self.scanned.emit(text)


class ScanWatch(QObject):
    """Listens to the keys of the whole program while nobody types in a field."""

    scanned = Signal(str)

    def __init__(self, app: QApplication, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(app)
        self._clock = clock
        self._text = ""
        self._last = 0.0
        self.listening = True
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Gather quick keys; swallow the Enter that ends a scan so that it presses no button."""
        # A key passes the filter for the window and again for the widget: the widget counts.
        if (
            event.type() is not QEvent.Type.KeyPress
            or not isinstance(event, QKeyEvent)
            or not isinstance(watched, QWidget)
            or watched is not (QApplication.focusWidget() or QApplication.activeWindow())
        ):
            return False
        if not self.listening or _is_typed_in(watched):
            self._text = ""
            return False
        return self._hear(event)

    def _hear(self, event: QKeyEvent) -> bool:
        now = self._clock()
        late = now - self._last > GAP_SECONDS
        if event.key() in _ENTER:
            text, self._text = self._text.strip(), ""
            if late or len(text) < SHORTEST_SCAN:
                return False
            self.scanned.emit(text)
            return True
        if not event.text().isprintable() or not event.text():
            return False  # Shift alone is between the keys of a scan
        self._text = event.text() if late else self._text + event.text()
        self._text = self._text[-LONGEST_SCAN:]
        self._last = now
        return False


def _is_typed_in(widget: QWidget) -> bool:
    if isinstance(widget, QComboBox):
        return widget.isEditable()
    return isinstance(widget, QLineEdit | QPlainTextEdit | QTextEdit | QAbstractSpinBox)
