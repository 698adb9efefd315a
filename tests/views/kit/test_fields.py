"""Fields read what is typed here, ask when it could be meant two ways, and keep nothing secret."""

from datetime import date
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from branch_desk.models.member import Department, DocumentType
from branch_desk.models.money import Currency, Money
from branch_desk.views.kit.card_field import CardNumber, IdentityCardField
from branch_desk.views.kit.difference import GAP, DifferenceLabel, marked
from branch_desk.views.kit.fields import (
    CodeField,
    DateField,
    EmailField,
    FoldedText,
    MoneyField,
    PasswordField,
    PhoneField,
    row,
)
from branch_desk.views.kit.scan import ScanBox, ScanWatch
from tests.views.kit.accessibility import nameless


@pytest.mark.parametrize(
    ("typed", "centavos"),
    [
        ("1.234,50", 123450),
        ("1234,5", 123450),
        ("1234", 123400),
        ("0,01", 1),
        ("1.000.000", 100_000_000),
        (" 20 ", 2000),
    ],
)
def test_an_amount_is_read_as_it_is_written_in_bolivia(
    qtbot: Any, typed: str, centavos: int
) -> None:
    field = MoneyField("amount")
    qtbot.addWidget(field)
    qtbot.keyClicks(field, typed)
    assert field.value() == Money(centavos, Currency.BOB)
    assert field.problem() == ""


@pytest.mark.parametrize(
    "typed", ["1.50", "1,234.50", "1.2.3", "-5", "1e5", "١٢", "NaN", "1.23,4,5", "1 000"]
)
def test_what_could_mean_two_amounts_is_never_guessed(qtbot: Any, typed: str) -> None:
    field = MoneyField("amount")
    qtbot.addWidget(field)
    field.setText(typed)
    assert field.value() is None
    assert field.problem()


def test_a_point_before_two_digits_is_asked_about(qtbot: Any) -> None:
    field = MoneyField("amount")
    qtbot.addWidget(field)
    field.setText("1.50")
    assert "1,50" in field.problem()
    assert "150,00" in field.problem()


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("23/11/2026", date(2026, 11, 23)),
        ("23112026", date(2026, 11, 23)),
        ("3-1-1980", date(1980, 1, 3)),
    ],
)
def test_a_day_is_read_day_first(qtbot: Any, typed: str, day: date) -> None:
    field = DateField("birth_date")
    qtbot.addWidget(field)
    qtbot.keyClicks(field, typed)
    assert field.value() == day


def test_a_day_that_does_not_exist_is_told_apart_from_a_wrong_shape(qtbot: Any) -> None:
    field = DateField("birth_date")
    qtbot.addWidget(field)
    field.setText("31/02/2026")
    impossible = field.problem()
    field.setText("2026-02")
    assert field.value() is None
    assert impossible
    assert field.problem() not in ("", impossible)


@pytest.mark.parametrize("bad", ["a\u202eb", "a\u200bb", "a\x07b"])
def test_invisible_characters_are_refused_with_their_place(qtbot: Any, bad: str) -> None:
    field = FoldedText("address")
    qtbot.addWidget(field)
    field.setText(bad)
    assert "2" in field.problem()


@pytest.mark.parametrize("name", ["María de los Ángeles", "D'Orbigny", "Ñahui"])
def test_real_names_pass_and_blanks_are_folded(qtbot: Any, name: str) -> None:
    field = FoldedText("first_names")
    qtbot.addWidget(field)
    field.setText(f"  {name.replace(' ', '   ')} ")
    assert field.problem() == ""
    assert field.value() == name


def test_a_mobile_number_loses_its_country_and_others_are_refused(qtbot: Any) -> None:
    field = PhoneField("mobile")
    qtbot.addWidget(field)
    field.setText("+591 700-12345")
    assert field.value() == "70012345"
    field.setText("33445566")
    assert field.problem()


def test_a_mail_address_needs_its_house(qtbot: Any) -> None:
    field = EmailField("email")
    qtbot.addWidget(field)
    field.setText("ana@correo.com.bo")
    assert field.problem() == ""
    field.setText("ana@correo")
    assert field.problem()


def test_a_whole_card_typed_into_the_number_fills_its_three_parts(qtbot: Any) -> None:
    field = IdentityCardField()
    qtbot.addWidget(field)
    qtbot.keyClicks(field.number, "4567891-1b sc")
    assert field.value() == CardNumber("4567891", "1B", Department.SC)
    field.set_value(CardNumber("812345"))
    assert field.value() == CardNumber("812345", "", None)
    field.number.setText("45")
    assert field.value() is None


def test_a_passport_has_neither_complement_nor_place(qtbot: Any) -> None:
    field = IdentityCardField()
    qtbot.addWidget(field)
    field.show()
    field.set_document_type(DocumentType.PASSPORT)
    field.number.setText("AB12345")
    assert not field.complement.isVisible()
    assert field.value() == CardNumber("AB12345", "", None)


