"""One request, from the identity card to the working token: its steps and who it is about.

The step shown follows from the request's state. Opening holds the request for this officer;
leaving lets it go.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final
from uuid import UUID

from PySide6.QtCore import QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from branch_desk.models.enrolment import OPEN, Status
from branch_desk.models.errors import (
    AboveCeiling,
    AccountUnfit,
    ChangedMeanwhile,
    DomainError,
    LimitsInconsistent,
    NothingChosen,
    NotTheHolder,
)
from branch_desk.models.member import MemberKind
from branch_desk.models.staff import Role
from branch_desk.operations.request import enrolment
from branch_desk.operations.users.first_steps import FirstAccessSteps
from branch_desk.views.kit import formats, incoming, wording
from branch_desk.views.kit.pieces import HeaderCard
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.steps_track import StepsTrack
from branch_desk.views.kit.theme import GRID, Meaning
from branch_desk.views.kit.view import Changed
from branch_desk.views.request.choices import Choices
from branch_desk.views.request.meanwhile import MeanwhileCard, file_changes
from branch_desk.views.request.opening import CONFIGURATION, IDENTITY, Opening, take_up
from branch_desk.views.request.request_steps import STEPS, current_step, steps_of
from branch_desk.views.request.step import RequestScreen, StepPage
from branch_desk.views.request.step_accounts import AccountsStep
from branch_desk.views.request.step_applicant import ApplicantStep
from branch_desk.views.request.step_approval import ApprovalStep
from branch_desk.views.request.step_form import FormStep
from branch_desk.views.request.step_identity import IdentityStep
from branch_desk.views.request.step_limits import LimitsStep
from branch_desk.views.request.step_services import ServicesStep
from branch_desk.views.request.step_signature import SignatureStep
from branch_desk.views.users.step_credential import CredentialStep
from branch_desk.views.users.step_token import TokenStep

MEANINGS: Final = {
    Status.SUBMITTED: Meaning.INFORMATION,
    Status.IDENTIFIED: Meaning.INFORMATION,
    Status.CONFIGURED: Meaning.INFORMATION,
    Status.PRINTED: Meaning.INFORMATION,
    Status.SIGNED: Meaning.ATTENTION,
    Status.APPROVED: Meaning.GOOD,
    Status.REJECTED: Meaning.STOP,
    Status.EXPIRED: Meaning.NEUTRAL,
    Status.WITHDRAWN: Meaning.NEUTRAL,
}
_FACTS_EVERY_MILLISECONDS: Final = 30_000
_STEP_OF_REFUSAL: Final[dict[type[DomainError], str]] = {
    AboveCeiling: "limits",
    LimitsInconsistent: "limits",
    AccountUnfit: "accounts",
    NotTheHolder: "accounts",
}


class EnrolmentView(RequestScreen):
    """A request: header, steps at the left, the step at the right."""

    cares_about = frozenset({Changed.ENROLMENT})

    def __init__(self, station: Station) -> None:
        super().__init__(station.desk, station.background)
        self.station = station
        self.header = HeaderCard()
        self.meanwhile = MeanwhileCard(self.body)
        self.track = StepsTrack(self.tr("Pasos de la solicitud"))
        self.stack = QStackedWidget()
        self.pages: dict[str, QWidget] = {}
        self._released = False
        self._telling = False
        self._first: FirstAccessSteps | None = None
        self._opened_at = station.now()
        for kind in (
            IdentityStep,
            AccountsStep,
            LimitsStep,
            ServicesStep,
            FormStep,
            SignatureStep,
            ApprovalStep,
            ApplicantStep,
        ):
            self._add(kind.name, kind(self))
        self.credential = CredentialStep(station)
        self.token = TokenStep(station)
        for name, step in (("credential", self.credential), ("token", self.token)):
            step.changed.connect(self.changed)
            step.progressed.connect(self._progressed)
            step.go.connect(self.go)
            step.turned_away.connect(self.turned_away)
            self._add(name, step)
        self.credential.finished.connect(self._credential_given)
        self.track.chosen.connect(self.show_step)
        across = QHBoxLayout()
        across.setSpacing(2 * GRID)
        across.addWidget(self.track)
        across.addWidget(self.stack, 1)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.header)
        column.addWidget(self.meanwhile)
        column.addLayout(across, 1)
        self.setAcceptDrops(True)
        self._clock = QTimer(self)
        self._clock.setInterval(_FACTS_EVERY_MILLISECONDS)
        self._clock.timeout.connect(self._show_header)

    # -- opening and leaving

    def open(self, enrolment_id: UUID) -> None:
        """Open a request; held by another it is only shown, and by whom is said."""
        if self.file is not None and self.file.id != enrolment_id:
            self.leave()
            self.forget()
        self._opened_at = self.station.now()
        self._read(self._opened, enrolment_id, known=False)

    def leave(self) -> None:
        """Let the request go, so that another may open it."""
        file = self.file
        if file is None or self._released or not file.held_by_me:
            return
        for page in self.pages.values():
            if isinstance(page, StepPage):
                page.leave()
        self._released = True
        self.background.ask(self, _nothing, _nothing, self.station.desk, enrolment.release, file.id)

    def forget(self) -> None:
        """Show nobody: another person has signed in."""
        self.opening = self.choices = self._first = None
        self._clock.stop()
        self.problem_bar.clear()
        self.meanwhile.forget()
        self.header.forget()
        self.track.show_steps([])
        for page in self.pages.values():
            if isinstance(page, StepPage | CredentialStep | TokenStep):
                page.forget()

    def refresh(self) -> None:
        """Read the request again; what is typed stays."""
        self.reload()

    def reload(self, step: str = "", sentence: str = "") -> None:
        """Read the request again after a change; go on to `step`, say `sentence`."""
        file = self.file
        if file is not None:
            stay = step or self.step_name
            self._read(partial(self._reloaded, stay, sentence), file.id, known=True)

    def changed_here(self, step: str = "", sentence: str = "") -> None:
        """Tell the window that this request changed, and read it again."""
        self._telling = True
        self.changed.emit(Changed.ENROLMENT)
        self._telling = False
        self.reload(step, sentence)

    def hear(self, kind: str) -> None:
        """Learn that something changed elsewhere; what this screen did it knows already."""
        if not self._telling:
            super().hear(kind)

    def come_to_front(self) -> None:
        """Take the request up again, when it was let go."""
        if self._released:
            self.reload()
        else:
            super().come_to_front()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let the request go when another screen comes to the front."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.leave()

    def _read(self, done: Callable[[Opening], object], enrolment_id: UUID, *, known: bool) -> None:
        hold = self.station.may(Role.OFFICER, Role.SUPERVISOR)
        desk = self.station.desk
        self.perform(done, take_up, desk, enrolment_id, hold=hold, known=known)

    def _opened(self, opening: Opening) -> None:
        self.problem_bar.clear()
        self.meanwhile.forget()
        self._show(opening)
        self.show_step(current_step(opening.file))
        if opening.refusal is not None:
            self.say(Meaning.INFORMATION, wording.problem(opening.refusal))
        elif opening.returned and opening.file.status is Status.CONFIGURED:
            reason, who, when = opening.returned
            self.say(
                Meaning.ATTENTION,
                self.tr("Devuelta por {who} el {when}: {reason}").format(
                    who=who, when=formats.instant(when), reason=reason
                ),
            )
        elif opening.file.status not in OPEN and opening.file.end_reason:
            self.say(
                Meaning.INFORMATION,
                self.tr("Terminada: {reason}").format(reason=opening.file.end_reason),
            )

    def _reloaded(self, step: str, sentence: str, opening: Opening) -> None:
        self._show(opening)
        self.show_step(step)
        if opening.refusal is not None:
            self.say(Meaning.INFORMATION, wording.problem(opening.refusal))
        elif sentence:
            self.succeed(sentence)

    def _shown_again(
        self, step: str, problem: str, typed: dict[str, Mapping[str, object]], opening: Opening
    ) -> None:
        before = self.opening
        if opening.file.status in OPEN:
            opening = replace(opening, drafts={**opening.drafts, **typed})
        self._reloaded(step, "", opening)
        if before is not None and before.file.id == opening.file.id:
            self.meanwhile.show_changes(file_changes(before, opening))
        self.say(Meaning.STOP, problem)

    def _typed(self) -> dict[str, Mapping[str, object]]:
        """Give what is on the screen and not saved, whether or not it is kept as a draft yet."""
        typed: dict[str, Mapping[str, object]] = {}
        if self.choices is not None and self.choices.touched:
            typed[CONFIGURATION] = self.choices.content()
        page = self.step
        if isinstance(page, IdentityStep):
            typed[IDENTITY] = page.content()
        return typed

    def _show(self, opening: Opening) -> None:
        same = self.file is not None and self.file.id == opening.file.id
        before = self.file if same else None
        self._released = False
        self.opening = opening
        keep_choices = (
            before is not None
            and self.choices is not None
            and self.choices.touched
            and before.member_id == opening.file.member_id
            and before.revision == opening.file.revision
        )
        if opening.options is None:
            self.choices = None
        elif not keep_choices:
            self.choices = Choices.of(opening.options, opening.drafts.get(CONFIGURATION))
        self._show_header()
        self._clock.start()
        for page in self.pages.values():
            if isinstance(page, StepPage):
                page.show_file(opening.file)

    def _show_header(self) -> None:
        file = self.file
        if file is None:
            return
        now = self.station.now()
        company = file.application.values.kind is MemberKind.COMPANY
        document = wording.word(file.application.values.document_type) if not company else "NIT"
        document = self.tr("CI") if document.startswith("Cédula de identidad") else document
        if file.held_by_me:
            holder = self.tr("usted, {span}").format(span=formats.span(now - self._opened_at))
        else:
            holder = file.holder or self.tr("nadie")
        self.setWindowTitle(file.number)
        self.header.show_person(
            file.name,
            [
                (document, file.document),
                (self.tr("Socio"), file.member_number or self.tr("sin registro")),
                (self.tr("Folio"), file.number),
                (self.tr("Ingresó hace"), formats.span(now - file.submitted_at)),
                (self.tr("La atiende"), holder),
            ],
            wording.state(file.status),
            MEANINGS[file.status],
        )

    # -- steps

    @property
    def step_name(self) -> str:
        """Name of the page shown."""
        shown = self.stack.currentWidget()
        return next((name for name, page in self.pages.items() if page is shown), STEPS[0])

    @property
    def step(self) -> QWidget:
        """The page shown."""
        return self.pages[self.step_name]

    def show_step(self, name: str) -> None:
        """Show the page of a step."""
        file = self.file
        if file is None:
            return
        self._show_track(name)
        page = self.pages[name]
        arriving = page is not self.stack.currentWidget()
        self.stack.setCurrentWidget(page)
        if arriving:
            self.mark(None)
        if isinstance(page, StepPage):
            page.enter()
        elif isinstance(page, CredentialStep | TokenStep):
            page.show_access(file.access_ids)

    def _show_track(self, name: str) -> None:
        if self.file is not None:
            shown = name if name in STEPS else "identity"
            self.track.show_steps(steps_of(self.file, self._first), shown=shown)

    def _progressed(self, first: FirstAccessSteps) -> None:
        """Tick off the last two steps as the member gets on."""
        if first != self._first:
            self._first = first
            self._show_track(self.step_name)

    def show_problem(self, error: Exception) -> None:
        """Say what is wrong, on the page where it can be mended."""
        if isinstance(error, DomainError):
            name = _STEP_OF_REFUSAL.get(type(error), "")
            if isinstance(error, NothingChosen):
                kinds = {"accounts": "accounts", "limits": "limits", "channels": "services"}
                name = kinds.get(str(error.facts.get("kind")), "")
            if name and self.step_name in {"accounts", "limits", "services"}:
                self.show_step(name)
            page = self.stack.currentWidget()
            if isinstance(page, StepPage):
                error.field = page.field_of(error)
        super().show_problem(error)
        if isinstance(error, ChangedMeanwhile) and self.file is not None:
            # What came in between is shown; the sentence outlives the reading.
            self._read(
                partial(
                    self._shown_again, self.step_name, self.problem_bar.sentence, self._typed()
                ),
                self.file.id,
                known=True,
            )

    # -- files and scans from outside

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a picture or PDF that is dragged over any part of the screen."""
        if incoming.dropped_file(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand the dropped file to the step shown."""
        path = incoming.dropped_file(event.mimeData())
        if path is not None:
            event.acceptProposedAction()
            self.run(self.take_file, incoming.read_file, path)

    def take_file(self, data: bytes) -> None:
        """Hand a file to the step shown; a sheet dropped too early is said to be so."""
        page = self.stack.currentWidget()
        if isinstance(page, StepPage) and page.take_file(data):
            return
        self.say(
            Meaning.ATTENTION,
            self.tr(
                "En este paso no se archiva ningún documento. Vaya a Identidad para la cédula "
                "o a Firma para el formulario firmado y suéltelo otra vez."
            ),
        )

    def take_scan(self, text: str) -> bool:
        """Hand a scanned code to the step shown; say whether it was of use."""
        page = self.stack.currentWidget()
        return isinstance(page, StepPage) and page.take_scan(text)

    # -- inside

    def _add(self, name: str, page: QWidget) -> None:
        self.pages[name] = page
        self.stack.addWidget(page)

    def _credential_given(self, access_id: UUID) -> None:
        self.show_step("token")


def _nothing(result: object) -> None:
    """Ask nothing of anybody: a request was let go, or could not be."""
