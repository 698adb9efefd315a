"""The signed sheet comes back."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image
from PySide6.QtCore import QSettings

from branch_desk.background import Background
from branch_desk.models.enrolment import Status
from branch_desk.operations.request import enrolment
from branch_desk.views.kit.incoming import FileChoice
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.theme import Theme
from branch_desk.views.request.enrolment import EnrolmentView
from branch_desk.views.request.step_signature import SignatureStep
from tests.builders import World
from tests.journey import (
    a_company_application,
    advance,
    carry,
    sheet_of,
    signed_scan,
    view,
)
from tests.views.opened import drop, opened, with_settings
from tests.views.screen import a_station, idle, press


@pytest.fixture
def station(
    themed: Theme, desk_world: World, background: Background, settings: QSettings
) -> Station:
    desk_world.account(desk_world.member())
    return a_station(desk_world, background, settings)


@pytest.fixture
def request_id(desk_world: World, station: Station) -> UUID:
    return carry(desk_world, station.desk, Status.PRINTED)


def of(screen: EnrolmentView) -> SignatureStep:
    page = screen.pages["signature"]
    assert isinstance(page, SignatureStep)
    return page


def refusal(qtbot: Any, screen: EnrolmentView) -> str:
    qtbot.waitUntil(lambda: screen.problem_bar.sentence != "")
    idle(qtbot, screen)
    return screen.problem_bar.sentence


def test_a_scanned_sheet_a_little_askew_is_filed_and_shown(
    qtbot: Any,
    station: Station,
    request_id: UUID,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scan = tmp_path / "hoja.jpg"
    scan.write_bytes(signed_scan(sheet_of(station.desk, request_id), degrees=3))
    screen = opened(qtbot, station, request_id)
    monkeypatch.setattr(FileChoice, "ask", lambda *a: scan)
    press(screen, "choose_sheet")
    qtbot.waitUntil(lambda: of(screen).preview.pages == 1)
    idle(qtbot, screen)
    assert view(station.desk, request_id).status is Status.SIGNED
    assert "Archivada" in of(screen).facts.text()
    assert "espera autorización" in screen.problem_bar.sentence


def test_the_sheet_is_taken_from_the_scanners_folder(
    qtbot: Any, station: Station, request_id: UUID, tmp_path: Path
) -> None:
    folder = tmp_path / "escaner"
    folder.mkdir()
    (folder / "scan.jpg").write_bytes(signed_scan(sheet_of(station.desk, request_id)))
    screen = opened(qtbot, with_settings(station, scanner_folder=folder), request_id)
    press(screen, "sheet_from_scanner")
    qtbot.waitUntil(lambda: view(station.desk, request_id).status is Status.SIGNED)
    idle(qtbot, screen)


def test_a_sheet_of_another_request_is_refused_by_its_folio(
    qtbot: Any, desk_world: World, station: Station, request_id: UUID, tmp_path: Path
) -> None:
    desk_world.account(desk_world.company(), number="5550001")
    other = carry(desk_world, station.desk, Status.PRINTED, a_company_application())
    scan = tmp_path / "otra.jpg"
    scan.write_bytes(signed_scan(sheet_of(station.desk, other)))
    sheet_of(station.desk, request_id)
    screen = opened(qtbot, station, request_id)
    drop(screen, scan)
    assert "CEN-2026-000002" in refusal(qtbot, screen)
    assert view(station.desk, request_id).status is Status.PRINTED


def test_a_sheet_of_an_older_revision_is_refused_with_both_numbers(
    qtbot: Any, station: Station, request_id: UUID, tmp_path: Path
) -> None:
    old = sheet_of(station.desk, request_id)
    advance(station.desk, request_id, Status.CONFIGURED)
    advance(station.desk, request_id, Status.PRINTED)
    sheet_of(station.desk, request_id)
    scan = tmp_path / "vieja.jpg"
    scan.write_bytes(signed_scan(old))
    screen = opened(qtbot, station, request_id)
    drop(screen, scan)
    sentence = refusal(qtbot, screen)
    assert "versión 3" in sentence
    assert "la 4" in sentence
    assert "firmar el nuevo" in sentence


def test_a_sheet_whose_code_cannot_be_read_says_how_to_scan_it(
    qtbot: Any, station: Station, request_id: UUID, tmp_path: Path
) -> None:
    sheet_of(station.desk, request_id)
    blank = tmp_path / "blanca.png"
    Image.new("L", (1200, 1600), 255).save(blank)
    screen = opened(qtbot, station, request_id)
    drop(screen, blank)
    assert "Escanéela otra vez" in refusal(qtbot, screen)


def test_without_a_paper_there_is_nothing_to_bring_back(
    qtbot: Any, desk_world: World, station: Station, request_id: UUID
) -> None:
    advance(station.desk, request_id, Status.CONFIGURED)
    screen = opened(qtbot, station, request_id)
    screen.show_step("signature")
    assert not of(screen).choose.isEnabled()
    assert "imprima" in of(screen).facts.text()


def test_a_sheet_that_came_out_badly_is_replaced(
    qtbot: Any, station: Station, request_id: UUID, tmp_path: Path
) -> None:
    pdf = sheet_of(station.desk, request_id)
    screen = opened(qtbot, station, request_id)
    for degrees in (1, 2):
        scan = tmp_path / f"{degrees}.jpg"
        scan.write_bytes(signed_scan(pdf, degrees=degrees))
        before = [each.id for each in view(station.desk, request_id).attachments]
        drop(screen, scan)
        qtbot.waitUntil(
            lambda before=before: (
                [each.id for each in view(station.desk, request_id).attachments] != before
            )
        )
        idle(qtbot, screen)
    assert len(view(station.desk, request_id).attachments) == 1


def test_an_officer_who_does_not_hold_the_request_files_nothing(
    qtbot: Any, desk_world: World, station: Station, request_id: UUID, tmp_path: Path
) -> None:
    scan = tmp_path / "hoja.jpg"
    scan.write_bytes(signed_scan(sheet_of(station.desk, request_id)))
    station.desk(enrolment.release, request_id)
    other = desk_world.desk("colega")
    other(enrolment.hold, request_id)
    screen = opened(qtbot, station, request_id)
    drop(screen, scan)
    idle(qtbot, screen)
    assert view(station.desk, request_id).status is Status.PRINTED
