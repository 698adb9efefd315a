"""What the books say of a member: data, accounts with balances, e-banking users, requests."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from branch_desk.models.access import AccessStatus
from branch_desk.models.enrolment import OPEN
from branch_desk.models.member import DocumentType, MemberKind
from branch_desk.operations.books.members import HeldAccount, MemberRecord, MemberUser
from branch_desk.operations.request.requests import RequestRow
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.pieces import card, label
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.table import Column, PagedTable
from branch_desk.views.kit.theme import GRID, Meaning

translate = QCoreApplication.translate

DATA_WIDTH: Final = 330
USER_MEANING: Final = {
    AccessStatus.INVITED: Meaning.INFORMATION,
    AccessStatus.ENROLLING: Meaning.INFORMATION,
    AccessStatus.ACTIVE: Meaning.GOOD,
    AccessStatus.SUSPENDED: Meaning.STOP,
    AccessStatus.CLOSED: Meaning.NEUTRAL,
}


class MemberData(QWidget):
    """The first part of a member's file. `account` carries the one whose movements are wanted."""

    account = Signal(object)

    def __init__(self, station: Station) -> None:
        super().__init__()
        self.accounts: PagedTable[HeldAccount] = self._account_table(station)
        self.users: PagedTable[MemberUser] = self._user_table(station)
        self.requests: PagedTable[RequestRow] = self._request_table(station)
        self._data: dict[str, QLabel] = {}
        self._build()

    def show_record(self, record: MemberRecord) -> None:
        """Show a member; the requests come by themselves."""
        company = record.kind is MemberKind.COMPANY
        expiry = formats.day(record.document_expiry) if record.document_expiry else ""
        if not expiry and record.document_type is not DocumentType.NIT:
            expiry = self.tr("Indefinida")
        for name, value in (
            ("expiry", expiry),
            ("birth", formats.day(record.birth_date) if record.birth_date else ""),
            ("registry", record.trade_registry),
            ("mobile", record.mobile),
            ("email", formats.breakable(record.email)),
            ("address", record.address),
        ):
            self._data[name].setText(value or "—")
        self._form.setRowVisible(self._data["birth"], not company)
        self._form.setRowVisible(self._data["expiry"], not company)
        self._form.setRowVisible(self._data["registry"], company)
        self.accounts.show_rows(record.accounts)
        self.users.show_rows(record.users)

    def show_requests(self, rows: Sequence[RequestRow]) -> None:
        """Show the member's requests."""
        self.requests.show_rows(rows)

    def forget(self) -> None:
        """Drop the member's data."""
        for value in self._data.values():
            value.setText("")
        self.accounts.show_rows(())
        self.users.show_rows(())
        self.requests.show_rows(())

    # -- inside

    def _account_table(self, station: Station) -> PagedTable[HeldAccount]:
        return PagedTable(
            "member_accounts",
            self.tr("Cuentas"),
            [
                Column(
                    "number",
                    self.tr("Cuenta"),
                    lambda a: formats.groups(a.number),
                    width=130,
                    code=True,
                ),
                Column("kind", self.tr("Tipo"), lambda a: wording.word(a.kind), width=140),
                Column("role", self.tr("Parte"), lambda a: wording.word(a.role), width=96),
                Column("handling", self.tr("Manejo"), _handling, width=190),
                Column("state", self.tr("Estado"), lambda a: wording.word(a.status), width=96),
                Column(
                    "balance",
                    self.tr("Saldo"),
                    lambda a: formats.money(a.balance),
                    width=130,
                    right=True,
                ),
            ],
            key=lambda account: account.id,
            empty=self.tr("No tiene cuentas en la cooperativa."),
            settings=station.look,
        )

    def _user_table(self, station: Station) -> PagedTable[MemberUser]:
        return PagedTable(
            "member_users",
            self.tr("Usuarios de banca electrónica"),
            [
                Column("user", self.tr("Usuario"), lambda u: u.user_name, width=110),
                Column(
                    "state",
                    self.tr("Estado"),
                    _user_state,
                    width=150,
                    meaning=lambda u: Meaning.STOP if u.locked else USER_MEANING[u.status],
                ),
                Column("person", self.tr("Persona"), lambda u: u.person_name, width=100),
            ],
            key=lambda user: user.id,
            empty=self.tr("Todavía no tiene usuario."),
            settings=station.look,
        )

    def _request_table(self, station: Station) -> PagedTable[RequestRow]:
        return PagedTable(
            "member_requests",
            self.tr("Solicitudes"),
            [
                Column(
                    "day",
                    self.tr("Presentada"),
                    lambda r: formats.day(r.submitted_at),
                    width=104,
                ),
                Column(
                    "state",
                    self.tr("Estado"),
                    lambda r: wording.state(r.status),
                    width=190,
                    meaning=lambda r: Meaning.INFORMATION if r.status in OPEN else Meaning.NEUTRAL,
                ),
                Column("number", self.tr("Folio"), lambda r: r.number, width=120),
            ],
            key=lambda row: row.id,
            empty=self.tr("No hay solicitudes suyas en esta agencia."),
            settings=station.look,
        )

    def _build(self) -> None:
        self.accounts.opened.connect(self.account)
        data, column = card("member_data")
        data.setFixedWidth(DATA_WIDTH)
        column.addWidget(label(self.tr("Datos"), "section"))
        self._form = QFormLayout()
        self._form.setVerticalSpacing(6)
        for name, words in (
            ("expiry", self.tr("Cédula vence")),
            ("birth", self.tr("Nacimiento")),
            ("registry", self.tr("Matrícula")),
            ("mobile", self.tr("Celular")),
            ("email", self.tr("Correo")),
            ("address", self.tr("Domicilio")),
        ):
            value = label("", name=f"member_{name}", wrap=True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._data[name] = value
            self._form.addRow(label(words, "muted"), value)
        column.addLayout(self._form)
        column.addStretch(1)
        upper = QHBoxLayout()
        upper.setSpacing(2 * GRID)
        upper.addWidget(data)
        upper.addLayout(_titled(self.tr("Cuentas"), self.accounts), 1)
        lower = QHBoxLayout()
        lower.setSpacing(2 * GRID)
        lower.addLayout(_titled(self.tr("Usuarios de banca electrónica"), self.users), 1)
        lower.addLayout(_titled(self.tr("Solicitudes"), self.requests), 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, GRID, 0, 0)
        whole.setSpacing(GRID + 4)
        whole.addLayout(upper, 3)
        whole.addLayout(lower, 2)


def _titled(words: str, table: QWidget) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(4)
    column.addWidget(label(words, "section"))
    column.addWidget(table, 1)
    return column


def _handling(account: HeldAccount) -> str:
    return wording.word(account.handling) if account.holders > 1 else "—"


def _user_state(user: MemberUser) -> str:
    words = wording.state(user.status)
    return (
        translate("MemberFileView", "{state} · bloqueado").format(state=words)
        if user.locked
        else words
    )
