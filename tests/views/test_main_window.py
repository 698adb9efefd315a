"""The window around every task: who comes in, what they may, locking, leaving, searching."""

from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget

from branch_desk.models.event import Event
from branch_desk.models.staff import Role
from branch_desk.operations.house import sign_in
from branch_desk.operations.request import enrolment
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.theme import Meaning
from branch_desk.views.kit.view import View
from branch_desk.views.window.main_window import MainWindow
from branch_desk.views.window.shell import SCREENS
from tests.builders import PASSWORD, World
from tests.journey import an_application
from tests.views.kit.accessibility import doubled_mnemonics, nameless
from tests.views.window import HandClocks, a_window, enter, events, found, settle

NAME = "Ana María Méndez Ríos"


def shell_of(window: MainWindow) -> Any:
    assert window.shell is not None
    return window.shell


def test_what_a_role_may_not_do_is_absent(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    enter(qtbot, window, desk_world)
    officer = set(shell_of(window).rail.buttons)
    window.leave()
    settle(qtbot, window)
    enter(qtbot, window, desk_world, "jefa", Role.SUPERVISOR)
    supervisor = set(shell_of(window).rail.buttons)
    window.leave()
    settle(qtbot, window)
    enter(qtbot, window, desk_world, "auditora", Role.AUDITOR)
    auditor = set(shell_of(window).rail.buttons)
    window.leave()
    settle(qtbot, window)
    enter(qtbot, window, desk_world, "sistemas", Role.ADMINISTRATOR)
    administrator = set(shell_of(window).rail.buttons)
    assert officer == {"requests", "new_request", "unlocks", "members"}
    assert supervisor == officer | {"approvals", "audit"}
    assert auditor == {"requests", "members", "audit"}
    assert administrator == {"administration"}


@pytest.mark.parametrize("role", list(Role))
def test_everything_has_a_name_and_no_letter_jumps_to_two_places(
    window: MainWindow, desk_world: World, qtbot: Any, role: Role
) -> None:
    enter(qtbot, window, desk_world, "alguien", role)
    for name in shell_of(window).rail.buttons:
        shell_of(window).go(name)
        settle(qtbot, window)
        assert nameless(window) == [], name
        assert doubled_mnemonics(shell_of(window)) == [], name


def test_keys_go_to_places_and_escape_comes_back(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    enter(qtbot, window, desk_world)
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_F5)
    settle(qtbot, window)
    assert shell_of(window).shown == "members"
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_F3)
    settle(qtbot, window)
    assert shell_of(window).shown == "new_request"
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Escape)
    settle(qtbot, window)
    assert shell_of(window).shown == "members"


def test_the_badge_counts_what_waits(window: MainWindow, desk_world: World, qtbot: Any) -> None:
    desk_world.desk("otra")(enrolment.submit, an_application())
    enter(qtbot, window, desk_world)
    assert shell_of(window).rail.buttons["requests"].count == 1


