"""A company's representatives: who they are and by which power they sign (F6)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from branch_desk.models.errors import DomainError
from branch_desk.models.member import Department, DocumentType
from branch_desk.models.validation import clean_past
from branch_desk.operations.request.application import RepresentativeValues
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.card_field import CardNumber, IdentityCardField
from branch_desk.views.kit.fields import (
    DateField,
    EmailField,
    FoldedText,
    PhoneField,
    TextField,
    mark,
    row,
)
from branch_desk.views.kit.pieces import button, label
from branch_desk.views.kit.table import Column, PagedTable
from branch_desk.views.kit.theme import GRID

PREFIX: Final = "representative_"
OF_PERSON: Final = (DocumentType.CI, DocumentType.CIE, DocumentType.PASSPORT)
_DATES: Final = ("document_expiry", "power_date", "power_expiry")
_LEFT: Final = ("first_names", "first_surname", "second_surname", "email", "mobile", "user_name")


def to_draft(values: RepresentativeValues) -> dict[str, object]:
    """Write a representative as plain texts for a draft."""
    return {
        name: value.isoformat() if isinstance(value, date) else str(value or "")
        for name, value in asdict(values).items()
    }


def from_draft(content: Mapping[str, Any]) -> RepresentativeValues:
    """Read a representative back from a draft."""
    values: dict[str, Any] = {key: str(value) for key, value in content.items()}
    for name in _DATES:
        values[name] = date.fromisoformat(values[name]) if values.get(name) else None
    values["document_type"] = DocumentType(values["document_type"])
    place = values.get("issued_in")
    values["issued_in"] = Department(place) if place else None
    return RepresentativeValues(**values)


def full_name(values: RepresentativeValues) -> str:
    """Write the whole name, surnames last."""
    parts = (values.first_names, values.first_surname, values.second_surname)
    return " ".join(part for part in parts if part)


class RepresentativeForm(QWidget):
    """One representative. `kept` carries the values, `left` means that nothing is kept."""

    kept = Signal(object)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("representative_form")
        self.today = date.max
        self.document_type = QComboBox()
        self.document_type.setObjectName(f"{PREFIX}type")
        for kind in OF_PERSON:
            self.document_type.addItem(wording.word(kind), kind)
        self.document = IdentityCardField(f"{PREFIX}document")
        self.texts: dict[str, TextField] = {
            "document_expiry": _date("document_expiry"),
            "first_names": _text("first_names", required=True),
            "first_surname": _text("first_surname", required=True),
            "second_surname": _text("second_surname"),
            "email": EmailField(f"{PREFIX}email", required=True),
            "mobile": PhoneField(f"{PREFIX}mobile", required=True),
            "user_name": _text("user_name"),
            "power_number": _text("power_number", required=True),
            "power_date": _date("power_date", required=True),
            "notary": _text("notary", required=True, longest=120),
            "power_expiry": _date("power_expiry"),
            "faculties": _text("faculties", longest=500),
        }
        self.keep = button(self.tr("&Guardar representante"), "primary", "keep_representative")
        self.leave = button(self.tr("&Volver sin guardar"), name="leave_representative")
        self._build()

    def show_values(self, values: RepresentativeValues | None) -> None:
        """Show a representative to correct, or an empty form for a new one."""
        at = self.document_type.findData(values.document_type) if values else 0
        self.document_type.setCurrentIndex(max(0, at))
        self.document.set_document_type(DocumentType(self.document_type.currentData()))
        self.document.set_value(
            CardNumber(values.document_number, values.complement, values.issued_in)
            if values
            else None
        )
        mark(self.document, "")
        for name, field in self.texts.items():
            known = getattr(values, name) if values else ""
            field.setText(formats.day(known) if isinstance(known, date) else known or "")
            mark(field, "")
        self.document.setFocus()

    def problem_of(self, name: str) -> str:
        """Say what is wrong with a field; empty when nothing."""
        field = self.texts[name]
        sentence = field.problem()
        if sentence or not isinstance(field, DateField):
            return sentence
        day = field.value()
        try:
            if name == "power_date" and day is not None:
                clean_past(name, day, today=self.today)
        except DomainError as error:
            return wording.problem(error)
        if name == "power_expiry" and day is not None and day < self.today:
            return self.tr("El poder venció ese día. Pida el poder vigente.")
        return ""

    def _keep(self) -> None:
        card = self.document.value()
        first: QWidget | None = None if self.document.mark() else self.document
        for name, field in self.texts.items():
            if not mark(field, self.problem_of(name)):
                first = first or field
        if first is not None or card is None:
            (first or self.document).setFocus()
            return
        values: dict[str, Any] = {
            name: field.value()
            if isinstance(field, DateField | FoldedText | EmailField | PhoneField)
            else field.typed()
            for name, field in self.texts.items()
        }
        self.kept.emit(
            RepresentativeValues(
                document_type=DocumentType(self.document_type.currentData()),
                document_number=card.number,
                complement=card.complement,
                issued_in=card.issued_in,
                **values,
            )
        )

    def _type_chosen(self) -> None:
        self.document.set_document_type(DocumentType(self.document_type.currentData()))

    def _left_field(self) -> None:
        field = self.sender()
        if isinstance(field, TextField) and field.text().strip():
            mark(field, self.problem_of(field.objectName().removeprefix(PREFIX)))

    def _build(self) -> None:
        words = {
            "document_expiry": (self.tr("Vence el"), self.tr("Vacío: indefinida")),
            "first_names": (self.tr("No&mbres"), ""),
            "first_surname": (self.tr("Primer a&pellido"), ""),
            "second_surname": (self.tr("Segundo apellido"), ""),
            "email": (self.tr("C&orreo"), ""),
            "mobile": (self.tr("&Celular"), ""),
            "user_name": (self.tr("Usuar&io"), self.tr("Vacío: se propone uno")),
            "power_number": (self.tr("Poder &N°"), ""),
            "power_date": (self.tr("&Fecha del poder"), ""),
            "notary": (self.tr("Nota&ría"), ""),
            "power_expiry": (self.tr("El poder vence el"), self.tr("Vacío: sin plazo")),
            "faculties": (self.tr("Facult&ades"), ""),
        }
        left, right = QFormLayout(), QFormLayout()
        for form in (left, right):
            form.setVerticalSpacing(GRID)
        row(left, self.tr("&Tipo"), self.document_type)
        row(left, self.tr("Número &de cédula"), self.document)
        for name, field in self.texts.items():
            text, hint = words[name]
            row(left if name in (*_LEFT, "document_expiry") else right, text, field, hint)
            field.editingFinished.connect(self._left_field)
        self.document_type.activated.connect(self._type_chosen)
        self.keep.clicked.connect(self._keep)
        self.leave.clicked.connect(self.left)
        columns = QHBoxLayout()
        columns.setSpacing(3 * GRID)
        columns.addLayout(left, 1)
        columns.addLayout(right, 1)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.leave)
        foot.addWidget(self.keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(label(self.tr("Representante"), "section"))
        column.addLayout(columns)
        column.addStretch(1)
        column.addLayout(foot)


class RepresentativeList(QWidget):
    """Who represents the company. `edit_asked` carries a place in the list, or −1 for a new one."""

    edit_asked = Signal(int)
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("representatives")
        self.people: list[RepresentativeValues] = []
        self.table: PagedTable[RepresentativeValues] = PagedTable(
            "representative_table",
            self.tr("Representantes"),
            [
                Column("name", self.tr("Representante"), full_name, width=220),
                Column("document", self.tr("Cédula"), lambda p: p.document_number, width=90),
                Column("power", self.tr("Poder"), lambda p: p.power_number, width=90),
                Column("notary", self.tr("Notaría"), lambda p: p.notary, width=140),
                Column(
                    "expiry",
                    self.tr("Vence"),
                    lambda p: formats.day(p.power_expiry) if p.power_expiry else "—",
                    width=90,
                ),
            ],
            key=lambda person: person.document_number,
            empty=self.tr("Agregue a quien firma por la empresa, con su poder."),
        )
        self.add = button(self.tr("A&gregar"), name="add_representative", sign="plus")
        self.edit = button(self.tr("Correg&ir"), name="edit_representative", sign="pencil")
        self.remove = button(self.tr("&Quitar"), name="remove_representative", sign="trash-2")
        self.setFocusProxy(self.add)
        self._build()
        self.show_people(())

    def show_people(self, people: Sequence[RepresentativeValues]) -> None:
        """Show these representatives."""
        self.people = list(people)
        self.table.show_rows(tuple(self.people))
        for each in (self.edit, self.remove):
            each.setEnabled(bool(self.people))

    def keep(self, values: RepresentativeValues, place: int) -> None:
        """Put a representative in its place, or at the end when `place` is −1."""
        if place < 0:
            self.people.append(values)
        else:
            self.people[place] = values
        self.show_people(self.people)
        self.changed.emit()

    def _remove(self) -> None:
        at = self.table.currentIndex().row()
        if 0 <= at < len(self.people):
            del self.people[at]
            self.show_people(self.people)
            self.changed.emit()

    def _edit(self) -> None:
        self.edit_asked.emit(self.table.currentIndex().row())

    def _add(self) -> None:
        self.edit_asked.emit(-1)

    def _build(self) -> None:
        self.add.clicked.connect(self._add)
        self.edit.clicked.connect(self._edit)
        self.remove.clicked.connect(self._remove)
        self.table.opened.connect(self._edit)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Representantes"), "section"))
        head.addStretch(1)
        for each in (self.add, self.edit, self.remove):
            head.addWidget(each)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(head)
        column.addWidget(self.table, 1)


def _text(name: str, *, required: bool = False, longest: int = 60) -> FoldedText:
    return FoldedText(f"{PREFIX}{name}", rule=name, required=required, longest=longest)


def _date(name: str, *, required: bool = False) -> DateField:
    return DateField(f"{PREFIX}{name}", required=required)
