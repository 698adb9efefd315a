"""The cooperative's members, found by the beginning of a name, document, number or mail."""

from typing import Final
from uuid import UUID

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout

from branch_desk.models.staff import Role
from branch_desk.operations.books import members
from branch_desk.operations.books.members import MemberRow
from branch_desk.views.kit import wording
from branch_desk.views.kit.fields import FoldedText
from branch_desk.views.kit.pieces import ActionRow, button, label
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.table import Column, PagedTable
from branch_desk.views.kit.theme import GRID
from branch_desk.views.kit.view import Changed, View

SEARCH_WIDTH: Final = 360


class MembersView(View):
    """The list of members. Looking at one whole is recorded; the list shows what finds them."""

    cares_about = frozenset({Changed.MEMBER, Changed.ACCESS})

    def __init__(self, station: Station) -> None:
        super().__init__(station.desk, station.background)
        self.text = FoldedText(
            "member_text", rule="address", placeholder=self.tr("CI, nombre, socio N° o correo")
        )
        self.text.setClearButtonEnabled(True)
        self.text.setFixedWidth(SEARCH_WIDTH)
        self.table: PagedTable[MemberRow] = PagedTable(
            "members",
            self.tr("Socios"),
            [
                Column("name", self.tr("Socio"), lambda row: row.name, width=300),
                Column("document", self.tr("Documento"), lambda row: row.document, width=140),
                Column("number", self.tr("Socio N°"), lambda row: row.number, width=100),
                Column("kind", self.tr("Tipo"), lambda row: wording.word(row.kind), width=90),
                Column("mobile", self.tr("Celular"), lambda row: row.mobile, width=100),
                Column("email", self.tr("Correo"), lambda row: row.email, width=220),
                Column("branch", self.tr("Agencia"), lambda row: row.branch_code, width=80),
                Column(
                    "users",
                    self.tr("Usuarios"),
                    lambda row: str(row.users) if row.users else "—",
                    width=80,
                    right=True,
                ),
            ],
            key=lambda row: row.id,
            empty=self._empty(),
            settings=station.look,
        )
        self.open_button = button(self.tr("&Ver socio"), name="open_member")
        self.new_button = button(self.tr("&Nuevo trámite"), name="member_request", sign="file-plus")
        if not station.may(Role.OFFICER, Role.SUPERVISOR):
            self.new_button.hide()
        self._build()

    def refresh(self) -> None:
        """Ask anew for the list."""
        text = self.text.value()
        self.table.empty_state.say(self._empty())
        self.table.read(lambda done, wanted: self.search(done, members.members, text, wanted.after))

    def forget(self) -> None:
        """Drop the list."""
        self.text.set_value("")
        self.table.show_rows(())

    def _empty(self) -> str:
        text = self.text.value()
        if text:
            return self.tr(
                "Ningún socio empieza con «{text}». Pruebe con la cédula o con un apellido."
            ).format(text=text)
        return self.tr("Todavía no hay socios. El administrador los importa del sistema central.")

    def _open(self, row: MemberRow) -> None:
        self.go.emit("member", row.id)

    def _open_current(self) -> None:
        if (chosen := self._current()) is not None:
            self.go.emit("member", chosen)

    def _start_request(self) -> None:
        if (chosen := self._current()) is not None:
            self.go.emit("new_request", chosen)

    def _current(self) -> UUID | None:
        row = self.table.current()
        return None if row is None else row.id

    def _enable(self, row: MemberRow | None) -> None:
        for each in (self.open_button, self.new_button):
            each.setEnabled(row is not None)

    def _build(self) -> None:
        self.text.textChanged.connect(self.refresh)
        self.text.returnPressed.connect(self.table.setFocus)
        self.table.opened.connect(self._open)
        self.table.chosen.connect(self._enable)
        self.failed.connect(self.table.give_up)
        self.open_button.clicked.connect(self._open_current)
        self.new_button.clicked.connect(self._start_request)
        self._enable(None)
        name = QLabel(self.tr("&Buscar"))
        name.setBuddy(self.text)
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(label(self.tr("Socios"), "title"))
        head.addStretch(1)
        head.addWidget(name)
        head.addWidget(self.text)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID + 4)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        column.addWidget(ActionRow(self.open_button, self.new_button))