def test_the_search_finds_people_and_enter_opens_the_first(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    desk_world.member()
    enter(qtbot, window, desk_world)
    shell = shell_of(window)
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert shell.top.search.hasFocus()
    shell.top.search.setText("mén")
    settle(qtbot, window)
    assert shell.results.first().title == NAME
    QTest.keyClick(shell.top.search, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert shell.shown == "member"
    assert found(window, QLabel, "header_name").text() == NAME
    assert shell.top.search.text() == ""


def test_the_search_goes_to_places_too_and_arrows_walk_in_what_was_found(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    desk_world.member(first_surname="Socorro")
    enter(qtbot, window, desk_world)
    shell = shell_of(window)
    shell.top.search.setText("soc")
    settle(qtbot, window)
    assert shell.results.first().screen == "members"
    QTest.keyClick(shell.top.search, Qt.Key.Key_Down)
    assert shell.results.list.hasFocus()
    QTest.keyClick(shell.results.list, Qt.Key.Key_Return)
    settle(qtbot, window)
    assert shell.shown == "member"


def test_a_scan_anywhere_opens_whom_it_names(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    desk_world.member()
    enter(qtbot, window, desk_world)
    shell = shell_of(window)
    shell.scans.scanned.emit("4567891")
    settle(qtbot, window)
    assert shell.shown == "member"


def test_a_card_scanned_while_an_identity_is_checked_belongs_to_the_check(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    desk_world.member()
    other = desk_world.desk("otra")
    request = other(enrolment.submit, an_application())
    other(enrolment.release, request)
    enter(qtbot, window, desk_world)
    shell = shell_of(window)
    shell.go("enrolment", request)
    settle(qtbot, window)
    shell.scans.scanned.emit("4567891")
    settle(qtbot, window)
    assert shell.shown == "enrolment"
    assert "leído" in found(window, QLineEdit, "card_code").placeholderText()
    shell.current.show_step("applicant")
    shell.scans.scanned.emit("4567891")
    settle(qtbot, window)
    assert shell.results.first().title == NAME


def test_nothing_found_says_what_to_try(window: MainWindow, desk_world: World, qtbot: Any) -> None:
    enter(qtbot, window, desk_world)
    shell_of(window).top.search.setText("zzz")
    settle(qtbot, window)
    assert "«zzz»" in shell_of(window).results.nothing.text()


def test_a_locked_window_shows_nobodys_name_and_opens_for_the_same_person_as_it_was(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    desk_world.member()
    enter(qtbot, window, desk_world)
    shell = shell_of(window)
    shell.go("new_request")
    settle(qtbot, window)
    found(window, QLineEdit, "first_names").setText("Ana María")
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, window)
    assert window.overlay.is_locked
    assert found(window, QLineEdit, "lock_password").hasFocus()
    visible = [each.text() for each in window.findChildren(QLineEdit) if each.isVisible()]
    assert not any("Ana" in text for text in visible)
    found(window, QLineEdit, "lock_password").setText("no es esta")
    found(window, QPushButton, "lock_go").click()
    settle(qtbot, window)
    assert window.overlay.is_locked
    desk_world.clock.forward(seconds=30)
    found(window, QLineEdit, "lock_password").setText(PASSWORD)
    if found(window, QLineEdit, "lock_code").isVisible():
        found(window, QLineEdit, "lock_code").setText(desk_world.code(desk_world.people["oficial"]))
    found(window, QPushButton, "lock_go").click()
    settle(qtbot, window)
    assert not window.overlay.is_locked
    assert window.shell is shell
    assert found(window, QLineEdit, "first_names").text() == "Ana María"
    assert {Event.DESK_LOCKED, Event.DESK_UNLOCKED} <= events(desk_world)


def test_another_person_who_signs_in_at_a_locked_desk_finds_nothing_of_the_first(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    enter(qtbot, window, desk_world)
    shell_of(window).go("new_request")
    settle(qtbot, window)
    found(window, QLineEdit, "first_names").setText("Ana María")
    window.lock()
    found(window, QPushButton, "lock_leave").click()
    settle(qtbot, window)
    assert window.shell is None
    assert window.pages.currentWidget() is window.sign_in
    assert not window.overlay.is_locked
    enter(qtbot, window, desk_world, "jefa", Role.SUPERVISOR)
    shell_of(window).go("new_request")
    settle(qtbot, window)
    assert found(shell_of(window), QLineEdit, "first_names").text() == ""
    assert Event.STAFF_SIGNED_OUT in events(desk_world)


def test_a_desk_left_alone_locks_itself_and_ends_after_eight_hours(
    desk_world: World, background: Any, settings: Any, themed: Any, qtbot: Any
) -> None:
    hands = HandClocks()
    with a_window(desk_world, background, settings, themed, qtbot, hands) as window:
        enter(qtbot, window, desk_world)
        hands.seconds += 179
        window.idle.look()
        assert not window.overlay.is_locked
        hands.seconds += 2
        window.idle.look()
        settle(qtbot, window)
        assert window.overlay.is_locked
        window.leave()
        settle(qtbot, window)
        enter(qtbot, window, desk_world)
        hands.seconds += 8 * 3600
        window.idle.look()
        settle(qtbot, window)
        assert window.shell is None
        assert "ocho horas" in window.sign_in.problem_bar.sentence


def test_a_session_ended_elsewhere_leads_to_the_sign_in_with_the_reason(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    enter(qtbot, window, desk_world)
    desk_world.clock.forward(seconds=30)
    desk_world.desk("oficial")  # the same person signs in at another desk
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_F5)
    settle(qtbot, window)
    assert window.shell is None
    assert "otro puesto" in window.sign_in.problem_bar.sentence


def test_a_desk_locked_elsewhere_is_covered_here(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    enter(qtbot, window, desk_world)
    window._desk_of()(sign_in.lock_desk)
    shell_of(window).current.refresh()
    settle(qtbot, window)
    assert window.overlay.is_locked


def test_leaving_asks_first_and_ends_the_session(
    window: MainWindow, desk_world: World, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(qtbot, window, desk_world)
    monkeypatch.setattr(Confirmation, "ask", classmethod(lambda *_, **__: False))
    shell_of(window).menu.leave.trigger()
    assert window.shell is not None
    monkeypatch.setattr(Confirmation, "ask", classmethod(lambda *_, **__: True))
    shell_of(window).menu.leave.trigger()
    settle(qtbot, window)
    assert window.shell is None
    assert all(each.ended_at is not None for each in desk_world.sessions())


def test_a_part_of_the_line_at_the_foot_tells_its_cause(
    window: MainWindow, desk_world: World, qtbot: Any
) -> None:
    enter(qtbot, window, desk_world)
    shell = shell_of(window)
    shell.status.parts["printer"].click()
    view: View = shell.current
    assert view.problem_bar.meaning is Meaning.INFORMATION
    assert "impresora" in view.problem_bar.sentence


def test_a_practice_copy_says_so_on_every_screen(
    desk_world: World, background: Any, settings: Any, themed: Any, qtbot: Any
) -> None:
    with a_window(desk_world, background, settings, themed, qtbot, training=True) as window:
        enter(qtbot, window, desk_world)
        assert "SIN VALOR" in found(window, QLabel, "training_strip").text()
        assert found(window, QLabel, "training_strip").isVisible()


class Strays(QObject):
    """Notes every window that opens: a widget shown before it has a place opens one, for a blink."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        shown = event.type() is QEvent.Type.Show
        if shown and isinstance(watched, QWidget) and watched.isWindow():
            self.opened.append(f"{type(watched).__name__} {watched.objectName()}")
        return False


@pytest.mark.parametrize("role", list(Role))
def test_every_screen_of_the_list_exists_and_opens_no_window_of_its_own(
    window: MainWindow, desk_world: World, qtbot: Any, qapp: QApplication, role: Role
) -> None:
    strays = Strays()
    qapp.installEventFilter(strays)
    enter(qtbot, window, desk_world, "alguien", role)
    for each in SCREENS:
        if role in each.roles:
            shell_of(window).go(each.name)
            settle(qtbot, window)
            assert shell_of(window).shown == each.name
    assert strays.opened == []
