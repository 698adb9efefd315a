"""The window: start, sign-in, and one person's desk until somebody locks or leaves it."""

from functools import cached_property
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSettings, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QStackedWidget

from branch_desk.background import Background
from branch_desk.models.errors import DomainError, SessionEnded, SessionLocked
from branch_desk.views.kit import incident, shortcuts, wording
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.idle import Clocks, IdleWatch
from branch_desk.views.kit.theme import Meaning, Theme
from branch_desk.views.window.sign_in import SignInView

if TYPE_CHECKING:
    from branch_desk.operations.house.sign_in import SignedIn
    from branch_desk.operations.work import Desk, House
    from branch_desk.views.kit.member_screen import MemberScreen
    from branch_desk.views.window.lock_overlay import LockOverlay
    from branch_desk.views.window.shell import Shell
    from branch_desk.views.window.start_page import Opening, StartPage

COOPERATIVE: Final = "Cosmart"
SMALLEST: Final = (1280, 720)
USUAL: Final = (1366, 768)
CLOCK_DIFFERENCE_SECONDS: Final = 30
"""More than this makes a code typed at this machine's time fall outside its window."""


class MainWindow(QMainWindow):
    """`signed_in` and `signed_out` tell of persons; tests and the tour wait for them."""

    signed_in = Signal()
    signed_out = Signal()

    def __init__(
        self,
        opening: "Opening",
        look: QSettings,
        background: Background,
        theme: Theme,
        clocks: Clocks,
    ) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.setWindowTitle("Branch Desk")
        self.setMinimumSize(*SMALLEST)
        self._opening = opening
        self._look = look
        self._background = background
        self._theme = theme
        self._clocks = clocks
        self.house: House | None = None
        self.shell: Shell | None = None
        self._desk: Desk | None = None
        self._person: SignedIn | None = None
        self.sign_in = SignInView(
            opening.open,
            background,
            cooperative=COOPERATIVE,
            branch=opening.settings.branch or "",
        )
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.sign_in)
        self.setCentralWidget(self.pages)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self.idle = IdleWatch(app, clocks, 60 * opening.settings.idle_minutes)
        self.idle.setParent(self)
        self._connect()
        self._restore()

    # Built when first needed: the sign-in must stand there at once.

    @cached_property
    def overlay(self) -> "LockOverlay":
        """What covers the desk while it is locked."""
        from branch_desk.views.window.lock_overlay import LockOverlay

        overlay = LockOverlay(self)
        overlay.unlock_asked.connect(self._unlock)
        overlay.leave_asked.connect(self.leave)
        return overlay

    @cached_property
    def member_screen(self) -> "MemberScreen":
        """The screen turned to the member."""
        from branch_desk.views.kit.member_screen import MemberScreen

        return MemberScreen(COOPERATIVE)

    @cached_property
    def start_page(self) -> "StartPage":
        """What is shown when there is no usable database yet."""
        from branch_desk.views.window.start_page import StartPage

        page = StartPage(self._opening, self._background)
        page.ready.connect(self.start)
        self.pages.addWidget(page)
        return page

    def start(self) -> None:
        """Open the house behind the sign-in; what stands in the way gets its own page."""
        self.pages.setCurrentWidget(self.sign_in)
        self.sign_in.begin()
        self._background.ask(self, self._opened, self._not_opened, self._opening.open)

    # -- start

    def _opened(self, house: "House") -> None:
        self.house = house

    def _not_opened(self, error: Exception) -> None:
        self.pages.setCurrentWidget(self.start_page)
        self.start_page.show_obstacle(error)

    # -- somebody signs in

    def _enter(self, desk: "Desk", person: "SignedIn") -> None:
        # The tables are loaded by now; the screens were not needed before somebody came.
        from branch_desk.views.kit.station import Station
        from branch_desk.views.window.shell import Shell

        self._drop_shell()
        self._desk, self._person = desk, person
        station = Station(
            desk,
            self._background,
            self._look,
            self._opening.settings,
            person,
            self.member_screen,
        )
        shell = self.shell = Shell(station)
        shell.turned_away.connect(self._turned_away)
        shell.lock_asked.connect(self.lock)
        shell.leave_asked.connect(self._ask_to_leave)
        shell.keys_asked.connect(self.show_keys)
        self.pages.addWidget(shell)
        self.pages.setCurrentWidget(shell)
        self.overlay.unlock()
        self.idle.begin_session()
        self._look_at_keys_and_clock()
        self.signed_in.emit()

    def lock(self) -> None:
        """Cover the desk; only this person's password opens it, or somebody else signs in."""
        if self.shell is None or self._person is None or self.overlay.is_locked:
            return
        from branch_desk.operations.house.sign_in import lock_desk

        self.idle.stop()
        self.member_screen.dismiss()
        # A question left open would stand before the password, and be answered by whoever is there.
        for dialog in self.findChildren(QDialog):
            dialog.reject()
        self.shell.top.forget()
        self.shell.results.forget()
        self.overlay.lock(self._person.name, needs_code=self._person.code_wanted)
        self._background.ask(self, _nothing, self._turned_away, self._desk_of(), lock_desk)

    def show_keys(self) -> None:
        """Show every key that does something now."""
        from branch_desk.views.window.shortcut_list import ShortcutList

        if not self.overlay.is_locked:
            places = self.shell.place_titles if self.shell is not None else {}
            ShortcutList(shortcuts.described(places), self).show()

    def leave(self, reason: str = "") -> None:
        """End the session and wait for whoever comes next."""
        desk = self._desk
        self._show_sign_in(reason)  # the screens still put their drafts away with this session
        if desk is not None:
            from branch_desk.operations.house.sign_in import sign_out

            self._background.ask(self, _nothing, _nothing, desk, sign_out)

    # -- inside

    def _unlock(self, password: str, code: str) -> None:
        from branch_desk.operations.house.sign_in import reauthenticate

        self._background.ask(
            self,
            self._unlocked,
            self._not_unlocked,
            reauthenticate,
            self._desk_of(),
            password,
            code,
        )

    def _unlocked(self, _: object) -> None:
        self.overlay.unlock()
        self.idle.resume()
        if self.shell is not None:
            self.shell.count()

    def _not_unlocked(self, error: Exception) -> None:
        if isinstance(error, SessionEnded):
            self._turned_away(error)
        elif isinstance(error, DomainError):
            self.overlay.refuse(wording.problem(error))
        else:
            self.overlay.refuse(
                self.tr(
                    "El programa tuvo un problema. Informe a sistemas el número {number}."
                ).format(number=incident.record(error))
            )

    def _turned_away(self, error: Exception) -> None:
        if isinstance(error, SessionLocked):
            self.lock()
        elif isinstance(error, SessionEnded):
            self._show_sign_in(wording.problem(error))
        elif not isinstance(error, DomainError):
            incident.record(error)

    def _show_sign_in(self, reason: str) -> None:
        if self.shell is None:
            return
        self.idle.stop()
        self.member_screen.dismiss()
        self.overlay.unlock()
        self.pages.setCurrentWidget(self.sign_in)
        self._drop_shell()
        self._desk = self._person = None
        self.sign_in.begin(reason)
        self.signed_out.emit()

    def _drop_shell(self) -> None:
        shell, self.shell = self.shell, None
        if shell is not None:
            shell.forget()
            self.pages.removeWidget(shell)
            shell.deleteLater()

    def _ask_to_leave(self) -> None:
        sure = Confirmation.ask(
            self,
            self.tr("¿Cerrar su sesión?"),
            self.tr("Lo que llenó a medias queda guardado como borrador para usted."),
            self.tr("&Cerrar sesión"),
            meaning=Meaning.INFORMATION,
        )
        if sure:
            self.leave()

    def _too_long(self) -> None:
        self.leave(wording.problem(SessionEnded(reason="too_long")))

    def _desk_of(self) -> "Desk":
        assert self._desk is not None
        return self._desk

    def _look_at_keys_and_clock(self) -> None:
        house = self.house
        if house is None:
            self._background.ask(self, self._tell_about, _nothing, self._opening.open)
        else:
            self._tell_about(house)

    def _tell_about(self, house: "House") -> None:
        self.house = house
        if self.shell is None:
            return
        self._tell_keys(self._opening.keys_note())
        if house.database.is_postgresql:
            self._background.ask(self, self._tell_clock, _nothing, house.database.now)

    def _tell_keys(self, note: str) -> None:
        assert self.shell is not None
        if note == "FILE":
            cause = self.tr(
                "La llave de cifrado está en un archivo que solo lee este usuario. Guarde una "
                "copia fuera de esta máquina; el llavero del sistema es un lugar mejor."
            )
            self.shell.tell("keys", self.tr("Llave en archivo"), Meaning.ATTENTION, cause)
        elif note == "MEMORY":
            cause = self.tr("La llave se pierde al cerrar: sirve solo para pruebas.")
            self.shell.tell("keys", self.tr("Llave en memoria"), Meaning.ATTENTION, cause)

    def _tell_clock(self, now: object) -> None:
        from datetime import datetime

        if self.shell is None or not isinstance(now, datetime):
            return
        seconds = round(self._clocks.wall() - now.timestamp())
        if abs(seconds) < CLOCK_DIFFERENCE_SECONDS:
            self.shell.status.hush("clock")
            return
        ahead = self.tr("adelantado") if seconds > 0 else self.tr("atrasado")
        words = self.tr("Reloj {seconds} s {ahead}").format(seconds=abs(seconds), ahead=ahead)
        cause = self.tr(
            "El reloj de este puesto difiere del servidor. Vale el del servidor; avise a sistemas."
        )
        self.shell.tell("clock", words, Meaning.ATTENTION, cause)

    def _connect(self) -> None:
        self.sign_in.entered.connect(self._enter)
        self.idle.left_alone.connect(self.lock)
        self.idle.too_long.connect(self._too_long)
        for keys, do in (
            (shortcuts.LARGER, self._theme.larger),
            (shortcuts.SMALLER, self._theme.smaller),
            ((shortcuts.NORMAL,), self._theme.normal),
            ((shortcuts.SHORTCUTS_HELP,), self.show_keys),
        ):
            for key in keys:
                QShortcut(QKeySequence(key), self).activated.connect(do)

    def _restore(self) -> None:
        kept = self._look.value("window/geometry")
        if kept is None or not self.restoreGeometry(kept):
            self.resize(*USUAL)
        screen = QGuiApplication.primaryScreen()
        if screen is not None and not screen.availableGeometry().intersects(self.geometry()):
            self.move(screen.availableGeometry().topLeft())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep the window's place, end the session, show nobody anything any more."""
        self._look.setValue("window/geometry", self.saveGeometry())
        self.leave()
        if "member_screen" in self.__dict__:
            self.member_screen.dismiss()
            self.member_screen.deleteLater()
        super().closeEvent(event)


def _nothing(_: object) -> None:
    """Expect no answer: the deed leaves its own record."""
