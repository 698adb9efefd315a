"""Autorizaciones (F6): a supervisor judges signed requests, one at a time (F14).

The own password and code are given with every single decision: what was typed before, for
anything else, does not count here.
"""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from branch_desk.models.enrolment import Status
from branch_desk.models.errors import SignInFailed
from branch_desk.operations.house.sign_in import reauthenticate
from branch_desk.operations.request import approval, requests
from branch_desk.operations.request.approval import Case
from branch_desk.operations.request.identity import attachment
from branch_desk.operations.request.requests import RequestRow
from branch_desk.operations.work import Desk
from branch_desk.views.approval.case_view import CaseView
from branch_desk.views.approval.decision_bar import DecisionBar
from branch_desk.views.kit import formats
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.paper_preview import PaperPreview
from branch_desk.views.kit.pieces import ActionRow, HeaderCard, button, card, label
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.table import Column, PagedTable, PageOf, Wanted
from branch_desk.views.kit.theme import GRID, Meaning
from branch_desk.views.kit.view import Changed, View

_SIGNED = frozenset({Status.SIGNED})


def decided(desk: Desk, password: str, code: str, decision: Callable[[Desk], object]) -> object:
    """Take password and code, then decide. Raises SignInFailed and what the decision raises."""
    reauthenticate(desk, password, code)
    return decision(desk)


