"""Coming to the desk: one text for every refusal, one's own password, one's own authenticator."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from sqlalchemy import update

from branch_desk.background import Background
from branch_desk.models.errors import SignInFailed
from branch_desk.models.staff import Role, Staff
from branch_desk.models.totp import step_at
from branch_desk.operations.house import sign_in
from branch_desk.operations.house.sign_in import SignedIn
from branch_desk.views.kit import wording
from branch_desk.views.window.sign_in import SignInView
from tests.builders import PASSWORD, Someone, World
from tests.views.kit.accessibility import doubled_mnemonics, nameless
from tests.views.screen import idle, shown

OWN = "tres barcos lentos en el Mamoré"


@pytest.fixture
def view(desk_world: World, background: Background, themed: Any, qtbot: Any) -> SignInView:
    made = SignInView(lambda: desk_world.house, background)
    shown(qtbot, made, 1366, 768)
    made.begin()
    return made


def entered(view: SignInView) -> list[SignedIn]:
    came: list[SignedIn] = []
    view.entered.connect(lambda _desk, person: came.append(person))
    return came


def new_here(world: World, user: str, role: Role) -> Someone:
    """Somebody with a one-time password and no authenticator yet."""
    someone = world.staff(user, role)
    world.house.work(
        lambda work: work.session.execute(
            update(Staff)
            .where(Staff.id == someone.staff_id)
            .values(must_change_password=True, totp_secret=None, totp_confirmed_at=None)
        )
    )
    return someone


def fill(view: SignInView, user: str, password: str, code: str = "") -> None:
    view.user.setText(user)
    view.password.setText(password)
    view.code.setText(code)
    view.enter.click()


def test_it_begins_in_the_user_and_walks_by_enter(
    view: SignInView, desk_world: World, qtbot: Any
) -> None:
    someone = desk_world.staff("jefa", Role.SUPERVISOR)
    came = entered(view)
    assert view.user.hasFocus()
    QTest.keyClicks(view.user, "jefa")
    QTest.keyClick(view.user, Qt.Key.Key_Return)
    assert view.password.hasFocus()
    QTest.keyClicks(view.password, PASSWORD)
    QTest.keyClick(view.password, Qt.Key.Key_Return)
    assert view.code.hasFocus()
    QTest.keyClicks(view.code, desk_world.code(someone))  # the sixth digit sends it
    idle(qtbot, view)
    assert [person.user_name for person in came] == ["jefa"]
    assert view.password.text() == view.code.text() == ""


@pytest.mark.parametrize(
    ("user", "password", "code"),
    [
        ("nadie", PASSWORD, ""),
        ("jefa", "otra cosa larga y mala", "right"),
        ("jefa", PASSWORD, "000000"),
        ("jefa", PASSWORD, ""),
    ],
)
def test_every_refusal_has_one_text_and_empties_the_password(
    view: SignInView, desk_world: World, qtbot: Any, user: str, password: str, code: str
) -> None:
    someone = desk_world.staff("jefa", Role.SUPERVISOR)
    came = entered(view)
    fill(view, user, password, desk_world.code(someone) if code == "right" else code)
    idle(qtbot, view)
    assert view.problem_bar.sentence == wording.problem(SignInFailed())
    assert view.password.text() == ""
    assert view.password.hasFocus()
    assert came == []


def test_an_empty_field_costs_no_attempt(view: SignInView, desk_world: World, qtbot: Any) -> None:
    fill(view, "jefa", "")
    assert view.password.hasFocus()
    assert not view.is_busy
    assert view.problem_bar.sentence == ""


def test_a_one_time_password_is_replaced_and_the_policy_speaks_while_one_types(
    view: SignInView, desk_world: World, qtbot: Any
) -> None:
    new_here(desk_world, "nueva", Role.OFFICER)
    came = entered(view)
    fill(view, "nueva", PASSWORD)
    idle(qtbot, view)
    assert view.new_password.hasFocus()
    assert "15" in view._rule.text()
    QTest.keyClicks(view.new_password, "corta")
    below = view.new_password.property("below")
    assert "es muy corta" in below.text()
    view.keep.click()
    idle(qtbot, view)
    assert came == []
    view.new_password.setText(OWN)
    view.again.setText(OWN + "x")
    view.keep.click()
    assert view.again.hasFocus()
    assert came == []
    view.again.setText(OWN)
    view.keep.click()
    idle(qtbot, view)
    assert [person.user_name for person in came] == ["nueva"]
    assert not came[0].new_password_needed
    assert view.new_password.text() == view.again.text() == ""
    desk_world.clock.forward(seconds=40)
    sign_in.sign_in(desk_world.house, "nueva", OWN)


def test_a_supervisor_proves_the_authenticator_before_anything_else(
    view: SignInView, desk_world: World, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_here(desk_world, "nueva", Role.SUPERVISOR)
    came = entered(view)
    seen: list[bytes] = []
    shows = view.qr.show_content

    def overseen(content: bytearray) -> None:
        seen.append(bytes(content))
        shows(content)

    monkeypatch.setattr(view.qr, "show_content", overseen)
    fill(view, "nueva", PASSWORD)
    idle(qtbot, view)
    view.new_password.setText(OWN)
    view.again.setText(OWN)
    view.keep.click()
    idle(qtbot, view)
    assert came == []
    assert view.proof.hasFocus()
    assert not view.qr.is_empty
    QTest.keyClicks(view.proof, "000000")
    idle(qtbot, view)
    assert "código" in view.problem_bar.sentence
    assert came == []
    key = parse_qs(urlsplit(seen[0].decode()).query)["secret"][0]
    QTest.keyClicks(view.proof, code_of(key, desk_world))
    idle(qtbot, view)
    assert [person.role for person in came] == [Role.SUPERVISOR]
    assert not came[0].authenticator_needed
    assert view.qr.is_empty


def test_a_phone_without_camera_gets_the_key_painted_and_never_as_text(
    view: SignInView, desk_world: World, qtbot: Any
) -> None:
    new_here(desk_world, "nueva", Role.SUPERVISOR)
    fill(view, "nueva", PASSWORD)
    idle(qtbot, view)
    view.new_password.setText(OWN)
    view.again.setText(OWN)
    view.keep.click()
    idle(qtbot, view)
    assert nameless(view) == []
    assert doubled_mnemonics(view) == []
    view.no_camera.click()
    assert not view.key.is_empty
    key = view._secret_key.decode()
    assert len(key) >= 32
    assert all(key not in each.text() for each in view.findChildren(QLineEdit))
    view.begin()
    assert view.key.is_empty
    assert view.qr.is_empty


def test_everything_has_a_name_and_no_letter_jumps_to_two_places(
    view: SignInView, desk_world: World, qtbot: Any
) -> None:
    assert nameless(view) == []
    assert doubled_mnemonics(view) == []
    new_here(desk_world, "nueva", Role.OFFICER)
    fill(view, "nueva", PASSWORD)
    idle(qtbot, view)
    assert view.new_password.isVisible()
    assert nameless(view) == []
    assert doubled_mnemonics(view) == []


def code_of(key: str, world: World) -> str:
    """What an authenticator that was given this key shows now."""
    import pyotp

    return pyotp.TOTP(key).generate_otp(step_at(world.clock.now))
