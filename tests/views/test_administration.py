"""The administrator's F9: people and branches, a one-time password shown once, no member's data."""

from typing import Any

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QGuiApplication

from branch_desk.background import Background
from branch_desk.models.access import Delivery
from branch_desk.models.errors import NotAllowed, SelfDealing, SignInFailed
from branch_desk.models.staff import Role
from branch_desk.operations.books import members
from branch_desk.operations.house import sign_in, staff
from branch_desk.operations.house.staff import StaffRow
from branch_desk.operations.users import credential
from branch_desk.views.house.administration import AdministrationView
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.theme import Meaning, Theme
from tests.access_builders import an_access
from tests.builders import PASSWORD, World
from tests.views.agree import agrees
from tests.views.kit.accessibility import doubled_mnemonics, nameless
from tests.views.screen import a_station, give_password, idle, press, shown, type_in
from tests.views.test_credential import said


@pytest.fixture
def screen(
    qtbot: Any, desk_world: World, background: Background, settings: QSettings, themed: Theme
) -> AdministrationView:
    desk_world.staff("oficial")
    made = AdministrationView(
        a_station(desk_world, background, settings, "sistemas", Role.ADMINISTRATOR)
    )
    shown(qtbot, made)
    return made


def choose(screen: AdministrationView, user: str) -> None:
    place = [each.user_name for each in screen.table.rows.rows].index(user)
    screen.table.choose_row(place)


def person(world: World, user: str) -> StaffRow:
    rows = world.desk("otro_admin", Role.ADMINISTRATOR)(staff.everybody)
    return next(each for each in rows if each.user_name == user)


def test_a_new_officer_gets_a_password_that_is_shown_once_and_must_be_changed(
    qtbot: Any, desk_world: World, screen: AdministrationView
) -> None:
    press(screen, "add_staff")
    type_in(screen, full_name="Rosa Vaca Díez", user_name="rvaca", document_number_digits="5566778")
    press(screen, "create_staff")
    qtbot.waitUntil(lambda: not screen.secret.is_empty)
    idle(qtbot, screen)
    password = bytes(screen.secret._secret).decode()
    assert password not in said(screen)
    assert password not in QGuiApplication.clipboard().text()
    desk = sign_in.sign_in(desk_world.house, "rvaca", password)
    assert desk(sign_in.whoami).new_password_needed
    press(screen, "secret_seen")
    assert screen.secret.is_empty
    assert "rvaca" in [each.user_name for each in screen.table.rows.rows]
    assert password not in said(screen)


def test_a_taken_user_name_is_said_at_its_field(
    qtbot: Any, desk_world: World, screen: AdministrationView
) -> None:
    press(screen, "add_staff")
    type_in(screen, full_name="Otra Persona", user_name="oficial", document_number_digits="5566779")
    press(screen, "create_staff")
    idle(qtbot, screen)
    assert "Ya existe" in screen.problem_bar.sentence
    assert screen.new_staff.user_name.hasFocus()


def test_nothing_is_made_of_an_empty_form(
    qtbot: Any, desk_world: World, screen: AdministrationView
) -> None:
    before = len(screen.table.rows.rows)
    press(screen, "add_staff")
    press(screen, "create_staff")
    idle(qtbot, screen)
    assert screen.new_staff.full_name.property("problem") == "stop"
    screen.refresh()
    idle(qtbot, screen)
    assert len(screen.table.rows.rows) == before


def test_a_changed_role_counts_from_the_next_operation(
    qtbot: Any, desk_world: World, screen: AdministrationView
) -> None:
    desk = desk_world.desk("oficial")
    choose(screen, "oficial")
    box = screen.person.role
    box.setCurrentIndex(box.findData(Role.AUDITOR))
    press(screen, "save_staff")
    idle(qtbot, screen)
    assert screen.problem_bar.meaning is Meaning.GOOD
    assert desk(sign_in.whoami).role is Role.AUDITOR


def test_a_locked_officer_is_unlocked(
    qtbot: Any, desk_world: World, screen: AdministrationView
) -> None:
    for _ in range(5):
        with pytest.raises(SignInFailed):
            sign_in.sign_in(desk_world.house, "oficial", "mala")
    screen.refresh()
    idle(qtbot, screen)
    choose(screen, "oficial")
    assert screen.person.chip.meaning is Meaning.STOP
    press(screen, "unlock_staff")
    idle(qtbot, screen)
    assert person(desk_world, "oficial").locked_at is None
    assert not screen.person.unlock.isEnabled()


