"""A deed that wants the password again asks for it in place and is then done after all (R13)."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QVBoxLayout
from sqlalchemy import update

from branch_desk.models.staff import Role, Staff
from branch_desk.operations.house import staff
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.view import View
from tests.builders import World
from tests.views.kit.accessibility import nameless
from tests.views.screen import a_station, give_password, idle, shown


class Deed(View):
    """Opens a branch, which is an administrator's deed that wants a fresh password."""

    def __init__(self, station: Station) -> None:
        super().__init__(station.desk, station.background)
        self.go_button = QPushButton("Crear", self.body)
        QVBoxLayout(self.body).addWidget(self.go_button)
        self.go_button.clicked.connect(self.do)
        self.got: list[object] = []

    def do(self) -> None:
        self.ask(self.got.append, staff.create_branch, "NTE", "Agencia Norte", "Montero")


@pytest.fixture
def deed(desk_world: World, background: Any, settings: Any, themed: Any, qtbot: Any) -> Deed:
    view = Deed(a_station(desk_world, background, settings, "jefa", Role.ADMINISTRATOR))
    shown(qtbot, view)
    desk_world.clock.forward(minutes=6)
    return view


def test_the_deed_is_done_after_password_and_code_were_given(
    deed: Deed, desk_world: World, qtbot: Any
) -> None:
    deed.go_button.setFocus()
    deed.go_button.click()
    give_password(qtbot, deed, desk_world, "jefa")
    assert len(deed.got) == 1
    assert deed.password_panel is None
    assert deed.body.isEnabled()
    assert deed.go_button.hasFocus()


def test_a_wrong_password_is_refused_in_the_panel_and_nothing_is_done(
    deed: Deed, desk_world: World, qtbot: Any
) -> None:
    deed.go_button.click()
    qtbot.waitUntil(lambda: deed.password_panel is not None)
    idle(qtbot, deed)
    panel = deed.password_panel
    assert panel is not None
    assert nameless(panel) == []
    panel.password.setText("no es esta")
    panel.code.setText(desk_world.code(desk_world.people["jefa"]))
    panel.go.click()
    idle(qtbot, deed)
    assert deed.password_panel is panel
    assert panel.password.text() == ""
    assert panel.password.hasFocus()
    assert not panel._wrong.isHidden()
    assert deed.got == []
    give_password(qtbot, deed, desk_world, "jefa")
    assert len(deed.got) == 1


def test_escape_leaves_the_deed_undone(deed: Deed, qtbot: Any) -> None:
    deed.go_button.click()
    qtbot.waitUntil(lambda: deed.password_panel is not None)
    idle(qtbot, deed)
    panel = deed.password_panel
    assert panel is not None
    with qtbot.waitSignal(deed.failed):
        QTest.keyClick(panel.password, Qt.Key.Key_Escape)
    assert deed.password_panel is None
    assert deed.got == []
    assert deed.body.isEnabled()


def test_the_code_is_asked_only_of_those_who_have_one(
    desk_world: World, background: Any, settings: Any, themed: Any, qtbot: Any
) -> None:
    station = a_station(desk_world, background, settings)
    desk_world.house.work(
        lambda work: work.session.execute(
            update(Staff)
            .where(Staff.id == station.person.staff_id)
            .values(totp_secret=None, totp_confirmed_at=None)
        )
    )
    view = View(station.desk, station.background)
    shown(qtbot, view)
    view._ask_password(lambda _word: None)
    idle(qtbot, view)
    assert view.password_panel is not None
    assert view.password_panel.code.isHidden()
