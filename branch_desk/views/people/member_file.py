"""One member whole: data and accounts, movements, operations, beneficiaries, schedules.

Each look is recorded, and each part is a look of its own: it asks when it is opened.
"""

from uuid import UUID

from PySide6.QtWidgets import QTabWidget, QVBoxLayout

from branch_desk.models.access import AccessStatus
from branch_desk.models.enrolment import Status
from branch_desk.models.staff import Role
from branch_desk.operations.books import members
from branch_desk.operations.books.members import HeldAccount, MemberRecord, MemberUser
from branch_desk.operations.page import Page
from branch_desk.operations.request import requests
from branch_desk.operations.request.requests import RequestRow
from branch_desk.views.kit import wording
from branch_desk.views.kit.pieces import ActionRow, HeaderCard, button
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.theme import GRID, Meaning
from branch_desk.views.kit.view import Changed, View
from branch_desk.views.people.member_data import MemberData
from branch_desk.views.people.member_part import MemberPart
from branch_desk.views.people.movements_part import MovementsPart
from branch_desk.views.people.operations_part import OperationsPart
from branch_desk.views.people.payees_part import PayeesPart
from branch_desk.views.people.schedules_part import SchedulesPart


class MemberFileView(View):
    """The file of a member; `open` shows another one."""

    cares_about = frozenset({Changed.MEMBER, Changed.ACCESS, Changed.ENROLMENT})

    def __init__(self, station: Station) -> None:
        super().__init__(station.desk, station.background)
        self._member_id: UUID | None = None
        self.header = HeaderCard()
        self.data = MemberData(station)
        self.movements = MovementsPart(station)
        self.operations = OperationsPart(station)
        self.payees = PayeesPart(station)
        self.schedules = SchedulesPart(station)
        self.tabs = QTabWidget()
        self.back_button = button(self.tr("&Volver"), name="back", sign="arrow-left")
        self.start = button(self.tr("&Nuevo trámite"), name="start_request")
        if not station.may(Role.OFFICER, Role.SUPERVISOR):
            self.start.hide()
        self._build()

    @property
    def parts(self) -> tuple[MemberPart, ...]:
        """The parts that ask for themselves when they are looked at."""
        return self.movements, self.operations, self.payees, self.schedules

    def open(self, member_id: UUID) -> None:
        """Show this member; that it was looked at is recorded."""
        if member_id != self._member_id:
            self.forget()
        self._member_id = member_id
        self.ask(self._show, members.member, member_id)

    def refresh(self) -> None:
        """Ask anew for the member shown."""
        if self._member_id is not None:
            self.ask(self._show, members.member, self._member_id)

    def forget(self) -> None:
        """Drop the member's data."""
        self._member_id = None
        self.header.forget()
        self.tabs.setCurrentWidget(self.data)
        self.data.forget()
        for part in self.parts:
            part.forget()

    # -- inside

    def _show(self, record: MemberRecord) -> None:
        if record.id != self._member_id:
            return
        enrolled = any(user.status is not AccessStatus.CLOSED for user in record.users)
        state = self.tr("Con banca electrónica") if enrolled else self.tr("Sin banca electrónica")
        self.header.show_person(
            record.name,
            [
                (wording.word(record.kind), ""),
                (self.tr("Documento"), record.document),
                (self.tr("Socio N°"), record.number),
                (self.tr("Agencia"), record.branch_code),
            ],
            state,
            Meaning.GOOD if enrolled else Meaning.NEUTRAL,
        )
        self.data.show_record(record)
        for part in self.parts:
            part.be_about(record)
        self._look(self.tabs.currentIndex())
        # An officer sees those of the own branch.
        self.search(
            self._show_requests,
            requests.requests,
            statuses=frozenset(Status),
            text=record.document_number,
            newest_first=True,
        )

    def _show_requests(self, page: Page[RequestRow]) -> None:
        self.data.show_requests([row for row in page.rows if row.member_id == self._member_id])

    def _look(self, place: int) -> None:
        part = self.tabs.widget(place)
        if isinstance(part, MemberPart):
            part.look()

    def _see_movements(self, account: HeldAccount) -> None:
        self.movements.choose(account.id)
        self.tabs.setCurrentWidget(self.movements)

    def _start_request(self) -> None:
        if self._member_id is not None:
            self.go.emit("new_request", self._member_id)

    def _open_user(self, user: MemberUser) -> None:
        self.go.emit("access", user.id)

    def _open_request(self, row: RequestRow) -> None:
        self.go.emit("enrolment", row.id)

    def _build(self) -> None:
        self.back_button.clicked.connect(self.back)
        self.start.clicked.connect(self._start_request)
        self.data.users.opened.connect(self._open_user)
        self.data.requests.opened.connect(self._open_request)
        self.data.account.connect(self._see_movements)
        self.tabs.setObjectName("member_tabs")
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(self.tr("Partes del socio"))
        for part, title in (
            (self.data, self.tr("Datos y cuentas")),
            (self.movements, self.tr("Movimientos")),
            (self.operations, self.tr("Operaciones")),
            (self.payees, self.tr("Beneficiarios")),
            (self.schedules, self.tr("Agenda")),
        ):
            self.tabs.addTab(part, title)
        self.tabs.currentChanged.connect(self._look)
        for asking in self.parts:
            asking.go.connect(self.go)
            asking.turned_away.connect(self.turned_away)
        whole = QVBoxLayout(self.body)
        whole.setContentsMargins(0, GRID, 0, 0)
        whole.setSpacing(GRID)
        whole.addWidget(self.header)
        whole.addWidget(self.tabs, 1)
        whole.addWidget(ActionRow(self.start, self.back_button))
