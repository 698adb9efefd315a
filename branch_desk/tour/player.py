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
    Qt,
    QTimer,
    QUrl,
)
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMenu,
    QRadioButton,
    QScrollArea,
    QTableView,
    QWidget,
)

from branch_desk.background import Background
from branch_desk.views.main_window import USUAL, MainWindow
from branch_desk.views.problem_bar import ProblemBar
from branch_desk.views.theme import Meaning, Scheme, Theme
from branch_desk.views.view import View

LONGEST_WAIT_MILLISECONDS: Final = 20_000
LOOK_EVERY_MILLISECONDS: Final = 4

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

    def choose_file(self, asker: str, path: Path) -> None:
        """Press a button that asks for a file, and type which one."""

        def give(dialog: QDialog) -> None:
            if not isinstance(dialog, QFileDialog):
                raise TourStopped("a file dialog was expected")
            name = dialog.findChild(QLineEdit, "fileNameEdit")
            if name is None:
                raise TourStopped("the file dialog has no field")

            def typed(text: str) -> None:
                QTest.mouseClick(name, _LEFT)
                QTest.keyClick(name, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
                self.keys(name, text)
                proposals = QApplication.activePopupWidget()
                if proposals is not None:
                    proposals.close()
                QTest.keyClick(name, Qt.Key.Key_Return)

            # First into the folder: the dialog takes a long path typed at once for its beginning.
            typed(f"{path.parent}/")
            folder = path.parent.resolve()
            for _ in range(_TRIES):
                if Path(dialog.directory().absolutePath()).resolve() == folder:
                    break
                QTest.qWait(20)
            for _ in range(_TRIES):
                if not dialog.isVisible():
                    return
                if QApplication.focusWidget() is not name or name.text() != path.name:
                    typed(path.name)
                QTest.qWait(20)

        self.answering(give, lambda: self.click(asker))

    def pick(self, button: str, action: str, picture: str = "") -> None:
        """Open the menu of a button and click the entry that begins so."""

        def take(menu: QWidget) -> None:
            if not isinstance(menu, QMenu):
                raise TourStopped("a menu was expected")
            if picture:
                self.picture(picture)
            entry = next(
                each for each in menu.actions() if each.text().replace("&", "").startswith(action)
            )
            QTest.mouseClick(menu, _LEFT, _NONE, menu.actionGeometry(entry).center())

        self._while_open(QApplication.activePopupWidget, take, lambda: self.click(button))

    def answering(self, answer: Callable[[QDialog], object], do: Callable[[], object]) -> None:
        """Do what opens a dialog and answer it there; it is waited for inside `do`."""

        def meet(dialog: QWidget) -> None:
            if not isinstance(dialog, QDialog):
                raise TourStopped("a dialog was expected")
            answer(dialog)

        self._while_open(QApplication.activeModalWidget, meet, do)

    def _while_open(
        self,
        opened: Callable[[], QWidget | None],
        answer: Callable[[QWidget], object],
        do: Callable[[], object],
    ) -> None:
        """Do what runs a loop of its own, and answer what stands there."""
        wrong: list[Exception] = []
        met: list[QWidget] = []
        deadline = QDeadlineTimer(LONGEST_WAIT_MILLISECONDS)
        look = QTimer(self.window)
        look.setInterval(20)

        def meet() -> None:
            there = opened()
            waits = deadline.remainingTime() > 0
            if there is not None and there.isModal() and not there.isActiveWindow() and waits:
                there.activateWindow()  # only there its fields hear the keys
            elif there is not None and not met:
                met.append(there)
                try:
                    answer(there)
                except Exception as error:  # noqa: BLE001  told below, out of the other loop
                    wrong.append(error)
                    there.close()
            elif there is not None and not waits:
                wrong.append(TourStopped("what was answered does not close"))
                there.close()

        look.timeout.connect(meet)
        look.start()
        do()
        look.stop()
        look.deleteLater()
        if wrong:
            raise wrong[0]
        if not met:
            raise TourStopped("nothing opened")

    @staticmethod
    def _scroll_to(widget: QWidget) -> None:
        above = widget.parentWidget()
        while above is not None:
            if isinstance(above, QScrollArea):
                above.ensureWidgetVisible(widget)
            above = above.parentWidget()

    # -- camera

    def picture(self, name: str) -> None:
        """Take the screen as it stands, light and dark."""
        if self._screens is None:
            return
        began = time.perf_counter()
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
                at = above.mapToGlobal(QPoint(0, 0)) - self.window.mapToGlobal(QPoint(0, 0))
                pen.drawPixmap(at, above.grab())
        pen.end()
        return picture

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
