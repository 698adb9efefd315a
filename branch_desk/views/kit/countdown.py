"""A sentence with the time that is left in it, told anew every second without asking anybody."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel

from branch_desk.views.kit import formats

MILLISECONDS: Final = 1000


class Countdown(QLabel):
    """Counts down from what it was told, by the machine's steady clock; `over` at zero, once.

    It rests while nobody sees it. `clock` gives seconds; tests pass another.
    """

    over = Signal()

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._clock = clock
        self._ends: float | None = None
        self._words = ""
        self._timer = QTimer(self)
        self._timer.setInterval(MILLISECONDS)
        self._timer.timeout.connect(self.tick)

    def begin(self, left: timedelta, words: str) -> None:
        """Count from `left`; `{left}` in the words is what remains."""
        self._ends = self._clock() + left.total_seconds()
        self._words = words
        self.tick()
        if self.isVisible():
            self._timer.start()

    def stop(self) -> None:
        """Count no more and say nothing."""
        self._ends = None
        self._timer.stop()
        self.setText("")

    def tick(self) -> None:
        """Say what is left now."""
        if self._ends is None:
            return
        left = self._ends - self._clock()
        self.setText(self._words.format(left=formats.countdown(timedelta(seconds=left))))
        if left <= 0:
            self._ends = None
            self._timer.stop()
            self.over.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """Go on counting when seen again."""
        super().showEvent(event)
        if self._ends is not None:
            self.tick()
            self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest while nobody sees it."""
        super().hideEvent(event)
        self._timer.stop()
