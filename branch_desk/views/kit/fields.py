"""The fields a form is made of: each knows its kind of value, says what is wrong, and has a name.

Every field has `value()`, `set_value()`, `problem()` (a Spanish sentence, empty when all is well)
and the signal `edited`, sent when a person changes it and not when the program does. Lay fields
out with `row(form, "&Etiqueta", field)`: the label gives the field its accessible name.

Text is kept in NFC, trimmed, without control, bidirectional or zero-width characters (R86).
"""

import re
import unicodedata
from datetime import date
from typing import Final, Protocol

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from branch_desk.models.errors import DomainError
from branch_desk.models.money import Currency, Money, format_centavos
from branch_desk.views.kit import formats, wording
from branch_desk.views.kit.theme import restyle

translate = QCoreApplication.translate

LONGEST_TEXT: Final = 120
CODE_DIGITS: Final = 6
_POINT_CENTS: Final = re.compile(r"(\d{1,12})\.(\d{1,2})", re.ASCII)
_DAY: Final = re.compile(r"(\d{1,2})[/.\- ]?(\d{1,2})[/.\- ]?(\d{4})", re.ASCII)


class Field(Protocol):
    """What all fields share."""

    @property
    def edited(self) -> SignalInstance:
        """Sent when a person changed the field."""
        ...

    def problem(self) -> str:
        """Say in one sentence what is wrong; empty when the value can be used."""
        ...


def row(form: QFormLayout, label: str, field: QWidget, hint: str = "") -> QLabel:
    """Add a field under its label; `&` marks the key that jumps to it. Return the label.

    The hint stands below the field in small letters; `mark()` writes what is wrong in its place.
    Both are read aloud as the field's description.
    """
    name = QLabel(label)
    name.setTextFormat(Qt.TextFormat.PlainText)
    proxy = field.focusProxy()
    buddy = proxy if isinstance(proxy, QWidget) else field
    name.setBuddy(buddy)
    if buddy is not field:
        # Qt looks for the label among the neighbours of the buddy, not around the whole field.
        buddy.setAccessibleName(label.replace("&", ""))
    below = QLabel(hint)
    below.setObjectName(f"{field.objectName()}_below")
    below.setTextFormat(Qt.TextFormat.PlainText)
    below.setProperty("kind", "small")
    below.setProperty("hint", hint)
    below.setWordWrap(True)
    if not hint:  # shown before it has a place, it would open a window of its own
        below.hide()
    field.setProperty("below", below)
    buddy.setAccessibleDescription(hint)
    stack = QVBoxLayout()
    stack.setSpacing(2)
    stack.addWidget(field)
    stack.addWidget(below)
    form.addRow(name, stack)
    return name


def mark(field: QWidget, sentence: str) -> bool:
    """Mark a field as wrong, with the sentence below it, or as right when there is none."""
    proxy = field.focusProxy()
    entry = proxy if isinstance(proxy, QWidget) else field
    restyle(entry, problem="stop" if sentence else "")
    entry.setAccessibleDescription(sentence)
    below = field.property("below")
    if isinstance(below, QLabel):
        words = sentence or str(below.property("hint"))
        below.setText(words)
        # A row that is not shown now must not leave its hint behind.
        below.setVisible(bool(words) and not field.isHidden())
        restyle(below, kind="wrong" if sentence else "small")
    return not sentence


def rule_problem(rule: str, typed: str) -> str:
    """Say what the rules of the models have against a text (R86); empty when nothing.

    `rule` is a name of `models.validation.RULES`; other names are held to the rule of addresses:
    any visible character, up to 120.
    """
    from branch_desk.models import validation  # the sign-in needs none of the models

    try:
        validation.clean_text(rule if rule in validation.RULES else "address", typed)
    except DomainError as error:
        return wording.problem(error)
    return ""


