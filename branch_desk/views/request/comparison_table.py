"""Request, books and card side by side; what differs is marked inside the word (F4)."""

from collections.abc import Mapping, Sequence
from datetime import date

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QLabel, QWidget

from branch_desk.models.member import Department
from branch_desk.operations.request.identity import Comparison, same
from branch_desk.views.kit import formats
from branch_desk.views.kit.difference import DifferenceLabel
from branch_desk.views.kit.fields import DateField, FoldedText
from branch_desk.views.kit.pieces import label
from branch_desk.views.kit.theme import GRID

translate = QCoreApplication.translate

DATES = frozenset({"document_expiry", "birth_date"})


class CardCell(QWidget):
    """What the card says of one field, as it is read off it."""

    edited = Signal()

    def __init__(self, comparison: Comparison, title: str) -> None:
        super().__init__()
        self.field = comparison.field
        self.indefinite: QCheckBox | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        name = f"card_{comparison.field}"
        self._date: DateField | None = None
        self._place: QComboBox | None = None
        self._text: FoldedText | None = None
        if comparison.field in DATES:
            self._date = DateField(name)
            digits = self._date.fontMetrics().horizontalAdvance("00/00/0000")
            self._date.setFixedWidth(digits + 28)
            self._date.edited.connect(self.edited)
            entry: QWidget = self._date
        elif comparison.field == "issued_in":
            self._place = QComboBox()
            self._place.setObjectName(name)
            self._place.addItem("—", "")
            for place in Department:
                self._place.addItem(place.value, place.value)
            self._place.activated.connect(self.edited)
            entry = self._place
        else:
            self._text = FoldedText(name, rule=comparison.field)
            self._text.edited.connect(self.edited)
            entry = self._text
        entry.setAccessibleName(title)
        self.setFocusProxy(entry)
        row.addWidget(entry, 0 if self._date else 1)
        if comparison.field == "document_expiry":
            self.indefinite = QCheckBox(self.tr("&Indefinida"))
            self.indefinite.setObjectName("card_indefinite")
            self.indefinite.toggled.connect(self._indefinite_ticked)
            row.addWidget(self.indefinite)
        if self._date is not None:
            row.addStretch(1)

    def value(self) -> str:
        """Give it as it is compared: dates as YYYY-MM-DD; a date half typed as it stands."""
        if self._date is not None:
            day = self._date.value()
            return day.isoformat() if day else self._date.typed()
        if self._place is not None:
            return str(self._place.currentData())
        return self._text.value() if self._text else ""

    def set_value(self, text: str, *, indefinite: bool = False) -> None:
        """Show a reading; an empty expiry is «indefinida» only when that is said."""
        if self._date is not None:
            self._date.setText(shown(self.field, text) if text else "")
        elif self._place is not None:
            self._place.setCurrentIndex(max(0, self._place.findData(text)))
        elif self._text is not None:
            self._text.set_value(text)
            self._text.setCursorPosition(0)
        if self.indefinite is not None:
            self.indefinite.setChecked(indefinite)

    @property
    def answered(self) -> bool:
        """Whether the card was read here; a date may be answered by «indefinida»."""
        return bool(self.value()) or (self.indefinite is not None and self.indefinite.isChecked())

    def _indefinite_ticked(self, ticked: bool) -> None:  # noqa: FBT001  Qt's signal
        if self._date is not None:
            if ticked:
                self._date.setText("")
            self._date.setEnabled(not ticked)
        self.edited.emit()