def test_a_password_leaves_neither_clipboard_nor_undo(qtbot: Any) -> None:
    field = PasswordField()
    qtbot.addWidget(field)
    QGuiApplication.clipboard().setText("before")
    qtbot.keyClicks(field, "Canario-91")
    field.selectAll()
    field.copy()
    assert QGuiApplication.clipboard().text() == "before"
    assert field.take() == "Canario-91"
    field.undo()
    assert field.text() == ""
    assert not field.isUndoAvailable()


def test_a_code_keeps_six_digits_and_is_sent_when_complete(qtbot: Any) -> None:
    field = CodeField()
    qtbot.addWidget(field)
    sent: list[str] = []
    field.complete.connect(sent.append)
    qtbot.keyClicks(field, "12a3 45")
    assert field.problem()
    qtbot.keyClicks(field, "6")
    assert sent == ["123456"]
    assert field.take() == "123456"
    assert field.text() == ""


def test_a_label_names_its_field_and_the_problem_stands_below(qtbot: Any) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    form = QFormLayout(page)
    amount, document = MoneyField("amount", required=True), IdentityCardField()
    row(form, "&Monto", amount, "Tope: Bs 20.000,00")
    row(form, "&Cédula", document)
    assert nameless(page) == []
    below = page.findChild(QLabel, "amount_below")
    assert below is not None
    assert below.text() == "Tope: Bs 20.000,00"
    assert not amount.mark()
    assert below.text() == amount.problem()
    amount.set_value(Money(100, Currency.BOB))
    assert amount.mark()
    assert below.text() == "Tope: Bs 20.000,00"


def test_differing_characters_are_marked_inside_the_word(qtbot: Any) -> None:
    assert marked("Quizpe", "Quispe") == ("Quizpe", [(3, 1)])
    assert marked("4567891", "45678911") == (f"4567891{GAP}", [(7, 1)])
    assert marked("igual", "igual") == ("igual", [])
    label = DifferenceLabel("<b>Ana</b>", "<b>Eva</b>")
    qtbot.addWidget(label)
    assert label.differs
    assert label.accessibleName() == "<b>Ana</b>"


def scan_page(qtbot: Any) -> tuple[QWidget, QPushButton, FoldedText]:
    page = QWidget()
    qtbot.addWidget(page)
    pressed, typed = QPushButton("Abrir"), FoldedText("address")
    column = QVBoxLayout(page)
    column.addWidget(pressed)
    column.addWidget(typed)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    return page, pressed, typed


def test_a_scan_while_nobody_types_is_heard_and_presses_no_button(qapp: Any, qtbot: Any) -> None:
    page, pressed, _ = scan_page(qtbot)
    assert page.isVisible()
    pressed.setDefault(True)
    watch = ScanWatch(qapp)
    heard: list[str] = []
    clicks: list[int] = []
    watch.scanned.connect(heard.append)
    pressed.clicked.connect(lambda: clicks.append(1))
    pressed.setFocus()
    qtbot.keyClicks(pressed, "BD1:F-0001")
    qtbot.keyClick(pressed, Qt.Key.Key_Return)
    qapp.removeEventFilter(watch)
    assert heard == ["BD1:F-0001"]
    assert clicks == []


def test_quick_typing_in_a_field_is_not_taken_for_a_scan(qapp: Any, qtbot: Any) -> None:
    page, _, typed = scan_page(qtbot)
    assert page.isVisible()
    watch = ScanWatch(qapp)
    heard: list[str] = []
    watch.scanned.connect(heard.append)
    typed.setFocus()
    qtbot.keyClicks(typed, "Mendez")
    qtbot.keyClick(typed, Qt.Key.Key_Return)
    qapp.removeEventFilter(watch)
    assert heard == []
    assert typed.text() == "Mendez"


def test_slow_keys_are_not_a_scan(qapp: Any, qtbot: Any) -> None:
    page, pressed, _ = scan_page(qtbot)
    assert page.isVisible()
    watch = ScanWatch(qapp)
    heard: list[str] = []
    watch.scanned.connect(heard.append)
    pressed.setFocus()
    for letter in "abcd":
        qtbot.keyClick(pressed, letter, delay=100)
    qtbot.keyClick(pressed, Qt.Key.Key_Return, delay=100)
    qapp.removeEventFilter(watch)
    assert heard == []


def test_a_scan_box_hands_over_the_whole_text(qtbot: Any) -> None:
    box = ScanBox()
    qtbot.addWidget(box)
    heard: list[str] = []
    box.scanned.connect(heard.append)
    qtbot.keyClicks(box, " 4567891 ")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert heard == ["4567891"]
    assert box.text() == ""
