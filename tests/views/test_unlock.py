"""Unlocking as an officer does it: one field, why, who stands here, and three deeds kept apart."""

from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QCheckBox, QLabel

from branch_desk.background import Background
from branch_desk.models.access import Delivery, LockReason
from branch_desk.models.errors import SignInFailed
from branch_desk.models.staff import Role
from branch_desk.operations.users import credential, member_sign_in, unlock
from branch_desk.operations.users.unlock import POINTS_NEEDED, Advice, Remedy
from branch_desk.operations.work import Desk
from branch_desk.views.kit import wording
from branch_desk.views.kit.theme import Meaning, Theme
from branch_desk.views.users import triage
from branch_desk.views.users.unlock import UnlockView
from tests.access_builders import HOME, Phone, an_access, an_active, change, mails, row
from tests.builders import World
from tests.views.kit.accessibility import doubled_mnemonics, nameless
from tests.views.screen import a_station, give_password, idle, press, shown, type_in

REASON = "Olvidó la contraseña al volver de viaje"


@pytest.fixture
def user(desk_world: World) -> tuple[UUID, Phone]:
    return an_active(desk_world, desk_world.desk("otra"))


def lock(world: World) -> None:
    for _ in range(3):
        with pytest.raises(SignInFailed):
            member_sign_in.password(world.house, "amendez", "Equivocada1", HOME)


def a_view(
    qtbot: Any,
    world: World,
    background: Background,
    settings: QSettings,
    who: str = "oficial",
    role: Role = Role.OFFICER,
) -> UnlockView:
    made = UnlockView(a_station(world, background, settings, who, role))
    shown(qtbot, made)
    return made


def tick(screen: UnlockView) -> None:
    for point in POINTS_NEEDED:
        box = screen.findChild(QCheckBox, f"point_{point.lower()}")
        assert box is not None
        box.click()


def said(screen: UnlockView, name: str) -> str:
    found = screen.findChild(QLabel, name)
    assert found is not None
    return found.text()


def test_three_wrong_passwords_are_seen_and_undone(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    user: tuple[UUID, Phone],
) -> None:
    access_id, _ = user
    lock(desk_world)
    screen = a_view(qtbot, desk_world, background, settings)
    type_in(screen, text="mendez rios")
    idle(qtbot, screen)
    assert [each.user_name for each in screen.table.rows.rows] == ["amendez"]
    press(screen, "open_user")
    idle(qtbot, screen)
    assert (
        said(screen, "why_locked")
        == "Bloqueado por tres contraseñas equivocadas seguidas, el 23/11/2026 12:02, desde la web (200.87.1.2)."
    )
    assert screen.remedies.cards[Remedy.UNLOCK].chip.text == "Es lo que corresponde"
    assert screen.remedies.cards[Remedy.NEW_TOKEN].chip.text == "Después de desbloquear"
    assert not screen.remedies.cards[Remedy.NEW_CREDENTIAL].go.isEnabled()
    tick(screen)
    screen.reason.setText(REASON)
    press(screen, "unlock")
    idle(qtbot, screen)
    assert "está en la bandeja de salida" in screen.problem_bar.sentence
    assert screen.problem_bar.meaning is Meaning.GOOD
    assert row(desk_world, access_id).locked_at is None
    assert mails(desk_world, access_id)[-1] == "unlocked"
    assert not screen.unlock.isEnabled()
    assert REASON in said(screen, "past")
    assert screen.reason.text() == ""


def test_what_is_missing_is_said_at_its_place(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    user: tuple[UUID, Phone],
) -> None:
    lock(desk_world)
    screen = a_view(qtbot, desk_world, background, settings)
    screen.open(user[0])
    idle(qtbot, screen)
    press(screen, "unlock")
    idle(qtbot, screen)
    assert "Falta verificar" in screen.problem_bar.sentence
    assert screen.focusWidget() in screen.points.values()
    tick(screen)
    press(screen, "unlock")
    idle(qtbot, screen)
    assert "Falta el motivo" in screen.problem_bar.sentence
    assert screen.reason.hasFocus()
    assert row(desk_world, user[0]).locked_at is not None


