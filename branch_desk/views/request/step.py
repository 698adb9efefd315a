"""What every step of a request is: a page that shows the request and has one primary action.

A step is no screen of its own: it asks through the screen it stands in, whose problem bar speaks
for it. What is typed and not yet saved is kept as the officer's draft (F2, R11).
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final
from uuid import UUID

from PySide6.QtCore import QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QPushButton, QWidget

from branch_desk.models.enrolment import OPEN
from branch_desk.models.errors import DomainError
from branch_desk.operations.request import drafts
from branch_desk.operations.request.enrolment_file import EnrolmentFile
from branch_desk.views.kit import shortcuts
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.theme import Meaning
from branch_desk.views.kit.view import View
from branch_desk.views.request.choices import Choices
from branch_desk.views.request.opening import Opening

KEEP_AFTER_MILLISECONDS: Final = 700


class RequestScreen(View):
    """The screen a step stands in: what the steps use of it."""

    station: Station
    opening: Opening | None = None
    """The request and all that was read with it."""
    choices: Choices | None = None
    """Accounts, limits and services as they are being chosen."""

    @property
    def file(self) -> EnrolmentFile | None:
        """The request that is open."""
        return self.opening.file if self.opening else None

    def changed_here(self, step: str = "", sentence: str = "") -> None:
        """Tell the window of a change and read the request again; go on to `step`."""
        raise NotImplementedError  # for the heirs: Qt's metaclass and ABCMeta do not go together

    def show_step(self, name: str) -> None:
        """Show the page of a step."""
        raise NotImplementedError  # for the heirs: Qt's metaclass and ABCMeta do not go together


class StepPage(QWidget):
    """One step: its page, with its own foot."""

    name: ClassVar[str] = ""
    drafted: ClassVar[str] = ""
    """Name under which the half-filled step is kept; empty: nothing to keep."""

    def __init__(self, screen: RequestScreen) -> None:
        super().__init__(screen)
        self.setObjectName(f"page_{self.name}")
        self.screen_ = screen
        self.primary = QPushButton(self)
        """What Ctrl+Enter does; each step lays it into its foot."""
        self._keep = QTimer(self)
        self._keep.setSingleShot(True)
        self._keep.setInterval(KEEP_AFTER_MILLISECONDS)
        self._keep.timeout.connect(self.keep_now)

    # -- what a step fills in

    def show_file(self, file: EnrolmentFile) -> None:
        """Show the request as it now stands."""

    def enter(self) -> None:
        """Begin what costs something: the page has come to the front."""

    def take_file(self, data: bytes) -> bool:
        """Take a file that was dropped on the window; say whether it is any use here."""
        return False

    def take_scan(self, text: str) -> bool:
        """Take what a scanner typed; say whether it is any use here."""
        return False

    def field_of(self, error: DomainError) -> str | None:
        """Say which of this step's fields a refusal is about."""
        return error.field

    def content(self) -> Mapping[str, object]:
        """Give what is typed and not saved, to be kept as a draft."""
        return {}

    def forget(self) -> None:
        """Drop what belongs to a member."""

    # -- what steps use

    @property
    def file(self) -> EnrolmentFile:
        """The request that is open; a page is shown only with one."""
        file = self.screen_.file
        if file is None:
            raise LookupError("no request is open")
        return file

    @property
    def may_edit(self) -> bool:
        """Whether this officer may change the request now."""
        file = self.screen_.file
        return file is not None and file.status in OPEN and file.held_by_me

    def keep_soon(self) -> None:
        """Keep what was typed, once the person pauses."""
        if self.drafted and self.may_edit:
            self._keep.start()

    def keep_now(self) -> None:
        """Keep what was typed."""
        self._keep.stop()
        if self.screen_.file is not None and self.may_edit:
            # A newer draft holds all that the older one did, so the newest alone is written.
            self.screen_.search(
                self._kept, drafts.save, self.draft_subject(self.file.id), self.content()
            )

    def call_primary(self, words: str) -> None:
        """Put another verb on the primary button; a new text would drop its Ctrl+Enter."""
        self.primary.setText(words)
        self.primary.setShortcut(QKeySequence(shortcuts.PRIMARY))

    def leave(self) -> None:
        """Write at once what would be written after a pause: the request is let go."""
        if self._keep.isActive():
            self.keep_now()

    def draft_subject(self, enrolment_id: UUID) -> str:
        """Name the draft of this step of a request."""
        return f"{enrolment_id}/{self.drafted}"

    def drop_draft(self, done: Callable[[], object]) -> None:
        """Forget the draft: what it held is saved."""
        self._keep.stop()

        self.screen_.ask(lambda _nothing: done(), drafts.drop, self.draft_subject(self.file.id))

    def may_void(self) -> bool:
        """Ask before a change that voids a paper; without one there is nothing to ask (F12)."""
        form = self.file.valid_form
        if form is None:
            return True
        return Confirmation.ask(
            self,
            self.tr("El formulario impreso quedará anulado"),
            self.tr(
                "Este cambio anula el formulario de la revisión {revision} y su firma. "
                "Habrá que imprimir y firmar uno nuevo."
            ).format(revision=form.revision),
            self.tr("Guardar y &anular el papel"),
            meaning=Meaning.ATTENTION,
        )

    def _kept(self, nothing: Any) -> None:  # noqa: ANN401  what the operation returns
        """Stay silent: a kept draft is no deed."""
