"""The token as member and officer meet it: QR, key, code, doctor, live steps."""

import subprocess
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse
from uuid import UUID

import pytest
import zxingcpp
from PIL import Image
from PySide6.QtCore import QSettings
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QLabel

from branch_desk.background import Background
from branch_desk.models.access import AccessStatus, Delivery
from branch_desk.models.credentials import typed_credential
from branch_desk.models.errors import CodeRefused
from branch_desk.models.staff import Role
from branch_desk.models.totp import Cause, Diagnosis
from branch_desk.operations.users import credential, first_access
from branch_desk.operations.users.first_steps import StepKind
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.steps_track import Progress
from branch_desk.views.kit.theme import Scheme, Theme
from branch_desk.views.users import doctor_words, live_steps
from branch_desk.views.users.step_token import TokenStep
from tests.access_builders import an_access, an_active, events, link_of, redeemed, row, with_secrets
from tests.builders import World
from tests.views.agree import agrees
from tests.views.kit.accessibility import doubled_mnemonics, nameless
from tests.views.screen import a_station, countersign, give_password, idle, press, shown
from tests.views.test_credential import said


@pytest.fixture
def access_id(desk_world: World) -> UUID:
    return an_access(desk_world)


def a_step(
    qtbot: Any,
    world: World,
    background: Background,
    settings: QSettings,
    access_id: UUID,
    user: str = "oficial",
    role: Role = Role.OFFICER,
) -> TokenStep:
    step = TokenStep(a_station(world, background, settings, user, role))
    shown(qtbot, step)
    step.show_access((access_id,))
    idle(qtbot, step)
    return step


def qr_of(qtbot: Any, step: TokenStep) -> str:
    """Press the button and read the QR from a picture of the member's screen, as a phone does."""
    press(step, "show_qr")
    return read_qr(qtbot, step)


def read_qr(qtbot: Any, step: TokenStep) -> str:
    screen = step.station.member_screen
    qtbot.waitUntil(lambda: screen.shown() == "qr")
    idle(qtbot, step)
    image = screen.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    plain = Image.frombytes(
        "L",
        (image.width(), image.height()),
        bytes(image.constBits()),
        "raw",
        "L",
        image.bytesPerLine(),
        1,
    )
    [found] = zxingcpp.read_barcodes(plain)
    text: str = found.text
    return text


def secret_of(uri: str) -> str:
    return parse_qs(urlparse(uri).query)["secret"][0]


