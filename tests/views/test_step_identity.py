"""The identity step: reading the card, explaining differences, filing pictures."""

import hashlib
import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from sqlalchemy import select

from branch_desk.background import Background
from branch_desk.models.audit import AuditEvent
from branch_desk.models.enrolment import Status
from branch_desk.models.event import Event
from branch_desk.models.identity import AttachmentKind, CheckPoint, Difference, IdentityCheck
from branch_desk.models.staff import Role
from branch_desk.operations.request import enrolment
from branch_desk.reports import enrolment_form
from branch_desk.reports.paper import PageSize
from branch_desk.views.kit.incoming import FileChoice
from branch_desk.views.kit.station import Station
from branch_desk.views.kit.theme import Meaning, Theme
from branch_desk.views.request.enrolment import EnrolmentView
from branch_desk.views.request.step_identity import IdentityStep
from tests.builders import World
from tests.journey import ANA, a_company_application, an_application, view
from tests.reports.forms import a_form
from tests.views.opened import a_card_picture, drop, opened, with_settings
from tests.views.screen import a_station, give_password, idle, press, type_in


@pytest.fixture
def station(
    themed: Theme, desk_world: World, background: Background, settings: QSettings
) -> Station:
    return a_station(desk_world, background, settings)


def of(screen: EnrolmentView) -> IdentityStep:
    page = screen.pages["identity"]
    assert isinstance(page, IdentityStep)
    return page


def tick_all(screen: EnrolmentView) -> None:
    for box in of(screen).points.ticks.values():
        if box.isEnabled():
            box.click()


def said(screen: EnrolmentView) -> list[str]:
    return [flag.sentence for flag in of(screen).flags.flags]


def ana_asks(world: World, station: Station, **changes: Any) -> Any:
    world.account(world.member())
    return station.desk(enrolment.submit, an_application(values=replace(ANA, **changes)))