class ComparisonTable(QWidget):
    """One row a field: as asked, as in the books, as on the card; a reason where they differ."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("comparison")
        self.cells: dict[str, CardCell] = {}
        self.reasons: dict[str, FoldedText] = {}
        self._labels: dict[str, tuple[DifferenceLabel, DifferenceLabel]] = {}
        self._reason_rows: dict[str, tuple[QLabel, FoldedText]] = {}
        self._rows: tuple[Comparison, ...] = ()
        self._member_known = True
        self._company = False
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, GRID, 0)
        self._grid.setHorizontalSpacing(GRID)
        self._grid.setVerticalSpacing(4)
        for column, stretch in ((1, 4), (2, 4), (3, 5)):
            self._grid.setColumnStretch(column, stretch)

    def show_rows(self, rows: Sequence[Comparison], *, member_known: bool) -> None:
        """Show the fields anew; what was typed is put back by `restore`."""
        self._clear()
        self._rows = tuple(rows)
        # A date stands on one line, however large the letters.
        for column in (1, 2):
            least = self.fontMetrics().horizontalAdvance("00/00/0000") + 6
            self._grid.setColumnMinimumWidth(column, least)
        self._member_known = member_known
        heads = ("", self.tr("Solicitud"), self.tr("Registro"), self.tr("Cédula"))
        self._company = not any(row.field == "first_names" for row in rows)
        if self._company:
            heads = ("", self.tr("Solicitud"), self.tr("Registro"), self.tr("Documento"))
        for column, head in enumerate(heads):
            self._put(label(head, "muted"), 0, column)
        for place, row in enumerate(rows):
            self._add(row, 2 * place + 1)
        self.compare()

    def reading(self) -> dict[str, str]:
        """Give what the card says, by field."""
        return {name: cell.value() for name, cell in self.cells.items()}

    def explanations(self) -> dict[str, str]:
        """Give the reasons, of the fields that differ."""
        return {
            name: entry.value()
            for name, entry in self.reasons.items()
            if entry.value() and not entry.isHidden()
        }

    def differing(self) -> list[str]:
        """Name the fields in which the readings made so far are not the same."""
        return [row.field for row in self._rows if self._differs(row)]

    def take_over_records(self) -> None:
        """Fill the card's column with what the books say: the card says the same."""
        for row in self._rows:
            cell = self.cells.get(row.field)
            if cell is not None:
                cell.set_value(row.record, indefinite=not row.record)
        self.compare()
        self.edited.emit()

    def content(self) -> dict[str, object]:
        """Give what was typed, for the draft."""
        expiry = self.cells.get("document_expiry")
        indefinite = expiry is not None and expiry.indefinite is not None
        return {
            "card": self.reading(),
            "reasons": {name: entry.value() for name, entry in self.reasons.items()},
            "indefinite": bool(
                indefinite and expiry and expiry.indefinite and expiry.indefinite.isChecked()
            ),
        }

    def restore(
        self, card: Mapping[str, str], reasons: Mapping[str, str], *, indefinite: bool
    ) -> None:
        """Put back what was typed."""
        for name, cell in self.cells.items():
            cell.set_value(card.get(name, ""), indefinite=indefinite)
        for name, entry in self.reasons.items():
            entry.set_value(reasons.get(name, ""))
        self.compare()

    def set_editable(self, *, editable: bool) -> None:
        """Let the card's column and the reasons be written in, or only read."""
        for each in (*self.cells.values(), *self.reasons.values()):
            each.setEnabled(editable)

    def compare(self) -> None:
        """Mark what differs, and ask for reasons there."""
        for row in self._rows:
            typed, record = self._labels[row.field]
            card = self.cells[row.field].value() if row.field in self.cells else ""
            other = card or row.record
            against_typed = row.typed if same(row.typed, other) or not other else other
            typed.compare(shown(row.field, row.typed), shown(row.field, against_typed))
            other = card or row.typed
            if not self._member_known or (not row.record and not row.on_card):
                record.compare("", "")
            else:
                against = row.record if same(row.record, other) else other
                record.compare(shown(row.field, row.record), shown(row.field, against))
            words, entry = self._reason_rows[row.field]
            differs = self._differs(row)
            words.setVisible(differs)
            entry.setVisible(differs)

    def _differs(self, row: Comparison) -> bool:
        if not self._member_known:
            return False
        values = [row.typed]
        if row.on_card or row.record:
            values.append(row.record)
        cell = self.cells.get(row.field)
        if cell is not None and (cell.answered or self._begun()):
            values.append(cell.value())
        return not all(same(values[0], other) for other in values[1:])

    def _begun(self) -> bool:
        # An empty cell says «not on the card» only once the reading has begun.
        number = self.cells.get("document_number")
        return number is not None and bool(number.value())

    def _add(self, row: Comparison, place: int) -> None:
        title = _titles()[row.field]
        typed, record = DifferenceLabel(), DifferenceLabel()
        self._labels[row.field] = (typed, record)
        self._put(label(title, "muted"), place, 0)
        self._put(typed, place, 1)
        self._put(record, place, 2)
        if row.on_card:
            where = self.tr("{field} en la cédula")
            if self._company:
                where = self.tr("{field} en el documento")
            cell = CardCell(row, where.format(field=title))
            cell.edited.connect(self._edited)
            self.cells[row.field] = cell
            self._put(cell, place, 3)
        else:
            self._put(label(self.tr("no figura"), "small"), place, 3)
        words = label(self.tr("Motivo"), "small")
        words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        entry = FoldedText(f"reason_{row.field}", rule="reason")
        entry.setAccessibleName(
            self.tr("Motivo de la diferencia en {field}").format(field=title.lower())
        )
        entry.setPlaceholderText(self.tr("Por qué se acepta la diferencia"))
        entry.edited.connect(self._edited)
        self.reasons[row.field] = entry
        self._reason_rows[row.field] = (words, entry)
        self._put(words, place + 1, 0)
        self._grid.addWidget(entry, place + 1, 1, 1, 3)

    def _put(self, widget: QWidget, row: int, column: int) -> None:
        self._grid.addWidget(widget, row, column)

    def _edited(self) -> None:
        self.compare()
        self.edited.emit()

    def _clear(self) -> None:
        self.cells, self.reasons, self._labels, self._reason_rows = {}, {}, {}, {}
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()


def shown(field: str, text: str) -> str:
    """Write a value as a person reads it."""
    if field in DATES and text:
        try:
            return formats.day(date.fromisoformat(text))
        except ValueError:
            return text
    return text


def _titles() -> dict[str, str]:
    return {
        "document_number": translate("Comparison", "Número"),
        "complement": translate("Comparison", "Complemento"),
        "issued_in": translate("Comparison", "Emitida en"),
        "document_expiry": translate("Comparison", "Vence"),
        "first_names": translate("Comparison", "Nombres"),
        "first_surname": translate("Comparison", "Primer apellido"),
        "second_surname": translate("Comparison", "Segundo apellido"),
        "married_surname": translate("Comparison", "Ap. de casada"),
        "birth_date": translate("Comparison", "Nacimiento"),
        "company_name": translate("Comparison", "Razón social"),
        "trade_registry": translate("Comparison", "Matrícula"),
        "email": translate("Comparison", "Correo"),
        "mobile": translate("Comparison", "Celular"),
        "address": translate("Comparison", "Domicilio"),
    }
