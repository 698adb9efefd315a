"""What every screen is: it asks for operations, shows that it is busy, and says what went wrong.

A screen builds its widgets in `self.body`, asks with `ask` (the body waits), `search` (typing goes
on, the newest answer counts) or `run` (papers and other pure work), and gets back plain values. A
refusal of the rules appears in the problem bar in Spanish and the focus goes to the field it
names; anything unforeseen goes to the log under a number. A deed that wants the password given
again (R13), or a second person's word (R20), gets it from a panel above the body and is then done
after all.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Concatenate,
    Final,
    ParamSpec,
    Protocol,
    TypeVar,
    cast,
)

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget
from shiboken6 import isValid

from branch_desk.background import Background
from branch_desk.models.errors import (
    DomainError,
    FreshSignInNeeded,
    SessionEnded,
    SessionLocked,
    SupervisorNeeded,
)
from branch_desk.views.kit import incident, wording
from branch_desk.views.kit.password_panel import PasswordPanel, SecondPersonPanel
from branch_desk.views.kit.problem_bar import ProblemBar
from branch_desk.views.kit.theme import GRID, Meaning, restyle

if TYPE_CHECKING:
    from branch_desk.operations.work import Countersign, Desk

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
    did not come. `cares_about` names the changes after which the screen asks anew. `go` asks the
    window for another screen by its name and what to open there (a UUID or None), `back` for the
    one shown before. `turned_away` carries a SessionEnded or SessionLocked: the window's to answer.
    """

    changed = Signal(str)
    failed = Signal()
    go = Signal(str, object)
    back = Signal()
    turned_away = Signal(object)

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
        self.password_panel: PasswordPanel | None = None
        self._repeat: list[Callable[[Countersign | None], None]] = []
        self._before_panel: QWidget | None = None
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

    def take_scan(self, text: str) -> bool:
        """Take a code scanned outside a field; tell whether it was of use here."""
        return False

    # -- asking

    def ask(
        self,
        done: Callable[[R], object],
        operation: Callable[Concatenate[Any, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Ask for an operation; the body waits, then `done` gets its result."""

        def deed(desk: AsksOperations) -> R:
            return desk(operation, *args, **kwargs)

        self._begin(done, deed)

    def perform(
        self,
        done: Callable[[R], object],
        ceremony: Callable[P, R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Ask for a deed of several transactions, which takes the desk itself; the body waits.

        Where `args` name this screen's desk, the ceremony gets it with the second person beside it
        once one has countersigned.
        """

        def deed(desk: AsksOperations) -> R:
            given = (desk if each is self.desk else each for each in args)
            return cast("Callable[..., R]", ceremony)(*given, **kwargs)

        self._begin(done, deed)

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

    def _begin(
        self,
        done: Callable[[R], object],
        deed: Callable[[AsksOperations], R],
        second: "Countersign | None" = None,
    ) -> None:
        self._wait()
        desk = self.desk
        if second is not None:
            desk = cast("Desk", desk).countersigned(second)
        refused = partial(self._refusal, partial(self._begin, done, deed), second)
        self.background.ask(self, self._answer(done), refused, partial(deed, desk))

    def _refusal(
        self,
        repeat: "Callable[[Countersign | None], None]",
        second: "Countersign | None",
        error: Exception,
    ) -> None:
        self._resume()
        if isinstance(error, FreshSignInNeeded):
            self._ask_password(lambda _: repeat(second))
            return
        # One word is for one deed: what comes while a panel waits is not done.
        if isinstance(error, SupervisorNeeded) and self.password_panel is None:
            self.show_problem(error)
            self._open_panel(SecondPersonPanel(self), repeat)
            return
        self._failed_search(error)

    def _failed_search(self, error: Exception) -> None:
        if isinstance(error, SessionEnded | SessionLocked):
            self.turned_away.emit(error)
        else:
            self.show_problem(error)
        self.failed.emit()

    # -- the password again, or a second person's

    def _ask_password(self, repeat: "Callable[[Countersign | None], None]") -> None:
        if self.password_panel is not None:
            self._repeat.append(repeat)
            return
        from branch_desk.operations.house.sign_in import (
            whoami,  # the sign-in paints before the database
        )

        panel = PasswordPanel(self)
        self._open_panel(panel, repeat)
        self.background.ask(self, panel.show_person, self._panel_failed, self._call(whoami))

    def _open_panel(
        self, panel: PasswordPanel, repeat: "Callable[[Countersign | None], None]"
    ) -> None:
        self._before_panel = self.window().focusWidget()
        self._repeat.append(repeat)
        self.password_panel = panel
        panel.given.connect(self._judge)
        panel.given_up.connect(self._leave_panel)
        column = self.layout()
        if isinstance(column, QVBoxLayout):
            column.insertWidget(1, panel)
        self.body.setEnabled(False)
        panel.begin()

    def _judge(self, user: str, password: str, code: str) -> None:
        from branch_desk.operations.house.sign_in import countersign, reauthenticate

        desk = cast("Desk", self.desk)
        done, failed = self._repeat_all, self._panel_failed
        if user:
            self.background.ask(self, done, failed, countersign, desk, user, password, code)
        else:
            self.background.ask(self, done, failed, reauthenticate, desk, password, code)

    def _panel_failed(self, error: Exception) -> None:
        if self.password_panel is None:
            return
        if isinstance(error, SessionEnded | SessionLocked):
            self._leave_panel()
            self.turned_away.emit(error)
        elif isinstance(error, DomainError):
            self.password_panel.refuse(wording.problem(error))
        else:
            self._leave_panel()
            self.show_problem(error)

    def _repeat_all(self, second: "Countersign | None") -> None:
        for repeat in self._close_panel():
            repeat(second)

    def _leave_panel(self) -> None:
        if self._close_panel():
            self.failed.emit()

    def _close_panel(self) -> "list[Callable[[Countersign | None], None]]":
        panel, self.password_panel = self.password_panel, None
        repeats, self._repeat = self._repeat, []
        if panel is not None:
            panel.wipe()
            panel.hide()
            panel.deleteLater()
        self.body.setEnabled(True)
        before, self._before_panel = self._before_panel, None
        if before is not None and isValid(before):
            before.setFocus()
        return repeats

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
        self.body.setEnabled(self.password_panel is None)
        self.body.setUpdatesEnabled(True)
        focus = self._focus
        if focus is not None and isValid(focus) and self.window().focusWidget() is self:
            focus.setFocus()
        self._focus = None


def _slot(done: Callable[..., object]) -> str:
    # Two lists on one screen hand over the same method of different objects.
    owner = getattr(done, "__self__", None)
    return f"{getattr(done, '__qualname__', repr(done))}@{id(owner)}"
