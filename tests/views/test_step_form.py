"""The form step: made, looked at, printed on a real queue, saved."""

import io
import stat
from pathlib import Path
from typing import Any
from uuid import UUID

import pypdf
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from sqlalchemy import select

from branch_desk.background import Background
from branch_desk.models.enrolment import Status
from branch_desk.models.form import Printing
from branch_desk.views.kit.incoming import FileChoice
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.theme import Theme
from branch_desk.views.request.enrolment import EnrolmentView
from branch_desk.views.request.request_steps import current_step
from branch_desk.views.request.step_form import FormStep
from tests.builders import World
from tests.cups import Cups, cups, cups_server
from tests.journey import carry, sheet_of, view
from tests.views.opened import opened, with_settings
from tests.views.screen import a_station, idle, press

__all__ = ["cups", "cups_server"]


@pytest.fixture
def station(
    themed: Theme, desk_world: World, background: Background, settings: QSettings
) -> Station:
    desk_world.account(desk_world.member())
    return a_station(desk_world, background, settings)


@pytest.fixture
def request_id(desk_world: World, station: Station) -> UUID:
    return carry(desk_world, station.desk, Status.CONFIGURED)


def of(screen: EnrolmentView) -> FormStep:
    page = screen.pages["form"]
    assert isinstance(page, FormStep)
    return page


def settle(qtbot: Any, screen: EnrolmentView) -> None:
    qtbot.waitUntil(lambda: not of(screen).printing.is_printing, timeout=20_000)
    idle(qtbot, screen)


def records(world: World) -> list[tuple[int, str, str]]:
    return world.house.work(
        lambda work: [
            (row.copy_number, row.destination.value, row.outcome)
            for row in work.session.scalars(select(Printing).order_by(Printing.started_at))
        ]
    )


def test_the_form_is_made_and_stands_in_the_window(
    qtbot: Any, station: Station, request_id: UUID
) -> None:
    screen = opened(qtbot, station, request_id)
    assert screen.step_name == "form"
    press(screen, "make_form")
    qtbot.waitUntil(lambda: of(screen).preview.pages > 0)
    assert view(station.desk, request_id).status is Status.PRINTED
    preview = of(screen).preview
    assert preview.page == 1
    QTest.keyClick(preview, Qt.Key.Key_PageDown)
    assert preview.page == 2
    ink = preview.sheet.image
    dark = sum(
        ink.pixelColor(x, y).lightness() < 128
        for x in range(0, ink.width(), 7)
        for y in range(0, ink.height(), 7)
    )
    assert dark > 20
    width = preview.sheet.width()
    QTest.keyClick(preview, Qt.Key.Key_Plus)
    assert preview.sheet.width() > width


def test_the_page_size_is_chosen_before_the_form_is_made(
    qtbot: Any, station: Station, request_id: UUID
) -> None:
    screen = opened(qtbot, station, request_id)
    of(screen).size_.setCurrentIndex(1)
    press(screen, "make_form")
    idle(qtbot, screen)
    page = pypdf.PdfReader(io.BytesIO(sheet_of(station.desk, request_id))).pages[0]
    assert round(float(page.mediabox.height) / 72 * 25.4) == 330


def test_the_printed_paper_is_the_paper_and_the_queue_says_so(
    qtbot: Any, desk_world: World, station: Station, request_id: UUID, cups: Cups
) -> None:
    screen = opened(qtbot, with_settings(station, printer_uri=cups.uri), request_id)
    press(screen, "make_form")
    qtbot.waitUntil(lambda: of(screen).printing.printers.currentText() == "Ventanilla")
    idle(qtbot, screen)
    press(screen, "print_form")
    settle(qtbot, screen)
    assert of(screen).printing.state.text == "Impreso"
    assert records(desk_world) == [(0, "PRINTER", "printed")]
    [printed] = cups.captured
    assert cups.titles == ["Documento CEN-2026-000001"]
    assert "Ana María Méndez Ríos" in pypdf.PdfReader(io.BytesIO(printed)).pages[0].extract_text()
    press(screen, "to_signature")
    assert screen.step_name == "signature"


