"""The panel in which a second person countersigns what nobody does alone (R20, F23)."""

from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QWidget
from sqlalchemy import update

from branch_desk.background import Background
from branch_desk.models.access import Delivery
from branch_desk.models.errors import SignInFailed
from branch_desk.models.staff import Role, Staff, StaffSession
from branch_desk.operations.users import credential
from branch_desk.views.kit import wording
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.password_panel import SecondPersonPanel
from branch_desk.views.kit.theme import Meaning, Theme
from branch_desk.views.users.live_steps import AccessStep
from branch_desk.views.users.step_credential import CredentialStep
from branch_desk.views.users.step_token import TokenStep
from tests.access_builders import an_access, an_active, events
from tests.builders import PASSWORD, World
from tests.views.agree import agrees
from tests.views.kit.accessibility import doubled_mnemonics, nameless
from tests.views.screen import a_station, countersign, give_password, idle, press, shot, shown

BUTTONS: dict[type[AccessStep], tuple[str, str]] = {
    CredentialStep: ("issue_screen", "credential:issued"),
    TokenStep: ("show_qr", "totp:provisioned"),
}
steps = pytest.mark.parametrize("step", BUTTONS, ids=lambda step: step.__name__)


@pytest.fixture
def access_id(desk_world: World, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A user with a clave of today and a proven token; each deed on it takes two."""
    monkeypatch.setattr(Confirmation, "ask", agrees([]))
    desk_world.staff("jefa", Role.SUPERVISOR)
    return an_active(desk_world, desk_world.desk("otra"))[0]


def _asked(
    qtbot: Any,
    world: World,
    background: Background,
    settings: QSettings,
    access_id: UUID,
    step: type[AccessStep],
    *who: Any,
) -> AccessStep:
    """The screen after its button was pressed: the panel waits for another person."""
    screen: AccessStep = step(a_station(world, background, settings, *who))
    shown(qtbot, screen)
    screen.show_access((access_id,))
    idle(qtbot, screen)
    press(screen, BUTTONS[step][0])
    qtbot.waitUntil(lambda: isinstance(screen.password_panel, SecondPersonPanel))
    idle(qtbot, screen)
    return screen


def _done(world: World, access_id: UUID, step: type[AccessStep]) -> int:
    return events(world, access_id).count(BUTTONS[step][1])


def _panel(screen: AccessStep) -> SecondPersonPanel:
    assert isinstance(screen.password_panel, SecondPersonPanel)
    return screen.password_panel


@pytest.mark.parametrize("who", [("oficial", Role.OFFICER), ("mandona", Role.SUPERVISOR)])
@steps
def test_the_deed_is_done_once_another_person_has_authorised_it(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
    step: type[AccessStep],
    who: tuple[str, Role],
) -> None:
    before = _done(desk_world, access_id, step)
    screen = _asked(qtbot, desk_world, background, settings, access_id, step, *who)
    assert "supervisor" in screen.problem_bar.sentence
    assert _done(desk_world, access_id, step) == before
    countersign(qtbot, screen, desk_world, "jefa")
    assert screen.password_panel is None
    assert screen.problem_bar.meaning is not Meaning.STOP
    assert screen.station.member_screen.isVisible()
    assert _done(desk_world, access_id, step) == before + 1
    screen.station.member_screen.dismiss()
    # The word was for that one deed.
    press(screen, BUTTONS[step][0])
    qtbot.waitUntil(lambda: isinstance(screen.password_panel, SecondPersonPanel))


@steps
def test_giving_up_leaves_the_sentence_and_nothing_done(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
    step: type[AccessStep],
) -> None:
    before = _done(desk_world, access_id, step)
    screen = _asked(qtbot, desk_world, background, settings, access_id, step)
    with qtbot.waitSignal(screen.failed):
        qtbot.keyClick(_panel(screen).user, Qt.Key.Key_Escape)
    assert screen.password_panel is None
    assert screen.body.isEnabled()
    assert "supervisor" in screen.problem_bar.sentence
    assert _done(desk_world, access_id, step) == before


def test_the_panel_goes_by_the_keyboard_and_every_field_has_its_name(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
    tmp_path: Path,
) -> None:
    screen = _asked(qtbot, desk_world, background, settings, access_id, TokenStep)
    panel = _panel(screen)
    assert nameless(panel) == []
    assert doubled_mnemonics(screen) == []
    assert panel.minimumSizeHint().width() <= 700  # what a step has inside a request
    assert screen.window().focusWidget() is panel.user
    shot(screen, tmp_path / "second_person.png")
    qtbot.keyClicks(panel.user, "jefa")
    qtbot.keyClick(panel.user, Qt.Key.Key_Return)
    assert screen.window().focusWidget() is panel.password
    qtbot.keyClicks(panel.password, PASSWORD)
    qtbot.keyClick(panel.password, Qt.Key.Key_Tab)
    while not panel.code.isAncestorOf(_focus(screen)) and _focus(screen) is not panel.code:
        qtbot.keyClick(_focus(screen), Qt.Key.Key_Tab)
    qtbot.keyClicks(_focus(screen), desk_world.code(desk_world.people["jefa"]))
    qtbot.waitUntil(lambda: screen.password_panel is None)
    idle(qtbot, screen)
    assert screen.station.member_screen.shown() == "qr"


def _focus(screen: AccessStep) -> QWidget:
    found = screen.window().focusWidget()
    assert found is not None
    return found


def test_wrong_words_are_refused_in_the_panel_and_count(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    screen = _asked(
        qtbot, desk_world, background, settings, access_id, TokenStep, "mandona", Role.SUPERVISOR
    )
    panel = _panel(screen)
    countersign(qtbot, screen, desk_world, "mandona")
    assert "no puede ser también quien autoriza" in panel._wrong.text()
    countersign(qtbot, screen, desk_world, "jefa", "no es esta")
    assert panel._wrong.text() == wording.problem(SignInFailed())
    assert (panel.user.text(), panel.password.text(), panel.code.value()) == ("jefa", "", "")
    jefa = desk_world.people["jefa"].staff_id
    row = desk_world.house.work(lambda work: work.session.get_one(Staff, jefa))
    assert row.failed_attempts == 1
    countersign(qtbot, screen, desk_world, "jefa")
    assert screen.password_panel is None
    assert screen.station.member_screen.shown() == "qr"


def test_a_password_asked_in_between_keeps_the_second_persons_word(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
) -> None:
    access_id = an_access(desk_world)
    credential.issue(desk_world.desk("otra"), access_id, Delivery.SCREEN)
    desk_world.staff("jefa", Role.SUPERVISOR)
    step = CredentialStep(a_station(desk_world, background, settings))
    shown(qtbot, step)
    word = desk_world.word(step.station.desk, "jefa")
    stale = update(StaffSession).values(fresh_at=None)
    desk_world.house.work(lambda work: work.session.execute(stale))
    got: list[object] = []
    step._begin(
        got.append, partial(credential.issue, access_id=access_id, delivery=Delivery.SCREEN), word
    )
    give_password(qtbot, step, desk_world, "oficial")
    assert len(got) == 1
