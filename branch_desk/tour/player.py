"""Hands and eyes before the window: keys, clicks, files dropped, pictures taken.

Everything goes through the widgets a person sees: what is hidden, disabled or covered cannot be
used, and whatever the window calls a problem ends the tour.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

from PySide6.QtCore import (
    QDeadlineTimer,
    QEvent,
    QMimeData,
    QPoint,
    QPointF,
    QRect,
    Qt,
    QUrl,
)
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QMenu,
    QRadioButton,
    QScrollArea,
    QTableView,
    QToolButton,
    QWidget,
)

from branch_desk.background import Background
from branch_desk.views.kit import theme
from branch_desk.views.kit.problem_bar import ProblemBar
from branch_desk.views.kit.theme import Meaning, Scheme, Theme
from branch_desk.views.kit.view import View
from branch_desk.views.window.main_window import USUAL, MainWindow

LONGEST_WAIT_MILLISECONDS: Final = 20_000
LOOK_EVERY_MILLISECONDS: Final = 4

_PAINT_MILLISECONDS: Final = 30
_TRIES: Final = 50

_W = TypeVar("_W", bound=QWidget)
_LEFT: Final = Qt.MouseButton.LeftButton
_NONE: Final = Qt.KeyboardModifier.NoModifier


class TourStopped(Exception):
    """The window did not do what the story needs; the text says where."""


class Player:
    """A person at the keyboard, with a stopwatch and a camera.

    Keyword arguments: `screens` is where pictures go, None for none; `tell` is told each step's
    title and how many milliseconds it took, pictures not counted.
    """

    def __init__(
        self,
        window: MainWindow,
        background: Background,
        theme: Theme,
        *,
        screens: Path | None,
        tell: Callable[[str, int], object],
    ) -> None:
        self.window = window
        self._background = background
        self._theme = theme
        self._screens = screens
        self._tell = tell
        self._taken = 0
        self._in_pictures = 0.0
        self.broken: list[BaseException] = []

    def note_broken(
        self, _kind: type[BaseException], error: BaseException, _trace: TracebackType | None
    ) -> None:
        """Remember what escaped from a slot: as `sys.excepthook`, for nobody reads a terminal."""
        self.broken.append(error)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Take the time of a step and tell it; say in which step the tour stopped."""
        began, pictures = time.perf_counter(), self._in_pictures
        try:
            yield
        except TourStopped as stopped:
            raise TourStopped(f"{title}: {stopped}") from stopped
        spent = time.perf_counter() - began - (self._in_pictures - pictures)
        self._tell(title, round(1000 * spent))

    # -- waiting

    def settle(self, until: Callable[[], bool] = lambda: True, what: str = "") -> None:
        """Wait until every answer has arrived and `until` holds. Raises TourStopped."""
        deadline, calm = QDeadlineTimer(LONGEST_WAIT_MILLISECONDS), 0
        while calm < 2:  # noqa: PLR2004  an answer may ask the next question
            QTest.qWait(LOOK_EVERY_MILLISECONDS)
            if self.broken:
                raise TourStopped(repr(self.broken[0])) from self.broken[0]
            waiting = not self._background.is_idle or any(
                view.is_busy for view in self.window.findChildren(View)
            )
            calm = 0 if waiting or not until() else calm + 1
            if deadline.hasExpired():
                raise TourStopped(f"{what or 'no answer'} did not come; {self._said()}")
        self._no_problem()

    @staticmethod
    def breathe() -> None:
        """Let the window do what it has put off, its own end included."""
        QTest.qWait(_PAINT_MILLISECONDS)

    def _no_problem(self) -> None:
        for bar in self.window.findChildren(ProblemBar):
            if bar.isVisible() and bar.meaning is Meaning.STOP:
                raise TourStopped(f"the window says: {bar.sentence}")

    def _said(self) -> str:
        bars = self.window.findChildren(ProblemBar)
        return " / ".join(bar.sentence for bar in bars if bar.isVisible()) or "the window is silent"

    # -- finding

    def seen(self, name: str) -> bool:
        """Whether exactly this is on the screen now."""
        return len(self._visible(QWidget, name)) == 1

    def find(self, kind: type[_W], name: str) -> _W:
        """Find the one thing of this name that is on the screen. Raises TourStopped."""
        found = self._visible(kind, name)
        if len(found) != 1:
            raise TourStopped(f"{len(found)} things named «{name}» on the screen; {self._said()}")
        return found[0]

    def named(self, kind: type[_W], start: str) -> list[_W]:
        """Find all on the screen whose name begins so, from top to bottom."""
        found = [each for each in self._all(kind) if each.objectName().startswith(start)]
        return sorted(
            found, key=lambda each: each.mapTo(each.window(), QPoint(0, 0)).toTuple()[::-1]
        )

    def _visible(self, kind: type[_W], name: str) -> list[_W]:
        return [each for each in self._all(kind) if each.objectName() == name]

    def _all(self, kind: type[_W]) -> list[_W]:
        modal = QApplication.activeModalWidget()
        roots = [modal] if modal is not None else QApplication.topLevelWidgets()
        return [
            each
            for root in roots
            if root.isVisible()
            for each in root.findChildren(kind)
            if each.isVisible()
        ]

    # -- hands

    def click(self, name: str) -> None:
        """Click a button or box."""
        self.click_on(self.find(QWidget, name))

    def click_on(self, widget: QWidget) -> None:
        """Click a thing where a person would; scroll to it first."""
        self._no_problem()
        if not widget.isEnabled():
            raise TourStopped(f"«{widget.objectName()}» cannot be used; {self._said()}")
        self._scroll_to(widget)
        boxes = isinstance(widget, QCheckBox | QRadioButton)
        at = QPoint(10, widget.height() // 2) if boxes else widget.rect().center()
        top = widget.window()
        there = top.childAt(widget.mapTo(top, at))
        if there is not widget and not (there is not None and widget.isAncestorOf(there)):
            raise TourStopped(f"«{widget.objectName()}» is covered or cut off")
        QTest.mouseClick(widget, _LEFT, _NONE, at)

    def write(self, name: str, text: str) -> None:
        """Type into a field instead of what stands there."""
        field = self.find(QLineEdit, name)
        self.click_on(field)
        QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.keys(field, text)

    def type(self, text: str) -> None:
        """Type into whatever has the focus."""
        focused = QApplication.focusWidget()
        if focused is None:
            raise TourStopped("nothing has the focus")
        self.keys(focused, text)

    @staticmethod
    def keys(widget: QWidget, text: str) -> None:
        """Type letters one after the other; `QTest` itself knows no ñ and no accents."""
        for letter in text:
            if letter.isascii():
                QTest.keyClicks(widget, letter)
                continue
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QApplication.sendEvent(widget, QKeyEvent(kind, Qt.Key.Key_unknown, _NONE, letter))

    def tick(self, name: str) -> None:
        """Tick a box that is not ticked."""
        box = self.find(QCheckBox, name)
        if not box.isChecked():
            self.click_on(box)

    def choose(self, name: str, data: object) -> None:
        """Walk with the arrow keys to an entry of a list."""
        combo = self.find(QComboBox, name)
        combo.setFocus()
        QTest.keyClick(combo, Qt.Key.Key_Home)
        for _ in range(combo.count()):
            if combo.currentData() == data:
                return
            QTest.keyClick(combo, Qt.Key.Key_Down)
        raise TourStopped(f"«{name}» has no such entry")

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = _NONE) -> None:
        """Press a key in whatever has the focus; shortcuts hear it."""
        if not self.window.isActiveWindow():
            self._come_forward()
        QTest.keyClick(self.window.windowHandle(), key, modifier)

    def go_on(self) -> None:
        """Press Ctrl+Enter: the primary action of the screen."""
        self._no_problem()
        self.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    def open_row(self, name: str, text: str) -> None:
        """Double-click the row of a list in which `text` stands."""
        table = self.find(QTableView, name)
        rows = table.model()
        for place in range(rows.rowCount()):
            for column in range(rows.columnCount()):
                index = rows.index(place, column)
                if rows.data(index) == text:
                    table.scrollTo(index)
                    at = table.visualRect(index).center()
                    QTest.mouseClick(table.viewport(), _LEFT, _NONE, at)
                    QTest.keyClick(table, Qt.Key.Key_Return)
                    return
        raise TourStopped(f"no row of «{name}» says {text}")

    def drop(self, path: Path) -> None:
        """Drag a file over the middle of the screen and let it fall."""
        shell = self.window.shell
        if shell is None:
            raise TourStopped("nobody is signed in")
        view, data = shell.current, QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        where, copy = view.rect().center(), Qt.DropAction.CopyAction
        enter = QDragEnterEvent(where, copy, data, _LEFT, _NONE)
        QApplication.sendEvent(view, enter)
        if not enter.isAccepted():
            raise TourStopped(f"{path.name} is not welcome")
        QApplication.sendEvent(view, QDropEvent(QPointF(where), copy, data, _LEFT, _NONE))

    @staticmethod
    def _scroll_to(widget: QWidget) -> None:
        above = widget.parentWidget()
        while above is not None:
            if isinstance(above, QScrollArea):
                above.ensureWidgetVisible(widget, 0, 8)
            above = above.parentWidget()

    # -- camera

    def picture(self, name: str) -> None:
        """Take the screen as it stands, light and dark."""
        if self._screens is None:
            return
        began = time.perf_counter()
        QTest.mouseMove(self.window, QPoint(self.window.width() // 2, self.window.height() - 4))
        self.breathe()
        self._taken += 1
        # Changing the look costs more than the picture: the tour goes on in the one it ended with.
        here = self._theme.look
        for look in (here, Scheme.LIGHT if here is Scheme.DARK else Scheme.DARK):
            if look is not self._theme.look:
                self._theme.choose(look)
                QTest.qWait(1)
            path = self._screens / f"{self._taken:02d}-{name}-{look}.png"
            if not self.grab().save(str(path)):
                raise TourStopped(f"{path.name} cannot be written")
        self._in_pictures += time.perf_counter() - began

    def grab(self) -> QPixmap:
        """Give what is seen: the window, a dialog over it, or the member's own monitor."""
        member = self.window.member_screen
        if member.isVisible() and member.isWindow():
            return member.grab()
        picture = self.window.grab()
        pen = QPainter(picture)
        for above in (QApplication.activeModalWidget(), QApplication.activePopupWidget()):
            if above is not None:
                at = self._place(above)
                pen.drawPixmap(at, above.grab())
                pen.setPen(theme.colour("frame"))
                pen.drawRect(QRect(at, above.size()))
        pen.end()
        return picture

    def _place(self, above: QWidget) -> QPoint:
        """Say where a person sees it; an invisible screen may be too small for the window."""
        if isinstance(above, QMenu):
            asker = next((b for b in self._all(QToolButton) if b.menu() is above), None)
            if asker is not None:
                under = asker.mapTo(self.window, asker.rect().bottomRight())
                return under - QPoint(above.width(), 0)
        room = self.window.size() - above.size()
        return QPoint(room.width() // 2, room.height() // 2)

    def stand(self) -> None:
        """Put the window in front at its usual size. Raises TourStopped if it never comes."""
        self.window.resize(*USUAL)
        self.window.show()
        self._come_forward()

    def _come_forward(self) -> None:
        # Without a window manager nobody gives the keys back after a dialog; one request may be
        # lost in the dialog's own end.
        deadline = QDeadlineTimer(LONGEST_WAIT_MILLISECONDS)
        while not self.window.isActiveWindow():
            if deadline.hasExpired():
                raise TourStopped("the window does not come to the front")
            self.window.activateWindow()
            QTest.qWait(20)
