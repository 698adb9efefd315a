"""The clave inicial as officer and member meet it: on the member's screen, or on a slip of paper."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pypdf
import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from sqlalchemy import update

from branch_desk.background import Background
from branch_desk.models.access import Delivery, InitialCredential
from branch_desk.models.install import Installation
from branch_desk.models.staff import Role
from branch_desk.operations.house.outbox import Letter, NotSent, Outcome, send_due
from branch_desk.operations.users import credential
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.theme import Meaning, Theme
from branch_desk.views.users.step_credential import CredentialStep
from tests.access_builders import an_access, events, mails
from tests.builders import World
from tests.cups import Cups, cups, cups_server
from tests.views.agree import agrees
from tests.views.kit.accessibility import doubled_mnemonics, nameless
from tests.views.screen import a_station, give_password, idle, press, shown

__all__ = ["cups", "cups_server"]


@pytest.fixture
def access_id(desk_world: World) -> UUID:
    return an_access(desk_world)


def a_step(
    qtbot: Any,
    world: World,
    background: Background,
    settings: QSettings,
    *ids: UUID,
    printer: str | None = None,
    user: str = "oficial",
    role: Role = Role.OFFICER,
) -> CredentialStep:
    station = a_station(world, background, settings, user, role)
    station = replace(
        station,
        settings=replace(
            station.settings, printer_uri=printer, portal_url="https://banca.example.bo"
        ),
    )
    step = CredentialStep(station)
    shown(qtbot, step)
    step.show_access(ids)
    idle(qtbot, step)
    return step


def said(widget: QWidget) -> str:
    """Everything a person or a screen reader can take out of these widgets."""
    texts = []
    for each in [widget, *widget.findChildren(QWidget)]:
        interface = QAccessible.queryAccessibleInterface(each)
        if interface is not None:
            texts += [
                interface.text(kind)
                for kind in (
                    QAccessible.Text.Name,
                    QAccessible.Text.Value,
                    QAccessible.Text.Description,
                )
            ]
        if isinstance(each, QLabel | QLineEdit):
            texts.append(each.text())
        texts += [each.toolTip(), each.objectName(), each.windowTitle()]
    return "\n".join(texts)


def issued(world: World) -> list[InitialCredential]:
    from sqlalchemy import select

    return world.house.work(
        lambda work: list(
            work.session.scalars(
                select(InitialCredential).order_by(
                    InitialCredential.issued_at, InitialCredential.id
                )
            )
        )
    )


def label(step: QWidget, name: str) -> str:
    found = step.findChild(QLabel, name)
    assert found is not None
    return found.text()


def test_the_clave_is_seen_on_the_members_screen_alone(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    step = a_step(qtbot, desk_world, background, settings, access_id)
    screen = step.station.member_screen
    press(step, "issue_screen")
    qtbot.waitUntil(lambda: screen.shown() == "credential")
    clave = bytes(screen.credential._secret).decode()
    idle(qtbot, step)
    assert len(clave) == 12
    assert screen.isVisible()
    for text in (clave, clave[:4], clave[4:8]):
        assert text not in said(step)
        assert text not in said(screen)
    assert clave not in (QGuiApplication.clipboard().text() or "")
    assert desk_world.house.hasher.verify(issued(desk_world)[0].hash, clave)
    screen.credential.life.end()
    assert screen.credential.is_empty
    assert not screen.isVisible()
    idle(qtbot, step)
    assert step.chip.text == "Emitida, sin usar"
    assert clave not in said(step)


def test_escape_takes_the_clave_away_and_gives_the_desk_back(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    step = a_step(qtbot, desk_world, background, settings, access_id)
    screen = step.station.member_screen
    over: list[object] = []
    step.finished.connect(over.append)
    press(step, "issue_screen")
    qtbot.waitUntil(lambda: screen.shown() == "credential")
    qtbot.keyClick(screen, "\x1b")
    assert screen.credential.is_empty
    assert not screen.isVisible()
    assert over == [access_id]


def test_the_slip_goes_straight_to_the_printer_and_carries_the_key(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
    cups: Cups,
    tmp_path: Path,
) -> None:
    step = a_step(qtbot, desk_world, background, settings, access_id, printer=cups.uri)
    press(step, "issue_slip")
    qtbot.waitUntil(lambda: step.problem_bar.meaning is Meaning.GOOD, timeout=20_000)
    [paper] = cups.captured
    assert cups.titles == ["Documento"]
    path = tmp_path / "out.pdf"
    path.write_bytes(paper)
    text = pypdf.PdfReader(path).pages[0].extract_text()
    words = text.split()
    start = next(
        i
        for i in range(len(words))
        if all(len(w) == 4 for w in words[i : i + 3])
        and desk_world.house.hasher.verify(issued(desk_world)[0].hash, "".join(words[i : i + 3]))
    )
    clave = "".join(words[start : start + 3])
    assert clave not in said(step)
    path.unlink()
    assert not list(tmp_path.rglob("*.pdf"))
    assert issued(desk_world)[0].delivery is Delivery.SLIP
    assert issued(desk_world)[0].revoked_at is None


@pytest.mark.parametrize("training", [False, True])
def test_a_slip_of_a_practice_copy_says_that_it_has_no_value(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
    cups: Cups,
    training: bool,
) -> None:
    desk_world.house.work(
        lambda work: work.session.execute(update(Installation).values(training=training))
    )
    step = a_step(qtbot, desk_world, background, settings, access_id, printer=cups.uri)
    press(step, "issue_slip")
    qtbot.waitUntil(lambda: step.problem_bar.meaning is Meaning.GOOD, timeout=20_000)
    [paper] = cups.captured
    text = pypdf.PdfReader(io.BytesIO(paper)).pages[0].extract_text()
    assert ("SIN VALOR" in text) is training


def test_a_jammed_slip_makes_its_key_void_and_says_so(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
    cups: Cups,
) -> None:
    cups.behave("abort")
    step = a_step(qtbot, desk_world, background, settings, access_id, printer=cups.uri)
    press(step, "issue_slip")
    qtbot.waitUntil(lambda: step.problem_bar.meaning is Meaning.STOP, timeout=20_000)
    idle(qtbot, step)
    assert "anulada" in step.problem_bar.sentence
    assert issued(desk_world)[0].delivery is Delivery.FAILED
    assert "credential:not_delivered" in events(desk_world, access_id)
    assert step.chip.text == "Sin emitir"
    assert step.on_slip.isEnabled()


def test_a_second_key_is_asked_about_and_takes_a_supervisor(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    credential.issue(desk_world.desk("otra"), access_id, Delivery.SCREEN)
    step = a_step(qtbot, desk_world, background, settings, access_id)
    asked: list[str] = []
    monkeypatch.setattr(Confirmation, "ask", agrees(asked, 2))
    press(step, "issue_screen")
    idle(qtbot, step)
    assert asked == [
        "La clave anterior y su enlace dejan de servir, y el socio recibe un correo nuevo. El socio debe estar presente."
    ]
    assert "supervisor" in step.problem_bar.sentence
    assert "24 horas" in step.problem_bar.sentence
    assert not step.station.member_screen.isVisible()


def test_after_five_minutes_the_password_is_asked_before_a_key_is_made(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    step = a_step(qtbot, desk_world, background, settings, access_id)
    desk_world.clock.forward(minutes=6)
    press(step, "issue_screen")
    qtbot.waitUntil(lambda: step.password_panel is not None)
    assert issued(desk_world) == []
    give_password(qtbot, step, desk_world, "oficial")
    qtbot.waitUntil(lambda: step.station.member_screen.shown() == "credential")


def test_the_fate_of_the_mail_is_told_with_the_servers_answer(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    def refuses(letter: Letter) -> Any:
        raise NotSent(Outcome.REFUSED, "550 no such user")

    step = a_step(qtbot, desk_world, background, settings, access_id)
    assert "bandeja de salida" in label(step, "mail_state")
    send_due(desk_world.house, refuses)
    step.ask_steps()
    idle(qtbot, step)
    assert "550 no such user" in label(step, "mail_state")
    assert step.mail_chip.meaning is Meaning.STOP
    press(step, "resend")
    idle(qtbot, step)
    assert mails(desk_world, access_id) == ["set_password", "set_password"]
    assert "bandeja de salida" in label(step, "mail_state")


def test_a_company_offers_each_of_its_users(
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
    step = a_step(qtbot, desk_world, background, settings, access_id, other)
    assert step.user.isVisible()
    assert step.user.count() == 2
    step.user.setCurrentIndex(1)
    step.user.activated.emit(1)
    press(step, "issue_screen")
    qtbot.waitUntil(lambda: step.station.member_screen.shown() == "credential")
    assert [each.access_id for each in issued(desk_world)] == [other]


def test_the_step_has_names_and_single_mnemonics(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    step = a_step(
        qtbot, desk_world, background, settings, access_id, printer="ipp://127.0.0.1:9/printers/x"
    )
    assert nameless(step) == []
    assert doubled_mnemonics(step) == []