class TextField(QLineEdit):
    """A line of text; the other one-line fields are kinds of it.

    `rule` names the rule of the models that the text obeys; without it the field's own name does.
    """

    edited = Signal()

    def __init__(
        self,
        name: str,
        *,
        required: bool = False,
        longest: int = LONGEST_TEXT,
        placeholder: str = "",
        rule: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.rule = rule or name
        self.setMaxLength(longest)
        self.setPlaceholderText(placeholder)
        self.required = required
        self.textEdited.connect(self._tell)

    def typed(self) -> str:
        """Return what was typed, in NFC and without blanks around it."""
        return unicodedata.normalize("NFC", self.text()).strip()

    def problem(self) -> str:
        """Say what is wrong with what was typed."""
        typed = self.typed()
        if not typed:
            return translate("Field", "Falta este dato. Escríbalo.") if self.required else ""
        return self._kind_problem(typed)

    def mark(self) -> bool:
        """Show by frame and sentence whether the value can be used; return whether."""
        return mark(self, self.problem())

    def _kind_problem(self, typed: str) -> str:
        return rule_problem(self.rule, typed)

    def _tell(self) -> None:
        if self.property("problem"):
            self.mark()
        self.edited.emit()

    def sizeHint(self) -> QSize:
        """Prefer room for the longest value, up to 40 letters."""
        hint = super().sizeHint()
        letters = min(self.maxLength() + 2, 40)
        return QSize(max(80, letters * self.fontMetrics().averageCharWidth() + 24), hint.height())


class FoldedText(TextField):
    """A name, an address, a concept: text whose runs of blanks count as one."""

    def value(self) -> str:
        """Return the text in NFC, trimmed, runs of blanks folded into one."""
        return " ".join(self.typed().split())

    def set_value(self, text: str | None) -> None:
        """Show a text; the person is not taken to have typed it."""
        self.setText(text or "")


class MoneyField(TextField):
    """An amount as written in Bolivia, `1.234,50`; whole centavos come out.

    `1.50` and `1,234.50` could be meant either way: the field asks instead of guessing.
    """

    def __init__(
        self,
        name: str,
        currency: Currency = Currency.BOB,
        *,
        required: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, required=required, longest=20, placeholder="0,00", parent=parent)
        self.currency = currency
        self.setAlignment(Qt.AlignmentFlag.AlignRight)

    def value(self) -> Money | None:
        """Return the amount, or None when the field is empty or its text is no amount."""
        try:
            return Money.parse(self.typed(), self.currency) if self.typed() else None
        except DomainError:
            return None

    def set_value(self, amount: Money | None) -> None:
        """Show an amount with its currency."""
        if amount is not None:
            self.currency = amount.currency
        self.setText("" if amount is None else format_centavos(amount.centavos))

    def _kind_problem(self, typed: str) -> str:
        if self.value() is not None:
            return ""
        doubtful = _POINT_CENTS.fullmatch(typed)
        if doubtful is not None:
            whole, cents = doubtful.groups()
            return translate(
                "Field", "¿Quiso decir {small} o {large}? Escriba los centavos después de una coma."
            ).format(
                small=format_centavos(int(whole) * 100 + int(cents.ljust(2, "0"))),
                large=format_centavos(int(whole + cents) * 100),
            )
        return translate("Field", "Escriba el monto como 1.234,50.")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Group the figures once the amount is complete."""
        amount = self.value()
        if amount is not None:
            self.setText(format_centavos(amount.centavos))
        super().focusOutEvent(event)

    def sizeHint(self) -> QSize:
        """Prefer room for `999.999.999,99`."""
        return QSize(
            self.fontMetrics().horizontalAdvance("9.999.999,99") + 32, super().sizeHint().height()
        )


class DateField(TextField):
    """A day typed as `23/11/2026`; `23112026` and `23-11-2026` are understood too."""

    def __init__(self, name: str, *, required: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(
            name, required=required, longest=10, placeholder="dd/mm/aaaa", parent=parent
        )

    def value(self) -> date | None:
        """Return the day, or None when the field is empty or its text is no day."""
        found = _DAY.fullmatch(self.typed())
        if found is None:
            return None
        day, month, year = (int(part) for part in found.groups())
        try:
            return date(year, month, day)
        except ValueError:
            return None

    def set_value(self, day: date | None) -> None:
        """Show a day."""
        self.setText("" if day is None else formats.day(day))

    def _kind_problem(self, typed: str) -> str:
        if self.value() is not None:
            return ""
        if _DAY.fullmatch(typed):
            return translate("Field", "Ese día no existe en el calendario. Revise la fecha.")
        return translate("Field", "Escriba la fecha como 23/11/2026.")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Write the day in full once it is complete."""
        day = self.value()
        if day is not None:
            self.setText(formats.day(day))
        super().focusOutEvent(event)


class PhoneField(TextField):
    """A mobile number of Bolivia: eight digits that begin with 6 or 7; `+591` is dropped."""

    def __init__(self, name: str, *, required: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(
            name,
            required=required,
            longest=24,
            placeholder="70012345",
            rule="mobile",
            parent=parent,
        )

    def value(self) -> str:
        """Return the eight digits, or what was typed when it is no mobile number."""
        digits = re.sub(r"[ .()-]", "", self.typed())
        digits = digits.removeprefix("+591").removeprefix("00591")
        return self.typed() if self.problem() else digits

    def set_value(self, number: str | None) -> None:
        """Show a number."""
        self.setText(number or "")


class EmailField(TextField):
    """A mail address; whether mail arrives there is shown by the confirmation alone."""

    def __init__(self, name: str, *, required: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(
            name,
            required=required,
            longest=254,
            placeholder="nombre@correo.com",
            rule="email",
            parent=parent,
        )
        self.setInputMethodHints(Qt.InputMethodHint.ImhEmailCharactersOnly)

    def value(self) -> str:
        """Return the address as typed, without blanks around it."""
        return self.typed()

    def set_value(self, address: str | None) -> None:
        """Show an address."""
        self.setText(address or "")


class DigitsField(TextField):
    """A number that is text, such as an account or a NIT: leading zeros stay."""

    def value(self) -> str:
        """Return the digits; blanks and hyphens between them are dropped."""
        return re.sub(r"[\s.-]", "", self.typed())

    def set_value(self, digits: str | None) -> None:
        """Show digits."""
        self.setText(digits or "")

    def _kind_problem(self, typed: str) -> str:
        value = self.value()
        if value.isascii() and value.isdigit():
            return ""
        return translate("Field", "Escriba solo dígitos.")


class SecretField(TextField):
    """What must not be seen, copied, undone or suggested."""

    def __init__(self, name: str, *, longest: int, parent: QWidget | None = None) -> None:
        super().__init__(name, required=True, longest=longest, parent=parent)
        self.setEchoMode(QLineEdit.EchoMode.NoEcho)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setDragEnabled(False)
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhNoAutoUppercase
        )

    def take(self) -> str:
        """Return what was typed and leave nothing behind, in the field or its undo history."""
        typed = self.text()
        self.wipe()
        return typed

    def wipe(self) -> None:
        """Empty the field. `setText` also clears the undo history; deleting by keys would not."""
        self.setText("")

    def problem(self) -> str:
        """Say that it is missing; what a password must be is the policy's to say."""
        return "" if self.text() else translate("Field", "Falta este dato. Escríbalo.")


class PasswordField(SecretField):
    """A password as dots: pasted from a password keeper, never copied out."""

    def __init__(self, name: str = "password", parent: QWidget | None = None) -> None:
        super().__init__(name, longest=128, parent=parent)
        self.setEchoMode(QLineEdit.EchoMode.Password)


class CodeField(TextField):
    """The six digits of an authenticator; `complete` is sent when the sixth is typed."""

    complete = Signal(str)

    def __init__(self, name: str = "code", parent: QWidget | None = None) -> None:
        super().__init__(name, required=True, longest=16, placeholder="000000", parent=parent)
        self.setProperty("kind", "code")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhDigitsOnly | Qt.InputMethodHint.ImhSensitiveData
        )
        self.textEdited.connect(self._clean)

    def value(self) -> str:
        """Return the digits typed so far."""
        return self.text()

    def set_value(self, code: str | None) -> None:
        """Show a code, or empty the field with its undo history."""
        self.setText(code or "")

    def take(self) -> str:
        """Return the code and empty the field."""
        code = self.text()
        self.setText("")
        return code

    def problem(self) -> str:
        """Say how many digits are missing."""
        missing = CODE_DIGITS - len(self.text())
        if not missing:
            return ""
        return translate("Field", "El código tiene seis dígitos.")

    def _clean(self, typed: str) -> None:
        # Phones show the code as «123 456»; only ASCII digits count.
        digits = "".join(c for c in typed if c in "0123456789")[:CODE_DIGITS]
        if digits != typed:
            self.setText(digits)
        if len(digits) == CODE_DIGITS:
            self.complete.emit(digits)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Send the code again on Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.problem():
            self.complete.emit(self.text())
            return
        super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        """Prefer room for six large digits."""
        return QSize(
            self.fontMetrics().horizontalAdvance("0000000000"), super().sizeHint().height()
        )