class ApprovalsView(View):
    """The queue of what waits for a supervisor, and the case under judgement."""

    cares_about = frozenset({Changed.ENROLMENT})

    def __init__(self, station: Station) -> None:
        super().__init__(station.desk, station.background)
        self.station = station
        self.case: Case | None = None
        self._not_mine: set[UUID] = set()
        self.pages = QStackedLayout(self.body)
        self._queue_page = self._build_queue()
        self._case_page = self._build_case()
        for page in (self._queue_page, self._case_page):
            self.pages.addWidget(page)
        self.failed.connect(self.table.give_up)

    # -- building

    def _build_queue(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(label(self.tr("Solicitudes firmadas que esperan autorización"), "title"))
        self.table = PagedTable[RequestRow](
            "approvals",
            self.tr("Solicitudes por autorizar"),
            [
                Column("number", self.tr("Folio"), lambda r: r.number, width=150, code=True),
                Column("name", self.tr("Socio"), lambda r: r.name, width=300),
                Column("document", self.tr("Documento"), lambda r: r.document, width=140),
                Column(
                    "revision",
                    self.tr("Versión"),
                    lambda r: str(r.revision),
                    width=80,
                    right=True,
                ),
                Column(
                    "changed",
                    self.tr("Firmada"),
                    lambda r: formats.instant(r.changed_at),
                    width=150,
                ),
                Column("waiting", self.tr("Espera"), lambda r: formats.span(r.waiting), width=110),
            ],
            key=lambda r: r.id,
            empty=self.tr("Nada espera su autorización."),
            settings=self.station.look,
        )
        self.table.opened.connect(self._open_row)
        column.addWidget(self.table, 1)
        self.open_button = button(self.tr("&Revisar"), name="open_case")
        self.open_button.clicked.connect(self._open_current)
        column.addWidget(ActionRow(self.open_button))
        return page

    def _build_case(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self.header = HeaderCard()
        column.addWidget(self.header)
        self.words = CaseView()
        self.papers = PaperPreview("filed", "", self)
        middle = QHBoxLayout()
        middle.setSpacing(2 * GRID)
        middle.addWidget(self.words, 5)
        side, papers = card("papers")
        papers.addLayout(self._build_choice())
        papers.addWidget(self.papers, 1)
        middle.addWidget(side, 4)
        column.addLayout(middle, 1)
        self.bar = DecisionBar()
        self.bar.approve.clicked.connect(self._approve)
        self.bar.send_back.clicked.connect(self._send_back)
        self.bar.reject.clicked.connect(self._reject)
        self.bar.leave.clicked.connect(self._leave)
        column.addWidget(self.bar)
        return page

    def _build_choice(self) -> QHBoxLayout:
        self._choice = QButtonGroup(self)
        self.sheet = button(self.tr("&Hoja firmada"), name="see_sheet", sign="file-signature")
        self.front = button(self.tr("An&verso"), name="see_front", sign="id-card")
        self.back_side = button(self.tr("Rever&so"), name="see_back", sign="id-card")
        line = QHBoxLayout()
        for each in (self.sheet, self.front, self.back_side):
            each.setCheckable(True)
            self._choice.addButton(each)
            line.addWidget(each)
        line.addStretch(1)
        self._choice.buttonClicked.connect(self._choose)
        return line

    # -- the queue

    def refresh(self) -> None:
        """Read the queue anew; a case under judgement stays."""
        self.table.read(self._ask_page)

    def _ask_page(self, done: Callable[[PageOf[RequestRow]], None], wanted: Wanted) -> None:
        self.search(done, requests.requests, statuses=_SIGNED, after=wanted.after)

    def _open_row(self, found: RequestRow) -> None:
        self.open(found.id)

    def _open_current(self) -> None:
        found = self.table.current()
        if found is not None:
            self.open(found.id)

    def open(self, enrolment_id: UUID) -> None:
        """Open a case; the look is recorded."""
        self.ask(self._show, approval.case, enrolment_id)

    def forget(self) -> None:
        """Show nobody: another person signs in."""
        self._leave()

    def _leave(self) -> None:
        self.case = None
        self.words.forget()
        self.papers.clear()
        self.header.forget()
        self.bar.empty()
        self.pages.setCurrentWidget(self._queue_page)

    # -- the case

    def _show(self, case: Case) -> None:
        self.case = case
        self.bar.empty()
        self.header.show_person(
            case.name,
            [
                (self.tr("Folio"), case.number),
                (self.tr("Documento"), case.form.member.document),
                (self.tr("Socio"), case.form.member.member_number),
                (self.tr("Versión"), str(case.form.revision)),
                (self.tr("Firmada"), formats.instant(case.waiting_since)),
                (self.tr("Intervinieron"), ", ".join(case.hands)),
            ],
            self.tr("Espera autorización"),
            Meaning.ATTENTION,
        )
        self.words.show_case(case)
        self.front.setEnabled(case.card_front_id is not None)
        self.back_side.setEnabled(case.card_back_id is not None)
        self.bar.show_may(may=case.may_decide)
        if not case.may_decide:
            self._not_mine.add(case.enrolment_id)
        self.pages.setCurrentWidget(self._case_page)
        self.sheet.setChecked(True)
        self._look(case.sheet_id)
        self.bar.take_focus()

    def _choose(self) -> None:
        case, pressed = self.case, self._choice.checkedButton()
        if case is None or pressed is None:
            return
        others = {"see_front": case.card_front_id, "see_back": case.card_back_id}
        self._look(others.get(pressed.objectName(), case.sheet_id))

    def _look(self, attachment_id: UUID | None) -> None:
        if attachment_id is None:
            return
        self.papers.clear(self.tr("Abriendo…"))
        self.search(self._opened, attachment, attachment_id)

    def _opened(self, found: tuple[str, bytes]) -> None:
        media_type, content = found
        if self.case is not None:
            self.papers.show_picture(content, media_type)

    # -- deciding

    def _approve(self) -> None:
        case = self.case
        if case is not None and self.bar.complete():
            self._decide(
                self.tr("{name} quedó autorizada; su usuario y su correo ya están en camino."),
                lambda desk: desk(
                    approval.approve, case.enrolment_id, terms_sha256=case.terms_sha256
                ),
            )

    def _send_back(self) -> None:
        case, reason = self.case, self.bar.reason.value()
        if case is not None and self.bar.complete():
            self._decide(
                self.tr("{name} volvió para corrección; el papel firmado quedó anulado."),
                lambda desk: desk(approval.send_back, case.enrolment_id, reason),
            )

    def _reject(self) -> None:
        case, reason = self.case, self.bar.reason.value()
        if case is None or not self.bar.complete():
            return
        if Confirmation.ask(
            self,
            self.tr("Rechazar la solicitud {number}").format(number=case.number),
            self.tr("Termina para siempre: para corregir algo hará falta una solicitud nueva."),
            self.tr("&Rechazar"),
            meaning=Meaning.STOP,
        ):
            self._decide(
                self.tr("{name} quedó rechazada."),
                lambda desk: desk(approval.reject, case.enrolment_id, reason),
            )

    def _decide(self, sentence: str, decision: Callable[[Desk], object]) -> None:
        done = partial(self._decided, sentence.format(name=self.case.name if self.case else ""))
        password, code = self.bar.take()
        self.perform(done, decided, self.station.desk, password, code, decision)

    def _decided(self, sentence: str, _: object) -> None:
        self.succeed(sentence)
        for kind in (Changed.ENROLMENT, Changed.ACCESS, Changed.OUTBOX):
            self.changed.emit(kind)
        self._leave()
        self.refresh()
        self.search(self._next, requests.requests, statuses=_SIGNED)

    def _next(self, page: PageOf[RequestRow]) -> None:
        """Open the one that waits longest and is not of the supervisor's own hand."""
        waiting = [each for each in page.rows if each.id not in self._not_mine]
        if waiting and self.case is None:
            self.open(waiting[0].id)

    def show_problem(self, error: Exception) -> None:
        """Say that password or code were wrong; the rest as every screen says it."""
        if isinstance(error, SignInFailed):
            self.say(
                Meaning.STOP,
                self.tr(
                    "La contraseña o el código no son correctos. Cada código sirve una sola vez: "
                    "espere el siguiente y escriba los dos de nuevo."
                ),
            )
            self.bar.take_focus()
            return
        super().show_problem(error)
