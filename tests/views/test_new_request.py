"""A walk-in request filled in at the counter: person and company, the books, the draft."""

from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from branch_desk.background import Background
from branch_desk.models.enrolment import SigningRule, Status
from branch_desk.models.member import DocumentType, MemberKind
from branch_desk.operations.request import drafts, enrolment, enrolment_file
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.theme import Meaning
from branch_desk.views.request.new_request import NewRequestView
from tests.builders import World
from tests.journey import an_application
from tests.views.kit.accessibility import doubled_mnemonics, nameless
from tests.views.screen import BODY_WIDTH, a_station, idle, shown, type_in

ANA = {
    "document_number_digits": "4567891",
    "complement": "1B",
    "document_expiry": "01/05/2030",
    "first_names": "Ana María",
    "first_surname": "Méndez",
    "second_surname": "Ríos",
    "birth_date": "14/03/1985",
    "email": "ana@example.com",
    "mobile": "70012345",
    "address": "Calle Sucre 45",
}
JAIME = {
    "representative_document_digits": "3344556",
    "representative_first_names": "Jaime",
    "representative_first_surname": "Lazarte",
    "representative_email": "jaime@example.com",
    "representative_mobile": "71112223",
    "representative_power_number": "123/2024",
    "representative_power_date": "01/02/2024",
    "representative_notary": "Notaría 12, Dra. Vaca Díez",
}


@pytest.fixture
def station(desk_world: World, background: Background, settings: Any, themed: Any) -> Station:
    return a_station(desk_world, background, settings)


@pytest.fixture
def view(station: Station, qtbot: Any) -> NewRequestView:
    made = NewRequestView(station)
    shown(qtbot, made)
    return made


def went_to(view: NewRequestView) -> list[tuple[str, UUID]]:
    went: list[tuple[str, UUID]] = []
    view.go.connect(lambda name, subject: went.append((name, subject)))
    return went


def leave(view: NewRequestView, name: str) -> QLineEdit:
    """Leave a field by Tab, as a person does."""
    field = view.findChild(QLineEdit, name)
    assert field is not None
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Tab)
    return field


def below(view: NewRequestView, name: str) -> str:
    field = view.findChild(QLineEdit, name)
    assert field is not None
    return str(field.property("below").text())


def kept(station: Station) -> drafts.DraftView | None:
    return station.desk(drafts.load, "new")


def test_a_person_typed_in_becomes_a_request(
    view: NewRequestView, station: Station, qtbot: Any
) -> None:
    went = went_to(view)
    type_in(view, **ANA)
    leave(view, "first_surname")
    idle(qtbot, view)
    assert view.user_name.value() == "amendez"
    view.terms.click()
    view.submit.click()
    idle(qtbot, view)
    assert [name for name, _ in went] == ["enrolment"]
    file = station.desk(enrolment_file.view, went[0][1])
    assert file.status is Status.SUBMITTED
    assert file.name == "Ana María Méndez Ríos"
    assert file.document == "4567891-1B"
    assert file.application.values.mobile == "70012345"
    assert view.form.is_empty
    assert kept(station) is None


def test_what_the_books_know_fills_the_form_when_the_officer_says_so(
    view: NewRequestView, desk_world: World, qtbot: Any
) -> None:
    desk_world.account(desk_world.member())
    went = went_to(view)
    type_in(view, document_number_digits="4567891-1B SC")
    leave(view, "document_number_digits")
    idle(qtbot, view)
    assert view.record.name.text() == "Ana María Méndez Ríos"
    assert view.form.texts["first_names"].text() == ""  # not before somebody says so
    type_in(view, mobile="71111111")
    view.record.use.click()
    idle(qtbot, view)
    assert view.form.texts["first_names"].text() == "Ana María"
    assert view.form.texts["birth_date"].text() == "14/03/1985"
    assert view.form.texts["mobile"].text() == "71111111"  # what the person says now stays
    assert view.user_name.value() == "amendez"
    view.terms.click()
    view.submit.click()
    idle(qtbot, view)
    assert len(went) == 1


def test_a_document_the_books_do_not_know_is_said(view: NewRequestView, qtbot: Any) -> None:
    type_in(view, document_number_digits="9999999")
    leave(view, "document_number_digits")
    idle(qtbot, view)
    assert "Nadie en los libros" in view.record.nothing.text()
    assert not view.record.use.isVisible()