def test_the_third_unlock_of_a_month_is_the_supervisors_and_said_beforehand(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    user: tuple[UUID, Phone],
) -> None:
    desk: Desk = desk_world.desk("otra")
    for _ in range(2):
        lock(desk_world)
        desk(unlock.unlock, user[0], reason=REASON, points=POINTS_NEEDED)
    lock(desk_world)
    screen = a_view(qtbot, desk_world, background, settings)
    screen.open(user[0])
    idle(qtbot, screen)
    assert (
        screen.remedies.cards[Remedy.UNLOCK].supervisor.text()
        == "Interviene un supervisor: es el tercer desbloqueo en 30 días."
    )
    tick(screen)
    screen.reason.setText(REASON)
    press(screen, "unlock")
    idle(qtbot, screen)
    assert (
        "que no sea quien atiende: es el tercer desbloqueo en 30 días."
        in screen.problem_bar.sentence
    )
    boss = a_view(qtbot, desk_world, background, settings, "jefa", Role.SUPERVISOR)
    boss.open(user[0])
    idle(qtbot, boss)
    tick(boss)
    boss.reason.setText(REASON)
    press(boss, "unlock")
    idle(qtbot, boss)
    assert row(desk_world, user[0]).locked_at is None


def test_the_password_is_asked_when_it_is_not_fresh(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    user: tuple[UUID, Phone],
) -> None:
    lock(desk_world)
    screen = a_view(qtbot, desk_world, background, settings)
    screen.open(user[0])
    idle(qtbot, screen)
    desk_world.clock.forward(minutes=6)
    tick(screen)
    screen.reason.setText(REASON)
    press(screen, "unlock")
    give_password(qtbot, screen, desk_world, "oficial")
    assert row(desk_world, user[0]).locked_at is None


def test_other_remedies_lead_elsewhere_and_do_nothing_here(
    qtbot: Any, desk_world: World, background: Background, settings: QSettings, themed: Theme
) -> None:
    access_id = an_access(desk_world)
    screen = a_view(qtbot, desk_world, background, settings)
    screen.open(access_id)
    idle(qtbot, screen)
    assert not screen.unlock.isEnabled()
    assert "no está bloqueado" in said(screen, "why_locked")
    asked: list[tuple[str, object]] = []
    screen.go.connect(lambda name, subject: asked.append((name, subject)))
    press(screen, "go_credential")
    assert asked == [("access", access_id)]
    assert mails(desk_world, access_id) == ["set_password"]


def test_keys_that_were_never_used_are_listed_the_oldest_first(
    qtbot: Any, desk_world: World, background: Background, settings: QSettings, themed: Theme
) -> None:
    access_id = an_access(desk_world)
    credential.issue(desk_world.desk("otra"), access_id, Delivery.SCREEN)
    desk_world.clock.forward(hours=73)
    screen = a_view(qtbot, desk_world, background, settings)
    press(screen, "see_unused")
    idle(qtbot, screen)
    [listed] = screen.unused.rows.rows
    assert (listed.user_name, listed.expired) == ("amendez", True)
    assert nameless(screen) == []
    assert doubled_mnemonics(screen) == []
    asked: list[tuple[str, object]] = []
    screen.go.connect(lambda name, subject: asked.append((name, subject)))
    press(screen, "open_unused")
    assert asked == [("access", access_id)]


def test_names_and_mnemonics_of_both_pages(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    user: tuple[UUID, Phone],
) -> None:
    screen = a_view(qtbot, desk_world, background, settings)
    assert nameless(screen) == []
    assert doubled_mnemonics(screen) == []
    lock(desk_world)
    screen.open(user[0])
    idle(qtbot, screen)
    assert nameless(screen) == []
    assert doubled_mnemonics(screen) == []


@pytest.mark.parametrize("reason", LockReason)
def test_every_lock_says_what_it_came_from(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    reason: LockReason,
) -> None:
    access_id = an_access(desk_world)
    change(
        desk_world,
        access_id,
        locked_at=desk_world.clock.now,
        lock_reason=reason,
        locked_from="MOBILE",
    )
    seen = desk_world.desk("otra")(unlock.triage, access_id)
    words = triage.why_locked(seen)
    assert words.endswith("desde el celular.")
    assert "equivocad" in words


def test_every_advice_that_is_given_has_its_reason(qapp: Any) -> None:
    assert set(triage.advice_words()) == set(Advice)
    assert set(triage.title_words()) == set(Remedy)
    given = {
        (Remedy.UNLOCK, Advice.FITS), (Remedy.UNLOCK, Advice.NOT_NEEDED),
        *((remedy, advice) for remedy in (Remedy.NEW_CREDENTIAL, Remedy.NEW_TOKEN) for advice in (Advice.FITS, Advice.IF_LOST, Advice.AFTER_UNLOCK)),
        *((remedy, Advice.IMPOSSIBLE) for remedy in Remedy),
    }  # fmt: skip
    assert set(triage.reason_words()) == given
    for reason in ("third_unlock", "contact_changed", "new_token", "second_credential"):
        assert wording.reason(reason) != reason
