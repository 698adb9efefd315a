"""The forms of the administrator: a new user, a chosen one, a branch, a relative (F37)."""

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from branch_desk.models.member import DocumentType, person_key
from branch_desk.models.staff import Role
from branch_desk.operations.house.staff import BranchRow, NewStaff, RelativeRow, StaffRow
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.card_field import IdentityCardField
from branch_desk.views.kit.fields import FoldedText, row
from branch_desk.views.kit.pieces import StateChip, button, label
from branch_desk.views.kit.theme import GRID, Meaning

translate = QCoreApplication.translate


def roles_box(name: str) -> QComboBox:
    """Return a choice of the four roles."""
    box = QComboBox()
    box.setObjectName(name)
    for role in Role:
        box.addItem(wording.word(role).capitalize(), role)
    return box


def chosen_role(box: QComboBox) -> Role:
    """Read the role that was chosen."""
    return Role(box.currentData())


class _Form(QWidget):
    """A heading, a form, a foot with the verb."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(GRID)
        if title:
            self.column.addWidget(label(title, "section", wrap=True))
        self.form = QFormLayout()
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self.form.setVerticalSpacing(GRID // 2)
        self.column.addLayout(self.form)
        self.foot = QHBoxLayout()
        self.column.addLayout(self.foot)
        self.column.addStretch(1)


class NewStaffForm(_Form):
    """Someone who will work at a desk."""

    def __init__(self) -> None:
        super().__init__(self.tr("Funcionario nuevo"))
        self.full_name = FoldedText("full_name", required=True, rule="address")
        self.user_name = FoldedText("user_name", required=True, longest=30)
        self.card = IdentityCardField()
        self.card.issued_in.hide()
        self.role = roles_box("new_role")
        self.branch = QComboBox()
        self.branch.setObjectName("new_branch")
        row(self.form, self.tr("Nombre &completo"), self.full_name)
        row(self.form, self.tr("&Usuario"), self.user_name)
        row(self.form, self.tr("Cé&dula"), self.card)
        row(self.form, self.tr("&Rol"), self.role)
        row(self.form, self.tr("A&gencia"), self.branch)
        self.go = button(self.tr("Cre&ar funcionario"), "primary", "create_staff")
        self.foot.addStretch(1)
        self.foot.addWidget(self.go)

    def show_branches(self, branches: tuple[BranchRow, ...]) -> None:
        """Offer the branches there are."""
        fill_branches(self.branch, branches)

    def value(self) -> NewStaff | None:
        """Give what was typed, or None after marking what is wrong."""
        marks = [field.mark() for field in (self.full_name, self.user_name, self.card)]
        card = self.card.value()
        if not all(marks) or card is None:
            return None
        return NewStaff(
            user_name=self.user_name.value(),
            full_name=self.full_name.value(),
            document_type=DocumentType.CI,
            document_number=card.number,
            complement=card.complement,
            role=chosen_role(self.role),
            branch_id=self.branch.currentData(),
        )

    def empty(self) -> None:
        """Be ready for the next one."""
        self.full_name.set_value("")
        self.user_name.set_value("")
        self.card.set_value(None)


class PersonForm(_Form):
    """A chosen user: what may be changed, each deed with its own button."""

    def __init__(self) -> None:
        super().__init__("")
        self.shown: StaffRow | None = None
        self.name = label("", "section", "person_name", wrap=True)
        self.facts = label("", "muted", "person_facts", wrap=True)
        self.chip = StateChip()
        self.column.insertWidget(0, self.name)
        self.column.insertWidget(1, self.facts)
        self.column.insertWidget(2, self.chip)
        self.role = roles_box("role")
        self.branch = QComboBox()
        self.branch.setObjectName("branch")
        self.active = QCheckBox(self.tr("Puede &trabajar en un puesto"))
        self.active.setObjectName("active")
        row(self.form, self.tr("&Rol"), self.role)
        row(self.form, self.tr("A&gencia"), self.branch)
        self.form.addRow(self.active)
        self.save = button(self.tr("Guardar camb&ios"), "primary", "save_staff")
        self.foot.addStretch(1)
        self.foot.addWidget(self.save)
        self.unlock = button(self.tr("Des&bloquear"), name="unlock_staff", sign="lock-open")
        self.password = button(
            self.tr("&Contraseña de un solo uso"), name="reset_password", sign="key-round"
        )
        self.authenticator = button(
            self.tr("&Quitar autenticador"), "stop", "reset_authenticator", "smartphone"
        )
        self.relative = button(self.tr("&Familiares declarados"), name="relative", sign="users")
        deeds = QVBoxLayout()
        deeds.setSpacing(GRID)
        deeds.addWidget(label(self.tr("Otras acciones"), "muted"))
        for each in (self.unlock, self.password, self.authenticator, self.relative):
            deeds.addWidget(each)
        self.column.insertLayout(self.column.count() - 1, deeds)

    def show_person(self, person: StaffRow, branches: tuple[BranchRow, ...]) -> None:
        """Show a user as it stands."""
        self.shown = person
        self.name.setText(person.full_name)
        self.facts.setText(
            self.tr("Usuario {user} · autenticador {state}").format(
                user=person.user_name,
                state=self.tr("probado") if person.authenticator else self.tr("sin probar"),
            )
        )
        self.chip.show_state(*state_of(person))
        self.role.setCurrentIndex(self.role.findData(person.role))
        fill_branches(self.branch, branches)
        ids = [each.id for each in branches]
        self.branch.setCurrentIndex(ids.index(person.branch_id) if person.branch_id in ids else -1)
        self.active.setChecked(person.active)
        self.unlock.setEnabled(person.locked_at is not None)
        self.authenticator.setEnabled(person.authenticator)


class BranchForm(_Form):
    """A new branch."""

    def __init__(self) -> None:
        super().__init__(self.tr("Agencia nueva"))
        self.code = FoldedText("code", required=True, longest=8, rule="branch_code")
        self.name = FoldedText("name", required=True, rule="address")
        self.city = FoldedText("city", required=True, rule="address")
        row(self.form, self.tr("&Código"), self.code, self.tr("Con él empiezan sus folios: SC02."))
        row(self.form, self.tr("N&ombre"), self.name)
        row(self.form, self.tr("Ciuda&d"), self.city)
        self.go = button(self.tr("Cre&ar agencia"), "primary", "create_branch")
        self.foot.addStretch(1)
        self.foot.addWidget(self.go)

    def value(self) -> tuple[str, str, str] | None:
        """Give code, name and city, or None after marking what is wrong."""
        marks = [field.mark() for field in (self.code, self.name, self.city)]
        if not all(marks):
            return None
        return self.code.value().upper(), self.name.value(), self.city.value()

    def empty(self) -> None:
        """Be ready for the next one."""
        for field in (self.code, self.name, self.city):
            field.set_value("")


class RelativeForm(_Form):
    """A relative of a user, whom that user never serves (F7)."""

    left = Signal()
    dropped = Signal(object)

    def __init__(self) -> None:
        super().__init__(self.tr("Familiares declarados"))
        self.whose = label("", "muted", "relative_of", wrap=True)
        self.column.insertWidget(1, self.whose)
        self.card = IdentityCardField("relative_card")
        self.card.issued_in.hide()
        self.relation = FoldedText("relation", required=True, longest=40, rule="address")
        row(self.form, self.tr("Cé&dula del familiar"), self.card)
        row(self.form, self.tr("&Parentesco"), self.relation, self.tr("Cónyuge, hermana, padre…"))
        self.back = button(self.tr("&Volver"), "link", "relative_back")
        self.back.clicked.connect(self.left)
        self.go = button(self.tr("Dec&larar"), "primary", "declare_relative")
        self.foot.addStretch(1)
        self.foot.addWidget(self.back)
        self.foot.addWidget(self.go)
        self.none = label(self.tr("Todavía no declaró a nadie."), "muted", "no_relatives")
        self.declared = QVBoxLayout()
        self.declared.addWidget(self.none)
        self.column.insertLayout(2, self.declared)

    def show_relatives(self, relatives: tuple[RelativeRow, ...]) -> None:
        """List who was declared so far, each with a way to take it back."""
        self.none.setVisible(not relatives)
        while (item := self.declared.takeAt(1)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for each in relatives:
            self.declared.addWidget(self._line(each))

    def _line(self, relative: RelativeRow) -> QWidget:
        document = relative.person.replace(":", " ")
        drop = button(self.tr("Quitar"), "link", f"drop_{relative.person}")
        drop.setAccessibleName(self.tr("Quitar {document}").format(document=document))
        drop.clicked.connect(lambda: self.dropped.emit(relative))
        line = QWidget()
        across = QHBoxLayout(line)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(label(f"{relative.relation} · {document}", wrap=True), 1)
        across.addWidget(drop)
        return line

    def value(self) -> tuple[str, str] | None:
        """Give the relative's person key and the relation, or None after marking what is wrong."""
        marks = [self.card.mark(), self.relation.mark()]
        card = self.card.value()
        if not all(marks) or card is None:
            return None
        return person_key(DocumentType.CI, card.number, card.complement), self.relation.value()

    def empty(self) -> None:
        """Be ready for the next one."""
        self.card.set_value(None)
        self.relation.set_value("")


def fill_branches(box: QComboBox, branches: tuple[BranchRow, ...]) -> None:
    """Offer branches, keeping the one that was chosen."""
    before = box.currentData()
    box.clear()
    for each in branches:
        box.addItem(each.name, each.id)
    box.setCurrentIndex(max(0, box.findData(before)))


def state_of(person: StaffRow) -> tuple[str, Meaning]:
    """Say in a word whether a user can work."""
    if not person.active:
        return translate("Staff", "Desactivado"), Meaning.NEUTRAL
    if person.locked_at is not None:
        words = translate("Staff", "Bloqueado el {at}")
        return words.format(at=formats.instant(person.locked_at)), Meaning.STOP
    return translate("Staff", "Activo"), Meaning.GOOD