def test_a_second_copy_is_marked_as_one(
    qtbot: Any, desk_world: World, station: Station, request_id: UUID, cups: Cups
) -> None:
    screen = opened(qtbot, with_settings(station, printer_uri=cups.uri), request_id)
    press(screen, "make_form")
    qtbot.waitUntil(lambda: of(screen).printing.can_print)
    idle(qtbot, screen)
    press(screen, "print_form")
    settle(qtbot, screen)
    press(screen, "print_again")
    settle(qtbot, screen)
    first, second = [
        pypdf.PdfReader(io.BytesIO(each)).pages[0].extract_text() for each in cups.captured
    ]
    assert "COPIA" not in first
    assert "COPIA 1" in second
    assert "2 veces" in of(screen).facts.text()


def test_a_printer_that_fails_says_why_and_what_to_do(
    qtbot: Any, desk_world: World, station: Station, request_id: UUID, cups: Cups
) -> None:
    cups.behave("abort")
    screen = opened(qtbot, with_settings(station, printer_uri=cups.uri), request_id)
    press(screen, "make_form")
    qtbot.waitUntil(lambda: of(screen).printing.can_print)
    idle(qtbot, screen)
    press(screen, "print_form")
    settle(qtbot, screen)
    assert of(screen).printing.state.text == "No se imprimió"
    assert "papel y tóner" in of(screen).printing.advice.text()
    [(copy, _, outcome)] = records(desk_world)
    assert copy == 0
    assert outcome.startswith("FAILED")
    # Nothing to sign came out: the step is not done, and printing again is what there is to do.
    assert of(screen).primary.objectName() == "print_form"
    assert screen.file is not None
    assert current_step(screen.file) == "form"


def test_a_job_under_way_is_shown_and_can_be_cancelled(
    qtbot: Any, desk_world: World, station: Station, request_id: UUID, cups: Cups
) -> None:
    cups.behave("hang")
    screen = opened(qtbot, with_settings(station, printer_uri=cups.uri), request_id)
    press(screen, "make_form")
    qtbot.waitUntil(lambda: of(screen).printing.can_print)
    idle(qtbot, screen)
    press(screen, "print_form")
    qtbot.waitUntil(lambda: of(screen).printing.state.text == "Imprimiendo", timeout=15_000)
    assert not of(screen).primary.isEnabled()
    press(screen, "cancel_print")
    settle(qtbot, screen)
    assert of(screen).printing.state.text == "Impresión cancelada"


def test_a_desk_without_a_printer_saves_the_paper(
    qtbot: Any,
    desk_world: World,
    station: Station,
    request_id: UUID,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = opened(qtbot, station, request_id)
    press(screen, "make_form")
    idle(qtbot, screen)
    assert not of(screen).primary.isEnabled()
    target = tmp_path / "formulario.pdf"
    monkeypatch.setattr(FileChoice, "ask_where", lambda *a: target)
    press(screen, "save_pdf")
    qtbot.waitUntil(target.exists)
    idle(qtbot, screen)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert len(pypdf.PdfReader(target).pages) > 1
    assert [each.name for each in tmp_path.glob("*.part")] == []
    assert records(desk_world) == [(0, "FILE", "saved")]
    assert of(screen).primary.objectName() == "to_signature"


def test_a_place_where_nothing_can_be_saved_is_said_and_recorded(
    qtbot: Any,
    desk_world: World,
    station: Station,
    request_id: UUID,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = opened(qtbot, station, request_id)
    press(screen, "make_form")
    idle(qtbot, screen)
    monkeypatch.setattr(FileChoice, "ask_where", lambda *a: tmp_path / "no" / "hay.pdf")
    press(screen, "save_pdf")
    qtbot.waitUntil(lambda: "No se pudo guardar" in screen.problem_bar.sentence)
    assert records(desk_world) == [(0, "FILE", "not_saved")]
