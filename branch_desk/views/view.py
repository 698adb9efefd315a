"""What every screen is: it asks for operations, shows that it is busy, and says what went wrong.

A screen builds its widgets in `self.body`, asks with `ask` (the body waits), `search` (typing goes
on, the newest answer counts) or `run` (papers and other pure work), and gets back plain values. A
refusal of the rules appears in the problem bar in Spanish and the focus goes to the field it
names; anything unforeseen goes to the log under a number.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, ClassVar, Concatenate, Final, ParamSpec, Protocol, TypeVar

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget
from shiboken6 import isValid

from branch_desk.background import Background
from branch_desk.models.errors import DomainError
from branch_desk.views import incident, wording
from branch_desk.views.problem_bar import ProblemBar
from branch_desk.views.theme import GRID, Meaning, restyle

P = ParamSpec("P")
R = TypeVar("R")

BUSY_AFTER_MILLISECONDS: Final = 120


class AsksOperations(Protocol):
    """The desk: runs an operation in one transaction as the person who is signed in."""

    def __call__(
        self,
        operation: Callable[Concatenate[Any, P], R],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Run the operation and return what it returns; refusals are DomainErrors."""
        ...


class Changed(StrEnum):
    """What kind of thing an operation changed; open screens that care ask anew."""

    ENROLMENT = "enrolment"
    ACCESS = "access"
    MEMBER = "member"
    STAFF = "staff"
    PARAMETER = "parameter"
    OUTBOX = "outbox"


class View(QWidget):
    """A screen: problem bar above, body below.

    `changed` tells the window what kind of thing this screen changed. `failed` tells that an answer
    did not come. `cares_about` names the changes after which the screen asks anew.
    """

    changed = Signal(str)
    failed = Signal()

    cares_about: ClassVar[frozenset[Changed]] = frozenset()

    def __init__(
        self, desk: AsksOperations, background: Background, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("view")
        self.desk = desk
        self.background = background
        self.problem_bar = ProblemBar(self)
        self.body = QWidget(self)
        self.body.setObjectName("body")
        self._busy = QProgressBar(self)
        self._busy.setObjectName("busy")
        self._busy.setProperty("kind", "busy")
        self._busy.setAccessibleName(self.tr("Trabajando"))
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.hide()
        self._waiting = 0
        self._focus: QWidget | None = None
        self._marked: QWidget | None = None
        self._out_of_date = False
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(BUSY_AFTER_MILLISECONDS)
        self._late.timeout.connect(self._show_busy)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.problem_bar)
        column.addWidget(self.body, 1)

    # -- what a screen fills in

    def refresh(self) -> None:
        """Ask anew for what the screen shows."""

    def forget(self) -> None:
        """Drop what belongs to a member: another person has signed in."""

    # -- asking

    def ask(
        self,
        done: Callable[[R], object],
        operation: Callable[Concatenate[Any, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Ask for an operation; the body waits, then `done` gets its result."""
        self._wait()
        self.background.ask(
            self, self._answer(done), self._refusal, self._call(operation), *args, **kwargs
        )

    def search(
        self,
        done: Callable[[R], object],
        operation: Callable[Concatenate[Any, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Ask for a read, the body stays usable; a newer one with this `done` replaces it."""
        self.background.ask_newest(
            self, _slot(done), done, self._failed_search, self._call(operation), *args, **kwargs
        )

    def run(
        self,
        done: Callable[[R], object],
        function: Callable[P, R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Do pure work (a PDF, an image, a print job); the body stays usable."""
        self.background.run(self, _slot(done), done, self._failed_search, function, *args, **kwargs)

    @property
    def is_busy(self) -> bool:
        """Whether the body waits for an answer."""
        return self._waiting > 0

    # -- saying

    def show_problem(self, error: Exception) -> None:
        """Say what is wrong and put the focus where it can be mended."""
        if isinstance(error, DomainError):
            self.problem_bar.say(Meaning.STOP, wording.problem(error))
            self.mark(getattr(error, "field", None))
            return
        number = incident.record(error)
        self.problem_bar.say(
            Meaning.STOP,
            self.tr(
                "El programa tuvo un problema y no guardó nada. Intente otra vez; si se repite, "
                "informe a sistemas el número {number}."
            ).format(number=number),
        )

    def say(self, meaning: Meaning, sentence: str) -> None:
        """Say a sentence in the bar with its meaning."""
        self.problem_bar.say(meaning, sentence)

    def succeed(
        self, sentence: str, *, action: str = "", do: Callable[[], object] | None = None
    ) -> None:
        """Say for four seconds that it is done; `action` is the verb of an undo or a next step."""
        self.mark(None)
        self.problem_bar.say(Meaning.GOOD, sentence, action=action, do=do)

    def mark(self, field: str | None) -> None:
        """Mark the field with this object name as wrong and focus it; None unmarks."""
        if self._marked is not None:
            restyle(self._marked, problem="")
            self._marked = None
        if field is None:
            return
        widget = self.body.findChild(QWidget, field)
        if widget is None:
            return
        proxy = widget.focusProxy()
        self._marked = proxy if isinstance(proxy, QWidget) else widget
        restyle(self._marked, problem="stop")
        self._marked.setFocus()

    def hear(self, kind: str) -> None:
        """Learn that something changed elsewhere: ask anew, when hidden on being shown."""
        if kind not in self.cares_about:
            return
        if self.isVisible():
            self.refresh()
        else:
            self._out_of_date = True

    def come_to_front(self) -> None:
        """Ask anew if something changed while hidden; the window calls this."""
        if self._out_of_date:
            self._out_of_date = False
            self.refresh()

    # -- inside

    def _call(self, operation: Callable[Concatenate[Any, P], R]) -> Callable[P, R]:
        desk = self.desk

        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            return desk(operation, *args, **kwargs)

        return call

    def _answer(self, done: Callable[[R], object]) -> Callable[[R], None]:
        def answer(result: R) -> None:
            self._resume()
            self.mark(None)
            if self.problem_bar.meaning is Meaning.STOP:
                self.problem_bar.clear()
            done(result)

        return answer

    def _refusal(self, error: Exception) -> None:
        self._resume()
        self.show_problem(error)
        self.failed.emit()

    def _failed_search(self, error: Exception) -> None:
        self.show_problem(error)
        self.failed.emit()

    def _wait(self) -> None:
        self._waiting += 1
        if self._waiting > 1:
            return
        focused = self.window().focusWidget()
        self._focus = None
        if focused is not None and self.body.isAncestorOf(focused):
            self._focus = focused
            # Disabling the focused field would hand the focus, and the keys being typed, to
            # whatever stands next in the window.
            self.setFocus()
        # Most answers come sooner than a person sees: no grey flash for those.
        self.body.setUpdatesEnabled(False)
        self.body.setEnabled(False)
        self._late.start()

    def _show_busy(self) -> None:
        self.body.setUpdatesEnabled(True)
        self._busy.setGeometry(0, 0, self.width(), 3)
        self._busy.show()
        self._busy.raise_()

    def _resume(self) -> None:
        self._waiting -= 1
        if self._waiting:
            return
        self._late.stop()
        self._busy.hide()
        self.body.setEnabled(True)
        self.body.setUpdatesEnabled(True)
        focus = self._focus
        if focus is not None and isValid(focus) and self.window().focusWidget() is self:
            focus.setFocus()
        self._focus = None


def _slot(done: Callable[..., object]) -> str:
    # Two lists on one screen hand over the same method of different objects.
    owner = getattr(done, "__self__", None)
    return f"{getattr(done, '__qualname__', repr(done))}@{id(owner)}"
