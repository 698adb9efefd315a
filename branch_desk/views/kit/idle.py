"""When the desk was left alone: after how long it locks by itself (R10).

Both clocks are read: the monotonic one cannot be set back, the wall clock goes on while the machine
sleeps. Whichever says that more time passed is believed. Only keys, clicks and the mouse that come
from the machine itself count as somebody being there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

LONGEST_IDLE_SECONDS: Final = 15 * 60
SHORTEST_IDLE_SECONDS: Final = 60
USUAL_IDLE_SECONDS: Final = 3 * 60
LONGEST_SESSION_SECONDS: Final = 8 * 60 * 60
LOOK_EVERY_MILLISECONDS: Final = 1000

INPUT: Final = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.ShortcutOverride,  # all that a key taken as a shortcut sends
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TabletPress,
    }
)


@dataclass(frozen=True)
class Clocks:
    """Two clocks in seconds: `monotonic` since anything, `wall` since the epoch."""

    monotonic: Callable[[], float]
    wall: Callable[[], float]


class IdleWatch(QObject):
    """Sends `left_alone` once after `idle_seconds` without input, `too_long` at the session's end.

    `idle_seconds` between 60 and 900; more is refused with ValueError.
    """

    left_alone = Signal()
    too_long = Signal()

    def __init__(
        self, app: QApplication, clocks: Clocks, idle_seconds: int = USUAL_IDLE_SECONDS
    ) -> None:
        super().__init__(app)
        if not SHORTEST_IDLE_SECONDS <= idle_seconds <= LONGEST_IDLE_SECONDS:
            raise ValueError("a desk locks itself after 1 to 15 minutes")
        self._clocks = clocks
        self._idle_seconds = idle_seconds
        self._running = False
        self._last = self._began = (0.0, 0.0)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MILLISECONDS)
        self._timer.timeout.connect(self.look)
        self._app = app

    def begin_session(self) -> None:
        """Count the eight hours and the idle time from now: somebody signed in."""
        # Not before: a filter in Python makes Qt wrap every event of the start.
        self._app.installEventFilter(self)
        self._began = self._read()
        self.resume()

    def resume(self) -> None:
        """Count the idle time from now: the desk was unlocked."""
        self._last = self._read()
        self._running = True
        self._timer.start()

    def stop(self) -> None:
        """Stop counting: the desk is locked, or nobody is signed in."""
        self._running = False
        self._timer.stop()

    def look(self) -> None:
        """Read the clocks and say when a limit has passed."""
        if not self._running:
            return
        if self._since(self._began) >= LONGEST_SESSION_SECONDS:
            self.stop()
            self.too_long.emit()
        elif self._since(self._last) >= self._idle_seconds:
            self.stop()
            self.left_alone.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note real input; what the program sends itself does not count."""
        if self._running and event.type() in INPUT and event.spontaneous():
            # The key that wakes a sleeping machine comes before the timer's next look.
            self.look()
            if self._running:
                self._last = self._read()
        return False

    def _read(self) -> tuple[float, float]:
        return self._clocks.monotonic(), self._clocks.wall()

    def _since(self, then: tuple[float, float]) -> float:
        now = self._read()
        return max(now[0] - then[0], now[1] - then[1])