def test_from_a_member_the_form_is_filled_whole(
    view: NewRequestView, desk_world: World, qtbot: Any
) -> None:
    member = desk_world.member()
    view.open(member)
    idle(qtbot, view)
    assert view.form.document.number.text() == "4567891"
    assert view.form.texts["email"].text() == "ana@example.com"
    assert view.record.name.text() == "Ana María Méndez Ríos"


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("email", "ana@", "nombre@correo.com"),
        ("mobile", "12345", "ocho dígitos"),
        ("birth_date", "31/02/1985", "no existe"),
        ("birth_date", "14/03/2030", "todavía no llega"),
        ("first_names", "Ana 3", "carácter 5"),
    ],
)
def test_a_field_says_what_is_wrong_when_it_is_left(
    view: NewRequestView, name: str, typed: str, said: str
) -> None:
    type_in(view, **{name: typed})
    field = leave(view, name)
    assert said in below(view, name)
    assert field.property("problem") == "stop"


def test_a_field_says_what_is_wrong_when_the_typing_pauses(
    view: NewRequestView, qtbot: Any
) -> None:
    view.form._pause.setInterval(1)
    type_in(view, email="ana@")
    qtbot.waitUntil(lambda: "nombre@correo.com" in below(view, "email"))
    type_in(view, email="ana@example.com")
    assert below(view, "email") == ""


def test_what_is_missing_is_marked_and_the_focus_goes_to_the_first(
    view: NewRequestView, qtbot: Any
) -> None:
    type_in(view, first_names="Ana")
    view.submit.click()
    assert view.form.document.number.hasFocus()
    assert below(view, "email").startswith("Falta")
    assert "apellido" in below(view, "first_surname")
    assert view.problem_bar.meaning is Meaning.STOP


def test_without_the_members_yes_to_the_terms_nothing_is_sent(
    view: NewRequestView, qtbot: Any
) -> None:
    went = went_to(view)
    type_in(view, **ANA)
    assert "2026-1" in view.terms.text()
    assert "CosmartNet" in view.terms_text.toPlainText()
    view.submit.click()
    idle(qtbot, view)
    assert went == []
    assert view.terms.hasFocus()
    assert "términos" in view.problem_bar.sentence


def test_a_second_request_of_the_same_person_is_refused_at_the_document(
    view: NewRequestView, desk_world: World, qtbot: Any
) -> None:
    desk_world.desk("otra")(enrolment.submit, an_application())
    went = went_to(view)
    type_in(view, **ANA)
    view.terms.click()
    view.submit.click()
    idle(qtbot, view)
    assert went == []
    assert view.form.document.number.hasFocus()
    assert "solicitud abierta" in view.problem_bar.sentence
    assert view.form.texts["first_names"].text() == "Ana María"


def test_a_user_name_that_is_taken_is_proposed_with_a_number_and_a_wish_is_kept(
    view: NewRequestView, desk_world: World, qtbot: Any
) -> None:
    desk_world.desk("otra")(enrolment.submit, an_application(user_name="amendez"))
    type_in(view, **(ANA | {"document_number_digits": "7654321", "complement": ""}))
    leave(view, "first_surname")
    idle(qtbot, view)
    assert view.user_name.value() == "amendez2"
    type_in(view, user_name="anita")
    type_in(view, first_surname="Suárez")
    leave(view, "first_surname")
    idle(qtbot, view)
    assert view.user_name.value() == "anita"


def test_the_first_keystroke_is_kept_and_found_again_after_a_power_cut(
    view: NewRequestView, station: Station, desk_world: World, qtbot: Any
) -> None:
    view._save.setInterval(1)
    type_in(view, first_names="An")
    qtbot.waitUntil(lambda: view.saved.text() != "")
    idle(qtbot, view)
    draft = kept(station)
    assert draft is not None
    assert draft.content["first_names"] == "An"
    desk_world.clock.forward(minutes=5)
    again = NewRequestView(
        a_station(desk_world, station.background, station.look)
    )  # the program began anew
    shown(qtbot, again)
    assert again.draft_bar.isVisible()
    assert "hace 5 min: An" in again.draft_bar.words.text()
    again.draft_bar.resume.click()
    idle(qtbot, again)
    assert again.form.texts["first_names"].text() == "An"
    assert not again.draft_bar.isVisible()


def test_what_was_typed_a_moment_before_leaving_is_kept(
    view: NewRequestView, station: Station, qtbot: Any
) -> None:
    type_in(view, first_names="Ana")
    view.forget()
    idle(qtbot, view)
    draft = kept(station)
    assert draft is not None
    assert draft.content["first_names"] == "Ana"
    assert view.form.is_empty


def test_a_draft_thrown_away_is_gone(station: Station, desk_world: World, qtbot: Any) -> None:
    station.desk(drafts.save, "new", {"first_names": "Ana"})
    view = NewRequestView(station)
    shown(qtbot, view)
    view.draft_bar.discard.click()
    idle(qtbot, view)
    assert kept(station) is None
    assert view.form.is_empty


def test_another_person_finds_no_draft_of_the_first(
    station: Station, desk_world: World, qtbot: Any
) -> None:
    station.desk(drafts.save, "new", {"first_names": "Ana"})
    other = NewRequestView(a_station(desk_world, station.background, station.look, "otra"))
    shown(qtbot, other)
    assert not other.draft_bar.isVisible()


