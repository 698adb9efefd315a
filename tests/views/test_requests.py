"""The queue of the branch as an officer uses it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from branch_desk.background import Background
from branch_desk.models.enrolment import Status
from branch_desk.models.staff import Role
from branch_desk.operations.request import enrolment, enrolment_file
from branch_desk.views.kit.theme import Meaning
from branch_desk.views.kit.view import Changed
from branch_desk.views.request.requests import RequestsView, waiting_meaning, waiting_words
from tests.builders import World
from tests.journey import ANA, an_application
from tests.views.kit.accessibility import doubled_mnemonics, nameless
from tests.views.screen import a_station, idle, shown


def submitted(world: World, number: str, surname: str, *, by: str = "otra") -> UUID:
    values = replace(ANA, document_number=number, complement="", first_surname=surname)
    return world.desk(by)(enrolment.submit, an_application(values=values))


@pytest.fixture
def view(
    desk_world: World, background: Background, settings: Any, themed: Any, qtbot: Any
) -> RequestsView:
    submitted(desk_world, "1111111", "Aguilera")
    desk_world.clock.forward(hours=3)
    submitted(desk_world, "2222222", "Barba")
    desk_world.clock.forward(hours=23)
    submitted(desk_world, "3333333", "Chávez", by="tercera")
    made = RequestsView(a_station(desk_world, background, settings))
    shown(qtbot, made)
    return made


def names(view: RequestsView) -> list[str]:
    return [row.name.split()[2] for row in view.table.rows.rows]


def test_who_waits_longest_stands_first_and_the_age_says_so_in_words(view: RequestsView) -> None:
    assert names(view) == ["Aguilera", "Barba", "Chávez"]
    rows = view.table.rows.rows
    assert [waiting_meaning(row) for row in rows] == [Meaning.STOP, Meaning.ATTENTION, None]
    assert "atrasada" in waiting_words(rows[0])
    assert "demorada" in waiting_words(rows[1])
    assert waiting_words(rows[2]) == "0 min"


def test_the_order_turns_by_the_header(view: RequestsView, qtbot: Any) -> None:
    view.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    idle(qtbot, view)
    assert names(view) == ["Chávez", "Barba", "Aguilera"]


def test_typing_filters_and_what_is_not_there_is_said(view: RequestsView, qtbot: Any) -> None:
    QTest.keyClicks(view.text, "barb")
    idle(qtbot, view)
    assert names(view) == ["Barba"]
    view.text.setText("zzz")
    idle(qtbot, view)
    assert names(view) == []
    assert "«zzz»" in view.table.empty_state._sentence.text()


def test_a_state_is_chosen_from_the_list_with_its_count(view: RequestsView, qtbot: Any) -> None:
    assert view.filter.itemText(0) == "Abiertas (3)"
    view.filter.setCurrentIndex(view.filter.findData(Status.SIGNED.value))
    view.filter.activated.emit(0)
    idle(qtbot, view)
    assert names(view) == []
    view.filter.setCurrentIndex(view.filter.findData(Status.SUBMITTED.value))
    view.filter.activated.emit(0)
    idle(qtbot, view)
    assert len(names(view)) == 3


def test_the_preview_follows_the_cursor_and_names_who_has_it(view: RequestsView) -> None:
    view.table.choose_row(2)
    name = view.findChild(QLabel, "preview_name")
    holder = view.findChild(QLabel, "preview_holder")
    assert name is not None
    assert holder is not None
    assert "Chávez" in name.text()
    assert holder.text().startswith("Tercera, hasta ")
    view.table.choose_row(0)
    assert "Aguilera" in name.text()
    assert holder.text() == "Nadie"


def test_enter_and_the_button_open_the_request(view: RequestsView, qtbot: Any) -> None:
    went: list[tuple[str, object]] = []
    view.go.connect(lambda name, subject: went.append((name, subject)))
    view.table.choose_row(1)
    QTest.keyClick(view.table, Qt.Key.Key_Return)
    view.open_button.click()
    wanted = view.table.rows.rows[1].id
    assert went == [("enrolment", wanted)] * 2


def test_what_changed_elsewhere_is_read_again_and_the_cursor_stays(
    view: RequestsView, desk_world: World, qtbot: Any
) -> None:
    view.table.choose_row(1)
    first = view.table.rows.rows[0]
    desk = desk_world.desk("otra")
    file = desk(enrolment_file.view, first.id)
    desk(enrolment.withdraw, first.id, file.version, "La socia ya no lo quiere abrir")
    view.hear(Changed.ENROLMENT)
    idle(qtbot, view)
    assert names(view) == ["Barba", "Chávez"]
    assert view.table.currentIndex().row() == 0
    view.filter.setCurrentIndex(view.filter.findData("ended"))
    view.filter.activated.emit(0)
    idle(qtbot, view)
    assert names(view) == ["Aguilera"]


def test_an_empty_queue_says_how_to_begin(
    desk_world: World, background: Background, settings: Any, themed: Any, qtbot: Any
) -> None:
    view = RequestsView(a_station(desk_world, background, settings))
    shown(qtbot, view)
    assert "F3" in view.table.empty_state._sentence.text()
    assert not view.open_button.isEnabled()


def test_an_auditor_reads_and_begins_nothing(
    desk_world: World, background: Background, settings: Any, themed: Any, qtbot: Any
) -> None:
    view = RequestsView(a_station(desk_world, background, settings, "auditora", Role.AUDITOR))
    shown(qtbot, view)
    assert not view.new_button.isVisible()


def test_everything_has_a_name_and_no_letter_jumps_to_two_places(view: RequestsView) -> None:
    assert nameless(view) == []
    assert doubled_mnemonics(view) == []