def oathtool(world: World, base32: str, minutes: int = 0) -> str:
    """The code an independent authenticator shows at the world's time, on a clock so many minutes ahead."""
    at = int(world.clock.now.timestamp()) + 60 * minutes
    return subprocess.run(
        ["oathtool", "--totp", "-b", f"--now=@{at}", base32],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def type_code(qtbot: Any, step: TokenStep, code: str) -> None:
    screen = step.station.member_screen
    press(screen, "member_qr_seen") if screen.shown() == "qr" else None
    assert screen.shown() == "code"
    qtbot.keyClicks(screen.code, code)
    idle(qtbot, step)


def diagnosis(step: TokenStep) -> str:
    found = step.findChild(QLabel, "diagnosis")
    assert found is not None
    return found.text()


@pytest.mark.parametrize("look", [Scheme.LIGHT, Scheme.DARK])
def test_the_qr_is_read_from_the_members_screen_and_an_independent_code_proves_it(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
    look: Scheme,
) -> None:
    themed.choose(look)
    step = a_step(qtbot, desk_world, background, settings, access_id)
    over: list[object] = []
    step.finished.connect(over.append)
    uri = qr_of(qtbot, step)
    assert unquote(uri).startswith("otpauth://totp/CosmartNet:amendez?")
    secret = secret_of(uri)
    assert secret not in said(step)
    assert secret not in said(step.station.member_screen)
    assert "otpauth" not in said(step)
    assert secret not in QGuiApplication.clipboard().text()
    type_code(qtbot, step, oathtool(desk_world, secret))
    assert step.station.member_screen.shown() == "ready"
    assert step.chip.text == "Token probado"
    assert over == [access_id]
    assert "totp:confirmed" in events(desk_world, access_id)
    assert step.station.member_screen.qr.is_empty


def test_a_phone_seven_minutes_ahead_is_told_what_to_set_right(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    step = a_step(qtbot, desk_world, background, settings, access_id)
    secret = secret_of(qr_of(qtbot, step))
    type_code(qtbot, step, oathtool(desk_world, secret, minutes=7))
    words = "El reloj del celular está adelantado 7 minutos. En Ajustes, Fecha y hora, active «Hora automática» y escriba el código nuevo."
    assert diagnosis(step) == words
    assert step.problem_bar.sentence == words
    assert step.station.member_screen.wrong.text() == words
    assert step.station.member_screen.code.text() == ""
    type_code(qtbot, step, oathtool(desk_world, secret))
    assert step.chip.text == "Token probado"


def test_a_phone_without_camera_gets_the_key_in_fours(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    step = a_step(qtbot, desk_world, background, settings, access_id)
    screen = step.station.member_screen
    secret = secret_of(qr_of(qtbot, step))
    screen.key_asked.emit()
    assert screen.shown() == "key"
    assert bytes(screen.key._secret).decode() == secret
    assert secret not in said(step) + said(screen)
    press(screen, "member_key_seen")
    assert screen.key.is_empty
    type_code(qtbot, step, oathtool(desk_world, secret))
    assert step.chip.text == "Token probado"


def test_a_code_goes_to_the_step_whose_member_stands_at_the_screen(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    other = an_access(
        desk_world,
        number="000124",
        user_name="jlazarte",
        document_number="3344556",
        complement="",
        email="j@example.com",
        mobile="71112223",
    )
    first = a_step(qtbot, desk_world, background, settings, access_id)
    second = TokenStep(first.station)
    shown(qtbot, second)
    second.show_access((other,))
    idle(qtbot, second)
    qr_of(qtbot, first)
    secret = secret_of(qr_of(qtbot, second))
    type_code(qtbot, second, oathtool(desk_world, secret))
    assert second.chip.text == "Token probado"
    assert row(desk_world, access_id).failed_codes == 0
    assert first.chip.text == "Falta un código"


def test_another_user_on_the_desk_takes_the_members_screen_back(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    step = a_step(qtbot, desk_world, background, settings, access_id)
    qr_of(qtbot, step)
    step.refresh()
    idle(qtbot, step)
    assert step.station.member_screen.shown() == "qr"
    step.forget()
    assert step.station.member_screen.qr.is_empty
    assert not step.station.member_screen.isVisible()


def test_what_nobody_scanned_in_time_is_gone(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    step = a_step(qtbot, desk_world, background, settings, access_id)
    screen = step.station.member_screen
    first = secret_of(qr_of(qtbot, step))
    screen._qr_life.end()
    assert screen.qr.is_empty
    assert not screen.isVisible()
    assert not step.show_key.isEnabled()
    assert secret_of(qr_of(qtbot, step)) != first


def test_after_ten_wrong_codes_a_new_qr_is_needed(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    step = a_step(qtbot, desk_world, background, settings, access_id)
    qr_of(qtbot, step)
    for _ in range(11):
        if step.station.member_screen.isVisible():
            type_code(qtbot, step, "000000")
    assert "Muestre uno nuevo" in step.problem_bar.sentence
    assert not step.station.member_screen.isVisible()


def test_the_live_steps_follow_the_member_until_the_token_is_proved(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_steps, "ASK_MILLISECONDS", 30)
    desk = desk_world.desk("otra")
    clave = credential.issue(desk, access_id, Delivery.SCREEN).reveal()
    step = a_step(qtbot, desk_world, background, settings, access_id)

    def done() -> set[str]:
        return {
            each.step.name
            for each in step.live.track.buttons
            if each.step.progress is Progress.DONE
        }

    assert done() == {"credential_issued"}
    ticket = first_access.redeem(
        desk_world.house, link_of(desk_world, access_id), typed_credential(clave)
    ).ticket.reveal()
    qtbot.waitUntil(lambda: "credential_used" in done())
    with_secrets(desk_world, ticket)
    qtbot.waitUntil(lambda: "question_set" in done())
    token = first_access.provision(desk_world.house, ticket)
    key = token.key.reveal()
    first_access.confirm(desk_world.house, ticket, oathtool(desk_world, key))
    qtbot.waitUntil(lambda: step.chip.text == "Token probado")
    assert done() >= {each.lower() for each in StepKind if each is not StepKind.LINK_SENT}
    assert row(desk_world, access_id).status is AccessStatus.ACTIVE


def test_the_proof_at_the_desk_makes_the_user_active_when_the_rest_is_done(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    ticket = redeemed(desk_world, desk_world.desk("otra"), access_id)
    with_secrets(desk_world, ticket)
    step = a_step(qtbot, desk_world, background, settings, access_id)
    secret = secret_of(qr_of(qtbot, step))
    type_code(qtbot, step, oathtool(desk_world, secret))
    assert "El usuario quedó activo" in step.problem_bar.sentence
    assert row(desk_world, access_id).status is AccessStatus.ACTIVE


def test_a_second_token_is_confirmed_by_its_verb_and_takes_another_person(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    access_id, phone = an_active(desk_world, desk_world.desk("otra"))
    verbs: list[str] = []
    monkeypatch.setattr(Confirmation, "ask", agrees(verbs))
    step = a_step(qtbot, desk_world, background, settings, access_id)
    press(step, "show_qr")
    idle(qtbot, step)
    assert verbs == ["&Cambiar token"]
    assert "supervisor" in step.problem_bar.sentence
    desk_world.staff("jefa", Role.SUPERVISOR)
    countersign(qtbot, step, desk_world, "jefa")
    new = secret_of(read_qr(qtbot, step))
    type_code(qtbot, step, phone.code())
    assert "entrada anterior" in diagnosis(step)
    type_code(qtbot, step, oathtool(desk_world, new))
    assert step.chip.text == "Token probado"


def test_a_code_that_failed_elsewhere_is_looked_at_by_the_doctor(
    qtbot: Any, desk_world: World, background: Background, settings: QSettings, themed: Theme
) -> None:
    access_id, phone = an_active(desk_world, desk_world.desk("otra"))
    step = a_step(qtbot, desk_world, background, settings, access_id)
    press(step, "probe")
    type_code(qtbot, step, phone.code(ahead=-40))
    assert "atrasado 20 minutos" in diagnosis(step)
    type_code(qtbot, step, phone.code())
    assert diagnosis(step) == "Ese código sí sirve: el token está bien."


def test_the_password_is_asked_before_a_qr_is_shown(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    step = a_step(qtbot, desk_world, background, settings, access_id)
    desk_world.clock.forward(minutes=6)
    press(step, "show_qr")
    give_password(qtbot, step, desk_world, "oficial")
    qtbot.waitUntil(lambda: step.station.member_screen.shown() == "qr")


def test_the_step_has_names_and_single_mnemonics(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    step = a_step(qtbot, desk_world, background, settings, access_id)
    assert nameless(step) == []
    assert doubled_mnemonics(step) == []


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_sentence_with_its_remedy(qapp: Any, cause: Cause) -> None:
    words = doctor_words.remedy(Diagnosis(cause, minutes=-3, period=60))
    assert "{" not in words
    assert words.endswith(".")
    assert len(words) > 40


def test_every_step_has_a_name(qapp: Any) -> None:
    assert set(live_steps.step_words()) == set(StepKind)


def test_a_refusal_without_a_known_cause_still_says_what_to_do(qapp: Any) -> None:
    assert "CosmartNet" in doctor_words.refused(CodeRefused(diagnosis=None))