def test_a_reset_password_ends_the_old_one_after_its_verb_was_pressed(
    qtbot: Any, desk_world: World, screen: AdministrationView, monkeypatch: pytest.MonkeyPatch
) -> None:
    verbs: list[str] = []
    monkeypatch.setattr(Confirmation, "ask", agrees(verbs))
    choose(screen, "oficial")
    press(screen, "reset_password")
    qtbot.waitUntil(lambda: not screen.secret.is_empty)
    idle(qtbot, screen)
    assert verbs == ["&Dar contraseña"]
    with pytest.raises(SignInFailed):
        sign_in.sign_in(
            desk_world.house, "oficial", PASSWORD, desk_world.code(desk_world.people["oficial"])
        )
    screen.secret.life.end()
    assert screen.secret.is_empty
    assert screen.forms.currentWidget() is screen.person


def test_an_authenticator_is_taken_away(
    qtbot: Any, desk_world: World, screen: AdministrationView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Confirmation, "ask", lambda *_, **__: True)
    choose(screen, "oficial")
    press(screen, "reset_authenticator")
    idle(qtbot, screen)
    assert not person(desk_world, "oficial").authenticator


def test_nobody_administers_oneself(
    qtbot: Any, desk_world: World, screen: AdministrationView
) -> None:
    choose(screen, "sistemas")
    press(screen, "save_staff")
    idle(qtbot, screen)
    assert screen.problem_bar.meaning is Meaning.STOP


def test_a_branch_is_opened(qtbot: Any, desk_world: World, screen: AdministrationView) -> None:
    press(screen, "add_branch")
    type_in(screen, code="mon", name="Agencia Montero", city="Montero")
    press(screen, "create_branch")
    idle(qtbot, screen)
    assert ("MON", "Agencia Montero") in [(each.code, each.name) for each in screen.branches]


def test_a_declared_relative_is_never_served_by_that_officer(
    qtbot: Any, desk_world: World, screen: AdministrationView
) -> None:
    choose(screen, "oficial")
    press(screen, "relative")
    idle(qtbot, screen)
    type_in(
        screen, relative_card_digits="4567891", relative_card_complement="1B", relation="Hermana"
    )
    press(screen, "declare_relative")
    idle(qtbot, screen)
    assert screen.problem_bar.meaning is Meaning.GOOD, screen.problem_bar.sentence
    ana = an_access(desk_world)
    with pytest.raises(SelfDealing):
        credential.issue(desk_world.desk("oficial"), ana, Delivery.SCREEN)


def test_a_relative_declared_by_mistake_is_listed_and_taken_back(
    qtbot: Any, desk_world: World, screen: AdministrationView, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = person(desk_world, "oficial")
    screen.station.desk(staff.declare_relative, officer.id, "CI:4567891-1B", "Hermana")
    choose(screen, "oficial")
    press(screen, "relative")
    idle(qtbot, screen)
    assert "Hermana · CI 4567891-1B" in said(screen)
    verbs: list[str] = []
    monkeypatch.setattr(Confirmation, "ask", agrees(verbs))
    press(screen, "drop_CI:4567891-1B")
    idle(qtbot, screen)
    assert screen.problem_bar.meaning is Meaning.GOOD, screen.problem_bar.sentence
    assert screen.new_relative.none.isVisible()
    assert screen.station.desk(staff.relatives, officer.id) == ()


def test_the_branch_of_a_person_is_the_one_shown(
    qtbot: Any, desk_world: World, screen: AdministrationView
) -> None:
    other = desk_world.other_branch()
    desk_world.staff("lejana", branch_id=other)
    screen.refresh()
    idle(qtbot, screen)
    choose(screen, "lejana")
    assert screen.person.branch.currentData() == other
    assert person(desk_world, "lejana").branch_id == other


def test_the_list_needs_no_sideways_scrolling(screen: AdministrationView) -> None:
    assert screen.table.horizontalScrollBar().maximum() == 0


def test_the_password_is_asked_before_anything_is_changed(
    qtbot: Any, desk_world: World, screen: AdministrationView
) -> None:
    desk_world.clock.forward(minutes=6)
    choose(screen, "oficial")
    screen.person.active.setChecked(False)
    press(screen, "save_staff")
    give_password(qtbot, screen, desk_world, "sistemas")
    assert not person(desk_world, "oficial").active


def test_no_member_can_be_read_from_here(desk_world: World, screen: AdministrationView) -> None:
    with pytest.raises(NotAllowed):
        screen.station.desk(members.members)


def test_names_and_mnemonics_of_every_form(
    qtbot: Any, desk_world: World, screen: AdministrationView
) -> None:
    choose(screen, "oficial")
    for name in ("", "add_staff", "add_branch"):
        if name:
            press(screen, name)
        assert nameless(screen) == []
        assert doubled_mnemonics(screen) == []
    screen._show_chosen()
    press(screen, "relative")
    assert nameless(screen) == []
    assert doubled_mnemonics(screen) == []
