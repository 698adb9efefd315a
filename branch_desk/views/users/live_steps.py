"""A first access while it happens: its nine steps, asked for every two seconds (F19).

`AccessStep` is what the steps «Clave» and «Token» have in common: a user, or one chosen among a
company's, and the member's progress beside what the officer does.
"""

from functools import cache
from typing import Final
from uuid import UUID

from PySide6.QtCore import QCoreApplication, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from branch_desk.operations.users import access
from branch_desk.operations.users.access_file import AccessFile
from branch_desk.operations.users.first_steps import FirstAccessSteps, StepKind
from branch_desk.operations.work import Desk
from branch_desk.views.kit import formats
from branch_desk.views.kit.fields import row
from branch_desk.views.kit.pieces import card, label
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.steps_track import Progress, Step, StepsTrack
from branch_desk.views.kit.theme import GRID
from branch_desk.views.kit.view import Changed, View

translate = QCoreApplication.translate

ASK_MILLISECONDS: Final = 2_000
SIDE_WIDTH: Final = 248


@cache
def step_words() -> dict[StepKind, str]:
    """Return the name of each step."""
    return {
        StepKind.CREDENTIAL_ISSUED: translate("FirstStep", "Clave inicial emitida"),
        StepKind.LINK_SENT: translate("FirstStep", "Enlace enviado"),
        StepKind.CREDENTIAL_USED: translate("FirstStep", "Clave y enlace usados"),
        StepKind.PASSWORD_SET: translate("FirstStep", "Contraseña elegida"),
        StepKind.PIN_SET: translate("FirstStep", "PIN de seguridad"),
        StepKind.IMAGE_CHOSEN: translate("FirstStep", "Imagen de seguridad"),
        StepKind.QUESTION_SET: translate("FirstStep", "Pregunta secreta"),
        StepKind.TOKEN_PROVISIONED: translate("FirstStep", "Código QR mostrado"),
        StepKind.TOKEN_PROVED: translate("FirstStep", "Token probado"),
    }


def track_of(steps: FirstAccessSteps) -> list[Step]:
    """Put a first access on the track: what is done with its hour, the next one as current."""
    undone = [each.kind for each in steps.steps if each.at is None]
    return [
        Step(
            name=each.kind.lower(),
            title=step_words()[each.kind],
            progress=Progress.DONE
            if each.at is not None
            else Progress.CURRENT
            if each.kind is undone[0]
            else Progress.WAITING,
            note="" if each.at is None else formats.instant(each.at),
        )
        for each in steps.steps
    ]


