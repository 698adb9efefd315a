"""What stands around every task: places, search, who, how things are; and the way between screens.

A screen is built the first time somebody goes there and kept for as long as the person stays
signed in; `go` and `back` walk between them. What a role may not do is absent.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from PySide6.QtCore import QCoreApplication, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from branch_desk import __version__
from branch_desk.models.enrolment import Status
from branch_desk.models.errors import DomainError, SessionEnded, SessionLocked
from branch_desk.models.staff import Role
from branch_desk.operations.books import search
from branch_desk.operations.books.search import Hit, HitKind
from branch_desk.operations.house import outbox
from branch_desk.operations.request import requests
from branch_desk.views.kit import incident, shortcuts, wording
from branch_desk.views.kit.pieces import label
from branch_desk.views.kit.scan import ScanWatch
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.theme import Meaning
from branch_desk.views.kit.view import View
from branch_desk.views.window.person_menu import PersonMenu
from branch_desk.views.window.printer_watch import PrinterWatch
from branch_desk.views.window.rail import Place, Rail
from branch_desk.views.window.search_results import Found, SearchResults
from branch_desk.views.window.status_line import StatusLine
from branch_desk.views.window.top_bar import TopBar

translate = QCoreApplication.translate

COUNT_EVERY_MILLISECONDS: Final = 30_000
LONGEST_WAY_BACK: Final = 20

_DESK = (Role.OFFICER, Role.SUPERVISOR)
_READERS = (Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)


@dataclass(frozen=True)
class Screen:
    """A screen of the window: where it is built, who may open it; with a sign it is a place."""

    name: str
    module: str
    kind: str
    roles: tuple[Role, ...]
    sign: str = ""


SCREENS: Final = (
    Screen("requests", "request.requests", "RequestsView", _READERS, "inbox"),
    Screen("new_request", "request.new_request", "NewRequestView", _DESK, "file-plus"),
    Screen("unlocks", "users.unlock", "UnlockView", _DESK, "lock-open"),
    Screen("members", "people.members", "MembersView", _READERS, "users"),
    Screen("approvals", "approval.approvals", "ApprovalsView", (Role.SUPERVISOR,), "badge-check"),
    Screen("audit", "house.audit", "AuditView", (Role.AUDITOR, Role.SUPERVISOR), "scroll-text"),
    Screen(
        "administration",
        "house.administration",
        "AdministrationView",
        (Role.ADMINISTRATOR,),
        "settings",
    ),
    Screen("enrolment", "request.enrolment", "EnrolmentView", _READERS),
    Screen("access", "users.access_file", "AccessFileView", _READERS),
    Screen("member", "people.member_file", "MemberFileView", _READERS),
)


def titles() -> dict[str, str]:
    """Return the Spanish name of every place."""
    return {
        "requests": translate("Shell", "Solicitudes"),
        "new_request": translate("Shell", "Nuevo trámite"),
        "unlocks": translate("Shell", "Desbloqueos"),
        "members": translate("Shell", "Socios"),
        "approvals": translate("Shell", "Autorizaciones"),
        "audit": translate("Shell", "Auditoría"),
        "administration": translate("Shell", "Administración"),
    }


class Shell(QWidget):
    """One person's window from sign-in to sign-out.

    `turned_away` carries a SessionEnded or SessionLocked, `lock_asked` is Ctrl+L, `leave_asked`
    means that the person wants to sign out, `keys_asked` that they want to see the shortcuts.
    """

    turned_away = Signal(object)
    lock_asked = Signal()
    leave_asked = Signal()
    keys_asked = Signal()

    def __init__(self, station: Station, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shell")
        self.station = station
        self._may = {each.name: each for each in SCREENS if station.person.role in each.roles}
        self._open: dict[str, View] = {}
        self._way: list[str] = []
        self._causes: dict[str, str] = {}
        places = [
            Place(each.name, titles()[each.name], each.sign, shortcuts.PLACES[each.name])
            for each in self._may.values()
            if each.sign
        ]
        self.rail = Rail(places, station.look)
        self.top = TopBar()
        self.stack = QStackedWidget()
        self.status = StatusLine()
        self.results = SearchResults(self)
        self.menu = PersonMenu(self)
        self.printer = PrinterWatch(station.settings.printer_uri, station.background, self)
        self._build()
        self._connect()
        self._tell_how_things_are()
        self.count()
        self._counting = QTimer(self)
        self._counting.setInterval(COUNT_EVERY_MILLISECONDS)
        self._counting.timeout.connect(self.count)
        self._counting.start()
        self.go(places[0].name)

    @property
    def place_titles(self) -> dict[str, str]:
        """The Spanish names of the places this person has."""
        return {name: each.place.title for name, each in self.rail.buttons.items()}

    # -- the way

    @property
    def current(self) -> View:
        """The screen shown now."""
        shown = self.stack.currentWidget()
        assert isinstance(shown, View)
        return shown

    @property
    def shown(self) -> str:
        """The name of the screen shown now."""
        return self._way[-1] if self._way else ""

    def screen_named(self, name: str) -> View:
        """Return a screen, built if it was not yet. Raises KeyError when the role has none."""
        if name not in self._open:
            about = self._may[name]
            module = importlib.import_module(f"branch_desk.views.{about.module}")
            make: Callable[[Station], View] = getattr(module, about.kind)
            view = make(self.station)
            view.go.connect(self.go)
            view.back.connect(self.back)
            view.changed.connect(self._spread)
            view.turned_away.connect(self.turned_away)
            self._open[name] = view
            self.stack.addWidget(view)
        return self._open[name]

    def go(self, name: str, subject: UUID | None = None) -> None:
        """Show a screen, with something opened in it; what the role has not is ignored."""
        if name not in self._may:
            return
        new = name not in self._open
        view = self.screen_named(name)
        self._forget_search()
        if self.shown != name:
            self._way = [*self._way[-LONGEST_WAY_BACK:], name]
        self.stack.setCurrentWidget(view)
        if self._may[name].sign:
            self.rail.show_place(name)
        if subject is not None:
            opening: Callable[[UUID], None] | None = getattr(view, "open", None)
            if opening is not None:
                opening(subject)
        elif new:
            view.refresh()
        view.come_to_front()
        if subject is None and not view.isAncestorOf(QApplication.focusWidget() or self):
            _focus_first(view)

    def back(self) -> None:
        """Show the screen that was shown before."""
        if len(self._way) < 2:  # noqa: PLR2004  this one and the one before
            return
        self._way.pop()
        name = self._way.pop()
        self.go(name)

    # -- counts and how things are

    def count(self) -> None:
        """Ask how much work waits, for the badges and the line at the foot."""
        background, desk = self.station.background, self.station.desk
        if self.station.may(*_READERS):
            background.ask_newest(
                self, "counts", self._show_counts, self._failed, desk, requests.queue_counts
            )
        background.ask_newest(self, "mail", self._show_mail, self._failed, desk, outbox.waiting)

    def tell(self, name: str, words: str, meaning: Meaning, cause: str) -> None:
        """Say in the line at the foot how a part is; `cause` is told on a click."""
        self._causes[name] = cause
        self.status.tell(name, words, meaning, cause)

    def forget(self) -> None:
        """Drop everything of the person and the members."""
        self._counting.stop()
        self.printer.stop()
        self._forget_search()
        for view in self._open.values():
            view.forget()

    def _show_counts(self, counts: Mapping[Status, int]) -> None:
        waiting = counts.get(Status.SIGNED, 0)
        self.rail.show_counts({"requests": sum(counts.values()) - waiting, "approvals": waiting})

    def _show_mail(self, waiting: int) -> None:
        words = self.tr("{count} correos en espera").format(count=waiting)
        if waiting == 1:
            words = self.tr("Un correo en espera")
        if waiting == 0:
            words = self.tr("Correo al día")
        stuck = waiting and self.station.settings.smtp is None
        cause = (
            self.tr(
                "No hay servidor de correo configurado en este puesto: los correos esperan a que "
                "otro los envíe. Avise a sistemas si nadie los envía."
            )
            if stuck
            else self.tr("Los correos salen solos; lo que falla se reintenta.")
        )
        self.tell("mail", words, Meaning.ATTENTION if stuck else Meaning.GOOD, cause)

    def _tell_how_things_are(self) -> None:
        settings = self.station.settings
        where = self.tr("Base de datos en {place}").format(place=settings.database_shown)
        self.tell("database", self.tr("Base de datos"), Meaning.GOOD, where)
        self.printer.begin()
        self.tell("version", __version__, Meaning.GOOD, f"Branch Desk {__version__}")
        if settings.training:
            cause = self.tr("Personas inventadas; nada de lo que haga aquí vale.")
            self.tell("training", self.tr("CAPACITACIÓN"), Meaning.ATTENTION, cause)

    def _tell_printer(self, words: str, meaning: Meaning, cause: str) -> None:
        self.tell("printer", words, meaning, cause)

    def _tell_cause(self, name: str) -> None:
        if name == "printer":
            self.printer.look()
        self.current.say(Meaning.INFORMATION, self._causes[name])

    def _spread(self, kind: str) -> None:
        teller = self.sender()
        for view in self._open.values():
            if view is not teller:
                view.hear(kind)
        self.count()

    def _failed(self, error: Exception) -> None:
        if isinstance(error, SessionEnded | SessionLocked):
            self.turned_away.emit(error)
        elif isinstance(error, DomainError):
            words = wording.problem(error)
            self.tell("database", self.tr("Base de datos"), Meaning.STOP, words)
        else:
            incident.record(error)

    # -- the one search field

    def _search(self, text: str) -> None:
        if not text.strip():
            self.results.forget()
            return
        if not self.station.may(*_READERS):
            self._show_found(())
            return
        background, desk = self.station.background, self.station.desk
        background.ask_newest(self, "find", self._show_found, self._failed, desk, search.find, text)

    def _show_found(self, hits: Sequence[Hit]) -> None:
        text = self.top.search.text().strip()
        if not text:
            return
        found = [*self._actions(text), *(_found(hit) for hit in hits)]
        corner = self.top.search.mapTo(self, QPoint(0, 0))
        nothing = self.tr(
            "Nada empieza con «{text}». Pruebe con la cédula, un apellido o el usuario."
        ).format(text=text)
        self.results.show_found(found, QRect(corner, self.top.search.size()), nothing)

    def _actions(self, text: str) -> list[Found]:
        wanted = text.casefold()
        return [
            Found(title, self.tr("Ir a este lugar ({key})").format(key=key), sign, "", name)
            for name, title, sign, key in (
                (p.place.name, p.place.title, p.place.sign, p.place.key)
                for p in self.rail.buttons.values()
            )
            if any(word.startswith(wanted) for word in title.casefold().split())
        ]

    def _search_chosen(self, text: str) -> None:
        first = self.results.first()
        if first is not None and self.station.background.is_idle:
            self._open_found(first)
            return
        # Enter came before the answer, as a scanner's does: what it finds first is opened.
        background, desk = self.station.background, self.station.desk
        if self.station.may(*_READERS):
            background.ask_newest(
                self, "find", self._open_first, self._failed, desk, search.find, text
            )

    def _open_first(self, hits: Sequence[Hit]) -> None:
        if len(hits) == 1:
            self._open_found(_found(hits[0]))
        else:
            self._show_found(hits)

    def _open_found(self, found: Found) -> None:
        self.go(found.screen, found.subject)

    def _scanned(self, text: str) -> None:
        # A card held under the scanner belongs to the identity being checked, not to a search.
        if not self.current.is_busy and self.current.take_scan(text):
            return
        self.top.take_scan(text)

    def _forget_search(self) -> None:
        self.results.forget()
        self.top.forget()

    def _leave_results(self) -> None:
        self.results.forget()
        self.top.focus_search()

    # -- inside

    def _build(self) -> None:
        person = self.station.person
        self.top.show_person(person.name, wording.word(person.role), person.branch)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.top)
        if self.station.settings.training:
            strip = label(self.tr("CAPACITACIÓN · SIN VALOR"), "", "training_strip")
            strip.setAlignment(Qt.AlignmentFlag.AlignCenter)
            right.addWidget(strip)
        right.addWidget(self.stack, 1)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(middle, 1)
        column.addWidget(self.status)

    def _connect(self) -> None:
        self.rail.chosen.connect(self.go)
        self.top.searched.connect(self._search)
        self.top.chosen_search.connect(self._search_chosen)
        self.top.down.connect(self.results.walk_in)
        self.top.lock_asked.connect(self.lock_asked)
        self.top.person.setMenu(self.menu)
        self.menu.leave_asked.connect(self.leave_asked)
        self.menu.keys_asked.connect(self.keys_asked)
        self.printer.told.connect(self._tell_printer)
        self.results.chosen.connect(self._open_found)
        self.results.left.connect(self._leave_results)
        self.status.cause_asked.connect(self._tell_cause)
        for key, do in (
            (shortcuts.BACK, self.back),
            (shortcuts.REFRESH, self._refresh),
            (shortcuts.EXPORT, self._export),
        ):
            QShortcut(QKeySequence(key), self).activated.connect(do)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            self.scans = ScanWatch(app)
            self.scans.setParent(self)
            self.scans.scanned.connect(self._scanned)

    def _export(self) -> None:
        from branch_desk.views.kit.list_export import export_shown  # printing is slow to load

        export_shown(self.current, self.station)

    def _refresh(self) -> None:
        self.current.refresh()
        self.count()


def _found(hit: Hit) -> Found:
    signs = {
        HitKind.MEMBER: "user",
        HitKind.REQUEST: "file-text",
        HitKind.ACCESS: "key-round",
        HitKind.ACCOUNT: "landmark",
    }
    screens = {HitKind.REQUEST: "enrolment", HitKind.ACCESS: "access"}
    screen = screens.get(hit.kind, "member")
    state = wording.word(hit.state) if hit.state is not None else ""
    if hit.locked:
        state = translate("Shell", "Bloqueado")
    if hit.kind is HitKind.MEMBER:
        state = translate("Shell", "Socio")
    subject = hit.member_id if hit.kind is HitKind.ACCOUNT else hit.id
    return Found(hit.title, hit.subtitle, signs[hit.kind], state, screen, subject)


def _focus_first(view: View) -> None:
    widget = view.nextInFocusChain()
    while widget is not None and widget is not view:
        wanted = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        if view.body.isAncestorOf(widget) and wanted and widget.isVisibleTo(view):
            widget.setFocus()
            return
        widget = widget.nextInFocusChain()
