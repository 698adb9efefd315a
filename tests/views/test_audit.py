"""The trail on the screen: every event in words, filters, one case alone, and the check."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import QSettings
from sqlalchemy import create_engine, text

from branch_desk.background import Background
from branch_desk.models.access import Delivery
from branch_desk.models.event import Event
from branch_desk.models.staff import Role
from branch_desk.operations.house.verification import Finding, Problem
from branch_desk.operations.users import credential
from branch_desk.views.house.audit import AuditView
from branch_desk.views.kit import event_words
from branch_desk.views.kit.event_words import EventGroup
from branch_desk.views.kit.theme import Meaning, Theme
from tests.access_builders import an_access
from tests.builders import World
from tests.views.kit.accessibility import doubled_mnemonics, nameless
from tests.views.screen import a_station, idle, press, shown


@pytest.fixture
def access_id(desk_world: World) -> UUID:
    made = an_access(desk_world)
    credential.issue(desk_world.desk("oficial"), made, Delivery.SCREEN)
    return made


def a_view(
    qtbot: Any, world: World, background: Background, settings: QSettings, role: Role = Role.AUDITOR
) -> AuditView:
    made = AuditView(a_station(world, background, settings, f"lee_{role.lower()}", role))
    shown(qtbot, made)
    return made


def events(screen: AuditView) -> list[str]:
    return [each.event for each in screen.table.rows.rows]


def group(qtbot: Any, screen: AuditView, wanted: EventGroup) -> None:
    screen.group.setCurrentIndex(screen.group.findData(wanted))
    press(screen, "apply")
    idle(qtbot, screen)


def test_the_newest_stands_first_and_is_told_in_full(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    screen = a_view(qtbot, desk_world, background, settings)
    found = events(screen)
    place = found.index(Event.CREDENTIAL_ISSUED)
    screen.table.choose_row(place)
    assert screen.what.text() == "Clave inicial emitida"
    assert "oficial" in screen.when.text()
    assert "delivery: SCREEN" in screen.facts.text()
    assert "credential:issued" in screen.place.text()


def test_a_group_a_day_and_one_case_narrow_the_trail(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    screen = a_view(qtbot, desk_world, background, settings)
    group(qtbot, screen, EventGroup.SECRETS)
    assert set(events(screen)) == {Event.CREDENTIAL_ISSUED, Event.LINK_ISSUED}
    screen.until.set_value(desk_world.clock.now.date() - timedelta(days=1))
    press(screen, "apply")
    idle(qtbot, screen)
    assert events(screen) == []
    press(screen, "show_all")
    idle(qtbot, screen)
    assert Event.STAFF_SIGNED_IN in events(screen)
    screen.table.choose_row(events(screen).index(Event.CREDENTIAL_ISSUED))
    press(screen, "only_subject")
    idle(qtbot, screen)
    assert {each.subject_id for each in screen.table.rows.rows} == {access_id}


def test_a_day_that_is_none_is_said_at_its_field(
    qtbot: Any, desk_world: World, background: Background, settings: QSettings, themed: Theme
) -> None:
    screen = a_view(qtbot, desk_world, background, settings)
    screen.since.setText("32/01/2026")
    press(screen, "apply")
    assert screen.since.property("problem") == "stop"


def test_a_long_trail_comes_page_by_page(
    qtbot: Any, desk_world: World, background: Background, settings: QSettings, themed: Theme
) -> None:
    for _ in range(120):
        desk_world.house.work(lambda work: work.record(Event.JOB_DONE, None, job="expire"))
    screen = a_view(qtbot, desk_world, background, settings)
    qtbot.waitUntil(lambda: len(screen.table.rows.rows) >= 100)
    while screen.table.rows.canFetchMore(screen.table.rootIndex()):
        before = len(screen.table.rows.rows)
        screen.table.rows.fetchMore(screen.table.rootIndex())
        idle(qtbot, screen)
        assert len(screen.table.rows.rows) > before
    found = [(each.chain, each.number) for each in screen.table.rows.rows]
    assert len(found) == len(set(found)) > 120


def test_an_intact_trail_is_proved(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    screen = a_view(qtbot, desk_world, background, settings)
    press(screen, "anchor")
    idle(qtbot, screen)
    assert screen.problem_bar.meaning is Meaning.GOOD
    press(screen, "verify")
    assert not screen.progress.isHidden()
    qtbot.waitUntil(screen.check.isEnabled)
    assert screen.verdict.text().startswith("Intacto: ")
    assert " 1 cierres" in screen.verdict.text()


def test_a_record_changed_behind_the_programs_back_is_named(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
    sqlite_url: str,
) -> None:
    screen = a_view(qtbot, desk_world, background, settings)
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        triggers = (
            connection.execute(
                text(
                    "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_event'"
                )
            )
            .scalars()
            .all()
        )
        for each in triggers:
            connection.execute(text(f"DROP TRIGGER {each}"))
        connection.execute(
            text(
                "UPDATE audit_event SET text = replace(text, 'SCREEN', 'SLIP') WHERE event = 'credential:issued'"
            )
        )
    engine.dispose()
    press(screen, "verify")
    qtbot.waitUntil(screen.check.isEnabled)
    assert "NO está intacto" in screen.verdict.text()
    [flag] = screen.findings.flags
    assert "un registro fue modificado" in flag.sentence


def test_a_supervisor_reads_and_checks_but_signs_no_close(
    qtbot: Any,
    desk_world: World,
    background: Background,
    settings: QSettings,
    themed: Theme,
    access_id: UUID,
) -> None:
    screen = a_view(qtbot, desk_world, background, settings, Role.SUPERVISOR)
    assert Event.CREDENTIAL_ISSUED in events(screen)
    assert not screen.anchor.isVisible()
    press(screen, "verify")
    qtbot.waitUntil(screen.check.isEnabled)
    assert screen.verdict.text().startswith("Intacto: ")


def test_names_and_mnemonics(
    qtbot: Any, desk_world: World, background: Background, settings: QSettings, themed: Theme
) -> None:
    screen = a_view(qtbot, desk_world, background, settings)
    assert nameless(screen) == []
    assert doubled_mnemonics(screen) == []


@pytest.mark.parametrize("event", Event)
def test_every_event_has_its_words_and_its_group(qapp: Any, event: Event) -> None:
    assert event in event_words.event_words()
    assert event in event_words.events_of(event_words.group_of(event))


@pytest.mark.parametrize("problem", Problem)
def test_every_finding_says_what_and_where(qapp: Any, problem: Problem) -> None:
    assert event_words.finding_text(Finding(problem, 3, 17)).startswith("Cadena 3, registro 17: ")
    assert event_words.finding_text(Finding(problem)).endswith(".")


def test_every_group_has_a_name_and_an_event(qapp: Any) -> None:
    assert set(event_words.group_words()) == set(EventGroup)
    assert all(event_words.events_of(each) for each in EventGroup)