class LiveSteps(QWidget):
    """The steps of one user, as the database says now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("live_steps")
        self.steps: FirstAccessSteps | None = None
        self.track = StepsTrack(self.tr("Primer ingreso"))
        frame, column = card("live_steps_card")
        column.addWidget(label(self.tr("Primer ingreso"), "section"))
        column.addWidget(self.track, 1)
        self.note = label("", "small", "live_steps_note", wrap=True)
        column.addWidget(self.note)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)
        self.setFixedWidth(SIDE_WIDTH)

    def show_steps(self, steps: FirstAccessSteps | None) -> None:
        """Show how far it is; None forgets."""
        if steps == self.steps:
            return
        self.steps = steps
        self.track.show_steps([] if steps is None else track_of(steps))
        if steps is None:
            self.note.setText("")
        elif steps.next is None:
            self.note.setText(self.tr("Primer ingreso completo."))
        else:
            self.note.setText(self.tr("Se actualiza sola mientras el socio avanza."))


def _files(desk: Desk, access_ids: tuple[UUID, ...]) -> tuple[AccessFile, ...]:
    return tuple(desk(access.file, each) for each in access_ids)


class AccessStep(View):
    """A screen about one user and its first access.

    `finished` carries the user's id when the step's own work is done, `progressed` how far the
    user shown is (FirstAccessSteps).
    """

    finished = Signal(object)
    progressed = Signal(object)

    def __init__(self, station: Station) -> None:
        super().__init__(station.desk, station.background)
        self.station = station
        self.files: tuple[AccessFile, ...] = ()
        self._ids: tuple[UUID, ...] = ()
        self._shown: UUID | None = None
        self.user = QComboBox()
        self.user.setObjectName("user")
        self.user.activated.connect(self._turn)
        choice = QFormLayout()
        self._choice = row(choice, self.tr("&Usuario"), self.user)
        self.live = LiveSteps()
        self.column = QVBoxLayout()
        self.column.setSpacing(GRID)
        self.column.addLayout(choice)
        across = QHBoxLayout(self.body)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(2 * GRID)
        across.addLayout(self.column, 1)
        across.addWidget(self.live)
        self._timer = QTimer(self)
        self._timer.setInterval(ASK_MILLISECONDS)
        self._timer.timeout.connect(self.ask_steps)
        self._offer(())

    # -- who

    @property
    def file(self) -> AccessFile | None:
        """The user shown."""
        place = self.user.currentIndex()
        return self.files[place] if 0 <= place < len(self.files) else None

    def show_access(self, access_ids: tuple[UUID, ...]) -> None:
        """Show these users of a request; a choice appears when they are several."""
        if access_ids != self._ids:
            self.forget()
        self._ids = access_ids
        self.refresh()

    def show_files(self, files: tuple[AccessFile, ...]) -> None:
        """Show users that were just read: one look, one record."""
        self._ids = tuple(each.row.id for each in files)
        self._loaded(files)

    def refresh(self) -> None:
        """Ask for the users anew."""
        if self._ids:
            self.perform(self._loaded, _files, self.station.desk, self._ids)

    def forget(self) -> None:
        """Show nobody."""
        self.give_back()
        self._timer.stop()
        self._ids = ()
        self._shown = None
        self.files = ()
        self._offer(())
        self.live.show_steps(None)

    # -- the member's screen

    @property
    def shows(self) -> bool:
        """Whether the member's screen is this step's now: there is one for all screens."""
        return self.station.member_screen.presented_by is self

    def present(self) -> bool:
        """Take the member's screen; return whether it is a second monitor."""
        return self.station.member_screen.present(self.window(), self)

    def give_back(self) -> None:
        """Give the only monitor back to the officer; a second one greets again."""
        screen = self.station.member_screen
        if not self.shows:
            return
        screen.presented_by = None
        if screen.isWindow():
            screen.rest()
        else:
            screen.dismiss()

    # -- for the screens

    def show_file(self, file: AccessFile) -> None:
        """Show another user."""

    def show_progress(self, steps: FirstAccessSteps) -> None:
        """Show what changed in the first access."""

    # -- live

    def ask_steps(self) -> None:
        """Ask how far the first access is."""
        if self.file is not None:
            self.search(self._polled, access.steps, self.file.row.id)

    def showEvent(self, event: QShowEvent) -> None:
        """Follow the member while this is seen."""
        super().showEvent(event)
        if self.files:
            self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop following."""
        super().hideEvent(event)
        self._timer.stop()

    def _loaded(self, files: tuple[AccessFile, ...]) -> None:
        before = self.user.currentIndex()
        self.files = files
        self._offer(files)
        self.user.setCurrentIndex(max(0, before))
        self._turn()
        if self.isVisible():
            self._timer.start()

    def _turn(self) -> None:
        if self.file is None:
            return
        self.live.show_steps(self.file.steps)
        if self._shown != self.file.row.id:
            # Reading the same user anew must not take away what the member is looking at; another
            # user must: a code typed there would be tried on the wrong one.
            self.give_back()
            self._shown = self.file.row.id
            self.show_file(self.file)
        self.show_progress(self.file.steps)
        self.progressed.emit(self.file.steps)

    def _polled(self, steps: FirstAccessSteps) -> None:
        if self.file is None or steps.access_id != self.file.row.id:
            return
        before = self.live.steps
        self.live.show_steps(steps)
        self.show_progress(steps)
        self.progressed.emit(steps)
        if before is not None and before.status is not steps.status:
            self.changed.emit(Changed.ACCESS)

    def _offer(self, files: tuple[AccessFile, ...]) -> None:
        self.user.clear()
        self.user.addItems([f"{each.row.user_name} · {each.row.person_name}" for each in files])
        for part in (self.user, self._choice):
            part.setVisible(len(files) > 1)
