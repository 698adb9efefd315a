"""Administración (F9): who works here, as what and where; no member's data at all (F37)."""

from uuid import UUID

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from branch_desk.models.credentials import Secret
from branch_desk.operations.house import staff
from branch_desk.operations.house.staff import BranchRow, RelativeRow, StaffRow
from branch_desk.operations.work import Desk
from branch_desk.views.house.staff_panel import (
    BranchForm,
    NewStaffForm,
    PersonForm,
    RelativeForm,
    chosen_role,
    state_of,
)
from branch_desk.views.kit import wording
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.pieces import button, card, label
from branch_desk.views.kit.secret_panel import SecretPanel
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.table import Column, PagedTable
from branch_desk.views.kit.theme import GRID, Meaning
from branch_desk.views.kit.view import Changed, View

_SIDE = 360


def _house(desk: Desk) -> tuple[tuple[StaffRow, ...], tuple[BranchRow, ...]]:
    return desk(staff.everybody), desk(staff.branches)


class AdministrationView(View):
    """The list of the staff, and at its right the one form that is at hand."""

    def __init__(self, station: Station) -> None:
        super().__init__(station.desk, station.background)
        self.station = station
        self.branches: tuple[BranchRow, ...] = ()
        self._secret_for = ""
        self._build_table()
        self.person, self.new_staff = PersonForm(), NewStaffForm()
        self.new_branch, self.new_relative = BranchForm(), RelativeForm()
        self.forms = QStackedWidget()
        for form in (self.person, self.new_staff, self.new_branch, self.new_relative):
            self.forms.addWidget(form)
        self._secret_page = self._build_secret()
        self.forms.addWidget(self._secret_page)
        side, column = card("forms")
        side.setFixedWidth(_SIDE)
        column.addWidget(self.forms)
        left = QVBoxLayout()
        left.setSpacing(GRID)
        left.addLayout(self._build_head())
        left.addWidget(self.table, 1)
        across = QHBoxLayout(self.body)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(2 * GRID)
        across.addLayout(left, 1)
        across.addWidget(side)
        self._connect()

    # -- building

    def _build_table(self) -> None:
        self.table = PagedTable[StaffRow](
            "staff",
            self.tr("Funcionarios"),
            [
                Column("name", self.tr("Nombre"), lambda r: r.full_name, width=180),
                Column("user", self.tr("Usuario"), lambda r: r.user_name, width=110, code=True),
                Column("role", self.tr("Rol"), lambda r: wording.word(r.role), width=110),
                Column("branch", self.tr("Agencia"), lambda r: r.branch, width=130),
                Column(
                    "state",
                    self.tr("Estado"),
                    lambda r: state_of(r)[0],
                    width=190,
                    meaning=lambda r: state_of(r)[1],
                ),
            ],
            key=lambda r: r.id,
            empty=self.tr("Todavía no hay funcionarios."),
            settings=self.station.look,
        )

    def _build_head(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.addWidget(label(self.tr("Funcionarios y agencias"), "title"), 1)
        self.add_branch = button(self.tr("Nueva ag&encia"), name="add_branch", sign="building-2")
        self.add_staff = button(self.tr("&Nuevo funcionario"), name="add_staff", sign="plus")
        line.addWidget(self.add_branch)
        line.addWidget(self.add_staff)
        return line

    def _build_secret(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(label(self.tr("Contraseña de un solo uso"), "section"))
        self.secret_of = label("", name="secret_of", wrap=True)
        self.secret = SecretPanel(self.tr("Contraseña de un solo uso"))
        self.secret.setObjectName("staff_secret")
        self.secret_left = label("", "small", "secret_left", wrap=True)
        self.seen = button(self.tr("&Ya la anotó"), "primary", "secret_seen")
        column.addWidget(self.secret_of)
        column.addWidget(self.secret)
        column.addWidget(self.secret_left)
        column.addWidget(self.seen)
        column.addStretch(1)
        return page

    def _connect(self) -> None:
        self.table.chosen.connect(self._choose)
        self.add_staff.clicked.connect(self._add_staff)
        self.add_branch.clicked.connect(self._add_branch)
        self.new_staff.go.clicked.connect(self._create_staff)
        self.new_branch.go.clicked.connect(self._create_branch)
        self.person.save.clicked.connect(self._save)
        self.person.unlock.clicked.connect(self._unlock)
        self.person.password.clicked.connect(self._reset_password)
        self.person.authenticator.clicked.connect(self._reset_authenticator)
        self.person.relative.clicked.connect(self._add_relative)
        self.new_relative.go.clicked.connect(self._declare)
        self.new_relative.dropped.connect(self._drop_relative)
        self.new_relative.left.connect(self._show_chosen)
        self.secret.life.ticked.connect(self._count)
        self.secret.ended.connect(self._show_chosen)
        self.seen.clicked.connect(self.secret.wipe)

    # -- the list

    def refresh(self) -> None:
        """Read staff and branches anew."""
        self.perform(self._landed, _house, self.station.desk)

    def forget(self) -> None:
        """Leave no secret behind."""
        self.secret.wipe()

    def _landed(self, house: tuple[tuple[StaffRow, ...], tuple[BranchRow, ...]]) -> None:
        rows, self.branches = house
        self.new_staff.show_branches(self.branches)
        self.table.show_rows(rows)
        if self.forms.currentWidget() is self.person:
            self._choose(self.table.current())

    def _choose(self, person: StaffRow | None) -> None:
        # The one-time password stays until it was read, whatever row the cursor goes to.
        if person is None or self.forms.currentWidget() is self._secret_page:
            return
        self.person.show_person(person, self.branches)
        self.forms.setCurrentWidget(self.person)

    def _show_chosen(self) -> None:
        self.forms.setCurrentWidget(self.person)
        self._choose(self.table.current())

    # -- new ones

    def _add_staff(self) -> None:
        self.secret.wipe()
        self.new_staff.empty()
        self.forms.setCurrentWidget(self.new_staff)
        self.new_staff.full_name.setFocus()

    def _add_branch(self) -> None:
        self.secret.wipe()
        self.new_branch.empty()
        self.forms.setCurrentWidget(self.new_branch)
        self.new_branch.code.setFocus()

    def _create_staff(self) -> None:
        new = self.new_staff.value()
        if new is not None:
            self._secret_for = new.full_name
            self.perform(self._show_secret, staff.create, self.station.desk, new)

    def _create_branch(self) -> None:
        new = self.new_branch.value()
        if new is not None:
            self.ask(self._branch_created, staff.create_branch, *new)

    def _branch_created(self, _: UUID) -> None:
        self._done(self.tr("La agencia quedó creada."))
        self._show_chosen()

    # -- one of them

    def _save(self) -> None:
        person = self.person.shown
        if person is None:
            return
        self.ask(
            lambda _: self._done(self.tr("Los cambios valen desde su próxima operación.")),
            staff.change,
            person.id,
            role=chosen_role(self.person.role),
            branch_id=self.person.branch.currentData(),
            active=self.person.active.isChecked(),
        )

    def _unlock(self) -> None:
        person = self.person.shown
        if person is not None:
            self.ask(
                lambda _: self._done(
                    self.tr("{name} puede ingresar otra vez.").format(name=person.full_name)
                ),
                staff.unlock,
                person.id,
            )

    def _reset_password(self) -> None:
        person = self.person.shown
        if person is not None and Confirmation.ask(
            self,
            self.tr("Contraseña nueva para {name}").format(name=person.full_name),
            self.tr("La contraseña de hoy deja de servir y su sesión se cierra ahora."),
            self.tr("&Dar contraseña"),
        ):
            self._secret_for = person.full_name
            self.perform(self._show_secret, staff.reset_password, self.station.desk, person.id)

    def _reset_authenticator(self) -> None:
        person = self.person.shown
        if person is not None and Confirmation.ask(
            self,
            self.tr("Quitar el autenticador de {name}").format(name=person.full_name),
            self.tr("En su próximo ingreso tendrá que escanear y probar uno nuevo."),
            self.tr("&Quitar autenticador"),
            meaning=Meaning.STOP,
        ):
            self.ask(
                lambda _: self._done(self.tr("Autenticador quitado.")),
                staff.reset_authenticator,
                person.id,
            )

    def _add_relative(self) -> None:
        person = self.person.shown
        if person is not None:
            self.ask(self._relatives_read, staff.relatives, person.id)

    def _relatives_read(self, relatives: tuple[RelativeRow, ...]) -> None:
        person = self.person.shown
        if person is None:
            return
        self.new_relative.empty()
        self.new_relative.show_relatives(relatives)
        self.new_relative.whose.setText(
            self.tr("{name} no atiende a estas personas.").format(name=person.full_name)
        )
        self.forms.setCurrentWidget(self.new_relative)
        self.new_relative.card.setFocus()

    def _declare(self) -> None:
        person, found = self.person.shown, self.new_relative.value()
        if person is not None and found is not None:
            self.ask(self._declared, staff.declare_relative, person.id, *found)

    def _declared(self, _: None) -> None:
        self._done(self.tr("El parentesco quedó declarado."))
        self._add_relative()

    def _drop_relative(self, relative: RelativeRow) -> None:
        person = self.person.shown
        if person is not None and Confirmation.ask(
            self,
            self.tr("Quitar un parentesco de {name}").format(name=person.full_name),
            self.tr("Desde ahora podrá atender a esa persona. Queda en el registro."),
            self.tr("&Quitar parentesco"),
            meaning=Meaning.STOP,
        ):
            self.ask(self._relative_dropped, staff.drop_relative, person.id, relative.person)

    def _relative_dropped(self, _: None) -> None:
        self._done(self.tr("El parentesco quedó quitado."))
        self._add_relative()

    # -- the one-time password

    def _show_secret(self, secret: Secret) -> None:
        self.secret_of.setText(
            self.tr("De {name}. Se muestra una sola vez; la cambia en su primer ingreso.").format(
                name=self._secret_for
            )
        )
        self.forms.setCurrentWidget(self._secret_page)
        self.secret.show_secret(secret.take())
        self.seen.setFocus()
        self._done(self.tr("Quedó lista la contraseña de un solo uso."))

    def _count(self, left: int) -> None:
        self.secret_left.setText(self.tr("Se borra en {seconds} s.").format(seconds=left))

    def _done(self, sentence: str) -> None:
        self.succeed(sentence)
        self.refresh()
        self.changed.emit(Changed.STAFF)