def test_a_card_that_says_the_same_is_verified_in_a_few_keys(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = ana_asks(desk_world, station)
    screen = opened(qtbot, station, request)
    press(screen, "same_as_record")
    assert of(screen).table.differing() == []
    tick_all(screen)
    QTest.keyClick(screen.windowHandle(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: view(station.desk, request).status is Status.IDENTIFIED)
    idle(qtbot, screen)
    assert screen.step_name == "accounts"
    assert "verificada" in screen.problem_bar.sentence


def test_a_difference_is_marked_inside_the_word_and_needs_a_reason(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = ana_asks(desk_world, station, first_surname="Mendes")
    screen = opened(qtbot, station, request)
    press(screen, "same_as_record")
    tick_all(screen)
    assert of(screen).table.differing() == ["first_surname"]
    typed, record = of(screen).table._labels["first_surname"]
    assert typed.differs
    assert "e" in typed.accessibleDescription()  # «Mendes» beside the card's «Méndez»
    assert not record.differs
    press(screen, "identify")
    idle(qtbot, screen)
    assert "sin explicar" in screen.problem_bar.sentence
    focused = screen.focusWidget()
    assert focused is not None
    assert focused.objectName() == "reason_first_surname"
    type_in(screen, reason_first_surname="El socio lo escribió sin acento; vale la cédula")
    press(screen, "identify")
    idle(qtbot, screen)
    stored = desk_world.house.work(lambda work: work.session.scalars(select(Difference)).one())
    assert (stored.field, stored.typed, stored.card) == ("first_surname", "Mendes", "Méndez")
    assert stored.reason.startswith("El socio lo escribió")


def test_what_nobody_looked_at_is_not_verified(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = ana_asks(desk_world, station)
    screen = opened(qtbot, station, request)
    press(screen, "same_as_record")
    press(screen, "identify")
    idle(qtbot, screen)
    assert "La foto es de esta persona" in screen.problem_bar.sentence
    focused = screen.focusWidget()
    assert focused is not None
    assert focused.objectName() == "point_original_seen"


def test_a_card_that_was_not_read_is_no_indefinite_card(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = ana_asks(desk_world, station)
    screen = opened(qtbot, station, request)
    type_in(screen, card_document_number="4567891")
    tick_all(screen)
    press(screen, "identify")
    focused = screen.focusWidget()
    assert focused is not None
    assert focused.objectName() == "card_document_expiry"
    assert view(station.desk, request).status is Status.SUBMITTED


@pytest.mark.parametrize(
    ("expiry", "meaning", "words"),
    [
        ("23/12/2026", Meaning.ATTENTION, "vence el 23/12/2026"),
        ("22/11/2026", Meaning.STOP, "venció el 22/11/2026"),
    ],
)
def test_the_date_of_the_card_speaks_while_it_is_typed(
    qtbot: Any, desk_world: World, station: Station, expiry: str, meaning: Meaning, words: str
) -> None:
    screen = opened(qtbot, station, ana_asks(desk_world, station))
    press(screen, "same_as_record")
    type_in(screen, card_document_expiry=expiry)
    [flag] = [each for each in of(screen).flags.flags if "cédula" in each.sentence]
    assert flag.meaning is meaning
    assert words in flag.sentence
    in_force = next(p for p in of(screen).points.ticks if p == "NOT_EXPIRED")
    assert of(screen).points.ticks[in_force].isChecked() is (meaning is Meaning.ATTENTION)


def test_indefinite_is_for_those_of_fifty_eight(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    screen = opened(qtbot, station, ana_asks(desk_world, station))
    of(screen).table.cells["document_expiry"].indefinite.click()  # type: ignore[union-attr]
    assert any("58 años" in each for each in said(screen))


def test_a_supervisor_excepts_an_expired_card_and_the_officer_goes_on(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    expired = date(2026, 10, 1)
    desk_world.account(desk_world.member(document_expiry=expired))
    values = replace(ANA, document_expiry=expired)
    request = station.desk(enrolment.submit, an_application(values=values))
    screen = opened(qtbot, station, request)
    press(screen, "same_as_record")
    tick_all(screen)
    assert of(screen).exception.isHidden()
    press(screen, "identify")
    idle(qtbot, screen)
    assert "La cédula venció el 01/10/2026" in screen.problem_bar.sentence
    screen.leave()
    idle(qtbot, screen)

    boss = a_station(desk_world, station.background, station.look, "jefa", Role.SUPERVISOR)
    hers = opened(qtbot, boss, request)
    press(hers, "same_as_record")
    type_in(hers, reason="Cédula en trámite de renovación, vio el comprobante")
    desk_world.clock.forward(minutes=6)
    press(hers, "except_card")
    give_password(qtbot, hers, desk_world, "jefa")
    assert "exceptuó" in " ".join(said(hers))
    hers.leave()
    idle(qtbot, hers)

    screen.come_to_front()
    idle(qtbot, screen)
    press(screen, "identify")
    qtbot.waitUntil(lambda: view(station.desk, request).status is Status.IDENTIFIED)
    idle(qtbot, screen)


def test_somebody_the_books_do_not_know_gets_an_answer_not_a_button(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = station.desk(enrolment.submit, an_application())
    screen = opened(qtbot, station, request)
    [sentence] = [each for each in said(screen) if "Ningún socio" in each]
    assert "4567891-1B SC" in sentence
    assert "plataforma" in sentence
    assert not of(screen).primary.isEnabled()


def test_the_same_phone_on_another_member_is_shown(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    desk_world.member("000777", document_number="9988776", first_names="Otra", email="o@e.com")
    screen = opened(qtbot, station, ana_asks(desk_world, station))
    assert any("celular" in each and "000777" in each for each in said(screen))


# -- pictures


def test_a_dropped_picture_is_filed_as_the_side_that_is_missing(
    qtbot: Any, desk_world: World, station: Station, tmp_path: Path
) -> None:
    request = ana_asks(desk_world, station)
    screen = opened(qtbot, station, request)
    for name in ("uno.jpg", "dos.jpg"):
        (tmp_path / name).write_bytes(a_card_picture(name))
        filed = len(view(station.desk, request).attachments)
        assert drop(screen, tmp_path / name)
        qtbot.waitUntil(lambda n=filed: len(view(station.desk, request).attachments) > n)
        idle(qtbot, screen)
    kinds = {each.kind for each in view(station.desk, request).attachments}
    assert kinds == {AttachmentKind.CARD_FRONT, AttachmentKind.CARD_BACK}
    assert not of(screen).images.pictures[AttachmentKind.CARD_FRONT].is_empty
    assert looks(desk_world) == 2


def looks(world: World) -> int:
    return len(
        world.house.work(
            lambda work: list(
                work.session.scalars(
                    select(AuditEvent.number).where(AuditEvent.event == Event.ATTACHMENT_VIEWED)
                )
            )
        )
    )


def test_a_picture_is_chosen_enlarged_and_put_away(
    qtbot: Any,
    desk_world: World,
    station: Station,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = ana_asks(desk_world, station)
    screen = opened(qtbot, station, request)
    photo = tmp_path / "reverso.png"
    photo.write_bytes(a_card_picture())
    monkeypatch.setattr(FileChoice, "ask", lambda *a: photo)
    press(screen, "choose_card_back")
    qtbot.waitUntil(lambda: bool(view(station.desk, request).attachments))
    idle(qtbot, screen)
    picture = of(screen).images.pictures[AttachmentKind.CARD_BACK]
    QTest.keyClick(picture, Qt.Key.Key_Return)
    assert of(screen).large.isVisible()
    assert of(screen).large.pages == 1
    press(screen, "large_back")
    assert of(screen).large.pages == 0


def test_the_newest_file_of_the_scanner_is_taken(
    qtbot: Any, desk_world: World, station: Station, tmp_path: Path
) -> None:
    folder = tmp_path / "escaner"
    folder.mkdir()
    for age, name in ((500, "vieja.jpg"), (10, "nueva.jpg")):
        (folder / name).write_bytes(a_card_picture(name))
        os.utime(folder / name, (1e9 - age, 1e9 - age))
    (folder / "lista.txt").write_text("no")
    request = ana_asks(desk_world, station)
    screen = opened(qtbot, with_settings(station, scanner_folder=folder), request)
    press(screen, "card_from_scanner")
    qtbot.waitUntil(lambda: bool(view(station.desk, request).attachments))
    idle(qtbot, screen)


def test_an_empty_scanner_folder_says_what_to_do(
    qtbot: Any, desk_world: World, station: Station, tmp_path: Path
) -> None:
    request = ana_asks(desk_world, station)
    screen = opened(qtbot, with_settings(station, scanner_folder=tmp_path / "nada"), request)
    press(screen, "card_from_scanner")
    qtbot.waitUntil(lambda: screen.problem_bar.sentence != "")
    assert "escáner" in screen.problem_bar.sentence


def test_a_file_that_is_no_picture_is_refused_in_words(
    qtbot: Any, desk_world: World, station: Station, tmp_path: Path
) -> None:
    screen = opened(qtbot, station, ana_asks(desk_world, station))
    (tmp_path / "mala.jpg").write_bytes(b"%!PS-Adobe EPSF")
    drop(screen, tmp_path / "mala.jpg")
    qtbot.waitUntil(lambda: screen.problem_bar.sentence != "")
    assert "no es una foto" in screen.problem_bar.sentence


def test_of_the_cards_code_only_a_hash_remains(
    qtbot: Any, desk_world: World, station: Station, tmp_path: Path
) -> None:
    request = ana_asks(desk_world, station)
    screen = opened(qtbot, station, request)
    (tmp_path / "anverso.jpg").write_bytes(a_card_picture(code="SEGIP|4567891|opaco"))
    drop(screen, tmp_path / "anverso.jpg")
    qtbot.waitUntil(lambda: "leído" in of(screen).code.placeholderText())
    press(screen, "same_as_record")
    tick_all(screen)
    press(screen, "identify")
    qtbot.waitUntil(lambda: view(station.desk, request).status is Status.IDENTIFIED)
    idle(qtbot, screen)
    digest = desk_world.house.work(
        lambda work: work.session.scalars(select(IdentityCheck.card_code_sha256)).one()
    )
    assert digest == hashlib.sha256(b"SEGIP|4567891|opaco").hexdigest()


def test_a_scanner_that_types_reads_the_cards_code(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    screen = opened(qtbot, station, ana_asks(desk_world, station))
    QTest.keyClicks(of(screen).code, "SEGIP|4567891|opaco")
    QTest.keyClick(of(screen).code, Qt.Key.Key_Return)
    assert "leído" in of(screen).code.placeholderText()
    assert of(screen).code.text() == ""
    assert "opaco" not in str(of(screen).content())


def test_a_companys_power_is_filed_and_seen(
    qtbot: Any, desk_world: World, station: Station, tmp_path: Path
) -> None:
    desk_world.company()
    request = station.desk(enrolment.submit, a_company_application())
    screen = opened(qtbot, station, request)
    (tmp_path / "poder.pdf").write_bytes(enrolment_form.render(a_form(), size=PageSize.A4))
    drop(screen, tmp_path / "poder.pdf")
    qtbot.waitUntil(lambda: bool(view(station.desk, request).attachments))
    idle(qtbot, screen)
    press(screen, "power_1")
    qtbot.waitUntil(lambda: of(screen).large.pages > 1)
    assert of(screen).large_title.text() == "Poder 1"


def test_a_company_is_checked_by_its_documents_and_not_by_a_card(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    desk_world.company()
    ours = station.desk(enrolment.submit, a_company_application())
    screen = opened(qtbot, station, ours)
    words = [box.text() for box in of(screen).points.ticks.values()]
    words.append(of(screen).same.text())
    words += [box.accessibleName() for box in of(screen).table.findChildren(QLineEdit)]
    assert [each for each in words if "édula" in each] == []
    assert not screen.take_scan("4567891")  # no card, so nothing to do with the code of one
    screen.open(ana_asks(desk_world, station))
    idle(qtbot, screen)
    assert of(screen).points.ticks[CheckPoint.ORIGINAL_SEEN].text() == "Vi la cédula original"


# -- what is not saved yet


def test_what_was_read_off_the_card_survives_a_power_cut(
    qtbot: Any, desk_world: World, station: Station
) -> None:
    request = ana_asks(desk_world, station, first_surname="Mendes")
    screen = opened(qtbot, station, request)
    press(screen, "same_as_record")
    of(screen).points.ticks[next(iter(of(screen).points.ticks))].click()
    type_in(screen, reason_first_surname="Sin acento")
    of(screen).keep_now()
    idle(qtbot, screen)
    again = opened(qtbot, station, request)
    assert of(again).table.reading()["first_surname"] == "Méndez"
    assert of(again).table.explanations() == {"first_surname": "Sin acento"}
    assert len(of(again).points.ticked - {"NOT_EXPIRED"}) == 1


def test_filing_a_picture_leaves_what_is_being_typed(
    qtbot: Any, desk_world: World, station: Station, tmp_path: Path
) -> None:
    request = ana_asks(desk_world, station)
    screen = opened(qtbot, station, request)
    type_in(screen, card_first_surname="Mende")
    (tmp_path / "a.jpg").write_bytes(a_card_picture())
    drop(screen, tmp_path / "a.jpg")
    qtbot.waitUntil(lambda: bool(view(station.desk, request).attachments))
    idle(qtbot, screen)
    assert of(screen).table.reading()["first_surname"] == "Mende"
