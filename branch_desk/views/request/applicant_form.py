"""What a person or company says of itself: two columns of fields, each checked as it is typed (F1).

A field says what is wrong with it when the typing pauses or the field is left, by the one table of
rules that operations and import obey too (R86).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QWidget

from branch_desk.models.errors import DomainError
from branch_desk.models.member import Department, DocumentType, MemberKind
from branch_desk.models.validation import ApplicantValues, clean_birth, clean_expiry
from branch_desk.operations.books.members import MemberRecord
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
from branch_desk.views.kit.theme import GRID

PAUSE_MILLISECONDS: Final = 700
OF_PERSON: Final = (DocumentType.CI, DocumentType.CIE, DocumentType.PASSPORT)
_PERSON_ONLY: Final = (
    "document_type",
    "document_expiry",
    "first_names",
    "first_surname",
    "second_surname",
    "married_surname",
    "birth_date",
)
_COMPANY_ONLY: Final = ("company_name", "trade_registry")


class ApplicantForm(QWidget):
    """`edited` is sent for every change by hand, `document_given` when the document is complete."""

    edited = Signal()
    document_given = Signal()
    names_given = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("applicant_form")
        self.kind = MemberKind.PERSON
        self.today = date.max
        self.document_type = QComboBox()
        self.document_type.setObjectName("document_type")
        for kind in OF_PERSON:
            self.document_type.addItem(wording.word(kind), kind)
        self.document = IdentityCardField("document_number")
        self.texts: dict[str, TextField] = {
            "document_expiry": DateField("document_expiry"),
            "first_names": FoldedText("first_names", required=True, longest=60),
            "first_surname": FoldedText("first_surname", longest=60),
            "second_surname": FoldedText("second_surname", longest=60),
            "married_surname": FoldedText("married_surname", longest=60),
            "company_name": FoldedText("company_name", required=True),
            "trade_registry": FoldedText("trade_registry", required=True, longest=20),
            "birth_date": DateField("birth_date", required=True),
            "email": EmailField("email", required=True),
            "mobile": PhoneField("mobile", required=True),
            "address": FoldedText("address", required=True),
        }
        self._labels: dict[str, QLabel] = {}
        self._rows: dict[str, QFormLayout] = {}
        self._typed: TextField | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MILLISECONDS)
        self._pause.timeout.connect(self._check_typed)
        self._build()
        self.show_kind(MemberKind.PERSON)

    # -- values

    def show_kind(self, kind: MemberKind) -> None:
        """Ask what a person says, or what a company says."""
        self.kind = kind
        company = kind is MemberKind.COMPANY
        for name, form in self._rows.items():
            hidden = name in (_PERSON_ONLY if company else _COMPANY_ONLY)
            form.setRowVisible(self._place_of(form, name), not hidden)
        for field in (self.document_type, self.document, *self.texts.values()):
            hide_empty_hint(field)
        self._set_type()

    def applicant(self) -> ApplicantValues:
        """Give what stands in the form; its rules are checked where it is submitted."""
        company = self.kind is MemberKind.COMPANY
        card = self._card()
        hidden = _PERSON_ONLY if company else _COMPANY_ONLY
        values: dict[str, Any] = {
            name: field.value() if isinstance(field, DateField) else _text(field)
            for name, field in self.texts.items()
            if name not in hidden
        }
        return ApplicantValues(
            kind=self.kind,
            document_type=self.type,
            document_number=card.number,
            complement=card.complement,
            issued_in=card.issued_in,
            **values,
        )

    @property
    def type(self) -> DocumentType:
        """The kind of document asked for."""
        if self.kind is MemberKind.COMPANY:
            return DocumentType.NIT
        return DocumentType(self.document_type.currentData())

    def document_now(self) -> tuple[DocumentType, str, str] | None:
        """Give type, number and complement once they can be looked up."""
        card = self.document.value()
        return None if card is None else (self.type, card.number, card.complement)

    def content(self) -> dict[str, object]:
        """Give everything typed, finished or not, for a draft."""
        card = self._card()
        return {
            "kind": self.kind.value,
            "document_type": str(self.document_type.currentData()),
            "document_number": self.document.number.text(),
            "complement": card.complement,
            "issued_in": card.issued_in.value if card.issued_in else "",
            **{name: field.text() for name, field in self.texts.items()},
        }

    def show_content(self, content: Mapping[str, object]) -> None:
        """Show a draft's content."""
        type_at = self.document_type.findData(content.get("document_type"))
        self.document_type.setCurrentIndex(max(0, type_at))
        self.show_kind(MemberKind(str(content.get("kind") or MemberKind.PERSON.value)))
        place = str(content.get("issued_in") or "")
        self.document.set_value(
            CardNumber(
                str(content.get("document_number") or ""),
                str(content.get("complement") or ""),
                Department(place) if place else None,
            )
        )
        for name, field in self.texts.items():
            field.setText(str(content.get(name) or ""))
            mark(field, "")
        mark(self.document, "")

    def show_record(self, record: MemberRecord, *, whole: bool) -> list[str]:
        """Fill in what the books know; only empty fields unless `whole`. Give the names filled."""
        if whole:
            at = self.document_type.findData(record.document_type)
            self.document_type.setCurrentIndex(max(0, at))
            self.show_kind(record.kind)
            self.document.set_value(
                CardNumber(record.document_number, record.complement, record.issued_in)
            )
        elif self.document.issued_in.currentData() is None and record.issued_in:
            at = self.document.issued_in.findData(record.issued_in)
            self.document.issued_in.setCurrentIndex(max(0, at))
        filled = []
        for name, field in self.texts.items():
            known = getattr(record, name)
            text = formats.day(known) if isinstance(known, date) else known or ""
            if text and (whole or not field.text().strip()):
                field.setText(text)
                mark(field, "")
                filled.append(name)
        return filled

    def clear(self) -> None:
        """Empty the form for the next person."""
        self.show_content({})

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        texts = [field.text() for field in self.texts.values()]
        return not any(text.strip() for text in [*texts, self.document.number.text()])

    def check(self) -> bool:
        """Mark every field that cannot be used; put the focus into the first one."""
        first: QWidget | None = None
        for name, field in self._in_order():
            if self._labels[name].isVisibleTo(self) and not self._check(name, field):
                first = first or field
        if first is not None:
            first.setFocus()
        return first is None

    # -- inside

    def _in_order(self) -> list[tuple[str, QWidget]]:
        return [("document_number", self.document), *self.texts.items()]

    def _check(self, name: str, field: QWidget) -> bool:
        return mark(field, self._problem(name, field))

    def _problem(self, name: str, field: QWidget) -> str:
        if isinstance(field, IdentityCardField):
            return field.problem()
        assert isinstance(field, TextField)
        sentence = field.problem()
        if not sentence and isinstance(field, DateField) and (day := field.value()) is not None:
            try:
                if name == "birth_date":
                    clean_birth(day, today=self.today)
                else:
                    clean_expiry(name, day, today=self.today)
            except DomainError as error:
                return wording.problem(error)
        lacks_surname = name == "first_surname" and not (
            self.texts["first_surname"].text().strip()
            or self.texts["second_surname"].text().strip()
        )
        if lacks_surname and not sentence:
            return self.tr("Falta un apellido. Escriba el que figura en la cédula.")
        return sentence

    def _field_edited(self) -> None:
        typed = self.sender()
        self._typed = typed if isinstance(typed, TextField) else None
        self._pause.start()
        self.edited.emit()

    def _check_typed(self) -> None:
        field = self._typed
        if field is not None and field.text().strip():
            self._check(field.objectName(), field)

    def _left(self) -> None:
        field = self.sender()
        if not isinstance(field, TextField):
            return
        name = field.objectName()
        if field.text().strip():
            self._check(name, field)
        if name in ("first_names", "first_surname", "second_surname"):
            self.names_given.emit()

    def _document_left(self) -> None:
        if self.document.number.text().strip() and self._check("document_number", self.document):
            self.document_given.emit()

    def _type_chosen(self) -> None:
        self._set_type()
        self.edited.emit()
        self._document_left()

    def _set_type(self) -> None:
        self.document.set_document_type(self.type)
        label = self._labels["document_number"]
        words = {
            DocumentType.NIT: self.tr("&NIT"),
            DocumentType.PASSPORT: self.tr("&Número de pasaporte"),
        }.get(self.type, self.tr("&Número de cédula"))
        label.setText(words)
        self.document.number.setAccessibleName(words.replace("&", ""))
        expiry = self.tr("Vence el")
        self._labels["document_expiry"].setText(expiry)

    def _card(self) -> CardNumber:
        self.document.problem()  # splits a whole card that was typed into the first box
        place = self.document.issued_in.currentData()
        return CardNumber(
            self.document.number.text().strip(),
            self.document.complement.text().strip().upper(),
            Department(place) if place else None,
        )

    def _place_of(self, form: QFormLayout, name: str) -> int:
        for place in range(form.rowCount()):
            item = form.itemAt(place, QFormLayout.ItemRole.LabelRole)
            if item is not None and item.widget() is self._labels[name]:
                return place
        raise LookupError(name)

    def _build(self) -> None:
        left, right = QFormLayout(), QFormLayout()
        for form in (left, right):
            form.setContentsMargins(0, 0, 0, 0)
            form.setVerticalSpacing(GRID)
            form.setHorizontalSpacing(GRID)
        words = {
            "document_expiry": (self.tr("Vence el"), self.tr("Vacío: indefinida")),
            "first_names": (self.tr("No&mbres"), ""),
            "first_surname": (self.tr("Primer a&pellido"), ""),
            "second_surname": (self.tr("Segundo apellido"), ""),
            "married_surname": (self.tr("Apellido de casada"), ""),
            "company_name": (self.tr("&Razón social"), ""),
            "trade_registry": (self.tr("&Matrícula de comercio"), ""),
            "birth_date": (self.tr("Fecha de nacimiento"), ""),
            "email": (self.tr("C&orreo"), ""),
            "mobile": (self.tr("&Celular"), ""),
            "address": (self.tr("&Domicilio"), ""),
        }
        self._labels["document_type"] = row(left, self.tr("&Tipo"), self.document_type)
        self._rows["document_type"] = left
        self._labels["document_number"] = row(left, self.tr("&Número de cédula"), self.document)
        self._rows["document_number"] = left
        for name, field in self.texts.items():
            form = right if name in ("birth_date", "email", "mobile", "address") else left
            text, hint = words[name]
            self._labels[name] = row(form, text, field, hint)
            self._rows[name] = form
            field.edited.connect(self._field_edited)
            field.editingFinished.connect(self._left)
        self.right = right
        self.document.edited.connect(self.edited)
        self.document.number.editingFinished.connect(self._document_left)
        self.document.complement.editingFinished.connect(self._document_left)
        self.document_type.activated.connect(self._type_chosen)
        columns = QHBoxLayout(self)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(3 * GRID)
        columns.addLayout(left, 1)
        columns.addLayout(right, 1)


def hide_empty_hint(field: QWidget) -> None:
    """Hide the line below a field again: showing a row shows all of it."""
    below = field.property("below")
    if isinstance(below, QLabel) and not below.text():
        below.hide()


def _text(field: TextField) -> str:
    return (
        field.value() if isinstance(field, FoldedText | EmailField | PhoneField) else field.typed()
    )