def test_a_company_comes_with_its_representatives_and_signing_rule(
    view: NewRequestView, station: Station, desk_world: World, qtbot: Any
) -> None:
    desk_world.company()
    went = went_to(view)
    view.company.click()
    type_in(view, document_number_digits="1023456021")
    leave(view, "document_number_digits")
    idle(qtbot, view)
    view.record.use.click()
    type_in(view, address="Parque Industrial, manzana 12")
    view.terms.click()
    view.submit.click()
    assert "representante" in view.problem_bar.sentence
    view.representatives.add.click()
    type_in(view, **JAIME)
    view.representative.keep.click()
    assert [each.first_names for each in view.representatives.people] == ["Jaime"]
    view.signing_rule.setCurrentIndex(view.signing_rule.findData(SigningRule.SOLE))
    view.submit.click()
    idle(qtbot, view)
    file = station.desk(enrolment_file.view, went[0][1])
    assert file.application.values.kind is MemberKind.COMPANY
    assert file.application.values.document_type is DocumentType.NIT
    assert file.application.signing_rule is SigningRule.SOLE
    assert [each.notary for each in file.application.representatives] == [
        JAIME["representative_notary"]
    ]


def test_two_must_sign_where_the_rule_says_two(
    view: NewRequestView, desk_world: World, qtbot: Any
) -> None:
    view.open(desk_world.company())
    idle(qtbot, view)
    type_in(view, address="Parque Industrial")
    view.representatives.add.click()
    type_in(view, **JAIME)
    view.representative.keep.click()
    view.signing_rule.setCurrentIndex(view.signing_rule.findData(SigningRule.JOINT_TWO))
    view.terms.click()
    view.submit.click()
    idle(qtbot, view)
    assert view.problem_bar.meaning is Meaning.STOP
    assert view.representatives.isVisible()


def test_a_representative_with_an_old_power_is_stopped_at_the_field(
    view: NewRequestView, qtbot: Any
) -> None:
    view.company.click()
    view.representatives.add.click()
    type_in(view, **(JAIME | {"representative_power_expiry": "01/02/2025"}))
    view.representative.keep.click()
    assert view.representatives.people == []
    assert "venció" in below(view, "representative_power_expiry")
    assert not view.submit.isEnabled()


def test_a_representative_is_corrected_and_taken_out(view: NewRequestView, qtbot: Any) -> None:
    view.company.click()
    view.representatives.add.click()
    type_in(view, **JAIME)
    view.representative.keep.click()
    view.representatives.edit.click()
    type_in(view, representative_first_names="Jaime Andrés")
    view.representative.keep.click()
    assert [each.first_names for each in view.representatives.people] == ["Jaime Andrés"]
    view.representatives.remove.click()
    assert view.representatives.people == []
    assert not view.representatives.edit.isEnabled()


def test_a_companys_draft_brings_its_representatives_back(
    view: NewRequestView, station: Station, desk_world: World, qtbot: Any
) -> None:
    view._save.setInterval(1)
    view.company.click()
    view.representatives.add.click()
    type_in(view, **JAIME)
    view.representative.keep.click()
    qtbot.waitUntil(lambda: view.saved.text() != "")
    idle(qtbot, view)
    again = NewRequestView(a_station(desk_world, station.background, station.look))
    shown(qtbot, again)
    again.draft_bar.resume.click()
    idle(qtbot, again)
    assert again.company.isChecked()
    assert again.representatives.people == view.representatives.people


def test_it_fits_the_window_without_scrolling_sideways(view: NewRequestView) -> None:
    assert view.minimumSizeHint().width() <= BODY_WIDTH
    view.company.click()
    assert view.minimumSizeHint().width() <= BODY_WIDTH


def test_everything_has_a_name_and_no_letter_jumps_to_two_places(
    view: NewRequestView, desk_world: World, qtbot: Any
) -> None:
    desk_world.member()
    type_in(view, document_number_digits="4567891-1B SC")
    leave(view, "document_number_digits")
    idle(qtbot, view)
    assert nameless(view) == []
    assert doubled_mnemonics(view) == []
    view.company.click()
    assert doubled_mnemonics(view) == []
    view.representatives.add.click()
    assert nameless(view) == []
    assert doubled_mnemonics(view) == []


def test_the_form_walks_in_reading_order(view: NewRequestView) -> None:
    wanted = ["document_number_digits", "complement", "document_expiry", "first_names"]
    view.form.document.number.setFocus()
    walked = []
    for _ in range(5):
        focused = view.window().focusWidget()
        assert focused is not None
        walked.append(focused.objectName())
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert [name for name in walked if name in wanted] == wanted
