"""The screen of a request: its steps, who holds it, and the whole way through."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pyotp
import pytest
from PySide6.QtCore import QSettings
from sqlalchemy import select

from branch_desk.background import Background
from branch_desk.models.access import Delivery
from branch_desk.models.audit import AuditEvent
from branch_desk.models.enrolment import Status
from branch_desk.models.event import Event
from branch_desk.models.staff import Role
from branch_desk.operations.request import approval, enrolment
from branch_desk.operations.users import credential, totp
from branch_desk.views.kit.dialogs import Confirmation
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.steps_track import Progress
from branch_desk.views.kit.theme import Theme
from branch_desk.views.request.enrolment import EnrolmentView
from branch_desk.views.request.request_steps import STEPS, current_step, steps_of
from tests.builders import World
from tests.journey import (
    a_company_application,
    a_representative,
    advance,
    an_application,
    approve,
    carry,
    sheet_of,
    signed_scan,
    view,
)
from tests.views.kit.accessibility import doubled_mnemonics, nameless
from tests.views.opened import drop, opened
from tests.views.screen import a_station, idle, press


@pytest.fixture
def station(
    themed: Theme, desk_world: World, background: Background, settings: QSettings
) -> Station:
    desk_world.account(desk_world.member())
    return a_station(desk_world, background, settings)


def progress(screen: EnrolmentView) -> str:
    """The track as one sees it: one sign a step."""
    signs = {
        Progress.DONE: "✓",
        Progress.CURRENT: "●",
        Progress.WAITING: "·",
        Progress.VOIDED: "✗",
    }
    return "".join(signs[each.step.progress] for each in screen.track.buttons)


@pytest.mark.parametrize(
    ("status", "shown", "step"),
    [
        (Status.SUBMITTED, "●········", "identity"),
        (Status.IDENTIFIED, "✓●·······", "accounts"),
        (Status.CONFIGURED, "✓✓✓✓●····", "form"),
        (Status.SIGNED, "✓✓✓✓✓✓●··", "approval"),
    ],
)
def test_a_request_opens_at_the_step_its_state_says(
    qtbot: Any, desk_world: World, station: Station, status: Status, shown: str, step: str
) -> None:
    screen = opened(qtbot, station, carry(desk_world, station.desk, status))
    assert progress(screen) == shown
    assert screen.step_name == step


def test_a_form_that_was_made_and_not_printed_is_the_step_to_do(
    desk_world: World, station: Station
) -> None:
    request = carry(desk_world, station.desk, Status.PRINTED)
    assert current_step(view(station.desk, request)) == "form"
    sheet_of(station.desk, request)
    assert current_step(view(station.desk, request)) == "signature"


def test_steps_that_are_not_reached_cannot_be_opened(desk_world: World, station: Station) -> None:
    request = carry(desk_world, station.desk, Status.IDENTIFIED)
    steps = steps_of(view(station.desk, request))
    assert [each.name for each in steps if each.allowed] == list(STEPS[:4])


def test_an_approved_request_goes_on_to_the_credential(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = carry(desk_world, station.desk, Status.SIGNED)
    supervisor = desk_world.desk("jefa", Role.SUPERVISOR)
    approve(desk_world, supervisor, "jefa", request)
    screen = opened(qtbot, station, request)
    assert progress(screen) == "✓✓✓✓✓✓✓●·"
    assert screen.step is screen.credential
    assert screen.credential.file is not None
    assert screen.credential.user.currentText().startswith("amendez")


def test_the_last_steps_are_ticked_off_as_the_member_gets_on(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = carry(desk_world, station.desk, Status.SIGNED)
    supervisor = desk_world.desk("jefa", Role.SUPERVISOR)
    approve(desk_world, supervisor, "jefa", request)
    screen = opened(qtbot, station, request)
    assert screen.file is not None
    (access_id,) = screen.file.access_ids
    credential.issue(station.desk, access_id, Delivery.SCREEN).forget()
    screen.credential.ask_steps()
    idle(qtbot, screen)
    assert progress(screen) == "✓✓✓✓✓✓✓✓●"
    token = station.desk(totp.provision, access_id)
    station.desk(totp.confirm, access_id, code_of(token.key.reveal(), desk_world))
    screen.credential.ask_steps()
    idle(qtbot, screen)
    assert progress(screen) == "✓✓✓✓✓✓✓✓✓"


def code_of(key: str, world: World) -> str:
    """What a phone with this key shows now."""
    return pyotp.TOTP(key).at(world.clock.now)


def test_the_header_says_who_what_and_how_long(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = station.desk(enrolment.submit, an_application())
    desk_world.clock.forward(hours=2, minutes=5)
    screen = opened(qtbot, a_later(desk_world, station), request)
    words = [each.text() for each in screen.header.findChildren(type(screen.header.name))]
    assert "Ana María Méndez Ríos" in words
    assert "4567891-1B SC" in words
    assert "000123" in words
    assert "2 h 05 min" in words
    assert any(each.startswith("usted") for each in words)
    assert screen.header.chip.text == "En proceso de aprobación"


def a_later(world: World, station: Station) -> Station:
    return a_station(world, station.background, station.look)


def test_what_another_officer_holds_is_shown_and_cannot_be_changed(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    other = desk_world.desk("colega")
    request = other(enrolment.submit, an_application())
    screen = opened(qtbot, station, request)
    assert "Colega" in screen.problem_bar.sentence
    assert "12:15" in screen.problem_bar.sentence  # fifteen minutes from noon
    assert not screen.pages["identity"].primary.isEnabled()  # type: ignore[attr-defined]
    assert screen.header.name.text() == "Ana María Méndez Ríos"


def test_leaving_lets_the_request_go_and_coming_back_takes_it_up(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = station.desk(enrolment.submit, an_application())
    screen = opened(qtbot, station, request)
    assert screen.file is not None
    assert screen.file.held_by_me
    screen.hide()
    idle(qtbot, screen)
    assert view(station.desk, request).holder == ""
    screen.show()
    screen.come_to_front()
    idle(qtbot, screen)
    assert view(station.desk, request).held_by_me


def test_opening_another_request_lets_the_first_go(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    first = station.desk(enrolment.submit, an_application())
    desk_world.account(desk_world.company(), number="5550001")
    second = station.desk(enrolment.submit, a_company_application())
    screen = opened(qtbot, station, first)
    screen.open(second)
    idle(qtbot, screen)
    assert view(station.desk, first).holder == ""
    assert screen.header.name.text() == "Aserradero El Tajibo S.R.L."


def test_an_auditor_only_looks(qtbot: Any, desk_world: World, station: Station) -> None:
    request = carry(desk_world, station.desk, Status.CONFIGURED)
    auditor = a_station(desk_world, station.background, station.look, "auditora", Role.AUDITOR)
    screen = opened(qtbot, auditor, request)
    assert screen.problem_bar.sentence == ""
    for name in ("identity", "accounts", "limits", "services", "form", "signature"):
        screen.show_step(name)
        idle(qtbot, screen)
    assert not screen.pages["form"].primary.isEnabled()  # type: ignore[attr-defined]
    assert view(station.desk, request).held_by_me


def test_a_return_says_its_reason_when_the_request_is_opened(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = carry(desk_world, station.desk, Status.SIGNED)
    supervisor = desk_world.desk("jefa", Role.SUPERVISOR)
    desk_world.again(supervisor, "jefa")
    supervisor(approval.send_back, request, "Falta la firma en la segunda hoja")
    screen = opened(qtbot, station, request)
    assert "Falta la firma en la segunda hoja" in screen.problem_bar.sentence
    assert "Jefa" in screen.problem_bar.sentence
    assert progress(screen) == "✓✓✓✓●✗···"


def test_a_change_meanwhile_is_said_and_shown(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = carry(desk_world, station.desk, Status.IDENTIFIED)
    screen = opened(qtbot, station, request)
    advance(station.desk, request, Status.CONFIGURED)  # the same officer, elsewhere
    screen.show_step("services")
    press(screen, "services_go")
    idle(qtbot, screen)
    assert "mientras usted los veía" in screen.problem_bar.sentence
    assert screen.file is not None
    assert screen.file.status is Status.CONFIGURED


def test_a_file_dropped_where_nothing_is_filed_says_where_to_go(
    qtbot: Any, desk_world: World, station: Station, tmp_path: Path
) -> None:
    screen = opened(qtbot, station, carry(desk_world, station.desk, Status.IDENTIFIED))
    picture = tmp_path / "foto.jpg"
    picture.write_bytes(b"x")
    assert drop(screen, picture)
    idle(qtbot, screen)
    assert "Firma" in screen.problem_bar.sentence


def test_another_kind_of_file_is_not_welcome(
    qtbot: Any, desk_world: World, station: Station, tmp_path: Path
) -> None:
    screen = opened(qtbot, station, carry(desk_world, station.desk, Status.SUBMITTED))
    assert not drop(screen, tmp_path / "programa.exe")


def test_correcting_the_data_takes_the_request_back_to_the_identity(
    qtbot: Any, desk_world: World, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = carry(desk_world, station.desk, Status.SIGNED)
    screen = opened(qtbot, station, request)
    asked: list[str] = []

    def agree(parent: object, title: str, sentence: str, verb: str, **more: object) -> bool:
        asked.append(verb)
        return True

    monkeypatch.setattr(Confirmation, "ask", agree)
    screen.show_step("identity")
    press(screen, "amend")
    screen.pages["applicant"].form.texts["mobile"].setText("76543210")  # type: ignore[attr-defined]
    press(screen, "amend_save")
    idle(qtbot, screen)
    assert asked == ["Guardar y &anular el papel"]
    after = view(station.desk, request)
    assert after.status is Status.SUBMITTED
    assert after.application.values.mobile == "76543210"
    assert after.application.user_name == "amendez"
    assert progress(screen) == "●···✗✗···"


def test_a_change_that_would_void_the_paper_can_be_thought_better_of(
    qtbot: Any, desk_world: World, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = carry(desk_world, station.desk, Status.SIGNED)
    screen = opened(qtbot, station, request)
    monkeypatch.setattr(Confirmation, "ask", lambda *a, **k: False)
    screen.show_step("identity")
    press(screen, "identify")
    idle(qtbot, screen)
    assert view(station.desk, request).status is Status.SIGNED


def test_a_company_goes_the_same_way_with_its_representatives(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    desk_world.account(desk_world.company(), number="5550001")
    people = (a_representative(), a_representative("4455667", first_names="Rosa"))
    request = station.desk(enrolment.submit, a_company_application(*people))
    screen = opened(qtbot, station, request)
    identity: Any = screen.pages["identity"]
    said = [flag.sentence for flag in identity.flags.flags]
    assert any("Jaime Lazarte" in each and "123/2024" in each for each in said)
    assert any("Rosa Lazarte" in each for each in said)
    press(screen, "same_as_record")
    for box in identity.points.ticks.values():
        if box.isEnabled():
            box.click()
    press(screen, "identify")
    idle(qtbot, screen)
    limits: Any = screen.pages["limits"]
    screen.show_step("limits")
    assert [limits.person.itemText(n) for n in range(limits.person.count())] == [
        "Jaime Lazarte",
        "Rosa Lazarte",
    ]
    screen.show_step("services")
    press(screen, "services_go")
    idle(qtbot, screen)
    assert screen.file is not None
    assert screen.file.status is Status.CONFIGURED


def test_everything_has_a_name_and_every_mnemonic_is_there_once(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = carry(desk_world, station.desk, Status.PRINTED)
    screen = opened(qtbot, station, request)
    assert nameless(screen.body) == []
    for name in (*STEPS[:7], "applicant"):
        screen.show_step(name)
        idle(qtbot, screen)
        assert doubled_mnemonics(screen) == [], name


def test_another_person_finds_nothing_of_the_request(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = carry(desk_world, station.desk, Status.SIGNED)
    screen = opened(qtbot, station, request)
    for name in STEPS[:7]:
        screen.show_step(name)
        idle(qtbot, screen)
    screen.leave()
    screen.forget()
    idle(qtbot, screen)
    shown = [
        text
        for each in screen.findChildren(type(screen.header.name))
        if "Méndez" in (text := each.text()) or "4567891" in text
    ]
    assert shown == []


def test_opening_looking_and_letting_go_are_on_record(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = station.desk(enrolment.submit, an_application())
    screen = opened(qtbot, station, request)
    screen.leave()
    idle(qtbot, screen)
    assert set(events(desk_world, request)) >= {
        Event.ENROLMENT_VIEWED,
        Event.ENROLMENT_HELD,
        Event.ENROLMENT_RELEASED,
    }


def events(world: World, subject: UUID) -> list[str]:
    return world.house.work(
        lambda work: list(
            work.session.scalars(select(AuditEvent.event).where(AuditEvent.subject_id == subject))
        )
    )


def test_the_signed_sheet_is_dropped_anywhere_on_the_screen(
    qtbot: Any, desk_world: World, station: Station, tmp_path: Path
) -> None:
    request = carry(desk_world, station.desk, Status.PRINTED)
    scan = tmp_path / "hoja.jpg"
    scan.write_bytes(signed_scan(sheet_of(station.desk, request), degrees=-2))
    screen = opened(qtbot, station, request)
    assert screen.step_name == "signature"
    assert drop(screen, scan)
    qtbot.waitUntil(lambda: view(station.desk, request).status is Status.SIGNED)
    idle(qtbot, screen)
    assert progress(screen) == "✓✓✓✓✓✓●··"
    press(screen, "to_approval")
    assert screen.step_name == "approval"
