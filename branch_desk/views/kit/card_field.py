"""The identity card as it is written here: number, complement, place of issue (F5)."""

import re
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QWidget

from branch_desk.models.errors import DomainError
from branch_desk.models.member import Department, DocumentType
from branch_desk.models.validation import clean_document, clean_text
from branch_desk.views.kit import wording
from branch_desk.views.kit.fields import mark

translate = QCoreApplication.translate

LONGEST_COMPLEMENT: Final = 5
_WHOLE: Final = re.compile(
    r"(?P<number>[0-9]{3,20})(?:\s*-\s*(?P<complement>[0-9A-Z]{1,5}))?(?:\s+(?P<place>[A-Z]{2}))?",
    re.ASCII,
)


@dataclass(frozen=True)
class CardNumber:
    """A card's number as typed. The place of issue is no part of who somebody is."""

    number: str
    complement: str = ""
    issued_in: Department | None = None


class IdentityCardField(QWidget):
    """Three boxes in a row; a whole card typed into the first (`4567891-1B SC`) fills all."""

    edited = Signal()

    def __init__(self, name: str = "document_number", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.document_type = DocumentType.CI
        # Refusals name the parts of the card as the tables do.
        prefix = "" if name == "document_number" else f"{name}_"
        self.number = QLineEdit(self)
        self.number.setObjectName(f"{name}_digits")
        self.number.setMaxLength(40)  # a whole card may be pasted
        self.number.setPlaceholderText("4567891")
        self.complement = QLineEdit(self)
        self.complement.setObjectName(f"{prefix}complement")
        self.complement.setMaxLength(LONGEST_COMPLEMENT)
        self.complement.setPlaceholderText("1B")
        self.complement.setFixedWidth(72)
        self.complement.setAccessibleName(self.tr("Complemento de la cédula"))
        self.issued_in = QComboBox(self)
        self.issued_in.setObjectName(f"{prefix}issued_in")
        self.issued_in.setAccessibleName(self.tr("Lugar de emisión de la cédula"))
        self.issued_in.addItem("—", None)
        for place in Department:
            self.issued_in.addItem(place.value, place)
        self._hyphen = QLabel("-", self)
        self._hyphen.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.number, 1)
        row.addWidget(self._hyphen)
        row.addWidget(self.complement)
        row.addSpacing(4)
        row.addWidget(self.issued_in)
        self.setFocusProxy(self.number)
        self.number.textEdited.connect(self._number_typed)
        self.number.editingFinished.connect(self._split)
        self.complement.textEdited.connect(self._tell)
        self.issued_in.activated.connect(self._tell)

    def value(self) -> CardNumber | None:
        """Return the card's number, or None while it is incomplete."""
        self._split()
        if self._wrong():
            return None
        place = self.issued_in.currentData()
        return CardNumber(
            clean_document(self.document_type, self.number.text()),
            clean_text("complement", self.complement.text()),
            Department(place) if place else None,
        )

    def set_document_type(self, document_type: DocumentType) -> None:
        """Read the number as a card, a passport or a NIT; only cards have a complement."""
        self.document_type = document_type
        is_card = document_type in (DocumentType.CI, DocumentType.CIE)
        for part in (self._hyphen, self.complement, self.issued_in):
            part.setVisible(is_card)
        if not is_card:
            self.complement.clear()
            self.issued_in.setCurrentIndex(0)

    def set_value(self, card: CardNumber | None) -> None:
        """Show a card's number."""
        self.number.setText(card.number if card else "")
        self.complement.setText(card.complement if card else "")
        place = card.issued_in if card else None
        self.issued_in.setCurrentIndex(max(0, self.issued_in.findText(place or "—")))

    def problem(self) -> str:
        """Say what is wrong with the number or the complement."""
        self._split()
        return self._wrong()

    def mark(self) -> bool:
        """Show by the frame whether the card can be used; return whether."""
        return mark(self, self._wrong())

    def _wrong(self) -> str:
        number = self.number.text().strip()
        if not number:
            return translate("Field", "Falta el número del documento. Escríbalo.")
        try:
            clean_document(self.document_type, number)
            clean_text("complement", self.complement.text())
        except DomainError as error:
            return wording.problem(error)
        return ""

    def _number_typed(self, typed: str) -> None:
        found = _WHOLE.fullmatch(typed.strip().upper())
        if found and found["place"]:
            self._split()  # nothing follows the place of issue
        self._tell()

    def _split(self) -> None:
        found = _WHOLE.fullmatch(self.number.text().strip().upper())
        if found is None:
            return
        self.number.setText(found["number"])
        if found["complement"]:
            self.complement.setText(found["complement"])
        if found["place"] and (at := self.issued_in.findText(found["place"])) > 0:
            self.issued_in.setCurrentIndex(at)

    def _tell(self) -> None:
        if self.number.property("problem"):
            self.mark()
        self.edited.emit()
